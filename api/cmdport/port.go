// Package cmdport is the command port. It speaks the inbound protocol of FreeSWITCH's event socket,
// so fs_cli and every ESL client work with it. A client that sends one command (Ask) is here too.
package cmdport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api"
	"nwayacd/api/connlimit"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

const (
	handshakeLimit = 5 * time.Second  // of TLS
	authLimit      = 15 * time.Second // to send the right password
	// authPenalty is the delay before the answer to the first wrong password. It doubles with each
	// further one, and delays only its own connection.
	authPenalty  = time.Second
	longPenalty  = 5 * time.Second  // of a source that has sent too many wrong ones
	authTries    = 3                // on one connection
	commandLimit = 2 * time.Minute  // for one command
	requestLimit = 15 * time.Second // for one request to arrive, from its first byte to its last
	requestRoom  = 16 << 20         // bytes of all large requests that are being received
	writeLimit   = 5 * time.Second  // for one frame; a client that does not read is cut off
)

// Port is the command port.
type Port struct {
	Server      api.Server
	Password    *auth.Secret     // not set: any is accepted, which the configuration allows only on loopback
	PassThrough *PassThrough     // the FreeSWITCH that gets the other requests; nil = none
	Bounds      connlimit.Bounds // default: 256 connections, 64 from one source
	Log         zerolog.Logger
	TLS         *tls.Config // nil = the port speaks no TLS

	sender      sender             // set by Serve
	connLimiter *connlimit.Limiter // set by Serve
	room        *esl.Room          // set by Serve
	authLimiter connlimit.AuthLimiter

	mu      sync.Mutex
	clients map[*client]struct{}
	jobs    uint64 // BACKGROUND_JOB events that were sent so far
	panics  atomic.Uint64
}

// Serve serves clients from ln until ctx is done, and returns when the last one is gone. Its error
// is that of esl.Server.Serve.
func (p *Port) Serve(ctx context.Context, ln net.Listener) error {
	p.sender, p.clients = newSender(), map[*client]struct{}{}
	p.connLimiter, p.room = connlimit.New(p.Bounds.Or(256, 64), p.Log), esl.NewRoom(requestRoom)
	server := esl.Server{Handler: p.serve, Recovered: func(reason any, stack []byte) {
		p.panicked(reason, stack, "a client of the command port ended in a panic")
	}}
	if p.TLS != nil {
		ln = tls.NewListener(ln, p.TLS)
	}
	return server.Serve(ctx, ln)
}

func (p *Port) panicked(reason any, stack []byte, what string) {
	p.panics.Add(1)
	p.Log.Error().Any("panic", reason).Bytes("stack", stack).Msg(what)
}

// Panics returns how many clients and jobs ended in a panic.
func (p *Port) Panics() uint64 { return p.panics.Load() }

// serve runs the session of one client. Jobs run to their end even if the client leaves before.
func (p *Port) serve(ctx context.Context, nc net.Conn) {
	c := newClient(p, nc)
	defer c.working.Wait()
	session, end := context.WithCancelCause(ctx)
	c.end = end
	defer c.following.Wait()
	defer end(nil)
	defer context.AfterFunc(session, func() { nc.Close() })()
	c.counted = p.connLimiter.Admit(nc.RemoteAddr(), c.evict)
	defer c.counted.Release()
	p.add(c)
	defer p.remove(c)
	err := c.shakeHands(session)
	if err == nil {
		err = c.runSession(session, ctx)
	}
	if cause := context.Cause(session); cause != nil {
		err = cause // why the session was ended; the reader saw only that it was
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) && (c.authenticated || p.isWorthLogging(err, nc)) {
		p.Log.Info().Err(err).Stringer("client", nc.RemoteAddr()).Msg("a client of the command port has left")
	}
}

// isWorthLogging reports whether to log the end of a client that never showed the password, because
// there may be many. The connection limiter itself logs those that made room for another client.
func (p *Port) isWorthLogging(err error, nc net.Conn) bool {
	if errors.Is(err, errEvicted) {
		return false
	}
	_, due := p.authLimiter.ReportDue(esl.Source(nc.RemoteAddr()))
	return due
}

func (p *Port) add(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[c] = struct{}{}
}

func (p *Port) remove(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.clients, c)
}

// announce sends the end of a job to every client that listens to BACKGROUND_JOB, as FreeSWITCH
// does.
func (p *Port) announce(job event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jobs++
	job.sequence = p.jobs
	for c := range p.clients {
		c.queueJobEvent(job)
	}
}
