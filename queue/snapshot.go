package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/auth"
)

// Snapshot is everything in the database that the dispatcher starts from.
type Snapshot struct {
	Agents    []agent.Agent `json:"Agents"`
	Groups    []Group       `json:"Groups"`
	Members   []Member      `json:"Members"`
	Blacklist []Blacklisted `json:"Blacklist"`
	VIPs      []VIP         `json:"VIPs"`
	Memories  []Memory      `json:"Memories"`
	Waiting   []Waiting     `json:"Waiting"`
	Talks     []Talk        `json:"Talks"`
	// Working has the last entry of the log of each agent whose time was counted.
	Working []agent.LogEntry `json:"Working,omitempty"`
	Seen    time.Time        `json:"Seen,omitzero"` // the last sign of life of the server before; zero = unknown

	Auth auth.Snapshot `json:"Auth,omitzero"` // not of the floor
	// Reasons is nil if they are unknown, as in the floor.json of a release that had none. They are
	// then ShippedReasons.
	Reasons []Reason `json:"Reasons"`
}

// Clone returns a copy that Apply can alter without altering s.
func (s *Snapshot) Clone() Snapshot {
	return Snapshot{
		Agents: slices.Clone(s.Agents), Groups: slices.Clone(s.Groups), Members: slices.Clone(s.Members),
		Blacklist: slices.Clone(s.Blacklist), VIPs: slices.Clone(s.VIPs), Memories: slices.Clone(s.Memories),
		Waiting: slices.Clone(s.Waiting), Talks: slices.Clone(s.Talks), Reasons: slices.Clone(s.Reasons),
		Working: slices.Clone(s.Working), Seen: s.Seen,
		Auth: s.Auth.Clone(),
	}
}

// Apply changes s as c changes the database. It ignores changes of an agent or a group that s does
// not have, and records (CDR, Offer, AgentLog).
func (s *Snapshot) Apply(c Change) {
	switch {
	case c.Agent != nil:
		if a := s.agent(c.Agent.Extension); a != nil {
			c.Agent.Apply(a)
		}
	case c.AgentAdded != nil:
		if ext := c.AgentAdded.Extension; s.agent(ext) == nil {
			s.Agents = append(s.Agents, newAgent(ext))
		}
	case c.AgentRemoved != nil:
		ext := *c.AgentRemoved
		s.Agents = slices.DeleteFunc(s.Agents, func(a agent.Agent) bool { return a.Extension == ext })
		s.Members = slices.DeleteFunc(s.Members, func(m Member) bool { return m.Extension == ext })
	case c.Group != nil:
		if g := s.group(c.Group.Number); g != nil {
			c.Group.apply(g)
		}
	case c.GroupAdded != nil:
		if s.group(c.GroupAdded.Number) == nil {
			s.Groups = append(s.Groups, c.GroupAdded.WithDefaults())
		}
	case c.GroupRemoved != nil:
		number := *c.GroupRemoved
		s.Groups = slices.DeleteFunc(s.Groups, func(g Group) bool { return g.Number == number })
		s.Members = slices.DeleteFunc(s.Members, func(m Member) bool { return m.Group == number })
	case c.Membership != nil:
		ext := c.Membership.Extension
		s.Members = slices.DeleteFunc(s.Members, func(m Member) bool { return m.Extension == ext })
		for _, group := range c.Membership.Groups {
			s.Members = with(s.Members, Member{Group: group, Extension: ext})
		}
	case c.MemberJoined != nil:
		s.Members = with(s.Members, *c.MemberJoined)
	case c.MemberLeft != nil:
		s.Members = without(s.Members, *c.MemberLeft)
	default:
		s.applyCalls(c)
	}
}

func (s *Snapshot) applyCalls(c Change) {
	switch {
	case c.Waiting != nil:
		w := *c.Waiting
		w.Visit = max(w.Visit, 1) // as the database has it
		s.Waiting = append(s.withoutWaiting(w.UUID), w)
	case c.Left != nil:
		s.Waiting = s.withoutWaiting(*c.Left)
	case c.Talk != nil:
		s.Talks = append(s.withoutTalk(c.Talk.CDR.UUID), *c.Talk)
	case c.TalkOver != nil:
		s.Talks = s.withoutTalk(*c.TalkOver)
	case c.Offer != nil:
		for i := range s.Talks {
			s.Talks[i].OfferRecorded = s.Talks[i].OfferRecorded || s.Talks[i].isOf(c.Offer)
		}
	case c.AgentLog != nil:
		s.applyLog(*c.AgentLog)
	case c.StillWaiting != nil:
		still := setOf(c.StillWaiting.UUIDs)
		s.Waiting = slices.DeleteFunc(s.Waiting, func(w Waiting) bool { return !still[w.UUID] })
	case c.StillTalking != nil:
		server, still := c.StillTalking.Server, setOf(c.StillTalking.UUIDs)
		s.Talks = slices.DeleteFunc(s.Talks, func(t Talk) bool { return t.Server == server && !still[t.CDR.UUID] })
	default:
		s.applyLists(c)
	}
}

func (s *Snapshot) applyLog(l agent.LogEntry) {
	if l.Standing == "" {
		return
	}
	s.Working = slices.DeleteFunc(s.Working, func(o agent.LogEntry) bool { return o.Extension == l.Extension })
	if l.Standing != agent.StandingDown.String() && l.Standing != agent.NoServer {
		s.Working = append(s.Working, l)
	}
}

func (s *Snapshot) applyLists(c Change) {
	switch {
	case c.Remembered != nil:
		m := *c.Remembered
		s.Memories = append(slices.DeleteFunc(s.Memories, func(o Memory) bool {
			return o.Caller == m.Caller && o.Group == m.Group
		}), m)
	case c.Blacklisted != nil:
		s.Blacklist = append(s.withoutBlacklisted(c.Blacklisted.Number), *c.Blacklisted)
	case c.Unblacklisted != nil:
		s.Blacklist = s.withoutBlacklisted(*c.Unblacklisted)
	case c.VIPAdded != nil:
		s.VIPs = with(s.VIPs, *c.VIPAdded)
	case c.VIPRemoved != nil:
		s.VIPs = without(s.VIPs, *c.VIPRemoved)
	case c.Auth != nil:
		s.Auth.Apply(c.Auth)
	case c.ReasonPut != nil:
		s.Reasons = append(s.withoutReason(c.ReasonPut.Code), *c.ReasonPut)
	case c.ReasonRemoved != nil:
		s.Reasons = s.withoutReason(*c.ReasonRemoved)
	}
}

// newAgent returns an agent that was just added: unregistered, down, idle and ready.
func newAgent(extension string) agent.Agent {
	return agent.Agent{
		Profile:  agent.Profile{Extension: extension, Name: extension},
		Presence: agent.Presence{Idle: true},
	}
}

// WithDefaults returns the group as the database adds it: with a ring timeout.
func (g *Group) WithDefaults() Group {
	added := *g
	if added.RingTimeout <= 0 {
		added.RingTimeout = DefaultRingTimeout
	}
	return added
}

// agent returns the agent of an extension in s, or nil.
func (s *Snapshot) agent(extension string) *agent.Agent {
	i := slices.IndexFunc(s.Agents, func(a agent.Agent) bool { return a.Extension == extension })
	if i < 0 {
		return nil
	}
	return &s.Agents[i]
}

// group returns the group with a number in s, or nil.
func (s *Snapshot) group(number string) *Group {
	i := slices.IndexFunc(s.Groups, func(g Group) bool { return g.Number == number })
	if i < 0 {
		return nil
	}
	return &s.Groups[i]
}

func (s *Snapshot) withoutWaiting(uuid string) []Waiting {
	return slices.DeleteFunc(s.Waiting, func(w Waiting) bool { return w.UUID == uuid })
}

func (s *Snapshot) withoutTalk(uuid string) []Talk {
	return slices.DeleteFunc(s.Talks, func(t Talk) bool { return t.CDR.UUID == uuid })
}

func (s *Snapshot) withoutBlacklisted(number string) []Blacklisted {
	return slices.DeleteFunc(s.Blacklist, func(b Blacklisted) bool { return b.Number == number })
}

func (s *Snapshot) withoutReason(code string) []Reason {
	if s.Reasons == nil {
		s.Reasons = slices.Clone(ShippedReasons)
	}
	return slices.DeleteFunc(s.Reasons, func(r Reason) bool { return r.Code == code })
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

func setOf(all []string) map[string]bool {
	in := make(map[string]bool, len(all))
	for _, one := range all {
		in[one] = true
	}
	return in
}

// Changes returns the changes that make an empty database into s. An added agent has no password in
// them, because only the store has it.
func (s *Snapshot) Changes() []Change {
	var all []Change
	for _, g := range s.Groups {
		u := g.Update()
		all = append(all, Change{GroupAdded: &g}, Change{Group: &u})
	}
	for _, a := range s.Agents {
		u := a.Update()
		all = append(all, Change{AgentAdded: &NewAgent{Extension: a.Extension}}, Change{Agent: &u})
	}
	for _, b := range s.Blacklist {
		all = append(all, Change{Blacklisted: &b})
	}
	for _, v := range s.VIPs {
		all = append(all, Change{VIPAdded: &v})
	}
	for _, m := range s.Memories {
		all = append(all, Change{Remembered: &m})
	}
	for _, c := range s.Auth.Changes() {
		all = append(all, Change{Auth: &c})
	}
	all = append(all, s.reasonChanges()...)
	return append(all, s.stateChanges()...)
}

// reasonChanges returns the changes that give a database these reasons, if it has the shipped ones.
func (s *Snapshot) reasonChanges() (all []Change) {
	if s.Reasons == nil {
		return nil
	}
	for _, r := range ShippedReasons {
		if !slices.ContainsFunc(s.Reasons, func(o Reason) bool { return o.Code == r.Code }) {
			all = append(all, Change{ReasonRemoved: &r.Code})
		}
	}
	for _, r := range s.Reasons {
		all = append(all, Change{ReasonPut: &r})
	}
	return all
}

// stateChanges returns the part of Changes that distribution changes by itself.
func (s *Snapshot) stateChanges() []Change {
	var all []Change
	for _, g := range s.Groups {
		all = append(all, Change{Group: &GroupUpdate{Number: g.Number, Cursor: &g.Cursor}})
	}
	groups := map[string][]string{}
	for _, m := range s.Members {
		groups[m.Extension] = append(groups[m.Extension], m.Group)
	}
	for _, a := range s.Agents {
		all = append(all, Change{Membership: &Membership{Extension: a.Extension, Groups: groups[a.Extension]}},
			Change{Agent: &agent.Update{
				Extension: a.Extension, Registered: &a.Registered, Up: &a.Up, Idle: &a.Idle, Call: &a.Call,
				Since:    &a.Since,
				Deferred: &a.Deferred, Server: &a.Server,
				PauseReason: &a.PauseReason, PauseBy: &a.PauseBy, PausedSince: &a.PausedSince,
				LoginSince: &a.LoginSince, WrapUpUntil: &a.WrapUpUntil,
			}})
	}
	for _, w := range s.Waiting {
		all = append(all, Change{Waiting: &w})
	}
	for _, t := range s.Talks {
		all = append(all, Change{Talk: &t})
	}
	return all
}
