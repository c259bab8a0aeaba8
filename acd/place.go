package acd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// The steps of a call on the floor. Each is one step of the Dispatcher. All but the channels and
// endUntold are for the call's goroutine only.

// blacklisted reports whether the group refuses the caller.
func (d *Dispatcher) blacklisted(a queue.Arrival, dialled string) (refused bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Blacklisted(a.Caller, dialled, a.Group, a.Since)
}

// group returns a group by its number.
func (d *Dispatcher) group(number string) (queue.Group, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Group(number)
}

// engage makes an agent who calls out talking. It returns nil if the extension is no agent, or has
// an offer or a call.
func (d *Dispatcher) engage(extension, uuid string) (p agent.Profile, l *queue.Lease) {
	d.do(func(now time.Time) { p, l = d.floor.Engage(extension, uuid, now) })
	return p, l
}

// disengage ends that.
func (d *Dispatcher) disengage(l *queue.Lease) {
	d.do(func(now time.Time) { d.floor.End(l, now) })
}

// registered notes a phone's registration with a FreeSWITCH whose address is server ("" = not
// known).
func (d *Dispatcher) registered(extension string, is bool, server string) {
	d.do(func(now time.Time) { d.floor.Registration(extension, is, server, now) })
}

// registeredAnew notes that a phone of the extension has registered that was not there before. A
// rest of the agent is over.
func (d *Dispatcher) registeredAnew(extension string) {
	d.do(func(now time.Time) { d.floor.EndRest(extension, now) })
}

// join takes a place. It is not offered before open.
func (d *Dispatcher) join(a queue.Arrival) (p *Place, err error) {
	p = d.newPlace(a.UUID)
	d.do(func(time.Time) {
		if p.Place, err = d.floor.Join(a); err == nil {
			d.places[a.UUID] = p
		}
	})
	return p, err
}

func (d *Dispatcher) newPlace(uuid string) *Place {
	return &Place{dispatcher: d, uuid: uuid, bell: make(chan struct{}, 1), stranded: make(chan struct{})}
}

// keepsPlace reports whether a place is kept for the caller, and in which group.
func (d *Dispatcher) keepsPlace(uuid string) (group string, kept bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.KeepsPlace(uuid)
}

// open says that the welcome is over.
func (p *Place) open() {
	p.dispatcher.do(func(now time.Time) { p.dispatcher.floor.Open(p.uuid, now) })
}

// take is the offer to ring for now, nil when there is none.
func (p *Place) take() *Offer {
	d := p.dispatcher
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(p.pending) == 0 {
		return nil
	}
	o := p.pending[0]
	p.pending = p.pending[1:]
	return o
}

// transfer is a transfer's offer that is there to be taken, nil if there is none.
func (p *Place) transfer() *Offer {
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	if i := slices.IndexFunc(p.pending, func(o *Offer) bool { return o.Transfer }); i >= 0 {
		return p.pending[i]
	}
	return nil
}

// transferWaits reports whether there is one.
func (p *Place) transferWaits() bool { return p.transfer() != nil }

// inLine reports whether the caller stands in the line, or has been taken out of it again since.
func (p *Place) inLine() bool {
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	select {
	case <-p.stranded:
		return false
	default:
		return !slices.ContainsFunc(p.offers, func(o *Offer) bool { return o.Transfer })
	}
}

// confirm asks whether the reservation holds. With one server on the database it always does. With
// several this is the step that asks the database.
func (p *Place) confirm(_ context.Context, o *Offer) bool {
	select {
	case <-o.expired:
		return false
	default:
		return true
	}
}

// answer turns the offer into a talk. It returns false if the lease is over and the leg must go.
func (p *Place) answer(o *Offer) (talk bool) {
	p.dispatcher.do(func(now time.Time) { talk = p.dispatcher.floor.Answer(o.Lease, now) })
	return talk
}

// bridged replaces the caller's waiting row with the talk. If this process dies afterwards, the
// talk is found. If it dies before, the caller comes back to the place.
func (p *Place) bridged(t queue.Talk) {
	p.dispatcher.do(func(time.Time) { p.dispatcher.floor.Bridged(t) })
}

// miss ends a lease whose leg failed. It returns true if the caller is back in the line.
func (p *Place) miss(o *Offer, m queue.Miss) (back bool) {
	p.dispatcher.do(func(now time.Time) {
		back = p.dispatcher.floor.Miss(o.Lease, m, now)
		p.drop(o.Lease)
	})
	return back
}

// withdraw ends an offer that did not end by the agent's doing.
func (p *Place) withdraw(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.floor.Withdraw(o.Lease, now)
		p.drop(o.Lease)
	})
}

// forsake is withdraw for an offer whose leg may still ring.
func (p *Place) forsake(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.floor.Abandon(o.Lease, now)
		p.drop(o.Lease)
	})
}

// stay keeps the caller, whose offer or talk was given up for a transfer. It returns true if the
// transfer has come to nothing and the caller is back in the line.
func (p *Place) stay() (back bool) {
	p.dispatcher.do(func(now time.Time) { back = p.dispatcher.floor.Stay(p.uuid, now) })
	return back
}

// end ends a talk whose end is announced.
func (p *Place) end(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.letTell(p.untold)
		p.dispatcher.floor.End(o.Lease, now)
		p.drop(o.Lease)
	})
}

// toldLimit is how long the announcements about an agent wait for the call that is over.
const toldLimit = 200 * time.Millisecond

// endUntold ends a talk before its call has announced the end. It does nothing if the call was
// faster. It may be called from anywhere.
func (p *Place) endUntold(o *Offer) {
	d, who := p.dispatcher, o.Agent.Extension
	d.do(func(now time.Time) {
		if d.places[p.uuid] != p || d.untold[who] != nil || p.drop(o.Lease) == nil {
			return
		}
		end := &untold{call: p.uuid, agent: who, told: make(chan struct{})}
		end.limit = time.AfterFunc(toldLimit, func() { d.do(func(time.Time) { d.letTell(end) }) })
		p.untold, d.untold[who] = end, end
		d.floor.End(o.Lease, now)
	})
}

// requeued says that a talk is over and its caller goes on here.
func (p *Place) requeued(t queue.Talk) {
	p.dispatcher.do(func(time.Time) { p.dispatcher.floor.Requeued(t) })
}

// recover puts a talk on the floor that a link found at its FreeSWITCH and that was never written
// down, with what is known of its caller.
func (d *Dispatcher) recover(t queue.Talk) (whole queue.Talk, ok bool) {
	d.do(func(now time.Time) { whole, ok = d.floor.RecoverTalk(t, now) })
	return whole, ok
}

// resume returns the place and the offer of a talk that is on the floor and that no call follows.
// It returns false if there is none.
func (d *Dispatcher) resume(uuid string) (p *Place, o *Offer, ok bool) {
	d.do(func(time.Time) {
		place, lease, talks := d.floor.Resumed(uuid)
		if ok = talks && d.places[uuid] == nil; !ok {
			return
		}
		p = d.newPlace(uuid)
		o = &Offer{Lease: lease, expired: make(chan struct{})}
		p.Place, p.offers = place, []*Offer{o}
		d.places[uuid] = p
	})
	return p, o, ok
}

// talks lists the talks that are on the floor.
func (d *Dispatcher) talks() []queue.Talk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Talks()
}

// absent lists the callers for whom a place is kept.
func (d *Dispatcher) absent() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Absent()
}

// dropAbsent gives up the places of callers who are gone.
func (d *Dispatcher) dropAbsent(uuids []string) {
	d.do(func(time.Time) {
		for _, uuid := range uuids {
			d.floor.DropAbsent(uuid)
		}
	})
}

// abandon leaves a talk on the floor. The next one who follows the talk finds it there.
func (p *Place) abandon() {
	p.dispatcher.do(func(time.Time) { delete(p.dispatcher.places, p.uuid) })
}

// takeOver gives the place, and what else the call has on the floor, to another caller's channel.
func (d *Dispatcher) takeOver(p *Place, next queue.Arrival) {
	d.do(func(now time.Time) {
		if d.floor.TakeOver(p.uuid, next, now) {
			delete(d.places, p.uuid)
			p.uuid = next.UUID
			d.places[p.uuid] = p
		}
	})
}

// requestMove asks the call of a waiting caller to go to another group. Errors: queue.ErrNoCall,
// queue.ErrNoGroup, queue.ErrCallHere if it waits there already, and queue.ErrTransfers.
func (d *Dispatcher) requestMove(uuid, group string) (err error) {
	d.do(func(time.Time) {
		p := d.places[uuid]
		_, known := d.floor.Group(group)
		switch {
		case !known:
			err = fmt.Errorf("group %s: %w", group, queue.ErrNoGroup)
		case p == nil:
			err = fmt.Errorf("%s: %w", uuid, queue.ErrNoCall)
		case p.moveTo != "":
			err = fmt.Errorf("%s: %w", uuid, queue.ErrTransfers)
		case p.Group.Number == group:
			err = fmt.Errorf("%s: %w", uuid, queue.ErrCallHere)
		default:
			p.moveTo = group
			signalOne(p.bell)
		}
	})
	return err
}

// moving is the group that the caller is to be moved to, "" if there is none.
func (p *Place) moving() string {
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	return p.moveTo
}

// wanted reports whether a command wants the caller elsewhere: a transfer's offer can be taken, or
// the caller is to be moved.
func (p *Place) wanted() bool { return p.moving() != "" || p.transferWaits() }

// move takes the caller to the group that a command named. It returns false if an offer came first,
// which its call must give up.
func (p *Place) move() (next queue.Place, moved bool, err error) {
	d := p.dispatcher
	d.do(func(now time.Time) {
		if next, err = d.floor.Move(p.uuid, p.moveTo, now); errors.Is(err, queue.ErrTransfers) {
			err = nil
			return
		}
		moved = err == nil
		if p.moveTo = ""; moved {
			p.Place = next
		}
	})
	return next, moved, err
}

// dropSwitch says that the calls of a FreeSWITCH's earlier life will not come back.
func (d *Dispatcher) dropSwitch(coreUUID string) {
	d.do(func(time.Time) { d.floor.DropSwitch(coreUUID) })
}

// leave takes the call off the floor with whatever it still has there, and writes its CDR in the
// same step.
func (p *Place) leave(cdr queue.CDR) {
	p.off(func(now time.Time) {
		p.dispatcher.floor.Ended(cdr)
		p.dispatcher.floor.Leave(p.uuid, now)
	})
}

// leaveAbsent is leave for a caller who may come back on another connection. If the caller comes
// back, the place is still there, and the end there writes the CDR. Otherwise it is this one.
func (p *Place) leaveAbsent(a queue.Absent) {
	p.off(func(now time.Time) { p.dispatcher.floor.LeaveAbsent(p.uuid, a, now) })
}

func (p *Place) off(step func(now time.Time)) {
	d := p.dispatcher
	d.do(func(now time.Time) {
		d.letTell(p.untold)
		delete(d.places, p.uuid)
		step(now)
	})
}
