package acd

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// pipes is a listener. Its method dial makes the connections.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
	once   sync.Once
	wrap   func(net.Conn) net.Conn // wraps what Accept returns, if it is not nil
}

func newPipes() *pipes { return &pipes{made: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.made <- theirs:
		return ours, nil
	case <-p.closed:
	case <-ctx.Done():
	}
	return nil, net.ErrClosed
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case nc := <-p.made:
		if p.wrap != nil {
			nc = p.wrap(nc)
		}
		return nc, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// wires are all connections between the server and the switch, at the server's end.
type wires struct {
	mu    sync.Mutex
	all   []*wire
	delay time.Duration   // of connections that are made
	late  time.Duration   // of what the switch says on connections that are made, beside delay
	lost  map[string]bool // events and replies that the switch does not send
}

func (w *wires) wrap(nc net.Conn) net.Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := &wire{Conn: nc, closed: make(chan struct{})}
	one.delay.Store(int64(w.delay))
	one.late.Store(int64(w.late))
	w.all = append(w.all, one)
	return one
}

func (w *wires) each(do func(*wire)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.all {
		do(one)
	}
}

// cut closes all connections.
func (w *wires) cut() { w.each(func(one *wire) { one.Conn.Close() }) }

// silence makes the connections half-open. From then on nothing passes, in either direction, and
// neither side sees an error.
func (w *wires) silence() { w.each(func(one *wire) { one.silent.Store(true) }) }

// silenceLink does that to the link alone, which is the connection that was made first.
func (w *wires) silenceLink() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[0].silent.Store(true)
}

// silenceLast does that to the connection that was made last.
func (w *wires) silenceLast() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[len(w.all)-1].silent.Store(true)
}

// clog makes the switch read nothing more, so that writes to it block.
func (w *wires) clog() { w.each(func(one *wire) { one.clogged.Store(true) }) }

// slow delays what passes from now on, in either direction.
func (w *wires) slow(delay time.Duration) {
	w.each(func(one *wire) { one.delay.Store(int64(delay)) })
	w.slowNext(delay)
}

// slowNext delays what passes on connections that are made from now on.
func (w *wires) slowNext(delay time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = delay
}

// lateNext delays what the switch says on connections that are made from now on.
func (w *wires) lateNext(delay time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = delay
}

// slowLink delays what passes on the link alone, which is the connection that was made first.
func (w *wires) slowLink(delay time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[0].delay.Store(int64(delay))
}

// freeze holds back what is written to the connections, in both directions, until thaw delivers it.
// That includes what an end wrote that has closed since.
func (w *wires) freeze() { w.each((*wire).freeze) }

func (w *wires) thaw() { w.each((*wire).thaw) }

// freezeLink freezes the link alone, which is the connection that was made first.
func (w *wires) freezeLink() (thaw func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[0].freeze()
	return w.all[0].thaw
}

// swallow makes the switch send no more events of this name, or no more replies to this command.
func (w *wires) swallow(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost == nil {
		w.lost = map[string]bool{}
	}
	w.lost[what] = true
}

// deliver ends what swallow began.
func (w *wires) deliver(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.lost, what)
}

func (w *wires) swallows(what string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost[what]
}

// wire is one connection.
type wire struct {
	net.Conn
	silent, clogged atomic.Bool
	delay           atomic.Int64 // of what passes, in nanoseconds
	late            atomic.Int64 // of what the switch says, beside delay
	closed          chan struct{}
	once            sync.Once

	mu       sync.Mutex
	deadline time.Time     // of writes
	frozen   chan struct{} // closed by thaw; nil if the wire is not frozen
	reads    bool          // although the wire is frozen
	held     []byte        // what was written while the wire was frozen
	writes   int           // how often something was written
}

// freezeBehind freezes what is written to the wire after it was written to n times.
func (w *wire) freezeBehind(c *centre, n int) {
	c.Helper()
	c.until("the server has written to the wire", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.writes == n
	})
	w.freeze()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads = true
}

func (w *wire) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = make(chan struct{})
}

func (w *wire) thaw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.frozen == nil {
		return
	}
	close(w.frozen)
	w.frozen, w.reads = nil, false
	w.Conn.SetWriteDeadline(time.Time{})
	w.Conn.Write(w.held)
	select {
	case <-w.closed:
		w.Conn.Close()
	default:
	}
}

// holds returns true if the wire is frozen. It then keeps p until the wire thaws.
func (w *wire) holds(p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.frozen == nil {
		return false
	}
	w.held = append(w.held, p...)
	return true
}

// awaitThaw waits until the wire is not frozen. It returns false if the wire is closed before.
func (w *wire) awaitThaw() bool {
	w.mu.Lock()
	frozen, reads := w.frozen, w.reads
	w.mu.Unlock()
	if frozen == nil || reads {
		return true
	}
	select {
	case <-frozen:
		return true
	case <-w.closed:
		return false
	}
}

func (w *wire) Read(p []byte) (int, error) {
	if !w.awaitThaw() {
		return 0, net.ErrClosed
	}
	for {
		n, err := w.Conn.Read(p)
		if !w.awaitThaw() {
			return 0, net.ErrClosed
		}
		if !w.silent.Load() {
			time.Sleep(time.Duration(w.delay.Load() + w.late.Load()))
			return n, err
		}
		if err != nil {
			<-w.closed
			return 0, net.ErrClosed
		}
	}
}

func (w *wire) Write(p []byte) (int, error) {
	switch {
	case w.silent.Load(), w.holds(p):
		return len(p), nil
	case w.clogged.Load():
		w.mu.Lock()
		deadline := w.deadline
		w.mu.Unlock()
		select {
		case <-w.closed:
			return 0, net.ErrClosed
		case <-time.After(time.Until(deadline)):
			return 0, os.ErrDeadlineExceeded
		}
	}
	time.Sleep(time.Duration(w.delay.Load()))
	n, err := w.Conn.Write(p)
	if w.silent.Load() { // since the write began
		return len(p), nil
	}
	w.mu.Lock()
	w.writes++
	w.mu.Unlock()
	return n, err
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	if w.silent.Load() { // its other end may be closed, which nobody notices
		return nil
	}
	return w.Conn.SetWriteDeadline(t)
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	w.mu.Lock()
	frozen := w.frozen != nil
	w.mu.Unlock()
	if frozen {
		return nil // thaw closes it
	}
	return w.Conn.Close()
}

// stall is a network that can hold back what the switch writes to the connections of calls.
type stall struct {
	mu   sync.Mutex
	over chan struct{} // nil = nothing is held back
}

func (s *stall) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = make(chan struct{})
}

func (s *stall) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.over)
	s.over = nil
}

// on returns nc, whose reads the stall can hold back.
func (s *stall) on(nc net.Conn) net.Conn { return stalled{nc, s} }

type stalled struct {
	net.Conn
	stall *stall
}

func (c stalled) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.stall.mu.Lock()
	over := c.stall.over
	c.stall.mu.Unlock()
	if over != nil {
		<-over
	}
	return n, err
}
