package queue

import (
	"time"

	"nwayacd/agent"
)

// Bridged says that the bridge of an answered call is up. From now on a restart finds the talk, and
// no place.
func (f *Floor) Bridged(t Talk) {
	if c := f.calls[t.CDR.UUID]; c != nil {
		c.note(&t.CDR)
	}
	f.recordTalk(&t)
	if c := f.calls[t.CDR.UUID]; c != nil {
		f.removeRow(c)
		f.endMissRow(c.lease)
	}
}

// Requeued says that a talk is over and that its caller stays on the floor. The CDR so far is
// stored with the talk.
func (f *Floor) Requeued(t Talk) {
	t.Requeued = true
	f.recordTalk(&t)
}

// recordTalk keeps a talk, which is not altered any more, and writes it.
func (f *Floor) recordTalk(t *Talk) {
	f.talks[t.CDR.UUID] = t
	f.record(Change{Talk: t})
	if c := f.calls[t.CDR.UUID]; c != nil {
		f.touchCall(c)
	}
}

// Ended writes the CDR of a call that ended, whether it is on the floor or not. A talk of the call
// is over.
func (f *Floor) Ended(cdr CDR) {
	delete(f.talks, cdr.UUID)
	if c := f.calls[cdr.UUID]; c != nil {
		f.touchCall(c)
	}
	if c := f.calls[cdr.UUID]; c != nil {
		c.stand()
		c.note(&cdr)
	}
	f.record(Change{CDR: &cdr})
	if cdr.Leg != "" { // package store keeps the two together, as long as they are neighbours
		f.record(Change{TalkOver: &cdr.UUID})
	}
	f.out.Ended = append(f.out.Ended, cdr)
}

// isOf reports whether the offer became the talk.
func (t *Talk) isOf(o *OfferRecord) bool {
	return t.CDR.UUID == o.Call && t.Offer.Leg == o.Leg && o.Leg != ""
}

// Talks returns the talks that go on, in no order.
func (f *Floor) Talks() []Talk {
	talks := make([]Talk, 0, len(f.talks))
	for _, t := range f.talks {
		if !t.Requeued {
			talks = append(talks, *t)
		}
	}
	return talks
}

// RecoverTalk puts a talk on the floor that FreeSWITCH has and that was never written. The place
// that was kept for its caller is given up. RecoverTalk returns the talk with the caller's CDR. It
// returns false if no place is kept for the caller. It also returns false if the agent is gone, or
// has an offer or a call.
func (f *Floor) RecoverTalk(t Talk, now time.Time) (whole Talk, ok bool) {
	slot, was := f.slots[t.CDR.Agent], f.absent[t.CDR.UUID]
	if was == nil || slot == nil || slot.lease != nil {
		return Talk{}, false
	}
	whole = was.complete(t)
	if in := f.lines[whole.CDR.Group]; in != nil && whole.CDR.ServiceLevel == 0 { // the server died since the arrival
		whole.CDR.ServiceLevel, whole.CDR.Short = in.limits()
	}
	delete(f.absent, t.CDR.UUID)
	delete(f.reserved, slot.Extension)
	l := whole.lease(slot.profile())
	c := f.addTalk(&whole, l, was.place.Since)
	f.engage(slot, l, now)
	f.recordTalk(new(whole))
	f.record(Change{Left: &c.uuid})
	f.remember(c.caller, c.line, slot, now)
	return whole, true
}

// lease returns the lease of the talk's agent.
func (t *Talk) lease(who *agent.Profile) *Lease {
	return &Lease{
		Call: t.CDR.UUID, Group: t.CDR.Group, Agent: who, Number: t.CDR.Offers, Transfer: t.Offer.Transfer,
		Visit: t.CDR.Visit, Arrived: t.CDR.Arrived,
		Offered: t.Offer.Offered, answered: true, recorded: t.OfferRecorded,
	}
}

// addTalk puts the caller of a talk on the floor. If the group is gone, the caller gets a line
// outside the floor's groups.
func (f *Floor) addTalk(t *Talk, l *Lease, since time.Time) *call {
	in := f.lines[t.CDR.Group]
	if in == nil {
		in = newLine(Group{Number: t.CDR.Group})
	}
	f.sequence++
	c := &call{
		uuid: t.CDR.UUID, caller: t.CDR.Caller, visit: visit{t.CDR.CallerName, t.CDR.Visit, t.CDR.CameFrom}, line: in,
		vip: t.CDR.VIP, since: since, seq: f.sequence,
		phase: offered, offers: t.CDR.Offers, lease: l, answered: true,
		positions: positions{t.CDR.PositionFirst, t.CDR.PositionLast},
	}
	f.calls[c.uuid] = c
	f.touchCall(c)
	in.inside++
	in.talking++
	return c
}

// Resumed returns the place and the lease of a call whose talk Load or RecoverTalk put on the
// floor. It returns false if the call is not on the floor, or is in no talk. If the agent is not in
// the talk any more, the lease reserves no agent.
func (f *Floor) Resumed(uuid string) (p Place, l *Lease, ok bool) {
	c := f.calls[uuid]
	if c == nil || c.lease == nil || !c.lease.answered {
		return Place{}, nil, false
	}
	return c.place(), c.lease, true
}

// loadTalks puts the talks that go on on the floor, with their agents. It keeps the others for
// their CDRs.
func (f *Floor) loadTalks(talks []Talk, newest map[string]string) {
	for _, t := range talks {
		f.talks[t.CDR.UUID] = &t
		if t.Requeued {
			continue
		}
		l := t.lease(&agent.Profile{Extension: t.CDR.Agent})
		slot, newest := f.slots[t.CDR.Agent], newest[t.CDR.Agent] == t.CDR.UUID
		switch {
		case slot != nil && newest && slot.Call == agent.Talking:
			l.Agent, slot.lease, slot.workGroup = slot.profile(), l, l.Group
		case slot != nil:
			l.Agent = slot.profile()
		case newest:
			f.orphans[t.CDR.Agent] = l
		}
		f.addTalk(&t, l, t.CDR.Arrived)
	}
}

// newestTalks returns the caller of each agent's newest talk that goes on. Older talks of the agent
// have ended, although their CDR is not written.
func newestTalks(talks []Talk) (callers map[string]string) {
	newest := map[string]Talk{}
	for _, t := range talks {
		if other, more := newest[t.CDR.Agent]; !t.Requeued && (!more || t.Offer.Answered.After(other.Offer.Answered)) {
			newest[t.CDR.Agent] = t
		}
	}
	callers = map[string]string{}
	for extension, t := range newest {
		callers[extension] = t.CDR.UUID
	}
	return callers
}

// loadAbsent keeps the places of callers who waited when the server died. The place has the CDR so
// far if the caller had talked before. If such a caller has no row, the CDR is written.
func (f *Floor) loadAbsent(s Snapshot, now time.Time) {
	for _, w := range s.Waiting {
		if f.calls[w.UUID] != nil { // the server died between the two changes of Bridged
			f.record(Change{Left: &w.UUID})
			continue
		}
		f.keepPlace(w, Absent{CDR: CDR{
			UUID: w.UUID, Caller: w.Caller, CallerName: w.Name, Group: w.Group, VIP: w.VIP, Visit: w.Visit,
			CameFrom: w.CameFrom, Arrived: w.Since, Ended: now,
			Outcome: Failed, Cause: causeNotBack,
		}}, now)
		f.absent[w.UUID].untold = true
	}
	for _, t := range s.Talks {
		if !t.Requeued {
			continue
		}
		t.CDR.Ended, t.CDR.Cause = now, causeNotBack
		if a := f.absent[t.CDR.UUID]; a != nil {
			a.CDR = t.CDR
		} else {
			f.Ended(t.CDR)
		}
	}
}
