package cmdport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nwayacd/acd"
	"nwayacd/api/connlimit"
	"nwayacd/esl"
	"nwayacd/internal/auth"
	"nwayacd/internal/wait"
)

const (
	jobsAtOnce   = 32  // for one client
	maxJobEvents = 256 // BACKGROUND_JOB events that wait to be sent to one client
)

// client is one connection to the command port. Its goroutine answers each request before it reads
// the next, as FreeSWITCH does, so replies have the order of the requests. Other goroutines write
// events, always a whole frame at a time.
type client struct {
	port *Port
	nc   net.Conn
	in   *esl.Reader
	end  context.CancelCauseFunc // ends the session

	writing   sync.Mutex
	following sync.WaitGroup // goroutines that send events; they end with the session
	working   sync.WaitGroup // jobs; each ends with its command
	greeted   atomic.Bool    // the client is being asked for the password
	slots     chan struct{}  // holds one token for each running job
	jobEvents chan event     // BACKGROUND_JOB events for this client

	// Only the client's own goroutine uses the following fields.
	listener      *acd.Listener // nil until the client first subscribes
	upstream      *upstream     // nil until the first request is passed on
	counted       *connlimit.Conn
	authenticated bool // the client has shown a password or a token
	actor         auth.Actor

	subscription subscription
}

func newClient(p *Port, nc net.Conn) *client {
	return &client{
		port: p, nc: nc, in: esl.NewReader(nc, strangersLimits),
		slots: make(chan struct{}, jobsAtOnce), jobEvents: make(chan event, maxJobEvents),
	}
}

// The limits for what a client sends, before and after it has shown the password.
var (
	strangersLimits = esl.Limits{MaxHeaderBytes: 2 << 10, MaxBody: 1 << 10, MaxHeaders: 64}
	clientsLimits   = esl.Limits{MaxHeaderBytes: 64 << 10, MaxBody: 1 << 20, FrameTime: requestLimit}
)

var (
	errEvicted   = errors.New("cmdport: too many connections: this one was closed to make room")
	errPasswords = errors.New("cmdport: too many wrong passwords")
	errHTTP      = errors.New("cmdport: HTTP was sent to the command port")
	errHandshake = errors.New("the client does not speak it")
	errSlow      = errors.New("cmdport: the client reads its events too slowly")
)

// runSession serves the client until one side ends the session. Jobs run in the context working,
// because they outlive the session.
func (c *client) runSession(ctx, working context.Context) error {
	if err := c.authenticate(ctx); err != nil {
		return err
	}
	ctx, working = auth.With(ctx, c.actor), auth.With(working, c.actor)
	ctx, stop := c.port.Server.While(ctx)
	defer stop()
	defer context.AfterFunc(ctx, func() { c.end(context.Cause(ctx)) })()
	for {
		request, err := c.in.ReadCommand()
		if err != nil {
			return err
		}
		if over, err := c.handle(ctx, working, request); over || err != nil {
			return err
		}
	}
}

// shakeHands begins TLS if the port speaks it.
func (c *client) shakeHands(ctx context.Context) error {
	if secure, is := c.nc.(*tls.Conn); is {
		ctx, stop := context.WithTimeoutCause(ctx, handshakeLimit, errHandshake)
		defer stop()
		if err := secure.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("cmdport: TLS: %w", cmp.Or(context.Cause(ctx), err))
		}
	}
	c.greeted.Store(true)
	return nil
}

// authenticate asks for the password until it is right, at most authTries times.
func (c *client) authenticate(ctx context.Context) error {
	if err := c.nc.SetReadDeadline(time.Now().Add(authLimit)); err != nil {
		return err
	}
	if err := c.send(esl.AppendFrame(nil, "", contentType(esl.ContentAuth))); err != nil {
		return err
	}
	for try := range authTries {
		request, err := c.in.ReadCommand()
		if err != nil {
			return err
		}
		verb, given, _ := strings.Cut(request.Line, " ")
		switch {
		case isHTTP(request.Line):
			return errors.Join(errHTTP, c.send(rejected()))
		case isExit(verb):
			return errors.Join(c.bye(), io.EOF)
		case strings.EqualFold(verb, "auth"), strings.EqualFold(verb, "userauth"):
			actor, right, held := c.identify(ctx, verb, given)
			if right {
				c.actor = actor
				return errors.Join(c.welcome(), c.reply("+OK accepted"))
			}
			wait.Pause(ctx, max(authPenalty<<try, min(held, longPenalty)), nil)
			err = c.reply("-ERR invalid")
		default:
			err = c.reply("-ERR command not found")
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(errPasswords, c.bye())
}

// welcome gives a client that has shown the password the limits of a client.
func (c *client) welcome() error {
	limits := clientsLimits
	limits.Room = c.port.room
	c.in.Limit(limits)
	c.authenticated = true
	c.counted.Confirm()
	err := c.nc.SetReadDeadline(time.Time{})
	c.in.EnforceFrameTime(c.nc)
	return err
}

// evict ends the session of a client that has not shown the password, to make room for another, or
// that is beyond the bounds.
func (c *client) evict() {
	if c.greeted.Load() { // a frame would wait for the end of TLS's handshake
		c.send(rejected())
	}
	c.end(errEvicted)
}

// isHTTP reports whether the line begins an HTTP request. A web page can make a browser send one to
// this port, with commands in its body.
func isHTTP(line string) bool { return strings.Contains(line, " HTTP/") }

func isExit(verb string) bool {
	return strings.EqualFold(verb, "exit") || strings.HasPrefix(verb, "...")
}

func (c *client) bye() error {
	return errors.Join(c.reply("+OK bye"), c.send(disconnected()))
}

func disconnected() []byte {
	return esl.AppendFrame(nil, "Disconnected, goodbye.\n", contentType(esl.ContentDisconnect))
}

// rejected returns FreeSWITCH's own answer to a client whose address it does not admit
// (mod_event_socket.c).
func rejected() []byte {
	return esl.AppendFrame(nil, "Access Denied, go away.\n", contentType(esl.ContentRejection))
}

// reply answers a request that is not an api call.
func (c *client) reply(text string, more ...esl.Header) error {
	headers := append([]esl.Header{contentType(esl.ContentReply), {Name: "Reply-Text", Value: text}}, more...)
	return c.send(esl.AppendFrame(nil, "", headers...))
}

// answer answers an api call with its output.
func (c *client) answer(text string) error {
	return c.send(esl.AppendFrame(nil, text, contentType(esl.ContentAPI)))
}

func contentType(kind string) esl.Header { return esl.Header{Name: "Content-Type", Value: kind} }

// send writes one whole frame. It cuts off a client that does not read for writeLimit.
func (c *client) send(frame []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	err := c.nc.SetWriteDeadline(time.Now().Add(writeLimit))
	if err == nil {
		_, err = c.nc.Write(frame)
	}
	if err != nil {
		c.cut(err)
	}
	return err
}

// cut ends the session of a client that does not read what it asked for. Data that is still being
// sent is dropped, because waiting for it could take for ever.
func (c *client) cut(why error) {
	nc := c.nc
	if secure, is := nc.(*tls.Conn); is {
		nc = secure.NetConn()
	}
	if tcp, is := nc.(*net.TCPConn); is {
		tcp.SetLinger(0) // fails only on a closed connection
	}
	c.end(why)
}
