package acd

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func publishMany(b *Bus, n int) {
	for range n {
		b.publish(Event{Subclass: "nwayacd::queue"})
	}
}

func TestAListenerHearsWhatComesAfterIt(t *testing.T) {
	b := newBus()
	publishMany(b, 3)
	l := b.Listen(0)
	defer l.Close()
	publishMany(b, busRoom-1) // once around the ring
	for n := range busRoom - 1 {
		if e, err := l.Next(t.Context()); err != nil || e.ID != uint64(n+4) {
			t.Fatalf("event %d: %+v, %v", n, e, err)
		}
	}
}

func TestAListenerComesBackForWhatItMissed(t *testing.T) {
	b := newBus()
	publishMany(b, 10)
	l := b.Listen(7)
	defer l.Close()
	if e, err := l.Next(t.Context()); err != nil || e.ID != 8 {
		t.Errorf("%+v, %v", e, err)
	}
	other := b.Listen(1000) // an ID of another process
	defer other.Close()
	publishMany(b, 1)
	if e, err := other.Next(t.Context()); err != nil || e.ID != 11 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestASlowListenerIsCutOff(t *testing.T) {
	b := newBus()
	l := b.Listen(0)
	defer l.Close()
	publishMany(b, busRoom)
	if _, err := l.Next(t.Context()); !errors.Is(err, ErrSlow) {
		t.Errorf("got %v", err)
	}
}

func TestAListenerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus()
		l := b.Listen(0)
		defer l.Close()
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		time.AfterFunc(time.Millisecond, func() { publishMany(b, 1) })
		if e, err := l.Next(ctx); err != nil || e.ID != 1 {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := l.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
