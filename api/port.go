package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

const (
	authLimit    = 15 * time.Second // to send the right password
	authPenalty  = time.Second      // before the first wrong password is answered, and twice as long each time; only its own connection waits
	authTries    = 3                // on one connection
	commandLimit = 2 * time.Minute  // for one command
	requestLimit = 15 * time.Second // for one request to come in, from its first byte to its last
	requestRoom  = 16 << 20         // bytes of all large requests that are being received
	writeLimit   = 5 * time.Second  // for one frame: a client that does not read is cut off
)

// Port is the command port.
type Port struct {
	Server      Server
	Password    string     // "" = any; only for loopback, which the configuration sees to
	PassThrough *Elsewhere // the FreeSWITCH that gets what is not ours; nil = none
	Bounds      Bounds     // 256, and 64 of one source
	Log         zerolog.Logger

	sender  sender    // set by Serve
	door    *door     // set by Serve
	room    *esl.Room // set by Serve
	guesses guesses

	mu      sync.Mutex
	clients map[*client]struct{}
	jobs    uint64 // BACKGROUND_JOB events so far
	panics  atomic.Uint64
}

// Serve serves clients from ln until ctx is done, and returns when the last one is gone.
func (p *Port) Serve(ctx context.Context, ln net.Listener) error {
	p.sender, p.clients = newSender(), map[*client]struct{}{}
	p.door, p.room = newDoor(p.Bounds.or(256, 64), p.Log), esl.NewRoom(requestRoom)
	server := esl.Server{Handler: p.serve, Recovered: func(reason any, stack []byte) {
		p.panicked(reason, stack, "a client of the command port ended in a panic")
	}}
	return server.Serve(ctx, ln)
}

func (p *Port) panicked(reason any, stack []byte, what string) {
	p.panics.Add(1)
	p.Log.Error().Any("panic", reason).Bytes("stack", stack).Msg(what)
}

// Panics is how many clients and jobs ended in a panic.
func (p *Port) Panics() uint64 { return p.panics.Load() }

// serve is the session of one client. Its jobs go on to their end when it leaves before.
func (p *Port) serve(ctx context.Context, nc net.Conn) {
	c := newClient(p, nc)
	defer c.working.Wait()
	session, end := context.WithCancelCause(ctx)
	c.end = end
	defer c.following.Wait()
	defer end(nil)
	defer context.AfterFunc(session, func() { nc.Close() })()
	guest, in := p.door.enter(nc.RemoteAddr(), c.makeRoom)
	if !in {
		p.door.refuse(nc, rejected())
		return
	}
	c.guest = guest
	defer p.door.leave(guest)
	p.enter(c)
	defer p.leave(c)
	err := c.converse(session, ctx)
	if cause := context.Cause(session); cause != nil {
		err = cause // why it was cut off; the reader only saw that it was
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) && (c.known || p.worthALine(err, nc)) {
		p.Log.Info().Err(err).Stringer("client", nc.RemoteAddr()).Msg("a client of the command port is gone")
	}
}

// worthALine decides about clients that never showed the password, of which there may be many. Of those that made room, the door tells.
func (p *Port) worthALine(err error, nc net.Conn) bool {
	if errors.Is(err, errCrowded) {
		return false
	}
	_, due := p.guesses.reports.Due(esl.Source(nc.RemoteAddr()))
	return due
}

func (p *Port) enter(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[c] = struct{}{}
}

func (p *Port) leave(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.clients, c)
}

// announce shows the end of a job to every client that listens to BACKGROUND_JOB, as FreeSWITCH does.
func (p *Port) announce(job notice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jobs++
	job.sequence = p.jobs
	for c := range p.clients {
		c.noticeJob(job)
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

// Ask sends one command to the command port at the address and returns its reply, whatever it says. An error says that there is no reply:
// esl.ErrAuth for a wrong password, those of the network and of ctx.
func Ask(ctx context.Context, address, password, line string) (reply string, err error) {
	if strings.ContainsFunc(line, unicode.IsControl) {
		return refusedControl, nil // the protocol cannot carry all of them
	}
	conn, err := esl.Dial(ctx, address, password, esl.Options{Limits: esl.Limits{MaxBody: 64 << 20}})
	if err != nil {
		return "", fmt.Errorf("api: %w", err)
	}
	defer conn.Close()
	replies, err := conn.Do(ctx, esl.API(line))
	if err != nil {
		return "", fmt.Errorf("api: %w", err)
	}
	return replies[0].Text(), nil
}
