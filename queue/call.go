package queue

import (
	"errors"
	"fmt"
	"time"

	"nwayacd/agent"
)

// phase is where a call stands for the choice.
type phase uint8

const (
	greeting phase = iota // has a place; its welcome is not over
	waiting               // may be offered
	offered               // has a lease: an agent rings or talks
	leaving               // handled to its end; keeps no place
)

// call is a caller with a place.
type call struct {
	uuid, caller string
	line         *line
	vip          bool
	since        time.Time // the place
	seq          uint64
	opened       time.Time // when it last became waiting
	phase        phase
	offers       int
	lease        *Lease               // the offer or talk that stands
	next         *Lease               // a transfer's, until lease is given up
	missed       map[string]time.Time // extension -> until when it is spared this call
	listed       bool                 // has its row among the waiting
	answered     bool                 // an agent answered, and the call neither is back in the line since nor rings for a transfer
}

// setAnswered keeps the line's count in step.
func (c *call) setAnswered(answered bool) {
	if c.answered != answered {
		c.answered = answered
		c.line.talking += either(answered, 1, -1)
		if answered {
			c.line.unanswered.Delete(c)
		} else {
			c.line.unanswered.Set(c)
		}
	}
}

// held reports whether the extension missed this call so lately that it is spared it.
func (c *call) held(extension string, now time.Time) bool {
	until, missed := c.missed[extension]
	return missed && now.Before(until)
}

// Lease reserves one agent for one call: first as an offer that expires by itself, then as the talk.
//
// It is handed to the call it names and read-only there; its end is told to the Floor by Miss, Withdraw or End.
type Lease struct {
	Call        string // uuid of the caller's channel
	Group       string
	Agent       agent.Profile
	Number      int  // of this offer within its call, from 1
	Transfer    bool // by nwayacd_transfer
	RingTimeout time.Duration
	Offered     time.Time // when a waiting caller and an available agent both existed

	answered bool
	over     bool
	forsaken bool
}

// Arrival is a caller who takes a place.
type Arrival struct {
	UUID   string
	Caller string // "" where the caller sent no number
	Group  string
	Since  time.Time // of arrival: the place, unless the call was here before a restart and has an older one
}

// Place is what the caller's goroutine needs to know of the place it took.
type Place struct {
	Group Group
	VIP   bool
	Since time.Time
}

// Refusals: of Join, Transfer and the commands. The text of each is what an operator reads after -ERR.
var (
	ErrNoGroup   = errors.New("no such group")
	ErrNoAgent   = errors.New("no such extension")
	ErrNoCall    = errors.New("no such call")
	ErrCallHere  = errors.New("the call is here already")
	ErrExists    = errors.New("exists already")
	ErrWaiting   = errors.New("callers are waiting")
	ErrOnCall    = errors.New("the extension has an offer or a call")
	ErrNotFree   = errors.New("the extension is not available")
	ErrTransfers = errors.New("the call is being transferred already")
	ErrEnding    = errors.New("the call is ending")
)

// Blacklisted reports whether the caller is refused by this group: by number, for all groups or this one, category global or inbound, not
// expired, and dialled as the entry says. A caller without a number never is.
func (f *Floor) Blacklisted(caller, dialled, group string, now time.Time) bool {
	b, listed := f.blacklist[caller]
	return listed && caller != "" &&
		(b.Category == 0 || b.Category == 2) &&
		(b.Dialled == "" || b.Dialled == dialled) &&
		(b.Group == "" || b.Group == group) &&
		(b.Expires.IsZero() || now.Before(b.Expires))
}

// Group returns a group by its number.
func (f *Floor) Group(number string) (Group, bool) {
	if l := f.lines[number]; l != nil {
		return l.Group, true
	}
	return Group{}, false
}

// MayJoin is nil where Join would take the caller: the group exists and the call is not here already.
func (f *Floor) MayJoin(uuid, group string) error {
	switch {
	case f.lines[group] == nil:
		return fmt.Errorf("group %s: %w", group, ErrNoGroup)
	case f.calls[uuid] != nil:
		return fmt.Errorf("%s: %w", uuid, ErrCallHere)
	}
	return nil
}

// Join gives a caller its place in the group's line; it is not offered before Open.
func (f *Floor) Join(a Arrival) (Place, error) {
	if err := f.MayJoin(a.UUID, a.Group); err != nil {
		return Place{}, err
	}
	l := f.lines[a.Group]
	since := a.Since
	if old, here := f.former[a.UUID]; here {
		since = old.since
		delete(f.former, a.UUID)
	}
	f.sequence++
	c := &call{uuid: a.UUID, caller: a.Caller, line: l, vip: f.vip(a), since: since, seq: f.sequence}
	f.calls[a.UUID] = c
	l.inside++
	l.unanswered.Set(c)
	f.list(c)
	return Place{Group: l.Group, VIP: c.vip, Since: since}, nil
}

// vip reports whether the caller is served first in the group; a row without a group means all of them.
func (f *Floor) vip(a Arrival) bool {
	if a.Caller == "" {
		return false
	}
	_, here := f.vips[VIP{a.Caller, a.Group}]
	_, everywhere := f.vips[VIP{Number: a.Caller}]
	return here || everywhere
}

// list and unlist keep the call's row among the waiting: there from arrival until the caller talks to an agent.
func (f *Floor) list(c *call) {
	if !c.listed {
		c.listed = true
		f.keep(Change{Waiting: &Waiting{UUID: c.uuid, Caller: c.caller, Group: c.line.Number, VIP: c.vip, Since: c.since}})
	}
}

func (f *Floor) unlist(c *call) {
	if c.listed {
		c.listed = false
		f.keep(Change{Left: &c.uuid})
	}
}

// Stay says that the caller stays although what it had was withdrawn or ended: for a transfer, and where that has come to nothing in the
// meantime, in the line: then it reports true.
func (f *Floor) Stay(uuid string, now time.Time) (back bool) {
	c := f.calls[uuid]
	if c == nil || c.phase != leaving {
		return false
	}
	f.wait(c)
	back = c.phase == waiting
	f.settle(now)
	return back
}

// Open says that the caller's welcome is over: from now on it may be offered.
func (f *Floor) Open(uuid string, now time.Time) {
	if c := f.calls[uuid]; c != nil && c.phase == greeting {
		f.wait(c)
		f.settle(now)
	}
}

// wait puts a call into its line, at the place it has always had; where another program removed the group meanwhile, there is none.
func (f *Floor) wait(c *call) {
	if f.lines[c.line.Number] != c.line {
		f.turnAway(c)
		return
	}
	c.phase = waiting
	c.setAnswered(false)
	f.list(c)
	c.line.waiting.Set(c)
	f.placed = append(f.placed, c)
}

// offer reserves d for c by the rules of the group.
func (f *Floor) offer(c *call, d *desk, now time.Time) {
	c.line.waiting.Delete(c)
	c.phase = offered
	c.lease = f.reserve(c, d, now)
	if c.line.Mode.base() == Cyclic && c.line.Cursor != d.Extension {
		c.line.pointAt(d)
		f.keep(Change{Group: &GroupUpdate{Number: c.line.Number, Cursor: &d.Profile.Extension}})
	}
}

// reserve makes the lease: the agent rings for this call and nobody else can have it until the lease ends.
func (f *Floor) reserve(c *call, d *desk, now time.Time) *Lease {
	c.offers++
	l := &Lease{
		Call: c.uuid, Group: c.line.Number, Agent: d.Profile, Number: c.offers,
		RingTimeout: c.line.ringTimeout(), Offered: now,
	}
	d.lease = l
	f.move(d, agent.Offer, now)
	f.note(d, agent.StatusRing, c.uuid, now)
	f.deadlines.add(deadline{at: now.Add(l.RingTimeout + leaseGrace), lease: l})
	f.out.Offers = append(f.out.Offers, l)
	return l
}

// Transfer reserves the extension for the call, whatever the call does at the moment; the extension need not be a member of its
// group. What stood before is the call's goroutine to give up. Refused, nothing has changed.
func (f *Floor) Transfer(uuid, extension string, now time.Time) error {
	c, d := f.calls[uuid], f.desks[extension]
	switch {
	case c == nil:
		return fmt.Errorf("%s: %w", uuid, ErrNoCall)
	case d == nil:
		return fmt.Errorf("%s: %w", extension, ErrNoAgent)
	case c.phase == leaving:
		return fmt.Errorf("%s: %w", uuid, ErrEnding)
	case c.next != nil:
		return fmt.Errorf("%s: %w", uuid, ErrTransfers)
	case !d.free:
		return fmt.Errorf("%s: %w", extension, ErrNotFree)
	}
	l := f.reserve(c, d, now)
	l.Transfer = true
	if c.phase == offered {
		c.next = l
		return nil
	}
	c.line.waiting.Delete(c)
	c.phase, c.lease = offered, l
	return nil
}

// Answer turns the offer into a talk. False means that the lease is over (it expired, or the call left): there is nobody to talk to and the
// leg must go.
func (f *Floor) Answer(l *Lease, now time.Time) bool {
	c, d := f.calls[l.Call], f.desks[l.Agent.Extension]
	if l.over || c == nil || d == nil {
		return false
	}
	l.answered = true
	f.move(d, agent.Answer, now)
	f.note(d, agent.StatusTalking, l.Call, now)
	c.setAnswered(true)
	f.remember(c.caller, c.line, d, now)
	return true
}

// Miss ends a lease whose leg failed, or died before the bridge: the caller is back in the line at the place it had. unregistered
// says that FreeSWITCH knows no phone for the extension. True means that the call is back in line; false that it has another
// offer (a transfer), that its group is gone (it is among Effects.Stranded) or that the lease was over.
func (f *Floor) Miss(l *Lease, unregistered bool, now time.Time) bool {
	if l.over {
		return false
	}
	c := f.calls[l.Call]
	if c != nil {
		f.spare(c, l, now)
	}
	f.release(l, f.missMove(), now)
	if d := f.desks[l.Agent.Extension]; d != nil && unregistered {
		f.change(d, func(a *agent.Agent) { a.Registered = false })
	}
	back := c != nil && f.giveUp(c, l)
	f.settle(now)
	return back
}

func (f *Floor) missMove() agent.Move {
	if f.settings.NoAnswerToReady {
		return agent.Miss
	}
	return agent.MissOut
}

// spare keeps the agent from being offered the same call at once again.
func (f *Floor) spare(c *call, l *Lease, now time.Time) {
	if c.missed == nil {
		c.missed = map[string]time.Time{}
	}
	ext, until := l.Agent.Extension, now.Add(f.settings.Reoffer)
	c.missed[ext] = until
	f.deadlines.add(deadline{at: until, again: ext})
}

// giveUp takes the ended lease off its call: a transfer's lease takes over, else the call is back in the line.
func (f *Floor) giveUp(c *call, l *Lease) (back bool) {
	switch {
	case c.next == l:
		c.next = nil
	case c.lease != l:
	case c.next != nil:
		c.lease, c.next = c.next, nil
		if !c.lease.answered { // who was in a talk waits for an agent again
			c.setAnswered(false)
			f.list(c)
		}
	case c.phase == offered:
		c.lease = nil
		f.wait(c)
		return c.phase == waiting
	}
	return false
}

// Withdraw ends an offer through no doing of the agent (the caller left, or was transferred elsewhere, while it rang): ready again.
func (f *Floor) Withdraw(l *Lease, now time.Time) { f.end(l, agent.Withdraw, now) }

// End ends a talk: the agent goes to wrap-up, or is ready where there is none. An offer that nobody answered is withdrawn.
func (f *Floor) End(l *Lease, now time.Time) {
	if !l.answered {
		f.end(l, agent.Withdraw, now)
	} else if f.settings.TypingAuto {
		f.end(l, agent.WrapUp, now)
	} else {
		f.end(l, agent.Finish, now)
	}
}

// end releases the agent; the call keeps what else it has, and keeps no place of its own: it is in the line again only by Miss.
func (f *Floor) end(l *Lease, m agent.Move, now time.Time) {
	if l.over {
		return
	}
	f.release(l, m, now)
	f.part(l)
	f.settle(now)
}

// part takes a lease off its call.
func (f *Floor) part(l *Lease) {
	if c := f.calls[l.Call]; c != nil {
		if c.lease == l && c.next == nil {
			c.lease, c.phase = nil, leaving
		}
		f.giveUp(c, l)
	}
}

// Leave takes the call off the floor, with whatever offer or talk it still has.
func (f *Floor) Leave(uuid string, now time.Time) {
	c := f.calls[uuid]
	if c == nil {
		return
	}
	delete(f.calls, uuid)
	c.line.waiting.Delete(c)
	c.line.inside--
	if c.answered {
		c.line.talking--
	} else {
		c.line.unanswered.Delete(c)
	}
	c.phase = leaving
	f.unlist(c)
	for _, l := range []*Lease{c.lease, c.next} {
		if l != nil && !l.over {
			f.release(l, agent.Withdraw, now)
		}
	}
	f.settle(now)
}
