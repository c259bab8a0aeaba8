package store

import (
	"context"
	"database/sql/driver"
	"net"
	"sync"
	"time"

	"github.com/lib/pq"
)

const (
	// answerLimit is how long PostgreSQL may keep silent while something is awaited of it. A server that is stopped, or behind a cut wire,
	// says nothing for ever, and lib/pq sets no deadline; nor does TCP notice where the other side's kernel still answers.
	answerLimit = 10 * time.Second
	// dialLimit bounds a try to connect that names no connect_timeout, up to the first question.
	dialLimit = 5 * time.Second
	// cancelGrace is how long a statement may take to end when its context has.
	cancelGrace = time.Second
)

// connector makes connections for database/sql that a context can end, whatever the server does.
type connector struct {
	config pq.Config
	limit  time.Duration // of silence; 0: none
}

// Connect dials, logs in, and returns the connection.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := pq.NewConnectorConfig(c.config)
	if err != nil {
		return nil, errDSN
	}
	w := &wire{limit: c.limit}
	inner.Dialer(w)
	defer context.AfterFunc(ctx, func() { w.expire(0) })() // lib/pq logs in without looking at the context
	conn, err := inner.Connect(ctx)
	if err == nil {
		w.settle()
	}
	return conn, err
}

// Driver is lib/pq's.
func (connector) Driver() driver.Driver { return &pq.Driver{} }

// wire dials for one connection of lib/pq.
//
// When the context of a statement ends, lib/pq asks for a second connection, to send the server a cancel request, and goes on waiting for
// the first. So a dial after the first connection is settled is the sign to give that one a last moment.
type wire struct {
	limit time.Duration // of silence, in a read or a write; 0: none

	mu      sync.Mutex
	first   *limitedConn
	settled bool
	closed  bool
}

var netDialer = net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
}

// DialContext dials; lib/pq calls it within connect_timeout.
func (w *wire) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	settled, closed := w.settled, w.closed
	w.mu.Unlock()
	if closed {
		return nil, net.ErrClosed
	}
	if settled {
		w.expire(cancelGrace)
	}
	conn, err := netDialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &limitedConn{Conn: conn, limit: w.limit}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !settled {
		w.first = c
	}
	return c, nil
}

// Dial is DialContext without one.
func (w *wire) Dial(network, address string) (net.Conn, error) {
	return w.DialTimeout(network, address, dialLimit)
}

// DialTimeout is DialContext with a limit.
func (w *wire) DialTimeout(network, address string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return w.DialContext(ctx, network, address)
}

// settle says that the connection dialled last is the one that is used.
func (w *wire) settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settled = true
}

// expire gives the first connection grace to end what it is at.
func (w *wire) expire(grace time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first != nil {
		w.first.SetDeadline(time.Now().Add(grace))
	}
}

// close ends the connection, and every later try to dial.
func (w *wire) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.expire(0)
}

// limitedConn is a connection whose reads and writes each have a limit, unless a deadline is set.
type limitedConn struct {
	net.Conn
	limit time.Duration

	mu       sync.Mutex
	deadline time.Time // set from outside; zero: none
}

// Read reads within the limit.
func (c *limitedConn) Read(b []byte) (int, error) {
	c.arm(c.SetReadDeadline)
	return c.Conn.Read(b)
}

// Write writes within the limit.
func (c *limitedConn) Write(b []byte) (int, error) {
	c.arm(c.SetWriteDeadline)
	return c.Conn.Write(b)
}

func (c *limitedConn) arm(set func(time.Time) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.IsZero() && c.limit > 0 {
		set(time.Now().Add(c.limit))
	}
}

// SetDeadline takes the place of the limit; the zero time gives it back.
func (c *limitedConn) SetDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = at
	return c.Conn.SetDeadline(at)
}
