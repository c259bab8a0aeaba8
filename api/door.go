package api

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

// Bounds is how many connections a port takes; zero fields stand for the port's defaults.
type Bounds struct {
	Total     int
	PerSource int // of one address, or one IPv6 network of 64 bits
}

func (b Bounds) or(total, perSource int) Bounds {
	if b.Total <= 0 {
		b.Total = total
	}
	if b.PerSource <= 0 {
		b.PerSource = perSource
	}
	return b
}

const (
	refuseLimit = time.Second // to take the refusal
	maxRefusals = 32          // that are waited for at a time; beyond that connections are closed without a word
	refuseDrain = 64 << 10    // bytes of what was sent meanwhile
)

// door counts the connections of a port. When there are too many, the one that has waited longest without having shown a password or token
// makes room, so that idle ones keep nobody out; where all have shown theirs, the newcomer is refused.
type door struct {
	bounds   Bounds
	log      zerolog.Logger
	reports  esl.Reports
	refusals chan struct{} // holds one for each refusal under way

	mu      sync.Mutex
	guests  map[*guest]struct{}
	sources map[netip.Addr]int // guests of each
	waits   uint64             // so many began to wait
}

// guest is one connection; its fields are the door's.
type guest struct {
	source netip.Addr
	waits  uint64 // its number among those that wait to be known; 0 = it is known
	out    func() // closes it; must not block long
}

func newDoor(b Bounds, log zerolog.Logger) *door {
	return &door{
		bounds: b, log: log, refusals: make(chan struct{}, maxRefusals),
		guests: map[*guest]struct{}{}, sources: map[netip.Addr]int{},
	}
}

// enter counts a connection in; out will be called, at most once, where it has to make room. False means that there is none.
func (d *door) enter(remote net.Addr, out func()) (*guest, bool) {
	g := &guest{source: esl.Source(remote), out: out}
	leaving, in := d.place(g)
	if leaving != nil {
		leaving.out()
	}
	if leaving != nil || !in {
		d.tell(remote, in)
	}
	return g, in
}

func (d *door) place(g *guest) (leaving *guest, in bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.sources[g.source] >= d.bounds.PerSource:
		leaving = d.longestWaiting(func(other *guest) bool { return other.source == g.source })
	case len(d.guests) >= d.bounds.Total:
		leaving = d.longestWaiting(func(*guest) bool { return true })
	default:
		in = true
	}
	if leaving != nil {
		d.remove(leaving)
		in = true
	}
	if in {
		d.guests[g] = struct{}{}
		d.sources[g.source]++
		d.await(g)
	}
	return leaving, in
}

func (d *door) longestWaiting(among func(*guest) bool) (longest *guest) {
	for g := range d.guests {
		if g.waits > 0 && among(g) && (longest == nil || g.waits < longest.waits) {
			longest = g
		}
	}
	return longest
}

func (d *door) await(g *guest) {
	d.waits++
	g.waits = d.waits
}

// know lets a guest stay until it leaves by itself; nil is nobody.
func (d *door) know(g *guest) {
	if g == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	g.waits = 0
}

// forget makes a guest one that waits to be known again.
func (d *door) forget(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.await(g)
}

// leave counts a guest out, once.
func (d *door) leave(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remove(g)
}

func (d *door) remove(g *guest) {
	if _, here := d.guests[g]; !here {
		return
	}
	delete(d.guests, g)
	if d.sources[g.source]--; d.sources[g.source] == 0 {
		delete(d.sources, g.source)
	}
}

func (d *door) tell(remote net.Addr, in bool) {
	passed, due := d.reports.Due(esl.Source(remote))
	if !due {
		return
	}
	line := d.log.Warn().Stringer("from", remote).Int("most", d.bounds.Total).Int("most-per-source", d.bounds.PerSource).Int("more-like-it", passed)
	if in {
		line.Msg("too many connections: one that has shown no password made room for another")
	} else {
		line.Msg("too many connections: one was refused")
	}
}

// refuse answers a connection and closes it. What the client has sent is read first, or it might be reset before it reads the answer.
func (d *door) refuse(nc net.Conn, answer []byte) {
	defer nc.Close()
	select {
	case d.refusals <- struct{}{}:
		defer func() { <-d.refusals }()
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
		io.CopyN(io.Discard, nc, refuseDrain) // ends with the client, or the deadline
	}
}
