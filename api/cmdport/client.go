package cmdport

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"nwayacd/acd"
	"nwayacd/api/connlimit"
	"nwayacd/esl"
)

const (
	jobsAtOnce   = 32  // of one client
	maxJobEvents = 256 // BACKGROUND_JOB events on their way to one client
)

// client is one connection to the command port. Its goroutine reads requests and answers each
// before it reads the next, as FreeSWITCH does, so that replies stand in the order of the requests.
// Events are written by others, whole frames at a time.
type client struct {
	port *Port
	nc   net.Conn
	in   *esl.Reader
	end  context.CancelCauseFunc // cuts the client off

	writing   sync.Mutex
	following sync.WaitGroup // of events; ends with the session
	working   sync.WaitGroup // on jobs; each ends with its command
	slots     chan struct{}  // holds one for each job at work
	jobEvents chan event     // BACKGROUND_JOB events for this client

	// Of the client's own goroutine.
	listener *acd.Listener // nil until the client first subscribes
	upstream *upstream     // nil until something was first passed on
	counted  *connlimit.Conn
	known    bool // has shown the password

	subscription subscription
}

func newClient(p *Port, nc net.Conn) *client {
	return &client{
		port: p, nc: nc, in: esl.NewReader(nc, strangersLimits),
		slots: make(chan struct{}, jobsAtOnce), jobEvents: make(chan event, maxJobEvents),
	}
}

// What a client may send, before and after it has shown the password.
var (
	strangersLimits = esl.Limits{MaxHeaderBytes: 2 << 10, MaxBody: 1 << 10, MaxHeaders: 64}
	clientsLimits   = esl.Limits{MaxHeaderBytes: 64 << 10, MaxBody: 1 << 20, FrameTime: requestLimit}
)

var (
	errCrowded   = errors.New("cmdport: too many connections: this one made room for another")
	errPasswords = errors.New("cmdport: too many wrong passwords")
	errSlow      = errors.New("cmdport: the client was too slow for its events")
)

// converse serves the client until one side ends it. working is the context of jobs, which outlive
// the session.
func (c *client) converse(ctx, working context.Context) error {
	if err := c.authenticate(ctx); err != nil {
		return err
	}
	for {
		request, err := c.in.ReadCommand()
		if err != nil {
			return err
		}
		if over, err := c.obey(ctx, working, request); over || err != nil {
			return err
		}
	}
}

// authenticate asks for the password until it is right.
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
		case isExit(verb):
			return errors.Join(c.bye(), io.EOF)
		case strings.EqualFold(verb, "auth"), strings.EqualFold(verb, "userauth"):
			right, wait := c.right(verb, given)
			if right {
				return errors.Join(c.welcome(), c.reply("+OK accepted"))
			}
			pause(ctx, max(authPenalty<<try, min(wait, longPenalty)))
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

// welcome lets a client stay that has shown the password.
func (c *client) welcome() error {
	limits := clientsLimits
	limits.Room = c.port.room
	c.in.Limit(limits)
	c.known = true
	c.counted.Confirm()
	err := c.nc.SetReadDeadline(time.Time{})
	c.in.Hurry(c.nc)
	return err
}

// evict ends the session of a client that has not shown the password, to make room for another, or
// that is beyond the bounds.
func (c *client) evict() {
	c.send(rejected())
	c.end(errCrowded)
}

// right compares in constant time. A wrong password of a source that has sent too many waits longer
// for its answer. Users (userauth) are FreeSWITCH's, this port has none.
func (c *client) right(verb, given string) (right bool, wait time.Duration) {
	isRight := strings.EqualFold(verb, "auth")
	if c.port.Password == "" {
		return isRight, 0
	}
	return c.port.authLimiter.Try(esl.Source(c.nc.RemoteAddr()), func() bool {
		return isRight && subtle.ConstantTimeCompare([]byte(given), []byte(c.port.Password)) == 1
	})
}

func isExit(verb string) bool {
	return strings.EqualFold(verb, "exit") || strings.HasPrefix(verb, "...")
}

func (c *client) bye() error {
	return errors.Join(c.reply("+OK bye"), c.send(disconnected()))
}

func disconnected() []byte {
	return esl.AppendFrame(nil, "Disconnected, goodbye.\n", contentType(esl.ContentDisconnect))
}

// rejected is FreeSWITCH's own answer to whom it does not let in (mod_event_socket.c).
func rejected() []byte {
	return esl.AppendFrame(nil, "Access Denied, go away.\n", contentType(esl.ContentRejection))
}

// reply answers a request that is no api call.
func (c *client) reply(text string, more ...esl.Header) error {
	headers := append([]esl.Header{contentType(esl.ContentReply), {Name: "Reply-Text", Value: text}}, more...)
	return c.send(esl.AppendFrame(nil, "", headers...))
}

// answer is what an api call prints.
func (c *client) answer(text string) error {
	return c.send(esl.AppendFrame(nil, text, contentType(esl.ContentAPI)))
}

func contentType(kind string) esl.Header { return esl.Header{Name: "Content-Type", Value: kind} }

// send writes one frame, whole. A client that does not read is cut off: nobody waits for it longer
// than writeLimit.
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

// cut ends the session of a client that does not take what it asked for: what is still on its way
// is dropped, not waited for.
func (c *client) cut(why error) {
	if tcp, is := c.nc.(*net.TCPConn); is {
		tcp.SetLinger(0) // fails on a closed connection only
	}
	c.end(why)
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
