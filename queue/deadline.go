package queue

import (
	"container/heap"
	"time"

	"nwayacd/agent"
)

// deadline is something that happens by itself at a time: exactly one of the fields says what. Whether it is still due is looked up
// when its time comes, so that nothing has to be taken out of the heap.
type deadline struct {
	at     time.Time
	lease  *Lease    // an offer expires
	again  string    // the extension may be offered a call again that it missed
	wrapUp *desk     // a wrap-up ends: the one that began at since
	since  time.Time // of wrapUp
	held   bool      // what is not known of talks of an earlier life will not be known
	former string    // a call from before a restart, or whose connection went, did not come back
}

type deadlines []deadline

func (h deadlines) Len() int           { return len(h) }
func (h deadlines) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h deadlines) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push and Pop are container/heap's; add is ours.
func (h *deadlines) Push(x any) { *h = append(*h, x.(deadline)) }

// Pop takes the last one off the slice.
func (h *deadlines) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = deadline{}
	*h = (*h)[:len(*h)-1]
	return last
}

func (h *deadlines) add(d deadline) { heap.Push(h, d) }

// Next is when Tick is due; zero when nothing runs.
func (f *Floor) Next() time.Time {
	for len(f.deadlines) > 0 && f.deadlines[0].stale() {
		heap.Pop(&f.deadlines)
	}
	if len(f.deadlines) == 0 {
		return time.Time{}
	}
	return f.deadlines[0].at
}

// stale reports that nothing is left to happen.
func (d *deadline) stale() bool {
	return d.lease != nil && (d.lease.over || d.lease.answered) ||
		d.wrapUp != nil && (d.wrapUp.Call != agent.Typing || !d.wrapUp.Since.Equal(d.since))
}

// Tick lets happen what is due by now.
func (f *Floor) Tick(now time.Time) {
	for len(f.deadlines) > 0 && !now.Before(f.deadlines[0].at) {
		d := heap.Pop(&f.deadlines).(deadline)
		if d.stale() {
			continue
		}
		switch {
		case d.lease != nil:
			f.expire(d.lease, now)
		case d.again != "":
			if desk := f.desks[d.again]; desk != nil {
				f.seat(desk, now)
			}
		case d.wrapUp != nil:
			if f.desks[d.wrapUp.Extension] == d.wrapUp && f.recover(d.wrapUp, now) {
				f.note(d.wrapUp, agent.StatusReady, "", now)
			}
		case d.held:
			f.ReleaseHeld(now)
		case d.former != "":
			f.forget(d.former, now)
		}
		f.settle(now)
	}
}

// expire frees the agent of an offer that nobody ended: FreeSWITCH said nothing for the ring timeout and leaseGrace.
func (f *Floor) expire(l *Lease, now time.Time) {
	f.out.Expired = append(f.out.Expired, l)
	f.Miss(l, false, now)
}
