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
	visit        visit
	line         *line
	vip          bool
	since        time.Time // the place
	seq          uint64
	waitingSince time.Time // when it last became waiting
	phase        phase
	offers       int
	lease        *Lease               // the offer or talk that stands
	next         *Lease               // a transfer's, until lease is given up
	sparedUntil  map[string]time.Time // extension -> until when it is spared this call
	hasRow       bool                 // has its row among the waiting
	answered     bool                 // an agent answered, and the call neither is back in the line since nor rings for a transfer
	groupGone    bool                 // its group is gone, and it goes back to the dialplan
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
func (c *call) spares(extension string, now time.Time) bool {
	until, missed := c.sparedUntil[extension]
	return missed && now.Before(until)
}

// Refusals: of Join, Transfer and the commands. The text of each is what an operator reads after
// -ERR.
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

// Blacklisted reports whether the caller is refused by this group: by number, for all groups or
// this one, category global or inbound, not expired, and dialled as the entry says. A caller
// without a number never is.
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

// MayJoin is nil where Join would take the caller: the group exists and the call is not here
// already.
func (f *Floor) MayJoin(uuid, group string) error {
	switch {
	case f.lines[group] == nil:
		return fmt.Errorf("group %s: %w", group, ErrNoGroup)
	case f.calls[uuid] != nil:
		return fmt.Errorf("%s: %w", uuid, ErrCallHere)
	}
	return nil
}

// Join gives a caller a place in the group's line: the one that is kept for them if they were
// absent. The caller is not offered before Open.
func (f *Floor) Join(a Arrival) (Place, error) {
	if err := f.MayJoin(a.UUID, a.Group); err != nil {
		return Place{}, err
	}
	l := f.lines[a.Group]
	visit := a.visit()
	p := Place{Group: l.Group, VIP: f.vip(a), Since: a.Since}
	switch was := f.absent[a.UUID]; {
	case was == nil:
	case was.place.Group != a.Group: // they were sent to another group meanwhile: that visit is over, and its time counts
		p.Since = was.place.Since
		visit.number, visit.cameFrom = max(visit.number, max(was.place.Visit, 1)+1), was.place.Group
		p.Untold, was.untold = was.untold, false
		f.dropAbsent(a.UUID)
	default:
		delete(f.absent, a.UUID)
		p.Since, p.Kept, p.SoFar = was.place.Since, true, was.soFar()
		visit.number, visit.cameFrom = was.place.Visit, was.place.CameFrom
		f.recordOffer(was.Offer)
	}
	f.sequence++
	p.Visit, p.CameFrom = visit.number, visit.cameFrom
	c := &call{uuid: a.UUID, caller: a.Caller, visit: visit, line: l, vip: p.VIP, since: p.Since, seq: f.sequence}
	f.calls[a.UUID] = c
	l.inside++
	l.unanswered.Set(c)
	f.addRow(c)
	return p, nil
}

// vip reports whether the caller is served first in the group; a row without a group means all of
// them.
func (f *Floor) vip(a Arrival) bool {
	if a.Caller == "" {
		return false
	}
	_, here := f.vips[VIP{a.Caller, a.Group}]
	_, everywhere := f.vips[VIP{Number: a.Caller}]
	return here || everywhere
}

// list and unlist keep the call's row among the waiting: there from arrival until the caller talks
// to an agent.
func (f *Floor) addRow(c *call) {
	if !c.hasRow {
		c.hasRow = true
		f.record(Change{Waiting: new(c.row())})
	}
}

func (f *Floor) removeRow(c *call) {
	if c.hasRow {
		c.hasRow = false
		f.record(Change{Left: &c.uuid})
	}
}

// Stay says that the caller stays although what it had was withdrawn or ended: for a transfer, and
// where that has come to nothing in the meantime, in the line: then it reports true.
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

// wait puts a call into its line, at the place it has always had; where another program removed the
// group meanwhile, there is none.
func (f *Floor) wait(c *call) {
	if f.lines[c.line.Number] != c.line {
		f.sendBack(c)
		return
	}
	c.phase = waiting
	c.setAnswered(false)
	f.addRow(c)
	c.line.waiting.Set(c)
	f.nowWaiting = append(f.nowWaiting, c)
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
	f.removeRow(c)
	for _, l := range []*Lease{c.lease, c.next} {
		if l != nil && !l.over {
			f.release(l, agent.Withdraw, now)
		}
	}
	f.settle(now)
}
