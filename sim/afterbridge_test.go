package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/esl"
)

func TestHooksParkACallerWhoseTalkIsOver(t *testing.T) {
	for _, end := range []struct {
		name string
		do   func(b *bed, a *acd)
		want string
	}{
		{
			"the agent hangs up", func(b *bed, _ *acd) { b.s.PhoneLeaves("agent"); pass(0) },
			"0 agent HANGUP NORMAL_CLEARING by phone",
		},
		{
			"the leg is killed", func(_ *bed, a *acd) { a.api("uuid_kill agent CALL_REJECTED") },
			"0 agent HANGUP CALL_REJECTED",
		},
	} {
		t.Run(end.name, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				call, a, w := b.talking(Behaviour{}, CallOptions{})
				end.do(b, a)
				same(t, "story", w.story(), []string{
					end.want, "0 caller UNBRIDGE over=true other=agent", "0 caller PARK over=true other=agent",
				})
				pass(3 * time.Second)
				is(t, "park_timeout ends it", call.Cause(), "NORMAL_CLEARING")
			})
		})
	}
}

func TestHooksRunInTheOrderInWhichTheyWereSet(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{}, CallOptions{Dialplan: Plan(toACD, "park")})
		a.api("uuid_setvar_multi caller execute_on_post_bridge_b=set x=b;execute_on_post_bridge_a=set x=a;" +
			"EXECUTE_ON_POST_BRIDGE=set:y=1;execute_on_post_bridge_async=set::z=1")
		a.api("uuid_setvar caller execute_on_post_bridge_b 'set x=c'") // set again: last
		a.api("uuid_bridge caller agent")
		a.api("uuid_kill agent")
		is(t, "x", call.Var("x"), "c")
		is(t, "y", call.Var("y"), "1")
		is(t, "z", call.Var("z"), "1")
	})
}

const (
	bothAway = "uuid_transfer caller -both 600"
	dualAway = "uuid_dual_transfer caller 600 set:a=b,echo/inline"
)

func TestHooksLeaveNothingOnACallerWhoWasTaken(t *testing.T) {
	for _, taken := range []struct {
		name, by, other, then string
	}{
		{"uuid_transfer", "uuid_transfer caller park inline", "", "0 caller PARK over= other="},
		{"uuid_transfer to a number", "uuid_transfer caller 600", "", ""},
		{"-bleg from the agent's side", "uuid_transfer agent -bleg 600", "", ""},
		{"-both", bothAway, "", ""},
		{"uuid_dual_transfer", dualAway, "", ""},
		{"uuid_park", "uuid_park caller", "agent", "0 caller PARK over= other=agent"},
		{"uuid_bridge with another", "uuid_bridge caller third", "third", "0 caller BRIDGE other=third"},
	} {
		t.Run(taken.name, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				b.s.Extension("600", Plan("conference room")...)
				b.s.Gateway("gw", Behaviour{})
				call, a, w := b.talking(Behaviour{}, CallOptions{})
				is(t, "third", a.api("originate {origination_uuid=third}sofia/gateway/gw/5551234 &park()"), "+OK third")
				w.restart()
				if answer := a.api(taken.by); !strings.HasPrefix(answer, "+OK") {
					t.Fatal(answer)
				}
				untouched(t, call)
				want := []string{"0 agent HANGUP NORMAL_CLEARING", "0 caller UNBRIDGE over= other=" + taken.other}
				if taken.by == bothAway || taken.by == dualAway {
					pass(frame)
					want = []string{"20 caller UNBRIDGE over= other="} // the agent goes elsewhere too
				}
				if taken.then != "" {
					want = append(want, taken.then)
				}
				same(t, "story", w.story(), want)
				pass(time.Minute)
				is(t, "a minute later", call.Cause(), "")
			})
		})
	}
}

func TestTransferInTheMomentBeforeTheBridgeStandsIsFreeOfTheHooksToo(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{}, CallOptions{})
		b.s.Extension("600", Plan("conference room")...)
		a.api("uuid_setvar_multi caller " + hooks)
		a.Post(esl.API("uuid_bridge caller agent"), esl.API("uuid_transfer caller 600"))
		pass(time.Minute)
		untouched(t, call)
		is(t, "cause", call.Cause(), "")
		pass(time.Hour)
		if leg := b.s.find("agent"); leg != nil { // else the originator was at the bridge already, and ended it
			is(t, "the leg waits for ever", leg.stateNow(), "CS_RESET")
		}
	})
}

func TestLegThatDiesBeforeTheBridgeLeavesNoWordOfATalk(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{Do: DiesOnBridge}, CallOptions{})
		a.api("uuid_setvar_multi caller " + hooks)
		a.api("uuid_bridge caller agent")
		is(t, "over", a.last("CHANNEL_PARK").Get("variable_nwayacd_over"), "")
		is(t, "cause", call.Cause(), "")
	})
}

func TestAfterTheTalkTheDialplanGoesOnIfThatIsWanted(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{}, CallOptions{Dialplan: Plan(toACD, "set next=yes", "park")})
		a.api("uuid_setvar_multi caller uuid_bridge_continue_on_cancel=true;" +
			"execute_on_post_bridge_nwayacd_1=multiunset " + hooked)
		a.api("uuid_bridge caller agent")
		a.api("uuid_kill agent")
		is(t, "next", call.Var("next"), "yes")
		is(t, "hook", call.Var("execute_on_post_bridge_nwayacd_1"), "")
	})
}

func TestHooksOfACallerWhoHangsUp(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, _, w := b.talking(Behaviour{}, CallOptions{})
		call.Hangup()
		pass(0)
		same(t, "story", w.story(), []string{
			"0 caller HANGUP NORMAL_CLEARING by phone", "0 agent HANGUP NORMAL_CLEARING",
			"0 caller UNBRIDGE over= other=agent",
		})
		untouched(t, call) // multiunset runs on a channel that is down, execute_extension does not
	})
}

func TestTransferAfterBridge(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Extension("600", Plan("conference room")...)
		call, a := b.answered(Behaviour{}, CallOptions{})
		a.api("uuid_setvar caller transfer_after_bridge 600:XML:default")
		a.api("uuid_bridge caller agent")
		a.api("uuid_kill agent")
		is(t, "number", call.Var("destination_number"), "600")
		is(t, "variable", call.Var("transfer_after_bridge"), "")
	})
}

func TestExecuteOnPreBridgeRunsWhenFramesHavePassed(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.answered(Behaviour{}, CallOptions{})
		a.api("uuid_setvar_multi caller socket_resume=true;" +
			"execute_on_pre_bridge_nwayacd=multiunset socket_resume execute_on_pre_bridge_nwayacd")
		a.api("uuid_bridge caller agent")
		is(t, "at once", call.Var("socket_resume"), "true")
		pass(200 * time.Millisecond)
		is(t, "after ten frames", call.Var("socket_resume"), "")
	})
}

func TestAgentIsKeptWhileTheCallerIsAway(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Extension("600", Plan("play_and_get_digits 1 4 1 5000 # pin.wav silence pin", "park")...)
		_, a, _ := b.talking(Behaviour{}, CallOptions{})
		w := b.watch()
		a.api("uuid_setvar agent execute_on_post_bridge_nwayacd_1 'multiunset park_after_bridge park_timeout " +
			"execute_on_post_bridge_nwayacd_1 execute_on_post_bridge_nwayacd_2'")
		const kept = "${uuid_getvar(caller nwayacd_keep_agent)}"
		a.api("uuid_setvar agent execute_on_post_bridge_nwayacd_2 'execute_extension set:park_after_bridge=" + kept +
			",set:park_timeout=" + kept + " inline'")
		a.api("uuid_setvar caller nwayacd_keep_agent 60")
		w.restart()
		a.api("uuid_transfer caller 600")
		same(t, "story", slices.Sorted(slices.Values(w.story())), []string{
			"0 agent PARK over= other=caller", "0 caller UNBRIDGE over= other=",
		})
		is(t, "music", a.api("uuid_broadcast agent local_stream://moh aleg"), "+OK Message sent")
		is(t, "limit", a.api("sched_hangup +90 agent NO_ANSWER"), "+OK")
		pass(80 * time.Second) // park_timeout does not cut the music
		is(t, "still there", a.api("uuid_exists agent"), "true")
		is(t, "limit off", a.api("sched_del agent"), "+OK Deleted: 1")
		pass(time.Minute)
		is(t, "together again", a.api("uuid_bridge caller agent"), "+OK agent")
		is(t, "bridged", a.api("uuid_getvar agent bridge_to"), "caller")
	})
}

func TestSchedHangupEndsALeg(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, a := b.answered(Behaviour{}, CallOptions{})
		w := b.watch()
		a.api("sched_hangup +3 agent NO_ANSWER")
		pass(4 * time.Second)
		has(t, w.events(), "CHANNEL_HANGUP")
		is(t, "cause", w.last("CHANNEL_HANGUP").Get("Hangup-Cause"), "NO_ANSWER")
		is(t, "nothing left", a.api("sched_del agent"), "+OK Deleted: 0")
		is(t, "nobody", a.api("sched_hangup +3 agent"), "-ERR No such channel!")
	})
}

func TestScheduledCommandsAreTakenBackByTheirGroup(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, a := b.answered(Behaviour{}, CallOptions{})
		for _, group := range []string{"ours", "theirs"} {
			if answer := a.api("sched_api +3 " + group + " uuid_setvar agent by " +
				group); !strings.HasPrefix(answer, "+OK Added: ") {
				t.Error(answer)
			}
		}
		a.api("sched_hangup +3 agent NO_ANSWER")
		a.api("uuid_setvar agent execute_on_pre_bridge_1 sched_cancel ours")
		a.api("uuid_setvar agent execute_on_pre_bridge_2 sched_cancel") // the channel's own
		a.api("uuid_bridge caller agent")
		pass(4 * time.Second)
		is(t, "left", a.api("uuid_getvar agent by"), "theirs")
		is(t, "syntax", a.api("sched_api +3 ours"),
			"-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]")
	})
}

func TestVariablesByTheirCommands(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a := b.caller(CallOptions{Number: "13800138000"})
		is(t, "set", a.api("uuid_setvar_multi caller a=1;b='x y';c=${a};d="), "+OK")
		is(t, "a", a.api("uuid_getvar caller a"), "1")
		is(t, "b", a.api("uuid_getvar caller b"), "x y")
		is(t, "refused", a.api("uuid_getvar caller c"), "_undef_")
		is(t, "unset", a.api("uuid_setvar_multi caller a="), "+OK")
		is(t, "a", a.api("uuid_getvar caller a"), "_undef_")
		is(t, "nobody", a.api("uuid_setvar_multi nobody a=1"),
			"-ERR No such channel!\n-USAGE: <uuid> <var>=<value>;<var>=<value>...")
		is(t, "a global one", a.api("uuid_getvar caller hold_music"), "local_stream://moh")
		is(t, "taken", a.api("uuid_setvar caller c ${a}"), "+OK")
		is(t, "as it is", call.Var("c"), "${a}")
		a.execute("set", "e=${uuid_getvar(caller caller_id_number)}-${uuid_exists(nobody)}")
		is(t, "e", call.Var("e"), "13800138000-false")
		a.execute("multiset", "^^;a=1;b=")
		a.execute("multiunset", "^^;a;e")
		is(t, "all gone", call.Var("a")+call.Var("b")+call.Var("e"), "")
	})
}
