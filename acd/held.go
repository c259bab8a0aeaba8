package acd

import (
	"context"
	"time"

	"nwayacd/esl"
)

// A connection whose end would end the application that the caller is in now is held open.

// keepOpen holds the connection of a caller who is elsewhere open, until the channel is bridged or
// hangs up. Its end would end the application that the caller is in.
func (c *call) keepOpen() {
	ch := c.channel()
	ch.become(released)
	c.holdConnection(ch)
	if by := c.server.channels.caller(ch.uuid); by != nil {
		if by.channel().is() == talking { // the bridge was before the connection was held
			ch.endHeld()
			return
		}
		by.signal(lookAgain{}) // wakes a call that waits, so that it brings the caller back alone
	}
	c.awaitHeld(ch)
}

// awaitHeld waits for the end of a connection that is held open. If the caller hung up before it
// was held, no event ends it. FreeSWITCH would keep it for ever, and the dead channel with it.
func (c *call) awaitHeld(ch *channel) {
	limited, stop := context.WithTimeout(c.serving, replyLimit)
	defer stop()
	if replies, err := ch.conn.Do(limited, exists(ch.uuid)...); err != nil || replies[0].Text() != "false" {
		ch.awaitEnd(c.serving) // the end of this connection would end the application the taken caller is in
	}
	ch.endHeld()
}

// sharesChannel reports whether other connections of the caller's channel are held open, and the
// call may end them.
func (c *call) sharesChannel() bool {
	return c.server.channels.isShared(c.channel()) && c.mayEndHeld()
}

// mayEndHeld reports whether the call may end connections that are held open for its channel. An
// impostor may name the channel of a caller whose connection is held.
func (c *call) mayEndHeld() bool {
	return c.server.connTo(c.channel().at()) == nil || c.server.mayOrder(c.channel())
}

// exitHeld ends the connections that are held open for the caller's channel.
func (c *call) exitHeld() {
	if c.server.channels.isHeld(c.uuid()) && c.mayEndHeld() {
		c.server.channels.exitHeld(c.uuid())
	}
}

// endHeld ends a connection that was held open until the program ends. It unsets socket_resume
// first, because the caller may be on the way through a dialplan that has set it. If it is set, the
// end of the connection leaves the caller in silence for ever.
func (ch *channel) endHeld() {
	if ch.exit(esl.API("uuid_setvar "+ch.uuid+" socket_resume")) != nil {
		return // the connection has ended already
	}
	limit := time.NewTimer(hangupLag)
	defer limit.Stop()
	select {
	case <-ch.conn.Done():
	case <-limit.C:
	}
}
