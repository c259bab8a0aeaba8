package acd

import (
	"context"
	"errors"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// greet refuses a blacklisted caller; any other is answered and takes a place in the group's line at once, free agent or not, and hears
// the welcome prompt to its end.
func (c *call) greet(ctx context.Context) ending {
	d := c.server.Dispatcher
	arrival := queue.Arrival{UUID: c.uuid, Caller: c.caller, Group: c.group, Since: c.placeTime()}
	if d.blacklisted(arrival, c.dialled) {
		return c.refuse(ctx)
	}
	place, soFar, err := d.join(arrival)
	if err != nil {
		c.log.Warn().Err(err).Msg("no place in the line")
		return ending{outcome: queue.Returned, reason: returnedInvalid, handBack: true, variable: returnedInvalid}
	}
	if soFar.Leg != "" {
		c.goOn(soFar)
	}
	c.place, c.cdr.VIP = place, place.VIP
	c.entered("greet", "").Bool("vip", place.VIP).Send()
	c.tell(
		c.setVariables("socket_resume=true", "nway_acd="+esl.Clean(c.group), parkedVariable+"=", placeVariable+"="),
		esl.Execute("answer", "", esl.ExecuteOptions{Lock: true}),
		c.queueEvent(queueAdd, ""),
	)
	c.hearOut(ctx, c.prompts().Welcome)
	return ending{}
}

// goOn makes the CDR one with that of the talk that the caller had before the connection was lost.
func (c *call) goOn(soFar queue.CDR) {
	soFar.Ended, soFar.HungUpBy, soFar.Cause = time.Time{}, queue.NoSide, ""
	c.cdr = soFar
}

// refuse plays the blacklist prompt as early media, without answering, and hangs up. No event tells of it.
func (c *call) refuse(ctx context.Context) ending {
	c.entered("refuse", "").Send()
	if prompt := c.prompts().Blacklist; prompt != "" {
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
	ctx, stopDrain := c.unlessDraining(ctx)
	defer stopDrain()
	id := newUUID()
	c.tell(c.playback(file, id, esl.ExecuteOptions{Lock: true}))
	c.awaitEnd(ctx, id)
	if errors.Is(context.Cause(ctx), errTaken) {
		return // what plays now is not ours to end
	}
	if ctx.Err() != nil || c.place != nil && c.place.transferWaits() {
		c.tell(c.breakAll())
	}
}
