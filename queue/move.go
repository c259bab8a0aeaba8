package queue

import (
	"fmt"
	"time"
)

// place returns what the caller's goroutine needs to know about the place.
func (c *call) place() Place {
	p := Place{Group: c.line.Group, VIP: c.vip, Since: c.since, Visit: c.visit.number, CameFrom: c.visit.cameFrom}
	p.ServiceLevel, p.Short = c.line.limits()
	return p
}

// TakeOver lets another channel take over a call's place, its offer or its talk. From then on the
// leases name the new channel, which is served first if its caller is a VIP. A place that was kept
// for the new channel is given up.
//
// The records are left to the owner: Bridged for a talk, and Ended for the old channel. TakeOver
// returns false if there is no such call, or if the new channel is already on the floor.
func (f *Floor) TakeOver(old string, next Arrival, now time.Time) bool {
	uuid, caller := next.UUID, next.Caller
	before := f.calls[old]
	if before == nil || before.groupGone || f.calls[uuid] != nil {
		return false
	}
	f.dropAbsent(uuid)
	c := new(*before) // changes that are not written yet point into the other one
	c.uuid, c.caller, c.visit, c.hasRow, c.touched = uuid, caller, next.visit(), false, false
	c.vip = f.vip(Arrival{Caller: caller, Group: c.line.Number})
	delete(f.calls, old)
	f.calls[uuid] = c
	f.touchCall(before)
	f.touchCall(c)
	if c.phase == waiting {
		c.line.waiting.Delete(before)
		c.line.waiting.Set(c)
	}
	if !c.answered {
		c.line.addUnanswered(c) // in the stead of the other one, which has the same place
	}
	if before.hasRow {
		f.removeRow(before)
		f.addRow(c)
	}
	f.rename(c, now)
	return true
}

// rename gives the call's leases its uuid and visit, and remembers the talking agent for the new
// caller.
func (f *Floor) rename(c *call, now time.Time) {
	for _, l := range []*Lease{c.lease, c.next} {
		if l == nil {
			continue
		}
		l.Call, l.Visit = c.uuid, c.visit.number
		slot := f.slots[l.Agent.Extension]
		if slot == nil {
			continue
		}
		f.touchSlot(slot)
		if l.answered {
			f.remember(c.caller, c.line, slot, now)
		}
	}
}

// Move puts a call without an offer or a talk into the line of another group, with its time of
// arrival. The call may be offered there at once, or after Open if its welcome is not over. The
// errors are:
//   - ErrNoGroup and ErrNoCall
//   - ErrEnding if the call goes back to the dialplan
//   - ErrTransfers if the call has an offer
func (f *Floor) Move(uuid, group string, now time.Time) (Place, error) {
	c, to := f.calls[uuid], f.lines[group]
	switch {
	case c == nil:
		return Place{}, fmt.Errorf("%s: %w", uuid, ErrNoCall)
	case to == nil:
		return Place{}, fmt.Errorf("group %s: %w", group, ErrNoGroup)
	case c.groupGone:
		return Place{}, fmt.Errorf("%s: %w", uuid, ErrEnding)
	case c.phase == offered:
		return Place{}, fmt.Errorf("%s: %w", uuid, ErrTransfers)
	}
	before := c.row()
	c.stand()
	c.leftVisit, c.leftVisitAt, c.positions = max(c.visit.number, 1), c.positions, positions{}
	f.touchCall(c)
	f.touchLine(c.line)
	c.visit.number, c.visit.cameFrom = max(c.visit.number, 1)+1, c.line.Number
	c.setAnswered(false)
	c.line.waiting.Delete(c)
	c.line.removeUnanswered(c)
	c.line.inside--
	c.line, c.vip = to, f.vip(Arrival{Caller: c.caller, Group: group})
	to.inside++
	to.addUnanswered(c)
	c.stand()
	c.hasRow = c.hasRow && c.row() == before
	f.addRow(c)
	if c.phase != greeting {
		f.wait(c)
		f.settle(now)
	}
	return c.place(), nil
}
