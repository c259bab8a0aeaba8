package acd

import (
	"context"
	"slices"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// The steps of a call on the floor; each is one step of the Dispatcher. All but the channels and endUntold are for the call's goroutine only.

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

// mayJoin is nil where a channel could join the group's line.
func (d *Dispatcher) mayJoin(uuid, group string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.floor.MayJoin(uuid, group)
}

// engage makes an agent who calls out talking; nil where the extension is no agent, or has an offer or a call.
func (d *Dispatcher) engage(extension, uuid string) (p agent.Profile, l *queue.Lease) {
	d.do(func(now time.Time) { p, l = d.floor.Engage(extension, uuid, now) })
	return p, l
}

// disengage ends that.
func (d *Dispatcher) disengage(l *queue.Lease) {
	d.do(func(now time.Time) { d.floor.End(l, now) })
}

// registered follows a phone's registration with a FreeSWITCH whose address is server ("" = not told).
func (d *Dispatcher) registered(extension string, is bool, server string) {
	d.do(func(now time.Time) { d.floor.Registration(extension, is, server, now) })
}

// join takes a place; it is not offered to anybody before open. soFar is the CDR of a call that comes back on another connection.
func (d *Dispatcher) join(a queue.Arrival) (p *Place, soFar queue.CDR, err error) {
	p = &Place{dispatcher: d, uuid: a.UUID, bell: make(chan struct{}, 1), stranded: make(chan struct{})}
	d.do(func(time.Time) {
		if p.Place, err = d.floor.Join(a); err == nil {
			d.places[a.UUID] = p
			soFar = d.lapsed[a.UUID].cdr
			d.lapsed[a.UUID].settle(d.journal)
			delete(d.lapsed, a.UUID)
		}
	})
	return p, soFar, err
}

// expects reports whether a place is kept for the caller, and in which group.
func (d *Dispatcher) expects(uuid string) (group string, kept bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	lapsed, kept := d.lapsed[uuid]
	return lapsed.cdr.Group, kept
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

// transferWaits reports whether a transfer's offer is there to be taken.
func (p *Place) transferWaits() bool {
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	return slices.ContainsFunc(p.pending, func(o *Offer) bool { return o.Transfer })
}

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

// confirm asks whether the reservation holds. With one server on the database it always does; with several this is the step that asks it.
func (p *Place) confirm(_ context.Context, o *Offer) bool {
	select {
	case <-o.expired:
		return false
	default:
		return true
	}
}

// answer turns the offer into a talk; false means that the lease is over and the leg must go.
func (p *Place) answer(o *Offer) (talk bool) {
	p.dispatcher.do(func(now time.Time) { talk = p.dispatcher.floor.Answer(o.Lease, now) })
	return talk
}

// bridged puts the talk in the place's stead: should we die, it is found, and should we die before, the caller comes back to the place.
func (p *Place) bridged(t queue.Talk) {
	d := p.dispatcher
	d.do(func(time.Time) {
		d.talks[t.CDR.UUID] = t
		d.floor.Bridged(t)
	})
}

// miss ends a lease whose leg failed; true means that the caller is back in the line.
func (p *Place) miss(o *Offer, unregistered bool) (back bool) {
	p.dispatcher.do(func(now time.Time) {
		back = p.dispatcher.floor.Miss(o.Lease, unregistered, now)
		p.drop(o.Lease)
	})
	return back
}

// withdraw ends an offer through no doing of the agent.
func (p *Place) withdraw(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.floor.Withdraw(o.Lease, now)
		p.drop(o.Lease)
	})
}

// forsake is withdraw where it is not known whether the leg is gone.
func (p *Place) forsake(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.floor.Forsake(o.Lease, now)
		p.drop(o.Lease)
	})
}

// stay keeps the caller, whose offer or talk was given up for a transfer. True means that the transfer has come to nothing and the caller is
// back in the line.
func (p *Place) stay() (back bool) {
	p.dispatcher.do(func(now time.Time) { back = p.dispatcher.floor.Stay(p.uuid, now) })
	return back
}

// end ends a talk, and says that its end is told.
func (p *Place) end(o *Offer) {
	p.dispatcher.do(func(now time.Time) {
		p.dispatcher.letTell(p.untold)
		p.dispatcher.floor.End(o.Lease, now)
		p.drop(o.Lease)
	})
}

// toldLimit is how long what is said of an agent waits for the call that is over.
const toldLimit = 200 * time.Millisecond

// endUntold ends a talk ahead of its call, which has yet to tell of it; nothing happens where the call was faster. It may be called from anywhere.
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

// has reports whether the offer, or the talk that it became, still stands.
func (p *Place) has(o *Offer) bool {
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	return slices.Contains(p.offers, o)
}

// entrust takes the call off the floor and leaves its agent in the talk, which goes on without us until endTalk.
func (p *Place) entrust() {
	d := p.dispatcher
	d.do(func(now time.Time) {
		delete(d.places, p.uuid)
		d.floor.Entrust(p.uuid, now)
	})
}

// endTalk ends a talk that no call of ours runs, and writes its CDR and the record of its offer in the same step.
func (d *Dispatcher) endTalk(t *queue.Talk) {
	d.do(func(now time.Time) {
		if end := d.untold[t.CDR.Agent]; end != nil && end.call == t.CDR.UUID { // it was over as it was entrusted
			d.letTell(end)
		}
		d.floor.EndTalk(t.CDR.Agent, t.CDR.UUID, now)
		d.journal.Write(queue.Change{Offer: &t.Offer})
		d.keepCDR(t.CDR)
	})
}

// forget says that the calls of a FreeSWITCH's earlier life will not come back.
func (d *Dispatcher) forget(coreUUID string) {
	d.do(func(time.Time) {
		for uuid, lapsed := range d.lapsed {
			if lapsed.coreUUID == coreUUID {
				d.floor.Forget(uuid)
			}
		}
	})
}

// leave takes the call off the floor with whatever it still has there, and writes its CDR in the same step. keep says that the caller may come
// back on another connection: then it finds its place again, and the CDR is that of its end there, or this one when it does not come.
func (p *Place) leave(keep bool, call lapse) {
	d := p.dispatcher
	d.do(func(now time.Time) {
		d.letTell(p.untold)
		delete(d.places, p.uuid)
		if keep && d.floor.Lapse(p.uuid, now) {
			d.lapsed[p.uuid] = call
			return
		}
		d.floor.Leave(p.uuid, now)
		call.settle(d.journal)
		d.keepCDR(call.cdr)
	})
}
