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
	// answerLimit is how long PostgreSQL may take for an answer. A server that is stopped, or
	// behind a cut network, never answers, and lib/pq sets no deadline. TCP does not notice it
	// either if the other side's kernel still answers.
	answerLimit = 10 * time.Second
	// dialLimit bounds a try to connect if the connection string has no connect_timeout.
	dialLimit = 5 * time.Second
	// cancelGrace is how long a statement may take to end after its context ended.
	cancelGrace = time.Second
)

// connector makes connections for database/sql. A context can end them even if the server does not
// answer.
type connector struct {
	config pq.Config
	limit  time.Duration // time without an answer; 0 = no limit
}

// Connect dials, logs in, and returns the connection.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := pq.NewConnectorConfig(c.config)
	if err != nil {
		return nil, errDSN
	}
	d := &pgDialer{limit: c.limit}
	inner.Dialer(d)
	defer context.AfterFunc(ctx, func() { d.setFirstDeadline(0) })() // lib/pq ignores the context while it logs in
	conn, err := inner.Connect(ctx)
	if err == nil {
		d.markEstablished()
	}
	return conn, err
}

// Driver returns lib/pq's driver.
func (connector) Driver() driver.Driver { return &pq.Driver{} }

// pgDialer dials for one connection of lib/pq.
//
// When the context of a statement ends, lib/pq dials a second connection to send a cancel request,
// and goes on waiting on the first. So if there is a dial after the first connection is
// established, the first one gets a deadline.
type pgDialer struct {
	limit time.Duration // for a read or a write; 0 = no limit

	mu          sync.Mutex
	first       *limitedConn
	established bool
	closed      bool
}

var netDialer = net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
}

// DialContext dials. lib/pq calls it within connect_timeout.
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

// Dial is DialContext without a context.
func (d *pgDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialTimeout(network, address, dialLimit)
}

// DialTimeout is DialContext with a limit.
func (d *pgDialer) DialTimeout(network, address string, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// markEstablished says that lib/pq uses the connection that was dialled last.
func (d *pgDialer) markEstablished() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.established = true
}

// setFirstDeadline gives the first connection grace to finish.
func (d *pgDialer) setFirstDeadline(grace time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first != nil {
		d.first.SetDeadline(time.Now().Add(grace))
	}
}

// close ends the connection and makes every later dial fail.
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
	deadline time.Time // set by SetDeadline; zero = none
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

// SetDeadline replaces the limit. The zero time restores it.
func (c *limitedConn) SetDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = at
	return c.Conn.SetDeadline(at)
}
