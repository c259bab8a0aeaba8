package acd

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// Dispatcher is the one owner of the floor: whatever happens to an agent, a group or a place in a line goes through it, is decided
// under its lock at once, and what follows is delivered before the lock is given back. It never looks around for work; its only
// goroutine waits for the next deadline.
type Dispatcher struct {
	journal  Journal
	identity string
	onStatus func(agent.LogEntry) // must not block; set before anything runs
	onCDR    func(queue.CDR)      // the same

	mu     sync.Mutex
	floor  *queue.Floor
	places map[string]*Place
	lapsed map[string]lapse      // calls that may come back, by uuid
	talks  map[string]queue.Talk // that go on and that the journal was told of, by the caller's uuid
	untold map[string]*untold    // ends of talks, by the agent's extension
	closed bool                  // shutting down: no transfers
	armed  time.Time             // the deadline run waits for
	rearm  chan struct{}         // holds one when armed moved
}

// Offer is a lease on its way to the call it is for.
type Offer struct {
	*queue.Lease
	expired chan struct{} // closed when the lease ran out
	after   *untold       // the end of the agent's talk before; nil where it is told
}

// Place is one call's place on the floor, as its goroutine holds it.
type Place struct {
	queue.Place
	dispatcher *Dispatcher
	uuid       string
	bell       chan struct{} // holds one when there is something new among the pending
	stranded   chan struct{} // closed when the group is gone
	offers     []*Offer      // that stand: one, and a transfer's beside it
	pending    []*Offer      // of those, the ones not taken yet
	untold     *untold       // the end of its talk, where the link told it; under the dispatcher's lock, as the two above
}

// untold is the end of a talk that the link has told us of, and its call has told nobody of yet. The agent is free, and called for the next caller;
// what is said of the agent and of that call waits for the call's word, but not for long: its connection may be dead.
type untold struct {
	call     string // uuid of the caller's channel
	agent    string
	told     chan struct{}    // closed then
	statuses []agent.LogEntry // that wait
	limit    *time.Timer
}

// lapse is a call that may come back.
type lapse struct {
	cdr      queue.CDR // that it gets when it does not
	coreUUID string    // of its FreeSWITCH; "" = not known any more

	// offer is its last one, of which nobody knows whether it became a talk: nil = there is none. It was missed, unless the talk is adopted.
	offer *queue.OfferRecord
}

// settle writes the record of the offer of which nobody knew: it did not become a talk.
func (was lapse) settle(j Journal) {
	if was.offer != nil {
		j.Write(queue.Change{Offer: was.offer})
	}
}

func newDispatcher(o Options, s queue.Snapshot) *Dispatcher {
	d := &Dispatcher{
		journal:  o.Journal,
		identity: o.Identity,
		onStatus: func(agent.LogEntry) {},
		floor:    queue.NewFloor(o.Settings.Floor, o.Seed),
		onCDR:    func(queue.CDR) {},
		places:   map[string]*Place{},
		lapsed:   map[string]lapse{},
		talks:    map[string]queue.Talk{},
		untold:   map[string]*untold{},
		rearm:    make(chan struct{}, 1),
	}
	for _, t := range s.Talks {
		d.talks[t.CDR.UUID] = t
	}
	s.Talks = goingOn(s.Talks)
	d.do(func(now time.Time) {
		d.floor.Load(s, now)
		for _, w := range s.Waiting {
			d.lapsed[w.UUID] = lapse{cdr: queue.CDR{
				UUID: w.UUID, Caller: w.Caller, Group: w.Group, VIP: w.VIP, Arrived: w.Since, Ended: now, Outcome: queue.Failed, Cause: errNotBack.Error(),
			}}
		}
		d.loadParted(now)
	})
	return d
}

// loadParted takes over the CDRs of callers who had been in a talk and waited again: of those who have a place, until they come back, or do not.
func (d *Dispatcher) loadParted(now time.Time) {
	for uuid, t := range d.talks {
		if !t.Parted {
			continue
		}
		t.CDR.Ended, t.CDR.Cause = now, errNotBack.Error()
		if _, waits := d.lapsed[uuid]; waits {
			d.lapsed[uuid] = lapse{cdr: t.CDR}
		} else {
			d.keepCDR(t.CDR)
		}
	}
}

// do runs one step on the floor and carries out what follows from it. It returns the journal's number of the last change so far. A call that got
// an offer runs before whoever made the step, who may have much to do yet.
func (d *Dispatcher) do(step func(now time.Time)) (sequence uint64) {
	sequence, offered := d.carryOut(step)
	if offered {
		runtime.Gosched()
	}
	return sequence
}

func (d *Dispatcher) carryOut(step func(now time.Time)) (sequence uint64, offered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	step(time.Now())
	effects := d.floor.Take()
	for _, l := range effects.Expired {
		d.expire(l)
	}
	for _, uuid := range effects.Stranded {
		if p := d.places[uuid]; p != nil {
			close(p.stranded)
			delete(d.places, uuid)
		}
	}
	for _, uuid := range effects.Forgotten {
		if lapsed, here := d.lapsed[uuid]; here {
			delete(d.lapsed, uuid)
			lapsed.settle(d.journal)
			d.keepCDR(lapsed.cdr)
		}
	}
	sequence = d.journal.Write(effects.Changes...)
	for _, status := range effects.Statuses {
		d.tellStatus(status)
	}
	d.rearmClock()
	for _, l := range effects.Offers {
		d.deliver(l) // last: who is woken last runs first
	}
	return sequence, len(effects.Offers) > 0
}

// tellStatus tells what became of an agent, in its turn.
func (d *Dispatcher) tellStatus(status agent.LogEntry) {
	if end := d.untold[status.Extension]; end != nil {
		end.statuses = append(end.statuses, status)
	} else {
		d.onStatus(status)
	}
}

// letTell lets go what waited for that end of a talk to be told; nil, or let go before, is nothing. It is part of a step.
func (d *Dispatcher) letTell(end *untold) {
	if end == nil || d.untold[end.agent] != end {
		return
	}
	delete(d.untold, end.agent)
	end.limit.Stop()
	for _, status := range end.statuses {
		d.onStatus(status)
	}
	close(end.told)
}

func (d *Dispatcher) deliver(l *queue.Lease) {
	p := d.places[l.Call]
	if p == nil {
		return
	}
	o := &Offer{Lease: l, expired: make(chan struct{}), after: d.untold[l.Agent.Extension]}
	p.offers = append(p.offers, o)
	p.pending = append(p.pending, o)
	signalOne(p.bell)
}

func (d *Dispatcher) expire(l *queue.Lease) {
	if p := d.places[l.Call]; p != nil {
		if o := p.drop(l); o != nil {
			close(o.expired)
		}
	}
}

// drop takes a lease that ended off the place's offers and returns its offer.
func (p *Place) drop(l *queue.Lease) (dropped *Offer) {
	is := func(o *Offer) bool { return o.Lease == l }
	if i := slices.IndexFunc(p.offers, is); i >= 0 {
		dropped = p.offers[i]
	}
	p.offers = slices.DeleteFunc(p.offers, is)
	p.pending = slices.DeleteFunc(p.pending, is)
	return dropped
}

// signalOne puts a token into a channel that holds one at most.
func signalOne(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// run lets deadlines happen until ctx is done.
func (d *Dispatcher) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			d.do(d.floor.Tick)
		case <-d.rearm:
		}
		d.mu.Lock()
		next := d.floor.Next()
		d.armed = next
		d.mu.Unlock()
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
	}
}

// rearmClock wakes run where the next deadline is not the one it waits for.
func (d *Dispatcher) rearmClock() {
	if next := d.floor.Next(); !next.IsZero() && (d.armed.IsZero() || next.Before(d.armed)) {
		signalOne(d.rearm)
	}
}

// command is do for a step that may be refused; it returns when what changed is safe.
func (d *Dispatcher) command(ctx context.Context, step func(now time.Time) error) error {
	var err error
	sequence := d.do(func(now time.Time) { err = step(now) })
	if err != nil {
		return err
	}
	return d.journal.Sync(ctx, sequence)
}

// keepCDR writes the CDR of a call that ended; it is part of a step.
func (d *Dispatcher) keepCDR(cdr queue.CDR) {
	delete(d.talks, cdr.UUID)
	changes := []queue.Change{{CDR: &cdr}}
	if cdr.Leg != "" { // there was a talk
		changes = append(changes, queue.Change{TalkOver: &cdr.UUID})
	}
	d.journal.Write(changes...)
	d.onCDR(cdr)
}

// part says that a talk is over and its call is not. The journal learns of it behind d.talks: a Rewrite in between is corrected.
func (d *Dispatcher) part(t queue.Talk) {
	t.Parted = true
	d.mu.Lock()
	d.talks[t.CDR.UUID] = t
	d.mu.Unlock()
	d.journal.Write(queue.Change{Talk: &t})
}

// Rewrite writes the present state of the floor and the talks to the journal anew, or (whole) all the floor knows: the database lacks it.
func (d *Dispatcher) Rewrite(whole bool) {
	d.do(func(time.Time) {
		d.floor.Rewrite(whole)
		still := queue.StillTalking{Server: d.identity, UUIDs: slices.Sorted(maps.Keys(d.talks))}
		var changes []queue.Change
		for _, uuid := range still.UUIDs {
			t := d.talks[uuid]
			changes = append(changes, queue.Change{Talk: &t})
		}
		d.journal.Write(append(changes, queue.Change{StillTalking: &still})...)
	})
}

// refuseTransfers says that we shut down: a caller taken out of a talk now would find nobody.
func (d *Dispatcher) refuseTransfers() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
}

// releaseHeld says that all that can be known of talks from before a restart is known.
func (d *Dispatcher) releaseHeld() { d.do(d.floor.ReleaseHeld) }

func (d *Dispatcher) configure(s queue.Settings) {
	d.do(func(time.Time) { d.floor.Configure(s) })
}
