package acd

import (
	"cmp"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// Questions to FreeSWITCH about a talk.

// look asks FreeSWITCH what became of caller and leg, because an event is overdue or the link is
// back. While an event is not yet overdue, FreeSWITCH may be moving the two. Then look takes only
// what their channels show, and concludes nothing from what they do not show.
func (t *talk) look() {
	was := t.channel().is()
	replies := t.query(variables(t.leg.uuid, "bridge_to", legKeepHook)...)
	if replies == nil {
		return // the link is down; the talk looks again when it is up
	}
	if replies[0].Text() == t.uuid() {
		t.foundTogether(isSet(replies[1]))
		return
	}
	replies = t.query(esl.API("uuid_dump "+t.leg.uuid), esl.API("uuid_dump "+t.uuid()))
	if replies == nil {
		return
	}
	leg, caller := dumped(replies[0]), dumped(replies[1])
	for _, h := range t.fromDumps(leg, caller) {
		t.on(h)
	}
	is := t.channel().is()
	if is == legOver {
		t.place.endEarly(t.leg.offer) // the agent has no call, wherever the caller is
	}
	if is != was || is == talking || is == legKept || is.over() || time.Now().Before(t.due) {
		return
	}
	t.conclude(is, leg, caller)
}

// foundTogether handles caller and leg that are bridged. If the hook of the leg is not set any
// more, it has run. Then the caller was away, and is back without an event.
func (t *talk) foundTogether(hookSet bool) {
	t.on(happened{what: bridgedTogether})
	if t.channel().is() != talking {
		return
	}
	if !hookSet {
		t.kept, t.unsettled = true, true
	}
	if t.unsettled {
		t.bridgedAgain()
	}
}

// conclude decides what an overdue event would have said. The dumps show nothing that decides it.
func (t *talk) conclude(is custody, leg, caller *esl.Event) {
	switch {
	case is == callerMoving && waitsForBridge(caller):
		t.stranded = t.partnerGone(caller)
		t.lookIn(movingLimit)
	case is == callerMoving || is == callerAway && t.legGone:
		t.on(happened{what: callerReturned, number: t.to}) // the caller is with another channel by now
	case is == legOver:
		t.lookForCaller(caller)
	case !t.legGone && is != legAway && aboutToBridge(leg, t.uuid()) && !t.partnerGone(leg):
		t.lookIn(movingLimit)
	case !t.legGone && is != legAway && (alone(leg) || aboutToBridge(leg, t.uuid())):
		t.endLeg(t.leg)
		t.on(happened{what: legHungUp, cause: errUnseen.Error()})
	case !t.legGone && t.bothSentOn():
		t.channel().become(takenBlind)
	case !t.legGone && is != legAway:
		t.channel().become(legAway) // the caller's phone transferred the agent
		t.passedOn(leg.Get("Caller-Destination-Number"), queue.TransferByCaller)
	}
}

// partnerGone asks for the channel that FreeSWITCH was about to bridge this one with. It returns
// true if that channel hung up before it came to the bridge. FreeSWITCH then leaves this one in
// silence for ever (switch_ivr_bridge.c, uuid_bridge_on_reset and uuid_bridge_on_soft_execute).
func (t *talk) partnerGone(waiting *esl.Event) bool {
	partner := partnerOf(waiting)
	if partner == "" {
		return false
	}
	replies := t.query(exists(partner)...)
	return replies != nil && replies[0].Text() == "false"
}

// partnerOf returns the channel that a channel waits for. FreeSWITCH unsets bridge_uuid of one of
// the two before it bridges them.
func partnerOf(waiting *esl.Event) string {
	if how, with := lastMove(waiting); how == movedByBridge {
		return with
	}
	return waiting.Get("variable_bridge_uuid")
}

// aboutToBridge reports whether FreeSWITCH has taken the leg out of its talk with the caller, and
// waits to bridge it with another channel.
func aboutToBridge(leg *esl.Event, caller string) bool {
	how, with := lastMove(leg)
	return how == movedByBridge && with != caller && waitsForBridge(leg)
}

// waitsForBridge reports whether a channel is in one of the two states in which it waits for the
// other one of a bridge.
func waitsForBridge(ch *esl.Event) bool {
	switch ch.Get("Channel-State") {
	case "CS_RESET", "CS_SOFT_EXECUTE":
		return ch.Get("variable_bridge_to") == ""
	}
	return false
}

// lookForCaller finds out where the caller is whose leg is over. FreeSWITCH notes on the caller's
// channel what moved it last. If that was the bridge with the leg, nobody took the caller. Then the
// hooks say how far FreeSWITCH is.
func (t *talk) lookForCaller(caller *esl.Event) {
	how, with := lastMove(caller)
	switch hooked := caller.Get("variable_"+cleanHook) != ""; {
	case how == movedByTransfer:
		number, cause := whereTo(caller)
		t.on(happened{what: callerTransferred, number: number, cause: cause})
	case how == movedByBridge && with != t.leg.uuid:
		t.on(happened{what: callerRebridged, other: with})
	case !hooked && t.goesOn(): // the dialplan has the caller
		t.on(happened{what: callerFreed})
	case !hooked && !t.cleaned: // FreeSWITCH is about to park the caller
		t.cleaned = true
		t.lookIn(hooksLimit)
	case !hooked:
		t.on(happened{what: callerFreed, held: true})
	case !t.broken:
		// The caller's thread is still in the bridge, because it plays the music of a hold, which
		// outlives the leg.
		t.broken = true
		t.send(t.breakAll())
		t.lookIn(legOverLimit)
	default: // the thread hangs, because the leg died while it was being bridged
		t.on(happened{what: callerFreed})
	}
}

// fromDumps returns the happenings that two dumps show, in the order in which they must be handled.
func (t *talk) fromDumps(leg, caller *esl.Event) (all []happened) {
	with := caller.Get("variable_bridge_to")
	switch state := caller.Get("Channel-State"); {
	case caller.Get("Unique-ID") == "":
		all = append(all, happened{what: callerHungUp, cause: t.unseenCause()})
	case with == t.leg.uuid:
		all = append(all, happened{what: bridgedTogether})
	case with != "":
		all = append(all, happened{what: callerBridged, other: with})
	case state == "CS_PARK" || caller.Get("variable_"+overVariable) == "true":
		all = append(all, happened{what: callerFreed, held: true, parked: true})
	}
	switch with := leg.Get("variable_bridge_to"); {
	case leg.Get("Unique-ID") == "":
		all = append(all, happened{what: legHungUp, cause: t.unseenCause()})
	case with != "" && with != t.uuid():
		all = append(all, happened{what: legBridged, other: with, inbound: t.cameIn(with)})
	case leg.Get("Channel-State") == "CS_PARK" && keptByUs(leg):
		all = append(all, happened{what: legParked})
	}
	return all
}

// parked is the destination in a record if uuid_park took the caller. It is not a number of the
// dialplan.
const parked = "park"

// askWhereTo asks FreeSWITCH for the destination if the event of a transfer named the number that
// the caller had dialled. They may have been transferred to it again. But FreeSWITCH ends the
// bridge before it changes the number, so the event may have the old one.
//
// It does not ask if a command ordered the transfer, because the call has the command's group.
func (t *talk) askWhereTo() {
	if t.to != destination(t.who().dialled) || t.orderedTo.Load() != nil {
		return
	}
	switch there := t.dump(t.uuid()); {
	case there == nil || there.Get("Caller-Destination-Number") == "":
	case there.Get("Channel-State") == "CS_PARK":
		t.to = parked
	default:
		var cause string
		if t.to, cause = whereTo(there); cause == attendedTransfer {
			t.kind = queue.TransferAttended
		}
	}
}

// cameIn reports whether a channel is that of a call to FreeSWITCH.
func (t *talk) cameIn(uuid string) bool {
	other := t.dump(uuid)
	return other != nil && other.Get("Call-Direction") == "inbound"
}

// numberOf returns how a record names the channel with which the caller, or the agent, was bridged.
// That is the group if an agent of ours talks there, otherwise the extension that was dialled. An
// event has only the name under which the telephone registered, which may be a random word.
func (t *talk) numberOf(h happened) string {
	if h.other == "" {
		return h.number
	}
	if other := t.server.channels.legCall(h.other); other != nil {
		return other.groupNow()
	}
	other := t.dump(h.other)
	if other == nil {
		return h.number
	}
	return sanitize(cmp.Or(other.Get("variable_dialed_user"), h.number, other.Get("Caller-Destination-Number")))
}

// alone reports whether a leg is not connected with another channel: it is parked, or left over
// from a bridge. A leg that somebody transferred is not alone, whatever its destination.
func alone(leg *esl.Event) bool {
	if how, _ := lastMove(leg); how == movedByTransfer {
		return false
	}
	switch leg.Get("Channel-State") {
	case "CS_EXECUTE", "CS_ROUTING", "CS_SOFT_EXECUTE":
		return leg.Get("variable_current_application") == "park" || leg.Get("variable_current_application") == ""
	}
	return leg.Get("variable_bridge_to") == ""
}

// unseenCause returns the cause for a channel whose end no link saw.
func (t *talk) unseenCause() string {
	if l := t.server.linkOf(t.channel().at().Name); l != nil {
		if now := l.current().CoreUUID; t.channel().core != "" && now != "" && t.channel().core != now {
			return errRestarted.Error()
		}
	}
	return errUnseen.Error()
}

// giveUp ends a talk that no link can follow any more.
func (t *talk) giveUp(why error) {
	t.cause, t.callerGone, t.legGone = why.Error(), true, true
	t.channel().become(callerEnded)
}
