package api

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

const (
	authLimit    = 10 * time.Second // to send the password
	authPenalty  = time.Second      // before a wrong password is answered; only its own connection waits
	authTries    = 3                // on one connection
	commandLimit = 30 * time.Second // for one command
	writeLimit   = 5 * time.Second
)

// Port is the command port.
type Port struct {
	Server   Server
	Password string // "" = any; only for loopback, which the configuration sees to
	Log      zerolog.Logger
}

// Serve serves clients from ln until ctx is done, and returns when the last one is gone.
func (p *Port) Serve(ctx context.Context, ln net.Listener) error {
	server := esl.Server{Handler: p.serve, Recovered: func(reason any, stack []byte) {
		p.Log.Error().Any("panic", reason).Bytes("stack", stack).Msg("a client of the command port ended in a panic")
	}}
	return server.Serve(ctx, ln)
}

// serve is the session of one client.
func (p *Port) serve(ctx context.Context, nc net.Conn) {
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	c := &client{port: p, nc: nc, in: esl.NewReader(nc, esl.Limits{MaxHeaderBytes: 16 << 10, MaxBody: 64 << 10})}
	if err := c.converse(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
		p.Log.Info().Err(err).Stringer("client", nc.RemoteAddr()).Msg("a client of the command port is gone")
	}
}

// client is one connection to the command port.
type client struct {
	port *Port
	nc   net.Conn
	in   *esl.Reader
}

var errAuth = errors.New("api: too many wrong passwords")

func (c *client) converse(ctx context.Context) error {
	if err := c.authenticate(ctx); err != nil {
		return err
	}
	for {
		request, err := c.in.ReadCommand()
		if err != nil {
			return err
		}
		if over, err := c.obey(ctx, request.Line); over || err != nil {
			return err
		}
	}
}

// authenticate asks for the password until it is right.
func (c *client) authenticate(ctx context.Context) error {
	if err := c.nc.SetReadDeadline(time.Now().Add(authLimit)); err != nil {
		return err
	}
	if err := c.send("", esl.Header{Name: "Content-Type", Value: esl.ContentAuth}); err != nil {
		return err
	}
	for range authTries {
		request, err := c.in.ReadCommand()
		if err != nil {
			return err
		}
		given, is := strings.CutPrefix(request.Line, "auth ")
		switch {
		case request.Line == "exit":
			return errors.Join(c.bye(), io.EOF)
		case !is:
			err = c.reply("-ERR command not found")
		case c.right(given):
			return errors.Join(c.nc.SetReadDeadline(time.Time{}), c.reply("+OK accepted"))
		default:
			pause(ctx, authPenalty)
			err = c.reply("-ERR invalid")
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(errAuth, c.bye())
}

// right compares in constant time.
func (c *client) right(given string) bool {
	return c.port.Password == "" || subtle.ConstantTimeCompare([]byte(given), []byte(c.port.Password)) == 1
}

// obey carries out one request; over says that the client wants to go.
func (c *client) obey(ctx context.Context, line string) (over bool, err error) {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "api":
		ctx, stop := context.WithTimeout(ctx, commandLimit)
		defer stop()
		return false, c.send(Run(ctx, c.port.Server, rest)+"\n", esl.Header{Name: "Content-Type", Value: esl.ContentAPI})
	case "exit":
		return true, c.bye()
	}
	return false, c.reply("-ERR command not found")
}

func (c *client) bye() error {
	return errors.Join(c.reply("+OK bye"),
		c.send("Disconnected, goodbye.\n", esl.Header{Name: "Content-Type", Value: esl.ContentDisconnect}))
}

func (c *client) reply(text string) error {
	return c.send("", esl.Header{Name: "Content-Type", Value: esl.ContentReply}, esl.Header{Name: "Reply-Text", Value: text})
}

// send writes one frame; a client that does not read is cut off.
func (c *client) send(body string, headers ...esl.Header) error {
	if err := c.nc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	_, err := c.nc.Write(esl.AppendFrame(nil, body, headers...))
	return err
}

// pause waits, or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Greeted returns nil when a command port answers at the address.
func Greeted(ctx context.Context, address string) error {
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("api: the command port does not answer: %w", err)
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	greeting, err := esl.NewReader(nc, esl.Limits{}).ReadFrame()
	if err != nil {
		return fmt.Errorf("api: no greeting from %s: %w", address, err)
	}
	if kind := greeting.Get("Content-Type"); kind != esl.ContentAuth {
		return fmt.Errorf("api: %s greets with %q, not with %s", address, kind, esl.ContentAuth)
	}
	return nil
}
