package acd

import (
	"context"
	"strconv"
	"time"

	"nwayacd/esl"
)

// recallVariable is set on a caller whom a call has recalled, until the caller is back.
const recallVariable = "nwayacd_recall"

const (
	recallLimit = 5 * time.Second // from the order to a caller's arrival at our socket port
	exitLimit   = time.Second     // from an exit to the end of its connection
)

// recall brings a caller back who left our socket application with a bridge. If the ending is nil,
// the caller is back and can wait.
func (c *call) recall(ctx context.Context) (context.Context, ending) {
	if ctx.Err() != nil {
		if why := context.Cause(ctx); !viewLost(why) || c.serving.Err() != nil {
			return ctx, c.endingOf(why)
		}
		ctx = c.renew()
	}
	return ctx, c.bringBack(ctx)
}

// reconnectAlone recalls a caller whose channel has another connection, which is held open. The end
// of either connection takes the caller out of the application they are in. If this process dies or
// a network is cut, both end. So both are ended now, and the caller comes back on a new one.
//
// It does nothing if the caller's connection is the only one.
func (c *call) reconnectAlone(ctx context.Context) ending {
	if !c.sharesChannel() {
		return nil
	}
	if end := c.bringBack(ctx); end != nil {
		return end
	}
	c.tell(answer) // FreeSWITCH may not have executed the first answer
	return nil
}

// bringBack makes FreeSWITCH transfer the caller to our socket port, and waits for the new
// connection.
func (c *call) bringBack(ctx context.Context) ending {
	ch := c.channel()
	ch.become(recalled)
	if c.replaySignals(); ctx.Err() != nil {
		return c.endingOf(context.Cause(ctx))
	}
	c.record.recall = time.Now()
	c.music = holdMusic{prompted: c.music.prompted, busyAt: c.music.busyAt}
	limited, stop := context.WithTimeoutCause(ctx, recallLimit, errSilent)
	defer stop()
	ordered := c.orderBack(limited, ch)
	back, _ := c.await(limited, func(s signal) bool {
		if _, up := s.(lookAgain); up && !ordered {
			ordered = c.orderBack(limited, ch) // the link was lost before FreeSWITCH had the order
		}
		next, is := s.(successor)
		return is && next.ch.uuid == ch.uuid
	}).(successor)
	if back.ch == nil {
		return c.endingOf(context.Cause(limited))
	}
	back.ch.cameBack()
	c.reattach(back)
	c.tell(c.waitingVariables())
	return nil
}

// orderBack transfers the caller to our socket port. Before that it ends the channel's other
// connections, because their end would also end the new socket application (mod_event_socket.c, end
// of listener_run). It returns true if FreeSWITCH has the order.
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
	c.awaitExit(ch)
	_, err := link.Do(ctx, c.recallVariables(), c.server.fetch(link, ch.uuid, c.group))
	return err == nil
}

// awaitExit waits until FreeSWITCH has ended the connection. An exit may still be on its way,
// and an order over the link must not overtake it. A half-open connection does not end.
func (c *call) awaitExit(ch *channel) {
	if ch.conn == nil {
		return
	}
	limit := time.NewTimer(exitLimit)
	defer limit.Stop()
	select {
	case <-ch.conn.Done():
	case <-limit.C:
	}
}

// orderBackLater sends the caller into a pause, after which they come to our socket port. The
// connections end during the pause. If they ended earlier, the first end would take the caller out
// of the socket application before FreeSWITCH has the order.
func (c *call) orderBackLater(ch *channel) (ordered bool) {
	asked := time.Now()
	if c.do(c.recallVariables()) == nil {
		return false
	}
	// Between the order and the exits lie its reply and their way to FreeSWITCH.
	way := pauseFor(2*time.Since(asked)) + c.server.wayBack(ch.conn, c.group)
	if ordered = c.do(transferInline(ch.uuid, way)) != nil; ordered {
		c.noteUnsent(ch.exit())
		c.exitHeld()
	}
	return ordered
}

// recallVariables returns the command that marks a caller as recalled.
func (c *call) recallVariables() esl.Command {
	variables := []string{"socket_resume=", recallVariable + "=true"}
	if c.who().home != "" { // not known of a recovered talk, whose channel has it
		variables = append(variables, homeVariable+"="+c.who().home)
	}
	return c.setVariables(variables...)
}

// endingPause is how long FreeSWITCH may take to end a connection. It reads an exit at once, and
// has ended the connection some ten milliseconds later.
const endingPause = 200 * time.Millisecond

// pauseFor begins an inline dialplan in which connections of the channel end. If socket_resume is
// unset, their end does nothing to a channel that sleeps. The exits may be on their way for the
// given time.
func pauseFor(way time.Duration) string {
	return "sleep:" + strconv.FormatInt((endingPause+min(way, recallLimit/2)).Milliseconds(), 10) + ","
}

// cameTooLate reports whether the arrival is a caller whom a call recalled, and who hung up before
// they came. That visit is over and has its CDR, so this is not another one.
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
	c.neverQueued.Store(false)
	next.ch.become(inSocket)
	c.callerChannel.Store(next.ch)
	next.ch.call.Store(c)
	was.become(released)
	next.accepted <- true
	if why := context.Cause(next.ctx); why != nil { // reported before the channel was the call's
		c.end(why)
	}
}
