package esl

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// serve runs s on a port of its own. wait returns the result of Serve.
func serve(t *testing.T, ctx context.Context, s *Server) (addr string, wait func() error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { err = s.Serve(ctx, ln) })
	return ln.Addr().String(), func() error {
		serving.Wait()
		return err
	}
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

func TestServeDrains(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	drain, started := errors.New("drain"), make(chan struct{})
	addr, wait := serve(t, ctx, &Server{Handler: func(ctx context.Context, nc net.Conn) {
		close(started)
		<-ctx.Done()
		io.WriteString(nc, context.Cause(ctx).Error())
	}})
	nc := dial(t, addr)
	<-started
	cancel(drain)
	if err := wait(); err != drain {
		t.Error(err)
	}
	if farewell, err := io.ReadAll(nc); string(farewell) != "drain" || err != nil {
		t.Errorf("%q %v", farewell, err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("still listening")
	}
}

func TestServeRefusesAddressesThatAreNotAllowed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	refused := make(chan net.Addr, 1)
	addr, wait := serve(t, ctx, &Server{
		Allow:   func(from netip.Addr) bool { return !from.IsLoopback() || from.Is4In6() },
		Refused: func(from net.Addr) { refused <- from },
		Handler: func(context.Context, net.Conn) { t.Error("handled") },
	})
	if n, err := dial(t, addr).Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes", n)
	}
	if from := <-refused; from == nil {
		t.Error("Refused got no address")
	}
	cancel()
	wait()
}

func TestAPanicEndsItsConnectionOnly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	recovered := make(chan any, 1)
	addr, wait := serve(t, ctx, &Server{
		Handler: func(_ context.Context, nc net.Conn) {
			request, err := NewReader(nc, Limits{}).ReadCommand()
			if err != nil || request.Line == "panic" {
				panic("fault")
			}
			io.WriteString(nc, request.Line)
		},
		Recovered: func(value any, stack []byte) {
			if len(stack) == 0 {
				t.Error("no stack")
			}
			recovered <- value
		},
	})
	bad, good := dial(t, addr), dial(t, addr)
	io.WriteString(bad, "panic\n\n")
	if value := <-recovered; value != "fault" {
		t.Error(value)
	}
	if _, err := bad.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	io.WriteString(good, "hello\n\n")
	if answer, err := io.ReadAll(good); string(answer) != "hello" || err != nil {
		t.Error(answer, err)
	}
	cancel()
	wait()
}

// scripted is a listener that accepts according to a script.
type scripted struct {
	script []func() (net.Conn, error)
	closed int
}

func (l *scripted) Accept() (net.Conn, error) {
	next := l.script[0]
	l.script = l.script[1:]
	return next()
}
func (l *scripted) Close() error   { l.closed++; return nil }
func (l *scripted) Addr() net.Addr { return nil }

func TestServeOutlivesALackOfDescriptorsAndEndsWithTheListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exhausted := func() (net.Conn, error) { return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE} }
		ours, theirs := net.Pipe()
		defer theirs.Close()
		broken, handled := errors.New("broken"), 0
		ln := &scripted{script: []func() (net.Conn, error){
			exhausted, exhausted, exhausted,
			func() (net.Conn, error) { return ours, nil },
			func() (net.Conn, error) { return nil, broken },
		}}
		server := Server{Handler: func(ctx context.Context, _ net.Conn) {
			handled++
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), broken) {
				t.Error(context.Cause(ctx))
			}
		}}
		began := time.Now()
		if err := server.Serve(t.Context(), ln); !errors.Is(err, broken) {
			t.Error(err)
		}
		if handled != 1 || ln.closed == 0 || time.Since(began) != 35*time.Millisecond {
			t.Errorf("handled %d, closed %d, after %s", handled, ln.closed, time.Since(began))
		}
	})
}
