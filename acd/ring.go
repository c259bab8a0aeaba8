package acd

import (
	"context"
	"errors"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// ring calls the agent of the offer while the caller goes on hearing music. It returns the leg when it answered; nil when nothing came of
// it, and then the wait knows how the story goes on.
func (c *call) ring(ctx context.Context, o *Offer) *leg {
	if !c.place.confirm(ctx, o) {
		return nil
	}
	ctx, stop := c.unlessDraining(ctx)
	defer stop()
	l := newLeg(o)
	c.leg = l
	c.server.legs.add(l)
	c.callOut(ctx, l)
	overdue := time.NewTimer(o.RingTimeout + overdueAfter)
	defer overdue.Stop()
	for {
		select {
		case s := <-c.signals:
			job, ours := s.(jobDone)
			switch {
			case !ours || job.id != l.job:
				c.noteMusic(s)
			case job.cause != "":
				c.missed(l, job.cause)
				return nil
			case c.answered(l):
				return l
			default: // the lease ran out in the same instant, or the extension is no more
				c.expired(l)
				return nil
			}
		case <-c.place.bell:
			if c.place.transferWaits() {
				c.giveUp(l, "transferred")
				return nil
			}
		case <-overdue.C:
			c.expired(l)
			return nil
		case <-o.expired:
			c.expired(l)
			return nil
		case <-ctx.Done():
			c.desert(l, context.Cause(ctx))
			return nil
		}
	}
}

// callOut calls the agent's leg, and then announces the offer: the originate is on its way before the events are made, of which FreeSWITCH takes
// about a millisecond to read a thousand bytes (docs/wire.md). The caller hears the transfer prompt, and music until the agent answers, also where
// the call never had to wait.
func (c *call) callOut(ctx context.Context, l *leg) {
	o := l.offer
	c.tell(l.originate(c))
	if report := c.server.options.OnOffer; report != nil {
		report(time.Since(o.Offered))
	}
	o.awaitTold(ctx)
	variables := []string{"nway_called_extension=" + esl.Clean(o.Agent.Extension), offerVariable + "=" + offerWord(o)}
	var commands []esl.Command
	if o.Transfer {
		variables = append(variables, "nway_transfer_ext="+esl.Clean(o.Agent.Extension))
		commands = append(commands, c.infoEvent(statusTransfered, o, o.Number))
	}
	commands = append(commands,
		c.queueEvent(queueRemove, o.Agent.Extension),
		c.infoEvent(statusCallout, o, o.Number),
		c.setVariables(variables...),
	)
	commands = append(commands, c.startMusic()...)
	prompt := c.prompts().Transfer
	c.tell(append(commands, c.playOver(prompt)...)...)
	c.cdr.Offers = max(c.cdr.Offers, o.Number)
	c.entered("ring", o.Agent.Extension).Int("offer", o.Number).Bool("transfer", o.Transfer).Send()
}

// awaitTold returns when the end of the agent's talk before is told, so that nobody who listens hears of the agent's next call first; or ctx is done.
func (o *Offer) awaitTold(ctx context.Context) {
	if o.after == nil {
		return
	}
	select {
	case <-o.after.told:
	case <-ctx.Done():
	}
}

// answered makes the offer a talk, unless its lease is over.
func (c *call) answered(l *leg) bool {
	if !c.place.answer(l.offer) {
		return false
	}
	l.record.Answered = time.Now()
	c.tell(c.infoEvent(statusAnswered, l.offer, l.offer.Number))
	return true
}

// missed puts the caller back in the line, at the place it had: the agent's leg failed, or died before the bridge.
func (c *call) missed(l *leg, cause string) {
	c.log.Info().Str("agent", l.offer.Agent.Extension).Str("cause", cause).Msg("missed")
	c.tellMissed(l, c.place.miss(l.offer, unregistered(cause)))
	c.drop(l, queue.OfferMissed, cause)
}

// tellMissed says that an offer was missed, and that the caller is back in the line where it is. An offer that a transfer has taken the place of
// was not missed.
func (c *call) tellMissed(l *leg, back bool) {
	if !back && c.place.transferWaits() {
		return
	}
	events := []esl.Command{c.infoEvent(statusNoAnswer, l.offer, l.offer.Number)}
	if back {
		events = append(events, c.queueEvent(queueAdd, ""))
	}
	c.tell(events...)
}

// expired ends an offer of which FreeSWITCH said nothing: the leg first, then the lease, so that no phone gets a second call while it rings with
// this one. Only where FreeSWITCH is silent to that as well, the lease may run out before, and the dispatcher has freed the agent.
func (c *call) expired(l *leg) {
	c.log.Warn().Str("agent", l.offer.Agent.Extension).Msg("an offer ran out without a word from FreeSWITCH")
	if c.server.kill(l, c.at) || c.cancel(l) { // the connection that was silent may be dead
		c.place.miss(l.offer, false)
		c.tellMissed(l, c.place.inLine())
	} else {
		c.place.forsake(l.offer)
	}
	c.drop(l, queue.OfferExpired, "")
}

// desert ends an offer whose caller is gone, or will not wait for it: the agent's phone stops ringing before the agent is free for the
// next offer.
func (c *call) desert(l *leg, why error) {
	var commands []esl.Command
	if _, gone := errors.AsType[hangup](why); gone {
		commands = append(commands, c.infoEvent(statusCallinHangup, l.offer, 1))
	}
	c.withdraw(l, commands...)
	c.drop(l, queue.OfferWithdrawn, why.Error())
}

// withdraw ends the leg, and then its offer. Where FreeSWITCH does not say that the leg is gone, the agent's phone may still ring, and the offer
// stands until it is over by itself.
func (c *call) withdraw(l *leg, commands ...esl.Command) {
	if c.cancel(l, commands...) {
		c.place.withdraw(l.offer)
	} else {
		c.place.forsake(l.offer)
	}
}

// giveUp ends an offer in favour of another agent, without noanswer or queue/add.
func (c *call) giveUp(l *leg, why string) {
	c.withdraw(l)
	if c.place.stay() { // the transfer has come to nothing meanwhile
		c.tell(c.queueEvent(queueAdd, ""))
	}
	c.drop(l, queue.OfferWithdrawn, why)
}

// cancel ends a leg that may ring, or not even exist yet: FreeSWITCH runs a bgapi in a thread of its own, and our uuid_kill may overtake
// the originate it is to end. It returns when the leg is gone, or as good as: killed, or its job is over; false where the connection is, and nobody
// knows. The commands go out with the first try.
func (c *call) cancel(l *leg, commands ...esl.Command) (gone bool) {
	limit, stop := context.WithDeadline(context.Background(), l.offer.Offered.Add(l.offer.RingTimeout+cancelLimit))
	defer stop()
	for pause := cancelPause; ; pause *= 2 {
		replies := c.do(append([]esl.Command{l.kill()}, commands...)...)
		if replies == nil {
			return c.server.kill(l, c.at)
		}
		if replies[0].OK() || limit.Err() != nil {
			return true
		}
		commands = nil
		ctx, stop := context.WithTimeout(limit, pause)
		over := c.await(ctx, func(s signal) bool {
			job, is := s.(jobDone)
			return is && job.id == l.job
		})
		stop()
		if job, is := over.(jobDone); is {
			if job.cause == "" { // it answered; whatever the reply, it is gone then
				return c.endLeg(l)
			}
			return true
		}
	}
}

// overdueAfter is how long after the ring timeout the end of an originate may be told; before the lease is over (package queue).
const overdueAfter = time.Second

// cancelPause is the first pause between two tries to end a leg that is not there yet.
const cancelPause = 5 * time.Millisecond

// drop forgets the leg and keeps the record of its offer.
func (c *call) drop(l *leg, outcome queue.OfferOutcome, cause string) {
	c.leg = nil
	c.server.legs.remove(l)
	ended := l.ended(outcome, cause)
	c.server.options.Journal.Write(ended)
	if report := c.server.options.OnOfferEnd; report != nil {
		report(*ended.Offer)
	}
}
