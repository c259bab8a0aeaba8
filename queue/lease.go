package queue

import (
	"fmt"
	"time"

	"nwayacd/agent"
)

// Lease reserves one agent for one call: first as an offer that expires by itself, then as the talk.
//
// It is handed to the call it names and read-only there; its end is told to the Floor by Miss, Withdraw or End.
type Lease struct {
	Call        string // uuid of the caller's channel
	Group       string
	Agent       agent.Profile
	Number      int  // of this offer within its call, from 1
	Transfer    bool // by nwayacd_transfer
	Visit       int  // of the call, as in its CDR
	RingTimeout time.Duration
	Offered     time.Time // when a waiting caller and an available agent both existed

	answered  bool
	over      bool
	abandoned bool
}

// offer reserves d for c by the rules of the group.
func (f *Floor) offer(c *call, slot *agentSlot, now time.Time) {
	c.line.waiting.Delete(c)
	c.phase = offered
	c.lease = f.reserve(c, slot, now)
	if c.line.Mode.base() == Cyclic && c.line.Cursor != slot.Extension {
		c.line.pointAt(slot)
		f.record(Change{Group: &GroupUpdate{Number: c.line.Number, Cursor: &slot.Profile.Extension}})
	}
}

// reserve makes the lease: the agent rings for this call and nobody else can have it until the
// lease ends.
func (f *Floor) reserve(c *call, slot *agentSlot, now time.Time) *Lease {
	c.offers++
	l := &Lease{
		Call: c.uuid, Group: c.line.Number, Agent: slot.Profile, Number: c.offers, Visit: c.visit.number,
		RingTimeout: c.line.ringTimeout(), Offered: now,
	}
	slot.lease = l
	f.move(slot, agent.Offer, now)
	f.publishStatus(slot, agent.StatusRing, c.uuid, now)
	f.deadlines.add(deadline{at: now.Add(l.RingTimeout + LeaseGrace), lease: l})
	f.out.Offers = append(f.out.Offers, l)
	return l
}

// Transfer reserves the extension for the call, whatever the call does at the moment; the extension
// need not be a member of its group. What stood before is the call's goroutine to give up. Refused,
// nothing has changed.
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

// Answer turns the offer into a talk. False means that the lease is over (it expired, or the call
// left): there is nobody to talk to and the leg must go.
func (f *Floor) Answer(l *Lease, now time.Time) bool {
	c, slot := f.calls[l.Call], f.slots[l.Agent.Extension]
	if l.over || c == nil || slot == nil {
		return false
	}
	l.answered = true
	f.move(slot, agent.Answer, now)
	f.publishStatus(slot, agent.StatusTalking, l.Call, now)
	c.setAnswered(true)
	f.remember(c.caller, c.line, slot, now)
	return true
}

// Miss ends a lease whose leg failed, or died before the bridge: the caller is back in the line at
// the place it had, and the agent rests as the cause says. back is true if the call is back in the
// line. It is false if the call has another offer (a transfer), if its group is gone (the call is
// among Effects.Stranded), or if the lease was over.
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

// spare keeps the agent from being offered the same call at once again.
func (f *Floor) spareAgent(c *call, l *Lease, now time.Time) {
	if c.sparedUntil == nil {
		c.sparedUntil = map[string]time.Time{}
	}
	ext, until := l.Agent.Extension, now.Add(f.settings.Reoffer)
	c.sparedUntil[ext] = until
	f.deadlines.add(deadline{at: until, reoffer: ext})
}

// giveUp takes the ended lease off its call: a transfer's lease takes over, else the call is back
// in the line.
func (f *Floor) replaceLease(c *call, l *Lease) (back bool) {
	switch {
	case c.next == l:
		c.next = nil
	case c.lease != l:
	case c.next != nil:
		c.lease, c.next = c.next, nil
		if !c.lease.answered { // who was in a talk waits for an agent again
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

// Withdraw ends an offer through no doing of the agent (the caller left, or was transferred
// elsewhere, while it rang): ready again.
func (f *Floor) Withdraw(l *Lease, now time.Time) { f.end(l, agent.Withdraw, now) }

// End ends a talk: the agent goes to wrap-up, or is ready if there is none. An offer that nobody
// answered is withdrawn.
func (f *Floor) End(l *Lease, now time.Time) {
	if !l.answered {
		f.end(l, agent.Withdraw, now)
	} else if f.settings.TypingAuto {
		f.end(l, agent.WrapUp, now)
	} else {
		f.end(l, agent.Finish, now)
	}
}

// end releases the agent; the call keeps what else it has, and keeps no place of its own: it is in
// the line again only by Miss.
func (f *Floor) end(l *Lease, m agent.Move, now time.Time) {
	if l.over {
		return
	}
	f.release(l, m, now)
	f.dropLease(l)
	f.settle(now)
}

// Forsake is Withdraw if it is not known whether the agent's phone still rings. The agent is not
// free before the lease runs out, because FreeSWITCH has ended the leg by then.
func (f *Floor) Abandon(l *Lease, now time.Time) {
	if l.over || l.answered {
		return
	}
	l.abandoned = true
	f.dropLease(l)
	f.settle(now)
}

// part takes a lease off its call.
func (f *Floor) dropLease(l *Lease) {
	if c := f.calls[l.Call]; c != nil {
		if c.lease == l && c.next == nil {
			c.lease, c.phase = nil, leaving
		}
		f.replaceLease(c, l)
	}
}
