package queue

import (
	"fmt"
	"time"

	"nwayacd/agent"
)

// Lease reserves one agent for one call. It begins as an offer with a deadline, and becomes a talk.
//
// The call that it names may only read it. Miss, Withdraw, Abandon or End ends it.
type Lease struct {
	Call        string // uuid of the caller's channel
	Group       string
	Agent       *agent.Profile // as it was then; leases share it, so it must not be changed
	Number      int            // of this offer within its call, from 1
	Visit       int            // of the call, as in its CDR
	RingTimeout time.Duration
	Offered     time.Time // when a waiting caller and an available agent both existed

	Arrived time.Time // the visit

	Transfer  bool // by nwayacd_transfer
	answered  bool
	over      bool
	abandoned bool
	recorded  bool // the record of the offer is written

	times *leaseTimes // nil = none
}

// leaseTimes are the times that few leases have. They are apart, because each decision makes a
// lease.
type leaseTimes struct {
	heldSince   time.Time     // the agent holds the caller; zero = not
	held        time.Duration // so far
	wrapUp      time.Duration // if it was over before the record of the offer
	wrapUpEnded WrapUpEnd
}

// holds reports whether the agent holds the caller.
func (l *Lease) holds() bool { return l.times != nil && !l.times.heldSince.IsZero() }

// timed returns the times of the lease, to be changed.
func (l *Lease) timed() *leaseTimes {
	if l.times == nil {
		l.times = &leaseTimes{}
	}
	return l.times
}

// offer reserves an agent for c by the rules of the group.
func (f *Floor) offer(c *call, slot *agentSlot, now time.Time) {
	c.line.waiting.Delete(c)
	c.phase = offered
	c.lease = f.reserve(c, slot, now)
	if c.line.Mode.base() == Cyclic && c.line.Cursor != slot.Extension {
		c.line.pointAt(slot)
		f.record(Change{Group: &GroupUpdate{Number: c.line.Number, Cursor: &slot.Profile.Extension}})
	}
}

// reserve makes the lease. The agent rings for this call, and no other call can have it until the
// lease ends.
func (f *Floor) reserve(c *call, slot *agentSlot, now time.Time) *Lease {
	c.offers++
	f.touchCall(c)
	l := &Lease{
		Call: c.uuid, Group: c.line.Number, Agent: slot.profile(), Number: c.offers, Visit: c.visit.number,
		RingTimeout: c.line.ringTimeout(), Offered: now, Arrived: c.since,
	}
	slot.lease, slot.workGroup = l, l.Group
	f.move(slot, agent.Offer, now)
	f.publishStatus(slot, agent.StatusRing, c.uuid, now)
	f.deadlines.add(deadline{at: now.Add(l.RingTimeout + LeaseGrace), lease: l})
	f.out.Offers = append(f.out.Offers, l)
	return l
}

// Transfer reserves the extension for the call, in whatever phase the call is. The extension need
// not be a member of the call's group. The call's goroutine then gives up the offer or talk before.
// If Transfer returns an error, nothing has changed.
func (f *Floor) Transfer(uuid, extension string, now time.Time) error {
	c, slot := f.calls[uuid], f.slots[extension]
	switch {
	case c == nil:
		return fmt.Errorf("%s: %w", uuid, ErrNoCall)
	case slot == nil:
		return fmt.Errorf("%s: %w", extension, ErrNoAgent)
	case c.phase == leaving:
		return fmt.Errorf("%s: %w", uuid, ErrEnding)
	case c.next != nil:
		return fmt.Errorf("%s: %w", uuid, ErrTransfers)
	case !slot.available:
		return fmt.Errorf("%s: %w", extension, ErrNotFree)
	}
	l := f.reserve(c, slot, now)
	l.Transfer = true
	if c.phase == offered {
		c.next = l
		return nil
	}
	c.line.waiting.Delete(c)
	c.phase, c.lease = offered, l
	return nil
}

// Answer turns the offer into a talk. It returns false if the lease is over, because it expired or
// the call left. The leg must then be hung up.
func (f *Floor) Answer(l *Lease, now time.Time) bool {
	c, slot := f.calls[l.Call], f.slots[l.Agent.Extension]
	if l.over || c == nil || slot == nil {
		return false
	}
	l.answered = true
	f.move(slot, agent.Answer, now)
	f.publishStatus(slot, agent.StatusTalking, l.Call, now)
	c.stand()
	c.setAnswered(true)
	f.touchCall(c)
	f.remember(c.caller, c.line, slot, now)
	return true
}

// Miss ends a lease whose leg failed, or ended before the bridge. The caller is requeued, and the
// agent rests according to the cause. Miss returns true if the call is back in the line. It returns
// false in three cases:
//   - the call has another offer, which is a transfer
//   - its group is gone, and the call is among Effects.GroupRemoved
//   - the lease was over
func (f *Floor) Miss(l *Lease, m Miss, now time.Time) (back bool) {
	if l.over {
		return false
	}
	c := f.calls[l.Call]
	if c != nil {
		f.spareAgent(c, l, now)
	}
	f.release(l, f.countMiss(l, m.Cause, now), now)
	if slot := f.slots[l.Agent.Extension]; slot != nil && m.Unregistered {
		f.change(slot, func(a *agent.Agent) { a.Registered = false })
	}
	back = c != nil && f.replaceLease(c, l)
	f.settle(now)
	return back
}

// Spare notes that the lease's agent is not offered the same call for Settings.Reoffer. It does
// nothing if the call has left.
func (f *Floor) Spare(l *Lease, now time.Time) {
	if c := f.calls[l.Call]; c != nil {
		f.spareAgent(c, l, now)
	}
}

// spareAgent notes that the agent is not offered the same call for Settings.Reoffer.
func (f *Floor) spareAgent(c *call, l *Lease, now time.Time) {
	if c.sparedUntil == nil {
		c.sparedUntil = map[string]time.Time{}
	}
	ext, until := l.Agent.Extension, now.Add(f.settings.Reoffer)
	c.sparedUntil[ext] = until
	f.deadlines.add(deadline{at: until, reoffer: ext})
}

// replaceLease takes an ended lease off its call. If a transfer has a lease, that takes its place.
// Otherwise the call is requeued.
func (f *Floor) replaceLease(c *call, l *Lease) (back bool) {
	f.touchCall(c)
	switch {
	case c.next == l:
		c.next = nil
	case c.lease != l:
	case c.next != nil:
		c.lease, c.next = c.next, nil
		if !c.lease.answered { // the caller was in a talk, and waits for an agent again
			c.setAnswered(false)
			f.addRow(c)
		}
	case c.phase == offered:
		c.lease = nil
		f.wait(c)
		return c.phase == waiting
	}
	return false
}

// Withdraw ends an offer without a miss, because the caller left or was transferred while it rang.
// The agent is ready again.
func (f *Floor) Withdraw(l *Lease, now time.Time) { f.end(l, agent.Withdraw, now) }

// End ends a talk. The agent goes to wrap-up, or is ready if there is none. An offer without an
// answer is withdrawn.
func (f *Floor) End(l *Lease, now time.Time) {
	if !l.answered {
		f.end(l, agent.Withdraw, now)
	} else {
		f.end(l, f.moveAfterTalk(l), now)
	}
}

// end releases the agent. The call keeps its other lease, if it has one. It is not requeued,
// because only Miss does that.
func (f *Floor) end(l *Lease, m agent.Move, now time.Time) {
	if l.over {
		return
	}
	f.release(l, m, now)
	f.dropLease(l)
	f.settle(now)
}

// Abandon is Withdraw if it is not known whether the agent's phone still rings. The agent is not
// available before the lease expires. FreeSWITCH has ended the leg by then.
func (f *Floor) Abandon(l *Lease, now time.Time) {
	if l.over || l.answered {
		return
	}
	l.abandoned = true
	f.dropLease(l)
	f.settle(now)
}

// dropLease takes a lease off its call.
func (f *Floor) dropLease(l *Lease) {
	if c := f.calls[l.Call]; c != nil {
		if c.lease == l && c.next == nil {
			c.lease, c.phase = nil, leaving
		}
		f.replaceLease(c, l)
	}
}
