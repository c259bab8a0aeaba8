package acd

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// pipes is a listener whose connections are made by dial.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
	once   sync.Once
	wrap   func(net.Conn) net.Conn // what Accept returns; nil = as it is
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

// wires are all connections between the server and its switch, seen from the server's end.
type wires struct {
	mu   sync.Mutex
	all  []*wire
	lost map[string]bool // what the switch does not say
}

func (w *wires) wrap(nc net.Conn) net.Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := &wire{Conn: nc, closed: make(chan struct{})}
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

// hush makes the connections half-open: nothing comes through any more, in either direction, and
// neither side is told.
func (w *wires) hush() { w.each(func(one *wire) { one.silent.Store(true) }) }

// hushLink does that to the link alone, which is the connection that was made first.
func (w *wires) hushLink() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[0].silent.Store(true)
}

// clog is the switch that reads no more: what is written to it stays unread.
func (w *wires) clog() { w.each(func(one *wire) { one.clogged.Store(true) }) }

// freeze holds what is said on the connections, in both directions, until thaw delivers it: also
// what was written by an end that has closed since.
func (w *wires) freeze() { w.each((*wire).freeze) }

func (w *wires) thaw() { w.each((*wire).thaw) }

// lose makes the switch keep silent about an event or a command's reply from now on.
func (w *wires) lose(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost == nil {
		w.lost = map[string]bool{}
	}
	w.lost[what] = true
}

// find ends that.
func (w *wires) find(what string) {
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
	closed          chan struct{}
	once            sync.Once

	mu       sync.Mutex
	deadline time.Time     // of writes
	frozen   chan struct{} // closed by thaw; nil where it is not frozen
	held     []byte        // written meanwhile
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
	w.frozen = nil
	w.Conn.SetWriteDeadline(time.Time{})
	w.Conn.Write(w.held)
	select {
	case <-w.closed:
		w.Conn.Close()
	default:
	}
}

// holds keeps what is written to a frozen wire.
func (w *wire) holds(p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.frozen == nil {
		return false
	}
	w.held = append(w.held, p...)
	return true
}

// stir waits until the wire is not frozen; false where it is closed before.
func (w *wire) stir() bool {
	w.mu.Lock()
	frozen := w.frozen
	w.mu.Unlock()
	if frozen == nil {
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
	if !w.stir() {
		return 0, net.ErrClosed
	}
	for {
		n, err := w.Conn.Read(p)
		if !w.stir() {
			return 0, net.ErrClosed
		}
		if !w.silent.Load() {
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
	return w.Conn.Write(p)
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	return w.Conn.SetWriteDeadline(t)
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	w.mu.Lock()
	frozen := w.frozen != nil
	w.mu.Unlock()
	if frozen {
		return nil // thaw does it
	}
	return w.Conn.Close()
}

// stall is a network that holds back what the switch says about calls.
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

// on returns nc with the stall on what is read from it.
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
