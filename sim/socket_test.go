package sim

import (
	"testing"
	"time"

	"nwayacd/esl"
)

func TestRefusedHostFallsToTheNext(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.refuse("one:8084", true)
		b.s.Call(CallOptions{Number: "1", Dialplan: Plan("socket one:8084/nwayacd/1|two:8084/nwayacd/2 async full")})
		is(t, "path", b.accept().reply.Get("variable_socket_path"), "nwayacd/2")
	})
}

func TestNoServerListensAndTheDialplanGoesOn(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.refuse("acd:8084", true)
		call := b.s.Call(CallOptions{Number: "1", Dialplan: Plan(toACD, "sleep 1000", "hangup USER_BUSY")})
		<-call.Done()
		same(t, "actions", call.Actions(), []string{toACD, "sleep 1000", "hangup USER_BUSY"})
		is(t, "cause", call.Cause(), "USER_BUSY")
	})
}

func TestAnonymousCallerHasNoNumber(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Call(CallOptions{Dialplan: Plan(toACD)})
		for name := range b.accept().reply.Headers() {
			if name == "Caller-Caller-ID-Number" {
				t.Error("an anonymous call has a number")
			}
		}
	})
}

func TestWithoutFullOnlyTheOwnChannelObeys(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Call(CallOptions{Number: "1", Dialplan: Plan("socket acd:8084 async")})
		pass(0)
		a := b.listen(<-b.conns)
		is(t, "control", a.send(esl.Raw("connect")).Event().Get("Control"), "single-channel")
		is(t, "api", a.send(esl.Raw("event plain BACKGROUND_JOB")).Text(), "-ERR command not found")
		is(t, "sendmsg", a.send(esl.Execute("answer", "", esl.ExecuteOptions{})).Text(), "+OK")
	})
}

func TestExitHandsTheCallBack(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call := b.s.Call(CallOptions{Number: "1", Dialplan: Plan(toACD, "set after=yes", "park")})
		a := b.accept()
		is(t, "exit", a.send(esl.Raw("exit")).Text(), "+OK bye")
		pass(0)
		is(t, "variable", call.Var("after"), "yes")
		has(t, a.events(), "disconnect")
	})
}

func TestExitWhileAFilePlaysWaitsForItsEnd(t *testing.T) {
	inBubble(t, Options{PlayTime: func(string) time.Duration { return 10 * time.Second }}, func(b *bed) {
		call := b.s.Call(CallOptions{Number: "1", Dialplan: Plan(toACD, "set after=yes", "park")})
		a := b.accept()
		a.execute("playback", "long.wav")
		a.send(esl.Raw("exit"))
		pass(9 * time.Second)
		is(t, "before the end", call.Var("after"), "")
		pass(time.Second)
		is(t, "after it", call.Var("after"), "yes")
	})
}

func TestOurDeathWithSocketResumeGoesOnInTheDialplan(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call := b.s.Call(CallOptions{Number: "1", Dialplan: Plan("set socket_resume=true", toACD, "sleep 1000", toACD)})
		a := b.accept()
		a.execute("playback", "local_stream://moh")
		b.s.Drop()
		pass(time.Second)
		second := b.accept()
		is(t, "same caller", second.reply.Get("Unique-ID"), call.UUID())
		same(t, "heard", call.Heard(), []string{"local_stream://moh lost"})
	})
}

func TestOurDeathWithoutSocketResumeOrphansTheCaller(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call := b.s.Call(CallOptions{Number: "1", Dialplan: Plan(toACD, "hangup")})
		a := b.accept()
		a.execute("playback", "local_stream://moh")
		b.s.Drop()
		pass(24 * time.Hour)
		same(t, "heard", call.Heard(), []string{"local_stream://moh playing"})
	})
}

func TestOurDeathDuringTheTalk(t *testing.T) {
	for resume, want := range map[string]bool{"true": false, "false": true} {
		t.Run("socket_resume "+resume, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				b.s.Agent("1000", Behaviour{})
				call := b.s.Call(CallOptions{UUID: "caller", Number: "1", Dialplan: Plan(toACD, "park")})
				a := b.accept()
				a.execute("answer", "")
				is(t, "originate", a.api("originate {origination_uuid=agent}user/1000 &park()"), "+OK agent")
				a.api("uuid_setvar caller socket_resume " + resume)
				a.api("uuid_bridge caller agent")
				b.s.Drop()
				pass(time.Second)
				if got := call.Bridged() == "agent"; got != want {
					t.Errorf("bridged: %v", got)
				}
			})
		})
	}
}

func TestOurDeathWhileAnAgentRingsResumesOnlyAfterTheJob(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{Do: Misses})
		call := b.s.Call(CallOptions{
			Number:   "1",
			Dialplan: Plan("set socket_resume=true", toACD, "set after=yes", "park"),
		})
		a := b.accept()
		a.send(esl.BgAPI("", "originate {originate_timeout=15}user/1000 &park()"))
		b.s.Drop()
		pass(14 * time.Second)
		is(t, "while it rings", call.Var("after"), "")
		pass(2 * time.Second)
		is(t, "afterwards", call.Var("after"), "yes")
	})
}

func TestTheDialplanEndsWithTheHangupWhateverEndsThePark(t *testing.T) {
	var b *bed
	gone := func(e ChannelEvent) {
		if e.Name == "CHANNEL_HANGUP" { // meanwhile the server closes its connection, which ends the park
			b.s.Drop()
			time.Sleep(time.Second)
		}
	}
	inBubble(t, Options{OnEvent: gone}, func(here *bed) {
		b = here
		call := b.s.Call(CallOptions{UUID: "caller", Number: "1", Dialplan: Plan("set socket_resume=true", toACD)})
		b.accept().api("uuid_transfer caller 'park:,set:after=yes' inline")
		call.Hangup()
		pass(2 * time.Second)
		is(t, "an action after the hangup", call.Var("after"), "")
	})
}

func TestAfterHangupTheConnectionLingers(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{Do: Misses})
		call := b.s.Call(CallOptions{UUID: "caller", Number: "1", Dialplan: Plan(toACD)})
		a := b.accept()
		a.send(esl.BgAPI("job", "originate {origination_uuid=agent}user/1000 &park()"))
		a.forget()
		call.Hangup()
		<-call.Done()
		pass(0)
		has(t, a.events(), "CHANNEL_HANGUP", "linger", "CHANNEL_HANGUP_COMPLETE")
		is(t, "kill", a.api("uuid_kill agent"), "+OK")
		is(t, "job", a.last("BACKGROUND_JOB").Body(), "-ERR NORMAL_CLEARING\n")
		pass(31 * time.Second)
		select {
		case <-a.Done():
		default:
			t.Error("still open after its 30 seconds")
		}
	})
}

func TestWithoutLingerTheHangupClosesTheConnection(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call := b.s.Call(CallOptions{Number: "1", Dialplan: Plan(toACD)})
		a := b.accept()
		a.send(esl.Raw("nolinger"))
		call.Hangup()
		pass(0)
		<-a.Done()
		has(t, a.events(), "CHANNEL_HANGUP", "disconnect")
	})
}

func TestMyeventsLeavesOutTheAgentsLeg(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		b.s.Call(CallOptions{UUID: "caller", Number: "1", Dialplan: Plan(toACD)})
		a := b.accept()
		a.api("originate {origination_uuid=agent}user/1000 &park()")
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, e := range a.seen {
			if e.Get("Unique-ID") == "agent" {
				t.Errorf("saw %s of the agent's leg", e.Name())
			}
		}
	})
}

func TestNixeventTakesAnEventOff(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Call(CallOptions{Number: "1", Dialplan: Plan(toACD)})
		a := b.accept()
		is(t, "reply", a.send(esl.Raw("nixevent CHANNEL_STATE CHANNEL_EXECUTE")).Text(), "+OK events nixed")
		a.forget()
		a.execute("set", "a=b")
		same(t, "events", a.events(), []string{"CHANNEL_EXECUTE_COMPLETE set"})
	})
}

func TestClosingBeforeConnectParksTheCallerForEver(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call := b.s.Call(CallOptions{Number: "1", Dialplan: Plan(toACD, "hangup")})
		pass(0)
		(<-b.conns).Close()
		pass(time.Hour)
		is(t, "cause", call.Cause(), "")
		resumed := b.s.Call(CallOptions{Number: "1", Dialplan: Plan("set socket_resume=true", toACD, "hangup")})
		pass(0)
		(<-b.conns).Close()
		pass(0)
		is(t, "cause with socket_resume", resumed.Cause(), "NORMAL_CLEARING")
	})
}

func TestSendeventReachesEveryListenerWithoutEmptyHeaders(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Call(CallOptions{Number: "1", Dialplan: Plan(toACD)})
		a, cti, deaf := b.accept(), b.client(), b.client()
		cti.send(esl.Raw("event plain CUSTOM nwayacd::queue"))
		deaf.send(esl.Raw("event plain CUSTOM nwayacd::info"))
		a.send(esl.Fire("nwayacd::queue", esl.Header{Name: "nway_queue_group", Value: "110"}))
		a.send(esl.SendMsg("")) // a command without call-command does nothing
		e := cti.last("CUSTOM")
		is(t, "subclass", e.Subclass(), "nwayacd::queue")
		is(t, "group", e.Get("nway_queue_group"), "110")
		is(t, "command", e.Get("Command"), "sendevent CUSTOM")
		for _, added := range []string{
			"Core-UUID", "FreeSWITCH-Hostname", "Event-Date-Timestamp", "Event-Sequence",
			"Event-UUID",
		} {
			if e.Get(added) == "" {
				t.Errorf("no header %s", added)
			}
		}
		if got := deaf.events(); len(got) > 0 {
			t.Errorf("the other subclass saw %q", got)
		}
	})
}

func TestATransferInTheDialplanFollowsAVariable(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.refuse("acd:1", true)
		b.s.Extension("back-", Plan("sleep 1000", "transfer 110")...)
		b.s.Extension("110", Plan("socket acd:1 async full", "hangup CALL_REJECTED")...)
		c := b.s.Call(CallOptions{
			Number: "1", Dialled: "110",
			Dialplan: Plan("socket acd:1 async full", "transfer back-${outcome}", "answer"),
		})
		<-c.Done()
		is(t, "cause", c.Cause(), "CALL_REJECTED")
		if c.Answered() {
			t.Error("the dialplan went on behind the transfer")
		}
	})
}

func TestOnEventHasTheChannelsOrder(t *testing.T) {
	var told []string
	// used by the channel's goroutine alone
	opt := Options{OnEvent: func(e ChannelEvent) { told = append(told, e.Name) }}
	inBubble(t, opt, func(b *bed) {
		c := b.s.Call(CallOptions{Number: "1", Dialplan: Plan("answer", "hangup")})
		<-c.Done()
	})
	has(t, told, "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_HANGUP", "CHANNEL_DESTROY")
}

func TestWhatWasSentBeforeTheConnectionWasLostDoesNotRunInTheNextAction(t *testing.T) {
	inBubble(t, Options{PlayTime: func(file string) time.Duration {
		if file == "music" {
			return -1
		}
		return time.Second
	}}, func(b *bed) {
		c := b.s.Call(CallOptions{
			Number:   "1",
			Dialplan: Plan("set socket_resume=true", toACD, "sleep 1000", "hangup CALL_REJECTED"),
		})
		a := b.accept()
		a.Post(esl.Execute("playback", "prompt", esl.ExecuteOptions{Lock: true}),
			esl.Execute("playback", "music", esl.ExecuteOptions{}))
		pass(500 * time.Millisecond)
		a.Close()
		pass(2 * time.Second)
		is(t, "cause", c.Cause(), "CALL_REJECTED")
	})
}
