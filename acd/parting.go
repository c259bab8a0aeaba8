package acd

import (
	"context"

	"nwayacd/esl"
	"nwayacd/queue"
)

// The end of a talk: what is announced, which channels are freed, and what comes next.

// finish announces the end of the talk and frees the agent. If the agent's phone hung up, the agent
// is free immediately. Otherwise the leg is killed first and its end awaited. FreeSWITCH reports a
// hang-up some milliseconds before the phone receives it, and the next INVITE would find the phone
// busy.
func (t *talk) finish() {
	switch {
	case t.far:
	case !t.legGone && t.legElsewhere():
		t.leaveLeg()
	case !t.legGone:
		t.endLeg(t.leg)
		t.leg.awaitEnd()
	case !t.leg.endedByAgent() && t.followed(): // its BYE may still be on the way
		t.endLeg(t.leg)
	}
	last := t.stopRecording()
	if t.kept {
		last = append(last, keptNoMore(t.leg.uuid)...)
	}
	if is := t.channel().is(); t.held && (is == takenBlind || is == takenAttended || is == takenByCaller) {
		// FreeSWITCH took the caller for one whom nobody took. The end of what follows must not
		// be our park.
		last = append(last, t.setVariables("park_after_bridge=", "park_timeout=", overVariable+"="))
	}
	var events []esl.Command
	ref, offer := t.ref(), t.leg.offer
	if t.channel().is() == takenBlind || t.channel().is() == takenAttended {
		if t.attended {
			t.kind = queue.TransferAttended
		}
		t.askWhereTo()
		t.record.passedOn(t.to, t.kind)
		events = append(events, ref.infoEvent(statusTransfered, t.to, offer.Number))
	} else if t.channel().is() == takenByCaller {
		t.record.passedOn(t.to, queue.TransferByCaller)
	}
	events = append(events, t.announceTransfer(t.next)...)
	events = append(events, ref.infoEvent(statusHangup, offer.Agent.Extension, offer.Number))
	t.announce(last, events...)
	t.place.end(offer)
	t.drop(t.leg, queue.OfferAnswered, "")
}

// send sends commands of a talk and waits for their replies. It returns true if FreeSWITCH
// answered.
func (c *call) send(commands ...esl.Command) (answered bool) { return c.do(commands...) != nil }

// announce sends events of the call, after other commands, and returns when FreeSWITCH has them. So
// an event that another connection sends next comes after these. If FreeSWITCH cannot be reached,
// the events are owed.
func (c *call) announce(before []esl.Command, events ...esl.Command) {
	if c.do(append(before, events...)...) == nil {
		c.server.owe(c.channel(), events)
	}
}

// ending returns how the call goes on after the talk.
func (t *talk) ending(ctx context.Context) ending {
	outcome := t.record.Outcome
	switch t.channel().is() {
	case agentEnded:
		t.record.HungUpBy = queue.AgentSide
		if t.callerGone && t.callerEnd.before(t.legEnd) || t.connected {
			t.record.HungUpBy = queue.CallerSide
		}
		if t.callerGone {
			return callerGone{outcome, t.cause}
		}
		return t.afterTalk(ctx)
	case callerEnded:
		if t.record.HungUpBy == queue.NoSide && t.cause != errAway.Error() && t.cause != errUnlinked.Error() &&
			t.cause != errRestarted.Error() && t.cause != errUnseen.Error() {
			t.record.HungUpBy = queue.CallerSide
		}
		return callerGone{outcome, t.cause}
	case takenByCaller:
		// The end of the call's own connection would take the limit from a caller who is parked.
		if t.held && !t.callerGone {
			return sentAway{outcome, "NORMAL_CLEARING"}
		}
		return callerGone{outcome, t.cause}
	default:
		return taken{outcome: outcome, reason: t.cause}
	}
}

// fetch lets a caller wait again whom FreeSWITCH left in silence. The talk is over.
func (t *talk) fetch(ctx context.Context) (context.Context, ending) {
	t.log.Warn().Msg("the caller waits again: the channel that they were to be bridged with hung up before that")
	if t.failed {
		t.place.spare(t.leg.offer) // or the agent would have the same caller again at once
	}
	t.place.requeued(t.talkSoFar(t.leg)) // before the end of the talk: a crash in between must not lose the place
	t.finish()
	if t.place.stay() {
		t.send(t.queueEvent(queueAdd, ""))
	}
	return t.recall(ctx)
}

// passOn ends the talk for a transfer by command. The caller is parked, is recalled, and waits for
// the next agent.
func (t *talk) passOn(ctx context.Context) (context.Context, ending) {
	if third := t.third.Swap(nil); third != nil {
		t.server.channels.removeThird(third.uuid)
		t.send(esl.API("uuid_kill " + third.uuid))
	}
	if t.goesOn() {
		t.send(t.talkVariables()) // the caller must be parked for us, instead of going on in the dialplan
	}
	t.endLeg(t.leg)
	limited, stop := context.WithTimeout(ctx, legOverLimit)
	defer stop()
	for is := t.channel().is(); !is.over() && limited.Err() == nil; is = t.channel().is() {
		select {
		case s := <-t.signals:
			t.take(s)
		case <-limited.Done():
		}
	}
	if t.channel().is() != agentEnded && ctx.Err() == nil && !t.channel().is().over() {
		t.stopTimer()
		t.look()
	}
	over := t.channel().is()
	t.legGone = true
	if !over.over() || over == agentEnded && !t.callerGone {
		// before the end of the talk, so that a crash in between does not lose the place
		t.place.requeued(t.talkSoFar(t.leg))
		t.next = t.place.transfer()
	}
	t.finish()
	if ctx.Err() != nil {
		return ctx, t.endingOf(context.Cause(ctx))
	}
	if over.over() && (over != agentEnded || t.callerGone) {
		return ctx, t.ending(ctx)
	}
	if t.place.stay() { // the transfer has failed meanwhile
		t.send(t.queueEvent(queueAdd, ""))
	}
	return t.recall(ctx)
}
