package queue

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"nwayacd/agent"
)

// check compares the floor with what must always be true. It looks at everything.
func (p *play) check(offers []*Lease) {
	p.t.Helper()
	p.checkLeases()
	p.checkNobodyIsStarved()
	p.checkTurns(offers)
	for _, a := range p.m.agents {
		p.checkAgent(a)
	}
	for _, g := range p.m.groups {
		p.checkCounts(g)
	}
	p.checkFigures()
	if len(p.f.calls) != len(p.m.calls) {
		p.t.Fatalf("%d calls, should be %d", len(p.f.calls), len(p.m.calls))
	}
	p.checkAbsent()
	p.checkTalks()
	p.checkVisits()
}

// checkVisits: each call, and each kept place, is in the visit of the model. So are its leases.
func (p *play) checkVisits() {
	p.t.Helper()
	for _, c := range p.m.calls {
		if got := p.f.calls[c.uuid]; got == nil || got.visit != c.visit {
			p.t.Fatalf("%s is %+v, should be in visit %+v", c.uuid, got, c.visit)
		}
	}
	for _, l := range p.m.standing() {
		if l.real.Visit != l.call.visit.number {
			p.t.Fatalf("the lease of %s names visit %d, should name %+v", l.call.uuid, l.real.Visit, l.call.visit)
		}
	}
	for _, a := range p.m.absent {
		if w := p.f.absent[a.uuid].place; (visit{w.Name, w.Visit, w.CameFrom}) != a.visit {
			p.t.Fatalf("the place of %s is %+v, should be of visit %+v", a.uuid, w, a.visit)
		}
	}
}

// equal is slices.Equal for records that hold a slice.
func equal(a, b []CDR) bool {
	return slices.EqualFunc(a, b, func(a, b CDR) bool { return reflect.DeepEqual(a, b) })
}

// checkRecords: this step wrote the CDRs, the records of offers and the memories of the model.
func (p *play) checkRecords(out Effects) {
	p.t.Helper()
	var cdrs []CDR
	var records []OfferRecord
	var remembered []Memory
	for _, c := range out.Changes {
		if c.Remembered != nil {
			remembered = append(remembered, *c.Remembered)
		}
		if c.CDR != nil {
			cdrs = append(cdrs, *c.CDR)
		}
		if c.Offer != nil {
			records = append(records, *c.Offer)
		}
	}
	if !equal(cdrs, out.Ended) {
		p.t.Fatalf("counted are the CDRs %+v, written were %+v", out.Ended, cdrs)
	}
	var notBack []string
	for _, w := range out.NotBack {
		notBack = append(notBack, w.UUID)
	}
	slices.Sort(notBack)
	slices.Sort(p.m.notBack)
	if !slices.Equal(notBack, p.m.notBack) {
		p.t.Fatalf("did not come back: %v, should be %v", notBack, p.m.notBack)
	}
	p.owed -= len(cdrs)
	cdrs = withoutPositions(cdrs)
	byUUID := func(a, b CDR) int { return strings.Compare(a.UUID, b.UUID) }
	slices.SortStableFunc(cdrs, byUUID)
	slices.SortStableFunc(p.m.ended, byUUID)
	if !equal(cdrs, withoutPositions(p.m.ended)) {
		p.t.Fatalf("the CDRs are %+v, should be %+v", cdrs, p.m.ended)
	}
	if added := p.m.memories[p.remembered:]; !slices.Equal(remembered, added) {
		p.t.Fatalf("remembered is %+v, should be %+v", remembered, added)
	}
	p.remembered = len(p.m.memories)
	byCall := func(a, b OfferRecord) int { return strings.Compare(a.Call, b.Call) }
	slices.SortFunc(records, byCall)
	slices.SortFunc(p.m.records, byCall)
	if !slices.Equal(records, p.m.records) {
		p.t.Fatalf("the records of offers are %+v, should be %+v", records, p.m.records)
	}
}

// checkAbsent: the kept places are those of the model, and each has a CDR to come.
func (p *play) checkAbsent() {
	p.t.Helper()
	if len(p.f.absent) != len(p.m.absent) {
		p.t.Fatalf("%d callers are absent, should be %d", len(p.f.absent), len(p.m.absent))
	}
	for _, a := range p.m.absent {
		if group, kept := p.f.KeepsPlace(a.uuid); !kept || group != a.group {
			p.t.Fatalf("%s is expected: %v, in %q, should be in %q", a.uuid, kept, group, a.group)
		}
	}
	if here := len(p.f.calls) + len(p.f.absent); p.owed != here {
		p.t.Fatalf("%d CDRs are to come, of %d callers", p.owed, here)
	}
}

// checkTalks: the talks are those that were bridged and whose call has not ended.
func (p *play) checkTalks() {
	p.t.Helper()
	goOn := 0
	for uuid, talk := range p.m.talks {
		if got := p.f.talks[uuid]; got == nil || !reflect.DeepEqual(talkWithoutPositions(*got),
			talkWithoutPositions(talk)) {
			p.t.Fatalf("the talk of %s is %+v, should be %+v", uuid, got, talk)
		}
		if !talk.Requeued {
			goOn++
		}
	}
	if len(p.f.talks) != len(p.m.talks) || len(p.f.Talks()) != goOn {
		p.t.Fatalf("%d talks, of which %d go on, should be %d and %d", len(p.f.talks), len(p.f.Talks()), len(p.m.talks),
			goOn)
	}
}

// checkLeases: no agent has two leases, and an agent with a lease is not available.
func (p *play) checkLeases() {
	p.t.Helper()
	var busy [16]string
	taken := busy[:0]
	for uuid, c := range p.f.calls {
		for _, l := range [...]*Lease{c.lease, c.next} {
			if l == nil || l.over {
				continue
			}
			if l.Call != uuid {
				p.t.Fatalf("the lease of %s names %s", uuid, l.Call)
			}
			if p.loose(l) {
				continue
			}
			ext := l.Agent.Extension
			if slices.Contains(taken, ext) {
				p.t.Fatalf("%s has two calls, one of them %s", ext, uuid)
			}
			taken = append(taken, ext)
			if slot := p.f.slots[ext]; slot != nil && slot.lease != l {
				p.t.Fatalf("%s does not know of its call %s", ext, uuid)
			}
		}
	}
	for ext, slot := range p.f.slots {
		if slot.lease != nil && !slices.Contains(taken, ext) {
			p.t.Fatalf("%s has a call that no lease has: %+v", ext, slot.lease)
		}
		if slot.available != (slot.Available() && slot.lease == nil) {
			p.t.Fatalf("%s is free: %v, state %+v", ext, slot.available, slot.Agent)
		}
	}
}

// checkNobodyIsStarved: if a caller waits, no agent of its groups is available, unless the agent
// just missed that caller.
func (p *play) checkNobodyIsStarved() {
	p.t.Helper()
	for uuid, c := range p.f.calls {
		if c.phase != waiting {
			continue
		}
		for ext, slot := range p.f.slots {
			until, missed := c.sparedUntil[ext]
			if _, member := slot.groups[c.line.Number]; !member || !slot.Available() || slot.lease != nil ||
				missed && p.now.Before(until) {
				continue
			}
			p.t.Fatalf("%s waits while %s is available", uuid, ext)
		}
	}
}

// checkTurns: a caller who was offered is served before all others whom the agent could have had.
func (p *play) checkTurns(offers []*Lease) {
	p.t.Helper()
	for _, l := range offers {
		c, slot := p.f.calls[l.Call], p.f.slots[l.Agent.Extension]
		if l.Transfer || c == nil || slot == nil {
			continue
		}
		for uuid, other := range p.f.calls {
			until, missed := other.sparedUntil[slot.Extension]
			if _, member := slot.groups[other.line.Number]; !member || other.phase != waiting ||
				missed && p.now.Before(until) {
				continue
			}
			if other.vip && !c.vip || other.vip == c.vip && other.since.Before(c.since) {
				p.t.Fatalf("%s got %s, and %s was before it", l.Call, slot.Extension, uuid)
			}
		}
	}
}

// checkAgent: the agent has the state of the model.
func (p *play) checkAgent(a *nAgent) {
	p.t.Helper()
	slot := p.f.slots[a.ext]
	if (slot != nil) != a.here {
		p.t.Fatalf("%s is there: %v", a.ext, slot != nil)
	}
	if !a.here {
		return
	}
	want := agent.Presence{Registered: a.registered, Up: a.up, Idle: a.idle, Locked: a.locked, DND: a.dnd}
	if slot.Presence != want || slot.Call != a.state || slot.Deferred != a.deferred || slot.Outside != a.outside ||
		slot.WithoutState != a.withoutState || slot.PauseReason != a.reason || !slot.PausedSince.Equal(a.pausedSince) ||
		slot.Rest != (agent.Rest{Misses: a.misses, Cause: a.cause, Until: a.restEnds}) {
		p.t.Fatalf("%s is %+v, should be %+v", a.ext, slot.Agent, *a)
	}
}

// checkCounts: the numbers that an operator sees are right.
func (p *play) checkCounts(g *nGroup) {
	p.t.Helper()
	l := p.f.lines[g.number]
	if (l != nil) != g.here {
		p.t.Fatalf("group %s is there: %v", g.number, l != nil)
	}
	if !g.here {
		return
	}
	available, waits, talks := p.counted(g)
	if l.available.Len() != available || l.inside-l.talking != waits || l.talking != talks || l.Cursor != g.cursor {
		p.t.Fatalf("group %s: %d available, %d waiting, %d talking, pointer %q; should be %d, %d, %d, %q",
			g.number, l.available.Len(), l.inside-l.talking, l.talking, l.Cursor, available, waits, talks, g.cursor)
	}
}

func (p *play) counted(g *nGroup) (available, waits, talks int) {
	for i, a := range p.m.agents {
		if p.m.members[i][slices.Index(p.m.groups, g)] && p.m.available(a) {
			available++
		}
	}
	for _, c := range p.m.calls {
		switch {
		case c.group != g || c.life != g.life:
		case c.answered:
			talks++
		default:
			waits++
		}
	}
	return available, waits, talks
}

// checkFigures: the figures are right, and no caller is starved.
func (p *play) checkFigures() {
	p.t.Helper()
	figures := p.f.Figures(p.now)
	all, members, resting := Standings{}, map[string]Standings{}, map[MissCause]int{}
	for _, slot := range p.f.slots {
		all[slot.Standing()]++
		if slot.Standing() == agent.StandingRest {
			resting[slot.Rest.Cause]++
		}
		for number := range slot.groups {
			counted := members[number]
			counted[slot.Standing()]++
			members[number] = counted
		}
	}
	if figures.Agents != all || len(figures.Groups) != len(p.f.lines) {
		p.t.Fatalf("%d groups, agents %v; should be %d, %v", len(figures.Groups), figures.Agents, len(p.f.lines), all)
	}
	for _, cause := range agent.MissCauses {
		if figures.Resting[cause] != resting[cause] || figures.Misses[cause] != p.m.counted[cause] {
			p.t.Fatalf("%s: %d rest of %d misses, should be %d of %d",
				cause, figures.Resting[cause], figures.Misses[cause], resting[cause], p.m.counted[cause])
		}
	}
	for _, g := range figures.Groups {
		want := GroupFigures{
			Number: g.Number, Name: p.f.lines[g.Number].Name, Members: members[g.Number],
			Waiting: g.Waiting, Talking: g.Talking, LongestWait: p.longestWait(g.Number),
		}
		if g != want {
			p.t.Fatalf("figures of %s: %+v, should be %+v", g.Number, g, want)
		}
	}
}

func (p *play) longestWait(group string) (longest time.Duration) {
	for _, c := range p.f.calls {
		if c.line == p.f.lines[group] && !c.answered {
			longest = max(longest, p.now.Sub(c.since))
		}
	}
	return longest
}
