package acd

import (
	"slices"
	"strings"

	"nwayacd/esl"
)

// signal is something FreeSWITCH said about a call: one of the types below.
type signal interface{ isSignal() }

type (
	// executed: an application on the caller's channel is over. id is the one we gave it; hangup is the cause where the channel was hung up by then.
	executed struct{ app, id, response, hangup string }
	// jobDone: a background job of ours is over; cause is FreeSWITCH's word for why it failed, "" when it did not.
	jobDone struct{ id, cause string }
	// bridged: the caller talks to the channel other.
	bridged struct{ other string }
	// unbridged: the caller talks to nobody any more.
	unbridged struct{}
	// parked: the caller's channel waits for our word.
	parked struct{}
	// channelAnswered: the caller's channel was answered.
	channelAnswered struct{}
	// hungUp: the caller's channel is over.
	hungUp struct{ cause string }
)

func (executed) isSignal()        {}
func (jobDone) isSignal()         {}
func (bridged) isSignal()         {}
func (unbridged) isSignal()       {}
func (parked) isSignal()          {}
func (channelAnswered) isSignal() {}
func (hungUp) isSignal()          {}

// hearing is an event that a call listens to, and how it becomes a signal.
type hearing struct {
	event  string
	decode func(*esl.Event) signal
}

// heard is what a call listens to. Nothing else is subscribed to.
var heard = []hearing{
	{"CHANNEL_EXECUTE_COMPLETE", func(e *esl.Event) signal {
		s := executed{app: e.Get("Application"), id: e.Get("Application-UUID"), response: e.Get("Application-Response")}
		if e.Get("Answer-State") == "hangup" {
			s.hangup = or(e.Get("Hangup-Cause"), "NONE")
		}
		return s
	}},
	{"CHANNEL_BRIDGE", func(e *esl.Event) signal { return bridged{other: otherLeg(e)} }},
	{"CHANNEL_UNBRIDGE", func(*esl.Event) signal { return unbridged{} }},
	{"CHANNEL_PARK", func(*esl.Event) signal { return parked{} }},
	{"CHANNEL_HANGUP", func(e *esl.Event) signal { return hungUp{cause: e.Get("Hangup-Cause")} }},
	{"BACKGROUND_JOB", func(e *esl.Event) signal {
		return jobDone{id: e.Get("Job-UUID"), cause: jobCause(e.Body())}
	}},
}

// heardOut is what a call out listens to as well.
var heardOut = hearing{"CHANNEL_ANSWER", func(*esl.Event) signal { return channelAnswered{} }}

// subscriptionOut is the command that makes FreeSWITCH send it.
var subscriptionOut = esl.Raw("event plain " + heardOut.event)

// ofMyevents are the events that myevents switches on (mod_event_socket.c, "myevents"). Each one costs FreeSWITCH a pass over all
// listeners, so what is not heard is switched off again.
var ofMyevents = []string{
	"CHANNEL_ANSWER", "CHANNEL_APPLICATION", "CHANNEL_BRIDGE", "CHANNEL_CREATE", "CHANNEL_DATA", "CHANNEL_DESTROY",
	"CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_ORIGINATE",
	"CHANNEL_UUID", "CHANNEL_OUTGOING", "CHANNEL_PARK", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_STATE",
	"CHANNEL_UNBRIDGE", "CHANNEL_UNPARK", "DETECTED_SPEECH", "DTMF", "NOTALK", "TALK",
}

// subscription are the commands that make FreeSWITCH send the events of heard for this channel, and no others.
var subscription = func() []esl.Command {
	deaf := slices.DeleteFunc(slices.Clone(ofMyevents), func(name string) bool {
		return slices.ContainsFunc(heard, func(h hearing) bool { return h.event == name })
	})
	return []esl.Command{
		esl.Raw("linger"),
		esl.Raw("myevents"),
		esl.Raw("nixevent " + strings.Join(deaf, " ")),
		esl.Raw("event plain BACKGROUND_JOB"),
	}
}()

// decode is the signal in an event, nil when it is none of ours.
func decode(e *esl.Event) signal {
	name := e.Name()
	for i := range heard {
		if heard[i].event == name {
			return heard[i].decode(e)
		}
	}
	if name == heardOut.event {
		return heardOut.decode(e)
	}
	return nil
}

// otherLeg is the uuid of the channel on the other side of a CHANNEL_BRIDGE.
func otherLeg(e *esl.Event) string {
	if other := e.Get("Other-Leg-Unique-ID"); other != "" {
		return other
	}
	if b := e.Get("Bridge-B-Unique-ID"); b != e.Get("Unique-ID") {
		return b
	}
	return e.Get("Bridge-A-Unique-ID")
}

// jobCause is the cause in a job's answer `-ERR CAUSE`, "" for `+OK …`.
func jobCause(body string) string {
	body = strings.TrimSpace(body)
	switch rest, failed := strings.CutPrefix(body, "-ERR"); {
	case failed && strings.TrimSpace(rest) != "":
		return strings.TrimSpace(rest)
	case failed, !strings.HasPrefix(body, "+OK"):
		return "NORMAL_TEMPORARY_FAILURE"
	}
	return ""
}
