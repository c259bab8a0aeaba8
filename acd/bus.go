package acd

import (
	"context"
	"errors"
	"sync"
	"time"

	"nwayacd/esl"
)

// busRoom is how many events are kept. A listener that reconnects can ask for the events that it
// missed, and a slow one may fall behind by this many.
const busRoom = 8192

// Event is one nwayacd:: event. FreeSWITCH gets the same.
type Event struct {
	ID       uint64 // counts from 1 since this process started, in the order of the events
	At       time.Time
	Subclass string // nwayacd::queue, nwayacd::info, nwayacd::agent
	Headers  []esl.Header
	// Left has the groups that an agent has left by a logout. No header has them: they say whose
	// listeners the event is for.
	Left []string
}

// Get returns the value of a header, or "" if there is none.
func (e Event) Get(name string) string {
	for _, h := range e.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// fire is the command that fires the event into FreeSWITCH.
func (e Event) fire() esl.Command { return esl.Fire(e.Subclass, e.Headers...) }

// ErrSlow is returned to a listener that has fallen behind by more than the events that are kept.
// Such a listener is cut off. No publisher waits for it.
var ErrSlow = errors.New("acd: the listener was too slow for the events")

// Bus hands events to the listeners on our own ports. Publishing never waits. A listener is a
// position in the ring of events and a channel that wakes it.
type Bus struct {
	mu        sync.Mutex
	ring      []Event // the last busRoom events; the event with ID n is at n % busRoom
	last      uint64
	listeners map[*Listener]struct{}
}

// Listener is one reader of the events. It is for one goroutine.
type Listener struct {
	bus  *Bus
	read uint64 // ID of the last event read
	bell chan struct{}
}

func newBus() *Bus { return &Bus{listeners: map[*Listener]struct{}{}} }

// publish gives the event its ID, adds it to the ring and wakes the listeners.
func (b *Bus) publish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	e.ID = b.last
	if len(b.ring) < busRoom {
		if len(b.ring) == 0 {
			b.ring = append(b.ring, Event{}) // IDs count from 1
		}
		b.ring = append(b.ring, e)
	} else {
		b.ring[e.ID%busRoom] = e
	}
	for l := range b.listeners {
		signalOne(l.bell)
	}
}

// Listen returns a listener for the events after the one with that ID. If after is 0, or an ID that
// this process has not given yet, the listener gets the events from now on. The caller must Close
// it.
func (b *Bus) Listen(after uint64) *Listener {
	b.mu.Lock()
	defer b.mu.Unlock()
	if after == 0 || after > b.last {
		after = b.last
	}
	l := &Listener{bus: b, read: after, bell: make(chan struct{}, 1)}
	b.listeners[l] = struct{}{}
	return l
}

// Next waits for the next event and returns it. It returns ErrSlow if the event is no longer kept,
// and ctx's cause if ctx ends first.
func (l *Listener) Next(ctx context.Context) (Event, error) {
	for {
		if e, found, err := l.bus.after(l.read); found || err != nil {
			l.read = e.ID
			return e, err
		}
		select {
		case <-l.bell:
		case <-ctx.Done():
			return Event{}, context.Cause(ctx)
		}
	}
}

func (b *Bus) after(id uint64) (e Event, found bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case id >= b.last:
		return Event{}, false, nil
	case b.last-id >= busRoom:
		return Event{}, false, ErrSlow
	}
	return b.ring[(id+1)%busRoom], true, nil
}

// Close removes the listener from the bus.
func (l *Listener) Close() {
	l.bus.mu.Lock()
	defer l.bus.mu.Unlock()
	delete(l.bus.listeners, l)
}
