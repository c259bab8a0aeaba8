package esl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const defaultWriteTimeout = 5 * time.Second

// Options of a connection; the zero value will do.
type Options struct {
	OnEvent func(*Event) // called by the reader, in order of arrival; must not block. nil: events wait for ReadEvent
	// OnArrival is called by the reader with each event before it waits for ReadEvent. If it
	// returns false, the event does not wait. It must not block. It may be nil.
	OnArrival    func(*Event) (waits bool)
	WriteTimeout time.Duration // deadline of every write; 0 is 5 s
	// the longest that a reply may be waited for before the connection is over; 0 is for ever
	ReplyTimeout time.Duration
	Limits       Limits
	OnSkip       func(*Event) // told of frames of no use here, which are skipped; may be nil; must not block
	OnEnd        func(error)  // told once, by the reader, why the connection is over; may be nil; must not block
}

// Connection is one Event Socket connection. All methods are safe for concurrent use.
type Connection struct {
	nc      net.Conn
	opt     Options
	writing chan struct{} // holds one token while a write is under way; taken before mu
	done    chan struct{} // closed when the connection is over
	gone    chan struct{} // closed when the reader has returned
	arrived chan struct{} // holds one token when events wait

	mu     sync.Mutex
	late   *time.Timer // ends the connection when a reply does not come; nil where that may last for ever
	err    error
	slots  fifo[*batch] // one for each command not answered yet, in wire order; nil where nobody waits
	events fifo[*Event]
}

// batch collects the replies to the commands of one Do.
type batch struct {
	replies []Reply
	missing int
	full    chan struct{}
}

// NewConnection starts reading nc, which the Connection owns from here on. The reader ends when the
// peer closes, when something is wrong with what it sends, or at Close, which waits for it.
func NewConnection(nc net.Conn, opt Options) *Connection {
	return start(nc, NewReader(nc, opt.Limits), opt)
}

func start(nc net.Conn, r *Reader, opt Options) *Connection {
	opt.Limits = opt.Limits.withDefaults()
	if opt.WriteTimeout <= 0 {
		opt.WriteTimeout = defaultWriteTimeout
	}
	c := &Connection{
		nc:      nc,
		opt:     opt,
		writing: make(chan struct{}, 1),
		done:    make(chan struct{}),
		gone:    make(chan struct{}),
		arrived: make(chan struct{}, 1),
	}
	r.Hurry(nc)
	if opt.ReplyTimeout > 0 {
		c.late = time.AfterFunc(opt.ReplyTimeout, c.endLate)
		c.late.Stop()
	}
	go c.read(r) // ends with the connection; Close waits for it
	return c
}

// Do sends the commands in one write and returns their replies in the same order; a refusal (-ERR)
// is a reply like another. When ctx is given up, the replies that come later are swallowed. Errors:
// ctx's cause, *ArgumentError (nothing was written), and why the connection is over: with it come
// the replies that came before.
func (c *Connection) Do(ctx context.Context, cmds ...Command) ([]Reply, error) {
	if len(cmds) == 0 {
		return nil, nil
	}
	b := &batch{replies: make([]Reply, 0, len(cmds)), missing: len(cmds), full: make(chan struct{})}
	if err := c.write(ctx, b, cmds); err != nil {
		return nil, err
	}
	select {
	case <-b.full:
		return b.replies, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.gone: // not done: a reply read before the end counts
	}
	select {
	case <-b.full:
		return b.replies, nil
	default:
		return b.replies, c.Err()
	}
}

// Post sends the commands in one write and does not wait; the replies are swallowed. Errors as
// Do's.
func (c *Connection) Post(cmds ...Command) error {
	if len(cmds) == 0 {
		return nil
	}
	return c.write(context.Background(), nil, cmds)
}

// Send is Do of one command, and makes a refusal a *ReplyError.
func (c *Connection) Send(ctx context.Context, cmd Command) (Reply, error) {
	replies, err := c.Do(ctx, cmd)
	if err != nil {
		return Reply{}, err
	}
	if reply := replies[0]; !reply.OK() {
		return reply, &ReplyError{Command: cmd.String(), Reply: reply.Text()}
	}
	return replies[0], nil
}

// API runs an api command and returns what it printed, without the last newline. Errors as Send's.
func (c *Connection) API(ctx context.Context, line string) (string, error) {
	reply, err := c.Send(ctx, API(line))
	if err != nil {
		return "", err
	}
	return reply.Text(), nil
}

// ReadEvent returns the next event, in order of arrival, where Options.OnEvent is nil. Events that
// came before the end of the connection are returned before its error.
func (c *Connection) ReadEvent(ctx context.Context) (*Event, error) {
	for {
		if e, ok := c.nextEvent(); ok {
			return e, nil
		}
		select {
		case <-c.arrived:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-c.gone:
			if e, ok := c.nextEvent(); ok {
				return e, nil
			}
			return nil, c.Err()
		}
	}
}

// LocalAddr is our end of the connection.
func (c *Connection) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr is the peer's.
func (c *Connection) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Done returns a channel that is closed when the connection is over.
func (c *Connection) Done() <-chan struct{} { return c.done }

// Err returns nil while the connection is open; then why it is over: ErrClosed, ErrOverflow,
// ErrRejected, ErrLate, a *FrameError or an error of the network.
func (c *Connection) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection and waits until its reader is gone. It may be called often and from
// anywhere but OnEvent, OnArrival, OnSkip and OnEnd, which the reader itself runs. The result is
// always nil.
func (c *Connection) Close() error {
	c.end(ErrClosed)
	<-c.gone
	return nil
}

// end closes the connection; the first reason stands.
func (c *Connection) end(why error) {
	c.mu.Lock()
	first := c.err == nil
	if first {
		c.err = why
		close(c.done)
		if c.late != nil {
			c.late.Stop()
		}
	}
	c.mu.Unlock()
	if first {
		c.nc.Close()
	}
}

// endLate is called when the reply that is due has not come for ReplyTimeout.
func (c *Connection) endLate() {
	c.mu.Lock()
	waits := c.slots.len() > 0
	c.mu.Unlock()
	if waits {
		c.end(ErrLate)
	}
}

// replied starts the time of the next reply that is due.
func (c *Connection) replied() {
	if c.late == nil || c.err != nil {
		return
	}
	if c.slots.len() > 0 {
		c.late.Reset(c.opt.ReplyTimeout)
	} else {
		c.late.Stop()
	}
}

// write sends cmds, with a slot for the reply to each. Slots are taken before the bytes leave, and
// in their order: the reply may be here before Write returns.
func (c *Connection) write(ctx context.Context, b *batch, cmds []Command) error {
	for _, cmd := range cmds {
		if err := cmd.check(); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.done:
		return c.Err()
	}
	if err := c.takeSlots(b, len(cmds)); err != nil {
		return err
	}
	if err := c.flush(cmds); err != nil {
		c.end(fmt.Errorf("esl: write: %w", err))
		return c.Err()
	}
	return nil
}

func (c *Connection) takeSlots(b *batch, n int) error {
	c.mu.Lock()
	err := c.err
	if err == nil && c.slots.len()+n > c.opt.Limits.MaxQueue {
		err = ErrOverflow
	}
	if err == nil {
		if c.late != nil && c.slots.len() == 0 {
			c.late.Reset(c.opt.ReplyTimeout)
		}
		for range n {
			c.slots.push(b)
		}
	}
	c.mu.Unlock()
	if err != nil {
		c.end(err)
	}
	return err
}

func (c *Connection) flush(cmds []Command) error {
	if err := c.nc.SetWriteDeadline(time.Now().Add(c.opt.WriteTimeout)); err != nil {
		return err
	}
	if len(cmds) == 1 {
		_, err := io.WriteString(c.nc, cmds[0].text)
		return err
	}
	buffer := scratch.Get().(*[]byte)
	defer putScratch(buffer)
	*buffer = (*buffer)[:0]
	for _, cmd := range cmds {
		*buffer = append(*buffer, cmd.text...)
	}
	_, err := c.nc.Write(*buffer)
	return err
}

func (c *Connection) nextEvent() (*Event, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.events.pop()
	if c.events.len() > 0 {
		c.signal() // another ReadEvent may wait
	}
	return e, ok
}

func (c *Connection) signal() {
	select {
	case c.arrived <- struct{}{}:
	default:
	}
}

var errPeerClosed = fmt.Errorf("%w by the peer", ErrClosed)

func readError(err error) error {
	if errors.Is(err, io.EOF) {
		return errPeerClosed
	}
	if _, ok := errors.AsType[*FrameError](err); ok {
		return err
	}
	return fmt.Errorf("esl: read: %w", err)
}
