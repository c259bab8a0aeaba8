package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAPartThatEndsByItselfIsReported(t *testing.T) {
	d := &Daemon{failed: make(chan error, 1)}
	d.background("a part", func(context.Context) error { return errors.New("broke") })
	select {
	case err := <-d.failed:
		if !strings.Contains(err.Error(), "a part: ended by itself: broke") {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the end was not reported")
	}
	if err := d.Stop(); err == nil {
		t.Error("its error is lost")
	}
}

func TestAPartThatStopEndsIsNoFailure(t *testing.T) {
	d := &Daemon{failed: make(chan error, 1)}
	d.background("a part", func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
	if len(d.failed) != 0 {
		t.Error(<-d.failed)
	}
}
