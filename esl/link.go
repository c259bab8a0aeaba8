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
	longLife   = 10 * time.Second // after a session of this length the pauses are short again
)

// Link is a connection to one FreeSWITCH. It connects again whenever the connection is lost.
type Link struct {
	Address  string // host:port
	Password string
	Secret   func() string // the password at each login; nil: Password
	Options  Options
	OnEvent  func(*Event)                                   // replaces Options.OnEvent if not nil
	Dial     func(ctx context.Context) (net.Conn, error)    // nil: TCP to Address
	Session  func(ctx context.Context, c *Connection) error // runs on each connection
	Down     func(err error)                                // called with the reason of each failure; may be nil
}

// Keep connects and runs Session, and after a pause does so again, for ever. It cancels the
// session's context with the connection's error if the connection is lost, and closes the
// connection when the session returns. Pauses grow from 200 ms to 5 s (±20 %). They are short again
// after a session that lasted 10 s. Keep returns only when ctx is done, with its cause.
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
		sleep(ctx, jitter(pause))
		pause = min(2*pause, longPause)
	}
	return context.Cause(ctx)
}

// once makes one connection and runs Session on it. It returns how long the session lasted and why
// it ended.
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

func (l *Link) password() string {
	if l.Secret != nil {
		return l.Secret()
	}
	return l.Password
}

func (l *Link) connect(ctx context.Context) (*Connection, error) {
	opt := l.Options
	if l.OnEvent != nil {
		opt.OnEvent = l.OnEvent
	}
	if l.Dial == nil {
		return Dial(ctx, l.Address, l.password(), opt)
	}
	nc, err := l.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return Login(ctx, nc, l.password(), opt)
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// jitter spreads reconnections, so that many servers do not come back at the same moment.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
