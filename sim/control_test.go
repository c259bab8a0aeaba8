package sim

import (
	"testing"
	"time"

	"nwayacd/esl"
)

// moved is a waiting caller who was transferred to a number while the first connection is still up.
func (b *bed) moved(resume, to string) (*Call, *acd) {
	b.s.Extension("113", Plan("socket acd:8084/nwayacd/113 async full", "set after=two", "echo")...)
	b.s.Extension("600", Plan("playback local_stream://moh", "set after=music", "echo")...)
	b.s.Extension("601", Plan("conference room", "set after=conference", "echo")...)
	b.s.Extension("602", Plan("park", "set after=park", "echo")...)
	b.s.Extension("603", Plan("playback three.wav", "set after=file", "echo")...)
	b.s.Extension("604", Plan("valet_park lot auto in 8001 8999", "set after=valet", "echo")...)
	call, first := b.caller(CallOptions{Dialplan: Plan("set socket_resume="+resume, "answer", toACD)})
	is(b.t, "transfer", first.api("uuid_transfer caller "+to), "+OK")
	return call, first
}

var lasts3s = Options{PlayTime: func(string) time.Duration { return 3 * time.Second }}

func TestEndOfTheFirstConnectionEndsTheSecondApplication(t *testing.T) {
	for _, end := range []struct {
		name string
		do   func(first *acd)
	}{
		{"exit", func(first *acd) { first.send(esl.Raw("exit")) }},
		{"closed", func(first *acd) { first.Close() }},
	} {
		t.Run(end.name, func(t *testing.T) {
			inBubble(t, lasts3s, func(b *bed) {
				call, first := b.moved("false", "113")
				second := b.accept()
				pass(time.Hour)
				is(t, "as long as the first is open", call.Var("after"), "")
				second.execute("playback", "prompt.wav")
				end.do(first)
				pass(time.Second)
				is(t, "while the prompt plays", call.Var("after"), "")
				pass(3 * time.Second)
				is(t, "then", call.Var("after"), "two")
			})
		})
	}
}

func TestEndOfTheFirstConnectionElsewhere(t *testing.T) {
	for _, at := range []struct{ resume, to, app, state, after string }{
		{"false", "600", "playback", "CS_EXECUTE", ""},
		{"false", "601", "conference", "CS_EXECUTE", ""},
		{"false", "602", "echo", "CS_EXECUTE", "park"},
		{"false", "604", "valet_park", "CS_EXECUTE", ""},
		{"true", "600", "", "CS_RESET", ""}, // in silence, until somebody acts
		{"true", "601", "", "CS_RESET", ""},
		{"true", "602", "", "CS_RESET", ""},
		{"true", "113", "echo", "CS_EXECUTE", "two"},
	} {
		t.Run(at.to+" "+at.resume, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				call, first := b.moved(at.resume, at.to)
				pass(0)
				first.send(esl.Raw("exit"))
				pass(time.Minute)
				is(t, "after", call.Var("after"), at.after)
				is(t, "application", b.s.Channels()[0].App, at.app)
				is(t, "state", call.leg.stateNow(), at.state)
				is(t, "cause", call.Cause(), "")
			})
		})
	}
}

func (c *channel) stateNow() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

func TestExitInTheTalkLeavesTheChannelAlone(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		call, a, w := b.talking(Behaviour{}, CallOptions{})
		a.send(esl.Raw("exit"))
		pass(time.Hour)
		is(t, "bridged", call.Bridged(), "agent")
		w.api("uuid_kill agent")
		has(t, w.events(), "CHANNEL_UNBRIDGE", "CHANNEL_PARK")
		pass(3 * time.Second)
		is(t, "park_timeout", call.Cause(), "NORMAL_CLEARING")
	})
}

func TestAfterExitATransferToAnywhereStays(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Extension("602", Plan("park", "set after=park", "echo")...)
		call, a, w := b.talking(Behaviour{}, CallOptions{})
		a.send(esl.Raw("exit"))
		w.api("uuid_transfer caller 602")
		pass(time.Hour)
		is(t, "after", call.Var("after"), "")
		is(t, "cause", call.Cause(), "")
	})
}

func TestNoeventsSilencesTheFirstConnection(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		_, first := b.moved("false", "113")
		second := b.accept()
		is(t, "reply", first.send(esl.Raw("noevents")).Text(), "+OK no longer listening for events")
		first.forget()
		second.execute("set", "a=b")
		same(t, "first", first.events(), nil)
		has(t, second.events(), "CHANNEL_EXECUTE_COMPLETE set")
	})
}

func TestDeadChannelStaysListedAsLongAsAConnectionLingers(t *testing.T) {
	for _, command := range []string{"linger", "nolinger"} {
		t.Run(command, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				_, a := b.caller(CallOptions{})
				w := b.watch()
				w.send(esl.Raw("event plain CHANNEL_HANGUP_COMPLETE"))
				a.send(esl.Raw(command))
				w.api("uuid_kill caller")
				has(t, w.events(), "CHANNEL_HANGUP", "CHANNEL_UNPARK", "CHANNEL_HANGUP_COMPLETE")
				is(t, "exists", w.api("uuid_exists caller"), "false")
				is(t, "variable", w.api("uuid_getvar caller uuid"), "-ERR No such channel!")
				if command == "linger" {
					pass(time.Hour)
					is(t, "listed", w.api("show channels count"), "\n1 total.")
					a.send(esl.Raw("exit"))
				}
				pass(0)
				is(t, "listed", w.api("show channels count"), "\n0 total.")
				has(t, w.events(), "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")
			})
		})
	}
}

func TestAgentsCallThroughOneSocketLine(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		b.s.Extension("112", Plan("socket acd:8084/nwayacd/112 async full")...)
		call := b.s.AgentCall("1000", "112")
		a := b.accept()
		is(t, "from", a.reply.Get("variable_user_name"), "1000")
		is(t, "number", a.reply.Get("Caller-Caller-ID-Number"), "1000")
		is(t, "group", a.reply.Get("variable_socket_path"), "nwayacd/112")
		a.send(esl.Raw("exit"))
		pass(0)
		is(t, "behind the only line there is nothing", call.Cause(), "NORMAL_CLEARING")
	})
}
