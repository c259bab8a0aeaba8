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
	InVain    int
	InVainFor time.Duration
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
		g.InVain, g.InVainFor = l.inVain(now)
		figures.Groups = append(figures.Groups, g)
	}
	return figures
}

// vainBound is how many callers of a line are looked at for one who waits in vain. Few are ever looked at: only where callers wait beside an
// agent who is free, which those do who missed each other's offer a moment ago.
const vainBound = 500

// inVain counts the callers of the line who wait although there is a free agent who did not just miss them, and tells for how long the
// first of them has.
func (l *line) inVain(now time.Time) (callers int, longest time.Duration) {
	first, some := l.waiting.Min()
	if !some {
		return 0, 0
	}
	if l.standings[agent.StandingReady] > l.free.Len() { // there is an agent whom nobody would find among the free
		return l.waiting.Len(), now.Sub(first.opened)
	}
	if l.free.Len() == 0 {
		return 0, 0
	}
	looked := 0
	l.waiting.Scan(func(c *call) bool {
		if since, vain := l.paired(c, now); vain {
			callers++
			longest = max(longest, now.Sub(since))
		}
		looked++
		return looked < vainBound
	})
	return callers, longest
}

// paired tells since when there has been a free agent whom c could be given to. Those it just missed are few, so one of the first fits if
// any does.
func (l *line) paired(c *call, now time.Time) (since time.Time, is bool) {
	l.free.Scan(func(d *desk) bool {
		is = !c.held(d.Extension, now)
		if is {
			since = latest(c.opened, d.freed, c.missed[d.Extension])
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
func (f *Floor) count(d *desk) {
	d.standing = d.Standing()
	f.standings[d.standing]++
	for _, l := range d.lines {
		l.standings[d.standing]++
	}
}

// recount keeps the figures in step with the agent.
func (f *Floor) recount(d *desk) {
	was, is := d.standing, d.Standing()
	d.standing = is
	if is == agent.StandingRest || d.rests != MissNone {
		f.recountRest(d)
	}
	if was == is {
		return
	}
	for _, l := range d.lines {
		l.standings.move(was, is)
	}
	if f.desks[d.Extension] == d {
		f.standings.move(was, is)
	}
}

func (s *Standings) move(from, to agent.Standing) {
	s[from]--
	s[to]++
}

// recountRest keeps the count of rests in step with the agent. One who is taken off the floor rests
// no more.
func (f *Floor) recountRest(d *desk) {
	is := MissNone
	if d.standing == agent.StandingRest && f.desks[d.Extension] == d {
		is = d.Rest.Cause
	}
	if is == d.rests {
		return
	}
	if i := slices.Index(agent.MissCauses[:], d.rests); i >= 0 {
		f.resting[i]--
	}
	if i := slices.Index(agent.MissCauses[:], is); i >= 0 {
		f.resting[i]++
	}
	d.rests = is
}
