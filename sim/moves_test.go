package sim

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nwayacd/esl"
)

func TestReferSendsTheCallerThroughTheDialplan(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Extension("600", Plan("set arrived=${destination_number}", "park")...)
		call, _, w := b.talking(Behaviour{}, CallOptions{Dialled: "110"})
		call.leg.setVar("mine", "kept")
		if err := b.s.Refer("agent", "600"); err != nil {
			t.Fatal(err)
		}
		pass(0)
		same(t, "story", w.story(), []string{
			"0 agent HANGUP NORMAL_CLEARING", "0 caller UNBRIDGE over= other=", "0 caller PARK over= other=",
		})
		e := w.last("CHANNEL_PARK")
		is(t, "number", e.Get("Caller-Destination-Number"), "600")
		is(t, "from", e.Get("Caller-RDNIS"), "110")
		is(t, "variable", e.Get("variable_mine"), "kept")
		is(t, "dialplan ran", e.Get("variable_arrived"), "600")
		is(t, "forwards", e.Get("variable_max_forwards"), "69")
		for _, name := range []string{
			"variable_transfer_source", "variable_transfer_history",
			"Caller-Transfer-Source",
		} {
			if e.Get(name) == "" {
				t.Errorf("the transfer left no %s", name)
			}
		}
		untouched(t, call)
		pass(time.Hour)
		is(t, "cause", call.Cause(), "")
	})
}

func TestInlineTransferGivesTheNumberBack(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a, w := b.talking(Behaviour{}, CallOptions{Dialled: "110"})
		is(t, "reply", a.api("uuid_transfer caller 'm:^:set:x=1,2^park:' inline"), "+OK")
		number := func(event string) string { return w.last(event).Get("Caller-Destination-Number") }
		is(t, "at the end of the bridge", number("CHANNEL_UNBRIDGE"), "m:^:set:x=1,2^park:")
		is(t, "then", number("CHANNEL_PARK"), "110")
		is(t, "x", call.Var("x"), "1,2")
	})
}

// Each phone holds the other before ten of its own frames have passed. FreeSWITCH has the music of
// both in the queue until then, and plays it though the holds are over.
func TestMusicOfAHoldThatWasOverBeforeItBegan(t *testing.T) {
	for name, broken := range map[string]bool{"left alone": false, "broken": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				call, a := b.answered(Behaviour{}, CallOptions{})
				is(t, "reply", a.api("uuid_bridge caller agent"), "+OK agent")
				for _, uuid := range []string{"agent", "caller"} {
					if err := b.s.Hold(uuid); err != nil {
						t.Fatal(err)
					}
				}
				pass(2 * time.Second)
				for _, uuid := range []string{"agent", "caller"} {
					if err := b.s.Unhold(uuid); err != nil {
						t.Fatal(err)
					}
				}
				if broken {
					is(t, "break", a.api("uuid_break caller all"), "+OK")
				}
				pass(2 * time.Second)
				plays := slices.Contains(call.Heard(), "local_stream://moh playing")
				is(t, "music plays", strconv.FormatBool(plays), strconv.FormatBool(!broken))
			})
		})
	}
}

func TestReferToANumberThatLeadsNowhere(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, _, _ := b.talking(Behaviour{}, CallOptions{})
		if err := b.s.Refer("agent", "999"); err != nil {
			t.Fatal(err)
		}
		pass(0)
		is(t, "cause", call.Cause(), "NO_ROUTE_DESTINATION")
	})
}

func TestReferOfACallThatIsNotBridgedIsRefused(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, _ := b.answered(Behaviour{}, CallOptions{})
		if b.s.Refer("agent", "600") == nil || b.s.Refer("nobody", "600") == nil {
			t.Error("a leg without a caller was transferred")
		}
		is(t, "cause", call.Cause(), "")
	})
}

func TestVariablesStayForTheNextParkWithoutHooks(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Extension("600", Plan("park")...)
		call, a := b.answered(Behaviour{}, CallOptions{})
		a.api("uuid_setvar_multi caller park_after_bridge=true;park_timeout=3")
		a.api("uuid_bridge caller agent")
		if err := b.s.Refer("agent", "600"); err != nil {
			t.Fatal(err)
		}
		pass(4 * time.Second)
		is(t, "the talk's park_timeout ends the parking lot", call.Cause(), "NORMAL_CLEARING")
	})
}

func TestTheCallersPhoneTransfersTheAgent(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Gateway("gw", Behaviour{})
		b.s.Extension("600", Plan("bridge {origination_uuid=third}sofia/gateway/gw/5551234")...)
		call, _, w := b.talking(Behaviour{}, CallOptions{User: "1009"})
		if err := b.s.Refer(call.UUID(), "600"); err != nil {
			t.Fatal(err)
		}
		pass(0)
		has(t, w.story(), "0 caller UNBRIDGE over=true other=agent", "0 caller PARK over=true other=agent")
		has(t, w.story(), "0 agent BRIDGE other=third")
		if slices.ContainsFunc(w.story(), func(line string) bool { return strings.Contains(line, "agent HANGUP") }) {
			t.Error("the agent's leg was hung up")
		}
	})
}

// consulting lets agent 1000 hold the caller and talk with agent 1001, whose leg is "second".
func (b *bed) consulting() (caller, consult *Call, w *watcher) {
	caller, _, w = b.talking(Behaviour{}, CallOptions{})
	b.s.Agent("1001", Behaviour{})
	if err := b.s.Hold("agent"); err != nil {
		b.t.Fatal(err)
	}
	second := Plan("socket acd:8084/nwayacd/112 async full")
	consult = b.s.Call(CallOptions{UUID: "consult", User: "1000", Dialled: "112", Dialplan: second})
	c := b.accept()
	c.execute("answer", "")
	is(b.t, "second", c.api("originate {origination_uuid=second}user/1001 &park()"), "+OK second")
	c.api("uuid_setvar_multi consult " + hooks)
	is(b.t, "bridge", c.api("uuid_bridge consult second"), "+OK second")
	pass(time.Second)
	w.restart()
	return caller, consult, w
}

func TestAttendedTransferInTheDialogOfTheHeldCall(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		caller, consult, w := b.consulting()
		if err := b.s.ReferReplaces("agent", "consult", false); err != nil {
			t.Fatal(err)
		}
		is(t, "first word", b.client().api("uuid_getvar second signal_bond"), "caller")
		pass(100 * time.Millisecond)
		same(t, "story", w.story(), []string{
			"28 consult UNBRIDGE over= other=second", "28 consult PARK over= other=second",
			"48 agent UNHOLD", "48 agent HANGUP NORMAL_CLEARING", "48 caller UNBRIDGE over= other=second",
			"69 caller BRIDGE other=second",
		})
		untouched(t, caller)
		is(t, "bridged", caller.Bridged(), "second")
		pass(time.Minute)
		is(t, "a minute later", caller.Bridged(), "second")
		is(t, "the hook took the consulting call's park_timeout", consult.Cause(), "")
		consult.Hangup()
		pass(0)
		is(t, "after the phone's BYE", caller.Bridged(), "second")
	})
}

func TestAttendedTransferOfACallWithoutHooks(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		caller, consult, w := b.consulting()
		for name := range strings.SplitSeq(hooked, " ") {
			w.api("uuid_setvar consult " + name)
		}
		if err := b.s.ReferReplaces("agent", "consult", false); err != nil {
			t.Fatal(err)
		}
		pass(3 * time.Second)
		is(t, "the consulting call's park", consult.Cause(), "ATTENDED_TRANSFER")
		is(t, "bridged", caller.Bridged(), "second")
	})
}

func TestAttendedTransferInTheConsultingDialog(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		caller, _, w := b.consulting()
		if err := b.s.ReferReplaces("agent", "consult", true); err != nil {
			t.Fatal(err)
		}
		pass(100 * time.Millisecond)
		same(t, "story", w.story(), []string{
			"11 agent PARK over= other=caller", "26 caller UNBRIDGE over= other=second",
			"30 consult UNBRIDGE over=true other=second", "30 consult PARK over=true other=second",
			"57 second BRIDGE other=caller",
		})
		untouched(t, caller)
		is(t, "bridged", caller.Bridged(), "second")
		pass(3 * time.Second)
		for _, left := range []string{"agent", "consult"} {
			is(t, left, b.client().api("uuid_exists "+left), "false")
		}
		is(t, "they talk on", caller.Bridged(), "second")
	})
}

func TestAttendedTransferWhileTheConsultingCallWaits(t *testing.T) {
	for _, situation := range []struct {
		name, inline, number string
		inConsultDialog      bool
	}{
		{"to where it waits", "set:nwayacd_consult=consult,socket:acd:8084/nwayacd/112 async full", "", false},
		{"the number it called", "", "112", false},
		{"in the consulting dialog", "", "112", true},
	} {
		t.Run(situation.name, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				b.s.Extension("112", Plan("socket acd:8084/nwayacd/112 async full")...)
				caller, _, w := b.talking(Behaviour{}, CallOptions{})
				b.s.AgentCall("1000", "112")
				c := b.accept()
				consult := c.reply.Get("Unique-ID")
				c.api("uuid_setvar " + consult + " inline_destination '" + situation.inline + "'")
				w.restart()
				if err := b.s.ReferReplaces("agent", consult, situation.inConsultDialog); err != nil {
					t.Fatal(err)
				}
				pass(40 * time.Millisecond)
				second := b.accept()
				is(t, "who comes", second.reply.Get("Unique-ID"), "caller")
				if knows := second.reply.Get("variable_nwayacd_consult") != ""; knows != (situation.inline != "") {
					t.Errorf("knows whose place it is: %v", knows)
				}
				if situation.number != "" {
					is(t, "number", second.reply.Get("Caller-Destination-Number"), situation.number)
				}
				is(t, "cause", w.lastOf(consult, "CHANNEL_HANGUP").Get("Hangup-Cause"), "ATTENDED_TRANSFER")
				has(t, w.story(), "33 caller UNBRIDGE over= other=")
				is(t, "gone", caller.Cause(), "")
				is(t, "agent", c.api("uuid_exists agent"), "false")
			})
		})
	}
}

func TestAttendedTransferToAPhoneThatStillRings(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1002", Behaviour{After: 5 * time.Second})
		caller, _, w := b.talking(Behaviour{}, CallOptions{})
		consult := b.s.AgentCall("1000", "1002")
		pass(0)
		if err := b.s.ReferReplaces("agent", consult.UUID(), false); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		has(t, w.story(), "0 caller UNBRIDGE over= other=")
		same(t, "meanwhile", caller.Heard(), []string{"local_stream://moh playing"})
		consult.Hangup() // as most phones do after the NOTIFY that the transfer works
		pass(5 * time.Second)
		if caller.Bridged() == "" {
			t.Error("no phone talks to the caller")
		}
	})
}

func TestAttendedTransferToAPhoneThatDoesNotAnswer(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1002", Behaviour{Do: Refuses, After: 5 * time.Second})
		b.s.Extension("700", Plan("set mine=700", "bridge user/1002", "set missed=true", "park")...)
		caller, _, _ := b.talking(Behaviour{}, CallOptions{})
		consult := b.s.AgentCall("1000", "700")
		pass(0)
		if err := b.s.ReferReplaces("agent", consult.UUID(), false); err != nil {
			t.Fatal(err)
		}
		pass(6 * time.Second)
		is(t, "consult", consult.Cause(), "ATTENDED_TRANSFER")
		is(t, "goes on in the consulting call's dialplan", caller.Var("missed"), "true")
		is(t, "under its number", caller.Var("destination_number"), "700")
		is(t, "with its variables", caller.Var("mine"), "700")
		is(t, "gone", caller.Cause(), "")
	})
}

// FreeSWITCH looks once, at the end of an originate, whether another channel takes the place of the
// originator. A REFER that comes in the same moment is either before that, or finds that no phone
// rings.
func TestAttendedTransferAsThePhoneRefuses(t *testing.T) {
	for range 200 { // the two come in either order
		inBubble(t, Options{}, func(b *bed) {
			b.s.Agent("1002", Behaviour{Do: Refuses, After: time.Second})
			b.s.Extension("700", Plan("bridge user/1002", "playback rest.wav")...)
			caller, _, _ := b.talking(Behaviour{}, CallOptions{})
			consult := b.s.AgentCall("1000", "700")
			time.Sleep(time.Second)
			err := b.s.ReferReplaces("agent", consult.UUID(), false)
			pass(time.Second)
			if slices.Contains(caller.Heard(), "local_stream://moh playing") {
				t.Errorf("the caller waits for a phone that has refused: %v, %v", err, caller.Actions())
			}
		})
	}
}

func TestHoldByThePhoneIsHeardByTheOtherSide(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, _, w := b.talking(Behaviour{}, CallOptions{})
		if err := b.s.Hold("agent"); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		same(t, "heard", call.Heard(), []string{"local_stream://moh playing"})
		if b.s.Hold("agent") == nil {
			t.Error("held twice")
		}
		if err := b.s.Unhold("agent"); err != nil {
			t.Fatal(err)
		}
		pass(0)
		same(t, "heard", call.Heard(), []string{"local_stream://moh broken"})
		same(t, "story", w.story(), []string{"0 agent HOLD", "1000 agent UNHOLD"})
		is(t, "still bridged", call.Bridged(), "agent")
	})
}

func TestAgentWhoHangsUpWhileHoldingTakesTheCallerAlong(t *testing.T) {
	for _, situation := range []struct{ exten, cause string }{{"", "NORMAL_CLEARING"}, {"park:inline", ""}} {
		t.Run(situation.exten, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				call, a, _ := b.talking(Behaviour{}, CallOptions{})
				a.api("uuid_setvar agent hold_hangup_xfer_exten " + situation.exten)
				if err := b.s.Hold("agent"); err != nil {
					t.Fatal(err)
				}
				pass(time.Second)
				b.s.PhoneLeaves("agent")
				pass(time.Second)
				is(t, "cause", call.Cause(), situation.cause)
			})
		})
	}
}

func TestInterceptTakesTheCaller(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, _, w := b.talking(Behaviour{}, CallOptions{})
		b.s.Call(CallOptions{UUID: "thief", User: "1003", Dialplan: Plan("intercept caller")})
		pass(frame)
		is(t, "bridged", call.Bridged(), "thief")
		has(t, w.story(),
			"0 agent HANGUP PICKED_OFF", "20 caller UNBRIDGE over= other=thief", "20 thief BRIDGE other=caller")
		untouched(t, call)
	})
}

func TestThirdPartyStaysWithTheCallerWhenTheAgentLeaves(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Gateway("gw", Behaviour{})
		call, a, w := b.talking(Behaviour{}, CallOptions{})
		is(t, "third", a.api("originate {origination_uuid=third}sofia/gateway/gw/5551234 &three_way(caller)"),
			"+OK third")
		b.s.PhoneLeaves("agent")
		pass(0)
		has(t, w.story(), "0 caller PARK over=true other=agent")
		is(t, "bridge", a.api("uuid_bridge caller third"), "+OK third")
		is(t, "bridged", call.Bridged(), "third")
		pass(time.Minute)
		is(t, "a minute later", call.Bridged(), "third")
	})
}

func TestKillIsSeenOnBothSides(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, a, w := b.talking(Behaviour{}, CallOptions{})
		a.api("uuid_kill caller USER_BUSY")
		same(t, "story", w.story(), []string{
			"0 caller HANGUP USER_BUSY", "0 agent HANGUP NORMAL_CLEARING", "0 caller UNBRIDGE over= other=agent",
		})
	})
}

func TestMessagesToAParkedChannelOverTheLink(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Call(CallOptions{UUID: "caller", Number: "1", Dialplan: Plan("answer", "park"), Digits: "42"})
		w := b.watch()
		w.send(esl.Raw("event plain CHANNEL_EXECUTE_COMPLETE"))
		w.send(esl.SendMsg("caller", esl.Header{Name: "call-command", Value: "execute"},
			esl.Header{Name: "execute-app-name", Value: "play_and_get_digits"},
			esl.Header{Name: "execute-app-arg", Value: "1 2 1 3000 # ask.wav silence grade"}))
		pass(5 * time.Second)
		is(t, "complete", w.last("CHANNEL_EXECUTE_COMPLETE").Get("Application"), "play_and_get_digits")
		w.api("uuid_kill caller")
		is(t, "grade", w.last("CHANNEL_HANGUP").Get("variable_grade"), "42")
	})
}
