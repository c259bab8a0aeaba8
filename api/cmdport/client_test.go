package cmdport

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
	"nwayacd/api/connlimit"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

func TestTheCommandPortIsBoundedPerSource(t *testing.T) {
	s, _ := apitest.Server()
	var log lines
	address := served(t,
		&Port{
			Server: s, Password: auth.NewSecret("right"), Bounds: connlimit.Bounds{PerSource: 3},
			Log: zerolog.New(&log),
		})
	var silent []*dialogue
	for range 3 {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		d := &dialogue{t: t, nc: nc, in: esl.NewReader(nc, esl.Limits{})}
		t.Cleanup(func() { nc.Close() })
		d.read()
		silent = append(silent, d)
	}
	for n := range 3 { // each replaces the connection that was silent longest
		dial(t, address, "right").say("api switchname", "nwayacd")
		if f := silent[n].read(); f.Raw("Content-Type") != esl.ContentRejection {
			t.Errorf("the silent one received %s", f.Raw("Content-Type"))
		}
		if _, err := silent[n].in.ReadFrame(); !errors.Is(err, io.EOF) {
			t.Errorf("and then %v", err)
		}
	}
	for range 50 {
		if reply, err := (Target{Address: address, Password: "right"}).Ask(t.Context(), "nway_list_exts"); err != nil {
			t.Errorf("a single command on a full port: %q, %v", reply, err)
		}
		if err := (Target{Address: address}).Greeted(t.Context()); err != nil {
			t.Errorf("a health probe on a full port: %v", err)
		}
	}
	stays := dial(t, address, "right")
	if f := stays.read(); f.Raw("Content-Type") != esl.ContentRejection {
		t.Errorf("one more that stays was told %s", f.Raw("Content-Type"))
	}
	if n := strings.Count(log.String(), `"message":"too many connections`); n != 1 {
		t.Errorf("%d lines in the log:\n%s", n, log.String())
	}
}

// lines is a log that can be read while it is being written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestARequestThatTricklesIntoTheCommandPortIsCut(t *testing.T) {
	s, _ := apitest.Server()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		p := &Port{Server: s, Log: zerolog.Nop()}
		ctx, stop := context.WithCancel(t.Context())
		var serving sync.WaitGroup
		defer serving.Wait()
		defer stop()
		serving.Go(func() { p.Serve(ctx, &oneConnection{conn: ours, ctx: ctx}) })
		d := &dialogue{t: t, nc: theirs, in: esl.NewReader(theirs, esl.Limits{})}
		d.read()
		d.say("auth x", "+OK accepted")
		time.Sleep(time.Hour) // an idle client is not cut off
		d.say("api switchname", "nwayacd")
		began := time.Now()
		for time.Since(began) < 5*requestLimit {
			theirs.SetWriteDeadline(time.Now().Add(time.Second))
			if _, err := io.WriteString(theirs, "a"); err != nil {
				if took := time.Since(began); took > requestLimit+2*time.Second {
					t.Errorf("cut after %s", took)
				}
				return
			}
			time.Sleep(time.Second)
		}
		t.Error("a request that trickles in was not cut off")
	})
}

// oneConnection is a listener with one connection.
type oneConnection struct {
	conn net.Conn
	ctx  context.Context
}

func (l *oneConnection) Accept() (net.Conn, error) {
	if nc := l.conn; nc != nil {
		l.conn = nil
		return nc, nil
	}
	<-l.ctx.Done()
	return nil, net.ErrClosed
}
func (l *oneConnection) Close() error   { return nil }
func (l *oneConnection) Addr() net.Addr { return nil }

func TestAStrangerCanSendNothingLarge(t *testing.T) {
	address := port(t, "right")
	for name, sent := range map[string]string{
		"a long line": strings.Repeat("x", 5000), "a body": "auth x\nContent-Length: 100000\n\n",
		"many headers": strings.Repeat("a:\n", 100),
	} {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		io.WriteString(nc, sent)
		nc.SetReadDeadline(time.Now().Add(authLimit / 2))
		if _, err := io.Copy(io.Discard, nc); isTimeout(err) {
			t.Errorf("%s: the port waits for it", name)
		}
	}
}

func isTimeout(err error) bool {
	ne, is := errors.AsType[net.Error](err)
	return is && ne.Timeout()
}
