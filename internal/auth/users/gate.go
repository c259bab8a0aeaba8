package users

import (
	"context"
	"errors"
	"sync"
)

// ErrBusy says that too many passwords wait to be looked at. The client should try again.
var ErrBusy = errors.New("too many logins at once")

// Looking at a password takes 19 MiB and a core for some 30 ms. So there is one at a time.
const (
	mostWaiting       = 16 // passwords that wait to be looked at
	mostWaitingSource = 4  // of these from one source, so that one client does not take all places
)

// gate lets one goroutine at a time look at a password.
type gate struct {
	turn    chan struct{} // one slot, which the goroutine that looks has taken
	mu      sync.Mutex
	waiting map[string]int // by source
	total   int
}

func newGate() *gate { return &gate{turn: make(chan struct{}, 1), waiting: map[string]int{}} }

// enter waits for the turn of a client from the source. After nil the caller must leave. It returns
// ErrBusy at once if too many wait, and ctx's cause if ctx ends.
func (g *gate) enter(ctx context.Context, source string) error {
	select {
	case g.turn <- struct{}{}:
		return nil
	default:
	}
	if !g.queue(source) {
		return ErrBusy
	}
	defer g.unqueue(source)
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *gate) leave() { <-g.turn }

func (g *gate) queue(source string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.total >= mostWaiting || g.waiting[source] >= mostWaitingSource {
		return false
	}
	g.total++
	g.waiting[source]++
	return true
}

func (g *gate) unqueue(source string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.waiting[source]--; g.waiting[source] == 0 {
		delete(g.waiting, source)
	}
}
