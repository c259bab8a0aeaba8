package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// maxWatched bounds how many changes are noted. Beyond that, all rows count as changed.
const maxWatched = 1 << 16

// watch notes which rows of the floor have changed, so that a screen need not read all of them.
// Nothing is noted before Floor.Watch.
type watch struct {
	on    bool
	whole bool // more than maxWatched have changed, or the watch has just begun
	slots []*agentSlot
	calls []*call
	lines []*line
}

// Changed is what has changed on the floor since the last TakeChanged.
type Changed struct {
	Whole  bool // the rows are all that there are; what is not among them is gone
	Groups []GroupRow
	Agents []AgentRow
	Calls  []CallRow
	// Numbers of groups, extensions, and uuids of callers that are not on the floor any more.
	GoneGroups, GoneAgents, GoneCalls []string
}

// Empty reports whether nothing has changed.
func (c *Changed) Empty() bool {
	return !c.Whole && len(c.Groups)+len(c.Agents)+len(c.Calls)+
		len(c.GoneGroups)+len(c.GoneAgents)+len(c.GoneCalls) == 0
}

// GroupRow is a group as a live screen shows it.
type GroupRow struct {
	Group
	Members Standings
	Waiting int       // callers without an answer so far, or for whom a transfer rings after a talk
	Talking int       // the other callers of the group
	Oldest  time.Time // arrival of the caller who waits longest; zero if no caller waits
}

// AgentRow is an agent as a live screen shows it.
type AgentRow struct {
	AgentView
	Caller, CallerName string // of the agent's offer or call; "" if there is none or it is unknown
	CallGroup          string // the group of that call; "" if it is of no group
}

// CallRow is a caller as a live screen shows it.
type CallRow struct {
	UUID, Caller, Name, Group string
	VIP                       bool
	Since                     time.Time // the place: callers with an earlier one are served first
	Sequence                  uint64    // orders callers with the same Since
	Stage                     Stage
	Agent                     string // the extension that rings or talks; "" = none
	SoFar                     *CDR   // as it is written with a talk; nil = there was none. Not to be altered
}

// Stage is what the floor does with a caller.
type Stage uint8

// The stages of a caller.
const (
	StageGreet Stage = iota // hears the welcome
	StageWait               // waits for an agent
	StageRing               // an agent's phone rings
	StageTalk               // an agent has answered
	StageLeave              // has no place any more: hears the survey, or is about to go
)

// Watch makes the floor note what changes. The first TakeChanged returns all rows.
func (f *Floor) Watch() { f.watch.on, f.watch.whole = true, true }

// HasChanged reports whether TakeChanged would return anything.
func (f *Floor) HasChanged() bool {
	w := &f.watch
	return w.whole || len(w.slots)+len(w.calls)+len(w.lines) > 0
}

// touchSlot, touchCall and touchLine note that a row has changed. A change of an agent or a call is
// one of its groups, too.
func (f *Floor) touchSlot(slot *agentSlot) {
	if f.watch.on && !slot.touched {
		f.watch.slots, slot.touched = note(&f.watch, f.watch.slots, slot)
	}
}

func (f *Floor) touchCall(c *call) {
	if f.watch.on && !c.touched {
		f.watch.calls, c.touched = note(&f.watch, f.watch.calls, c)
	}
}

func (f *Floor) touchLine(l *line) {
	if f.watch.on && !l.touched {
		f.watch.lines, l.touched = note(&f.watch, f.watch.lines, l)
	}
}

// touchMembership notes that an agent joined or left a group. Each may be nil.
func (f *Floor) touchMembership(slot *agentSlot, l *line) {
	if slot != nil {
		f.touchSlot(slot)
	}
	if l != nil {
		f.touchLine(l)
	}
}

// note adds a row to those noted. It returns false if there is no room.
func note[T any](w *watch, noted []T, row T) (all []T, is bool) {
	if len(noted) == maxWatched {
		w.whole = true
		return noted, false
	}
	return append(noted, row), true
}

// TakeChanged returns what has changed since the last TakeChanged.
func (f *Floor) TakeChanged() Changed {
	w := f.watch
	f.watch = watch{on: w.on}
	for _, slot := range w.slots {
		slot.touched = false
		for _, l := range slot.lines {
			f.touchLine(l)
		}
	}
	for _, c := range w.calls {
		c.touched = false
		f.touchLine(c.line)
	}
	w.lines = append(w.lines, f.watch.lines...)
	f.watch.lines = nil
	for _, l := range w.lines {
		l.touched = false
	}
	if w.whole {
		return f.wholeFloor()
	}
	return f.changed(&w)
}

func (f *Floor) changed(w *watch) (out Changed) {
	for _, l := range w.lines {
		if is := f.lines[l.Number]; is == l {
			out.Groups = append(out.Groups, l.row())
		} else if is == nil {
			out.GoneGroups = append(out.GoneGroups, l.Number)
		}
	}
	for _, slot := range w.slots {
		if is := f.slots[slot.Extension]; is == slot {
			out.Agents = append(out.Agents, f.agentRow(slot))
		} else if is == nil {
			out.GoneAgents = append(out.GoneAgents, slot.Extension)
		}
	}
	for _, c := range w.calls {
		if is := f.calls[c.uuid]; is == c {
			out.Calls = append(out.Calls, f.callRow(c))
		} else if is == nil {
			out.GoneCalls = append(out.GoneCalls, c.uuid)
		}
	}
	return out
}

func (f *Floor) wholeFloor() Changed {
	out := Changed{
		Whole: true, Groups: make([]GroupRow, 0, len(f.lines)), Agents: make([]AgentRow, 0, len(f.slots)),
		Calls: make([]CallRow, 0, len(f.calls)),
	}
	for _, l := range f.lines {
		out.Groups = append(out.Groups, l.row())
	}
	for _, slot := range f.slots {
		out.Agents = append(out.Agents, f.agentRow(slot))
	}
	for _, c := range f.calls {
		out.Calls = append(out.Calls, f.callRow(c))
	}
	return out
}

func (l *line) row() GroupRow {
	r := GroupRow{Group: l.Group, Members: l.standings, Waiting: l.inside - l.talking, Talking: l.talking}
	if first, some := l.unanswered.Min(); some {
		r.Oldest = first.since
	}
	return r
}

func (f *Floor) agentRow(slot *agentSlot) AgentRow {
	r := AgentRow{AgentView: slot.view()}
	if c := f.calls[r.CallUUID]; c != nil {
		r.Caller, r.CallerName, r.CallGroup = c.caller, c.visit.name, c.line.Number
	}
	return r
}

func (f *Floor) callRow(c *call) CallRow {
	r := CallRow{
		UUID: c.uuid, Caller: c.caller, Name: c.visit.name, Group: c.line.Number, VIP: c.vip,
		Since: c.since, Sequence: c.seq, Stage: c.stage(),
	}
	for _, l := range slices.Backward([]*Lease{c.lease, c.next}) { // the phone of a transfer rings after the talk
		if l != nil && !l.over {
			r.Agent = l.Agent.Extension
			break
		}
	}
	if t := f.talks[c.uuid]; t != nil {
		r.SoFar = &t.CDR
	}
	return r
}

func (c *call) stage() Stage {
	switch {
	case c.phase == greeting:
		return StageGreet
	case c.phase == waiting:
		return StageWait
	case c.phase == leaving:
		return StageLeave
	case c.answered:
		return StageTalk
	}
	return StageRing
}

// LoggedIn counts the agents who are logged in.
func (s *Standings) LoggedIn() (n int) {
	for _, agents := range s {
		n += agents
	}
	return n - s[agent.StandingDown]
}
