package esl

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A peer that answers slowly but steadily is not silent. A peer that stops answering is.
func TestARepliesTimeRunsFromTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := NewConnection(ours, Options{ReplyTimeout: 10 * time.Second})
		defer c.Close()
		defer theirs.Close()
		r := NewReader(theirs, Limits{})
		answer := func() {
			if _, err := theirs.Write(
				AppendFrame(nil, "", Header{Name: "Content-Type", Value: "command/reply"},
					Header{Name: "Reply-Text", Value: "+OK"})); err != nil {
				t.Error(err)
			}
		}
		go func() {
			for range 4 {
				if _, err := r.ReadCommand(); err != nil {
					t.Error(err)
				}
			}
		}()
		if err := c.Post(Raw("a"), Raw("b"), Raw("c")); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			time.Sleep(9 * time.Second)
			answer()
		}
		time.Sleep(time.Hour) // nothing is due
		if err := c.Err(); err != nil {
			t.Fatalf("over: %v", err)
		}
		if err := c.Post(Raw("d")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10*time.Second + 1)
		synctest.Wait()
		if err := c.Err(); !errors.Is(err, ErrLate) {
			t.Errorf("got %v", err)
		}
	})
}
