package esl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errStop = errors.New("stop")

func TestKeepBacksOffAndStopsWithTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		refused := errors.New("refused")
		var tries []time.Time
		var downs int
		link := Link{
			Dial: func(context.Context) (net.Conn, error) {
				if tries = append(tries, time.Now()); len(tries) == 9 {
					stop(errStop)
				}
				return nil, refused
			},
			Down: func(err error) {
				if downs++; !errors.Is(err, refused) {
					t.Error(err)
				}
			},
		}
		if err := link.Keep(ctx); err != errStop {
			t.Error(err)
		}
		if downs != 8 {
			t.Errorf("Down was called %d times for 8 failures", downs)
		}
		pause := firstPause
		for i := 1; i < len(tries); i++ {
			if waited := tries[i].Sub(tries[i-1]); waited < pause*8/10 || waited > pause*12/10 {
				t.Errorf("pause %d was %s, want %s ±20%%", i, waited, pause)
			}
			pause = min(2*pause, longPause)
		}
	})
}

func TestKeepEndsDuringAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errStop)
		defer cancel()
		link := Link{Dial: func(context.Context) (net.Conn, error) { return nil, errors.New("refused") }}
		if err := link.Keep(ctx); err != errStop {
			t.Error(err)
		}
	})
}

// sessions makes a Link to a switch that plays each session.
func sessions(running *sync.WaitGroup, play func(fs peer)) *Link {
	return &Link{Dial: func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		running.Go(func() {
			defer theirs.Close()
			welcomes(play)(peer{NewReader(theirs, Limits{}), theirs, nil})
		})
		return ours, nil
	}}
}

func TestALostConnectionEndsTheSessionAndALongOneResetsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		life := 0
		link := sessions(&running, func(fs peer) {
			fs.event(fmt.Sprint("SESSION", life))
			life++
			time.Sleep(time.Duration(life) * 5 * time.Second) // 5 s, 10 s, 15 s
		})
		ctx, stop := context.WithCancelCause(t.Context())
		var heard []string
		var began, ended []time.Time
		link.OnEvent = func(e *Event) { heard = append(heard, e.Name()) }
		link.Session = func(ctx context.Context, c *Connection) error {
			began = append(began, time.Now())
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), ErrClosed) {
				t.Error(context.Cause(ctx))
			}
			if ended = append(ended, time.Now()); len(ended) == 3 {
				stop(errStop)
			}
			return context.Cause(ctx)
		}
		if err := link.Keep(ctx); err != errStop {
			t.Error(err)
		}
		running.Wait()
		if fmt.Sprint(heard) != "[SESSION0 SESSION1 SESSION2]" {
			t.Error(heard)
		}
		for i := range 2 {
			if pause := began[i+1].Sub(ended[i]); pause < firstPause*8/10 || pause > (firstPause<<(1-i))*12/10 {
				t.Errorf("pause %d was %s", i, pause)
			}
		}
	})
}

func TestASessionThatReturnsClosesItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		link := sessions(&running, peer.echo)
		ctx, stop := context.WithCancelCause(t.Context())
		broken := errors.New("broken")
		var seen []*Connection
		link.Down = func(err error) {
			if err != broken {
				t.Error(err)
			}
		}
		link.Session = func(ctx context.Context, c *Connection) error {
			for _, old := range seen {
				if !errors.Is(old.Err(), ErrClosed) {
					t.Error("the connection of the session before is still open")
				}
			}
			if seen = append(seen, c); len(seen) == 3 {
				stop(errStop)
			}
			if _, err := c.Send(context.WithoutCancel(ctx), Raw("x")); err != nil {
				t.Error(err)
			}
			return []error{broken, nil, nil}[len(seen)-1]
		}
		if err := link.Keep(ctx); err != errStop || len(seen) != 3 {
			t.Error(err)
		}
		running.Wait()
	})
}
