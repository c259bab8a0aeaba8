package queue

import (
	"math/rand/v2"
	"time"

	"github.com/tidwall/btree"

	"nwayacd/agent"
)

// line is a living group: its callers in the order they are served, and its members who could take one now.
// Both are ordered trees, so that every step of a decision costs O(log n).
type line struct {
	Group
	waiting *btree.BTreeG[*call] // callers who may be offered now
	free    *btree.BTreeG[*desk] // members who are available
	mark    desk                 // stands where the cursor does, to look behind it; nobody's
	inside  int                  // callers whose group this is, whatever they do at the moment
	talking int                  // of those, the ones an agent answered

	unanswered *btree.BTreeG[*call] // of those inside, the others, the longest wait first
	standings  Standings            // of the members
}

// groupSet is the numbers of the groups an agent is a member of.
type groupSet map[string]struct{}

// desk is a living agent: the agent, its groups and the one offer or call it may have.
type desk struct {
	agent.Agent
	order  string   // of its extension
	groups groupSet // also such as do not exist (yet)
	lines  []*line  // of those, the ones that do
	lease  *Lease
	free   bool // could take a call now
	filed  bool // stands in the free trees of its groups: free, and nobody waits for it

	freed    time.Time      // when it became free
	standing agent.Standing // as it is counted
	rests    MissCause      // the rest that it is counted in; MissNone = none
}

func newLine(g Group) *line {
	alone := btree.Options{NoLocks: true} // the floor's owner serialises
	return &line{
		Group:   g,
		waiting: btree.NewBTreeGOptions(served, alone),
		free:    btree.NewBTreeGOptions(func(a, b *desk) bool { return a.order < b.order }, alone),

		unanswered: btree.NewBTreeGOptions(earlier, alone),
	}
}

// maxRing bounds what a row of the database can make a phone ring.
const maxRing = 10 * time.Minute

func (l *line) ringTimeout() time.Duration {
	if l.RingTimeout < time.Second || l.RingTimeout > maxRing {
		return DefaultRingTimeout
	}
	return l.RingTimeout
}

// served is the order of service: VIPs first, then the longest wait, then who came in first.
func served(a, b *call) bool {
	if a.vip != b.vip {
		return a.vip
	}
	return earlier(a, b)
}

// earlier is the order of places, VIP or not.
func earlier(a, b *call) bool {
	if !a.since.Equal(b.since) {
		return a.since.Before(b.since)
	}
	return a.seq < b.seq
}

// firstFor is the caller of this line that d should get: the first one it did not just miss.
func (l *line) firstFor(d *desk, now time.Time) *call {
	first, some := l.waiting.Min()
	if !some || !first.held(d.Extension, now) {
		return first
	}
	first = nil
	l.waiting.Scan(func(c *call) bool {
		if c.held(d.Extension, now) {
			return true
		}
		first = c
		return false
	})
	return first
}

// choose is the free agent that c should get by the group's mode, nil when there is none. Agents who missed this call within
// reoffer-seconds are out of the question: others are asked meanwhile, and alone they are asked again after it.
func (l *line) choose(c *call, remembered *desk, random *rand.Rand, now time.Time) *desk {
	fit := func(d *desk) bool { return !c.held(d.Extension, now) }
	if remembered != nil && remembered.filed && fit(remembered) {
		if _, member := remembered.groups[l.Number]; member {
			return remembered
		}
	}
	return l.pick(fit, random)
}

// pick applies the group's mode to the free agents that fit.
func (l *line) pick(fit func(*desk) bool, random *rand.Rand) *desk {
	switch l.Mode.base() {
	case Random:
		return l.pickRandom(fit, random)
	case Cyclic:
		return l.pickAfter(l.cursor(), fit)
	default:
		return l.pickFrom(nil, fit)
	}
}

// pickFrom is the first fitting free agent from start on, in the order of extensions.
func (l *line) pickFrom(start *desk, fit func(*desk) bool) *desk {
	var found *desk
	look := func(d *desk) bool {
		if !fit(d) {
			return true
		}
		found = d
		return false
	}
	if start == nil {
		l.free.Scan(look)
	} else {
		l.free.Ascend(start, look)
	}
	return found
}

// cursor is a desk at the cursor's place in the order; nil where nobody was offered yet.
func (l *line) cursor() *desk {
	if l.Cursor == "" {
		return nil
	}
	if l.mark.Extension != l.Cursor {
		l.mark.Extension, l.mark.order = l.Cursor, agent.Order(l.Cursor)
	}
	return &l.mark
}

// pointAt moves the cursor.
func (l *line) pointAt(d *desk) {
	l.Cursor, l.mark.Extension, l.mark.order = d.Extension, d.Extension, d.order
}

// pickAfter is the next fitting free agent behind start, wrapping; that extension itself comes last.
func (l *line) pickAfter(start *desk, fit func(*desk) bool) *desk {
	if start == nil {
		return l.pickFrom(nil, fit)
	}
	behind := func(d *desk) bool { return d.Extension != start.Extension && fit(d) }
	if d := l.pickFrom(start, behind); d != nil {
		return d
	}
	return l.pickFrom(nil, fit)
}

// pickRandom draws again while the draw does not fit. Few ever do not: those who just missed the one caller in question; after some
// bad luck the walk goes on from the last draw.
func (l *line) pickRandom(fit func(*desk) bool, random *rand.Rand) *desk {
	n := l.free.Len()
	if n == 0 {
		return nil
	}
	var last *desk
	for range 16 {
		last, _ = l.free.GetAt(random.IntN(n))
		if fit(last) {
			return last
		}
	}
	return l.pickAfter(last, fit)
}
