package acd

import (
	"cmp"
	"slices"
	"strings"

	"nwayacd/esl"
)

// signal is something that happened to a call: one of the types below.
type signal interface{ isSignal() }

type (
	// executed: an application on the caller's channel is over. id is the one we gave it. hangup is
	// the cause if the channel was hung up by then. unhooked reports that the channel has none of
	// our hooks, and sequence is the event's Event-Sequence.
	executed struct {
		app, id, response, hangup string
		unhooked                  bool
		sequence                  uint64
	}
	// jobDone: a background job of ours is over. cause is FreeSWITCH's cause if it failed, "" if
	// not. Then channel is the one that it made.
	jobDone struct{ id, cause, channel string }
	// channelAnswered: the caller's channel was answered.
	channelAnswered struct{}
	// lookAgain: the link to the FreeSWITCH of a talk is back, and events may have been missed.
	lookAgain struct{}
	// unseen: no link can follow the talk any more.
	unseen struct{ why error }
	// lostSight: the call's own connection is lost during a talk that no link follows.
	lostSight struct{ why error }
)

func (executed) isSignal()        {}
func (jobDone) isSignal()         {}
func (channelAnswered) isSignal() {}
func (lookAgain) isSignal()       {}
func (unseen) isSignal()          {}
func (lostSight) isSignal()       {}
func (happened) isSignal()        {}
func (successor) isSignal()       {}

// eventDecoder is an event that a call listens to, and how it becomes a signal.
type eventDecoder struct {
	event  string
	decode func(*esl.Event) signal
}

// callEvents is what a call listens to. Nothing else is subscribed to.
var callEvents = []eventDecoder{
	{"CHANNEL_EXECUTE_COMPLETE", func(e *esl.Event) signal {
		s := executed{app: e.Get("Application"), id: e.Get("Application-UUID"), response: e.Get("Application-Response")}
		s.unhooked = e.Raw("variable_"+transferHook) == "" && e.Raw("variable_"+visitVariable) != "" // which is set together with it
		s.sequence = sequenceOf(e)
		if e.Get("Answer-State") == "hangup" {
			s.hangup = cmp.Or(e.Get("Hangup-Cause"), "NONE")
		}
		return s
	}},
	{"CHANNEL_BRIDGE", nil}, // the registry understands these four
	{"CHANNEL_UNBRIDGE", nil},
	{"CHANNEL_PARK", nil},
	{"CHANNEL_HANGUP", nil},
	{"BACKGROUND_JOB", func(e *esl.Event) signal {
		made, _ := strings.CutPrefix(strings.TrimSpace(e.Body()), "+OK ")
		return jobDone{id: e.Get("Job-UUID"), cause: jobCause(e.Body()), channel: strings.Clone(made)}
	}},
}

// callOutEvent is what a call out listens to as well.
var callOutEvent = eventDecoder{"CHANNEL_ANSWER", func(*esl.Event) signal { return channelAnswered{} }}

// subscriptionOut is the command that makes FreeSWITCH send it.
var subscriptionOut = esl.Raw("event plain " + callOutEvent.event)

// ofMyevents are the events that myevents switches on (mod_event_socket.c, "myevents"). Each one
// costs FreeSWITCH a pass over all listeners, so what is not heard is switched off again.
var ofMyevents = []string{
	"CHANNEL_ANSWER", "CHANNEL_APPLICATION", "CHANNEL_BRIDGE", "CHANNEL_CREATE", "CHANNEL_DATA", "CHANNEL_DESTROY",
	"CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_ORIGINATE",
	"CHANNEL_UUID", "CHANNEL_OUTGOING", "CHANNEL_PARK", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_STATE",
	"CHANNEL_UNBRIDGE", "CHANNEL_UNPARK", "DETECTED_SPEECH", "DTMF", "NOTALK", "TALK",
}

// subscription are the commands that make FreeSWITCH send the events of heard for this channel, and
// no others.
var subscription = func() []esl.Command {
	deaf := slices.DeleteFunc(slices.Clone(ofMyevents), func(name string) bool {
		return slices.ContainsFunc(callEvents, func(h eventDecoder) bool { return h.event == name })
	})
	return []esl.Command{
		esl.Raw("linger"),
		esl.Raw("myevents"),
		esl.Raw("nixevent " + strings.Join(deaf, " ")),
		esl.Raw("event plain BACKGROUND_JOB"),
	}
}()

// decode is the signal in an event, nil if there is none.
func decode(e *esl.Event) signal {
	name := e.Name()
	for i := range callEvents {
		if callEvents[i].event == name && callEvents[i].decode != nil {
			return callEvents[i].decode(e)
		}
	}
	if name == callOutEvent.event {
		return callOutEvent.decode(e)
	}
	return nil
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
