// Package connlimit bounds what strangers can do to a port: how many connections it has, and how
// fast its password can be guessed.
package connlimit

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

// Bounds are the limits for the connections of a port. Zero fields stand for the port's defaults.
type Bounds struct {
	Total     int
	PerSource int // of one address, or one IPv6 network of 64 bits
}

// Or returns the bounds with the given defaults for zero fields.
func (b Bounds) Or(total, perSource int) Bounds {
	if b.Total <= 0 {
		b.Total = total
	}
	if b.PerSource <= 0 {
		b.PerSource = perSource
	}
	return b
}

const (
	refuseLimit = time.Second // for a client to read its refusal
	maxRefusals = 32          // at a time; further connections are closed without an answer
	refuseDrain = 64 << 10    // bytes that are read from a refused client
)

// Limiter counts the connections of a port. If there are too many, it closes the unconfirmed
// connection that is the oldest, so idle strangers do not keep others out. If all connections are
// confirmed, it refuses the new one.
type Limiter struct {
	bounds   Bounds
	log      zerolog.Logger
	reports  esl.Reports
	refusals chan struct{} // holds one for each refusal under way

	mu      sync.Mutex
	conns   map[*Conn]struct{}
	sources map[netip.Addr]int // connections of each
	turns   uint64             // how many have been given out
}

// Conn is one connection that the limiter counts. Its fields are guarded by the limiter's mutex.
type Conn struct {
	limiter *Limiter
	source  netip.Addr
	turn    uint64 // its order among the unconfirmed connections; 0 = it is confirmed
	evict   func() // closes the connection
}

// New returns a limiter without connections.
func New(b Bounds, log zerolog.Logger) *Limiter {
	return &Limiter{
		bounds: b, log: log, refusals: make(chan struct{}, maxRefusals),
		conns: map[*Conn]struct{}{}, sources: map[netip.Addr]int{},
	}
}

// Admit counts a new connection, which is unconfirmed, and reports whether there is room for it.
// The limiter calls evict, at most once, if the connection has to make room for another. evict
// closes the connection and must not block for long.
func (l *Limiter) Admit(remote net.Addr, evict func()) (*Conn, bool) {
	c := &Conn{limiter: l, source: esl.Source(remote), evict: evict}
	evicted, admitted := l.place(c)
	if evicted != nil {
		evicted.evict()
	}
	if evicted != nil || !admitted {
		l.report(remote, admitted)
	}
	return c, admitted
}

func (l *Limiter) place(c *Conn) (evicted *Conn, admitted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.sources[c.source] >= l.bounds.PerSource:
		evicted = l.oldestUnconfirmed(func(other *Conn) bool { return other.source == c.source })
	case len(l.conns) >= l.bounds.Total:
		evicted = l.oldestUnconfirmed(func(*Conn) bool { return true })
	default:
		admitted = true
	}
	if evicted != nil {
		l.remove(evicted)
		admitted = true
	}
	if admitted {
		l.conns[c] = struct{}{}
		l.sources[c.source]++
		l.giveTurn(c)
	}
	return evicted, admitted
}

func (l *Limiter) oldestUnconfirmed(among func(*Conn) bool) (oldest *Conn) {
	for c := range l.conns {
		if c.turn > 0 && among(c) && (oldest == nil || c.turn < oldest.turn) {
			oldest = c
		}
	}
	return oldest
}

func (l *Limiter) giveTurn(c *Conn) {
	l.turns++
	c.turn = l.turns
}

// Confirm protects the connection from eviction, because its client has shown the password.
func (c *Conn) Confirm() {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	c.turn = 0
}

// Unconfirm makes the connection one that may be evicted, after all others that may be.
func (c *Conn) Unconfirm() {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	c.limiter.giveTurn(c)
}

// Release removes the connection from the count. A second call does nothing.
func (c *Conn) Release() {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	c.limiter.remove(c)
}

func (l *Limiter) remove(c *Conn) {
	if _, counted := l.conns[c]; !counted {
		return
	}
	delete(l.conns, c)
	if l.sources[c.source]--; l.sources[c.source] == 0 {
		delete(l.sources, c.source)
	}
}

func (l *Limiter) report(remote net.Addr, admitted bool) {
	passed, due := l.reports.Due(esl.Source(remote))
	if !due {
		return
	}
	line := l.log.Warn().Stringer("from", remote).Int("most", l.bounds.Total).
		Int("most-per-source", l.bounds.PerSource).Int("more-like-it", passed)
	if admitted {
		line.Msg("too many connections: one that has shown no password made room for another")
	} else {
		line.Msg("too many connections: one was refused")
	}
}

// Refuse sends the answer on a connection that was not admitted, and closes it. It reads what the
// client has sent, because a reset could make the client's TCP drop the answer.
func (l *Limiter) Refuse(nc net.Conn, answer []byte) {
	defer nc.Close()
	select {
	case l.refusals <- struct{}{}:
		defer func() { <-l.refusals }()
	default:
		return
	}
	if nc.SetDeadline(time.Now().Add(refuseLimit)) != nil {
		return
	}
	if _, err := nc.Write(answer); err != nil {
		return
	}
	if half, is := nc.(interface{ CloseWrite() error }); is && half.CloseWrite() == nil {
		io.CopyN(io.Discard, nc, refuseDrain) // ends when the client closes, or at the deadline
	}
}
