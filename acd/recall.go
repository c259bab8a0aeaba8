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

// recall brings a caller back who is out of our socket application since a bridge: FreeSWITCH
// transfers them to our socket port. The connection of before ends first, because its end would end
// the new socket application, too (mod_event_socket.c, end of listener_run). A nil ending says that
// the caller is there and can wait.
func (c *call) recall(ctx context.Context) (context.Context, ending) {
	if ctx.Err() != nil {
		if why := context.Cause(ctx); !viewLost(why) || c.serving.Err() != nil {
			return ctx, c.endingOf(why)
		}
		ctx = c.renew()
	}
	ch := c.channel()
	ch.become(recalled)
	if c.hearAgain(); ctx.Err() != nil {
		return ctx, c.endingOf(context.Cause(ctx))
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
		return ctx, c.endingOf(context.Cause(limited))
	}
	back.ch.recalledAt.Store(time.Now().UnixNano())
	c.reattach(back)
	c.tell(c.waitingVariables())
	return ctx, nil
}

// orderBack ends the connection of before and transfers the caller to our socket port. Without a
// link the order goes out first, on that connection. If the end of the connection then ends the
// first socket action of the transfer, the second one brings the caller back. It reports whether
// FreeSWITCH has the order.
func (c *call) orderBack(ctx context.Context, ch *channel) (ordered bool) {
	link := c.server.connTo(ch.at())
	if link == nil {
		if ch.alive() {
			ch.exit(c.server.fetch(ch.conn, ch.uuid, c.group))
			return true
		}
		return false
	}
	if ch.alive() {
		ch.exit()
	}
	if ch.conn != nil { // an exit of before may be on its way yet, and the order must not overtake it
		select {
		case <-ch.conn.Done():
		case <-ctx.Done():
		}
	}
	commands := []esl.Command{c.server.fetch(link, ch.uuid, c.group)}
	variables := []string{recallVariable + "=true"}
	if c.who.home != "" { // not known of a recovered talk, whose channel has it
		variables = append(variables, homeVariable+"="+c.who.home)
	}
	commands = append([]esl.Command{c.setVariables(variables...)}, commands...)
	_, err := link.Do(ctx, commands...)
	return err == nil
}

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
