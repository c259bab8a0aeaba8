package acd

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"nwayacd/agent"
	"nwayacd/esl"
)

// anonymous is the caller's number in events if the caller sent none. FreeSWITCH drops headers with
// empty values.
const anonymous = "anonymous"

// AgentSubclass is the subclass of the events about agents.
const AgentSubclass = "nwayacd::agent"

// The values of nway_queue_operate.
const (
	queueAdd    = "nway_queue_add"
	queueRemove = "nway_queue_remove"
)

// callStatus is the value of nway_callstatus in an info event. The spelling of transfered is that
// of the module which nwayacd replaces.
type callStatus string

const (
	statusCallout      callStatus = "callout"
	statusAnswered     callStatus = "answered"
	statusNoAnswer     callStatus = "noanswer"
	statusHangup       callStatus = "hangup"
	statusCallinHangup callStatus = "callin_hangup"
	statusTransfered   callStatus = "transfered"
)

// publish gives an event to the listeners on our own ports. It returns the command that fires the
// same event into FreeSWITCH.
func (s *Server) publish(subclass string, headers ...esl.Header) esl.Command {
	return s.publishLeft(subclass, nil, headers...)
}

// publishLeft is publish for an agent that has left groups.
func (s *Server) publishLeft(subclass string, left []string, headers ...esl.Header) esl.Command {
	for i := range headers {
		headers[i].Value = strings.Map(printable, headers[i].Value)
	}
	set := slices.DeleteFunc(headers, func(h esl.Header) bool { return h.Value == "" })
	e := Event{At: time.Now(), Subclass: subclass, Headers: set, Left: left}
	s.Events.publish(e)
	return e.fire()
}

// callRef is what events say about a call.
type callRef struct {
	server              *Server
	uuid, caller, group string
}

// ref returns what events say about the call now.
func (c *call) ref() callRef { return callRef{c.server, c.uuid(), c.who().shown(), c.group} }

// queueEvent publishes nwayacd::queue with exactly the headers of the replaced module. extension is
// "" if no agent was chosen.
func (r callRef) queueEvent(operate, extension string) esl.Command {
	return r.server.publish("nwayacd::queue",
		esl.Header{Name: "nway_queue_caller", Value: r.caller},
		esl.Header{Name: "nway_queue_extension", Value: extension},
		esl.Header{Name: "nway_queue_uuid", Value: r.uuid},
		esl.Header{Name: "nway_queue_group", Value: r.group},
		esl.Header{Name: "nway_queue_operate", Value: operate},
		esl.Header{Name: "nway_status_time", Value: epoch(time.Now())},
	)
}

// infoEvent publishes nwayacd::info about an agent, or about the number to which the call goes.
// times is nway_transfer_times, the number of the offer within its call.
func (r callRef) infoEvent(status callStatus, callout string, times int) esl.Command {
	return r.server.publish("nwayacd::info",
		esl.Header{Name: "nway_callin", Value: r.caller},
		esl.Header{Name: "nway_callout", Value: callout},
		esl.Header{Name: "nway_group", Value: r.group},
		esl.Header{Name: "nway_callstatus", Value: string(status)},
		esl.Header{Name: "nway_caller_uuid", Value: r.uuid},
		esl.Header{Name: "nway_queue_time", Value: epoch(time.Now())},
		esl.Header{Name: "nway_transfer_times", Value: strconv.Itoa(times)},
	)
}

func (c *call) queueEvent(operate, extension string) esl.Command {
	return c.ref().queueEvent(operate, extension)
}

func (c *call) infoEvent(status callStatus, o *Offer, times int) esl.Command {
	return c.ref().infoEvent(status, o.Agent.Extension, times)
}

// agentEvent publishes nwayacd::agent.
func (s *Server) agentEvent(e agent.StatusEvent) esl.Command {
	return s.publishLeft(AgentSubclass, e.Left,
		esl.Header{Name: "nway_agent_extension", Value: e.Extension},
		esl.Header{Name: "nway_agent_status", Value: "nway_agent_" + string(e.Status)},
		esl.Header{Name: "nway_queue_time", Value: epoch(e.At)},
		esl.Header{Name: "nway_agent_reason", Value: pauseReason(&e.LogEntry)},
	)
}

// pauseReason returns the reason of a pause that begins, or "".
func pauseReason(e *agent.LogEntry) string {
	if e.Status == agent.StatusBusy {
		return e.Reason
	}
	return ""
}

// printable returns -1 for control characters, because a line end would end a header. The database
// may contain any character.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

func epoch(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
