package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// naive is a second floor, written straight from the rules. It has plain slices and searches
// everything each time. If the random mode allows several agents, it takes the floor's choice.
type naive struct {
	t            failer
	rules        Settings
	now          time.Time
	agents       []*nAgent // in the order of extensions
	groups       []*nGroup
	members      [][]bool // by agent and group; a row may be there without its agent or its group
	calls        []*nCall
	memories     []Memory
	nowAvailable []*nAgent // by this step, in order
	actual       []*Lease  // the floor's offers of this step that the model has not made yet
	groupRemoved []string
	counted      map[MissCause]uint64 // misses
	absent       []*nAbsent
	talks        map[string]Talk // bridged talks without a CDR, by the caller's uuid
	ended        []CDR           // written by this step
	notBack      []string        // absent since the server died, and given up by this step
	records      []OfferRecord   // the same
}

type nAgent struct {
	ext                       string
	here                      bool
	registered, up, idle      bool
	locked, dnd, withoutState bool
	state                     agent.CallState
	outside                   int
	deferred                  agent.Deferred
	reason                    string    // of the pause, also of a deferred one
	pausedSince               time.Time // zero: not paused
	lease                     *nLease
	wrapUpEnds                time.Time
	misses                    int // in a row
	cause                     MissCause
	restEnds                  time.Time // zero: none
}

type nGroup struct {
	number string
	here   bool
	life   int // a group removed and added again is another one
	mode   Mode
	cursor string
	ring   time.Duration
}

type nCall struct {
	uuid, caller string
	visit        visit
	group        *nGroup
	life         int // -1: of a talk that a restart found when its group was gone
	vip          bool
	since        time.Time
	arrived      time.Time
	phase        phase
	lease, next  *nLease
	held         []hold
	answered     bool
	talks        bool // answered, and bridged
	groupGone    bool
}

// nAbsent is a caller who may come back.
type nAbsent struct {
	uuid, caller, group string
	visit               visit
	vip                 bool
	since, until        time.Time
	core                string
	cdr                 CDR
	offer               *OfferRecord
	untold              bool // waited when the server died
}

type hold struct {
	by    *nAgent
	until time.Time
}

type nLease struct {
	call           *nCall
	agent          *nAgent
	real           *Lease
	expires        time.Time
	answered, over bool
	loose          bool // of a talk that its agent is not in any more
}

func (n *naive) available(a *nAgent) bool {
	return n.availableButForRest(a) && !a.restEnds.After(n.now)
}

// availableButForRest is available without regard to a rest.
func (n *naive) availableButForRest(a *nAgent) bool {
	return a.here && a.registered && a.state == agent.Ready && a.lease == nil && !a.locked && !a.dnd &&
		a.outside == 0 &&
		(a.withoutState || a.up && a.idle)
}

// serves reports whether the call is in one of the agent's groups.
func (n *naive) serves(a *nAgent, c *nCall) bool {
	return c.group.here && c.group.life == c.life &&
		n.members[slices.Index(n.agents, a)][slices.Index(n.groups, c.group)]
}

func (n *naive) holds(c *nCall, a *nAgent) bool {
	for _, h := range c.held {
		if h.by == a && n.now.Before(h.until) {
			return true
		}
	}
	return false
}

// before reports whether a is served before b: VIP callers first, then the longest wait.
func before(a, b *nCall) bool {
	if a.vip != b.vip {
		return a.vip
	}
	return a.since.Before(b.since)
}

// best returns the caller that an available agent should get.
func (n *naive) best(a *nAgent, but *nCall) (best *nCall) {
	for _, c := range n.calls {
		if c != but && c.phase == waiting && n.serves(a, c) && !n.holds(c, a) && (best == nil || before(c, best)) {
			best = c
		}
	}
	return best
}

// fitting returns the agents to whom c may be offered now, in order. An agent who just missed c is
// not among them.
func (n *naive) fitting(c *nCall) (fit []*nAgent) {
	for _, a := range n.agents {
		if n.available(a) && n.serves(a, c) && !n.holds(c, a) {
			fit = append(fit, a)
		}
	}
	return fit
}

// choice returns the agents that the mode allows for c: one, or in random mode any of them.
func (n *naive) choice(c *nCall) []*nAgent {
	fit := n.fitting(c)
	if len(fit) == 0 {
		return nil
	}
	if i := slices.Index(fit, n.remembered(c)); i >= 0 {
		return fit[i : i+1]
	}
	switch c.group.mode % 3 {
	case Sequence:
		return fit[:1]
	case Cyclic:
		for i, a := range fit {
			if c.group.cursor != "" && agent.Less(c.group.cursor, a.ext) {
				return fit[i : i+1]
			}
		}
		return fit[:1]
	}
	return fit
}

func (n *naive) remembered(c *nCall) *nAgent {
	if c.group.mode < RememberSequence || c.caller == "" {
		return nil
	}
	for _, m := range slices.Backward(n.memories) {
		if m.Caller == c.caller && m.Group == c.group.number {
			if n.now.Sub(m.At) > n.rules.Remember {
				return nil
			}
			return n.agent(m.Agent)
		}
	}
	return nil
}

func (n *naive) agent(ext string) *nAgent {
	return n.agents[slices.Index(playExtensions, ext)]
}

// offer expects that the floor's next offer is c to one of these agents.
func (n *naive) offer(c *nCall, allowed []*nAgent, transfer bool) *nLease {
	n.t.Helper()
	if len(n.actual) == 0 {
		n.t.Fatalf("%s should ring %s, and no phone rings", c.uuid, allowed[0].ext)
	}
	real := n.actual[0]
	n.actual = n.actual[1:]
	i := slices.IndexFunc(allowed, func(a *nAgent) bool { return a.ext == real.Agent.Extension })
	if real.Call != c.uuid || i < 0 || real.Transfer != transfer {
		n.t.Fatalf("%s rings %s, but %s should ring %s (or one of %d)", real.Call, real.Agent.Extension, c.uuid,
			allowed[0].ext, len(allowed))
	}
	a := allowed[i]
	l := &nLease{call: c, agent: a, real: real, expires: n.now.Add(c.group.ring + 5*time.Second)}
	a.lease, a.state = l, agent.Ring
	return l
}

// settle lets every available agent look for a caller. Then it lets the caller who just took a
// place look for an agent.
func (n *naive) settle(placed *nCall) {
	n.t.Helper()
	for _, a := range append(n.nowAvailable, n.agents...) {
		if n.available(a) {
			if c := n.best(a, placed); c != nil {
				n.distribute(c, []*nAgent{a})
			}
		}
	}
	n.nowAvailable = n.nowAvailable[:0]
	if placed != nil && placed.phase == waiting {
		if allowed := n.choice(placed); len(allowed) > 0 {
			n.distribute(placed, allowed)
		}
	}
}

func (n *naive) distribute(c *nCall, allowed []*nAgent) {
	n.t.Helper()
	c.lease, c.phase = n.offer(c, allowed, false), offered
	if c.group.mode%3 == Cyclic {
		c.group.cursor = c.lease.agent.ext
	}
}

func (n *naive) open(c *nCall) {
	if c.phase == greeting {
		n.settle(n.back(c))
	}
}

// back puts a call into its line. If the group is gone, it sends the call back.
func (n *naive) back(c *nCall) *nCall {
	if !c.group.here || c.group.life != c.life {
		n.sendBack(c)
		return nil
	}
	c.phase, c.answered, c.talks = waiting, false, false
	return c
}

func (n *naive) sendBack(c *nCall) {
	c.phase, c.groupGone = leaving, true
	n.groupRemoved = append(n.groupRemoved, c.uuid)
}

func (n *naive) leave(c *nCall) {
	n.calls = slices.DeleteFunc(n.calls, func(o *nCall) bool { return o == c })
	c.phase = leaving
	for _, l := range []*nLease{c.lease, c.next} {
		if l != nil && !l.over {
			n.endMissRow(l)
			n.release(l, agent.Ready)
		}
	}
	n.settle(nil)
}

// release frees the agent of a lease, and applies what was deferred.
func (n *naive) release(l *nLease, to agent.CallState) {
	l.over = true
	a := l.agent
	if a.lease != l {
		return
	}
	a.lease, a.state = nil, to
	if to == agent.Typing {
		a.wrapUpEnds = n.now.Add(n.rules.Recover)
	}
	switch a.deferred {
	case agent.BusyDeferred:
		a.pause(a.reason, n.now)
	case agent.LogoutDeferred:
		n.logout(a)
	}
	a.deferred = agent.NothingDeferred
	n.nowAvailable = append(n.nowAvailable, a)
}

// pause makes the agent busy now. A pause for the same reason goes on.
func (a *nAgent) pause(reason string, now time.Time) {
	if a.idle || a.reason != reason {
		a.reason, a.pausedSince = reason, now
	}
	a.idle = false
}

// unpause makes the agent idle.
func (a *nAgent) unpause() { a.idle, a.reason, a.pausedSince = true, "", time.Time{} }

func (n *naive) logout(a *nAgent) {
	a.up, a.state = false, agent.Ready
	clear(n.members[slices.Index(n.agents, a)])
}

func (n *naive) answer(l *nLease) bool {
	if l.over || !l.agent.here {
		return false
	}
	c := l.call
	l.answered, c.answered, l.agent.state = true, true, agent.Talking
	n.remember(c, l.agent)
	return true
}

func (n *naive) remember(c *nCall, a *nAgent) {
	if c.group.mode >= RememberSequence && c.caller != "" && c.life >= 0 {
		n.memories = append(n.memories, Memory{c.caller, c.group.number, a.ext, n.now})
	}
}

func (n *naive) miss(l *nLease, m Miss) bool {
	n.t.Helper()
	if l.over {
		return false
	}
	c := l.call
	c.held = append(c.held, hold{l.agent, n.now.Add(n.rules.Reoffer)})
	n.counted[m.Cause]++
	to := agent.Ready
	if l.agent.lease == l {
		to = n.countMiss(l.agent, m.Cause)
	}
	n.release(l, to)
	if m.Unregistered {
		l.agent.registered = false
	}
	var placed *nCall
	if !n.handOver(l) {
		c.lease, placed = nil, n.back(c)
	}
	n.settle(placed)
	return placed != nil
}

// handOver takes an ended lease off its call. It returns false if the call has no other.
func (n *naive) handOver(l *nLease) bool {
	c := l.call
	switch {
	case c.next == l:
		c.next = nil
	case c.next != nil:
		c.lease, c.next = c.next, nil
		c.answered, c.talks = c.lease.answered, c.talks && c.lease.answered
	default:
		return false
	}
	return true
}

// end ends a talk or withdraws an offer.
func (n *naive) end(l *nLease, talked bool) {
	if l.over {
		return
	}
	n.endMissRow(l)
	to := agent.Ready
	if talked && l.answered && n.rules.TypingAuto {
		to = agent.Typing
	}
	n.release(l, to)
	if !n.handOver(l) {
		l.call.lease, l.call.phase = nil, leaving
	}
	n.settle(nil)
}

func (n *naive) transfer(c *nCall, a *nAgent) bool {
	if c.phase == leaving || c.next != nil || !n.available(a) {
		return false
	}
	l := n.offer(c, []*nAgent{a}, true)
	if c.phase == offered {
		c.next = l
	} else {
		c.lease, c.phase = l, offered
	}
	return true
}
