package cmdport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"

	"nwayacd/api"
	"nwayacd/esl"
)

// dialLimit bounds a client's try to connect, with TLS's handshake.
const dialLimit = 10 * time.Second

// Target is the command port of a server, for its clients.
type Target struct {
	Address, Password string
	TLS               *tls.Config // nil = the port speaks no TLS
}

// Dial connects to the port.
func (t Target) Dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialLimit}
	if t.TLS == nil {
		return dialer.DialContext(ctx, "tcp", t.Address)
	}
	nc, err := (&tls.Dialer{NetDialer: dialer, Config: t.TLS}).DialContext(ctx, "tcp", t.Address)
	if _, plain := errors.AsType[tls.RecordHeaderError](err); plain {
		return nil, fmt.Errorf("the port speaks no TLS, or has not been restarted since tls-cert was set: %w", err)
	}
	return nc, err
}

// Greeted returns nil if a command port answers at the address.
func (t Target) Greeted(ctx context.Context) error {
	nc, err := t.Dial(ctx)
	if err != nil {
		return fmt.Errorf("cmdport: the command port does not answer: %w", err)
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	greeting, err := esl.NewReader(nc, esl.Limits{}).ReadFrame()
	if err != nil {
		return fmt.Errorf("cmdport: no greeting from %s: %w", t.Address, err)
	}
	if kind := greeting.Get("Content-Type"); kind != esl.ContentAuth {
		return fmt.Errorf("cmdport: %s greets with %q, not with %s", t.Address, kind, esl.ContentAuth)
	}
	return nil
}

// Ask sends one command and returns its reply, which may be a refusal. An error means that there is
// no reply: esl.ErrAuth for a wrong password, or an error of the network or of ctx.
func (t Target) Ask(ctx context.Context, line string) (reply string, err error) {
	if strings.ContainsFunc(line, unicode.IsControl) {
		return api.ControlRefusal, nil
	}
	nc, err := t.Dial(ctx)
	if err != nil {
		return "", fmt.Errorf("cmdport: %w", err)
	}
	conn, err := esl.Login(ctx, nc, t.Password, esl.Options{Limits: esl.Limits{MaxBody: 64 << 20}})
	if err != nil {
		return "", fmt.Errorf("cmdport: %w", err)
	}
	defer conn.Close()
	replies, err := conn.Do(ctx, esl.API(line))
	if err != nil {
		return "", fmt.Errorf("cmdport: %w", err)
	}
	return replies[0].Text(), nil
}
