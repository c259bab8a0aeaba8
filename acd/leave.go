package acd

import (
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// leave is the end of every call, whatever happened: the line, the agent and the database are clean, the CDR is written, the last event
// is sent, and the channel is where the ending wants it.
func (c *call) leave(end ending) {
	if !end.over() {
		end = c.afterPanic()
	}
	c.finishCDR(end)
	switch {
	case c.place == nil:
		c.server.keep(c.cdr)
	case end.entrust != nil:
		c.server.entrust(c, end.entrust)
	default:
		c.place.leave(end.keep, lapse{c.cdr, c.core, end.open})
	}
	c.released.Store(true)
	c.inPark.Store(false)
	last := c.lastEvent(end)
	if c.do(c.lastCommands(end, last)...) == nil {
		c.server.tellOverLink(c, last...)
		if end.hangup != "" {
			c.server.hangUp(c, end.hangup)
		}
	}
	c.toFetch = end.keep && c.detached && end.open == nil
	c.entered("leave", "").Str("outcome", string(end.outcome)).Str("reason", end.reason).Dur("duration", time.Since(c.cdr.Arrived)).Send()
}

// afterPanic ends the control of a call whose goroutine panicked: a leg that rings is ended, a talk goes on, a caller who waits goes back to the
// dialplan.
func (c *call) afterPanic() ending {
	end := ending{outcome: queue.Failed, reason: "internal error", handBack: true}
	if c.leg == nil {
		return end
	}
	if c.cdr.Leg == c.leg.uuid && !c.cdr.Bridged.IsZero() {
		end.outcome, end.handBack, end.entrust = c.cdr.Outcome, false, c.leg
		return end
	}
	c.withdraw(c.leg)
	c.drop(c.leg, queue.OfferWithdrawn, end.reason)
	return end
}

func (c *call) finishCDR(end ending) {
	c.cdr.Outcome, c.cdr.Ended = end.outcome, time.Now()
	if c.cdr.Cause == "" {
		c.cdr.Cause = or(end.reason, end.hangup)
	}
}

// lastEvent is queue/remove without an agent; none of a call that had no place, or whose talk goes on.
func (c *call) lastEvent(end ending) []esl.Command {
	if c.place == nil || end.entrust != nil {
		return nil
	}
	return []esl.Command{c.queueEvent(queueRemove, "")}
}

// lastCommands are the call's last write, with its last event.
func (c *call) lastCommands(end ending, last []esl.Command) (commands []esl.Command) {
	if end.entrust != nil {
		return []esl.Command{esl.Raw("exit")}
	}
	if end.outcome == queue.Taken { // else the end of this connection would reset a channel that is past its socket application, for good
		variables := []string{"socket_resume=false"}
		if !end.keep {
			variables = append(variables, parkedVariable+"=")
		}
		commands = append(commands, c.setVariables(variables...))
	}
	commands = append(commands, last...)
	if end.place && c.place != nil {
		commands = append(commands, c.setVariables(placeVariable+"="+placeOf(c.group, c.place.Since)))
	}
	if end.handBack {
		commands = append(commands, c.handBack(end.variable)...)
	}
	if end.hangup != "" {
		// No hangup message: the channel itself would read that, after whatever it plays. Hold music may have begun just now.
		commands = append(commands, esl.API("uuid_kill "+c.uuid+" "+end.hangup))
	}
	return append(commands, esl.Raw("exit"))
}

// handBack gives the caller to the dialplan's next action. The end of the socket application does that; a caller who is out of it since a
// bridge goes through the dialplan again, where the variable, or our refusal to take calls, leads to the same place.
func (c *call) handBack(variable string) []esl.Command {
	variables := []string{parkedVariable + "="}
	if variable != "" {
		variables = append(variables, outcomeVariable+"="+variable)
	}
	commands := []esl.Command{c.breakAll(), c.setVariables(variables...)}
	if c.detached && c.comeBack != "" {
		commands = append(commands, esl.API("uuid_transfer "+c.uuid+" "+c.comeBack))
	}
	return commands
}
