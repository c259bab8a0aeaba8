package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

// from is a client at that address.
func from(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }

func TestWhoIsKnownStaysAndWhoIsNotMakesRoom(t *testing.T) {
	d := newDoor(Bounds{Total: 4, PerSource: 2}, zerolog.Nop())
	out := map[string]bool{}
	enter := func(name, ip string) *guest {
		g, in := d.enter(from(ip), func() { out[name] = true })
		if !in {
			out[name] = true
		}
		return g
	}
	expect := func(step string, gone ...string) {
		t.Helper()
		for _, name := range gone {
			if !out[name] {
				t.Errorf("%s: %s is still in", step, name)
			}
			delete(out, name)
		}
		for name := range out {
			t.Errorf("%s: %s is out", step, name)
		}
		clear(out)
	}
	a1 := enter("a1", "10.0.0.1")
	d.know(a1)
	a2 := enter("a2", "10.0.0.1")
	enter("b1", "10.0.0.2")
	expect("there is room for all")
	enter("a3", "10.0.0.1")
	expect("a third of one source", "a2")
	d.leave(a2) // twice counts once
	a4 := enter("a4", "10.0.0.1")
	expect("a fourth of one source", "a3")
	d.know(a4)
	enter("a5", "10.0.0.1")
	expect("a source whose connections are all known", "a5")
	b2 := enter("b2", "10.0.0.2")
	d.know(b2)
	expect("the fourth of all")
	c1 := enter("c1", "10.0.0.3")
	expect("the fifth of all", "b1")
	d.know(c1)
	enter("c2", "10.0.0.3")
	expect("all are known", "c2")
	d.forget(a1)
	enter("c3", "10.0.0.3")
	expect("one of them is between two requests", "a1")
	for _, g := range []*guest{a4, b2, c1} {
		d.leave(g)
	}
	if len(d.guests) != 1 || len(d.sources) != 1 {
		t.Errorf("of one connection, %d are counted, from %d sources", len(d.guests), len(d.sources))
	}
}

func TestAnIPv6NetworkIsOneSource(t *testing.T) {
	d := newDoor(Bounds{Total: 10, PerSource: 1}, zerolog.Nop())
	g, _ := d.enter(from("2001:db8::1"), func() {})
	d.know(g)
	if _, in := d.enter(from("2001:db8::2"), func() {}); in {
		t.Error("the second address of a network was let in")
	}
	if _, in := d.enter(from("2001:db8:0:1::1"), func() {}); !in {
		t.Error("another network was kept out")
	}
}

func TestTheCommandPortIsBoundedPerSource(t *testing.T) {
	s, _ := server()
	var log lines
	address := served(t, &Port{Server: s, Password: "right", Bounds: Bounds{PerSource: 3}, Log: zerolog.New(&log)})
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
	for n := range 3 { // each pushes out the one that was silent longest
		dial(t, address, "right").say("api switchname", "nwayacd")
		if f := silent[n].read(); f.Raw("Content-Type") != esl.ContentRejection {
			t.Errorf("the silent one was told %s", f.Raw("Content-Type"))
		}
		if _, err := silent[n].in.ReadFrame(); !errors.Is(err, io.EOF) {
			t.Errorf("and then %v", err)
		}
	}
	for range 50 {
		if _, err := esl.Dial(t.Context(), address, "right", esl.Options{}); !errors.Is(err, esl.ErrRejected) {
			t.Errorf("one more: %v", err)
		}
	}
	if n := strings.Count(log.String(), "too many connections"); n != 1 {
		t.Errorf("%d lines in the log:\n%s", n, log.String())
	}
}

// lines is a log that can be read while it is written.
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

// webOnTCP serves the HTTP port as the program does.
func webOnTCP(t *testing.T, token string, bounds Bounds) (address string) {
	t.Helper()
	s, _ := server()
	h := &HTTP{Server: s, Database: &archive{}, Token: token, Bounds: bounds, Log: zerolog.Nop()}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { h.Serve(ctx, ln) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
	})
	return ln.Addr().String()
}

// visitor is one HTTP connection.
type visitor struct {
	t  *testing.T
	nc net.Conn
	in *bufio.Reader
}

func visit(t *testing.T, address string) *visitor {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return &visitor{t, nc, bufio.NewReader(nc)}
}

// asks sends a request and returns the status; 0 where the connection was closed without an answer.
func (v *visitor) asks(path, token string) (status int, answer *http.Response) {
	v.t.Helper()
	fmt.Fprintf(v.nc, "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
	answer, err := http.ReadResponse(v.in, nil)
	if err != nil {
		return 0, nil
	}
	if answer.ContentLength >= 0 { // no stream of events
		io.Copy(io.Discard, answer.Body)
	}
	return answer.StatusCode, answer
}

func TestTheHTTPPortIsBoundedPerSource(t *testing.T) {
	address := webOnTCP(t, "right", Bounds{Total: 8, PerSource: 3})
	var silent []*visitor
	for range 3 {
		silent = append(silent, visit(t, address))
	}
	for n := range 3 { // a stream of events stays
		if status, _ := visit(t, address).asks(apiPrefix+"/events", "right"); status != http.StatusOK {
			t.Fatalf("stream %d: %d", n, status)
		}
		if _, err := silent[n].in.ReadByte(); err == nil || isTimeout(err) {
			t.Errorf("the one that was silent longest is still there: %v", err)
		}
	}
	status, answer := visit(t, address).asks("/healthz", "right")
	if status != http.StatusServiceUnavailable || !answer.Close {
		t.Errorf("one more: %d", status)
	}
}

func TestAnHTTPConnectionBetweenRequestsMakesRoom(t *testing.T) {
	address := webOnTCP(t, "right", Bounds{PerSource: 1})
	kept := visit(t, address)
	for range 2 {
		if status, _ := kept.asks(apiPrefix+"/version", "right"); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	status := 0
	for n := 0; status != http.StatusOK && n < 100; n++ { // an answer is read before the server has noted that it is given
		status, _ = visit(t, address).asks(apiPrefix+"/version", "right")
	}
	if status != http.StatusOK {
		t.Errorf("the newcomer: %d", status)
	}
	if status, _ := kept.asks(apiPrefix+"/version", "right"); status != 0 {
		t.Errorf("the other is still there: %d", status)
	}
}

func isTimeout(err error) bool {
	ne, is := errors.AsType[net.Error](err)
	return is && ne.Timeout()
}

func TestABodyThatTricklesInIsCut(t *testing.T) {
	address := webOnTCP(t, "right", Bounds{})
	for name, token := range map[string]string{"with the token": "right", "without": "wrong"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := visit(t, address)
			fmt.Fprintf(v.nc, "POST %s/groups HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", apiPrefix, token)
			began := time.Now()
			for time.Since(began) < 3*bodyLimit {
				if _, err := io.WriteString(v.nc, "{"); err != nil {
					return // cut
				}
				time.Sleep(bodyLimit / 10)
			}
			t.Error("it may trickle on")
		})
	}
}

func TestARequestThatTricklesIntoTheCommandPortIsCut(t *testing.T) {
	s, _ := server()
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
		time.Sleep(time.Hour) // an idle client stays
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
		t.Error("it may trickle on")
	})
}

// oneConnection is a listener that has one connection to give.
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

func TestAStrangerMaySendNothingLarge(t *testing.T) {
	address := port(t, "right")
	for name, sent := range map[string]string{
		"a long line": strings.Repeat("x", 5000), "a body": "auth x\nContent-Length: 100000\n\n", "many headers": strings.Repeat("a:\n", 100),
	} {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		io.WriteString(nc, sent)
		nc.SetReadDeadline(time.Now().Add(authLimit / 2))
		if _, err := io.Copy(io.Discard, nc); isTimeout(err) {
			t.Errorf("%s: waited for", name)
		}
	}
}

func TestABodyThatNobodyReadIsNotTheNextRequest(t *testing.T) {
	address := webOnTCP(t, "right", Bounds{})
	inner := "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for _, length := range []int{len(inner), 400_000, 999_999_999} {
		for _, token := range []string{"right", "wrong"} {
			v := visit(t, address)
			fmt.Fprintf(v.nc, "POST %s/groups HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
				apiPrefix, token, length, inner)
			v.nc.(*net.TCPConn).CloseWrite()
			all, _ := io.ReadAll(v.in)
			if n := strings.Count(string(all), "HTTP/1.1 "); n > 1 {
				t.Errorf("%d bytes, token %s: %d answers:\n%s", length, token, n, all)
			}
		}
	}
}
