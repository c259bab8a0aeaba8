package esl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"
)

// Server accepts connections: FreeSWITCH's socket application, or clients of a command port.
type Server struct {
	Allow   func(netip.Addr) bool // nil allows every address; others are closed at once
	Refused func(remote net.Addr) // called for each connection that is not allowed; may be nil; must not block
	// ConnContext returns the context of Handler for a connection. It is called in the order in
	// which the connections were made. It must not block, and may be nil.
	ConnContext func(ctx context.Context, nc net.Conn) context.Context
	// Handler runs in a goroutine for each connection. Serve closes the connection after it.
	Handler func(ctx context.Context, nc net.Conn)
	// Recovered is called if Handler panics; the panic then ends that connection only. If Recovered
	// is nil, a panic ends the program.
	Recovered func(value any, stack []byte)
}

// Serve accepts from ln until ctx is done or ln fails. Then it closes ln, cancels the handlers'
// context with the same cause, waits for the handlers, and returns that cause. A temporary failure,
// such as a lack of file descriptors, only makes it pause.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	shut := sync.OnceFunc(func() { ln.Close() })
	defer context.AfterFunc(ctx, shut)()
	var handlers sync.WaitGroup
	for ctx.Err() == nil {
		nc, err := accept(ctx, ln)
		if err != nil {
			cancel(fmt.Errorf("esl: accept: %w", err))
			break
		}
		if !s.allows(nc.RemoteAddr()) {
			nc.Close()
			if s.Refused != nil {
				s.Refused(nc.RemoteAddr())
			}
			continue
		}
		handling := ctx
		if s.ConnContext != nil {
			handling = s.ConnContext(ctx, nc)
		}
		handlers.Go(func() { s.handle(handling, nc) }) // ends when the handler returns
	}
	shut()
	handlers.Wait()
	return context.Cause(ctx)
}

// accept retries after temporary failures.
func accept(ctx context.Context, ln net.Listener) (net.Conn, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		nc, err := ln.Accept()
		if err == nil || !isTemporary(err) || ctx.Err() != nil {
			return nc, err
		}
		sleep(ctx, pause)
	}
}

// temporary is implemented by the errors EMFILE, ENFILE, ECONNABORTED and EINTR.
type temporary interface {
	error
	Temporary() bool
}

func isTemporary(err error) bool {
	t, ok := errors.AsType[temporary](err)
	return ok && t.Temporary()
}

func (s *Server) allows(addr net.Addr) bool {
	if s.Allow == nil {
		return true
	}
	var from netip.AddrPort // invalid if the transport has no addresses
	if tcp, ok := addr.(*net.TCPAddr); ok {
		from = tcp.AddrPort()
	}
	return s.Allow(from.Addr().Unmap())
}

func (s *Server) handle(ctx context.Context, nc net.Conn) {
	defer nc.Close()
	if s.Recovered != nil {
		defer func() {
			if value := recover(); value != nil {
				s.Recovered(value, debug.Stack())
			}
		}()
	}
	s.Handler(ctx, nc)
}
