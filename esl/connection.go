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

// Options of a connection. The zero value is usable.
type Options struct {
	// OnEvent is called by the reader with each event, in order of arrival. It must not block. If
	// it is nil, events wait for ReadEvent.
	OnEvent func(*Event)
	// OnArrival is called by the reader with each event before it waits for ReadEvent. If it
	// returns false, the event does not wait. It must not block. It may be nil.
	OnArrival    func(*Event) (waits bool)
	WriteTimeout time.Duration // deadline of every write; 0 is 5 s
	// ReplyTimeout is the longest time for which a reply is awaited. If none comes, the connection
	// ends with ErrLate. 0 is no limit.
	ReplyTimeout time.Duration
	Limits       Limits
	// OnSkip is called by the reader with each frame that it skips: one of an unknown type, or a
	// reply without a command. It must not block. It may be nil.
	OnSkip func(*Event)
	// OnEnd is called once by the reader, with the reason why the connection is over. It must not
	// block. It may be nil.
	OnEnd func(error)
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
	late   *time.Timer // ends the connection if a reply does not come; nil if there is no ReplyTimeout
	err    error
	slots  fifo[*batch] // one for each unanswered command, in wire order; nil if no caller waits for the reply
	events fifo[*Event]
}

// batch collects the replies to the commands of one Do.
type batch struct {
	replies []Reply
	missing int
	full    chan struct{}
}

// NewConnection starts reading nc, which the Connection owns from here on. The reader ends when the
// peer closes, at an error in the stream, or at Close, which waits for it.
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
	r.EnforceFrameTime(nc)
	if opt.ReplyTimeout > 0 {
		c.late = time.AfterFunc(opt.ReplyTimeout, c.endLate)
		c.late.Stop()
	}
	go c.read(r) // ends with the connection; Close waits for it
	return c
}

// Do sends the commands in one write and returns their replies in the same order. A refusal (-ERR)
// is a reply, not an error. If ctx ends first, replies that come later are discarded. Errors:
//   - the cause of ctx
//   - *ArgumentError: nothing was written
//   - the reason why the connection is over, together with the replies that came before
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
	case <-c.gone: // not c.done: a reply that was read before the end counts
	}
	select {
	case <-b.full:
		return b.replies, nil
	default:
		return b.replies, c.Err()
	}
}

// Post sends the commands in one write and does not wait. Their replies are discarded. Its errors
// are those of Do.
func (c *Connection) Post(cmds ...Command) error {
	if len(cmds) == 0 {
		return nil
	}
	return c.write(context.Background(), nil, cmds)
}

// Send sends one command and returns its reply. A refusal is a *ReplyError; the other errors are
// those of Do.
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

// API runs an api command and returns its output, without the last newline. Its errors are those of
// Send.
func (c *Connection) API(ctx context.Context, line string) (string, error) {
	reply, err := c.Send(ctx, API(line))
	if err != nil {
		return "", err
	}
	return reply.Text(), nil
}

// ReadEvent returns the next event in order of arrival. It is for connections without
// Options.OnEvent. It returns the events that came before the end of the connection, and then the
// connection's error.
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

// LocalAddr returns the address of this end of the connection.
func (c *Connection) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the address of the peer.
func (c *Connection) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Done returns a channel that is closed when the connection is over.
func (c *Connection) Done() <-chan struct{} { return c.done }

// Err returns nil while the connection is open, and then the reason why it is over: ErrClosed,
// ErrOverflow, ErrRejected, ErrLate, a *FrameError, or an error of the network.
func (c *Connection) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection and waits until its reader has returned. It may be called several
// times, but not from OnEvent, OnArrival, OnSkip or OnEnd, because those run in the reader. It
// always returns nil.
func (c *Connection) Close() error {
	c.end(ErrClosed)
	<-c.gone
	return nil
}

// end closes the connection. The reason of the first call is the one that Err returns.
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

// endLate runs when ReplyTimeout has passed. It ends the connection if a reply is still due.
func (c *Connection) endLate() {
	c.mu.Lock()
	waits := c.slots.len() > 0
	c.mu.Unlock()
	if waits {
		c.end(ErrLate)
	}
}

// replied restarts the timer for the next reply that is due. The caller holds mu.
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

// write sends cmds and takes a slot for the reply to each. It takes the slots before it writes, in
// the same order, because a reply may arrive before Write returns.
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
		c.signal() // another call of ReadEvent may be waiting
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
