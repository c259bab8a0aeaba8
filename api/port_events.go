package api

import (
	"context"
	"errors"

	"nwayacd/acd"
	"nwayacd/esl"
)

// listen carries out a request about events. With pass-through FreeSWITCH gets it too, and its reply is the one the client sees: it
// knows its own events.
func (c *client) listen(ctx context.Context, r *esl.Request, verb, rest string) error {
	if c.listener == nil {
		c.follow(ctx)
	}
	reply, ok := c.interest.take(verb, rest)
	if ok && c.port.PassThrough != nil {
		return c.passOn(ctx, r)
	}
	return c.reply(reply)
}

// follow sends the client, from now on until its session ends, the events it is interested in.
func (c *client) follow(ctx context.Context) {
	c.listener = c.port.Server.ACD.Events.Listen(0)
	c.following.Go(func() { // ends with the session
		defer c.listener.Close()
		for {
			e, err := c.listener.Next(ctx)
			if errors.Is(err, acd.ErrSlow) {
				c.cut(err)
			}
			if err != nil {
				return
			}
			c.show(notice{
				at: e.At, name: eventCustom, sequence: e.ID,
				headers: append([]esl.Header{{Name: "Event-Subclass", Value: e.Subclass}}, e.Headers...), subclass: e.Subclass,
			})
		}
	})
	c.following.Go(func() { // ends with the session
		for {
			select {
			case n := <-c.notices:
				c.show(n)
			case <-ctx.Done():
				return
			}
		}
	})
}

// noticeJob hands the client the end of a job. It does not block: a client that lags far behind is cut off.
func (c *client) noticeJob(n notice) {
	if !c.interest.jobs() {
		return
	}
	select {
	case c.notices <- n:
	default:
		c.cut(errSlow)
	}
}

// show sends an event where the client is interested in it; a failure ends the session.
func (c *client) show(n notice) {
	headers := n.whole(&c.port.sender)
	if form, wanted := c.interest.in(n.name, n.subclass, headers); wanted {
		c.send(form.frame(headers, n.body))
	}
}
