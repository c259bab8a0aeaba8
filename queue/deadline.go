package queue

import (
	"time"

	"nwayacd/agent"
)

// deadline is something that happens at a time. Exactly one of lease, reoffer, wrapUp, rest,
// reserved and absent says what. Whether it is still due is checked when its time comes, so nothing
// is ever removed from the middle of the heap.
type deadline struct {
	at       time.Time
	lease    *Lease     // an offer expires
	reoffer  string     // the extension may be offered a call again that it missed
	wrapUp   *agentSlot // the wrap-up ends, if it is that which ends at this time
	rest     *agentSlot // the rest until at ends
	reserved bool       // Settings.Reserve is over
	absent   string     // an absent caller did not come back
}

// deadlines is a binary heap with the earliest on top. It is not container/heap because that would
// put each deadline into an interface.
type deadlines []deadline

func (h *deadlines) add(d deadline) {
	*h = append(*h, d)
	for i := len(*h) - 1; i > 0; {
		above := (i - 1) / 2
		if !h.swap(above, i) {
			return
		}
		i = above
	}
}

// pop removes the earliest deadline.
func (h *deadlines) pop() deadline {
	first, last := (*h)[0], len(*h)-1
	(*h)[0], (*h)[last] = (*h)[last], deadline{}
	*h = (*h)[:last]
	for i := 0; 2*i+1 < last; {
		below := 2*i + 1
		if below+1 < last && (*h)[below+1].at.Before((*h)[below].at) {
			below++
		}
		if !h.swap(i, below) {
			break
		}
		i = below
	}
	return first
}

// swap exchanges two deadlines if the lower one is earlier. It returns false if they were in order.
func (h *deadlines) swap(upper, lower int) bool {
	s := *h
	if !s[lower].at.Before(s[upper].at) {
		return false
	}
	s[upper], s[lower] = s[lower], s[upper]
	return true
}

// Next is when Tick is due. It is zero if no deadline is pending.
func (f *Floor) Next() time.Time {
	for len(f.deadlines) > 0 && f.deadlines[0].stale() {
		f.deadlines.pop()
	}
	if len(f.deadlines) == 0 {
		return time.Time{}
	}
	return f.deadlines[0].at
}

// stale reports whether the deadline has nothing left to do.
func (d *deadline) stale() bool {
	return d.lease != nil && (d.lease.over || d.lease.answered) ||
		d.rest != nil && !d.rest.Rest.Until.Equal(d.at) ||
		d.wrapUp != nil && (d.wrapUp.Call != agent.Typing || !d.wrapUp.wrapUpEnds.Equal(d.at))
}

// Tick does what is due by now.
func (f *Floor) Tick(now time.Time) {
	f.now = now
	for len(f.deadlines) > 0 && !now.Before(f.deadlines[0].at) {
		d := f.deadlines.pop()
		if d.stale() {
			continue
		}
		switch {
		case d.lease != nil:
			f.expire(d.lease, now)
		case d.reoffer != "":
			if slot := f.slots[d.reoffer]; slot != nil {
				f.matchAgent(slot, now)
			}
		case d.wrapUp != nil:
			f.wrapUpDue = d.wrapUp
			if f.slots[d.wrapUp.Extension] == d.wrapUp && f.recover(d.wrapUp, now) {
				f.publishStatus(d.wrapUp, agent.StatusReady, "", now)
			}
			f.wrapUpDue = nil
		case d.rest != nil:
			f.endRestTime(d.rest)
		case d.reserved:
			f.ReleaseReserved(now)
		case d.absent != "":
			f.expireAbsent(d.absent, now)
		}
		f.settle(now)
	}
}

// expire frees the agent of an offer that FreeSWITCH did not end within the ring timeout and
// LeaseGrace.
//
// Such a miss does not count, because the fault lies with FreeSWITCH or the connection to it. If it
// counted, a FreeSWITCH that hangs for a minute would make all its agents rest. With max-misses a
// supervisor would have to bring each of them back. The call is not offered to the same agent for
// Settings.Reoffer.
func (f *Floor) expire(l *Lease, now time.Time) {
	if l.abandoned {
		f.Withdraw(l, now)
		return
	}
	f.out.Expired = append(f.out.Expired, l)
	f.Miss(l, Miss{Cause: MissNone}, now)
}
