package acd

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
	"nwayacd/queue"
)

// Limits of what one call waits for.
const (
	replyLimit   = 5 * time.Second // an answer to a command
	promptLimit  = 5 * time.Minute // a prompt that is heard to its end
	leaveLimit   = 3 * time.Second // all of the leave-taking
	signalsBound = 256             // signals that came while the call did something else
)

// call is one caller, from the connection on which FreeSWITCH hands it over to the end. All of it belongs to the call's goroutine; only
// hear runs elsewhere, in the connection's reader, and touches what is named there.
type call struct {
	server   *Server
	settings *Settings // as of the arrival
	at       Switch    // where the caller's channel is
	conn     *esl.Connection
	log      zerolog.Logger

	uuid, caller, dialled, group string

	signals chan signal             // filled by hear
	end     context.CancelCauseFunc // ends the call's context: hang-up, taken, connection lost
	leaving atomic.Bool             // we ended the socket application ourselves: its end is no news
	partner atomic.Pointer[string]  // uuid of the leg we bridge the caller with

	place    *Place
	music    hold
	detached bool   // a bridge ended the socket application: the channel is parked when it is not bridged
	comeBack string // where a detached call is handed back to: EXTENSION DIALPLAN CONTEXT
	cdr      queue.CDR
}

// ending is how a call's story ends; the zero value says that it goes on.
type ending struct {
	outcome  queue.Outcome
	reason   string // for the CDR where FreeSWITCH has no cause
	handBack bool   // to the dialplan's next action
	variable string // value of nwayacd_outcome; "" = not set, so that the call may come again
	hangup   string // cause to hang the caller up with; "" = it is not ours to do
	keep     bool   // the caller may come back on another connection
}

func (e ending) over() bool { return e.outcome != "" }

// run is the story of a call.
func (c *call) run(ctx context.Context) {
	var end ending
	defer func() { c.leave(ctx, end) }()
	for end = c.greet(ctx); !end.over(); {
		var offer *Offer
		if offer, end = c.wait(ctx); offer == nil {
			continue
		}
		if leg := c.ring(ctx, offer); leg != nil {
			end = c.talk(ctx, leg)
		}
	}
}

// handle takes one connection of FreeSWITCH's socket application.
func (s *Server) handle(ctx context.Context, nc net.Conn) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	c := &call{server: s, settings: s.settings.Load(), signals: make(chan signal, signalsBound), end: end, log: s.log}
	c.cdr.Arrived = time.Now()
	c.conn = esl.NewConnection(nc, esl.Options{OnEvent: c.hear, OnEnd: end})
	defer c.conn.Close()
	if c.admit(ctx) {
		defer s.release(c)
		c.run(ctx)
	}
}

// hear takes an event off the wire. What ends the call ends its context; the rest queues for the call's goroutine.
func (c *call) hear(e *esl.Event) {
	s := decode(e)
	switch s := s.(type) {
	case nil:
		return
	case hungUp:
		c.end(hangup{s.cause})
	case bridged:
		if leg := c.partner.Load(); leg == nil || *leg != s.other {
			c.end(errTaken)
		}
	case executed:
		if s.app == "socket" && !c.leaving.Load() {
			c.end(errTaken)
		}
	}
	select {
	case c.signals <- s:
	default:
		c.end(errOverflow)
	}
}

// do sends commands in one write and waits for their replies, also when the caller is gone: with linger the connection outlives the
// channel. A nil result says that the connection is dead or silent.
func (c *call) do(commands ...esl.Command) []esl.Reply {
	ctx, stop := context.WithTimeout(context.Background(), replyLimit)
	defer stop()
	replies, err := c.conn.Do(ctx, commands...)
	if err != nil {
		c.log.Debug().Err(err).Msg("FreeSWITCH did not answer")
		c.end(err)
		return nil
	}
	return replies
}

// tell sends commands in one write and does not wait. Where the connection is dead its reader ends the call.
func (c *call) tell(commands ...esl.Command) {
	if err := c.conn.Post(commands...); err != nil {
		c.log.Debug().Err(err).Msg("not sent")
	}
}

// await blocks until a signal that is wanted comes, and returns it; nil when ctx is done first. Signals that are not are of no use any
// more and dropped, but for what they say about the music.
func (c *call) await(ctx context.Context, wanted func(signal) bool) signal {
	for {
		select {
		case s := <-c.signals:
			if wanted(s) {
				return s
			}
			c.noteMusic(s)
		case <-ctx.Done():
			return nil
		}
	}
}

// forget drops the signals that came before the step that is now begun.
func (c *call) forget() {
	for {
		select {
		case s := <-c.signals:
			c.noteMusic(s)
		default:
			return
		}
	}
}

// setVariables sets variables of the caller's channel; values must be free of semicolons, which separate them.
func (c *call) setVariables(assignments string) esl.Command {
	return esl.API("uuid_setvar_multi " + c.uuid + " " + assignments)
}

// entered writes the one log line of a phase.
func (c *call) entered(phase string) *zerolog.Event {
	return c.log.Info().Str("phase", phase)
}
