package queue

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"nwayacd/agent"
)

var playSwitches = []string{"", "core1", "core2"}

// closes writes a CDR.
func (n *naive) closes(cdr CDR) {
	n.ended = append(n.ended, cdr)
	delete(n.talks, cdr.UUID)
}

// returns removes an absent caller who is back, or in a talk.
func (n *naive) returns(a *nAbsent) {
	n.absent = slices.DeleteFunc(n.absent, func(o *nAbsent) bool { return o == a })
	n.record(a.offer)
}

func (n *naive) record(o *OfferRecord) {
	if o != nil {
		n.records = append(n.records, *o)
	}
}

// dropAbsent gives up the places of callers who will not come back.
func (n *naive) dropAbsent(which func(*nAbsent) bool) {
	for _, a := range slices.Clone(n.absent) {
		if which(a) {
			n.returns(a)
			n.closes(a.cdr)
			if a.untold {
				n.notBack = append(n.notBack, a.uuid)
			}
		}
	}
}

// someAbsent returns an absent caller. It returns nil half the time, and if there is none.
func (p *play) someAbsent(d dice) *nAbsent {
	if len(p.m.absent) == 0 || d.IntN(2) == 0 {
		return nil
	}
	return p.m.absent[d.IntN(len(p.m.absent))]
}

// cdr returns the CDR of a visit that ends now.
func (p *play) cdr(c *nCall, untalked Outcome) CDR {
	cdr := CDR{
		UUID: c.uuid, Caller: c.caller, CallerName: c.visit.name, Group: c.group.number, VIP: c.vip, Arrived: c.arrived,
		Visit: c.visit.number, CameFrom: c.visit.cameFrom, Outcome: untalked, Ended: p.now,
	}
	if t, talked := p.m.talks[c.uuid]; talked {
		cdr.Agent, cdr.Leg, cdr.Outcome = t.CDR.Agent, t.CDR.Leg, Answered
		cdr.Answered, cdr.Bridged = t.CDR.Answered, t.CDR.Bridged
	}
	return cdr
}

// talk returns the talk of a call that is bridged now.
func (p *play) talk(c *nCall, a *nAgent) Talk {
	t := Talk{CDR: p.cdr(c, Answered)}
	t.CDR.Agent, t.CDR.Leg = a.ext, fmt.Sprintf("leg%d", p.serial)
	t.CDR.Answered, t.CDR.Bridged, t.CDR.Ended = p.now, p.now, time.Time{}
	t.Offer = OfferRecord{
		Call: c.uuid, Group: t.CDR.Group, Agent: a.ext, Leg: t.CDR.Leg, Visit: t.CDR.Visit,
		Answered: p.now,
	}
	return t
}

func (p *play) loseConnection(d dice) {
	c, core, open := p.someCall(d), playSwitches[d.IntN(len(playSwitches))], d.IntN(2) == 0
	if c == nil {
		return
	}
	p.note("the connection of %s goes", c.uuid)
	a := Absent{CDR: p.cdr(c, Failed), CoreUUID: core}
	if open {
		a.Offer = &OfferRecord{Call: c.uuid, Number: p.serial, Outcome: OfferMissed}
	}
	if !c.talks && p.ledger != nil {
		p.ledger.away[c.uuid] = true
	}
	p.step(func() { p.same("kept", p.f.LeaveAbsent(c.uuid, a, p.now), !c.talks) }, func() {
		p.m.leave(c)
		if c.talks {
			p.m.record(a.Offer)
			p.m.closes(a.CDR)
			return
		}
		p.m.absent = append(p.m.absent, &nAbsent{
			uuid: c.uuid, caller: c.caller, visit: c.visit, group: c.group.number, vip: c.vip, since: c.since,
			until: p.now.Add(time.Minute), core: core, cdr: a.CDR, offer: a.Offer,
		})
	})
}

// restartSwitch is a FreeSWITCH that lost all its calls.
func (p *play) restartSwitch(d dice) {
	core := playSwitches[d.IntN(len(playSwitches))]
	p.note("FreeSWITCH %q restarts", core)
	p.step(func() { p.f.DropSwitch(core) }, func() {
		p.m.dropAbsent(func(a *nAbsent) bool { return core != "" && a.core == core })
	})
}

// stay is a caller who stays after the talk or the offer.
func (p *play) stay(d dice) {
	c := p.someCall(d)
	if c == nil || c.phase != leaving && c.talks {
		return
	}
	p.note("%s stays", c.uuid)
	if t, talked := p.m.talks[c.uuid]; talked && !t.Requeued {
		p.step(func() { p.f.Requeued(t) }, func() {
			t.Requeued = true
			p.m.talks[c.uuid] = t
		})
	}
	p.step(func() {
		p.same("back in the line", p.f.Stay(c.uuid, p.now), c.phase == leaving && c.group.here &&
			c.group.life == c.life)
	}, func() {
		if c.phase == leaving {
			p.m.settle(p.m.back(c))
		}
	})
}

// recoverTalk is a talk that a link finds in FreeSWITCH.
func (p *play) recoverTalk(d dice) {
	was, a := p.someAbsent(d), p.someAgent(d)
	uuid := "unknown"
	if was != nil {
		uuid = was.uuid
	}
	leg := fmt.Sprintf("leg%d", p.serial)
	found := Talk{
		CoreUUID: "core1",
		CDR: CDR{
			UUID: uuid, Dialled: "4001", Agent: a.ext, Leg: leg, Offers: 2, Outcome: Answered,
			Answered: p.now, Bridged: p.now,
		},
		Offer: OfferRecord{Call: uuid, Agent: a.ext, Leg: leg, Number: 2, Answered: p.now},
	}
	p.note("the talk of %s with %s is found", uuid, a.ext)
	free := was != nil && a.here && a.lease == nil
	var whole Talk
	var ok bool
	p.step(func() {
		whole, ok = p.f.RecoverTalk(found, p.now)
		p.same("recovered", ok, free)
	}, func() {
		if free {
			p.recovered(was, a, found, whole)
		}
	})
}

// inItsVisit is the talk with the number of its visit: 0 means 1 in a record, and a place has 1.
func inItsVisit(t Talk) Talk {
	t.CDR.Visit, t.Offer.Visit = t.CDR.VisitNumber(), t.Offer.VisitNumber()
	return t
}

func (p *play) recovered(was *nAbsent, a *nAgent, found, whole Talk) {
	p.t.Helper()
	want := found
	want.CDR.Caller, want.CDR.Group, want.CDR.VIP, want.CDR.Arrived = was.cdr.Caller, was.cdr.Group, was.cdr.VIP,
		was.cdr.Arrived
	want.CDR.CallerName, want.CDR.Visit, want.CDR.CameFrom = was.cdr.CallerName, was.visit.number, was.visit.cameFrom
	if g := p.m.groups[slices.Index(playGroups, was.cdr.Group)]; g.here || was.cdr.ServiceLevel > 0 {
		want.CDR.ServiceLevel, want.CDR.Short = 20, 5 // no group of the play has its own
	}
	want.Offer.Group, want.Offer.Visit, want.Offer.Arrived = was.cdr.Group, was.visit.number, was.cdr.Arrived
	if !was.cdr.Answered.IsZero() { // by the first agent
		want.CDR.Answered = was.cdr.Answered
	}
	if !reflect.DeepEqual(inItsVisit(talkWithoutPositions(whole)), inItsVisit(talkWithoutPositions(want))) {
		p.t.Fatalf("the talk is %+v, should be %+v", whole, want)
	}
	was.offer = nil // it became the talk
	p.m.returns(was)
	p.m.talks[was.uuid] = whole
	c := p.resumed(whole, was.since)
	c.lease.agent, a.lease, a.state = a, c.lease, agent.Talking
	p.m.remember(c, a)
}

// resumed is the call of a talk that is put on the floor.
func (p *play) resumed(t Talk, since time.Time) *nCall {
	p.t.Helper()
	g := p.m.groups[slices.Index(playGroups, t.CDR.Group)]
	c := &nCall{
		uuid: t.CDR.UUID, caller: t.CDR.Caller, visit: visit{t.CDR.CallerName, t.CDR.Visit, t.CDR.CameFrom},
		group: g, life: either(g.here, g.life, -1), vip: t.CDR.VIP,
		since: since, arrived: t.CDR.Arrived, phase: offered, answered: true, talks: true,
	}
	place, real, ok := p.f.Resumed(c.uuid)
	if !ok || real.Number != t.CDR.Offers || !c.has(place, g) {
		p.t.Fatalf("%s has %+v %+v (%v), should be in %+v", c.uuid, place, real, ok, t)
	}
	c.lease = &nLease{call: c, agent: p.m.agent(t.CDR.Agent), real: real, answered: true}
	p.m.calls = append(p.m.calls, c)
	return c
}

// has reports whether the place is that of the call in the group.
func (c *nCall) has(p Place, in *nGroup) bool {
	return p.Since.Equal(c.since) && p.Group.Number == in.number && p.VIP == c.vip &&
		p.Visit == c.visit.number && p.CameFrom == c.visit.cameFrom
}

// loose reports whether the lease is that of a talk that its agent has left.
func (p *play) loose(real *Lease) bool {
	return slices.ContainsFunc(p.m.standing(), func(l *nLease) bool { return l.real == real && l.loose })
}

// takeOver is a channel that takes over another one's call.
func (p *play) takeOver(d dice) {
	c, caller, was, other := p.someCall(d), playCallers[d.IntN(len(playCallers))], p.someAbsent(d), p.someCall(d)
	if c == nil {
		return
	}
	to := p.arrival(d, caller)
	here := d.IntN(8) == 0
	switch {
	case here:
		to.UUID, was = other.uuid, nil
	case was != nil:
		to.UUID, to.Visit = was.uuid, max(was.visit.number, 1)+1
	}
	p.note("%s takes over from %s", to.UUID, c.uuid)
	cdr, ok := p.cdr(c, Abandoned), !here && !c.groupGone
	next := *c
	next.uuid, next.caller, next.visit, next.vip, next.arrived = to.UUID, caller, to.visit(), isVIP(caller, c.group),
		p.now
	t, talked := p.m.talks[c.uuid]
	if talked = talked && c.talks && !t.Requeued; talked {
		t = p.talk(&next, p.m.agent(t.CDR.Agent))
	}
	p.step(func() {
		p.same("taken over", p.f.TakeOver(c.uuid, to, p.now), ok)
		if ok && talked {
			p.f.Bridged(t)
		}
		if ok {
			p.f.Ended(cdr)
			p.owed++
		}
	}, func() {
		if ok {
			p.m.succeed(c, &next, cdr)
		}
		if ok && talked {
			c.talks = true
			p.m.talks[to.UUID] = t
			p.m.endMissRow(c.lease)
		}
	})
}

func (n *naive) succeed(c, next *nCall, cdr CDR) {
	n.dropAbsent(func(a *nAbsent) bool { return a.uuid == next.uuid })
	n.closes(cdr)
	c.uuid, c.caller, c.visit, c.vip, c.arrived = next.uuid, next.caller, next.visit, next.vip, next.arrived
	for _, l := range []*nLease{c.lease, c.next} {
		if l != nil && l.answered && l.agent.here {
			n.remember(c, l.agent)
		}
	}
	n.settle(nil)
}

// move is a call that is moved to another group.
func (p *play) move(d dice) {
	c, g := p.someCall(d), p.someGroup(d)
	if c == nil {
		return
	}
	p.note("%s goes to %s", c.uuid, g.number)
	cdr, ok := p.cdr(c, Abandoned), g.here && !c.groupGone && c.phase != offered
	next := *c
	next.visit.number, next.visit.cameFrom, next.vip = max(c.visit.number, 1)+1, c.group.number, isVIP(c.caller, g)
	p.step(func() {
		place, err := p.f.Move(c.uuid, g.number, p.now)
		p.same("moved", err == nil, ok)
		switch {
		case ok && !next.has(place, g):
			p.t.Fatalf("the place of %s is %+v", c.uuid, place)
		case !ok && !errors.Is(err, ErrNoGroup) && !errors.Is(err, ErrEnding) && !errors.Is(err, ErrTransfers):
			p.t.Fatalf("refused: %v", err)
		case ok:
			p.f.Ended(cdr)
			p.owed++
		}
	}, func() {
		if ok {
			p.m.closes(cdr)
			p.m.move(c, &next, g)
		}
	})
}

func (n *naive) move(c, next *nCall, g *nGroup) {
	c.visit, c.group, c.life, c.vip, c.arrived = next.visit, g, g.life, next.vip, n.now
	c.answered, c.talks = false, false
	if c.phase != greeting {
		n.settle(n.back(c))
	}
}
