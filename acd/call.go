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
	silenceLimit = 2 * replyLimit  // the same if no step waits for the answer; then the connection counts as dead
	promptLimit  = 5 * time.Minute // a prompt that is played to its end
	cancelLimit  = 3 * time.Second // after the ring timeout, to end a leg
	maxChannel   = 1 << 20         // bytes of a channel's headers, some of which a caller chooses
	hangupLag    = time.Second     // from the notice that the channel is down to CHANNEL_HANGUP
	channelRoom  = 32 << 20        // bytes of headers being received by all channels together, beyond 16 KiB each
	signalsBound = 64              // signals that wait for the call's goroutine
)

// call is one visit of a caller to a group. It begins with the connection on which FreeSWITCH hands
// the caller over, and ends with the end of the talk. All fields belong to the call's goroutine,
// except those whose comment says otherwise.
type call struct {
	server   *Server
	settings *Settings // as of the arrival
	log      zerolog.Logger
	serving  context.Context // ends when the program cuts its calls off

	callerChannel atomic.Pointer[channel]                 // see channel(); read by all
	stop          atomic.Pointer[context.CancelCauseFunc] // ends the call's context, see end(); used by all goroutines
	signals       chan signal                             // from the readers of connections
	gone          chan struct{}                           // closed when the call has ended
	view          atomic.Pointer[CallView]                // what the lists show; read by all
	person        atomic.Pointer[caller]                  // the caller; set by isFor, read by all
	// the leg that rings or talks; set by the call's goroutine, read by all
	leg atomic.Pointer[leg]
	// the third party of the talk; set by nway_threeway, read by the call's goroutine
	third atomic.Pointer[thirdLeg]
	// the group into which a command transfers the caller of the talk; nil = none. Set by Enqueue.
	orderedTo atomic.Pointer[string]
	// a command hangs the caller up; set by Drop
	dropped atomic.Bool
	// the caller never came to our socket port; a phone connected them with an agent
	neverQueued atomic.Bool
	// runs while the place waits for the caller who takes it over
	successorTimer atomic.Pointer[time.Timer]

	group  string
	place  *Place
	music  holdMusic
	record record
}

// caller is what is known of the person who calls.
type caller struct {
	number   string // "" if it is unknown
	name     string // as the network or the phone sends it
	dialled  string
	user     string       // the extension whose registered phone calls; "" from outside
	exported []esl.Header // variables of the caller's channel that the agents' legs get
	home     string       // EXTENSION DIALPLAN CONTEXT, for a caller whom no server takes; "" = unknown
}

// shown returns the number as events and agents' phones show it.
func (w caller) shown() string {
	if w.number == "" {
		return anonymous
	}
	return w.number
}

// isFor sets the caller of the call.
func (c *call) isFor(who caller) { c.person.Store(&who) }

// who returns the person at the caller's phone.
func (c *call) who() caller {
	if who := c.person.Load(); who != nil {
		return *who
	}
	return caller{}
}

// channel returns the caller's channel. It changes if the caller is recalled, or if another caller
// takes over.
func (c *call) channel() *channel { return c.callerChannel.Load() }

// uuid returns the uuid of the caller's channel.
func (c *call) uuid() string { return c.channel().uuid }

// end ends the call's context with a cause, and so whatever the call waits for. Only the first
// cause counts.
func (c *call) end(why error) { (*c.stop.Load())(why) }

// renew replaces the call's context, which has ended, with a new one.
func (c *call) renew() context.Context {
	ctx, end := context.WithCancelCause(c.serving)
	c.stop.Store(&end)
	return ctx
}

// run is the whole life of a call.
func (c *call) run(ctx context.Context) {
	var end ending
	defer func() { c.leave(end) }()
	for end = c.greet(ctx); end == nil; {
		ctx, end = c.nextTalk(ctx)
	}
}

// nextTalk waits for an agent, rings and talks. If the ending is nil, the caller waits again.
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

// onHappened handles an event about the caller's channel or the leg. The reader of a connection
// calls it. While the caller waits, an event that ends the wait ends the context. Otherwise the
// event is queued for the call's goroutine.
func (c *call) onHappened(h happened) {
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

// attendedTransfer is the cause of a call that ended because its phone connected its other call
// with the group that this call was for.
const attendedTransfer = "ATTENDED_TRANSFER"

// hungUp handles the hang-up of a caller who waits. If the caller's phone connected another call
// with us, the place is kept for successorLimit, because that call's channel is on its way here.
func (c *call) hungUp(cause string) {
	if c.successorTimer.Load() != nil {
		return // handled before, because more than one event reports the hang-up
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
	if !c.successorTimer.CompareAndSwap(nil, timer) {
		timer.Stop()
	}
}

// signal queues a signal for the call's goroutine. If the queue is full, the call ends.
func (c *call) signal(s signal) {
	select {
	case c.signals <- s:
	default:
		c.end(errOverflow)
	}
}

// wire returns the connection over which commands about the call are sent: the call's own while
// that lives, otherwise the link. It returns nil if there is neither. If the caller has come on
// another connection since, that one is used, because the first may be dead. A silent connection is
// used if there is no link.
func (c *call) wire() *esl.Connection {
	ch := c.channel()
	if next := ch.next.Load(); next != nil && next.alive() && !next.silent.Load() {
		return next.conn
	}
	if ch.alive() && !ch.silent.Load() {
		return ch.conn
	}
	if link := c.server.connTo(ch.at()); link != nil && c.server.mayOrder(ch) {
		return link
	}
	if ch.alive() {
		return ch.conn
	}
	return nil
}

// followed reports whether the link to the caller's FreeSWITCH is up. If it is, the call's own
// connection is not needed during a talk.
func (c *call) followed() bool {
	ch := c.channel()
	if c.server.connTo(ch.at()) == nil {
		return false
	}
	core := c.server.linkOf(ch.at().Name).current().CoreUUID
	return core == "" || ch.core == "" || core == ch.core
}

// do sends commands in one write and waits for their replies. It works even if the caller is gone,
// because with linger the connection outlives the channel. It returns nil if the connection is dead
// or FreeSWITCH does not answer within replyLimit.
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
	switch ch, next := c.channel(), c.channel().next.Load(); {
	case conn == ch.conn:
		ch.silent.Store(true)
		ch.lost(fmt.Errorf("%w: %w", errSilent, err))
	case next != nil && conn == next.conn:
		next.silent.Store(true)
	}
	return nil
}

// tell sends commands in one write without waiting for replies. It returns true if they were
// written. If the connection is dead, its reader ends the call.
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

// await blocks until a wanted signal comes, and returns it. It returns nil if ctx ends first. Other
// signals are dropped, because no step waits for them. Each still updates the state of the music,
// and a successor is still let in.
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

// arrived returns a wanted signal that is already queued, or nil. If the goroutine ran late, the
// signal and the timeout may both be ready. Then the signal counts.
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

// awaitEnd blocks until one of these happens:
//   - the application with that id is over;
//   - a command wants the caller elsewhere;
//   - ctx is done.
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

// dropSignals drops the signals that came before the step that begins now.
func (c *call) dropSignals() { c.readRest(c.noteAside) }

// readRest passes the signals that are queued now to note.
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

// replaySignals handles the queued signals again. The channel is in another place now, so the
// bridge for which they were queued will not handle them.
func (c *call) replaySignals() {
	c.readRest(func(s signal) {
		switch s := s.(type) {
		case happened:
			c.onHappened(s)
		case executed:
			c.channel().onExecuted(c, s)
			c.noteMusic(s)
		default:
			c.noteAside(s)
		}
	})
}

// noteAside handles a signal that no step waits for: the music may be over, or another channel
// takes over what the call has.
func (c *call) noteAside(s signal) {
	switch s := s.(type) {
	case executed:
		c.noteMusic(s)
	case successor:
		c.succeed(s)
	}
}

// setVariables returns the command that sets variables of the caller's channel, each given as
// name=value. A variable without a value is unset. Semicolons are removed, because they separate
// the variables on the wire.
func (c *call) setVariables(assignments ...string) esl.Command {
	for i := range assignments {
		assignments[i] = strings.ReplaceAll(assignments[i], ";", "")
	}
	return esl.API("uuid_setvar_multi " + c.uuid() + " " + strings.Join(assignments, ";"))
}

// show sets what the lists show of the call.
func (c *call) show(phase Phase, agent string, since time.Time) {
	cdr := c.record.CDR
	c.view.Store(&CallView{
		UUID: c.uuid(), Caller: c.who().number, Dialled: c.who().dialled, Group: c.group, VIP: cdr.VIP, Switch: cdr.Switch,
		Phase: phase, Agent: agent, Arrived: cdr.Arrived, PhaseFrom: since,
	})
}

// entered sets the phase that the lists show, and begins the one log line for it. agent is the
// extension of the agent who rings or talks, or "".
func (c *call) entered(phase Phase, agent string) *zerolog.Event {
	c.countPhase(phase)
	c.show(phase, agent, time.Now())
	line := c.log.Info().Str("phase", string(phase))
	if agent != "" {
		line.Str("agent", agent)
	}
	return line
}
