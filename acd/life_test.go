package acd

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/queue"
)

// life is one process of the centre's server. What it writes after its death is lost.
type life struct {
	*ledger
	dead atomic.Bool
	end  func() // stops it, and waits
}

func (l *life) Write(changes ...queue.Change) uint64 {
	if l.dead.Load() {
		return 0
	}
	return l.ledger.Write(changes...)
}

// boot starts a server that knows the snapshot.
func (c *centre) boot(s queue.Snapshot) {
	socket := newPipes()
	socket.wrap = func(nc net.Conn) net.Conn { return c.stall.on(c.wires.wrap(nc)) }
	c.socket.Store(socket)
	c.life = &life{ledger: c.kept}
	c.server = New(Options{
		Settings: c.shift.settings, Journal: c.life, Identity: "test",
		Log: zerolog.New(io.MultiWriter(zerolog.NewTestWriter(c), &c.log)).Level(zerolog.WarnLevel),
		Switches: []Switch{{
			Name: "sim", Address: "pipe", Password: "ClueCon", DialString: c.shift.dial,
			LocalIP: c.shift.localIP,
		}},
		Dial: func(ctx context.Context) (net.Conn, error) {
			nc, err := c.sims.dial(ctx)
			if err != nil {
				return nil, err
			}
			return c.wires.wrap(nc), nil
		},
	}, s)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.server.Run(ctx) })
	serving, cut := context.WithCancel(ctx)
	c.cut = cut
	running.Go(func() { c.server.Serve(serving, socket) })
	c.life.end = func() {
		cancel()
		running.Wait()
	}
}

// dies kills the server. It sends nothing and writes nothing any more.
func (c *centre) dies() {
	c.life.dead.Store(true)
	c.socket.Load().Close()
	c.wires.cut()
	c.life.end()
}

// comesBack starts the server again, with what was kept.
func (c *centre) comesBack() { c.boot(c.kept.snapshot(c.shift.snapshot)) }

// snapshot returns what a database that had s at first has now.
func (l *ledger) snapshot(s queue.Snapshot) queue.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s = s.Clone()
	for _, c := range l.changes {
		s.Apply(c)
	}
	return s
}

// forget loses all changes.
func (l *ledger) forget() { l.forgetBehind(0) }

// forgetBehind loses all but the first n changes.
func (l *ledger) forgetBehind(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = l.changes[:n]
}

func (l *ledger) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.changes)
}

// wires are all connections between the server and FreeSWITCH, seen from the server's end.
type wires struct {
	mu   sync.Mutex
	all  []*wire
	lost map[string]bool // events and replies that FreeSWITCH does not send
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

// hush makes the connections half-open. Nothing comes through any more, in either direction, and
// neither side gets an error.
func (w *wires) hush() { w.each(func(one *wire) { one.silent.Store(true) }) }

// hushLink makes only the link half-open, which is the connection that was made first.
func (w *wires) hushLink() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[0].silent.Store(true)
}

// clog makes FreeSWITCH stop reading. What is written to it stays unread.
func (w *wires) clog() { w.each(func(one *wire) { one.clogged.Store(true) }) }

// freeze holds what is written on the connections, in both directions, until thaw delivers it. That
// includes what was written by an end that has closed since.
func (w *wires) freeze() { w.each((*wire).freeze) }

func (w *wires) thaw() { w.each((*wire).thaw) }

// lose makes FreeSWITCH omit an event or a command's reply from now on.
func (w *wires) lose(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost == nil {
		w.lost = map[string]bool{}
	}
	w.lost[what] = true
}

// find ends what lose began.
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
	frozen   chan struct{} // closed by thaw; nil if the wire is not frozen
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

// holds stores what is written to a frozen wire. It returns false if the wire is not frozen.
func (w *wire) holds(p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.frozen == nil {
		return false
	}
	w.held = append(w.held, p...)
	return true
}

// stir waits until the wire is not frozen. It returns false if the wire is closed before.
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
