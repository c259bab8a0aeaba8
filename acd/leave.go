package acd

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// leave is the end of every call, whatever happened: the line, the agent and the database are
// clean, the CDR is written, the last event is sent, and the channel is where the ending wants it.
// If only the program ends, a talk is left as it is.
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
	c.leaveFloor(end)
	ch.become(released)
	last := c.lastEvent()
	if !c.lastCommands(end, last) {
		c.server.owe(ch, last)
	}
	c.entered(PhaseLeave, "").Str("outcome", string(c.record.Outcome)).Str("reason", c.record.Cause).
		Dur("duration", time.Since(c.record.Arrived)).Send()
}

// stopFollowing leaves a talk to FreeSWITCH and to the next one who follows it.
func (c *call) stopFollowing() {
	ch, l := c.channel(), c.leg.Load()
	if ch.alive() {
		ch.exit()
	}
	c.server.channels.removeLeg(l)
	c.server.channels.unseat(c)
	c.place.abandon()
	c.server.followAnew(c.talkSoFar(l))
}

// afterPanic ends the control of a call whose goroutine panicked. A leg that rings is ended, a talk
// goes on, and a waiting caller goes back to the dialplan.
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

// leaveFloor takes the call off the floor and writes its CDR, or keeps its place if the caller may
// come back.
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

// lastEvent is queue/remove without an agent. A call that had no place has none.
func (c *call) lastEvent() []esl.Command {
	if c.place == nil {
		return nil
	}
	return []esl.Command{c.queueEvent(queueRemove, "")}
}

// lastCommands are the call's last write, with its last event. It returns false if FreeSWITCH did not
// get them.
func (c *call) lastCommands(end ending, last []esl.Command) (sent bool) {
	ch := c.channel()
	switch end := end.(type) {
	case handedBack:
		c.server.channels.exitSilent(ch.uuid)
		return c.say(ch, append(slices.Clone(last), c.handBack(end)...))
	case sentAway:
		// No hangup message: the channel itself would read that, after whatever it plays. Hold
		// music may have begun just now.
		return c.say(ch, append(slices.Clone(last), esl.API("uuid_kill "+ch.uuid+" "+end.cause)))
	case taken:
		if end.bridged {
			return c.say(ch, append([]esl.Command{c.letAlone()}, last...))
		}
		return c.hold(ch, last)
	case lost:
		if errors.Is(end.why, errPassedBy) {
			// What was to be played here plays in the pause of the way back, without end.
			last = append([]esl.Command{c.breakAll()}, last...)
		}
		return c.hold(ch, last)
	default:
		return c.say(ch, last)
	}
}

// say sends the last commands over the call's own connection, which then ends, or over the link. It
// returns false if neither took them.
func (c *call) say(ch *channel, commands []esl.Command) (sent bool) {
	if ch.alive() {
		sent := c.do(append(slices.Clone(commands), esl.Raw("exit"))...) != nil
		ch.ended.Store(true)
		if sent {
			return true
		}
	}
	return len(commands) == 0 || c.do(commands...) != nil
}

// hold keeps the connection of a caller who is somewhere else now, silent, until the channel is
// bridged or hangs up. Its end could end what the caller is in (docs/wire.md).
func (c *call) hold(ch *channel, last []esl.Command) (sent bool) {
	if !ch.alive() {
		return c.say(ch, last)
	}
	commands := append([]esl.Command{c.letAlone()}, last...)
	if c.do(commands...) == nil {
		ch.ended.Store(true) // it is dead, and nothing of it is left to be held
		return c.say(ch, last)
	}
	c.server.channels.holdOpen(ch.uuid, ch.conn)
	c.noteUnsent(ch.conn.Post(esl.Raw("noevents"), esl.Raw("nolinger")))
	return true
}

// letAlone unsets what would make FreeSWITCH act on a caller who waited here.
func (c *call) letAlone() esl.Command { return c.setVariables(unsetting(waitingList)...) }

// handBack gives the caller to the dialplan's next action. The end of the socket application does
// that. A caller who was recalled goes through the dialplan again, where the variable, or our
// refusal to take calls, leads to the same place. If their connection is there yet, its end comes
// while they are in a pause. Later it could take them out of the dialplan for ever.
func (c *call) handBack(end handedBack) []esl.Command {
	var variables []string
	if end.variable != "" {
		variables = append(variables, outcomeVariable+"="+end.variable, outcomeOfVariable+"="+sanitize(route{appQueue, []string{c.group}}.word()),
			talkVariable+"=") // the way to the dialplan may be a transfer, for which the outcome counts
	}
	if end.place && c.place != nil {
		variables = append(variables, placeVariable+"="+placeOf(c.group, c.place.Since))
	}
	if !c.record.recall.IsZero() {
		variables = append(variables, "socket_resume=", transferHook+"=") // the hook may be about to unset what is set here
	}
	commands := []esl.Command{c.breakAll()}
	if len(variables) > 0 {
		commands = append(commands, c.setVariables(variables...))
	}
	if c.goesHome(end) {
		way := "transfer:" + cmp.Or(c.who.home, "${"+homeVariable+"}") // the channel of a recovered talk knows it
		if c.channel().alive() {
			way = endingPause + way
		}
		commands = append(commands, transferInline(c.uuid(), way))
	}
	return commands
}

// goesHome reports whether a caller who goes back to the dialplan is transferred there, because the
// way that led here is over, or leads here again only with a place that is kept.
func (c *call) goesHome(end handedBack) bool {
	return !c.record.recall.IsZero() && (!end.place || c.who.home != "")
}
