package acd

import (
	"cmp"
	"strconv"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// The special cases of a talk:
//   - a third party;
//   - an agent who is kept while the caller is away;
//   - a caller who takes over the talk of a consulting call.

// thirdLeg is a third party who was called into a talk.
type thirdLeg struct{ uuid, number string }

// keepWithThird bridges the caller with the third party of the talk, after the leg has gone and if
// the caller is still ours. It returns false if there is no third party.
func (t *talk) keepWithThird() bool {
	third := t.third.Load()
	if third == nil || !t.server.channels.isThird(third.uuid) {
		return false
	}
	replies := t.do(esl.API("uuid_bridge " + t.uuid() + " " + third.uuid))
	if replies == nil || !replies[0].OK() {
		return false // the third party has just gone, so the talk ends as any other
	}
	t.passedOn(third.number, queue.TransferAttended)
	t.channel().become(callerMoving)
	t.lookIn(movingLimit)
	// unset what the hooks set for the end of the first talk
	t.send(t.setVariables("park_after_bridge=", "park_timeout=", overVariable+"="))
	return true
}

// legElsewhere reports whether the leg of a talk that is over is connected with somebody else. Such
// a leg must not be ended.
func (t *talk) legElsewhere() bool {
	leg := t.dump(t.leg.uuid)
	if leg == nil || leg.Get("Unique-ID") == "" {
		return false
	}
	if with := leg.Get("variable_bridge_to"); with != "" {
		return with != t.uuid()
	}
	return !alone(leg)
}

// leaveLeg gives the leg up without ending it. Until the leg ends by itself, it counts as an
// external call of its agent.
func (t *talk) leaveLeg() {
	t.send(esl.API("uuid_setvar_multi " + t.leg.uuid + " " + farVariable + "=" + leftWithAgent + ";" +
		legCleanHook + "=;" + legKeepHook + "="))
	if at := t.server.linkOf(t.channel().at().Name); at != nil {
		t.server.channels.noteExternal(at, t.leg.uuid, t.leg.offer.Agent.Extension)
	}
}

// keepAgent plays hold music to the agent for as long as the caller may be away.
func (t *talk) keepAgent() {
	asked, err := strconv.ParseUint(t.variable(keepAgentVariable), 10, 31)
	if err != nil || asked == 0 {
		t.endLeg(t.leg)
		t.on(happened{what: legHungUp})
		return
	}
	t.kept = true
	t.log.Info().Str("agent", t.leg.offer.Agent.Extension).Uint64("seconds", asked).
		Msg("the agent's leg waits while the caller is away")
	commands := keepFor(time.Duration(asked)*time.Second, t.leg.uuid)
	if music := t.settings.Prompts.Hold; music != "" {
		commands = append(commands, esl.API("uuid_broadcast "+t.leg.uuid+" "+playable(music)+" aleg"))
	}
	t.send(commands...)
}

// bridgedAgain continues a talk after the caller is back. It sets the variables and hooks anew,
// because the first end of the bridge has used them up.
func (t *talk) bridgedAgain() {
	t.legParked, t.broken, t.cleaned, t.held, t.sentOn = false, false, false, false, false
	var commands []esl.Command
	if !t.neverQueued.Load() {
		commands = append([]esl.Command{t.talkVariables()}, t.dialplanVariables()...)
	} else {
		commands = t.neverQueuedVariables()
	}
	commands = append(commands, t.keepHooks(t.leg)...)
	if t.kept {
		commands = append(append(commands, t.setVariables(keepAgentVariable+"=")), keptNoMore(t.leg.uuid)...)
	}
	t.unsettled = !t.send(commands...)
	t.kept = t.kept && t.unsettled
}

// variable returns a variable of the caller's channel, or "" if it is not set.
func (c *call) variable(name string) string {
	replies := c.do(esl.API("uuid_getvar " + c.uuid() + " " + name))
	if replies == nil || !isSet(replies[0]) {
		return ""
	}
	return replies[0].Text()
}

// onLegBridgedInbound decides what it means that the leg is bridged with a channel that called in:
//   - The caller's phone connected the two, so this was a consulting call. FreeSWITCH marks both of
//     the phone's channels before it bridges their partners (sofia.c, sofia_handle_sip_i_refer), or
//     it has ended this one already.
//   - The caller's phone sent the leg to a number, and the channel there called in as well. Then
//     the end of the leg is awaited.
//   - Otherwise a program bridged the two. The talk is over and the caller is parked for us. The
//     leg must not be ended.
func (t *talk) onLegBridgedInbound(h happened) {
	own := t.dump(t.uuid())
	switch {
	case own == nil: // FreeSWITCH cannot be asked
	case own.Get("Unique-ID") == "" && (t.connected || !t.callerGone), passedOnAttended(own):
		t.replaceCaller(h)
	case own.Get("Unique-ID") != "" && own.Get("variable_endpoint_disposition") != "BLIND_TRANSFER":
		t.log.Info().Str("agent", t.record.Agent).Msg("a program bridged the agent with another caller")
		t.channel().become(agentEnded)
	}
}

// replaceCaller continues the talk with another caller, whom the phone of this caller connected
// with the leg. So this was a consulting call. Its channel is killed, because FreeSWITCH keeps it
// parked for some seconds.
func (t *talk) replaceCaller(h happened) {
	headers := t.dump(h.other)
	if headers == nil || headers.Get("Unique-ID") == "" {
		return
	}
	was, before, ref := t.channel(), t.record, t.ref()
	if !t.server.mayOrder(was) {
		return // whoever made this connection may name any channel
	}
	next := newChannel()
	next.proof.Store(true)
	a := t.server.readChannel(next, headers)
	// FreeSWITCH has given the channel the caller id of the one that it replaces.
	earlier := t.earlierVisit(h)
	if earlier != nil {
		a.who = earlier.who()
	} else if earlier := t.server.channels.farCall(next.uuid); earlier != nil {
		a.who, a.visit.group = earlier.who(), earlier.groupNow()
	} else if number := headers.Get("Caller-Orig-Caller-ID-Number"); number != "" {
		a.who.number = knownNumber(sanitize(number))
		a.who.name = knownName(headers.Get("Caller-Orig-Caller-ID-Name"), a.who.number)
	}
	earlier.awaitOver()
	if !t.server.channels.moveCall(t.call, next) {
		return
	}
	t.send(ref.queueEvent(queueRemove, ""), esl.API("uuid_kill "+was.uuid))
	t.server.Dispatcher.takeOver(t.place, a.onFloor())
	before.ended(queue.Consult, attendedTransfer)
	t.server.keepCDR(before.CDR)
	next.become(talking)
	next.call.Store(t.call)
	t.callerChannel.Store(next)
	was.become(released)
	t.goOnWith(a, before, earlier == nil)
	t.log.Info().Str("consult", was.uuid).Str("agent", t.record.Agent).
		Msg("a caller takes over the talk of a consulting call")
}

// goOnWith begins the record of the other caller's visit, with the times of the consulting call.
func (t *talk) goOnWith(a arrival, before record, neverQueued bool) {
	t.call.take(a)
	t.neverQueued.Store(neverQueued)
	t.record.Group, t.record.VIP = t.group, t.place.VIP
	t.record.Arrived, t.record.Answered, t.record.Offers = before.Arrived, before.Answered, 1
	t.leg.record.Call, t.leg.record.Visit = t.uuid(), t.record.Visit
	t.record.bridged(t.leg, time.Now())
	t.callerGone, t.sentOn, t.cause = false, false, ""
	t.connected, t.digit, t.callerEnd = false, "", hangUp{}
	t.passedOn("", queue.NoTransfer)
	t.place.bridged(t.talkSoFar(t.leg))
	commands := []esl.Command{t.infoEvent(statusAnswered, t.leg.offer, t.leg.offer.Number)}
	if neverQueued { // nothing of ours follows the talk, but a later visit needs the next number
		commands = append(append(commands, t.setVariables(visitVariable+"="+t.visit().word())),
			t.neverQueuedVariables()...)
	} else {
		commands = append(append(commands, t.talkVariables()), t.dialplanVariables()...)
	}
	t.send(append(commands, t.keepHooks(t.leg)...)...)
	t.entered(PhaseTalk, t.leg.offer.Agent.Extension).Send()
}

// earlierVisit returns the call of the channel that the leg is bridged with now, or nil if that had
// none. That visit is over, or will be when its call has handled the same event.
func (t *talk) earlierVisit(h happened) *call {
	if earlier := cmp.Or(h.visit, t.server.channels.caller(h.other)); earlier != t.call {
		return earlier
	}
	return nil
}

// awaitOver waits until the call is over, for at most replyLimit. A call that is nil is over.
func (c *call) awaitOver() {
	if c == nil {
		return
	}
	limit := time.NewTimer(replyLimit)
	defer limit.Stop()
	select {
	case <-c.gone:
	case <-limit.C:
	}
}
