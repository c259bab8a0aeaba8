package acd

import (
	"cmp"
	"slices"
	"strings"

	"nwayacd/esl"
)

// signal is something that happened to a call. It is one of the types below.
type signal interface{ isSignal() }

type (
	// executed: an application on the caller's channel is over. The fields are:
	//   - id: its Application-UUID;
	//   - hangup: the cause if the channel has hung up;
	//   - unhooked: none of our hooks is set any more;
	//   - sequence: the event's Event-Sequence.
	executed struct {
		app, id, response, hangup string
		unhooked                  bool
		sequence                  uint64
	}
	// jobDone: a background job of ours is over. cause is FreeSWITCH's cause if it failed,
	// otherwise "". channel is the one that the job made.
	jobDone struct{ id, cause, channel string }
	// channelAnswered: the caller's channel was answered.
	channelAnswered struct{}
	// lookAgain: events of a talk may have been missed, because the link to its FreeSWITCH is back,
	// or were reported in another order.
	lookAgain struct{}
	// unseen: no link can follow the talk any more.
	unseen struct{ why error }
	// phoneHold: the phone of the channel holds the talk, or does so no more.
	phoneHold struct {
		uuid string
		on   bool
	}
	// lostSight: the call's own connection is lost during a talk that no link follows.
	lostSight struct{ why error }
)

func (executed) isSignal()        {}
func (jobDone) isSignal()         {}
func (channelAnswered) isSignal() {}
func (lookAgain) isSignal()       {}
func (unseen) isSignal()          {}
func (phoneHold) isSignal()       {}
func (lostSight) isSignal()       {}
func (happened) isSignal()        {}
func (successor) isSignal()       {}

// eventDecoder is an event to which a call subscribes, and the function that makes a signal of it.
type eventDecoder struct {
	event  string
	decode func(*esl.Event) signal
}

// callEvents are the events to which a call subscribes. It subscribes to no others.
var callEvents = []eventDecoder{
	{"CHANNEL_EXECUTE_COMPLETE", func(e *esl.Event) signal {
		s := executed{app: e.Get("Application"), id: e.Get("Application-UUID"), response: e.Get("Application-Response")}
		// visitVariable is set together with transferHook. recallVariable is there until then.
		s.unhooked = e.Raw("variable_"+transferHook) == "" && e.Raw("variable_"+visitVariable) != "" &&
			e.Raw("variable_"+recallVariable) == ""
		s.sequence = sequenceOf(e)
		if e.Get("Answer-State") == "hangup" {
			s.hangup = cmp.Or(e.Get("Hangup-Cause"), "NONE")
		}
		return s
	}},
	{"CHANNEL_BRIDGE", nil}, // the registry handles these four
	{"CHANNEL_UNBRIDGE", nil},
	{"CHANNEL_PARK", nil},
	{"CHANNEL_HANGUP", nil},
	{"BACKGROUND_JOB", func(e *esl.Event) signal {
		made, _ := strings.CutPrefix(strings.TrimSpace(e.Body()), "+OK ")
		return jobDone{id: e.Get("Job-UUID"), cause: jobCause(e.Body()), channel: strings.Clone(made)}
	}},
}

// callOutEvent is the event to which a call out subscribes in addition.
var callOutEvent = eventDecoder{"CHANNEL_ANSWER", func(*esl.Event) signal { return channelAnswered{} }}

// subscriptionOut is the command that subscribes to callOutEvent.
var subscriptionOut = esl.Raw("event plain " + callOutEvent.event)

// ofMyevents are the events to which myevents subscribes (mod_event_socket.c, "myevents"). Each
// costs FreeSWITCH a pass over all listeners, so those that no call needs are unsubscribed again.
var ofMyevents = []string{
	"CHANNEL_ANSWER", "CHANNEL_APPLICATION", "CHANNEL_BRIDGE", "CHANNEL_CREATE", "CHANNEL_DATA", "CHANNEL_DESTROY",
	"CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_ORIGINATE",
	"CHANNEL_UUID", "CHANNEL_OUTGOING", "CHANNEL_PARK", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_STATE",
	"CHANNEL_UNBRIDGE", "CHANNEL_UNPARK", "DETECTED_SPEECH", "DTMF", "NOTALK", "TALK",
}

// subscription has the commands after which FreeSWITCH sends the events of callEvents for this
// channel, and no others.
var subscription = func() []esl.Command {
	unwanted := slices.DeleteFunc(slices.Clone(ofMyevents), func(name string) bool {
		return slices.ContainsFunc(callEvents, func(h eventDecoder) bool { return h.event == name })
	})
	return []esl.Command{
		esl.Raw("linger"),
		esl.Raw("myevents"),
		esl.Raw("nixevent " + strings.Join(unwanted, " ")),
		esl.Raw("event plain BACKGROUND_JOB"),
	}
}()

// decode returns the signal in an event, or nil if there is none.
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

// jobCause returns the cause in a job's answer `-ERR CAUSE`, or "" for `+OK …`.
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
