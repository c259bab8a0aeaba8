package sim

import (
	"testing"
	"time"

	"nwayacd/esl"
)

func locked(app, arg, id string) esl.Command {
	return esl.Execute(app, arg, esl.ExecuteOptions{Lock: true, EventUUID: id})
}

// caller lets one caller in and returns the ACD's end.
func (b *bed) caller(opt CallOptions) (*Call, *acd) {
	if opt.Dialplan == nil {
		opt.Dialplan = Plan(toACD)
	}
	opt.UUID = "caller"
	call := b.s.Call(opt)
	a := b.accept()
	a.forget()
	return call, a
}

func TestExecutesWithoutLockNest(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("playback", "local_stream://moh")
		a.execute("playback", "busy.wav")
		pass(time.Second)
		same(t, "heard", call.Heard(), []string{"local_stream://moh playing", "busy.wav played"})
		has(t, a.events(), "CHANNEL_EXECUTE playback", "CHANNEL_EXECUTE playback", "CHANNEL_EXECUTE_COMPLETE playback")
	})
}

func TestExecutesWithLockQueue(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.Post(locked("playback", "a.wav", "A"), locked("playback", "b.wav", "B"))
		pass(500 * time.Millisecond)
		same(t, "heard at first", call.Heard(), []string{"a.wav playing"})
		pass(2 * time.Second)
		same(t, "heard", call.Heard(), []string{"a.wav played", "b.wav played"})
		e := a.last("CHANNEL_EXECUTE_COMPLETE")
		is(t, "Event-UUID", e.Get("Event-UUID"), "B")
		is(t, "Application-UUID", e.Get("Application-UUID"), "B")
		is(t, "response", e.Get("Application-Response"), "FILE PLAYED")
	})
}

func TestBreakEndsTheInnermostFile(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("playback", "local_stream://moh")
		a.execute("playback", "busy.wav")
		is(t, "reply", a.api("uuid_break caller"), "+OK")
		same(t, "heard", call.Heard(), []string{"local_stream://moh playing", "busy.wav broken"})
	})
}

func TestBreakAllEndsNestedAndQueuedFiles(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("playback", "local_stream://moh")
		a.Post(locked("playback", "a.wav", "A"), locked("playback", "b.wav", "B"))
		pass(0)
		a.api("uuid_break caller all")
		pass(time.Minute)
		same(t, "heard", call.Heard(), []string{"local_stream://moh broken", "a.wav broken"})
		a.execute("playback", "next.wav")
		pass(time.Minute)
		same(t, "the next is whole", call.Heard()[2:], []string{"next.wav played"})
	})
}

func TestBreakOnlyRestartsEndlessPlayback(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("endless_playback", "music.wav")
		a.api("uuid_break caller all")
		same(t, "heard", call.Heard(), []string{"music.wav broken", "music.wav playing"})
	})
}

func TestMissingFileFailsAtOnce(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("playback", "missing.wav")
		is(t, "response", a.last("CHANNEL_EXECUTE_COMPLETE").Get("Application-Response"), "FILE NOT FOUND")
		same(t, "heard", call.Heard(), []string{"missing.wav missing"})
	})
}

func TestFilesInARowLastAsLongAsAllOfThem(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("playback", "file_string://jn-prefix.wav!jn-1.wav!missing.wav!jn-suffix.wav")
		pass(3*time.Second - time.Millisecond)
		is(t, "so far", call.Heard()[0], "file_string://jn-prefix.wav!jn-1.wav!missing.wav!jn-suffix.wav playing")
		pass(time.Millisecond)
		is(t, "response", a.last("CHANNEL_EXECUTE_COMPLETE").Get("Application-Response"), "FILE PLAYED")
	})
}

func TestPromptWithoutAnsweringIsEarlyMedia(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("playback", "blacklist.wav")
		a.last("CHANNEL_PROGRESS_MEDIA")
		if call.Answered() {
			t.Error("answered")
		}
	})
}

func TestCallerPressesADigitWhenAsked(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, a := b.caller(CallOptions{Digits: "4"})
		a.execute("play_and_get_digits", `1 1 2 3000 # survey.wav silence nway_survey [1-5]`)
		is(t, "variable", a.api("uuid_getvar caller nway_survey"), "4")
		is(t, "DTMF", a.last("DTMF").Get("DTMF-Digit"), "4")
	})
}

func TestCallerPressesNothing(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("play_and_get_digits", `1 1 2 3000 # survey.wav silence nway_survey \d`)
		pass(7 * time.Second)
		has(t, a.events(), "CHANNEL_EXECUTE play_and_get_digits")
		same(t, "heard", call.Heard(), []string{"survey.wav played", "survey.wav played"})
		pass(time.Second)
		is(t, "complete", a.last("CHANNEL_EXECUTE_COMPLETE").Get("Application"), "play_and_get_digits")
		is(t, "variable", a.api("uuid_getvar caller nway_survey"), "_undef_")
	})
}

func TestDigitPressedLateEndsThePrompt(t *testing.T) {
	inBubble(t, Options{PlayTime: func(string) time.Duration { return time.Minute }}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("play_and_get_digits", `1 1 1 3000 # survey.wav silence nway_survey \d`)
		call.Press("2")
		pass(0)
		same(t, "heard", call.Heard(), []string{"survey.wav broken"})
		is(t, "variable", call.Var("nway_survey"), "2")
	})
}

func TestLoopsRepeatWhatLastsHalfASecond(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.send(esl.Execute("playback", "busy.wav", esl.ExecuteOptions{Loops: 2}))
		a.send(esl.Execute("playback", "missing.wav", esl.ExecuteOptions{Loops: -1}))
		pass(5 * time.Second)
		same(t, "heard", call.Heard(), []string{"busy.wav played", "missing.wav missing", "busy.wav played"})
	})
}

func TestUnknownApplicationHangsUp(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("nonsense", "")
		is(t, "cause", call.Cause(), "DESTINATION_OUT_OF_ORDER")
	})
}

func TestHangupMessageNamesItsCause(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.send(esl.SendMsg("", esl.Header{Name: "call-command", Value: "hangup"},
			esl.Header{Name: "hangup-cause", Value: "CALL_REJECTED"}))
		<-call.Done()
		is(t, "cause", call.Cause(), "CALL_REJECTED")
		is(t, "event", a.last("CHANNEL_HANGUP").Get("Hangup-Cause"), "CALL_REJECTED")
	})
}

func TestCallerLosesPatience(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, _ := b.caller(CallOptions{Patience: 20 * time.Second})
		pass(20*time.Second - time.Millisecond)
		is(t, "before", call.Cause(), "")
		pass(time.Millisecond)
		is(t, "after", call.Cause(), "ORIGINATOR_CANCEL")
	})
}

func TestVariablesInArgumentsAreExpanded(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{Vars: map[string]string{"a": "1"}})
		a.execute("set", "b=${a}-${nothing}-${hostname}")
		is(t, "b", call.Var("b"), "1--sim")
	})
}

func TestParkInsideTheSocketApplicationDoesNothing(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{})
		a.execute("set", "park_timeout=3")
		a.execute("park", "")
		same(t, "events", a.events()[2:], []string{"CHANNEL_EXECUTE park", "CHANNEL_EXECUTE_COMPLETE park"})
		is(t, "park_timeout is still to be read", call.Var("park_timeout"), "3")
	})
}
