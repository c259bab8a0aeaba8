package queue

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"nwayacd/agent"
)

// ledger is the database as the floor's changes make it. It fails if a change writes what is
// already written, and if it differs from the floor after a step.
type ledger struct {
	t      failer
	kept   Snapshot
	away   map[string]bool // callers whose row stayed while they were absent
	cdrs   map[visited]CDR
	offers []OfferRecord
	over   string // caller of the last CDR, whose talk the next change must end
}

// visited is the key of a CDR.
type visited struct {
	uuid   string
	number int
}

func visitOf(c CDR) visited { return visited{c.UUID, c.VisitNumber()} }

// failer is the part of testing's T, or of rapid's, that a check needs.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newLedger(t failer) *ledger {
	return &ledger{t: t, away: map[string]bool{}, cdrs: map[visited]CDR{}}
}

// load starts from a database that has s.
func (b *ledger) load(s Snapshot) {
	b.kept = s.Clone()
	b.kept.Members = nil // a database may have a row twice
	for _, m := range s.Members {
		b.kept.Apply(Change{MemberJoined: &m})
	}
	for _, w := range s.Waiting {
		b.away[w.UUID] = true
	}
}

// waiting returns the rows of the callers who wait, by uuid.
func (b *ledger) waiting() map[string]Waiting {
	rows := map[string]Waiting{}
	for _, w := range b.kept.Waiting {
		rows[w.UUID] = w
	}
	return rows
}

// talks returns the talks that are written, by the caller's uuid.
func (b *ledger) talks() map[string]Talk {
	talks := map[string]Talk{}
	for _, t := range b.kept.Talks {
		talks[t.CDR.UUID] = t
	}
	return talks
}

// groupsOf returns the groups of an extension, in order.
func (b *ledger) groupsOf(extension string) (groups []string) {
	for _, m := range b.kept.Members {
		if m.Extension == extension {
			groups = append(groups, m.Group)
		}
	}
	slices.Sort(groups)
	return groups
}

// asKept is a row as the database has it.
func asKept(w Waiting) Waiting {
	w.Visit = max(w.Visit, 1)
	return w
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

// one writes a change that alters something.
func (b *ledger) one(c Change) {
	b.t.Helper()
	switch {
	case c.Agent != nil:
		b.agent(*c.Agent)
	case c.AgentAdded != nil:
		b.fresh(b.kept.agent(c.AgentAdded.Extension) == nil, c)
	case c.AgentRemoved != nil:
		b.fresh(b.kept.agent(*c.AgentRemoved) != nil, c)
	case c.Group != nil:
		g := b.kept.group(c.Group.Number)
		b.fresh(g != nil && (c.Group.Cursor == nil || *c.Group.Cursor != g.Cursor), c)
	case c.GroupAdded != nil:
		b.fresh(b.kept.group(c.GroupAdded.Number) == nil, c)
	case c.GroupRemoved != nil:
		b.fresh(b.kept.group(*c.GroupRemoved) != nil, c)
	case c.Waiting != nil:
		old, listed := b.waiting()[c.Waiting.UUID]
		// the row of a caller who is back is written again
		b.fresh(!listed || old != asKept(*c.Waiting) || b.away[c.Waiting.UUID], c)
	case c.Left != nil:
		_, listed := b.waiting()[*c.Left]
		b.fresh(listed, c)
	case c.Membership != nil, c.Remembered != nil, c.AgentLog != nil, c.WrapUp != nil:
	default:
		b.record(c)
	}
	b.kept.Apply(c)
}

// record checks what is kept of calls that end. A visit has one CDR, and a talk is written before
// it is over.
func (b *ledger) record(c Change) {
	b.t.Helper()
	switch {
	case c.Talk != nil:
		old, talks := b.talks()[c.Talk.CDR.UUID]
		b.fresh(!talks || !reflect.DeepEqual(old, *c.Talk), c)
	case c.TalkOver != nil:
		_, talks := b.talks()[*c.TalkOver]
		b.fresh(talks && b.over == *c.TalkOver, c)
		b.over = ""
	case c.CDR != nil:
		_, ended := b.cdrs[visitOf(*c.CDR)]
		b.fresh(!ended, c)
		b.cdrs[visitOf(*c.CDR)] = *c.CDR
		if _, talks := b.talks()[c.CDR.UUID]; talks && c.CDR.Leg == "" {
			b.t.Fatalf("%s was in a talk, and the CDR has none: %+v", c.CDR.UUID, c.CDR)
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

// agent checks a change of an agent's columns. It may name only those that differ.
func (b *ledger) agent(u agent.Update) {
	b.t.Helper()
	a := b.kept.agent(u.Extension)
	if a == nil {
		b.t.Fatalf("written to an agent that is not there: %+v", u)
	}
	before, after := *a, *a
	u.Apply(&after)
	again, _ := agent.Diff(&before, &after)
	again.HungUp = u.HungUp
	if u.Call != nil && *u.Call == before.Call && again.Since != nil {
		again.Call = u.Call // it moved twice in one step, and is back: ring, ready, ring for the next call
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

// outside makes an edit by another program. What that program gave a new agent is in a change that
// follows. The rows of the members stay if it deletes the row of their group.
func (b *ledger) outside(c Change) {
	members := slices.Clone(b.kept.Members)
	b.kept.Apply(c)
	switch {
	case c.AgentAdded != nil:
		*b.kept.agent(c.AgentAdded.Extension) = agent.Agent{Profile: agent.Profile{Extension: c.AgentAdded.Extension}}
	case c.GroupRemoved != nil:
		b.kept.Members = members
	}
}

// matches compares the ledger with the floor.
func (b *ledger) matches(f *Floor) {
	b.t.Helper()
	b.matchAgents(f)
	for number, l := range f.lines {
		if g := b.kept.group(number); g == nil || *g != l.Group {
			b.t.Fatalf("group %s is %+v, written was %+v", number, l.Group, g)
		}
	}
	listed := map[string]Waiting{}
	for uuid, c := range f.calls {
		if c.hasRow {
			listed[uuid] = asKept(c.row())
		}
	}
	for uuid, c := range f.calls {
		if !c.answered && !c.hasRow {
			b.t.Fatalf("%s waits, and its place is not written down", uuid)
		}
	}
	rows := b.waiting()
	for uuid, want := range listed {
		if asKept(rows[uuid]) != want {
			b.t.Fatalf("%s waits as %+v, written was %+v", uuid, want, rows[uuid])
		}
	}
	for uuid := range rows {
		_, waits := listed[uuid]
		if _, absent := f.absent[uuid]; !waits && !absent {
			b.t.Fatalf("%s waits no more and is still written down", uuid)
		}
	}
	b.matchTalks(f)
	if len(f.slots) != len(b.kept.Agents) || len(f.lines) != len(b.kept.Groups) {
		b.t.Fatalf("%d agents and %d groups, written %d and %d", len(f.slots), len(f.lines), len(b.kept.Agents),
			len(b.kept.Groups))
	}
}

func (b *ledger) matchTalks(f *Floor) {
	b.t.Helper()
	written := b.talks()
	if len(f.talks) != len(written) {
		b.t.Fatalf("%d talks are remembered, written were %d", len(f.talks), len(written))
	}
	for uuid, talk := range f.talks {
		if !reflect.DeepEqual(written[uuid], *talk) {
			b.t.Fatalf("the talk of %s is %+v, written was %+v", uuid, *talk, written[uuid])
		}
	}
}

func (b *ledger) matchAgents(f *Floor) {
	b.t.Helper()
	for ext, slot := range f.slots {
		want := slot.Agent
		want.Outside, want.Since, want.Rest = 0, time.Time{}, agent.Rest{}
		got := *b.kept.agent(ext)
		got.Outside, got.Since = 0, time.Time{}
		if got != want {
			b.t.Fatalf("agent %s is %+v, written was %+v", ext, want, got)
		}
		groups := b.groupsOf(ext)
		if mine := slices.Sorted(maps.Keys(slot.groups)); !slices.Equal(mine, groups) {
			b.t.Fatalf("agent %s is in %v, written was %v", ext, mine, groups)
		}
	}
}
