// Package connlimit bounds what strangers can do to a port: how many connections it has, and how
// fast its password can be guessed.
package connlimit

import (
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

	// Shared reports whether an address is that of many clients. PerSource does not hold for it.
	// nil = there is no such address.
	Shared func(netip.Addr) bool
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

// The reserve of a port, for health probes, scrapes and single commands of a host, or of a port,
// that is full. Such a short connection is closed soon.
const (
	reserve          = 32 // short connections
	reservePerSource = 8
	shortLife        = 5 * time.Second
)

// Limiter counts the connections of a port. If there are too many, it closes the unconfirmed
// connection that is the oldest, so idle strangers do not keep others out. If all connections are
// confirmed, the new one is a short one.
type Limiter struct {
	bounds  Bounds
	log     zerolog.Logger
	reports esl.Reports

	mu      sync.Mutex
	conns   map[*Conn]struct{}
	sources map[netip.Addr]int // connections of each
	shorts  map[*Conn]struct{} // beyond the bounds
	turns   uint64             // how many have been given out
}

// Conn is one connection that the limiter counts. Its fields are guarded by the limiter's mutex.
type Conn struct {
	limiter *Limiter
	source  netip.Addr
	most    int // connections of its source
	short   bool
	turn    uint64 // its number among those that may be evicted; 0 = it is confirmed
	evict   func() // closes the connection
	life    *time.Timer
}

// New returns a limiter without connections.
func New(b Bounds, log zerolog.Logger) *Limiter {
	return &Limiter{
		bounds: b, log: log, conns: map[*Conn]struct{}{}, sources: map[netip.Addr]int{}, shorts: map[*Conn]struct{}{},
	}
}

// Admit counts a new connection, which is unconfirmed. The limiter calls evict, at most once, if
// the connection has to make room for another, or if it is a short one whose time is over. The
// function closes the connection and must not block for long.
func (l *Limiter) Admit(remote net.Addr, evict func()) *Conn {
	c := &Conn{limiter: l, source: esl.Source(remote), most: l.bounds.mostOf(remote), evict: evict}
	evicted := l.place(c)
	if evicted != nil {
		evicted.evict()
	}
	if evicted != nil || c.short {
		l.report(remote, c.short)
	}
	return c
}

// IsShort reports whether the connection is beyond the bounds and will be closed soon.
func (c *Conn) IsShort() bool { return c.short }

func (l *Limiter) place(c *Conn) (evicted *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.giveTurn(c)
	switch {
	case l.sources[c.source] >= c.most:
		evicted = oldest(l.conns, func(other *Conn) bool { return other.source == c.source })
		c.short = evicted == nil
	case len(l.conns) >= l.bounds.Total:
		evicted = oldest(l.conns, func(*Conn) bool { return true })
		c.short = evicted == nil
	}
	if c.short {
		evicted = l.roomInReserve(c.source)
	}
	if evicted != nil {
		l.remove(evicted)
	}
	if c.short {
		l.shorts[c] = struct{}{}
		c.life = time.AfterFunc(shortLife, c.expire)
		return evicted
	}
	l.conns[c] = struct{}{}
	l.sources[c.source]++
	return evicted
}

// mostOf returns how many connections there may be of the source of that address.
func (b Bounds) mostOf(remote net.Addr) int {
	if tcp, is := remote.(*net.TCPAddr); is && b.Shared != nil && b.Shared(tcp.AddrPort().Addr().Unmap()) {
		return b.Total
	}
	return b.PerSource
}

// roomInReserve returns the short connection that has to make room for another of that source.
func (l *Limiter) roomInReserve(source netip.Addr) (evicted *Conn) {
	ofSource := 0
	for c := range l.shorts {
		if c.source == source {
			ofSource++
		}
	}
	switch {
	case ofSource >= reservePerSource:
		return oldest(l.shorts, func(c *Conn) bool { return c.source == source })
	case len(l.shorts) >= reserve:
		return oldest(l.shorts, func(*Conn) bool { return true })
	}
	return nil
}

// expire ends a short connection.
func (c *Conn) expire() {
	c.limiter.mu.Lock()
	_, counted := c.limiter.shorts[c]
	delete(c.limiter.shorts, c)
	c.limiter.mu.Unlock()
	if counted {
		c.evict()
	}
}

// oldest returns the connection that may be evicted and has been able to for the longest time.
func oldest(conns map[*Conn]struct{}, among func(*Conn) bool) (first *Conn) {
	for c := range conns {
		if c.turn > 0 && among(c) && (first == nil || c.turn < first.turn) {
			first = c
		}
	}
	return first
}

func (l *Limiter) giveTurn(c *Conn) {
	l.turns++
	c.turn = l.turns
}

// Confirm protects the connection from eviction, because its client has shown the password. A short
// connection stays one.
func (c *Conn) Confirm() {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	if !c.short {
		c.turn = 0
	}
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
	if c.short {
		c.life.Stop()
		delete(l.shorts, c)
		return
	}
	if _, counted := l.conns[c]; !counted {
		return
	}
	delete(l.conns, c)
	if l.sources[c.source]--; l.sources[c.source] == 0 {
		delete(l.sources, c.source)
	}
}

func (l *Limiter) report(remote net.Addr, short bool) {
	passed, due := l.reports.Due(esl.Source(remote))
	if !due {
		return
	}
	line := l.log.Warn().Stringer("from", remote).Int("most", l.bounds.Total).
		Int("most-per-source", l.bounds.PerSource).Int("more-like-it", passed)
	if short {
		line.Msg("too many connections: one more is served for some seconds only")
	} else {
		line.Msg("too many connections: one that has shown no password made room for another")
	}
}
