package store

import (
	"slices"
	"sync"

	"nwayacd/agent"
	"nwayacd/queue"
)

// overlay puts on a snapshot what we have written and the database did not have yet when it was read.
func overlay(snap *queue.Snapshot, c queue.Change) {
	switch {
	case c.Agent != nil:
		if i := agentAt(snap, c.Agent.Extension); i >= 0 {
			c.Agent.Apply(&snap.Agents[i])
		}
	case c.AgentAdded != nil:
		if agentAt(snap, c.AgentAdded.Extension) < 0 {
			snap.Agents = append(snap.Agents, newAgent(c.AgentAdded.Extension))
		}
	case c.AgentRemoved != nil:
		ext := *c.AgentRemoved
		snap.Agents = slices.DeleteFunc(snap.Agents, func(a agent.Agent) bool { return a.Extension == ext })
		snap.Members = slices.DeleteFunc(snap.Members, func(m queue.Member) bool { return m.Extension == ext })
	case c.Group != nil:
		if i := groupAt(snap, c.Group.Number); i >= 0 {
			updateGroup(&snap.Groups[i], c.Group)
		}
	case c.GroupAdded != nil:
		if groupAt(snap, c.GroupAdded.Number) < 0 {
			snap.Groups = append(snap.Groups, newGroup(*c.GroupAdded))
		}
	case c.GroupRemoved != nil:
		number := *c.GroupRemoved
		snap.Groups = slices.DeleteFunc(snap.Groups, func(g queue.Group) bool { return g.Number == number })
		snap.Members = slices.DeleteFunc(snap.Members, func(m queue.Member) bool { return m.Group == number })
	default:
		overlayRest(snap, c)
	}
}

func overlayRest(snap *queue.Snapshot, c queue.Change) {
	switch {
	case c.Membership != nil:
		ext := c.Membership.Extension
		snap.Members = slices.DeleteFunc(snap.Members, func(m queue.Member) bool { return m.Extension == ext })
		for _, group := range c.Membership.Groups {
			snap.Members = with(snap.Members, queue.Member{Group: group, Extension: ext})
		}
	case c.MemberJoined != nil:
		snap.Members = with(snap.Members, *c.MemberJoined)
	case c.MemberLeft != nil:
		snap.Members = without(snap.Members, *c.MemberLeft)
	case c.Waiting != nil:
		w := *c.Waiting
		w.Visit = max(w.Visit, 1) // as the database has it
		snap.Waiting = append(notWaiting(snap.Waiting, w.UUID), w)
	case c.Left != nil:
		snap.Waiting = notWaiting(snap.Waiting, *c.Left)
	case c.Talk != nil:
		snap.Talks = append(notTalking(snap.Talks, c.Talk.CDR.UUID), *c.Talk)
	case c.TalkOver != nil:
		snap.Talks = notTalking(snap.Talks, *c.TalkOver)
	case c.StillWaiting != nil:
		still := set(c.StillWaiting.UUIDs)
		snap.Waiting = slices.DeleteFunc(snap.Waiting, func(w queue.Waiting) bool { return !still[w.UUID] })
	case c.StillTalking != nil:
		server, still := c.StillTalking.Server, set(c.StillTalking.UUIDs)
		snap.Talks = slices.DeleteFunc(snap.Talks, func(t queue.Talk) bool { return t.Server == server && !still[t.CDR.UUID] })
	case c.Remembered != nil:
		m := *c.Remembered
		snap.Memories = append(slices.DeleteFunc(snap.Memories, func(o queue.Memory) bool {
			return o.Caller == m.Caller && o.Group == m.Group
		}), m)
	case c.Blacklisted != nil:
		snap.Blacklist = append(notBlacklisted(snap.Blacklist, c.Blacklisted.Number), *c.Blacklisted)
	case c.Unblacklisted != nil:
		snap.Blacklist = notBlacklisted(snap.Blacklist, *c.Unblacklisted)
	case c.VIPAdded != nil:
		snap.VIPs = with(snap.VIPs, *c.VIPAdded)
	case c.VIPRemoved != nil:
		snap.VIPs = without(snap.VIPs, *c.VIPRemoved)
	}
}

// newAgent is what the database makes of an extension that was just added.
func newAgent(ext string) agent.Agent {
	return agent.Agent{
		Profile:  agent.Profile{Extension: ext, Name: ext},
		Presence: agent.Presence{Idle: true},
	}
}

func newGroup(g queue.Group) queue.Group {
	if g.RingTimeout <= 0 {
		g.RingTimeout = queue.DefaultRingTimeout
	}
	return g
}

func updateGroup(g *queue.Group, u *queue.GroupUpdate) {
	take(&g.Name, u.Name)
	take(&g.Mode, u.Mode)
	take(&g.Cursor, u.Cursor)
	take(&g.RingTimeout, u.RingTimeout)
	take(&g.Prompts.Welcome, u.Welcome)
	take(&g.Prompts.Blacklist, u.Blacklist)
	take(&g.Prompts.Busy, u.Busy)
	take(&g.Prompts.Transfer, u.Transfer)
	take(&g.CallerPrefix, u.CallerPrefix)
}

func take[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

func agentAt(snap *queue.Snapshot, ext string) int {
	return slices.IndexFunc(snap.Agents, func(a agent.Agent) bool { return a.Extension == ext })
}

func groupAt(snap *queue.Snapshot, number string) int {
	return slices.IndexFunc(snap.Groups, func(g queue.Group) bool { return g.Number == number })
}

func with[T comparable](all []T, one T) []T {
	if slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

func without[T comparable](all []T, one T) []T {
	return slices.DeleteFunc(all, func(o T) bool { return o == one })
}

func set(all []string) map[string]bool {
	in := make(map[string]bool, len(all))
	for _, one := range all {
		in[one] = true
	}
	return in
}

func notWaiting(all []queue.Waiting, uuid string) []queue.Waiting {
	return slices.DeleteFunc(all, func(w queue.Waiting) bool { return w.UUID == uuid })
}

func notTalking(all []queue.Talk, uuid string) []queue.Talk {
	return slices.DeleteFunc(all, func(t queue.Talk) bool { return t.CDR.UUID == uuid })
}

func notBlacklisted(all []queue.Blacklisted, number string) []queue.Blacklisted {
	return slices.DeleteFunc(all, func(b queue.Blacklisted) bool { return b.Number == number })
}

// pending knows, of each agent, the sequence of our last change to each column of its state and to its memberships. What is not applied
// yet will be written after whatever another program wrote there. It holds one entry an agent.
type ownWrites struct {
	mu        sync.Mutex
	written   map[string]*columnWrites
	passwords map[string]password
}

// stateWritten is the sequence of each; notKept for what is to be written again.
type columnWrites struct{ registered, up, idle, call, since, deferred, groups uint64 }

// note takes down what a change of ours writes of an agent.
func (p *ownWrites) add(c *queue.Change, seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch u := c.Agent; {
	case u != nil:
		w := p.columnsOf(u.Extension)
		setIf(&w.registered, u.Registered, seq)
		setIf(&w.up, u.Up, seq)
		setIf(&w.idle, u.Idle, seq)
		setIf(&w.call, u.Call, seq)
		setIf(&w.since, u.Since, seq)
		setIf(&w.deferred, u.Deferred, seq)
	case c.Membership != nil:
		p.columnsOf(c.Membership.Extension).groups = seq
	case c.AgentAdded != nil:
		p.setPassword(c.AgentAdded.Extension, password{c.AgentAdded.Password, seq})
	case c.AgentRemoved != nil:
		delete(p.passwords, *c.AgentRemoved)
	}
}

func (p *ownWrites) columnsOf(extension string) *columnWrites {
	w := p.written[extension]
	if w == nil {
		w = &columnWrites{}
		p.written[extension] = w
	}
	return w
}

// leaveOut clears in u what we wrote beyond applied.
func (p *ownWrites) clearOverwritten(u *agent.Update, applied uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.written[u.Extension]
	if w == nil {
		return
	}
	clearBeyond(&u.Registered, w.registered, applied)
	clearBeyond(&u.Up, w.up, applied)
	clearBeyond(&u.Idle, w.idle, applied)
	clearBeyond(&u.Call, w.call, applied)
	clearBeyond(&u.Since, w.since, applied)
	clearBeyond(&u.Deferred, w.deferred, applied)
}

// regroups reports whether we wrote the extension's memberships beyond applied.
func (p *ownWrites) overwritesGroups(extension string, applied uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.written[extension]
	return w != nil && w.groups > applied
}

func setIf[T any](at *uint64, changed *T, seq uint64) {
	if changed != nil {
		*at = seq
	}
}

func clearBeyond[T any](field **T, written, applied uint64) {
	if written > applied {
		*field = nil
	}
}
