package acd

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"nwayacd/queue"
)

// Figures are the server's numbers at one moment. None of them is counted by going through calls or
// agents.
type Figures struct {
	Floor    queue.Figures
	Phases   map[Phase]int // calls in each phase; a phase that no call has had yet is missing
	Draining bool          // the server shuts down and takes no calls

	// Counts since the start.
	Accepted        uint64 // connections of FreeSWITCH's socket application
	Refused         uint64 // connections that Options.Allow turned away
	RefusedCommands uint64 // commands of channels that were refused
	Panics          uint64 // calls whose control ended in a panic
}

// Figures returns the numbers. Those of the floor are taken between two of its steps, so they agree
// with each other.
func (s *Server) Figures() Figures {
	return Figures{
		Floor: s.Dispatcher.figures(), Phases: s.phases.all(), Draining: s.Draining(),
		Accepted: s.counts.accepted.Load(), Refused: s.counts.refused.Load(), Panics: s.counts.panics.Load(),
		RefusedCommands: s.counts.refusedCommands.Load(),
	}
}

// Draining reports whether the server shuts down and takes no more calls.
func (s *Server) Draining() bool { return s.drain.Err() != nil }

func (d *Dispatcher) figures() (figures queue.Figures) {
	d.do(func(now time.Time) {
		d.floor.Tick(now) // handles what is due by now, even if a timer is late
		figures = d.floor.Figures(now)
	})
	return figures
}

type counts struct{ accepted, refused, refusedCommands, panics atomic.Uint64 }

// phases counts the calls in each phase.
type phases struct {
	mu    sync.Mutex
	calls map[Phase]int
}

func (p *phases) move(from, to Phase) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls == nil {
		p.calls = map[Phase]int{}
	}
	if from != noPhase {
		p.calls[from]--
	}
	if to != noPhase {
		p.calls[to]++
	}
}

func (p *phases) all() map[Phase]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.calls)
}

// countPhase moves the call from its last phase to this one in the counts.
func (c *call) countPhase(phase Phase) {
	from := noPhase
	if view := c.view.Load(); view != nil {
		from = view.Phase
	}
	c.server.phases.move(from, phase)
}
