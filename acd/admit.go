package acd

import (
	"context"
	"errors"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// learn asks who calls and what for. False means that there is nobody, or nothing we know of, and the call was handed on. A caller who wants
// an agent and hangs up meanwhile is a call, which ends at once.
func (c *call) learn(ctx context.Context) (r route, ok bool) {
	limit, stop := context.WithTimeout(context.Background(), replyLimit) // the call's context may end before the last reply
	defer stop()
	replies, cut := c.conn.Do(limit, append([]esl.Command{esl.Raw("connect")}, subscription...)...)
	_, gone := errors.AsType[hangup](context.Cause(ctx))
	if len(replies) == 0 || cut != nil && !gone {
		c.server.report(c.conn.RemoteAddr()).Err(cut).Msg("a connection without a call")
		return r, false
	}
	c.listens.Store(cut == nil)
	channel := replies[0].Event()
	if !isUUID(channel.Get("Unique-ID")) {
		c.server.report(c.conn.RemoteAddr()).Msg("a connection without a channel: not from FreeSWITCH")
		return r, false
	}
	c.know(channel)
	r, err := routeOf(channel)
	if been := channel.Get("variable_" + outcomeVariable); been != "" && r.app != appCommand {
		c.handOn("") // a repeated socket line of the dialplan
		return r, false
	}
	if err != nil {
		c.log.Warn().Err(err).Msg("call handed back")
		c.turnAway(returnedInvalid)
		return r, false
	}
	return r, cut == nil || r.app == appQueue
}

// admit lets a call in that wants an agent. False means that it was handed on.
func (c *call) admit(r route) bool {
	group, err := c.server.groupOf(r)
	if err != nil {
		c.log.Warn().Err(err).Msg("call handed back")
		c.turnAway(returnedInvalid)
		return false
	}
	c.group = strings.Clone(group) // the channel's text would stay with it
	c.cdr.Group = c.group
	c.log = c.log.With().Str("group", group).Logger()
	if !c.server.seat(c) {
		c.log.Warn().Int("max-calls", c.settings.MaxCalls).Msg("call handed back: all places are taken")
		c.turnAway(returnedFull)
		return false
	}
	return true
}

// isUUID reports whether the word can be a channel's uuid and nothing else; an operator may name channels as they like.
func isUUID(word string) bool {
	for _, r := range word {
		if r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return word != "" && len(word) <= 128
}

// know takes the caller's particulars off the channel.
func (c *call) know(channel *esl.Event) {
	get := func(name string) string { return strings.Clone(channel.Get(name)) } // the event's text is some kilobytes, and would stay
	c.uuid = get("Unique-ID")
	c.caller = knownNumber(tame(get("Caller-Caller-ID-Number")))
	c.dialled = tame(get("Caller-Destination-Number"))
	c.user, c.wasAnswered = get("variable_user_name"), channel.Get("Answer-State") == "answered"
	c.since = get("variable_" + placeVariable)
	if channel.Get("variable_"+parkedVariable) != "" {
		c.fetched = time.Now()
	}
	c.core = get("Core-UUID")
	c.at = c.server.switchOf(c.core)
	c.comeBack = comeBack(c.dialled, or(channel.Get("Caller-Dialplan"), "XML"), or(channel.Get("Caller-Context"), "default"))
	c.cdr.UUID, c.cdr.Caller, c.cdr.Dialled = c.uuid, c.caller, c.dialled
	c.cdr.Switch = get("FreeSWITCH-Hostname")
	c.log = c.log.With().Str("uuid", c.uuid).Str("caller", c.shownCaller()).Logger()
}

// numberRoom bounds what is kept of a number, in bytes.
const numberRoom = 64

// tame leaves of a word that strangers choose what is harmless in every command, variable, event and file name made of it.
func tame(word string) string {
	word = strings.ReplaceAll(esl.Clean(word), ";", "")
	if len(word) > numberRoom {
		word = strings.ToValidUTF8(word[:numberRoom], "")
	}
	return word
}

// comeBack is where a call that is out of the socket application is handed back to: EXTENSION DIALPLAN CONTEXT; "" where one of them is more
// than a plain word, such as an inline dialplan.
func comeBack(words ...string) string {
	for _, word := range words {
		if !isUUID(strings.Trim(word, "+*#")) {
			return ""
		}
	}
	return strings.Join(words, " ")
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
	c.released.Store(true)
	// FreeSWITCH may see our exit before it has begun to wait for commands; without socket_resume the caller would then wait for ever.
	variables := []string{"socket_resume=true"}
	if reason != "" {
		variables = append(variables, outcomeVariable+"="+reason)
	}
	c.do(c.setVariables(variables...))
	c.do(esl.Raw("exit"))
}

// seat counts the call in, unless max-calls are here already. A call of the same uuid that is still here is one whose connection broke:
// its goroutine is told to go and waited for, also where the caller has hung up again, so that the caller finds the place it had.
func (s *Server) seat(c *call) bool {
	s.closeTalk(c.uuid, queue.NoSide, errReturned.Error()) // it is over where its caller comes in again
	for {
		most := c.settings.MaxCalls
		if _, kept := s.Dispatcher.expects(c.uuid); kept {
			most = 0 // who has a place already is not sent away for those who came later
		}
		earlier, ok := s.calls.add(c, most)
		if earlier == nil {
			return ok
		}
		earlier.call.end(errReturned)
		earlier.call.conn.Close() // so that nothing it does waits for an answer
		<-earlier.gone
	}
}

// release counts the call out.
func (s *Server) release(c *call) { s.calls.remove(c) }

// keep writes the CDR of a call that is not on the floor.
func (s *Server) keep(cdr queue.CDR) {
	s.Dispatcher.do(func(time.Time) { s.Dispatcher.keepCDR(cdr) })
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
