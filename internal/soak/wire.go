package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

// path is a way through the network. A fault on it affects all its connections.
type path struct {
	mu      sync.Mutex // guards what follows
	wires   map[*wire]struct{}
	frozen  chan struct{} // closed when data flows again; nil while it flows
	lost    bool          // its connections do not survive the freeze
	refused bool          // no new connection comes through
	delay   time.Duration // of everything
}

func newPath() *path { return &path{wires: map[*wire]struct{}{}} }

var errCut = errors.New("soak: the connection is cut")

// through sends a connection over the path. It returns nil and closes nc if the path is shut.
func (p *path) through(nc net.Conn) *wire {
	w := &wire{Conn: nc, path: p, closed: make(chan struct{}), reading: newAlarm(), writing: newAlarm()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused {
		nc.Close()
		return nil
	}
	p.wires[w] = struct{}{}
	return w
}

// refuse shuts the path for new connections and cuts the others. open lets connections in again.
func (p *path) refuse() {
	p.mu.Lock()
	p.refused = true
	p.mu.Unlock()
	p.cut()
}

func (p *path) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = false
}

// cut ends all connections.
func (p *path) cut() {
	for _, w := range p.all() {
		w.Close()
	}
}

// cutOne ends one connection, chosen by chance.
func (p *path) cutOne(chance *rand.Rand) {
	if all := p.all(); len(all) > 0 {
		all[chance.IntN(len(all))].Close()
	}
}

func (p *path) forget(w *wire) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.wires, w)
}

func (p *path) all() []*wire {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*wire, 0, len(p.wires))
	for w := range p.wires {
		all = append(all, w)
	}
	return all
}

// freeze lets nothing through, in either direction. With lost, thaw ends these connections on this
// side only, so that they are half-open.
func (p *path) freeze(lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil {
		p.frozen, p.lost = make(chan struct{}), lost
	}
}

func (p *path) thaw() {
	p.mu.Lock()
	frozen, lost := p.frozen, p.lost
	p.frozen, p.lost = nil, false
	p.mu.Unlock()
	if frozen == nil {
		return
	}
	if lost {
		for _, w := range p.all() {
			w.vanish()
		}
	}
	close(frozen)
}

// vanishOne makes one connection, chosen by chance, half-open.
func (p *path) vanishOne(chance *rand.Rand) {
	if all := p.all(); len(all) > 0 {
		all[chance.IntN(len(all))].vanish()
	}
}

// slow delays all data by so much, in either direction; 0 ends the delay.
func (p *path) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

func (p *path) weather() (frozen chan struct{}, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frozen, p.delay
}

// wire is one connection over a path.
type wire struct {
	net.Conn
	path             *path
	reading, writing *alarm
	once             sync.Once
	closed           chan struct{}
}

// Read passes on what came in when the path lets it through.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if fault := w.pass(w.reading); fault != nil {
		return 0, fault
	}
	return n, err
}

// Write hands over what goes out when the path lets it through.
func (w *wire) Write(p []byte) (int, error) {
	if err := w.pass(w.writing); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

func (w *wire) pass(until *alarm) error {
	frozen, delay := w.path.weather()
	if delay > 0 {
		if err := w.waits(until, time.After(delay), nil); err != nil {
			return err
		}
	}
	for frozen != nil {
		if err := w.waits(until, nil, frozen); err != nil {
			return err
		}
		frozen, _ = w.path.weather()
	}
	select {
	case <-w.closed:
		return errCut
	default:
		return nil
	}
}

func (w *wire) waits(until *alarm, timer <-chan time.Time, event <-chan struct{}) error {
	select {
	case <-timer:
	case <-event:
	case <-until.rings():
		return os.ErrDeadlineExceeded
	case <-w.closed:
		return errCut
	}
	return nil
}

// halfOpen is for how long the other side does not see the end.
const halfOpen = time.Minute

// vanish ends the connection for this side. The other side sees a connection on which nothing comes
// any more.
func (w *wire) vanish() {
	w.once.Do(func() {
		w.path.forget(w)
		close(w.closed)
		w.Conn.SetReadDeadline(time.Unix(1, 0))
		time.AfterFunc(halfOpen, func() { w.Conn.Close() })
	})
}

// Close ends the connection for both sides.
func (w *wire) Close() error {
	err := net.ErrClosed
	w.once.Do(func() {
		w.path.forget(w)
		close(w.closed)
		err = w.Conn.Close()
	})
	return err
}

// SetDeadline is net.Conn's, also while the path is frozen.
func (w *wire) SetDeadline(at time.Time) error {
	return errors.Join(w.SetReadDeadline(at), w.SetWriteDeadline(at))
}

// SetReadDeadline is net.Conn's, also while the path is frozen.
func (w *wire) SetReadDeadline(at time.Time) error {
	w.reading.set(at)
	return w.Conn.SetReadDeadline(at)
}

// SetWriteDeadline is net.Conn's, also while the path is frozen.
func (w *wire) SetWriteDeadline(at time.Time) error {
	w.writing.set(at)
	return w.Conn.SetWriteDeadline(at)
}

// alarm is a deadline that can be waited for and moved.
type alarm struct {
	mu    sync.Mutex
	timer *time.Timer
	rang  chan struct{}
}

func newAlarm() *alarm { return &alarm{rang: make(chan struct{})} }

func (a *alarm) set(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	select {
	case <-a.rang:
		a.rang = make(chan struct{})
	default:
	}
	if at.IsZero() {
		return
	}
	rang := a.rang
	if left := time.Until(at); left > 0 {
		a.timer = time.AfterFunc(left, func() { close(rang) })
	} else {
		close(rang)
	}
}

func (a *alarm) rings() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rang
}

// listener accepts connections over a path.
type listener struct {
	net.Listener
	path *path
}

// Accept returns the next connection that the path lets through.
func (l listener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if w := l.path.through(nc); w != nil {
			return w, nil
		}
	}
}

// relay carries connections to target over a path until ctx is done.
func relay(ctx context.Context, ln net.Listener, p *path, target string) {
	var pairs sync.WaitGroup
	stop := context.AfterFunc(ctx, func() {
		ln.Close()
		p.cut()
	})
	defer stop()
	for {
		near, err := listener{ln, p}.Accept()
		if err != nil {
			break
		}
		pairs.Go(func() { carry(ctx, near, target) }) // ends when either side does, which ctx sees to
	}
	pairs.Wait()
}

func carry(ctx context.Context, near net.Conn, target string) {
	defer near.Close()
	far, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", target)
	if err != nil {
		return
	}
	defer far.Close()
	defer context.AfterFunc(ctx, func() { near.Close() })()
	var back sync.WaitGroup
	back.Go(func() {
		io.Copy(near, far)
		near.Close()
		far.Close()
	})
	io.Copy(far, near)
	near.Close()
	far.Close()
	back.Wait()
}
