package queue

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"nwayacd/agent"
)

// ledger is the database as the floor's changes make it. A change that finds what it writes already
// written was written twice, and fails; so does a ledger that at any moment differs from the floor.
type ledger struct {
	t       failer
	agents  map[string]*agent.Agent
	groups  map[string]*Group
	members map[Member]bool
	waiting map[string]Waiting
	memory  map[memoryKey]memory
	away    map[string]bool // callers whose row stayed while they were absent
	talks   map[string]Talk
	cdrs    map[visited]CDR
	offers  []OfferRecord
	over    string // the talk of the CDR just before, which is to be over next
}

// visited is what has one CDR.
type visited struct {
	uuid   string
	number int
}

func visitOf(c CDR) visited { return visited{c.UUID, c.VisitNumber()} }

// failer is what of a test a check needs: testing's T or rapid's.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newLedger(t failer) *ledger {
	return &ledger{
		t: t, agents: map[string]*agent.Agent{}, groups: map[string]*Group{}, members: map[Member]bool{},
		waiting: map[string]Waiting{}, memory: map[memoryKey]memory{}, away: map[string]bool{},
		talks: map[string]Talk{}, cdrs: map[visited]CDR{},
	}
}

// load is a database as a snapshot shows it.
func (b *ledger) load(s Snapshot) {
	for _, a := range s.Agents {
		b.agents[a.Extension] = &a
	}
	for _, g := range s.Groups {
		b.groups[g.Number] = &g
	}
	for _, m := range s.Members {
		b.members[m] = true
	}
	for _, w := range s.Waiting {
		b.waiting[w.UUID], b.away[w.UUID] = w, true
	}
	for _, t := range s.Talks {
		b.talks[t.CDR.UUID] = t
	}
}

func (b *ledger) apply(changes []Change) {
	b.t.Helper()
	for _, c := range changes {
		if over := b.over; over != "" && (c.TalkOver == nil || *c.TalkOver != over) {
			b.t.Fatalf("between the CDR of %s and the end of the talk: %+v", over, c)
		}
		b.one(c)
	}
	if b.over != "" {
		b.t.Fatalf("the talk of %s has its CDR and is not over", b.over)
	}
}

// one writes a change.
func (b *ledger) one(c Change) {
	b.t.Helper()
	switch {
	case c.Agent != nil:
		b.agent(*c.Agent)
	case c.AgentAdded != nil:
		ext := c.AgentAdded.Extension
		b.fresh(b.agents[ext] == nil, c)
		b.agents[ext] = &agent.Agent{
			Profile: agent.Profile{Extension: ext, Name: ext}, Presence: agent.Presence{Idle: true},
		}
	case c.AgentRemoved != nil:
		b.fresh(b.agents[*c.AgentRemoved] != nil, c)
		delete(b.agents, *c.AgentRemoved)
		maps.DeleteFunc(b.members, func(m Member, _ bool) bool { return m.Extension == *c.AgentRemoved })
	case c.Group != nil:
		g := b.groups[c.Group.Number]
		b.fresh(g != nil, c)
		before := *g
		c.Group.apply(g)
		b.fresh(c.Group.Cursor == nil || before != *g, c)
	case c.GroupAdded != nil:
		b.fresh(b.groups[c.GroupAdded.Number] == nil, c)
		b.groups[c.GroupAdded.Number] = new(*c.GroupAdded)
	case c.GroupRemoved != nil:
		b.fresh(b.groups[*c.GroupRemoved] != nil, c)
		delete(b.groups, *c.GroupRemoved)
		maps.DeleteFunc(b.members, func(m Member, _ bool) bool { return m.Group == *c.GroupRemoved })
	case c.Membership != nil:
		maps.DeleteFunc(b.members, func(m Member, _ bool) bool { return m.Extension == c.Membership.Extension })
		for _, number := range c.Membership.Groups {
			b.members[Member{number, c.Membership.Extension}] = true
		}
	case c.Waiting != nil:
		old, listed := b.waiting[c.Waiting.UUID]
		b.fresh(!listed || old != *c.Waiting || b.away[c.Waiting.UUID], c) // who comes back is written anew
		b.waiting[c.Waiting.UUID] = *c.Waiting
	case c.Left != nil:
		_, listed := b.waiting[*c.Left]
		b.fresh(listed, c)
		delete(b.waiting, *c.Left)
	case c.Remembered != nil:
		b.memory[memoryKey{c.Remembered.Caller, c.Remembered.Group}] = memory{c.Remembered.Agent, c.Remembered.At}
	case c.AgentLog != nil:
	default:
		b.record(c)
	}
}

// record writes what is kept of calls that end: a visit has one CDR, and a talk that is over was
// one before.
func (b *ledger) record(c Change) {
	b.t.Helper()
	switch {
	case c.Talk != nil:
		old, talks := b.talks[c.Talk.CDR.UUID]
		b.fresh(!talks || !reflect.DeepEqual(old, *c.Talk), c)
		b.talks[c.Talk.CDR.UUID] = *c.Talk
	case c.TalkOver != nil:
		_, talks := b.talks[*c.TalkOver]
		b.fresh(talks && b.over == *c.TalkOver, c)
		b.over = ""
		delete(b.talks, *c.TalkOver)
	case c.CDR != nil:
		_, ended := b.cdrs[visitOf(*c.CDR)]
		b.fresh(!ended, c)
		b.cdrs[visitOf(*c.CDR)] = *c.CDR
		if _, talks := b.talks[c.CDR.UUID]; talks && c.CDR.Leg == "" {
			b.t.Fatalf("%s has a CDR of no talk, and was in one: %+v", c.CDR.UUID, c.CDR)
		}
		if c.CDR.Leg != "" {
			b.over = c.CDR.UUID
		}
	case c.Offer != nil:
		b.offers = append(b.offers, *c.Offer)
	default:
		b.t.Fatalf("the floor does not write %+v", c)
	}
}

// agent writes an agent's columns: only those that differ may be named.
func (b *ledger) agent(u agent.Update) {
	b.t.Helper()
	a := b.agents[u.Extension]
	if a == nil {
		b.t.Fatalf("written to an agent that is not there: %+v", u)
	}
	before := *a
	u.Apply(a)
	again, _ := agent.Diff(&before, a)
	again.HungUp = u.HungUp
	if u.Call != nil && *u.Call == before.Call && again.Since != nil {
		again.Call = u.Call // it moved twice in one step, and is back where it was: ring, ready, ring for the next call
	}
	if !reflect.DeepEqual(again, u) {
		b.t.Fatalf("written %+v, different was only %+v", u, again)
	}
}

func (b *ledger) fresh(fresh bool, c Change) {
	b.t.Helper()
	if !fresh {
		b.t.Fatalf("written twice, or of what is not there: %+v", c)
	}
}

// outside makes an edit by another program.
func (b *ledger) outside(c Change) {
	switch {
	case c.Agent != nil:
		if a := b.agents[c.Agent.Extension]; a != nil {
			c.Agent.Apply(a)
		}
	case c.AgentAdded != nil:
		b.agents[c.AgentAdded.Extension] = &agent.Agent{Profile: agent.Profile{Extension: c.AgentAdded.Extension}}
	case c.AgentRemoved != nil:
		delete(b.agents, *c.AgentRemoved)
		maps.DeleteFunc(b.members, func(m Member, _ bool) bool { return m.Extension == *c.AgentRemoved })
	case c.Group != nil:
		if g := b.groups[c.Group.Number]; g != nil {
			c.Group.apply(g)
		}
	case c.GroupAdded != nil:
		b.groups[c.GroupAdded.Number] = new(*c.GroupAdded)
	case c.GroupRemoved != nil:
		delete(b.groups, *c.GroupRemoved)
	case c.MemberJoined != nil:
		b.members[*c.MemberJoined] = true
	case c.MemberLeft != nil:
		delete(b.members, *c.MemberLeft)
	}
}

// matches holds the ledger against the floor.
func (b *ledger) matches(f *Floor) {
	b.t.Helper()
	b.matchAgents(f)
	for number, l := range f.lines {
		if g := b.groups[number]; g == nil || *g != l.Group {
			b.t.Fatalf("group %s is %+v, written was %+v", number, l.Group, g)
		}
	}
	listed := map[string]Waiting{}
	for uuid, c := range f.calls {
		if c.hasRow {
			listed[uuid] = c.row()
		}
	}
	for uuid, c := range f.calls {
		if !c.answered && !c.hasRow {
			b.t.Fatalf("%s waits, and its place is not written down", uuid)
		}
	}
	for uuid, want := range listed {
		if b.waiting[uuid] != want {
			b.t.Fatalf("%s waits as %+v, written was %+v", uuid, want, b.waiting[uuid])
		}
	}
	for uuid := range b.waiting {
		_, waits := listed[uuid]
		if _, absent := f.absent[uuid]; !waits && !absent {
			b.t.Fatalf("%s waits no more and is still written down", uuid)
		}
	}
	b.matchTalks(f)
	if len(f.slots) != len(b.agents) || len(f.lines) != len(b.groups) {
		b.t.Fatalf("%d agents and %d groups, written %d and %d", len(f.slots), len(f.lines), len(b.agents), len(b.groups))
	}
}

func (b *ledger) matchTalks(f *Floor) {
	b.t.Helper()
	if len(f.talks) != len(b.talks) {
		b.t.Fatalf("%d talks are remembered, written were %d", len(f.talks), len(b.talks))
	}
	for uuid, talk := range f.talks {
		if !reflect.DeepEqual(b.talks[uuid], *talk) {
			b.t.Fatalf("the talk of %s is %+v, written was %+v", uuid, *talk, b.talks[uuid])
		}
	}
}

func (b *ledger) matchAgents(f *Floor) {
	b.t.Helper()
	for ext, slot := range f.slots {
		want := slot.Agent
		want.Outside, want.Since, want.Rest = 0, time.Time{}, agent.Rest{}
		got := *b.agents[ext]
		got.Outside, got.Since = 0, time.Time{}
		if got != want {
			b.t.Fatalf("agent %s is %+v, written was %+v", ext, want, got)
		}
		var groups []string
		for m := range b.members {
			if m.Extension == ext {
				groups = append(groups, m.Group)
			}
		}
		slices.Sort(groups)
		if mine := slices.Sorted(maps.Keys(slot.groups)); !slices.Equal(mine, groups) {
			b.t.Fatalf("agent %s is in %v, written was %v", ext, mine, groups)
		}
	}
}
