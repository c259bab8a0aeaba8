package esl

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	firstPause = 200 * time.Millisecond
	longPause  = 5 * time.Second
	longLife   = 10 * time.Second // a session that lived so long was a good one
)

// Link is a connection to one FreeSWITCH that is made again whenever it is lost.
type Link struct {
	Address  string // host:port
	Password string
	Options  Options
	OnEvent  func(*Event)                                   // takes the place of Options.OnEvent where not nil
	Dial     func(ctx context.Context) (net.Conn, error)    // nil: TCP to Address
	Session  func(ctx context.Context, c *Connection) error // what to do with each connection
	Down     func(err error)                                // told of each failure; may be nil
}

// Keep connects, runs Session, and after a pause does so again, for ever. The session's ctx is
// cancelled with the connection's error when the connection is lost, and the connection is closed
// when the session returns. Pauses grow from 200 ms to 5 s (±20 %) and are short again after a
// session that lived 10 s. Keep returns ctx's cause, and nothing else.
func (l *Link) Keep(ctx context.Context) error {
	pause := firstPause
	for ctx.Err() == nil {
		lived, err := l.once(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil && l.Down != nil {
			l.Down(err)
		}
		if lived >= longLife {
			pause = firstPause
		}
		rest(ctx, jitter(pause))
		pause = min(2*pause, longPause)
	}
	return context.Cause(ctx)
}

// once returns how long the session lived and why it ended.
func (l *Link) once(ctx context.Context) (lived time.Duration, err error) {
	c, err := l.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	began := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel(nil)
	watch.Go(func() { // ends with the connection or the session
		select {
		case <-c.Done():
			cancel(c.Err())
		case <-ctx.Done():
		}
	})
	if err = l.Session(ctx, c); err == nil {
		err = c.Err()
	}
	return time.Since(began), err
}

func (l *Link) connect(ctx context.Context) (*Connection, error) {
	opt := l.Options
	if l.OnEvent != nil {
		opt.OnEvent = l.OnEvent
	}
	if l.Dial == nil {
		return Dial(ctx, l.Address, l.Password, opt)
	}
	nc, err := l.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return Login(ctx, nc, l.Password, opt)
}

// rest returns after d or when ctx is done.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// jitter keeps many servers from coming back at the same moment.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
