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
	d := &pgDialer{limit: c.limit}
	inner.Dialer(d)
	defer context.AfterFunc(ctx, func() { d.setFirstDeadline(0) })() // lib/pq logs in without looking at the context
	conn, err := inner.Connect(ctx)
	if err == nil {
		d.markEstablished()
	}
	return conn, err
}

// Driver is lib/pq's.
func (connector) Driver() driver.Driver { return &pq.Driver{} }

// wire dials for one connection of lib/pq.
//
// When the context of a statement ends, lib/pq asks for a second connection, to send the server a cancel request, and goes on waiting for
// the first. So a dial after the first connection is settled is the sign to give that one a last moment.
type pgDialer struct {
	limit time.Duration // of silence, in a read or a write; 0: none

	mu          sync.Mutex
	first       *limitedConn
	established bool
	closed      bool
}

var netDialer = net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
}

// DialContext dials; lib/pq calls it within connect_timeout.
func (d *pgDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	settled, closed := d.established, d.closed
	d.mu.Unlock()
	if closed {
		return nil, net.ErrClosed
	}
	if settled {
		d.setFirstDeadline(cancelGrace)
	}
	conn, err := netDialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &limitedConn{Conn: conn, limit: d.limit}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !settled {
		d.first = c
	}
	return c, nil
}

// Dial is DialContext without one.
func (d *pgDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialTimeout(network, address, dialLimit)
}

// DialTimeout is DialContext with a limit.
func (d *pgDialer) DialTimeout(network, address string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// settle says that the connection dialled last is the one that is used.
func (d *pgDialer) markEstablished() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.established = true
}

// expire gives the first connection grace to end what it is at.
func (d *pgDialer) setFirstDeadline(grace time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first != nil {
		d.first.SetDeadline(time.Now().Add(grace))
	}
}

// close ends the connection, and every later try to dial.
func (d *pgDialer) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.setFirstDeadline(0)
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
