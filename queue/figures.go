package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// Figures are the floor's numbers at one moment, for metrics and screens.
type Figures struct {
	Agents Standings      // all
	Groups []GroupFigures // in no order

	Resting map[MissCause]int    // agents of agent.StandingRest, by the cause of the rest; each cause is there
	Misses  map[MissCause]uint64 // offers missed since the start, by cause; each cause is there, MissNone is not
}

// Standings counts agents by their standing.
type Standings [agent.Standings]int

// GroupFigures are the numbers of one group.
type GroupFigures struct {
	Number, Name string
	Members      Standings
	Waiting      int           // callers without an answer so far, or for whom a transfer rings after a talk
	Talking      int           // the other callers of the group
	LongestWait  time.Duration // since the arrival of the caller who waits longest; 0 if no caller waits

	// Starved counts the waiting callers for whom an agent is available. StarvedFor says for how
	// long the first of them could have had that agent. Both are 0 after each step, or the floor
	// has a fault.
	Starved    int
	StarvedFor time.Duration
}

// Figures returns the floor's numbers. It costs O(log n) for each group, because agents and callers
// are counted as they change.
func (f *Floor) Figures(now time.Time) Figures {
	figures := Figures{
		Agents: f.standings, Groups: make([]GroupFigures, 0, len(f.lines)),
		Resting: map[MissCause]int{}, Misses: map[MissCause]uint64{},
	}
	for i, cause := range agent.MissCauses {
		figures.Resting[cause], figures.Misses[cause] = f.resting[i], f.misses[i]
	}
	for _, l := range f.lines {
		g := GroupFigures{
			Number: l.Number, Name: l.Name, Members: l.standings,
			Waiting: l.inside - l.talking, Talking: l.talking,
		}
		if first, some := l.unanswered.Min(); some {
			g.LongestWait = max(0, now.Sub(first.since))
		}
		g.Starved, g.StarvedFor = l.starved(now)
		figures.Groups = append(figures.Groups, g)
	}
	return figures
}

// starvedScan is how many callers of a line are checked for starvation. More than a few are checked
// only if callers wait although an agent is available. That happens if those callers and that agent
// missed each other a moment ago.
const starvedScan = 500

// starved counts the waiting callers for whom there is an available agent who did not just miss
// them. It returns how long the first of them could have had the agent.
func (l *line) starved(now time.Time) (callers int, longest time.Duration) {
	first, some := l.waiting.Min()
	if !some {
		return 0, 0
	}
	// an agent is ready and not indexed, so no caller can find it
	if l.standings[agent.StandingReady] > l.available.Len() {
		return l.waiting.Len(), now.Sub(first.waitingSince)
	}
	if l.available.Len() == 0 {
		return 0, 0
	}
	looked := 0
	l.waiting.Scan(func(c *call) bool {
		if since, vain := l.matchableSince(c, now); vain {
			callers++
			longest = max(longest, now.Sub(since))
		}
		looked++
		return looked < starvedScan
	})
	return callers, longest
}

// matchableSince returns since when c could be given to an available agent. An agent is no match if
// it just missed c. There are few of these, so the scan is short.
func (l *line) matchableSince(c *call, now time.Time) (since time.Time, is bool) {
	l.available.Scan(func(slot *agentSlot) bool {
		is = !c.spares(slot.Extension, now)
		if is {
			since = latest(c.waitingSince, slot.availableSince, c.sparedUntil[slot.Extension])
		}
		return !is
	})
	return since, is
}

func latest(times ...time.Time) (last time.Time) {
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// countStanding counts an agent that is new on the floor.
func (f *Floor) countStanding(slot *agentSlot) {
	slot.countedAs = slot.Standing()
	f.standings[slot.countedAs]++
	for _, l := range slot.lines {
		l.standings[slot.countedAs]++
	}
}

// updateStanding counts the agent in its present standing.
func (f *Floor) updateStanding(slot *agentSlot) {
	was, is := slot.countedAs, slot.Standing()
	slot.countedAs = is
	if is == agent.StandingRest || slot.countedRest != MissNone {
		f.updateRestCount(slot)
	}
	if was == is {
		return
	}
	f.noteActivity(slot)
	for _, l := range slot.lines {
		l.standings.move(was, is)
	}
	if f.slots[slot.Extension] == slot {
		f.standings.move(was, is)
	}
}

func (s *Standings) move(from, to agent.Standing) {
	s[from]--
	s[to]++
}

// updateRestCount counts the agent in the cause of its present rest. An agent that is off the floor
// does not rest.
func (f *Floor) updateRestCount(slot *agentSlot) {
	is := MissNone
	if slot.countedAs == agent.StandingRest && f.slots[slot.Extension] == slot {
		is = slot.Rest.Cause
	}
	if is == slot.countedRest {
		return
	}
	if i := slices.Index(agent.MissCauses[:], slot.countedRest); i >= 0 {
		f.resting[i]--
	}
	if i := slices.Index(agent.MissCauses[:], is); i >= 0 {
		f.resting[i]++
	}
	slot.countedRest = is
}
