package acd

import (
	"context"
	"errors"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// greet refuses a blacklisted caller. Any other caller is answered and takes a place in the group's
// line at once, even if an agent is free. Then the caller hears the welcome prompt to its end.
func (c *call) greet(ctx context.Context) ending {
	d := c.server.Dispatcher
	arrival := c.arrival()
	if d.blacklisted(arrival, c.who().dialled) {
		return c.refuse(ctx)
	}
	place, err := d.join(arrival)
	if err != nil {
		c.log.Warn().Err(err).Msg("call handed back: the caller could not join the line")
		return handedBack{outcome: queue.Returned, reason: returnedInvalid, variable: returnedInvalid}
	}
	c.takePlace(place)
	c.entered(PhaseGreet, "").Bool("vip", place.VIP).Send()
	c.tell(append([]esl.Command{c.waitingVariables(), answer}, c.comesIn()...)...)
	if end := c.reconnectAlone(ctx); end != nil {
		return end
	}
	if welcome := c.prompts().Welcome; welcome != "" {
		began := time.Now()
		c.playToEnd(ctx, welcome)
		c.record.Welcome = time.Since(began)
	}
	return nil
}

// answer is the command that answers the caller's channel. It is sent before anything is played to
// the caller.
var answer = esl.Execute("answer", "", esl.ExecuteOptions{Lock: true})

// arrival returns what the floor needs to know about the caller.
func (c *call) arrival() queue.Arrival {
	return queue.Arrival{
		UUID: c.uuid(), Caller: c.who().number, Name: c.who().name, Group: c.group, Since: c.placeTime(),
		Visit: c.record.Visit, CameFrom: c.record.CameFrom,
	}
}

// takePlace sets the call's place. If the caller came back on another connection, it also restores
// what was known of the visit.
func (c *call) takePlace(p *Place) {
	c.place = p
	if p.SoFar.Leg != "" {
		c.record.resumes(p.SoFar)
	}
	c.record.joins(p.Place)
}

// refuse plays the blacklist prompt as early media, without answering, and hangs up. No event is
// sent.
func (c *call) refuse(ctx context.Context) ending {
	c.entered(PhaseRefuse, "").Send()
	if prompt := c.prompts().Blacklist; prompt != "" {
		c.tell(esl.Execute("pre_answer", "", esl.ExecuteOptions{Lock: true}))
		c.playToEnd(ctx, prompt)
	}
	return sentAway{queue.Refused, "CALL_REJECTED"}
}

// playToEnd plays a prompt to the end. Only a transfer or a move cuts it short.
func (c *call) playToEnd(ctx context.Context, file string) {
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
	if why := context.Cause(ctx); errors.Is(why, errTaken) || errors.Is(why, errReturned) {
		return // what plays now is somebody else's
	}
	if ctx.Err() != nil || c.place != nil && c.place.wanted() {
		c.tell(c.breakAll())
	}
}
