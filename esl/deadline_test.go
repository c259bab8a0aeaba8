package esl

import (
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// trickle sends text, a byte a second.
func trickle(to io.Writer, text string) {
	for i := range len(text) {
		time.Sleep(time.Second)
		if _, err := io.WriteString(to, text[i:i+1]); err != nil {
			return
		}
	}
}

func TestAFrameThatTricklesInIsCutAndAnIdleConnectionIsNot(t *testing.T) {
	for name, sent := range map[string]string{
		"headers": strings.Repeat("Header: x\n", 10), "one endless line": strings.Repeat("x", 100),
		"body": "Content-Length: 90\n\n" + strings.Repeat("x", 80),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				defer theirs.Close()
				over := make(chan error, 1)
				c := NewConnection(ours,
					Options{OnEnd: func(err error) { over <- err }, Limits: Limits{FrameTime: 20 * time.Second}})
				defer c.Close()
				time.Sleep(time.Hour) // a caller may wait as long without an event
				if c.Err() != nil {
					t.Fatalf("an idle connection was cut: %v", c.Err())
				}
				var sending sync.WaitGroup
				defer sending.Wait()
				defer theirs.Close()
				began := time.Now()
				sending.Go(func() { trickle(theirs, sent) })
				err := <-over
				if _, is := errors.AsType[*FrameError](err); !is || time.Since(began) != 21*time.Second {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
			})
		})
	}
}

func TestEachFrameHasATimeOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		heard := make(chan *Event, 10)
		c := NewConnection(ours,
			Options{OnSkip: func(e *Event) { heard <- e }, Limits: Limits{FrameTime: 20 * time.Second}})
		defer c.Close()
		trickle(theirs, strings.Repeat("Header: x\n\n", 3)) // 11 s each
		for range 3 {
			<-heard
		}
		trickle(theirs, strings.Repeat("\n", 60)) // empty lines are no frame
		synctest.Wait()
		if c.Err() != nil {
			t.Error(c.Err())
		}
	})
}

func TestLargeFramesOfManyPeersShareTheirRoom(t *testing.T) {
	room := NewRoom(64 << 10)
	first, firstTo := io.Pipe()
	r := NewReader(first, Limits{MaxHeaderBytes: 1 << 20, Room: room})
	read := make(chan error, 1)
	go func() {
		_, err := r.ReadFrame()
		read <- err
	}()
	io.WriteString(firstTo, "Large: "+strings.Repeat("x", 60<<10)) // taken byte for byte: what is written is read
	for room.taken.Load() < 40<<10 {
		runtime.Gosched()
	}
	large := "A: b\n" + "Large: " + strings.Repeat("x", 60<<10) + "\n\n"
	if _, err := NewReader(strings.NewReader(large), Limits{Room: room}).ReadFrame(); !errors.Is(err, errNoRoom) {
		t.Errorf("a second large frame: %v", err)
	}
	usual := "A: " + strings.Repeat("x", 10<<10) + "\n\n"
	if _, err := NewReader(strings.NewReader(usual), Limits{Room: room}).ReadFrame(); err != nil {
		t.Errorf("a usual frame: %v", err)
	}
	io.WriteString(firstTo, "\n\n")
	if err := <-read; err != nil {
		t.Error(err)
	}
	body := "Content-Length: 61440\n\n" + strings.Repeat("x", 61440)
	if _, err := NewReader(strings.NewReader(body), Limits{Room: room}).ReadFrame(); err != nil {
		t.Errorf("when the first is done: %v", err)
	}
	if left := room.taken.Load(); left != 0 {
		t.Errorf("%d bytes are still taken", left)
	}
}
