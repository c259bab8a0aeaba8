package cmdport

import (
	"context"
	"errors"

	"nwayacd/acd"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

// subscribe carries out a request about events. With pass-through, FreeSWITCH gets the request too,
// and the client gets FreeSWITCH's reply, because FreeSWITCH knows its own events.
func (c *client) subscribe(ctx context.Context, r *esl.Request, verb, rest string) error {
	if err := c.port.Server.Allow(ctx, "follow-events"); err != nil {
		return c.reply("-ERR " + err.Error())
	}
	if c.listener == nil {
		c.follow(ctx)
	}
	reply, ok := c.subscription.change(verb, rest)
	if ok && c.passesOn() {
		return c.passThrough(ctx, r)
	}
	return c.reply(reply)
}

// follow starts to send the client the events that it has subscribed to, until the session ends.
func (c *client) follow(ctx context.Context) {
	c.listener = c.port.Server.ACD.Events.Listen(0)
	viewer := c.port.Server.Viewer(ctx)
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
			e, shown := viewer.Event(e)
			if !shown {
				continue
			}
			c.sendEvent(event{
				at: e.At, name: eventCustom, sequence: e.ID, subclass: e.Subclass,
				headers: append([]esl.Header{{Name: "Event-Subclass", Value: e.Subclass}}, e.Headers...),
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

// queueJobEvent queues the end of a job for the client. It does not block: it cuts off a client
// whose queue is full.
func (c *client) queueJobEvent(e event) {
	if !c.subscription.jobs() || !c.mayHear(e) {
		return
	}
	select {
	case c.jobEvents <- e:
	default:
		c.cut(errSlow)
	}
}

// mayHear reports whether the client may have the output of a job. A client that may not see
// everything has that of its own actor's jobs.
func (c *client) mayHear(job event) bool {
	return job.of == c.actor.Name || auth.ScopeOf(c.actor.Role, "nway_list_exts") == auth.All
}

// sendEvent sends an event if the client has subscribed to it. A failure ends the session.
func (c *client) sendEvent(e event) {
	headers := e.allHeaders(&c.port.sender)
	if form, wanted := c.subscription.wants(e.name, e.subclass, headers); wanted {
		c.send(form.frame(headers, e.body))
	}
}
