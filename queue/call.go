package queue

import (
	"errors"
	"fmt"
	"time"

	"nwayacd/agent"
)

// phase says what the floor may do with a call.
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
	// an agent answered, and the call neither is back in the line since nor rings for a transfer
	answered  bool
	groupGone bool // its group is gone, and it goes back to the dialplan
	touched   bool // has changed since the last TakeChanged

	positions   positions // in the line
	leftVisit   int       // number of the visit before a move, whose CDR may be yet to be written; 0 = none
	leftVisitAt positions // its positions
}

// positions are places in a line, from 1: the first, and the last one so far. 0 is unknown.
type positions struct{ first, last int }

// stand notes the call's position in its line, if it has one.
func (c *call) stand() {
	if at := c.line.position(c); at > 0 {
		c.positions.last = at
		if c.positions.first == 0 {
			c.positions.first = at
		}
	}
}

// note writes the positions into the CDR of the call's visit.
func (c *call) note(cdr *CDR) {
	p := c.positions
	switch {
	case c.leftVisit == cdr.VisitNumber():
		p = c.leftVisitAt
	case max(c.visit.number, 1) != cdr.VisitNumber():
		return
	}
	cdr.PositionFirst, cdr.PositionLast = p.first, p.last
}

// setAnswered sets answered, and counts the call in its line accordingly.
func (c *call) setAnswered(answered bool) {
	if c.answered != answered {
		c.answered = answered
		c.line.talking += either(answered, 1, -1)
		if answered {
			c.line.removeUnanswered(c)
		} else {
			c.line.addUnanswered(c)
		}
	}
}

// spares reports whether the extension missed this call so lately that it is not offered the call
// again yet.
func (c *call) spares(extension string, now time.Time) bool {
	until, missed := c.sparedUntil[extension]
	return missed && now.Before(until)
}

// These errors are refusals of Join, Transfer and the commands. An operator reads their text after
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

// Blacklisted reports whether the group refuses the caller. An entry counts if all of this holds:
//   - it has the caller's number, and the number is not empty
//   - its category is global or inbound
//   - it is for all groups or for this one
//   - it is for all dialled numbers or for this one
//   - it has not expired
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

// MayJoin returns nil if Join would accept the caller. The group must exist, and the call must not
// be on the floor.
func (f *Floor) MayJoin(uuid, group string) error {
	switch {
	case f.lines[group] == nil:
		return fmt.Errorf("group %s: %w", group, ErrNoGroup)
	case f.calls[uuid] != nil:
		return fmt.Errorf("%s: %w", uuid, ErrCallHere)
	}
	return nil
}

// Join gives a caller a place in the group's line. If a place was kept for an absent caller, it is
// that place. The caller is not offered before Open.
func (f *Floor) Join(a Arrival) (Place, error) {
	if err := f.MayJoin(a.UUID, a.Group); err != nil {
		return Place{}, err
	}
	l := f.lines[a.Group]
	visit := a.visit()
	first := 0 // position of a caller who was absent
	p := Place{Group: l.Group, VIP: f.vip(a), Since: a.Since}
	p.ServiceLevel, p.Short = l.limits()
	switch was := f.absent[a.UUID]; {
	case was == nil:
	case was.place.Group != a.Group: // moved to another group: the visit before is over, and its waiting time counts
		p.Since = was.place.Since
		visit.number, visit.cameFrom = max(visit.number, max(was.place.Visit, 1)+1), was.place.Group
		p.Untold, was.untold = was.untold, false
		f.dropAbsent(a.UUID)
	default:
		delete(f.absent, a.UUID)
		p.Since, p.Kept, p.SoFar = was.place.Since, true, was.soFar()
		if was.CDR.ServiceLevel > 0 { // as at the arrival
			p.ServiceLevel, p.Short = was.CDR.ServiceLevel, was.CDR.Short
		}
		first = was.CDR.PositionFirst
		visit.number, visit.cameFrom = was.place.Visit, was.place.CameFrom
		f.recordOffer(was.Offer)
	}
	f.sequence++
	p.Visit, p.CameFrom = visit.number, visit.cameFrom
	c := &call{uuid: a.UUID, caller: a.Caller, visit: visit, line: l, vip: p.VIP, since: p.Since, seq: f.sequence}
	f.calls[a.UUID] = c
	f.touchCall(c)
	l.inside++
	l.addUnanswered(c)
	f.addRow(c)
	c.positions.first = first
	c.stand()
	return p, nil
}

// vip reports whether the caller is served first in the group. A VIP row without a group is for all
// groups.
func (f *Floor) vip(a Arrival) bool {
	if a.Caller == "" {
		return false
	}
	_, here := f.vips[VIP{a.Caller, a.Group}]
	_, everywhere := f.vips[VIP{Number: a.Caller}]
	return here || everywhere
}

// addRow and removeRow write whether the call is among the waiting rows. It is there from its
// arrival until the caller talks to an agent.
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

// Stay keeps a caller whose offer or talk was given up for a transfer. If the transfer has failed
// meanwhile, the caller is requeued and Stay returns true.
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

// Open says that the caller's welcome is over. From now on the caller may be offered.
func (f *Floor) Open(uuid string, now time.Time) {
	if c := f.calls[uuid]; c != nil && c.phase == greeting {
		f.wait(c)
		f.settle(now)
	}
}

// wait puts a call into its line, at its own place. If another program removed the group, it sends
// the call back.
func (f *Floor) wait(c *call) {
	if f.lines[c.line.Number] != c.line {
		f.sendBack(c)
		return
	}
	c.phase = waiting
	f.touchCall(c)
	c.setAnswered(false)
	f.addRow(c)
	c.line.waiting.Set(c)
	f.nowWaiting = append(f.nowWaiting, c)
}

// Leave takes the call off the floor, and ends its offer and its talk.
func (f *Floor) Leave(uuid string, now time.Time) {
	c := f.calls[uuid]
	if c == nil {
		return
	}
	delete(f.calls, uuid)
	f.touchCall(c)
	c.line.waiting.Delete(c)
	c.line.inside--
	if c.answered {
		c.line.talking--
	} else {
		c.line.removeUnanswered(c)
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
