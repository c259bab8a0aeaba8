package acd

import (
	"context"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// leave is the end of every call, whatever happened: the line, the agent and the database are clean, the CDR is written, the last event
// is sent, and the channel is where the ending wants it.
func (c *call) leave(_ context.Context, end ending) {
	if !end.over() { // a panic
		end = ending{outcome: queue.Failed, reason: "internal error", handBack: true}
	}
	c.finishCDR(end)
	if c.place == nil {
		c.server.keep(c.cdr)
	} else {
		c.place.leave(end.keep, queue.Change{CDR: &c.cdr})
		if report := c.server.options.OnCDR; report != nil {
			report(c.cdr)
		}
	}
	c.leaving.Store(true)
	c.do(c.lastCommands(end)...)
	c.entered("leave").Str("outcome", string(end.outcome)).Str("reason", end.reason).Dur("duration", time.Since(c.cdr.Arrived)).Send()
}

func (c *call) finishCDR(end ending) {
	c.cdr.Outcome, c.cdr.Ended = end.outcome, time.Now()
	if c.cdr.Cause == "" {
		c.cdr.Cause = or(end.reason, end.hangup)
	}
}

// lastCommands are the call's last write. queue/remove without an agent is always its last event.
func (c *call) lastCommands(end ending) (commands []esl.Command) {
	if end.outcome == queue.Taken {
		commands = append(commands, c.setVariables("socket_resume=false"))
	}
	if c.place != nil {
		commands = append(commands, c.queueEvent(queueRemove, ""))
	}
	if end.handBack {
		commands = append(commands, c.handBack(end.variable)...)
	}
	if end.hangup != "" {
		commands = append(commands, esl.Hangup(end.hangup))
	}
	return append(commands, esl.Raw("exit"))
}

// handBack gives the caller to the dialplan's next action. The end of the socket application does that; a caller who is out of it since a
// bridge goes through the dialplan again, where the variable, or our refusal to take calls, leads to the same place.
func (c *call) handBack(variable string) []esl.Command {
	commands := []esl.Command{c.breakAll()}
	if variable != "" {
		commands = append(commands, c.setVariables(outcomeVariable+"="+variable))
	}
	if c.detached {
		commands = append(commands, esl.API("uuid_transfer "+c.uuid+" "+c.comeBack))
	}
	return commands
}
