package acd

import (
	"errors"
	"sync/atomic"
	"time"

	"nwayacd/esl"
)

// channel is a caller's channel in FreeSWITCH, with the connection of the socket application that
// holds it. A call may have several, one after the other:
//   - a caller who must wait again after a talk is recalled;
//   - another caller may take over what a call has.
type channel struct {
	uuid string
	core string // Core-UUID of its FreeSWITCH
	conn *esl.Connection
	// in which FreeSWITCH made the connections; 0 = none, as for a recovered talk
	order uint64
	home  atomic.Pointer[Switch] // the configuration of that FreeSWITCH

	call    atomic.Pointer[call] // the call that it is part of; nil before, and after another channel took over
	custody atomic.Uint32
	listens atomic.Bool             // our subscription is active, and the connection outlives the channel
	ended   atomic.Bool             // we ended the connection
	guarded atomic.Bool             // the hooks of waitingVariables are set
	silent  atomic.Bool             // FreeSWITCH did not answer on the connection
	next    atomic.Pointer[channel] // on whose connection the caller has come since; nil = none
	key     string                  // value of keyVariable, written by this connection
	proof   atomic.Bool             // a link has read the key from the channel

	since   atomic.Uint64 // Event-Sequence at the start of the connection, see knowsSince; 0 = not known yet
	endedAt atomic.Uint64 // highest Event-Sequence of an end of a socket application of the channel
	shared  atomic.Int64  // see sharesUntil, in nanoseconds since 1970; 0 = this is the only connection
}

// newChannel returns a channel whose uuid and connection are not known yet.
func newChannel() *channel { return &channel{key: newKey()} }

// at returns the configuration of the channel's FreeSWITCH. It may be a guess until the link to
// that FreeSWITCH has been up once (switchOf).
func (ch *channel) at() Switch {
	if home := ch.home.Load(); home != nil {
		return *home
	}
	return Switch{}
}

func (ch *channel) isAt(home Switch) { ch.home.Store(&home) }

// is returns the custody of the channel.
func (ch *channel) is() custody { return custody(ch.custody.Load()) }

func (ch *channel) become(now custody) { ch.custody.Store(uint32(now)) }

// currentCall returns the call whose caller's channel this is. It returns nil if the channel is no
// longer that of a call.
func (ch *channel) currentCall() *call {
	if c := ch.call.Load(); c != nil && c.channel() == ch {
		return c
	}
	return nil
}

// onEvent handles an event on the channel's own connection, in its reader. It must not block.
func (ch *channel) onEvent(e *esl.Event) {
	c := ch.call.Load()
	if c == nil {
		return
	}
	c.trace(e)
	if e.Raw("Content-Type") == esl.ContentDisconnect {
		ch.onDisconnectNotice(c, e.Get("Content-Disposition"))
		return
	}
	switch s := decode(e).(type) {
	case nil:
		if known := c.server.channels.onEvent(e, ch.onlyOf(c)); !known && e.Name() == "CHANNEL_HANGUP" {
			// The call is not in the registry. It does not want an agent, or is not admitted yet.
			c.onHappened(happened{what: callerHungUp, cause: e.Get("Hangup-Cause")})
		}
	case executed:
		ch.onExecuted(c, s)
		c.signal(s)
	case jobDone, channelAnswered:
		c.signal(s)
	}
	if ch.is() == callingOut {
		ch.onCallOutEvent(c, e)
	}
}

// onExecuted handles the end of an application on the channel. If the caller has hung up, the event
// carries the cause, and may come before CHANNEL_HANGUP. An agent must not be called in between.
// Otherwise, if the socket application ended and we did not end it, the caller was taken.
//
// If the channel has another connection, which may be half-open, it is the end of that one. The
// caller comes again.
//
// What is played to the caller ends a moment before the socket application does. If a transfer took
// the caller, its hook has removed transferHook by then, and the call ends at once. Otherwise new
// music could begin in between, and the caller would hear it at the new place.
func (ch *channel) onExecuted(c *call, s executed) {
	switch {
	case ch.is() != inSocket || c.channel() != ch:
	case s.unhooked && s.hangup == "" && ch.guarded.Load() && s.sequence > ch.since.Load():
		c.end(errTaken)
	case s.hangup != "":
		c.hungUp(s.hangup)
	case s.app != "socket":
	case s.sequence == 0:
		ch.socketEnded(c)
	default:
		// Before since is read, because knowsSince may be writing it.
		ch.endedAt.Store(max(ch.endedAt.Load(), s.sequence))
		if since := ch.since.Load(); since != 0 && s.sequence > since {
			ch.socketEnded(c)
		}
	}
}

// knowsSince notes when the connection began, by the Event-Sequence of the reply to connect. A
// socket application that ended before that was another one, and FreeSWITCH was late to deliver the
// event. An end that was heard before this was known counts now.
func (ch *channel) knowsSince(sequence uint64) {
	ch.since.Store(max(1, sequence))
	if c := ch.call.Load(); c != nil && ch.endedAt.Load() > ch.since.Load() {
		ch.socketEnded(c)
	}
}

// socketEnded takes the end of the socket application that holds the channel. The caller did not
// hang up.
func (ch *channel) socketEnded(c *call) {
	if time.Now().UnixNano() < ch.shared.Load() {
		c.end(errPassedBy) // the next action brings the caller here again, and the place is kept
		return
	}
	c.end(errTaken)
}

// sharesUntil notes that until then the end of another connection of the channel may end the socket
// application of this one. Then the caller was not taken. Of several times the latest counts.
func (ch *channel) sharesUntil(nanoseconds int64) {
	for was := ch.shared.Load(); was < nanoseconds && !ch.shared.CompareAndSwap(was, nanoseconds); {
		was = ch.shared.Load()
	}
}

// cameBack notes that the caller came back from a recall.
func (ch *channel) cameBack() { ch.sharesUntil(time.Now().Add(firstEnds).UnixNano()) }

// firstEnds is how long after a recall FreeSWITCH may take to notice the end of a connection that
// was lost. When it does, it also ends the socket application of the recall (mod_event_socket.c,
// end of listener_run).
const firstEnds = time.Second

// onCallOutEvent handles an event of a channel that calls out.
func (ch *channel) onCallOutEvent(c *call, e *esl.Event) {
	switch e.Name() {
	case "CHANNEL_BRIDGE":
		c.signal(happened{what: callerBridged, other: otherLeg(e)})
	case "CHANNEL_HANGUP":
		c.end(hangup{e.Get("Hangup-Cause")})
	}
}

// onDisconnectNotice handles text/disconnect-notice. "linger" means that the channel has hung up.
// CHANNEL_HANGUP with the cause usually follows, so an unknown cause is assumed only after
// hangupLag. Until our subscription is active this notice is the only sign of a hang-up.
func (ch *channel) onDisconnectNotice(c *call, disposition string) {
	switch {
	case disposition == "linger":
		time.AfterFunc(hangupLag, func() { ch.hungUpUnseen() }) // without effect if the hang-up was reported
	case !ch.listens.Load():
		ch.hungUpUnseen()
	}
}

// hungUpUnseen records that the channel hung up for an unknown cause.
func (ch *channel) hungUpUnseen() {
	if c := ch.currentCall(); c != nil {
		c.onHappened(happened{what: callerHungUp, cause: "NONE"})
	}
}

// lost handles the end of the connection. It ends the call if the socket application holds the
// caller. A talk does not depend on the connection.
func (ch *channel) lost(err error) {
	c := ch.currentCall()
	if c == nil || ch.ended.Load() {
		return
	}
	switch ch.is() {
	case inSocket, callingOut, bridging, released:
		c.end(err)
	default:
		if !c.followed() {
			c.signal(lostSight{err})
		}
	}
}

// exit ends the connection. If the socket application holds the channel, the dialplan goes on with
// its next action. If the channel is bridged, nothing happens to it.
func (ch *channel) exit(last ...esl.Command) error {
	ch.ended.Store(true)
	return ch.conn.Post(append(last, esl.Raw("exit"))...)
}

// alive reports whether commands can be sent over the channel's own connection.
func (ch *channel) alive() bool { return ch.conn != nil && !ch.ended.Load() && ch.conn.Err() == nil }

// isHangup reports whether the caller hung up, and returns the cause.
func isHangup(why error) (hangup, bool) { return errors.AsType[hangup](why) }
