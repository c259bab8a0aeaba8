package sim

import (
	"testing"
	"time"

	"nwayacd/esl"
)

// answered lets a caller in, answers, and parks an agent's leg.
func (b *bed) answered(agent Behaviour, opt CallOptions) (*Call, *acd) {
	b.s.Agent("1000", agent)
	call, a := b.caller(opt)
	a.execute("answer", "")
	is(b.t, "originate", a.api("originate {origination_uuid=agent,park_timeout=10}user/1000 &park()"), "+OK agent")
	a.forget()
	return call, a
}

func TestBridgeEndsWhatPlaysAndTheSocketApplication(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{}, CallOptions{})
		a.execute("playback", "local_stream://moh")
		is(t, "reply", a.api("uuid_bridge caller agent"), "+OK agent")
		same(t, "events", a.events(), []string{
			"CHANNEL_EXECUTE playback", "CHANNEL_EXECUTE_COMPLETE playback", "CHANNEL_UNPARK",
			"CHANNEL_EXECUTE_COMPLETE socket", "CHANNEL_EXECUTE uuid_bridge", "CHANNEL_BRIDGE",
		})
		e := a.last("CHANNEL_BRIDGE")
		is(t, "A", e.Get("Bridge-A-Unique-ID"), "caller")
		is(t, "B", e.Get("Bridge-B-Unique-ID"), "agent")
		is(t, "other leg", e.Get("Other-Leg-Unique-ID"), "agent")
		is(t, "bridged", call.Bridged(), "agent")
		a.send(esl.Execute("set", "x=y", esl.ExecuteOptions{}))
		is(t, "executes before ten frames have passed", call.Var("x"), "")
		pass(leadTime)
		is(t, "executes go on", call.Var("x"), "y")
	})
}

func TestAgentHangsUpAndTheCallerIsParkedForASurvey(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{Talk: time.Minute}, CallOptions{})
		a.api("uuid_setvar_multi caller park_after_bridge=true;park_timeout=3")
		a.api("uuid_bridge caller agent")
		pass(time.Minute)
		has(t, a.events(), "CHANNEL_UNBRIDGE", "CHANNEL_PARK")
		is(t, "park_timeout", call.Var("park_timeout"), "")
		is(t, "park_after_bridge", call.Var("park_after_bridge"), "")
		pass(time.Second)
		a.execute("playback", "silence_stream://10000")
		pass(9 * time.Second)
		is(t, "an execute longer than park_timeout is not cut", call.Cause(), "")
		pass(2 * time.Second)
		is(t, "but after it the park is over", call.Cause(), "NORMAL_CLEARING")
	})
}

func TestParkedCallerWhoseServerIsDeadIsHungUp(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{Talk: time.Minute}, CallOptions{})
		a.api("uuid_setvar_multi caller park_after_bridge=true;park_timeout=3")
		a.api("uuid_bridge caller agent")
		b.s.Drop()
		pass(time.Minute + time.Second)
		is(t, "parked", call.Cause(), "")
		pass(2 * time.Second)
		is(t, "hung up", call.Cause(), "NORMAL_CLEARING")
	})
}

func TestAgentDiesBetweenTheReplyAndTheBridge(t *testing.T) {
	for _, vars := range []struct{ set, cause string }{
		{"park_after_bridge=true;park_timeout=3", ""},
		{"hangup_after_bridge=true", "DESTINATION_OUT_OF_ORDER"},
	} {
		t.Run(vars.set, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				call, a := b.answered(Behaviour{Do: DiesOnBridge}, CallOptions{})
				a.api("uuid_setvar_multi caller " + vars.set)
				is(t, "reply", a.api("uuid_bridge caller agent"), "+OK agent")
				is(t, "cause", call.Cause(), vars.cause)
				for _, e := range a.events() {
					if e == "CHANNEL_BRIDGE" {
						t.Error("CHANNEL_BRIDGE was seen")
					}
				}
				if vars.cause == "" {
					a.last("CHANNEL_PARK")
				}
			})
		})
	}
}

func TestAgentDiesBetweenTheReportOfTheBridgeAndTheTalk(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{Do: DiesInBridge}, CallOptions{})
		a.api("uuid_setvar_multi caller park_after_bridge=true;park_timeout=3;" +
			"execute_on_post_bridge_x=set hooked=true")
		is(t, "reply", a.api("uuid_bridge caller agent"), "+OK agent")
		pass(time.Second)
		has(t, a.events(), "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_PARK")
		is(t, "cause", call.Cause(), "")
		is(t, "the hook", a.api("uuid_getvar caller hooked"), "_undef_")
	})
}

func TestAgentWhoDiedBeforeTheBridgeIsAnInvalidUUID(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{Do: AnswersAndDies}, CallOptions{})
		is(t, "reply", a.api("uuid_bridge caller agent"), "-ERR Invalid uuid")
		is(t, "cause", call.Cause(), "")
	})
}

func TestAfterTheTalkTheDialplanGoesOn(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{}, CallOptions{Dialplan: Plan(toACD, "hangup CALL_REJECTED")})
		a.api("uuid_bridge caller agent")
		a.api("uuid_kill agent")
		is(t, "cause", call.Cause(), "CALL_REJECTED")
	})
}

func TestCallerHangsUpInTheTalk(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{}, CallOptions{Talk: 30 * time.Second})
		a.api("uuid_setvar caller park_after_bridge true")
		a.api("uuid_bridge caller agent")
		pass(30 * time.Second)
		is(t, "cause", call.Cause(), "NORMAL_CLEARING")
		has(t, a.events(), "CHANNEL_HANGUP", "CHANNEL_UNBRIDGE", "linger", "CHANNEL_HANGUP_COMPLETE")
		if n := len(b.s.Channels()); n != 0 {
			t.Errorf("%d channels are left", n)
		}
	})
}

func TestAgentsLegParksOnlyAsLongAsParkTimeout(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, a := b.answered(Behaviour{}, CallOptions{})
		pass(11 * time.Second)
		is(t, "exists", a.api("uuid_exists agent"), "false")
	})
}

func TestTransferTakesACallerOutOfTheTalk(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, a := b.answered(Behaviour{}, CallOptions{})
		a.api("uuid_bridge caller agent")
		is(t, "reply",
			a.api(
				"uuid_transfer caller 'set:socket_resume=true,socket:two:8084/nwayacd/112 async full,sleep:1000' "+
					"inline"), "+OK")
		second := b.accept()
		is(t, "path", second.reply.Get("variable_socket_path"), "nwayacd/112")
		is(t, "resume", second.reply.Get("variable_socket_resume"), "true")
		is(t, "agent's leg", a.api("uuid_exists agent"), "false")
		has(t, a.events(), "CHANNEL_UNBRIDGE")
	})
}

func TestSecondBridgeTakesTheCallerFromTheFirstAgent(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{}, CallOptions{})
		b.s.Agent("1001", Behaviour{})
		a.api("uuid_bridge caller agent")
		is(t, "originate", a.api("originate {origination_uuid=second}user/1001 &park()"), "+OK second")
		is(t, "reply", a.api("uuid_bridge caller second"), "+OK second")
		is(t, "bridged", call.Bridged(), "second")
		is(t, "first", a.api("uuid_exists agent"), "false")
	})
}

func TestHoldIsForSIPLegsOnly(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, a := b.answered(Behaviour{}, CallOptions{})
		b.s.Agent("1001", Behaviour{})
		a.api("originate {origination_uuid=loop}loopback/1001 &park()")
		is(t, "loopback", a.api("uuid_hold loop"), "-ERR Operation failed")
		is(t, "sip", a.api("uuid_hold agent"), "+OK Success")
		is(t, "off", a.api("uuid_hold off agent"), "+OK Success")
	})
}

func TestRecordingOfOneLeg(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, a := b.answered(Behaviour{}, CallOptions{})
		is(t, "start", a.api("uuid_record caller start /tmp/a.wav"), "+OK Success")
		is(t, "stop", a.api("uuid_record caller stop /tmp/a.wav"), "+OK Success")
		is(t, "again", a.api("uuid_record caller stop /tmp/a.wav"), "-ERR Cannot stop record session!")
	})
}

func TestThreeWayEndsWithTheTalk(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Gateway("gw", Behaviour{})
		call, a := b.answered(Behaviour{}, CallOptions{})
		a.api("uuid_bridge caller agent")
		is(t, "third", a.api("originate {origination_uuid=third}sofia/gateway/gw/5551234 &three_way(caller)"),
			"+OK third")
		call.Hangup()
		pass(0)
		is(t, "third", a.api("uuid_exists third"), "false")
	})
}
