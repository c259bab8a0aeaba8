package cmdport

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"nwayacd/api/apitest"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// port serves a command port until the test ends and returns its address.
func port(t testing.TB, password string) string {
	t.Helper()
	s, _ := apitest.Server()
	return served(t, &Port{Server: s, Password: auth.NewSecret(password), Log: zerolog.Nop()})
}

func served(t testing.TB, p *Port) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { p.Serve(ctx, ln) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
	})
	return ln.Addr().String()
}

func TestAnESLClientManagesTheServer(t *testing.T) {
	conn, err := esl.Dial(t.Context(), port(t, "secret"), "secret", esl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if reply, err := conn.API(t.Context(), "nway_login 1000 110"); err != nil || reply != "+OK 1000 logged in to 110" {
		t.Errorf("%q, %v", reply, err)
	}
	if _, err := conn.API(t.Context(), "nway_login 1000 999"); err == nil ||
		!strings.Contains(err.Error(), "no such group") {
		t.Errorf("an unknown group: %v", err)
	}
	if replies, err := conn.Do(t.Context(), esl.Raw("whatever")); err != nil ||
		replies[0].Text() != "-ERR command not found" {
		t.Errorf("an unknown request: %v, %v", replies, err)
	}
	if replies, err := conn.Do(t.Context(), esl.Raw("exit")); err != nil || replies[0].Text() != "+OK bye" {
		t.Errorf("exit: %v, %v", replies, err)
	}
	select {
	case <-conn.Done():
	case <-time.After(5 * time.Second):
		t.Error("the connection is still open after exit")
	}
}

func TestAWrongPasswordGetsNothing(t *testing.T) {
	if _, err := esl.Dial(t.Context(), port(t, "secret"), "guess", esl.Options{}); err == nil {
		t.Fatal("a wrong password was accepted")
	}
}

func TestAWrongPasswordDelaysItsOwnConnectionOnly(t *testing.T) {
	address := port(t, "secret")
	wrong, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	in := esl.NewReader(wrong, esl.Limits{})
	if _, err := in.ReadFrame(); err != nil {
		t.Fatal(err)
	}
	// Three wrong passwords take 7 s of penalties. The right one on another connection is answered
	// long before that.
	wrong.Write([]byte("auth guess\n\nauth guess\n\nauth guess\n\n"))
	answered := make(chan string, 3)
	var reading sync.WaitGroup
	reading.Go(func() {
		for range cap(answered) {
			f, err := in.ReadFrame()
			if err != nil {
				return
			}
			answered <- f.Raw("Reply-Text")
		}
	})
	defer reading.Wait()
	dial(t, address, "secret").say("api nway_list_exts", "extension|")
	if n := len(answered); n == cap(answered) {
		t.Error("a right password waited for the wrong ones")
	}
	for range cap(answered) {
		if reply := <-answered; reply != "-ERR invalid" {
			t.Errorf("a wrong password: %q", reply)
		}
	}
}

func TestARightPasswordIsTakenAmidManyWrongOnesOfItsAddress(t *testing.T) {
	address := port(t, "secret")
	for range 12 { // each sends a wrong one, and waits for its penalty
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if _, err := esl.NewReader(nc, esl.Limits{}).ReadFrame(); err != nil {
			t.Fatal(err)
		}
		if _, err := nc.Write([]byte("auth guess\n\n")); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(200 * time.Millisecond) // the wrong ones are looked at
	for range 5 {
		dial(t, address, "secret").say("api nway_list_exts", "extension|")
	}
}

func TestNothingIsServedBeforeThePassword(t *testing.T) {
	nc, err := net.Dial("tcp", port(t, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	in := esl.NewReader(nc, esl.Limits{})
	if f, err := in.ReadFrame(); err != nil || f.Get("Content-Type") != esl.ContentAuth {
		t.Fatal(f, err)
	}
	nc.Write([]byte("api nway_list_exts\n\n"))
	if f, err := in.ReadFrame(); err != nil || f.Get("Reply-Text") != "-ERR command not found" {
		t.Errorf("%v, %v", f.Get("Reply-Text"), err)
	}
}

func TestGreeted(t *testing.T) {
	if err := (Target{Address: port(t, "")}).Greeted(t.Context()); err != nil {
		t.Error(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	if err := (Target{Address: address}).Greeted(t.Context()); err == nil {
		t.Error("no port is there, but Greeted returns nil")
	}
}

// A web page can send this with a browser of this host; without a password any would be right.
func TestAWebPageCannotCommandByABrowser(t *testing.T) {
	address := port(t, "")
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: 127.0.0.1:8022\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"30\r\n\nauth x\n\napi nway_add_blacklist 666\n\n")
	said, _ := io.ReadAll(nc)
	if strings.Contains(string(said), "+OK") || !strings.Contains(string(said), esl.ContentRejection) {
		t.Errorf("%s", said)
	}
}
