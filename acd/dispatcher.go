package acd

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// Dispatcher is the one owner of the floor. Whatever happens to an agent, a group or a place in a
// line goes through it. It is decided under its lock at once, and what follows is delivered before
// the lock is given back. The Dispatcher never looks around for work. Its only goroutine waits for
// the next deadline.
type Dispatcher struct {
	journal  Journal
	identity string
	onStatus func(agent.LogEntry) // must not block; set before anything runs
	onCDR    func(queue.CDR)      // the same
	notBack  func(queue.Waiting)  // the same

	mu        sync.Mutex
	floor     *queue.Floor
	places    map[string]*Place
	earlyEnds map[string]*earlyEnd // ends of talks, by the agent's extension
	closed    bool                 // shutting down: no transfers
	armed     time.Time            // the deadline run waits for
	rearm     chan struct{}        // holds one when armed moved
}

// Offer is a lease on its way to the call it is for.
type Offer struct {
	*queue.Lease
	expired           chan struct{} // closed when the lease ran out
	afterEnd          *earlyEnd     // the end of the agent's talk before; nil if it is announced
	transferAnnounced bool          // info/transfered is announced; the call's goroutine only
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
	moveTo     string        // group that a command moves the caller to; "" = none
	earlyEnd   *earlyEnd     // the end of its talk, if the link reported it; under the dispatcher's lock
}

// earlyEnd is the end of a talk that the link has reported and the talk's own call has not
// announced yet. The agent is free, and called for the next caller. What is announced of the agent
// and of that next call waits for the talk's call, but not for long: its connection may be dead.
type earlyEnd struct {
	call      string // uuid of the caller's channel
	agent     string
	announced chan struct{}    // closed then
	statuses  []agent.LogEntry // that wait
	limit     *time.Timer
}

func newDispatcher(o Options, s queue.Snapshot) *Dispatcher {
	d := &Dispatcher{
		journal:   o.Journal,
		identity:  o.Identity,
		onStatus:  func(agent.LogEntry) {},
		floor:     queue.NewFloor(o.Settings.Floor, o.Seed),
		onCDR:     func(queue.CDR) {},
		notBack:   func(queue.Waiting) {},
		places:    map[string]*Place{},
		earlyEnds: map[string]*earlyEnd{},
		rearm:     make(chan struct{}, 1),
	}
	d.do(func(now time.Time) { d.floor.Load(s, now) })
	return d
}

// do runs one step on the floor and carries out what follows from it. It returns the journal's
// number of the last change so far. A call that got an offer runs before the caller of do, which
// may have much to do yet.
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
	effects := d.floor.TakeEffects()
	for _, l := range effects.Expired {
		d.expire(l)
	}
	for _, uuid := range effects.GroupRemoved {
		if p := d.places[uuid]; p != nil {
			close(p.stranded)
			delete(d.places, uuid)
		}
	}
	sequence = d.journal.Write(effects.Changes...)
	for _, cdr := range effects.Ended {
		d.onCDR(cdr)
	}
	for _, w := range effects.NotBack {
		d.notBack(w)
	}
	for _, status := range effects.Statuses {
		d.announceStatus(status)
	}
	d.rearmClock()
	for _, l := range effects.Offers {
		d.deliver(l) // last: the goroutine that is woken last runs first
	}
	return sequence, len(effects.Offers) > 0
}

// announceStatus announces what became of an agent, in its turn.
func (d *Dispatcher) announceStatus(status agent.LogEntry) {
	if end := d.earlyEnds[status.Extension]; end != nil {
		end.statuses = append(end.statuses, status)
	} else {
		d.onStatus(status)
	}
}

// flushEarlyEnd announces what waited for that end of a talk. It does nothing for nil, and the
// second time. It is part of a step.
func (d *Dispatcher) flushEarlyEnd(end *earlyEnd) {
	if end == nil || d.earlyEnds[end.agent] != end {
		return
	}
	delete(d.earlyEnds, end.agent)
	end.limit.Stop()
	for _, status := range end.statuses {
		d.onStatus(status)
	}
	close(end.announced)
}

func (d *Dispatcher) deliver(l *queue.Lease) {
	p := d.places[l.Call]
	if p == nil {
		return
	}
	o := &Offer{Lease: l, expired: make(chan struct{}), afterEnd: d.earlyEnds[l.Agent.Extension]}
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

// rearmClock wakes run if the next deadline is not the one it waits for.
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

// Resync writes the present state of the floor to the journal anew, or (whole) all the floor
// knows: the database lacks it.
func (d *Dispatcher) Resync(whole bool) {
	d.do(func(time.Time) { d.floor.Resync(whole, d.identity) })
}

// refuseTransfers says that the server shuts down: a caller taken out of a talk now would find no
// agent.
func (d *Dispatcher) refuseTransfers() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
}

// releaseReserved says that all that can be known of talks from before a restart is known.
func (d *Dispatcher) releaseReserved() { d.do(d.floor.ReleaseReserved) }

func (d *Dispatcher) configure(s queue.Settings) {
	d.do(func(time.Time) { d.floor.Configure(s) })
}
