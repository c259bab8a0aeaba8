package esl

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// loginTimeout bounds the handshake if ctx has no earlier deadline.
const loginTimeout = 10 * time.Second

// Dial connects to FreeSWITCH's event socket at addr (host:port) and logs in. Errors: ErrAuth,
// ErrRejected, those of the network and of ctx. None of them contains the password.
func Dial(ctx context.Context, addr, password string, opt Options) (*Connection, error) {
	nc, err := dialTCP(ctx, addr)
	if err != nil {
		return nil, err
	}
	return Login(ctx, nc, password, opt)
}

func dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: loginTimeout, KeepAliveConfig: keepAlive, Control: limitUnacknowledged}
	nc, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("esl: dial %s: %w", addr, err)
	}
	return nc, nil
}

// Login logs in over nc, as Dial does, and closes nc if it fails.
func Login(ctx context.Context, nc net.Conn, password string, opt Options) (*Connection, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, loginTimeout, fmt.Errorf("esl: no login within %s", loginTimeout))
	defer cancel()
	unblock := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	r := NewReader(nc, opt.Limits)
	err := authenticate(nc, r, password)
	if !unblock() {
		err = fmt.Errorf("esl: login: %w", context.Cause(ctx))
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return start(nc, r, opt), nil
}

func authenticate(nc net.Conn, r *Reader, password string) error {
	auth := build("password", "auth "+password)
	if err := auth.check(); err != nil {
		return err
	}
	if _, err := await(r, ContentAuth); err != nil {
		return err
	}
	if _, err := io.WriteString(nc, auth.text); err != nil {
		return fmt.Errorf("esl: login: %w", err)
	}
	frame, err := await(r, ContentReply)
	if err != nil {
		return err
	}
	if reply := (Reply{frame}); !reply.OK() {
		return fmt.Errorf("%w: %s", ErrAuth, reply.Text())
	}
	return nil
}

// await skips frames until one of that type arrives.
func await(r *Reader, contentType string) (*Event, error) {
	for {
		frame, err := r.ReadFrame()
		if err != nil {
			return nil, fmt.Errorf("esl: login: %w", err)
		}
		switch frame.Raw("Content-Type") {
		case contentType:
			return frame, nil
		case ContentRejection:
			return nil, ErrRejected
		}
	}
}
