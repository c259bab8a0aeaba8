package acd

import (
	"context"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// greet refuses a blacklisted caller; any other is answered and takes a place in the group's line at once, free agent or not, and hears
// the welcome prompt to its end.
func (c *call) greet(ctx context.Context) ending {
	d := c.server.Dispatcher
	arrival := queue.Arrival{UUID: c.uuid, Caller: c.caller, Group: c.group, Since: c.cdr.Arrived}
	if d.blacklisted(arrival, c.dialled) {
		return c.refuse(ctx)
	}
	place, err := d.join(arrival)
	if err != nil {
		c.log.Warn().Err(err).Msg("no place in the line")
		return ending{outcome: queue.Returned, reason: returnedInvalid, handBack: true, variable: returnedInvalid}
	}
	c.place, c.cdr.VIP = place, place.VIP
	c.entered("greet").Bool("vip", place.VIP).Send()
	c.tell(
		c.setVariables("socket_resume=true;nway_acd="+esl.Clean(c.group)),
		esl.Execute("answer", "", esl.ExecuteOptions{Lock: true}),
		c.queueEvent(queueAdd, ""),
	)
	c.hearOut(ctx, or(place.Group.Prompts.Welcome, c.settings.Prompts.Welcome))
	return ending{}
}

// refuse plays the blacklist prompt as early media, without answering, and hangs up. No event tells of it.
func (c *call) refuse(ctx context.Context) ending {
	c.entered("refuse").Send()
	group, _ := c.server.Dispatcher.group(c.group)
	if prompt := or(group.Prompts.Blacklist, c.settings.Prompts.Blacklist); prompt != "" {
		c.tell(esl.Execute("pre_answer", "", esl.ExecuteOptions{Lock: true}))
		c.hearOut(ctx, prompt)
	}
	return ending{outcome: queue.Refused, hangup: "CALL_REJECTED"}
}

// hearOut plays a prompt that the caller hears to its end; only a transfer cuts it short.
func (c *call) hearOut(ctx context.Context, file string) {
	if file == "" {
		return
	}
	ctx, stop := context.WithTimeout(ctx, promptLimit)
	defer stop()
	id := newUUID()
	c.tell(c.playback(file, id, esl.ExecuteOptions{Lock: true}))
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
		case <-bell:
			if c.place.waits() {
				c.tell(c.breakAll())
				return
			}
		case <-c.server.drain.Done():
			c.tell(c.breakAll())
			return
		case <-ctx.Done():
			return
		}
	}
}

// since is how long the caller has been here.
func (c *call) since() time.Duration { return time.Since(c.cdr.Arrived) }
