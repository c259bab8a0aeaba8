package acd

import (
	"context"
	"time"

	"nwayacd/esl"
)

// recallVariable is on a caller who is on the way to us because their call ordered them back.
const recallVariable = "nwayacd_recall"

// recallLimit is how long a caller may take to come to our socket port after the order.
const recallLimit = 5 * time.Second

// recall brings a caller back who is out of our socket application since a bridge. A nil ending says
// that the caller is there and can wait.
func (c *call) recall(ctx context.Context) (context.Context, ending) {
	if ctx.Err() != nil {
		if why := context.Cause(ctx); !viewLost(why) || c.serving.Err() != nil {
			return ctx, c.endingOf(why)
		}
		ctx = c.renew()
	}
	return ctx, c.bringBack(ctx)
}

// comeAlone brings a caller once more whose channel has another connection, which is held open.
// Whichever of the two ended first, because this process dies or a network is cut, would take the
// caller out of where they are by then. So both end now, and the caller comes back on one that is
// alone. Nothing happens, and nothing is asked, if the caller's connection is the only one.
func (c *call) comeAlone(ctx context.Context) ending {
	if !c.server.channels.isHeld(c.uuid()) {
		return nil
	}
	if end := c.bringBack(ctx); end != nil {
		return end
	}
	c.tell(answer) // FreeSWITCH may not have come to the first one
	return nil
}

// bringBack lets FreeSWITCH transfer the caller to our socket port, and waits for them.
func (c *call) bringBack(ctx context.Context) ending {
	ch := c.channel()
	ch.become(recalled)
	if c.hearAgain(); ctx.Err() != nil {
		return c.endingOf(context.Cause(ctx))
	}
	c.record.recall = time.Now()
	c.music = hold{prompted: c.music.prompted, busyAt: c.music.busyAt}
	limited, stop := context.WithTimeoutCause(ctx, recallLimit, errSilent)
	defer stop()
	ordered := c.orderBack(limited, ch)
	back, _ := c.await(limited, func(s signal) bool {
		if _, up := s.(lookAgain); up && !ordered {
			ordered = c.orderBack(limited, ch) // the link was lost with the order
		}
		next, is := s.(successor)
		return is && next.ch.uuid == ch.uuid
	}).(successor)
	if back.ch == nil {
		return c.endingOf(context.Cause(limited))
	}
	back.ch.recalledAt.Store(time.Now().UnixNano())
	c.reattach(back)
	c.tell(c.waitingVariables())
	return nil
}

// orderBack transfers the caller to our socket port. Before that the connections of before end,
// because their end would end the new socket application, too (mod_event_socket.c, end of
// listener_run). It reports whether FreeSWITCH has the order.
func (c *call) orderBack(ctx context.Context, ch *channel) (ordered bool) {
	link := c.server.connTo(ch.at())
	if link != nil && !c.server.mayOrder(ch) {
		link = nil
	}
	if ch.alive() && (link == nil || c.server.channels.isHeld(ch.uuid)) {
		return c.orderBackLater(ch)
	}
	if link == nil {
		return false
	}
	if ch.alive() {
		c.noteUnsent(ch.exit())
	}
	if ch.conn != nil { // an exit of before may be on its way yet, and the order must not overtake it
		select {
		case <-ch.conn.Done():
		case <-ctx.Done():
		}
	}
	_, err := link.Do(ctx, c.recallVariables(), c.server.fetch(link, ch.uuid, c.group))
	return err == nil
}

// orderBackLater sends the caller into a pause, after which they come to our socket port. Meanwhile
// the connections end. Otherwise the first end would take the caller out of the socket application
// before FreeSWITCH has the order.
func (c *call) orderBackLater(ch *channel) (ordered bool) {
	way := endingPause + c.server.wayBack(ch.conn, c.group)
	ordered = c.do(c.recallVariables(), transferInline(ch.uuid, way), esl.Raw("exit")) != nil
	ch.ended.Store(ch.ended.Load() || ordered)
	if ordered {
		c.server.channels.exitSilent(ch.uuid)
	}
	return ordered
}

// recallVariables mark a caller who is ordered back.
func (c *call) recallVariables() esl.Command {
	variables := []string{"socket_resume=", recallVariable + "=true"}
	if c.who.home != "" { // not known of a recovered talk, whose channel has it
		variables = append(variables, homeVariable+"="+c.who.home)
	}
	return c.setVariables(variables...)
}

// endingPause begins an inline dialplan that a caller is sent into while connections of the channel
// end. Without socket_resume nothing happens then to a channel that sleeps. FreeSWITCH reads an
// exit at once, and has ended the connection some ten milliseconds later.
const endingPause = "sleep:200,"

// cameTooLate reports whether the arrival is a caller whom a call ordered back, and who hung up
// before they came. Their visit is over, with its CDR, and this is not another one.
func (c *call) cameTooLate(ctx context.Context, a arrival) bool {
	if _, kept := c.server.Dispatcher.keepsPlace(a.ch.uuid); kept || !a.recalled {
		return false
	}
	if _, gone := isHangup(context.Cause(ctx)); gone {
		return true
	}
	replies := c.do(exists(a.ch.uuid)...)
	return replies == nil || replies[0].Text() == "false"
}

// reattach makes the new connection of the caller's channel that of the call.
func (c *call) reattach(next successor) {
	was := c.channel()
	c.foreign.Store(false)
	next.ch.become(inSocket)
	c.where.Store(next.ch)
	next.ch.call.Store(c)
	was.become(released)
	next.accepted <- true
	if why := context.Cause(next.ctx); why != nil { // heard before the channel was the call's
		c.end(why)
	}
}
