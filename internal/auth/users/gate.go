package users

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrBusy says that too many passwords wait to be looked at. The client should try again.
var ErrBusy = errors.New("too many logins at once")

// Looking at a password takes 19 MiB and a core for some 30 ms. So there is one at a time.
const (
	mostStrangers       = 16  // passwords of strangers that wait to be looked at
	mostStrangersSource = 4   // of these from one source, so that one client does not take all places
	mostKnown           = 256 // that wait, of users who have logged in from there, or who have shown a right secret
)

// lane is a line of goroutines that wait to look at a password.
type lane int

const (
	// known is for clients that were right before: a source or a browser that has logged the name
	// in, a session, an administrator's order. It comes first. Each pair has few tries, so it
	// cannot fill the lane.
	known lane = iota
	strangers
	lanes
)

// gate lets one goroutine at a time look at a password. Tries of strangers, however many, cost
// those of the lane known no place and no more than the one turn that has begun.
type gate struct {
	mu      sync.Mutex
	taken   bool
	lines   [lanes][]chan struct{} // the oldest first; a channel is closed when it is its turn
	waiting map[string]int         // strangers, by source
	began   time.Time              // of the turn
	took    time.Duration          // the last turn
}

func newGate() *gate { return &gate{waiting: map[string]int{}} }

// enter waits for the turn of a client from the source. After nil the caller must leave. It returns
// ErrBusy at once if too many wait, and ctx's cause if ctx ends.
func (g *gate) enter(ctx context.Context, in lane, source string) error {
	turn, err := g.queue(in, source)
	if err != nil || turn == nil {
		return err
	}
	select {
	case <-turn:
		g.unqueue(in, source)
		return nil
	case <-ctx.Done():
		g.giveUp(in, turn)
		g.unqueue(in, source)
		return context.Cause(ctx)
	}
}

// queue takes the turn, or a place in the lane. turn is nil if the caller has the turn.
func (g *gate) queue(in lane, source string) (turn chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.taken {
		g.taken, g.began = true, time.Now()
		return nil, nil
	}
	if g.full(in, source) {
		return nil, ErrBusy
	}
	if in == strangers {
		g.waiting[source]++
	}
	turn = make(chan struct{})
	g.lines[in] = append(g.lines[in], turn)
	return turn, nil
}

// full reports whether the lane has no place for the source.
func (g *gate) full(in lane, source string) bool {
	if in == known {
		return len(g.lines[known]) >= mostKnown
	}
	return len(g.lines[strangers]) >= mostStrangers || g.waiting[source] >= mostStrangersSource
}

// refusesStrangers reports whether a stranger from the source would be refused now.
func (g *gate) refusesStrangers(source string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.taken && g.full(strangers, source)
}

// pretend waits for as long as the last look at a password took. So the time of an answer does not
// show whether a password was looked at.
func (g *gate) pretend(ctx context.Context) {
	g.mu.Lock()
	took := g.took
	g.mu.Unlock()
	timer := time.NewTimer(took)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (g *gate) unqueue(in lane, source string) {
	if in == known {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting[source]--; g.waiting[source] == 0 {
		delete(g.waiting, source)
	}
}

// giveUp leaves the line. If the turn came at the same moment, the next one gets it.
func (g *gate) giveUp(in lane, turn chan struct{}) {
	g.mu.Lock()
	at := slices.Index(g.lines[in], turn)
	if at >= 0 {
		g.lines[in] = slices.Delete(g.lines[in], at, at+1)
	}
	g.mu.Unlock()
	if at < 0 {
		g.leave()
	}
}

// leave gives the turn to the next one.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.took, g.began = now.Sub(g.began), now
	for in := range g.lines {
		if line := g.lines[in]; len(line) > 0 {
			g.lines[in] = line[1:]
			close(line[0])
			return
		}
	}
	g.taken = false
}
