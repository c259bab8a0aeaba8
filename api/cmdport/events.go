package cmdport

import (
	"context"
	"errors"

	"nwayacd/acd"
	"nwayacd/esl"
)

// subscribe carries out a request about events. With pass-through FreeSWITCH gets the request too,
// and the client gets FreeSWITCH's reply: it knows its own events.
func (c *client) subscribe(ctx context.Context, r *esl.Request, verb, rest string) error {
	if c.listener == nil {
		c.follow(ctx)
	}
	reply, ok := c.subscription.change(verb, rest)
	if ok && c.port.PassThrough != nil {
		return c.passThrough(ctx, r)
	}
	return c.reply(reply)
}

// follow sends the client, from now on until its session ends, the events it has subscribed to.
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
			c.sendEvent(event{
				at: e.At, name: eventCustom, sequence: e.ID,
				headers:  append([]esl.Header{{Name: "Event-Subclass", Value: e.Subclass}}, e.Headers...),
				subclass: e.Subclass,
			})
		}
	})
	c.following.Go(func() { // ends with the session
		for {
			select {
			case e := <-c.jobEvents:
				c.sendEvent(e)
			case <-ctx.Done():
				return
			}
		}
	})
}

// queueJobEvent queues the end of a job for the client. It does not block: a client that lags far
// behind is cut off.
func (c *client) queueJobEvent(e event) {
	if !c.subscription.jobs() {
		return
	}
	select {
	case c.jobEvents <- e:
	default:
		c.cut(errSlow)
	}
}

// sendEvent sends an event if the client has subscribed to it; a failure ends the session.
func (c *client) sendEvent(e event) {
	headers := e.allHeaders(&c.port.sender)
	if form, wanted := c.subscription.wants(e.name, e.subclass, headers); wanted {
		c.send(form.frame(headers, e.body))
	}
}
