package acd

import (
	"context"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// admit learns who calls and what for. False means that the call is not for us and was handed on, or is gone.
func (c *call) admit(ctx context.Context) bool {
	limit, stop := context.WithTimeout(ctx, replyLimit)
	defer stop()
	replies, err := c.conn.Do(limit, append([]esl.Command{esl.Raw("connect")}, subscription...)...)
	if err != nil {
		c.log.Warn().Err(err).Msg("a connection without a call")
		return false
	}
	channel := replies[0].Event()
	c.know(channel)
	if channel.Get("variable_"+outcomeVariable) != "" {
		c.handOn("") // it has been here: a repeated socket line of the dialplan
		return false
	}
	group, err := c.server.groupOf(channel)
	if err != nil {
		c.log.Warn().Err(err).Msg("call handed back")
		c.turnAway(returnedInvalid)
		return false
	}
	c.group, c.cdr.Group = group, group
	c.log = c.log.With().Str("group", group).Logger()
	if !c.server.seat(ctx, c) {
		c.log.Warn().Int("max-calls", c.settings.MaxCalls).Msg("call handed back: all places are taken")
		c.turnAway(returnedFull)
		return false
	}
	return true
}

// know takes the caller's particulars off the channel.
func (c *call) know(channel *esl.Event) {
	c.uuid = channel.Get("Unique-ID")
	c.caller = knownNumber(channel.Get("Caller-Caller-ID-Number"))
	c.dialled = channel.Get("Caller-Destination-Number")
	c.at = c.server.switchOf(channel.Get("Core-UUID"))
	c.comeBack = strings.Join([]string{c.dialled, or(channel.Get("Caller-Dialplan"), "XML"), or(channel.Get("Caller-Context"), "default")}, " ")
	c.cdr.UUID, c.cdr.Caller, c.cdr.Dialled = c.uuid, c.caller, c.dialled
	c.cdr.Switch = channel.Get("FreeSWITCH-Hostname")
	c.log = c.log.With().Str("uuid", c.uuid).Str("caller", c.shownCaller()).Logger()
}

// knownNumber is the caller's number, "" where the network says that there is none to know.
func knownNumber(number string) string {
	switch strings.ToLower(number) {
	case "anonymous", "unknown", "unavailable", "restricted", "private":
		return ""
	}
	return number
}

// turnAway hands a call back that never took a place, and writes its CDR.
func (c *call) turnAway(reason string) {
	c.cdr.Outcome, c.cdr.Cause, c.cdr.Ended = queue.Returned, reason, time.Now()
	c.server.keep(c.cdr)
	c.handOn(reason)
}

// handOn gives the call back to the dialplan, which goes on with its next action. Nothing plays.
func (c *call) handOn(reason string) {
	c.leaving.Store(true)
	if reason != "" {
		c.do(c.setVariables(outcomeVariable + "=" + reason))
	}
	c.do(esl.Raw("exit"))
}

// seat counts the call in, unless max-calls are here already. A call of the same uuid that is still here is one whose connection broke:
// its goroutine is told to go and waited for, so that the caller finds the place it had.
func (s *Server) seat(ctx context.Context, c *call) bool {
	limit, stop := context.WithTimeout(ctx, leaveLimit+replyLimit)
	defer stop()
	for {
		earlier, ok := s.calls.add(c, c.settings.MaxCalls)
		if earlier == nil {
			return ok
		}
		earlier.call.end(errReturned)
		select {
		case <-earlier.gone:
		case <-limit.Done():
			return false
		}
	}
}

// release counts the call out.
func (s *Server) release(c *call) { s.calls.remove(c) }

// keep writes the CDR of a call that is not on the floor.
func (s *Server) keep(cdr queue.CDR) {
	s.options.Journal.Write(queue.Change{CDR: &cdr})
	if s.options.OnCDR != nil {
		s.options.OnCDR(cdr)
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
