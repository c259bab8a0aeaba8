package acd

import (
	"errors"
	"sync/atomic"
	"time"

	"nwayacd/esl"
)

// channel is a caller's channel in FreeSWITCH, with the connection of the socket application that
// holds it. A call may have several, one after the other: a caller who must wait again after a talk
// is recalled, and another caller may take over what a call has.
type channel struct {
	uuid string
	core string // Core-UUID of its FreeSWITCH
	conn *esl.Connection
	home atomic.Pointer[Switch] // that FreeSWITCH, as it is configured

	call    atomic.Pointer[call] // whose story it is part of; nil before, and after another channel took over
	custody atomic.Uint32
	listens atomic.Bool // our subscription is active, and the connection outlives the channel
	ended   atomic.Bool // we ended the connection
	guarded atomic.Bool // it has the hooks of a caller who waits

	since      atomic.Uint64 // Event-Sequence as the connection began, see knowsSince; 0 = not known yet
	endedAt    atomic.Uint64 // Event-Sequence of the last end of a socket application of the channel
	recalledAt atomic.Int64  // when the caller was back from a recall, in nanoseconds since 1970; 0 = it was none
}

// newChannel returns the channel of a connection that FreeSWITCH's socket application made. Its
// uuid is not known yet.
func newChannel() *channel { return &channel{} }

// at is the channel's FreeSWITCH, as it is configured. It may be a guess until the link to it is up
// for the first time (switchOf).
func (ch *channel) at() Switch {
	if home := ch.home.Load(); home != nil {
		return *home
	}
	return Switch{}
}

func (ch *channel) isAt(home Switch) { ch.home.Store(&home) }

// is returns the place of the channel.
func (ch *channel) is() custody { return custody(ch.custody.Load()) }

func (ch *channel) become(now custody) { ch.custody.Store(uint32(now)) }

// story is the call whose caller's channel this is. It is nil if the channel is not that of a call
// any more.
func (ch *channel) story() *call {
	if c := ch.call.Load(); c != nil && c.channel() == ch {
		return c
	}
	return nil
}

// hear takes an event off the channel's own connection, in its reader. It must not block.
func (ch *channel) hear(e *esl.Event) {
	c := ch.call.Load()
	if c == nil {
		return
	}
	c.trace(e)
	if e.Raw("Content-Type") == esl.ContentDisconnect {
		ch.hearDown(c, e.Get("Content-Disposition"))
		return
	}
	switch s := decode(e).(type) {
	case nil:
		if known := c.server.channels.hear(e); !known && e.Name() == "CHANNEL_HANGUP" {
			// The call is not in the registry: it is not one of the queue's, or not yet.
			c.hears(happened{what: callerHungUp, cause: e.Get("Hangup-Cause")})
		}
	case executed:
		ch.hearExecuted(c, s)
		c.signal(s)
	case jobDone, channelAnswered:
		c.signal(s)
	}
	if ch.is() == callingOut {
		ch.hearOutward(c, e)
	}
}

// hearExecuted takes the end of an application on the channel. If the socket application ended and
// we did not end it, one of two things happened:
//   - the caller hung up, and the event carries the cause;
//   - somebody took the caller.
//
// What played for the caller ends a moment before the socket application. The hook that a transfer
// removes tells already then: music that began between the two would be heard where the caller is
// now.
func (ch *channel) hearExecuted(c *call, s executed) {
	switch {
	case ch.is() != inSocket || c.channel() != ch:
	case s.unhooked && s.hangup == "" && ch.guarded.Load() && s.sequence > ch.since.Load():
		c.end(errTaken)
	case s.app != "socket":
	case s.hangup != "":
		c.hungUp(s.hangup)
	case s.sequence == 0:
		ch.socketEnded(c)
	default:
		ch.endedAt.Store(s.sequence) // before since is read: knowsSince may be writing it
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
	if time.Now().UnixNano()-ch.recalledAt.Load() < int64(firstEnds) {
		c.end(errPassedBy) // the caller comes again by the next action of the way back
		return
	}
	c.end(errTaken)
}

// firstEnds is how long FreeSWITCH may take to notice the end of a connection that was lost. As it
// does, it ends the socket application of the recall that followed (mod_event_socket.c, end of
// listener_run). Nobody took the caller then.
const firstEnds = time.Second

// hearOutward takes an event of a channel that calls out. Only its own call needs it.
func (ch *channel) hearOutward(c *call, e *esl.Event) {
	switch e.Name() {
	case "CHANNEL_BRIDGE":
		c.signal(happened{what: callerBridged, other: otherLeg(e)})
	case "CHANNEL_HANGUP":
		c.end(hangup{e.Get("Hangup-Cause")})
	}
}

// hearDown takes text/disconnect-notice. "linger" means that the channel has hung up.
// CHANNEL_HANGUP with the cause usually follows, so an unknown cause is assumed only hangupLag
// later. Until our subscription is active this notice is the only sign of a hang-up.
func (ch *channel) hearDown(c *call, disposition string) {
	switch {
	case disposition == "linger":
		time.AfterFunc(hangupLag, func() { ch.goneUnseen() }) // without effect if the hang-up was reported
	case !ch.listens.Load():
		ch.goneUnseen()
	}
}

// goneUnseen makes the channel hung up for an unknown cause.
func (ch *channel) goneUnseen() {
	if c := ch.story(); c != nil {
		c.hears(happened{what: callerHungUp, cause: "NONE"})
	}
}

// lost takes the end of the connection. It ends the call while the socket application holds the
// caller. A talk does not depend on it.
func (ch *channel) lost(err error) {
	c := ch.story()
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

// isHangup reports whether the caller hung up, and the cause.
func isHangup(why error) (hangup, bool) { return errors.AsType[hangup](why) }
