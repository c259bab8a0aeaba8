package acd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
	"nwayacd/queue"
)

// Limits of what one call waits for.
const (
	replyLimit   = 5 * time.Second // an answer to a command
	silenceLimit = 2 * replyLimit  // the same, to a command whose answer nobody waits for: then the connection is dead
	promptLimit  = 5 * time.Minute // a prompt that is heard to its end
	cancelLimit  = 3 * time.Second // beyond the ring timeout, to end a leg
	maxChannel   = 1 << 20         // bytes of a channel's headers: a caller may fill some with what the network lets through
	hangupLag    = time.Second     // by which the notice that the channel is down may be ahead of CHANNEL_HANGUP
	channelRoom  = 32 << 20        // bytes of all channels' headers that are being received, beyond the usual 16 KiB of each
	signalsBound = 64              // signals that came while the call did something else
)

// call is one caller, from the connection on which FreeSWITCH hands it over to the end. All of it belongs to the call's goroutine; only
// hear runs elsewhere, in the connection's reader, and touches what is named there.
type call struct {
	server   *Server
	settings *Settings // as of the arrival
	at       Switch    // where the caller's channel is
	core     string    // that FreeSWITCH's Core-UUID
	conn     *esl.Connection
	log      zerolog.Logger

	uuid, caller, dialled, group string
	user                         string // the extension whose registered phone calls; "" from outside

	signals  chan signal             // filled by hear
	end      context.CancelCauseFunc // ends the call's context: hang-up, taken, connection lost
	listens  atomic.Bool             // what we asked to hear is told, and the connection outlives the channel
	released atomic.Bool             // the socket application ends, or has ended, by our doing: its end is no news
	partner  atomic.Pointer[string]  // uuid of the leg we bridge the caller with
	inPark   atomic.Bool             // the channel waits in the park application, where park put it
	outward  atomic.Bool             // a call out: whom it is bridged with is FreeSWITCH's to say
	view     atomic.Pointer[CallView]

	place       *Place
	music       hold
	detached    bool      // a bridge ended the socket application: the channel is parked when it is not bridged
	since       string    // the place that a server gave back as it shut down, as placeVariable has it; "" = none
	fetched     time.Time // out of a park: the end of the connection it had before may end this one's socket application (docs/wire.md); zero = it was not
	wasAnswered bool      // before it came here
	comeBack    string    // where a detached call is handed back to: EXTENSION DIALPLAN CONTEXT
	recording   string    // the file that is being recorded
	toFetch     bool      // at the end: the caller waits in a park for us to fetch them back
	leg         *leg      // that exists
	cdr         queue.CDR
}

// ending is how a call's story ends; the zero value says that it goes on.
type ending struct {
	outcome  queue.Outcome
	reason   string // for the CDR where FreeSWITCH has no cause
	handBack bool   // to the dialplan's next action
	place    bool   // and with the place: whichever server takes the caller next gives it to them
	variable string // value of nwayacd_outcome; "" = not set, so that the call may come again
	hangup   string // cause to hang the caller up with; "" = it is not ours to do
	keep     bool   // the caller may come back on another connection
	entrust  *leg   // of the talk that goes on without us: nothing is said of its end

	open *queue.OfferRecord // of an offer whose bridge stands or not, nobody knows; it was missed where the caller comes back, or does not
}

func (e ending) over() bool { return e.outcome != "" }

// run is the story of a call.
func (c *call) run(ctx context.Context) {
	var end ending
	defer func() { c.leave(end) }()
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
func (s *Server) handle(serving context.Context, nc net.Conn) {
	ctx, end := context.WithCancelCause(serving)
	defer end(nil)
	c := &call{server: s, settings: s.settings.Load(), signals: make(chan signal, signalsBound), end: end, log: s.log}
	c.cdr.Arrived = time.Now()
	s.counts.accepted.Add(1)
	defer c.countPhase(noPhase)
	c.conn = esl.NewConnection(nc, esl.Options{
		OnEvent: c.hear, OnEnd: end, ReplyTimeout: silenceLimit, Limits: esl.Limits{MaxHeaderBytes: maxChannel, Room: s.room},
	})
	defer c.conn.Close()
	r, ok := c.learn(ctx)
	if !ok {
		return
	}
	s.calls.connected(c)
	defer s.calls.disconnected(c)
	switch r.app {
	case appQueue:
		if c.admit(r) {
			defer s.fetchBack(serving, c) // behind the next
			defer s.release(c)
			c.run(ctx)
		}
	case appBridge:
		c.bridgeWith(r.args)
	case appCallOut:
		c.goOut(ctx, r.args)
	case appCommand:
		c.obey(ctx, r.args)
	}
}

// hear takes an event off the wire. What ends the call ends its context; the rest queues for the call's goroutine.
func (c *call) hear(e *esl.Event) {
	s := decode(e)
	if debugs(c.server.log) {
		c.server.log.Debug().Str("uuid", e.Get("Unique-ID")).Str("event", e.Name()).Msg("from FreeSWITCH")
	}
	switch s := s.(type) {
	case nil:
		if e.Raw("Content-Type") == esl.ContentDisconnect {
			c.hearDown(e.Get("Content-Disposition"))
		}
		return
	case hungUp:
		c.end(hangup(s))
	case bridged:
		if leg := c.partner.Load(); !c.outward.Load() && (leg == nil || *leg != s.other) {
			c.end(errTaken)
		}
	case executed:
		c.hearOver(s)
	}
	select {
	case c.signals <- s:
	default:
		c.end(errOverflow)
	}
}

// hearOver takes the end of an application, which is somebody else's doing where it is not ours: of the one that the caller is in they took the
// caller, unless the caller had hung up before we could hear of it.
func (c *call) hearOver(s executed) {
	switch ended := s.app == "socket" && !c.released.Load() || s.app == "park" && c.inPark.Load(); {
	case !ended:
	case s.hangup != "":
		c.end(hangup{s.hangup})
	default:
		c.end(errTaken)
	}
}

// hearDown takes the notice that the channel is down, or the connection over. Before we listened it is all that is told of a hang-up: by then FreeSWITCH
// ends a connection for nothing else.
func (c *call) hearDown(disposition string) {
	switch {
	case disposition == "linger":
		time.AfterFunc(hangupLag, func() { c.end(hangup{"NONE"}) }) // of no effect where the hang-up was told
	case !c.listens.Load():
		c.end(hangup{"NONE"})
	}
}

// do sends commands in one write and waits for their replies, also when the caller is gone: with linger the connection outlives the
// channel. A nil result says that the connection is dead or silent.
func (c *call) do(commands ...esl.Command) []esl.Reply {
	ctx, stop := context.WithTimeout(context.Background(), replyLimit)
	defer stop()
	c.trace(commands)
	replies, err := c.conn.Do(ctx, commands...)
	if err != nil {
		c.log.Warn().Err(err).Msg("FreeSWITCH did not answer")
		c.end(fmt.Errorf("%w: %w", errSilent, err))
		return nil
	}
	return replies
}

// debugs reports whether a debug line would be written: some cost more than the call's other work.
func debugs(log zerolog.Logger) bool {
	return max(log.GetLevel(), zerolog.GlobalLevel()) <= zerolog.DebugLevel
}

func (c *call) trace(commands []esl.Command) {
	if !debugs(c.log) {
		return
	}
	for _, command := range commands {
		c.log.Debug().Stringer("command", command).Msg("to FreeSWITCH")
	}
}

// tell sends commands in one write and does not wait, and reports whether they were written. Where the connection is dead its reader ends the call.
func (c *call) tell(commands ...esl.Command) (sent bool) {
	c.trace(commands)
	err := c.conn.Post(commands...)
	if _, ours := errors.AsType[*esl.ArgumentError](err); ours {
		c.log.Error().Err(err).Msg("nothing of this write was sent: an argument cannot be carried")
	} else if err != nil {
		c.log.Debug().Err(err).Msg("not sent")
	}
	return err == nil
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
			return c.arrived(wanted)
		}
	}
}

// arrived is the signal that is wanted, where it has come already: who had to wait for a processor may find it together with the end of the time for it.
func (c *call) arrived(wanted func(signal) bool) (found signal) {
	for {
		select {
		case s := <-c.signals:
			if wanted(s) {
				return s
			}
			c.noteMusic(s)
		default:
			return nil
		}
	}
}

// awaitEnd blocks until the application with that id is over, a transfer wants the caller, or ctx is done.
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
			c.noteMusic(s)
		case <-bell:
			if c.place.transferWaits() {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// forget drops the signals that came before the step that is now begun.
func (c *call) forget() { c.readRest(c.noteMusic) }

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

// setVariables sets variables of the caller's channel, each given as name=value; one without a value is unset. A semicolon separates them
// on the wire, so none is carried.
func (c *call) setVariables(assignments ...string) esl.Command {
	for i := range assignments {
		assignments[i] = strings.ReplaceAll(assignments[i], ";", "")
	}
	return esl.API("uuid_setvar_multi " + c.uuid + " " + strings.Join(assignments, ";"))
}

// entered makes the phase the one that the lists show, and begins its one log line; agent is who rings or talks, "" = nobody.
func (c *call) entered(phase, agent string) *zerolog.Event {
	c.countPhase(phase)
	c.view.Store(&CallView{
		UUID: c.uuid, Caller: c.caller, Dialled: c.dialled, Group: c.group, VIP: c.cdr.VIP, Switch: c.cdr.Switch,
		Phase: phase, Agent: agent, Arrived: c.cdr.Arrived, PhaseFrom: time.Now(),
	})
	line := c.log.Info().Str("phase", phase)
	if agent != "" {
		line.Str("agent", agent)
	}
	return line
}
