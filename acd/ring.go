package acd

import (
	"context"
	"slices"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// ring calls the agent of the offer while the caller goes on hearing music. It returns the leg that
// answered. It returns nil if the offer failed, and then wait decides how the call goes on.
func (c *call) ring(ctx context.Context, o *Offer) *leg {
	if !c.place.confirm(ctx, o) {
		return nil
	}
	if c.place.moving() != "" || c.server.Draining() { // no phone rings for a caller who is moved or handed back
		c.place.withdraw(o)
		return nil
	}
	ctx, stop := c.unlessDraining(ctx)
	defer stop()
	l := newLeg(o, c.waysTo(ctx, *o.Agent))
	c.leg.Store(l)
	c.server.channels.addLeg(c, l)
	c.watchOver(l)
	c.callOut(ctx, l)
	return c.awaitAnswer(ctx, l)
}

// awaitAnswer returns the leg if one of its telephones answers, or nil if the offer ends without an
// answer.
func (c *call) awaitAnswer(ctx context.Context, l *leg) *leg {
	overdue := time.NewTimer(l.offer.RingTimeout + overdueAfter)
	defer overdue.Stop()
	silent := time.NewTimer(c.silence(l))
	defer silent.Stop()
	for {
		select {
		case s := <-c.signals:
			if job, is := s.(jobDone); is && job.id == l.job {
				return c.originated(l, job)
			}
			c.noteAside(s)
			c.keepMusic(ctx)
		case <-c.place.bell:
			if c.place.wanted() {
				c.giveUp(l)
				return nil
			}
		case <-l.news:
			c.endOthers(l)
		case <-silent.C:
			c.endSilent(l)
		case <-overdue.C:
			c.expired(l)
			return nil
		case <-l.offer.expired:
			c.expired(l)
			return nil
		case <-ctx.Done():
			c.callerLeft(l, context.Cause(ctx))
			return nil
		}
	}
}

// originated handles the end of the originate. It returns the leg if the offer became a talk.
func (c *call) originated(l *leg, job jobDone) *leg {
	switch {
	case job.cause != "":
		c.server.beyondDoubt(l)
		c.missed(l, job.cause)
	case c.answered(l, job.channel):
		return l
	default: // the lease expired at the same moment, or the extension was removed
		c.expired(l)
	}
	return nil
}

// callOut calls the agent's leg, and then announces the offer. The originate goes first, because
// FreeSWITCH takes about a millisecond to read a thousand bytes (docs/wire.md).
//
// The caller hears the transfer prompt, and music until the agent answers. That is so even if the
// call never had to wait.
func (c *call) callOut(ctx context.Context, l *leg) {
	o := l.offer
	c.tell(l.originate(c))
	if report := c.server.options.OnOffer; report != nil {
		report(time.Since(o.Offered))
	}
	o.awaitAnnounced(ctx)
	variables := []string{"nway_called_extension=" + esl.Clean(o.Agent.Extension), offerVariable + "=" + offerWord(o)}
	var commands []esl.Command
	if o.Transfer {
		variables = append(variables, "nway_transfer_ext="+esl.Clean(o.Agent.Extension))
		commands = append(commands, c.announceTransfer(o)...)
	}
	commands = append(commands,
		c.queueEvent(queueRemove, o.Agent.Extension),
		c.infoEvent(statusCallout, o, o.Number),
		c.setVariables(variables...),
	)
	commands = append(commands, c.startMusic()...)
	prompt := c.prompts().Transfer
	c.tell(append(commands, c.playOver(prompt)...)...)
	c.record.offered(o.Number)
	c.entered(PhaseRing, o.Agent.Extension).Int("offer", o.Number).Bool("transfer", o.Transfer).Send()
}

// announceTransfer returns the event for an offer that a command made, once. It is sent before the
// end of the talk that the command ends. If there is no talk, it is sent before the agent is
// called.
func (c *call) announceTransfer(o *Offer) []esl.Command {
	if o == nil || o.transferAnnounced {
		return nil
	}
	o.transferAnnounced = true
	return []esl.Command{c.infoEvent(statusTransfered, o, o.Number)}
}

// awaitAnnounced returns when the end of the agent's last talk has been announced, or when ctx is
// done. So listeners get that end before the events of the agent's next call.
func (o *Offer) awaitAnnounced(ctx context.Context) {
	if o.afterEnd == nil {
		return
	}
	select {
	case <-o.afterEnd.announced:
	case <-ctx.Done():
	}
}

// answered makes the offer a talk with the telephone of that channel. It returns false if the lease
// is over.
func (c *call) answered(l *leg, channel string) bool {
	l.wins(channel)
	if !c.place.answer(l.offer) {
		return false
	}
	c.server.beyondDoubt(l)
	l.record.Answered = time.Now()
	c.tell(c.infoEvent(statusAnswered, l.offer, l.offer.Number))
	return true
}

// missed puts the caller back into the line at the same place, because the agent's leg failed or
// was gone before the bridge.
func (c *call) missed(l *leg, cause string) {
	m, cause := c.missOf(l, cause)
	c.log.Info().Str("agent", l.offer.Agent.Extension).Str("miss", string(m.Cause)).Str("cause", cause).
		Msg("offer missed")
	c.announceMissed(l, c.place.miss(l.offer, m))
	outcome := queue.OfferMissed
	if m.Cause == queue.MissNone && l.wasAnswered() { // the agent did what they should
		outcome = queue.OfferExpired
	}
	c.drop(l, outcome, cause)
}

// announceMissed announces that an offer was missed. back is true if the caller is back in the
// line, which is announced too. An offer that a transfer replaced was not missed.
func (c *call) announceMissed(l *leg, back bool) {
	if !back && c.place.transferWaits() {
		return
	}
	events := []esl.Command{c.infoEvent(statusNoAnswer, l.offer, l.offer.Number)}
	if back {
		events = append(events, c.queueEvent(queueAdd, ""))
	}
	c.tell(events...)
}

// expired ends an offer for which FreeSWITCH has reported no end. It ends the leg first and then
// the lease, so no phone gets a second call while it rings with this one. If FreeSWITCH does not
// answer to that either, the lease may expire first. The dispatcher has then freed the agent.
func (c *call) expired(l *leg) {
	c.log.Warn().Str("agent", l.offer.Agent.Extension).
		Msg("an offer expired, because FreeSWITCH did not report its end")
	// over the link first, because the call's connection may be dead
	if c.server.kill(l, c.channel().at()) || c.cancel(l, "") {
		c.server.beyondDoubt(l)
		c.place.miss(l.offer, queue.Miss{}) // FreeSWITCH was silent, not the phone
		c.announceMissed(l, c.place.wasRequeued())
	} else {
		c.place.abandon(l.offer)
	}
	c.drop(l, queue.OfferExpired, "")
}

// callerLeft ends an offer whose caller is gone, or no longer waits for it. The agent's phone stops
// ringing before the agent is free for the next offer.
func (c *call) callerLeft(l *leg, why error) {
	var commands []esl.Command
	if _, gone := isHangup(why); gone {
		commands = append(commands, c.infoEvent(statusCallinHangup, l.offer, 1))
	}
	c.withdraw(l, "", commands...)
	c.drop(l, queue.OfferWithdrawn, why.Error())
}

// withdraw ends the leg with a cause, and then its offer. If FreeSWITCH does not confirm that the
// leg is gone, the agent's phone may still ring. Then the offer is abandoned.
func (c *call) withdraw(l *leg, cause string, commands ...esl.Command) {
	if c.cancel(l, cause, commands...) {
		c.server.beyondDoubt(l)
		c.place.withdraw(l.offer)
	} else {
		c.place.abandon(l.offer)
	}
}

// giveUp ends an offer because another agent or group gets the call. It sends neither noanswer nor
// queue/add.
func (c *call) giveUp(l *leg) {
	moved := c.place.moving() != ""
	c.withdraw(l, lostRace)
	if !moved && c.place.stay() { // the transfer has failed meanwhile
		c.tell(c.queueEvent(queueAdd, ""))
	}
	c.drop(l, queue.OfferWithdrawn, "transferred")
}

// cancel ends the channels of a leg that may ring, or may not exist yet. FreeSWITCH runs a bgapi in
// a thread of its own, so our uuid_kill may arrive before the originate. Therefore cancel tries
// again until all channels are killed or the job is over.
//
// It returns false if the connection is lost and the leg's state is unknown. The commands are sent
// with the first try.
func (c *call) cancel(l *leg, cause string, commands ...esl.Command) (gone bool) {
	limit, stop := context.WithDeadline(context.Background(), l.offer.Offered.Add(l.offer.RingTimeout+cancelLimit))
	defer stop()
	left := l.channels()
	for pause := cancelPause; len(left) > 0; pause *= 2 {
		replies := c.do(append(kills(left, cause), commands...)...)
		if replies == nil {
			return c.server.kill(l, c.channel().at())
		}
		if left = refused(left, replies, l.channels()); len(left) == 0 || limit.Err() != nil {
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
			if job.cause == "" { // one telephone answered; its leg is ended like any other
				l.wins(job.channel)
				return c.endLeg(l)
			}
			return true
		}
	}
	c.tell(commands...) // no channel was left
	return true
}

// refused returns the channels that FreeSWITCH could not end and that may still exist.
func refused(channels []string, replies []esl.Reply, there []string) (left []string) {
	for i, uuid := range channels {
		if !replies[i].OK() && slices.Contains(there, uuid) {
			left = append(left, uuid)
		}
	}
	return left
}

// overdueAfter is how long after the ring timeout FreeSWITCH may report the end of an originate. It
// is earlier than the end of the lease (package queue).
const overdueAfter = time.Second

// cancelPause is the first pause between two tries to end a leg that does not exist yet.
const cancelPause = 5 * time.Millisecond

// drop removes the leg from the call and writes the record of its offer.
func (c *call) drop(l *leg, outcome queue.OfferOutcome, cause string) {
	c.leg.Store(nil)
	l.endWatch()
	c.server.channels.removeLeg(l)
	ended, first := c.place.offerEnded(l.offer, l.ended(outcome, cause))
	if report := c.server.options.OnOfferEnd; report != nil && first {
		report(ended)
	}
}
