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

// The steps of a call on the floor. Each is one step of the Dispatcher. They are for the call's
// goroutine only, except the channels and endEarly.

// blacklisted reports whether the group refuses the caller.
func (d *Dispatcher) blacklisted(a queue.Arrival, dialled string) (refused bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Blacklisted(a.Caller, dialled, a.Group, a.Since)
}

// group returns a group by its number. It returns false if there is none.
func (d *Dispatcher) group(number string) (queue.Group, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Group(number)
}

// engage makes an agent who calls out talking. The lease is nil if the extension is no agent, or
// has an offer or a call.
func (d *Dispatcher) engage(extension, uuid string) (p agent.Profile, l *queue.Lease) {
	d.do(func(now time.Time) { p, l = d.floor.Engage(extension, uuid, now) })
	return p, l
}

// disengage ends the lease of engage.
func (d *Dispatcher) disengage(l *queue.Lease) {
	d.do(func(now time.Time) { d.floor.End(l, now) })
}

// registered records whether a phone of the extension is registered, and the address of its
// FreeSWITCH ("" = unknown).
func (d *Dispatcher) registered(extension string, is bool, server string) {
	d.do(func(now time.Time) { d.floor.Registration(extension, is, server, now) })
}

// registeredAnew records that a phone of the extension has registered that was not there before. It
// ends a rest of the agent.
func (d *Dispatcher) registeredAnew(extension string) {
	d.do(func(now time.Time) { d.floor.EndRest(extension, now) })
}

// join takes a place in the line. The call is offered to agents only after open.
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

// open makes the call available for offers, because the welcome is over.
func (p *Place) open() {
	p.dispatcher.do(func(now time.Time) { p.dispatcher.floor.Open(p.uuid, now) })
}

// take returns the offer for which to ring now, or nil if there is none.
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

// transfer returns the pending offer of a transfer, or nil if there is none. It leaves the offer
// pending.
func (p *Place) transfer() *Offer {
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	if i := slices.IndexFunc(p.pending, func(o *Offer) bool { return o.Transfer }); i >= 0 {
		return p.pending[i]
	}
	return nil
}

// transferWaits reports whether an offer of a transfer is pending.
func (p *Place) transferWaits() bool { return p.transfer() != nil }

// wasRequeued reports whether an expired offer has put the caller back into the line. It returns
// false if the group was removed, or if the call has an offer of a transfer.
func (p *Place) wasRequeued() bool {
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	select {
	case <-p.stranded:
		return false
	default:
		return !slices.ContainsFunc(p.offers, func(o *Offer) bool { return o.Transfer })
	}
}

// confirm reports whether the offer's lease is still valid.
func (p *Place) confirm(_ context.Context, o *Offer) bool {
	select {
	case <-o.expired:
		return false
	default:
		return true
	}
}

// answer turns the offer into a talk. It returns false if the lease is over. The leg must then be
// ended.
func (p *Place) answer(o *Offer) (talk bool) {
	p.dispatcher.do(func(now time.Time) { talk = p.dispatcher.floor.Answer(o.Lease, now) })
	return talk
}

// bridged replaces the caller's waiting row with the talk. If this process dies afterwards, the
// talk is found. If it dies before, the caller comes back to the place.
func (p *Place) bridged(t queue.Talk) {
	p.dispatcher.do(func(time.Time) { p.dispatcher.floor.Bridged(t) })
}

// miss ends the lease of an offer whose leg failed. It returns true if the caller is back in the
// line.
func (p *Place) miss(o *Offer, m queue.Miss) (back bool) {
	p.dispatcher.do(func(now time.Time) {
		back = p.dispatcher.floor.Miss(o.Lease, m, now)
		p.drop(o.Lease)
	})
	return back
}

// spare keeps the caller from the agent of the offer for as long as after a miss.
func (p *Place) spare(o *Offer) {
	p.dispatcher.do(func(now time.Time) { p.dispatcher.floor.Spare(o.Lease, now) })
}

// withdraw ends an offer for another reason than a miss.
func (p *Place) withdraw(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.floor.Withdraw(o.Lease, now)
		p.drop(o.Lease)
	})
}

// offerEnded writes the record of an offer that is over, and returns it with what the floor knows
// of it. first is false if the process before wrote it.
func (p *Place) offerEnded(o *Offer, record queue.OfferRecord) (whole queue.OfferRecord, first bool) {
	p.dispatcher.do(func(time.Time) { whole, first = p.dispatcher.floor.OfferEnded(o.Lease, record) })
	return whole, first
}

// held records that the agent of the talk holds the caller, or does so no more. Any goroutine may
// call it.
func (p *Place) held(o *Offer, hold bool) {
	p.dispatcher.do(func(now time.Time) { p.dispatcher.floor.Hold(o.Lease, hold, now) })
}

// abandon ends an offer whose leg may still ring. The agent is not free before the lease's
// deadline.
func (p *Place) abandon(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.floor.Abandon(o.Lease, now)
		p.drop(o.Lease)
	})
}

// stay keeps a caller whose offer or talk was given up for a transfer. It returns true if the
// transfer has failed and the caller is back in the line.
func (p *Place) stay() (back bool) {
	p.dispatcher.do(func(now time.Time) { back = p.dispatcher.floor.Stay(p.uuid, now) })
	return back
}

// end ends a talk whose end has been announced.
func (p *Place) end(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.flushEarlyEnd(p.earlyEnd)
		p.dispatcher.floor.End(o.Lease, now)
		p.drop(o.Lease)
	})
}

// earlyEndLimit is how long the events about an agent wait for the call of the agent's last talk.
const earlyEndLimit = 200 * time.Millisecond

// endEarly ends a talk before its call has announced the end. It does nothing if the call was
// faster. Any goroutine may call it.
func (p *Place) endEarly(o *Offer) {
	d, who := p.dispatcher, o.Agent.Extension
	d.do(func(now time.Time) {
		if d.places[p.uuid] != p || d.earlyEnds[who] != nil || p.drop(o.Lease) == nil {
			return
		}
		end := &earlyEnd{call: p.uuid, agent: who, announced: make(chan struct{})}
		end.limit = time.AfterFunc(earlyEndLimit, func() { d.do(func(time.Time) { d.flushEarlyEnd(end) }) })
		p.earlyEnd, d.earlyEnds[who] = end, end
		d.floor.End(o.Lease, now)
	})
}

// requeued records that a talk is over and that its caller waits here again.
func (p *Place) requeued(t queue.Talk) {
	p.dispatcher.do(func(time.Time) { p.dispatcher.floor.Requeued(t) })
}

// recover puts a talk on the floor that a link has found at its FreeSWITCH and that is not in the
// journal. It returns the talk with what is known of its caller. ok is false if no place is kept
// for the caller or the agent has something else.
func (d *Dispatcher) recover(t queue.Talk) (whole queue.Talk, ok bool) {
	d.do(func(now time.Time) { whole, ok = d.floor.RecoverTalk(t, now) })
	return whole, ok
}

// resume returns the place and the offer of a talk that is on the floor and that no call follows.
// ok is false if there is none.
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

// talks returns the talks that are on the floor.
func (d *Dispatcher) talks() []queue.Talk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Talks()
}

// absent returns the uuids of the callers for whom a place is kept.
func (d *Dispatcher) absent() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.Absent()
}

// dropAbsent removes the places of absent callers who have hung up.
func (d *Dispatcher) dropAbsent(uuids []string) {
	d.do(func(time.Time) {
		for _, uuid := range uuids {
			d.floor.DropAbsent(uuid)
		}
	})
}

// detach leaves a talk on the floor without a call. The next call that follows the talk finds it
// there.
func (p *Place) detach() {
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

// requestMove asks the call of a waiting caller to go to another group. Errors:
//   - queue.ErrNoGroup and queue.ErrNoCall;
//   - queue.ErrCallHere if the caller waits in that group already;
//   - queue.ErrTransfers if another move is pending.
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

// moving returns the group to which the caller is to be moved, or "".
func (p *Place) moving() string {
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	return p.moveTo
}

// wanted reports whether a command wants the caller elsewhere, by a transfer or a move.
func (p *Place) wanted() bool { return p.moving() != "" || p.transferWaits() }

// move moves the caller to the group that a command named. moved is false, with no error, if an
// offer came first, which the call must give up.
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

// dropSwitch records that a FreeSWITCH has restarted, so its earlier calls will not come back.
func (d *Dispatcher) dropSwitch(coreUUID string) {
	d.do(func(time.Time) { d.floor.DropSwitch(coreUUID) })
}

// leave removes the call from the floor with all that it has there, and writes its CDR in the same
// step.
func (p *Place) leave(cdr queue.CDR) {
	p.off(func(now time.Time) {
		p.dispatcher.floor.Ended(cdr)
		p.dispatcher.floor.Leave(p.uuid, now)
	})
}

// leaveAbsent removes the call from the floor, but keeps its place, because the caller may come
// back on another connection. If the caller comes back, the visit goes on there. Otherwise a.CDR is
// written.
func (p *Place) leaveAbsent(a queue.Absent) {
	p.off(func(now time.Time) { p.dispatcher.floor.LeaveAbsent(p.uuid, a, now) })
}

func (p *Place) off(step func(now time.Time)) {
	d := p.dispatcher
	d.do(func(now time.Time) {
		d.flushEarlyEnd(p.earlyEnd)
		delete(d.places, p.uuid)
		step(now)
	})
}
