package connlimit

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestACappedListenerClosesWhatIsTooMuchAndTakesWhatComesAfter(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	capped := NewCapped(ln, 2, zerolog.Nop())
	accepted := make(chan net.Conn, 10)
	over := make(chan struct{})
	go func() { // ends with the listener
		defer close(over)
		for {
			nc, err := capped.Accept()
			if err != nil {
				return
			}
			accepted <- nc
		}
	}()
	t.Cleanup(func() { ln.Close(); <-over })
	dial := func() net.Conn {
		nc, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(20 * time.Second))
		return nc
	}
	dial()
	dial()
	first := <-accepted
	<-accepted
	third := dial()
	if _, err := third.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the third is not closed: %v", err)
	}
	if capped.Refused() != 1 {
		t.Errorf("%d were refused", capped.Refused())
	}
	first.Close()
	first.Close() // counts once
	dial()
	(<-accepted).Close()
	if open := capped.open.Load(); open != 1 {
		t.Errorf("%d are counted", open)
	}
}
