package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// run is one run of a scenario.
type run struct {
	Options
	site   *site
	sw     *Switch
	result Result
	calls  sync.WaitGroup // every caller's goroutine

	before, after sample // around what is measured
	ended         int64  // calls that had ended when the load did
	recorded      int64  // call records that were in the database then
}

// sample is the state of everything at one moment.
type sample struct {
	at        time.Time
	server    usage
	generator usage
	machine   machine
	work      work
	completed int64
	arrived   int64
	waiting   int
}

func newRun(o Options, s *site) *run {
	return &run{
		Options: o, site: s, sw: s.sw,
		result: Result{Load: o.Load, Database: s.database.kind(), Secured: o.Secured, BootMS: ms(s.boot)},
	}
}

const (
	settleTime = 3 * time.Second  // after a flood, before the measurement
	endLimit   = 30 * time.Second // beyond the longest talk, for calls to end

	catchUpLimit = 2 * time.Minute
	catchUpLook  = 50 * time.Millisecond
)

// play runs the scenario and fills the result.
func (r *run) play(ctx context.Context) error {
	empty, err := r.site.server.used()
	if err != nil {
		return err
	}
	r.result.EmptyBytes = empty.resident
	defer r.calls.Wait()
	defer r.cut()
	r.fill(ctx)
	switch r.Scenario {
	case Flood:
		err = r.flood(ctx)
	case Drain:
		err = r.drain(ctx)
	default:
		err = r.steady(ctx)
	}
	if err == nil && ctx.Err() != nil {
		err = errInterrupted
	}
	if err != nil {
		return err
	}
	return r.finish(ctx)
}

var errInterrupted = errors.New("bench: interrupted: nothing was measured")

// cut breaks the connections of the calls that are left.
func (r *run) cut() {
	for _, c := range r.sw.everyCaller() {
		c.cut()
	}
}

// steady measures calls that arrive at the rate, after the warm-up.
func (r *run) steady(ctx context.Context) (err error) {
	var commands *commander
	if r.Scenario == Churn {
		if commands, err = r.site.server.commander(ctx); err != nil {
			return err
		}
		defer commands.close()
	}
	r.say("warming up for %s, measuring %s at %g calls/s", r.Warmup, r.Duration, r.Rate)
	start := time.Now()
	ctx, stop := context.WithDeadline(ctx, start.Add(r.Warmup+r.Duration))
	defer stop()
	var going sync.WaitGroup
	defer going.Wait()
	going.Go(func() { r.arrivals(ctx, start) }) // these end with ctx
	if commands != nil {
		going.Go(func() { r.churn(ctx, commands) })
	}
	pause(ctx, r.Warmup)
	r.sw.figures.reset()
	if r.before, err = r.sample(ctx); err != nil {
		return err
	}
	defer r.profile(ctx, r.Duration)()
	pause(ctx, r.Duration)
	r.after, err = r.sample(context.WithoutCancel(ctx))
	return err
}

// fillRate is how fast the callers of a flood come.
const fillRate = 1000

// fill lets the callers in who wait before the clock starts.
func (r *run) fill(ctx context.Context) {
	if r.Callers == 0 {
		return
	}
	r.say("%d callers come", r.Callers)
	start := time.Now()
	for i := range r.Callers {
		due := start.Add(time.Duration(i) * time.Second / fillRate)
		sleepUntil(due)
		if ctx.Err() != nil {
			return
		}
		r.arrive(ctx, due)
	}
}

// flood measures a server whose callers wait in groups without agents.
func (r *run) flood(ctx context.Context) (err error) {
	pause(ctx, min(settleTime, r.Duration))
	r.say("%d wait; nothing happens for %s", r.sw.holding.Load(), r.Duration)
	if r.before, err = r.sample(ctx); err != nil {
		return err
	}
	defer r.profile(ctx, r.Duration)()
	pause(ctx, r.Duration)
	r.after, err = r.sample(ctx)
	return err
}

// drain measures how agents who log in to a flood empty it.
func (r *run) drain(ctx context.Context) (err error) {
	pause(ctx, min(settleTime, r.Duration))
	commands, err := r.site.server.commander(ctx)
	if err != nil {
		return err
	}
	defer commands.close()
	r.say("%d agents log in to %d callers", r.Agents, r.sw.holding.Load())
	r.sw.figures.reset()
	if r.before, err = r.sample(ctx); err != nil {
		return err
	}
	defer r.profile(ctx, r.Duration)()
	empty := r.sw.empty()
	err = commands.each(ctx, r.Agents, func(i int) error {
		r.sw.phones[extension(i)].freed(true)
		return commands.do(ctx, loginLine(i, r.Groups))
	})
	if err != nil {
		return err
	}
	select {
	case <-empty:
	case <-time.After(r.Duration):
		r.sw.counts.note("the line was not empty after %s", r.Duration)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	r.after, err = r.sample(ctx)
	return err
}

// arrivals lets callers in at the rate until ctx is done. They come at random, but by the clock,
// and independent of the other callers.
func (r *run) arrivals(ctx context.Context, start time.Time) {
	chance := rand.New(rand.NewPCG(r.Seed, 0))
	for due := start; ; {
		due = due.Add(time.Duration(chance.ExpFloat64() / r.Rate * float64(time.Second)))
		sleepUntil(due)
		if ctx.Err() != nil {
			return
		}
		r.arrive(context.WithoutCancel(ctx), due)
	}
}

// arrive lets one caller in.
func (r *run) arrive(ctx context.Context, due time.Time) {
	r.calls.Go(func() { // ends with the call; finish hangs up and waits
		r.sw.figures.lateness.record(time.Since(due))
		r.sw.arrive(ctx, due)
	})
}

// churn makes agents come and go until ctx is done.
func (r *run) churn(ctx context.Context, commands *commander) {
	chance := rand.New(rand.NewPCG(r.Seed, 2))
	var moves sync.WaitGroup
	defer moves.Wait()
	for ctx.Err() == nil {
		pause(ctx, time.Duration(chance.ExpFloat64()/r.Churn*float64(time.Second)))
		agent, out := chance.IntN(r.Agents), chance.IntN(2) == 0
		moves.Go(func() { r.move(ctx, commands, agent, out) }) // ends soon after ctx
	}
}

// away is how long an agent of a churn is busy or logged out.
const away = 2 * time.Second

// move takes an agent off work and brings it back.
func (r *run) move(ctx context.Context, commands *commander, agent int, out bool) {
	ext := extension(agent)
	leave, back := "nway_busy "+ext, "nway_ready "+ext
	if out {
		leave, back = "nway_logout "+ext, loginLine(agent, r.Groups)
	}
	ctx, p := context.WithoutCancel(ctx), r.sw.phones[ext]
	p.leaves()
	r.command(ctx, commands, leave)
	pause(ctx, away)
	p.returns()
	r.command(ctx, commands, back)
}

func (r *run) command(ctx context.Context, commands *commander, line string) {
	r.sw.counts.moves.Add(1)
	if err := commands.do(ctx, line); err != nil {
		r.sw.counts.note("%s: %v", line, err)
		r.sw.counts.mistakes.Add(1)
	}
}

// pause returns after d or when ctx is done.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (r *run) sample(ctx context.Context) (s sample, err error) {
	if s.server, err = r.site.server.used(); err != nil {
		return s, err
	}
	if s.generator, err = used(os.Getpid()); err != nil {
		return s, err
	}
	s.at, s.machine, s.work = s.server.at, machineUse(), r.site.database.done(ctx, r.site.server)
	s.completed, s.arrived, s.waiting = r.sw.counts.completed.Load(), r.sw.counts.arrived.Load(),
		int(r.sw.holding.Load())
	return s, nil
}

// finish lets the talks end, hangs up the waiting callers, stops the server and counts its records.
func (r *run) finish(ctx context.Context) error {
	r.ended = r.sw.counts.completed.Load() + r.sw.counts.unanswered.Load()
	r.recorded, _, _ = r.site.database.records(ctx, r.site.mark) // 0 if it cannot be asked, which the report shows
	r.say("the callers go")
	empty := r.sw.empty()
	for _, c := range r.sw.everyCaller() {
		c.mu.Lock()
		waits := c.leg == nil && !c.talked
		c.mu.Unlock()
		if waits {
			c.hangUp()
		}
	}
	limit := time.NewTimer(r.Ring + 2*r.Talk + endLimit)
	defer limit.Stop()
	select {
	case <-empty:
	case <-limit.C:
		r.sw.counts.note("%d calls did not end", len(r.sw.everyCaller()))
	case <-ctx.Done():
	}
	r.cut()
	r.calls.Wait()
	r.caughtUp(ctx)
	stopping := time.Now()
	if err := r.site.server.stop(); err != nil {
		return err
	}
	r.result.StopMS = ms(time.Since(stopping))
	rows, calls, err := r.site.database.records(context.WithoutCancel(ctx), r.site.mark)
	if err != nil {
		return err
	}
	r.fillResult(rows, calls)
	return nil
}

// caughtUp waits until the database has every call's record, and records how long that took.
func (r *run) caughtUp(ctx context.Context) {
	began := time.Now()
	ctx, stop := context.WithTimeout(ctx, catchUpLimit)
	defer stop()
	look := time.NewTicker(catchUpLook)
	defer look.Stop()
	for ctx.Err() == nil {
		if _, calls, err := r.site.database.records(ctx, r.site.mark); err == nil &&
			calls >= r.sw.counts.connected.Load() {
			break
		}
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
	r.result.CaughtUpMS = ms(time.Since(began))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
