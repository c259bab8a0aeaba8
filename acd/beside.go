package acd

import (
	"strconv"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// What else may happen to a talk: a third party, an agent who is kept while the caller is away, a
// caller whom another one replaces.

// thirdLeg is a third party who was rung into a talk.
type thirdLeg struct{ uuid, number string }

// keepWithThird bridges the caller with the third party of the talk, now that the leg is gone and
// nobody took the caller. It returns false if there is no third party.
func (t *talk) keepWithThird() bool {
	third := t.third.Load()
	if third == nil || !t.server.channels.isThird(third.uuid) {
		return false
	}
	replies := t.do(esl.API("uuid_bridge " + t.uuid() + " " + third.uuid))
	if replies == nil || !replies[0].OK() {
		return false // gone in the same moment: the end of the talk is as any other
	}
	t.passedOn(third.number, queue.TransferAttended)
	t.channel().become(callerMoving)
	t.timer.Reset(movingLimit)
	t.send(t.setVariables("park_after_bridge=", "park_timeout=", overVariable+"=")) // what the hooks left for us is not for this talk
	return true
}

// legElsewhere reports whether the leg of a talk that is over is with somebody else: it is not ours
// to end.
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

// leaveLeg lets the leg live. Its agent has a call past the ACD until it ends.
func (t *talk) leaveLeg() {
	t.send(esl.API("uuid_setvar_multi " + t.leg.uuid + " " + farVariable + "=true;" + legCleanHook + "=;" + legKeepHook + "="))
	if at := t.server.linkOf(t.channel().at().Name); at != nil {
		t.server.channels.noteExternal(at, t.leg.uuid, t.leg.offer.Agent.Extension)
	}
}

// keepAgent lets the agent hear hold music for as long as the caller may be away.
func (t *talk) keepAgent() {
	asked, err := strconv.ParseUint(t.variable(keepAgentVariable), 10, 31)
	if err != nil || asked == 0 {
		t.endLeg(t.leg)
		t.on(happened{what: legHungUp})
		return
	}
	t.kept = true
	t.log.Info().Str("agent", t.leg.offer.Agent.Extension).Uint64("seconds", asked).Msg("the agent is kept while the caller is away")
	commands := keepFor(time.Duration(asked)*time.Second, t.leg.uuid)
	if music := t.settings.Prompts.Hold; music != "" {
		commands = append(commands, esl.API("uuid_broadcast "+t.leg.uuid+" "+playable(music)+" aleg"))
	}
	t.send(commands...)
}

// together goes on with a talk whose caller is back: what was set for the first talk is used up.
func (t *talk) together() {
	t.legParked, t.broken, t.cleaned, t.held, t.sentOn = false, false, false, false, false
	var commands []esl.Command
	if !t.foreign.Load() {
		commands = append([]esl.Command{t.talkVariables()}, t.dialplanVariables()...)
	} else {
		commands = t.foreignVariables()
	}
	commands = append(commands, t.keepHooks(t.leg)...)
	if t.kept {
		commands = append(append(commands, t.setVariables(keepAgentVariable+"=")), keptNoMore(t.leg.uuid)...)
	}
	t.unsettled = !t.send(commands...)
	t.kept = t.kept && t.unsettled
}

// variable is a variable of the caller's channel, "" if it is not set.
func (c *call) variable(name string) string {
	replies := c.do(esl.API("uuid_getvar " + c.uuid() + " " + name))
	if replies == nil || !isSet(replies[0]) {
		return ""
	}
	return replies[0].Text()
}

// meetCaller decides what it means that the leg is bridged with a channel that called in:
//   - The caller's phone connected the two, so this was a consulting call. FreeSWITCH marks both of
//     the phone's channels before it bridges their partners (sofia.c, sofia_handle_sip_i_refer), or
//     has ended this one.
//   - The caller's phone sent the leg to a number, and the channel there called in as well. The end
//     of the leg is awaited.
//   - Else a program bridged the two. The talk is over and the caller is parked for us. The leg is
//     not ours to end.
func (t *talk) meetCaller(h happened) {
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

// replaceCaller goes on with the talk of the leg and another caller, whom the caller's phone
// connected with it: this was a consulting call. What is left of that is ended, because FreeSWITCH
// keeps the phone's channel parked for some seconds.
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
	// FreeSWITCH has given the channel the caller id of the one that it takes the place of.
	if earlier := t.server.channels.caller(next.uuid); earlier != nil {
		a.who = earlier.callerNow()
	} else if earlier := t.server.channels.farCall(next.uuid); earlier != nil {
		a.who, a.visit.group = earlier.callerNow(), earlier.groupNow()
	} else if number := headers.Get("Caller-Orig-Caller-ID-Number"); number != "" {
		a.who.number = knownNumber(sanitize(number))
		a.who.name = knownName(headers.Get("Caller-Orig-Caller-ID-Name"), a.who.number)
	}
	foreign := !t.server.endVisit(t.call, next.uuid)
	if !t.server.channels.reseat(t.call, next) {
		return
	}
	t.send(ref.queueEvent(queueRemove, ""), esl.API("uuid_kill "+was.uuid))
	t.server.Dispatcher.takeOver(t.place, a.onFloor())
	before.ended(queue.Consult, attendedTransfer)
	t.server.keepCDR(before.CDR)
	next.become(talking)
	next.call.Store(t.call)
	t.where.Store(next)
	was.become(released)
	t.goOnWith(a, before, foreign)
	t.log.Info().Str("consult", was.uuid).Str("agent", t.record.Agent).Msg("a caller takes over the talk of a consulting call")
}

// goOnWith makes the record that of another caller's visit, with what the consulting call had.
func (t *talk) goOnWith(a arrival, before record, foreign bool) {
	t.call.take(a)
	t.foreign.Store(foreign)
	t.record.Group, t.record.VIP = t.group, t.place.VIP
	t.record.Arrived, t.record.Answered, t.record.Offers = before.Arrived, before.Answered, 1
	t.leg.record.Call, t.leg.record.Visit = t.uuid(), t.record.Visit
	t.record.bridged(t.leg, time.Now())
	t.callerGone, t.sentOn, t.cause = false, false, ""
	t.passedOn("", queue.NoTransfer)
	t.place.bridged(t.talkSoFar(t.leg))
	commands := []esl.Command{t.infoEvent(statusAnswered, t.leg.offer, t.leg.offer.Number)}
	if foreign { // what comes after the talk is not ours, but a later visit has the next number
		commands = append(append(commands, t.setVariables(visitVariable+"="+t.visit().word())), t.foreignVariables()...)
	} else {
		commands = append(append(commands, t.talkVariables()), t.dialplanVariables()...)
	}
	t.send(append(commands, t.keepHooks(t.leg)...)...)
	t.entered(PhaseTalk, t.leg.offer.Agent.Extension).Send()
}

// endVisit waits for the end of the visit that a caller's channel has had with us. It is over
// because the channel is bridged with another one. It returns false if there was none.
func (s *Server) endVisit(c *call, uuid string) bool {
	earlier := s.channels.caller(uuid)
	if earlier == nil || earlier == c {
		return false
	}
	limit := time.NewTimer(replyLimit)
	defer limit.Stop()
	select {
	case <-earlier.gone:
	case <-limit.C:
	}
	return true
}
