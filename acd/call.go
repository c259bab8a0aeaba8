package acd

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

// Limits of what one call waits for.
const (
	replyLimit   = 5 * time.Second // an answer to a command
	silenceLimit = 2 * replyLimit  // the same, if no step waits for the answer: the connection is dead
	promptLimit  = 5 * time.Minute // a prompt that is heard to its end
	cancelLimit  = 3 * time.Second // beyond the ring timeout, to end a leg
	maxChannel   = 1 << 20         // bytes of a channel's headers: a caller may fill some of them
	hangupLag    = time.Second     // from the notice that the channel is down to CHANNEL_HANGUP
	channelRoom  = 32 << 20        // bytes of headers being received, beyond the usual 16 KiB of each channel
	signalsBound = 64              // signals that came while the call did something else
)

// call is one visit of a caller to a group, from the connection on which FreeSWITCH hands the
// caller over to the end of the talk. All of it belongs to the call's goroutine, except what the
// comments name.
type call struct {
	server   *Server
	settings *Settings // as of the arrival
	log      zerolog.Logger
	serving  context.Context // ends when the program cuts its calls off

	where   atomic.Pointer[channel]                 // the caller's channel, see channel(); read by all
	stop    atomic.Pointer[context.CancelCauseFunc] // ends the call's context, see end(); used by all
	signals chan signal                             // filled by the readers of connections
	gone    chan struct{}                           // closed when the call has left
	view    atomic.Pointer[CallView]                // what lists show; read by all
	known   atomic.Pointer[caller]                  // a copy of who; read by all
	leg     atomic.Pointer[leg]                     // that rings or talks; set by the goroutine, read by all
	third   atomic.Pointer[thirdLeg]                // rung into the talk; set by nway_threeway, read by the goroutine
	foreign atomic.Bool                             // the caller never came to us: a phone connected them with an agent
	grace   atomic.Pointer[time.Timer]              // how long the place waits for the caller who takes it over

	who    caller // set by isFor
	group  string
	place  *Place
	music  hold
	record record
}

// caller is who calls.
type caller struct {
	number   string // "" if there is none to know
	name     string // as the network or the phone sends it
	dialled  string
	user     string       // the extension whose registered phone calls; "" from outside
	exported []esl.Header // variables of the caller's channel that the agents' legs get
	home     string       // where a caller is sent without us: EXTENSION DIALPLAN CONTEXT; "" = unknown
}

// shown is the number as events and agents' phones show it.
func (w caller) shown() string {
	if w.number == "" {
		return anonymous
	}
	return w.number
}

// isFor makes that caller the call's.
func (c *call) isFor(who caller) {
	c.who = who
	c.known.Store(&who)
}

// callerNow is the caller, for other goroutines than the call's.
func (c *call) callerNow() caller {
	if who := c.known.Load(); who != nil {
		return *who
	}
	return caller{}
}

// channel is the caller's channel now.
func (c *call) channel() *channel { return c.where.Load() }

// uuid is that of the caller's channel.
func (c *call) uuid() string { return c.channel().uuid }

// end ends the call's context, and so whatever the call waits for. The first cause counts.
func (c *call) end(why error) { (*c.stop.Load())(why) }

// renew gives the call a context that nothing has ended yet.
func (c *call) renew() context.Context {
	ctx, end := context.WithCancelCause(c.serving)
	c.stop.Store(&end)
	return ctx
}

// run is the story of a call.
func (c *call) run(ctx context.Context) {
	var end ending
	defer func() { c.leave(end) }()
	for end = c.greet(ctx); end == nil; {
		ctx, end = c.nextTalk(ctx)
	}
}

// nextTalk waits for an agent, rings and talks. A nil ending sends the caller back to the wait.
func (c *call) nextTalk(ctx context.Context) (context.Context, ending) {
	offer, end := c.wait(ctx)
	if offer == nil {
		return ctx, end
	}
	if leg := c.ring(ctx, offer); leg != nil {
		return c.talk(ctx, leg)
	}
	return ctx, nil
}

// hears takes an event about the caller's channel or the leg, from a connection's reader. While the
// caller waits, an event that ends the wait ends the context. All others queue for the call's
// goroutine.
func (c *call) hears(h happened) {
	switch c.channel().is() {
	case inSocket, recalled:
		switch h.what {
		case callerHungUp:
			c.hungUp(h.cause)
		case callerBridged:
			c.end(errBridged)
		case callerReturned:
			c.end(errReturned)
		}
	case callingOut, released:
	default:
		c.signal(h)
	}
}

// attendedTransfer is the cause of a call whose phone connected its other call with the group it
// had called.
const attendedTransfer = "ATTENDED_TRANSFER"

// hungUp takes the end of a caller who waits. If the caller's phone connected another call with us,
// the place is kept for a moment, because that call's channel is on its way.
func (c *call) hungUp(cause string) {
	if c.grace.Load() != nil {
		return // heard before; more than one event says so
	}
	if cause != attendedTransfer {
		c.end(hangup{cause})
		return
	}
	was := c.channel()
	timer := time.AfterFunc(successorLimit, func() {
		if c.channel() == was {
			c.end(hangup{cause})
		}
	})
	if !c.grace.CompareAndSwap(nil, timer) {
		timer.Stop()
	}
}

// signal queues a signal for the call's goroutine.
func (c *call) signal(s signal) {
	select {
	case c.signals <- s:
	default:
		c.end(errOverflow)
	}
}

// wire is the connection over which commands about the call are sent: its own while that lives,
// else the link. It is nil if there is neither.
func (c *call) wire() *esl.Connection {
	if ch := c.channel(); ch.alive() {
		return ch.conn
	}
	ch := c.channel()
	if conn := c.server.connTo(ch.at()); conn != nil && c.server.mayOrder(ch) {
		return conn
	}
	return nil
}

// followed reports whether the link to the caller's FreeSWITCH is up, so that the call's own
// connection is not needed.
func (c *call) followed() bool {
	ch := c.channel()
	if c.server.connTo(ch.at()) == nil {
		return false
	}
	core := c.server.linkOf(ch.at().Name).current().CoreUUID
	return core == "" || ch.core == "" || core == ch.core
}

// do sends commands in one write and waits for their replies, also if the caller is gone: with
// linger the connection outlives the channel. A nil result says that the connection is dead or
// silent.
func (c *call) do(commands ...esl.Command) []esl.Reply {
	conn := c.wire()
	if conn == nil {
		return nil
	}
	ctx, stop := context.WithTimeout(context.Background(), replyLimit)
	defer stop()
	c.traceCommands(commands)
	replies, err := conn.Do(ctx, commands...)
	if err == nil {
		return replies
	}
	c.log.Warn().Err(err).Msg("FreeSWITCH did not answer")
	if ch := c.channel(); conn == ch.conn {
		ch.lost(fmt.Errorf("%w: %w", errSilent, err))
	}
	return nil
}

// tell sends commands in one write and does not wait. It reports whether they were written. If the
// connection is dead, its reader ends the call.
func (c *call) tell(commands ...esl.Command) (sent bool) {
	conn := c.wire()
	if conn == nil {
		return false
	}
	c.traceCommands(commands)
	err := conn.Post(commands...)
	c.noteUnsent(err)
	return err == nil
}

// await blocks until a wanted signal comes, and returns it; nil if ctx is done first. Other signals
// are stale and dropped, except that each still updates what is known of the music, and that a
// successor is let in.
func (c *call) await(ctx context.Context, wanted func(signal) bool) signal {
	for {
		select {
		case s := <-c.signals:
			if wanted(s) {
				return s
			}
			c.noteAside(s)
		case <-ctx.Done():
			return c.arrived(wanted)
		}
	}
}

// arrived returns a wanted signal that is already queued. If the goroutine ran late, signal and
// timeout may both be ready; the signal wins.
func (c *call) arrived(wanted func(signal) bool) (found signal) {
	for {
		select {
		case s := <-c.signals:
			if wanted(s) {
				return s
			}
			c.noteAside(s)
		default:
			return nil
		}
	}
}

// awaitEnd blocks until the application with that id is over, a command wants the caller, or ctx is
// done.
func (c *call) awaitEnd(ctx context.Context, id string) {
	var bell chan struct{}
	if c.place != nil {
		bell = c.place.bell
	}
	for {
		select {
		case s := <-c.signals:
			if done, ok := s.(executed); ok && done.id == id {
				return
			}
			c.noteAside(s)
		case <-bell:
			if c.place.wanted() {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// forget drops the signals that came before the step that is now begun.
func (c *call) forget() { c.readRest(c.noteAside) }

// readRest gives the signals that have come so far to note.
func (c *call) readRest(note func(signal)) {
	for {
		select {
		case s := <-c.signals:
			note(s)
		default:
			return
		}
	}
}

// hearAgain takes the signals that have come so far once more, because the channel is in another
// place now: what a bridge would have made of them, nobody does any more.
func (c *call) hearAgain() {
	c.readRest(func(s signal) {
		switch s := s.(type) {
		case happened:
			c.hears(s)
		case executed:
			c.channel().hearExecuted(c, s)
			c.noteMusic(s)
		default:
			c.noteAside(s)
		}
	})
}

// noteAside takes a signal that no step waits for: the music may be over, or another channel takes
// over what the call has.
func (c *call) noteAside(s signal) {
	switch s := s.(type) {
	case executed:
		c.noteMusic(s)
	case successor:
		c.succeed(s)
	}
}

// setVariables sets variables of the caller's channel, each given as name=value. One without a
// value is unset. A semicolon separates them on the wire, so none is carried.
func (c *call) setVariables(assignments ...string) esl.Command {
	for i := range assignments {
		assignments[i] = strings.ReplaceAll(assignments[i], ";", "")
	}
	return esl.API("uuid_setvar_multi " + c.uuid() + " " + strings.Join(assignments, ";"))
}

// entered makes the phase the one that the lists show, and begins its one log line. agent is the
// one who rings or talks, "" if there is none.
func (c *call) entered(phase Phase, agent string) *zerolog.Event {
	c.countPhase(phase)
	cdr := c.record.CDR
	c.view.Store(&CallView{
		UUID: c.uuid(), Caller: c.who.number, Dialled: c.who.dialled, Group: c.group, VIP: cdr.VIP, Switch: cdr.Switch,
		Phase: phase, Agent: agent, Arrived: cdr.Arrived, PhaseFrom: time.Now(),
	})
	line := c.log.Info().Str("phase", string(phase))
	if agent != "" {
		line.Str("agent", agent)
	}
	return line
}
