package main

import (
	"context"
	"fmt"
	"time"
)

// lister judges what nwayacd's lists say at one moment.
type lister interface {
	look(agents []listedAgent, calls []listedCall)
	unsure() *doubts
}

// silentLists is for how long the command port may give no list while nothing is broken. It is
// longer than one request may take.
const silentLists = patience + 5*time.Second

// looks lets j look at nwayacd's lists every second while it is calm, until ctx is done. A server
// whose command port is silent meanwhile violates an invariant, too. Otherwise a server that hangs
// would not be judged at all.
func (s *soak) looks(ctx context.Context, j lister) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var silent time.Time // since then there are no lists; zero = there are
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if s.breaker.calm() < calmAfter {
			j.unsure().forget()
			silent = time.Time{}
			continue
		}
		asked := time.Now()
		var agents []listedAgent
		var calls []listedCall
		if s.list(ctx, "nway_list_exts", &agents) == nil && s.list(ctx, "nway_list_calls", &calls) == nil {
			silent = time.Time{}
			s.figures.count(&s.figures.Looks)
			j.unsure().next()
			j.look(agents, calls)
			continue
		}
		j.unsure().forget()
		if silent.IsZero() {
			silent = asked
		}
		if long := time.Since(silent); long > silentLists && j.unsure().isNew("no lists") {
			s.violate("no lists", fmt.Sprintf("nwayacd has given no lists for %s", long.Round(time.Millisecond)), nil)
		}
	}
}

// doubts are what is not as it should be, and since when. Most of it is right a moment later.
type doubts struct {
	before, now map[string]time.Time // since when, at the last look and at this one
	told        map[string]bool
}

func newDoubts() *doubts {
	return &doubts{before: map[string]time.Time{}, now: map[string]time.Time{}, told: map[string]bool{}}
}

// next begins a look.
func (d *doubts) next() { d.before, d.now = d.now, map[string]time.Time{} }

// forget makes all doubts begin anew.
func (d *doubts) forget() { clear(d.now) }

// lasts records a doubt at this look. It returns true if all looks had it for longer than the
// bound.
func (d *doubts) lasts(key string, bound time.Duration) bool {
	since, known := d.before[key]
	if !known {
		since = time.Now()
	}
	d.now[key] = since
	return time.Since(since) > bound
}

// isNew returns true the first time that it is called with the key.
func (d *doubts) isNew(key string) bool {
	is := !d.told[key]
	d.told[key] = true
	return is
}
