package acd

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// Dispatcher is the only owner of the floor. Everything that happens to an agent, a group or a
// place in a line goes through it.
//
// It decides under its lock, and delivers the results before it unlocks. It never searches for
// work. Its only goroutine waits for the next deadline.
type Dispatcher struct {
	journal  Journal
	identity string
	onStatus func(agent.StatusEvent) // must not block; set before anything runs
	onCDR    func(queue.CDR)         // the same as onStatus
	notBack  func(queue.Waiting)     // the same as onStatus

	mu        sync.Mutex
	floor     *queue.Floor
	places    map[string]*Place
	earlyEnds map[string]*earlyEnd // early ends that are not announced yet, by the agent's extension
	closed    bool                 // the server shuts down, so no transfer begins
	entry     *auth.Entry          // for the audit log, written with the changes of the present step
	armed     time.Time            // the deadline that run waits for
	rearm     chan struct{}        // has a token if run must wait for another deadline
	watched   chan struct{}        // has a token if the floor has changed; nil = nobody watches
}

// Offer is a lease on its way to the call for which it is.
type Offer struct {
	*queue.Lease
	expired           chan struct{} // closed when the lease has expired
	afterEnd          *earlyEnd     // the end of the agent's last talk; nil if it is announced
	transferAnnounced bool          // info/transfered was sent; for the call's goroutine only
}

// Place is the place of one call on the floor. The call's goroutine holds it.
type Place struct {
	queue.Place
	dispatcher *Dispatcher
	uuid       string
	bell       chan struct{} // has a token if pending or moveTo has changed
	stranded   chan struct{} // closed when the group was removed
	offers     []*Offer      // offers that are not over: one, and perhaps another by a transfer
	pending    []*Offer      // the offers that the call has not taken yet
	moveTo     string        // group to which a command moves the caller; "" = none
	earlyEnd   *earlyEnd     // the early end of its talk; nil = none; under the dispatcher's lock
}

// earlyEnd is the end of a talk that a link has reported and that the talk's own call has not
// announced yet. The agent is free already, and may be called for the next caller. The events about
// the agent and that next call wait until the talk's call has announced the end, but not longer
// than earlyEndLimit. The connection of that call may be dead.
type earlyEnd struct {
	call      string // uuid of the caller's channel
	agent     string
	announced chan struct{}       // closed when the end is announced, or earlyEndLimit is over
	statuses  []agent.StatusEvent // the agent's statuses that wait
	limit     *time.Timer
}

func newDispatcher(o Options, s queue.Snapshot) *Dispatcher {
	d := &Dispatcher{
		journal:   o.Journal,
		identity:  o.Identity,
		onStatus:  func(agent.StatusEvent) {},
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

// do runs one step on the floor and carries out its effects. It returns the journal's number of the
// last change so far. If a call got an offer, that call's goroutine may run before the caller of
// do, which may have much to do yet.
func (d *Dispatcher) do(step func(now time.Time)) (sequence uint64) {
	sequence, offered := d.carryOut(step)
	if offered {
		runtime.Gosched()
	}
	return sequence
}

// Beat returns when the dispatcher has done an empty step. A watchdog calls it, because a server
// whose dispatcher hangs serves no call.
func (d *Dispatcher) Beat() { d.do(func(time.Time) {}) }

func (d *Dispatcher) carryOut(step func(now time.Time)) (sequence uint64, offered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.floor.Begin(now)
	step(now)
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
	if d.entry != nil {
		effects.Changes = append(effects.Changes, queue.Change{Auth: &auth.Change{Audit: d.entry}})
		d.entry = nil
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
	d.ringWatch()
	d.rearmClock()
	for _, l := range effects.Offers {
		d.deliver(l) // last, because the goroutine that is woken last runs first
	}
	return sequence, len(effects.Offers) > 0
}

// announceStatus sends the events about an agent's new status, or keeps them for an early end of
// that agent.
func (d *Dispatcher) announceStatus(status agent.StatusEvent) {
	if end := d.earlyEnds[status.Extension]; end != nil {
		end.statuses = append(end.statuses, status)
	} else {
		d.onStatus(status)
	}
}

// flushEarlyEnd sends the statuses that waited for that early end, and lets the agent's next call
// continue. It does nothing if end is nil or was flushed before. It runs inside a step.
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

// drop removes a lease that ended from the place's offers. It returns the offer, or nil if it was
// not there.
func (p *Place) drop(l *queue.Lease) (dropped *Offer) {
	is := func(o *Offer) bool { return o.Lease == l }
	if i := slices.IndexFunc(p.offers, is); i >= 0 {
		dropped = p.offers[i]
	}
	p.offers = slices.DeleteFunc(p.offers, is)
	p.pending = slices.DeleteFunc(p.pending, is)
	return dropped
}

// signalOne puts a token into a channel with room for one. It does nothing if there is one already.
func signalOne(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// run handles deadlines until ctx is done.
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

// rearmClock wakes run if the next deadline is earlier than the one it waits for.
func (d *Dispatcher) rearmClock() {
	if next := d.floor.Next(); !next.IsZero() && (d.armed.IsZero() || next.Before(d.armed)) {
		signalOne(d.rearm)
	}
}

// command is do for a step that may be refused. It returns the step's error, or waits until the
// change is safe. The entry for the audit log is in the same write as the changes.
func (d *Dispatcher) command(ctx context.Context, step func(now time.Time) error) error {
	var err error
	by, _ := auth.From(ctx)
	sequence := d.do(func(now time.Time) {
		d.floor.OrderedBy(by.Name)
		defer d.floor.OrderedBy("")
		if err = step(now); err == nil {
			d.entry = auth.TakeEntry(ctx, now)
		}
	})
	if err != nil {
		return err
	}
	return d.journal.Sync(ctx, sequence)
}

// Resync writes the present state of the floor to the journal again, because the database lacks it.
// If whole is true, it writes all that the floor knows.
func (d *Dispatcher) Resync(whole bool) {
	d.do(func(time.Time) { d.floor.Resync(whole, d.identity) })
}

// refuseTransfers refuses transfers from now on, because the server shuts down. A caller taken out
// of a talk now would find no agent.
func (d *Dispatcher) refuseTransfers() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
}

// releaseReserved frees the agents who were reserved at the start. All that can be known about
// talks from before a restart is known now.
func (d *Dispatcher) releaseReserved() { d.do(d.floor.ReleaseReserved) }

func (d *Dispatcher) configure(s queue.Settings) {
	d.do(func(time.Time) { d.floor.Configure(s) })
}
