package acd

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"nwayacd/agent"
	"nwayacd/esl"
)

// anonymous stands in events for a caller who sent no number: FreeSWITCH drops headers with empty values.
const anonymous = "anonymous"

// The words of nway_queue_operate.
const (
	queueAdd    = "nway_queue_add"
	queueRemove = "nway_queue_remove"
)

// callStatus is the word of an info event: nway_callstatus. The spelling of transfered is the module's.
type callStatus string

const (
	statusCallout      callStatus = "callout"
	statusAnswered     callStatus = "answered"
	statusNoAnswer     callStatus = "noanswer"
	statusHangup       callStatus = "hangup"
	statusCallinHangup callStatus = "callin_hangup"
	statusTransfered   callStatus = "transfered"
)

// publish shows an event to the listeners on our own ports and returns the command that fires it into FreeSWITCH.
func (s *Server) publish(subclass string, headers ...esl.Header) esl.Command {
	for i := range headers {
		headers[i].Value = strings.Map(printable, headers[i].Value)
	}
	e := Event{At: time.Now(), Subclass: subclass, Headers: slices.DeleteFunc(headers, func(h esl.Header) bool { return h.Value == "" })}
	s.Events.publish(e)
	return e.fire()
}

// queueEvent is nwayacd::queue, with exactly the module's headers; extension only where an agent was chosen.
func (c *call) queueEvent(operate, extension string) esl.Command {
	return c.server.publish("nwayacd::queue",
		esl.Header{Name: "nway_queue_caller", Value: c.shownCaller()},
		esl.Header{Name: "nway_queue_extension", Value: extension},
		esl.Header{Name: "nway_queue_uuid", Value: c.uuid},
		esl.Header{Name: "nway_queue_group", Value: c.group},
		esl.Header{Name: "nway_queue_operate", Value: operate},
		esl.Header{Name: "nway_status_time", Value: epoch(time.Now())},
	)
}

// infoEvent is nwayacd::info about the offer. times is nway_transfer_times: the number of the offer within its call.
func (c *call) infoEvent(status callStatus, o *Offer, times int) esl.Command {
	return c.server.publish("nwayacd::info",
		esl.Header{Name: "nway_callin", Value: c.shownCaller()},
		esl.Header{Name: "nway_callout", Value: o.Agent.Extension},
		esl.Header{Name: "nway_group", Value: c.group},
		esl.Header{Name: "nway_callstatus", Value: string(status)},
		esl.Header{Name: "nway_caller_uuid", Value: c.uuid},
		esl.Header{Name: "nway_queue_time", Value: epoch(time.Now())},
		esl.Header{Name: "nway_transfer_times", Value: strconv.Itoa(times)},
	)
}

// agentEvent is nwayacd::agent.
func (s *Server) agentEvent(e agent.LogEntry) esl.Command {
	return s.publish("nwayacd::agent",
		esl.Header{Name: "nway_agent_extension", Value: e.Extension},
		esl.Header{Name: "nway_agent_status", Value: "nway_agent_" + string(e.Status)},
		esl.Header{Name: "nway_queue_time", Value: epoch(e.At)},
	)
}

func (c *call) shownCaller() string {
	if c.caller == "" {
		return anonymous
	}
	return c.caller
}

// printable drops what would end a header: the database may hold anything.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

func epoch(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
