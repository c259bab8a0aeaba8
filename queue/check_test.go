package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// check holds the floor against what must always be so, looking at everything.
func (p *play) check(offers []*Lease) {
	p.t.Helper()
	p.checkLeases()
	p.checkNobodyWaitsInVain()
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
}

// checkLeases: no agent has two, and who has one is not free.
func (p *play) checkLeases() {
	p.t.Helper()
	var busy [16]string
	taken := busy[:0]
	for uuid, c := range p.f.calls {
		for _, l := range [...]*Lease{c.lease, c.next} {
			if l == nil || l.over {
				continue
			}
			ext := l.Agent.Extension
			if slices.Contains(taken, ext) {
				p.t.Fatalf("%s has two calls, one of them %s", ext, uuid)
			}
			taken = append(taken, ext)
			if d := p.f.desks[ext]; d != nil && d.lease != l {
				p.t.Fatalf("%s does not know of its call %s", ext, uuid)
			}
		}
	}
	for ext, d := range p.f.desks {
		if d.lease != nil && !slices.Contains(taken, ext) {
			p.t.Fatalf("%s has a call that nobody else has: %+v", ext, d.lease)
		}
		if d.free != (d.Available() && d.lease == nil) {
			p.t.Fatalf("%s is free: %v, state %+v", ext, d.free, d.Agent)
		}
	}
}

// checkNobodyWaitsInVain: no agent is available while a caller of its groups waits whom it did not just miss.
func (p *play) checkNobodyWaitsInVain() {
	p.t.Helper()
	for uuid, c := range p.f.calls {
		if c.phase != waiting {
			continue
		}
		for ext, d := range p.f.desks {
			until, missed := c.missed[ext]
			if _, member := d.groups[c.line.Number]; !member || !d.Available() || d.lease != nil || missed && p.now.Before(until) {
				continue
			}
			p.t.Fatalf("%s waits while %s is available", uuid, ext)
		}
	}
}

// checkTurns: who was offered was before everybody else the agent could have been given.
func (p *play) checkTurns(offers []*Lease) {
	p.t.Helper()
	for _, l := range offers {
		c, d := p.f.calls[l.Call], p.f.desks[l.Agent.Extension]
		if l.Transfer || c == nil || d == nil {
			continue
		}
		for uuid, other := range p.f.calls {
			until, missed := other.missed[d.Extension]
			if _, member := d.groups[other.line.Number]; !member || other.phase != waiting || missed && p.now.Before(until) {
				continue
			}
			if other.vip && !c.vip || other.vip == c.vip && other.since.Before(c.since) {
				p.t.Fatalf("%s got %s, and %s was before it", l.Call, d.Extension, uuid)
			}
		}
	}
}

// checkAgent: the agent is what the model says.
func (p *play) checkAgent(a *nAgent) {
	p.t.Helper()
	d := p.f.desks[a.ext]
	if (d != nil) != a.here {
		p.t.Fatalf("%s is there: %v", a.ext, d != nil)
	}
	if !a.here {
		return
	}
	want := agent.Presence{Registered: a.registered, Up: a.up, Idle: a.idle, Locked: a.locked, DND: a.dnd}
	if d.Presence != want || d.Call != a.state || d.Deferred != a.wish || d.Outside != a.outside || d.WithoutState != a.withoutState {
		p.t.Fatalf("%s is %+v, should be %+v", a.ext, d.Agent, *a)
	}
}

// checkCounts: the numbers an operator sees are those of a count.
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
	if l.free.Len() != available || l.inside-l.talking != waits || l.talking != talks || l.Cursor != g.cursor {
		p.t.Fatalf("group %s: %d available, %d waiting, %d talking, pointer %q; should be %d, %d, %d, %q",
			g.number, l.free.Len(), l.inside-l.talking, l.talking, l.Cursor, available, waits, talks, g.cursor)
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

// checkFigures: what a watcher is told is what a count says, and nobody waits in vain.
func (p *play) checkFigures() {
	p.t.Helper()
	figures := p.f.Figures(p.now)
	all, members := Standings{}, map[string]Standings{}
	for _, d := range p.f.desks {
		all[d.Standing()]++
		for number := range d.groups {
			counted := members[number]
			counted[d.Standing()]++
			members[number] = counted
		}
	}
	if figures.Agents != all || len(figures.Groups) != len(p.f.lines) {
		p.t.Fatalf("%d groups, agents %v; should be %d, %v", len(figures.Groups), figures.Agents, len(p.f.lines), all)
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
