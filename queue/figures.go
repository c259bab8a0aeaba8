package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// Figures are the floor's numbers at one moment, for whoever watches it from outside.
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
	Waiting      int           // callers whom no agent has answered yet, or for whom a transfer rings after a talk
	Talking      int           // callers whom one has
	LongestWait  time.Duration // of those who wait, whatever they hear; 0 where nobody does

	// InVain is how many callers wait who could be given to an agent who is available, and InVainFor for how long the first of
	// them could have been. Both are 0 after each step, or the floor has broken its promise.
	Starved    int
	StarvedFor time.Duration
}

// Figures counts the floor. It costs O(log n) a group: what grows with agents and callers is counted as it changes.
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

// vainBound is how many callers of a line are looked at for one who waits in vain. Few are ever looked at: only where callers wait beside an
// agent who is free, which those do who missed each other's offer a moment ago.
const starvedScan = 500

// inVain counts the callers of the line who wait although there is a free agent who did not just miss them, and tells for how long the
// first of them has.
func (l *line) starved(now time.Time) (callers int, longest time.Duration) {
	first, some := l.waiting.Min()
	if !some {
		return 0, 0
	}
	if l.standings[agent.StandingReady] > l.available.Len() { // there is an agent whom nobody would find among the free
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

// paired tells since when there has been a free agent whom c could be given to. Those it just missed are few, so one of the first fits if
// any does.
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

// count takes an agent that comes to the floor into the figures.
func (f *Floor) countStanding(slot *agentSlot) {
	slot.countedAs = slot.Standing()
	f.standings[slot.countedAs]++
	for _, l := range slot.lines {
		l.standings[slot.countedAs]++
	}
}

// recount keeps the figures in step with the agent.
func (f *Floor) updateStanding(slot *agentSlot) {
	was, is := slot.countedAs, slot.Standing()
	slot.countedAs = is
	if is == agent.StandingRest || slot.countedRest != MissNone {
		f.updateRestCount(slot)
	}
	if was == is {
		return
	}
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

// recountRest keeps the count of rests in step with the agent. One who is taken off the floor rests
// no more.
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
