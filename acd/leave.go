package acd

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// leave is the end of every call:
//   - The floor, the agent and the database are cleaned up, and the CDR is written.
//   - The last event is sent.
//   - The ending decides what happens to the channel.
//
// If only this process ends, a talk is left as it is.
func (c *call) leave(end ending) {
	if end == nil {
		end = c.afterPanic()
	}
	ch := c.channel()
	switch end.(type) {
	case followedNoMore, panicked:
		c.stopFollowing()
		return
	}
	end.record(&c.record)
	if _, gone := end.(callerGone); gone && c.dropped.Load() {
		c.record.HungUpBy = queue.OperatorSide
	}
	c.leaveFloor(end)
	ch.become(released)
	last := c.lastEvent()
	if !c.lastCommands(end, last) {
		c.server.owe(ch, last)
	}
	c.entered(PhaseLeave, "").Str("outcome", string(c.record.Outcome)).Str("reason", c.record.Cause).
		Dur("duration", time.Since(c.record.Arrived)).Send()
}

// stopFollowing leaves a talk to FreeSWITCH, and to the next goroutine or process that follows it.
func (c *call) stopFollowing() {
	ch, l := c.channel(), c.leg.Load()
	if ch.alive() {
		ch.exit()
	}
	c.server.channels.removeLeg(l)
	c.server.channels.removeCall(c)
	c.place.detach()
	c.server.followAnew(c.talkSoFar(l))
}

// afterPanic returns the ending of a call whose goroutine panicked. A leg that rings is ended, a
// talk goes on, and a waiting caller goes back to the dialplan.
func (c *call) afterPanic() ending {
	end := handedBack{outcome: queue.Failed, reason: "internal error"}
	l := c.leg.Load()
	if l == nil {
		return end
	}
	if c.channel().is().talks() && !c.channel().is().over() && c.record.Leg == l.uuid {
		return panicked{}
	}
	c.withdraw(l, "")
	c.drop(l, queue.OfferWithdrawn, end.reason)
	return end
}

// leaveFloor removes the call from the floor and writes its CDR. If the caller may come back, the
// place is kept instead.
func (c *call) leaveFloor(end ending) {
	lost, mayReturn := end.(lost)
	switch {
	case c.place == nil:
		c.server.keepCDR(c.record.CDR)
	case mayReturn:
		c.place.leaveAbsent(queue.Absent{CDR: c.record.CDR, CoreUUID: c.channel().core, Offer: lost.offer})
	default:
		c.place.leave(c.record.CDR)
	}
}

// lastEvent returns queue/remove without an agent, or nothing if the call had no place.
func (c *call) lastEvent() []esl.Command {
	if c.place == nil {
		return nil
	}
	return []esl.Command{c.queueEvent(queueRemove, "")}
}

// lastCommands sends the last commands of the call, with its last event. It returns false if
// FreeSWITCH did not get them.
func (c *call) lastCommands(end ending, last []esl.Command) (sent bool) {
	ch := c.channel()
	switch end := end.(type) {
	case handedBack:
		if ch.next.Load() != nil { // the caller is back, on a connection that the end of this one would end
			return c.holdOpen(ch, last)
		}
		if c.record.recall.IsZero() && c.who().home != "" && c.sharesChannel() {
			c.record.recall = time.Now() // so that the connections end in the pause of a way home
		}
		if !c.goesHome(end) {
			c.exitHeld()
		}
		defer c.exitHeld()
		return c.say(ch, append(slices.Clone(last), c.handBack(end)...))
	case sentAway:
		// uuid_kill is used, because the channel itself would handle a hangup message, after
		// whatever it plays. Hold music may have begun just now.
		return c.say(ch, append(slices.Clone(last), esl.API("uuid_kill "+ch.uuid+" "+end.cause)))
	case taken:
		if end.bridged {
			return c.say(ch, append([]esl.Command{c.unsetWaiting()}, last...))
		}
		return c.holdOpen(ch, last)
	case lost:
		if errors.Is(end.why, errPassedBy) {
			// What was to be played here plays in the pause of the way back, without end.
			last = append([]esl.Command{c.breakAll()}, last...)
		}
		return c.holdOpen(ch, last)
	default:
		return c.say(ch, last)
	}
}

// say sends the last commands over the call's own connection, which then ends, or over the link. It
// returns false if both failed.
func (c *call) say(ch *channel, commands []esl.Command) (sent bool) {
	switch {
	case ch.alive() && c.wire() == ch.conn:
		sent := c.do(append(slices.Clone(commands), esl.Raw("exit"))...) != nil
		ch.ended.Store(true)
		if sent {
			return true
		}
	case ch.alive(): // but silent, or the caller is on another one
		c.noteUnsent(ch.exit())
	}
	return len(commands) == 0 || c.do(commands...) != nil
}

// holdOpen keeps the connection of a caller who was taken, without events, until the channel is
// bridged or hangs up. Its end could end the application that the caller is in (docs/wire.md).
func (c *call) holdOpen(ch *channel, last []esl.Command) (sent bool) {
	if !ch.alive() || ch.silent.Load() {
		return c.say(ch, last)
	}
	commands := append([]esl.Command{c.unsetWaiting()}, last...)
	if c.do(commands...) == nil {
		ch.ended.Store(true) // the connection is dead, so it cannot be held open
		return c.say(ch, last)
	}
	c.holdConnection(ch)
	return true
}

// holdConnection notes that the connection is held open, and makes it silent.
func (c *call) holdConnection(ch *channel) {
	c.server.channels.holdOpen(ch.uuid, ch.conn)
	c.noteUnsent(ch.conn.Post(esl.Raw("noevents"), esl.Raw("nolinger")))
}

// unsetWaiting returns the command that unsets what makes FreeSWITCH act on a waiting caller.
func (c *call) unsetWaiting() esl.Command { return c.setVariables(unsetting(waitingList)...) }

// handBack returns the commands that give the caller to the dialplan. Usually the end of the socket
// application does that, with the dialplan's next action.
//
// A caller who was recalled is transferred home and goes through the dialplan again. The outcome
// variable, or our refusal to take calls, then leads to the same place. If the caller still has a
// connection, it ends while the caller is in a pause. Later its end could take the caller out of
// the dialplan for ever.
func (c *call) handBack(end handedBack) []esl.Command {
	var variables []string
	if end.variable != "" {
		variables = append(variables, outcomeVariable+"="+end.variable,
			outcomeOfVariable+"="+sanitize(route{appQueue, []string{c.group}}.word()),
			talkVariable+"=") // unset, because the way to the dialplan may be a transfer, and the outcome must count
	}
	if end.place && c.place != nil {
		variables = append(variables, placeVariable+"="+placeOf(c.group, c.place.Since))
	}
	if !c.record.recall.IsZero() {
		variables = append(variables, "socket_resume=", transferHook+"=") // the hook would unset what is set here
	}
	commands := []esl.Command{c.breakAll()}
	if len(variables) > 0 {
		commands = append(commands, c.setVariables(variables...))
	}
	if c.goesHome(end) {
		// the channel of a recovered talk has the variable
		way := "transfer:" + cmp.Or(c.who().home, "${"+homeVariable+"}")
		if c.channel().alive() {
			way = pauseFor(0) + way
		}
		commands = append(commands, transferInline(c.uuid(), way))
	}
	return commands
}

// goesHome reports whether a caller who goes back to the dialplan must be transferred there. That
// is so after a recall, because the next action would be that of wayBack. It returns false if the
// place is kept and the home is unknown. Then the rest of wayBack leads to the next server.
func (c *call) goesHome(end handedBack) bool {
	return !c.record.recall.IsZero() && (!end.place || c.who().home != "")
}
