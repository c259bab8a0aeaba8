package queue

import (
	"time"

	"nwayacd/agent"
)

// logged is what the last entry of an agent's log says. The zero value is an agent without one.
type logged struct{ standing, reason, group string }

// Begin says when the steps that follow happen. Steps that are not given a time use it.
func (f *Floor) Begin(now time.Time) { f.now = now }

// activity returns what the log says of the agent now.
func (slot *agentSlot) activity() logged {
	a := logged{standing: slot.countedAs.String()}
	switch slot.countedAs {
	case agent.StandingBusy:
		a.reason = slot.PauseReason
	case agent.StandingRing, agent.StandingTyping:
		a.group = slot.workGroup
	case agent.StandingTalking:
		a.group = slot.workGroup
		if slot.lease != nil && slot.lease.holds() {
			a.reason = agent.Holding
		}
	}
	return a
}

// noteActivity has TakeEffects log the agent if its activity is another one then.
func (f *Floor) noteActivity(slot *agentSlot) { f.unlogged = append(f.unlogged, slot) }

// logActivities logs the agents whose standing changed and about whom there was no event.
func (f *Floor) logActivities() {
	for _, slot := range f.unlogged {
		is := slot.activity()
		if f.slots[slot.Extension] != slot { // removed
			is = logged{standing: agent.StandingDown.String()}
		}
		f.logActivity(slot, is, f.now)
	}
	f.unlogged = emptied(f.unlogged)
}

// logActivity writes an entry without an event, unless the last one says the same.
func (f *Floor) logActivity(slot *agentSlot, is logged, now time.Time) {
	down := is.standing == agent.StandingDown.String() || is.standing == agent.NoServer
	if is == slot.logged || down && slot.logged == (logged{}) {
		return
	}
	slot.logged = is
	f.record(Change{AgentLog: &agent.LogEntry{
		Extension: slot.Extension, At: now, Standing: is.standing, Reason: is.reason, Group: is.group,
	}})
}

// loadLog goes on with the log of the process before. If that one gave no sign of life for
// serverPause, the agents' time ended with it, and begins again now.
func (f *Floor) loadLog(s Snapshot, now time.Time) {
	gone := !s.Seen.IsZero() && now.Sub(s.Seen) > serverPause
	for _, last := range s.Working {
		slot := f.slots[last.Extension]
		if slot == nil {
			slot = &agentSlot{Agent: agent.Agent{Profile: agent.Profile{Extension: last.Extension}}}
		}
		slot.logged, slot.workGroup = logged{last.Standing, last.Reason, last.Group}, last.Group
		if gone {
			f.logActivity(slot, logged{standing: agent.NoServer}, s.Seen)
			slot.logged = logged{}
		}
		f.noteActivity(slot)
	}
	for _, slot := range f.slots {
		if slot.Call != agent.Typing {
			continue
		}
		slot.wrapUpBegan = slot.Since
		if gone && slot.Since.Before(s.Seen) {
			slot.wrapUpBegan = now.Add(slot.Since.Sub(s.Seen)) // without the time in which no server ran
		}
	}
}

// serverPause is how long a server may give no sign of life before the agents' time stops.
const serverPause = time.Minute

// Hold records that the agent of a talk holds the caller, or does so no more.
func (f *Floor) Hold(l *Lease, hold bool, now time.Time) {
	if l.over || !l.answered || hold == l.holds() {
		return
	}
	if hold {
		l.timed().heldSince = now
	} else {
		l.endHold(now)
	}
	if slot := f.slots[l.Agent.Extension]; slot != nil && slot.lease == l {
		f.noteActivity(slot)
	}
}

func (l *Lease) endHold(now time.Time) {
	if l.holds() {
		l.times.held += max(0, now.Sub(l.times.heldSince))
		l.times.heldSince = time.Time{}
	}
}

// OfferEnded writes the record of an offer whose lease is over, with what the floor knows of it.
// It returns that record. If the process before wrote the record, it writes nothing, and first is
// false.
func (f *Floor) OfferEnded(l *Lease, o OfferRecord) (whole OfferRecord, first bool) {
	if l.recorded {
		return o, false
	}
	l.recorded = true
	if t := f.talks[o.Call]; t != nil && t.isOf(&o) {
		over := *t
		over.OfferRecorded = true
		f.talks[o.Call] = &over
	}
	l.endHold(f.now)
	if t := l.times; t != nil {
		o.Hold, o.WrapUp, o.WrapUpEnded = t.held, t.wrapUp, t.wrapUpEnded
	}
	f.record(Change{Offer: &o})
	return o, true
}

// beginWrapUp notes that the wrap-up after the lease's talk begins.
func (slot *agentSlot) beginWrapUp(l *Lease, now time.Time) { slot.wrapUpOf, slot.wrapUpBegan = l, now }

// endWrapUp records a wrap-up that is over. A wrap-up after a call out has no offer to belong to.
// If the record of the offer is not written yet, that record will have the wrap-up.
func (f *Floor) endWrapUp(slot *agentSlot, m agent.Move, now time.Time) {
	l := slot.wrapUpOf
	ended := WrapUp{
		Agent: slot.Extension, Length: max(0, now.Sub(slot.wrapUpBegan)).Truncate(time.Millisecond),
		Ended: WrapUpByHand,
	}
	switch {
	case m == agent.CallOut:
		ended.Ended = WrapUpByNextCall
	case f.wrapUpDue == slot:
		ended.Ended = WrapUpByItself
	}
	slot.wrapUpOf = nil
	switch {
	case l == nil && slot.workGroup == "" || l != nil && l.Number == 0:
	case l != nil && !l.recorded:
		l.timed().wrapUp, l.timed().wrapUpEnded = ended.Length, ended.Ended
	default:
		if l != nil {
			ended.Offered = l.Offered
		}
		f.record(Change{WrapUp: &ended})
	}
}
