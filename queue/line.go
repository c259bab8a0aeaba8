package queue

import (
	"math/rand/v2"
	"sort"
	"time"

	"github.com/tidwall/btree"

	"nwayacd/agent"
)

// line is a group on the floor: its callers in the order of service, and its members who are
// available. Both are ordered trees, so that every step of a decision costs O(log n).
type line struct {
	Group
	waiting    *btree.BTreeG[*call]      // callers who may be offered now
	available  *btree.BTreeG[*agentSlot] // members who are available
	cursorSlot agentSlot                 // has the cursor's extension, to search from there; it is no agent
	inside     int                       // callers of this group, in whatever phase
	talking    int                       // of those, the ones an agent answered

	unanswered *btree.BTreeG[*call] // of those inside, the others, the longest wait first
	vips       int                  // among the unanswered
	standings  Standings            // of the members
	touched    bool                 // has changed since the last TakeChanged
}

// groupSet has the numbers of an agent's groups.
type groupSet map[string]struct{}

// agentSlot is an agent on the floor, with its groups and the one offer or talk it may have.
type agentSlot struct {
	agent.Agent
	sortKey   string   // of its extension
	groups    groupSet // also such as do not exist (yet)
	lines     []*line  // of those, the ones that do
	lease     *Lease
	leased    *agent.Profile // what profile returned last
	available bool           // could take a call now
	indexed   bool           // is in the trees of its groups: available, and no caller waits for it

	availableSince time.Time      // when it became available
	wrapUpEnds     time.Time      // of the last wrap-up; zero = by nway_ready only
	countedAs      agent.Standing // as it is counted
	countedRest    MissCause      // the rest that it is counted in; MissNone = none

	logged      logged    // what its log says
	workGroup   string    // of its last offer or talk; "" = a call out
	wrapUpOf    *Lease    // the talk before the wrap-up that goes on; nil = unknown, from before a restart
	wrapUpBegan time.Time // the wrap-up that goes on
	touched     bool      // has changed since the last TakeChanged
}

// profile returns the agent's profile as it is now, for a lease.
func (slot *agentSlot) profile() *agent.Profile {
	if slot.leased == nil || *slot.leased != slot.Profile {
		slot.leased = new(slot.Profile)
	}
	return slot.leased
}

func newLine(g Group) *line {
	alone := btree.Options{NoLocks: true} // the owner of the floor serialises
	return &line{
		Group:     g,
		waiting:   btree.NewBTreeGOptions(served, alone),
		available: btree.NewBTreeGOptions(func(a, b *agentSlot) bool { return a.sortKey < b.sortKey }, alone),

		unanswered: btree.NewBTreeGOptions(earlier, alone),
	}
}

// maxRing bounds how long a row of the database can make a phone ring.
const maxRing = 10 * time.Minute

func (l *line) ringTimeout() time.Duration {
	if l.RingTimeout < time.Second || l.RingTimeout > maxRing {
		return DefaultRingTimeout
	}
	return l.RingTimeout
}

// addUnanswered and removeUnanswered keep the callers without an answer.
func (l *line) addUnanswered(c *call) {
	if before, replaced := l.unanswered.Set(c); replaced && before.vip {
		l.vips--
	}
	if c.vip {
		l.vips++
	}
}

func (l *line) removeUnanswered(c *call) {
	if gone, was := l.unanswered.Delete(c); was && gone.vip {
		l.vips--
	}
}

// position returns the caller's place in the line, from 1, among the callers without an answer.
// VIPs come before all others. It returns 0 if the caller is not among them.
func (l *line) position(c *call) int {
	at := sort.Search(l.unanswered.Len(), func(i int) bool {
		other, _ := l.unanswered.GetAt(i)
		return !earlier(other, c)
	})
	if other, there := l.unanswered.GetAt(at); !there || other != c {
		return 0
	}
	if l.vips == 0 || l.vips == l.unanswered.Len() {
		return at + 1
	}
	return l.positionBesideVIPs(c)
}

// positionBesideVIPs is position if there are both VIPs and others.
func (l *line) positionBesideVIPs(c *call) int {
	before := 0
	l.unanswered.Scan(func(other *call) bool {
		if served(other, c) {
			before++
		}
		return true
	})
	return before + 1
}

// served is the order of service: VIPs first, then the longest wait, then the order of arrival on
// the floor.
func served(a, b *call) bool {
	if a.vip != b.vip {
		return a.vip
	}
	return earlier(a, b)
}

// earlier is the order of places without regard to VIPs.
func earlier(a, b *call) bool {
	if !a.since.Equal(b.since) {
		return a.since.Before(b.since)
	}
	return a.seq < b.seq
}

// firstFor returns the first caller of this line whom the agent did not just miss, or nil.
func (l *line) firstFor(slot *agentSlot, now time.Time) *call {
	first, some := l.waiting.Min()
	if !some || !first.spares(slot.Extension, now) {
		return first
	}
	first = nil
	l.waiting.Scan(func(c *call) bool {
		if c.spares(slot.Extension, now) {
			return true
		}
		first = c
		return false
	})
	return first
}

// choose returns the available agent that c gets by the group's mode, or nil. An agent who missed
// this call within reoffer-seconds is not chosen. If it is the only one, the call waits until that
// time is over.
func (l *line) choose(c *call, remembered *agentSlot, random *rand.Rand, now time.Time) *agentSlot {
	fit := func(slot *agentSlot) bool { return !c.spares(slot.Extension, now) }
	if remembered != nil && remembered.indexed && fit(remembered) {
		if _, member := remembered.groups[l.Number]; member {
			return remembered
		}
	}
	return l.pick(fit, random)
}

// pick applies the group's mode to the available agents that fit.
func (l *line) pick(fit func(*agentSlot) bool, random *rand.Rand) *agentSlot {
	switch l.Mode.base() {
	case Random:
		return l.pickRandom(fit, random)
	case Cyclic:
		return l.pickAfter(l.cursor(), fit)
	default:
		return l.pickFrom(nil, fit)
	}
}

// pickFrom returns the first fitting available agent from start on, in the order of extensions.
func (l *line) pickFrom(start *agentSlot, fit func(*agentSlot) bool) *agentSlot {
	var found *agentSlot
	look := func(slot *agentSlot) bool {
		if !fit(slot) {
			return true
		}
		found = slot
		return false
	}
	if start == nil {
		l.available.Scan(look)
	} else {
		l.available.Ascend(start, look)
	}
	return found
}

// cursor returns a slot with the cursor's extension. It returns nil if there was no offer yet.
func (l *line) cursor() *agentSlot {
	if l.Cursor == "" {
		return nil
	}
	if l.cursorSlot.Extension != l.Cursor {
		l.cursorSlot.Extension, l.cursorSlot.sortKey = l.Cursor, agent.SortKey(l.Cursor)
	}
	return &l.cursorSlot
}

// pointAt moves the cursor.
func (l *line) pointAt(slot *agentSlot) {
	l.Cursor, l.cursorSlot.Extension, l.cursorSlot.sortKey = slot.Extension, slot.Extension, slot.sortKey
}

// pickAfter returns the next fitting available agent after start, and wraps. The extension of start
// comes last.
func (l *line) pickAfter(start *agentSlot, fit func(*agentSlot) bool) *agentSlot {
	if start == nil {
		return l.pickFrom(nil, fit)
	}
	behind := func(slot *agentSlot) bool { return slot.Extension != start.Extension && fit(slot) }
	if slot := l.pickFrom(start, behind); slot != nil {
		return slot
	}
	return l.pickFrom(nil, fit)
}

// pickRandom draws again if an agent does not fit, up to 16 times. Only agents who just missed the
// caller do not fit, so this is rare. After that it takes the next fitting agent after the last
// draw.
func (l *line) pickRandom(fit func(*agentSlot) bool, random *rand.Rand) *agentSlot {
	n := l.available.Len()
	if n == 0 {
		return nil
	}
	var last *agentSlot
	for range 16 {
		last, _ = l.available.GetAt(random.IntN(n))
		if fit(last) {
			return last
		}
	}
	return l.pickAfter(last, fit)
}
