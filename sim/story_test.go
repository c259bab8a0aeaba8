package sim

import (
	"testing"
	"time"

	"nwayacd/esl"
)

func TestCallerIsGreetedBridgedAndHungUp(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{After: 3 * time.Second, Talk: time.Minute})
		call := b.s.Call(CallOptions{
			UUID: "caller", Number: "13800138000", Dialled: "110",
			Dialplan: Plan("set socket_resume=true", toACD),
		})
		a := b.accept()
		is(t, "Unique-ID", a.reply.Get("Unique-ID"), "caller")
		is(t, "caller's number", a.reply.Get("Caller-Caller-ID-Number"), "13800138000")
		is(t, "dialled", a.reply.Get("Caller-Destination-Number"), "110")
		is(t, "path", a.reply.Get("variable_socket_path"), "nwayacd/110")
		is(t, "control", a.reply.Get("Control"), "full")
		n := 0
		for range a.reply.Headers() {
			n++
		}
		if n < 90 {
			t.Errorf("connect has %d headers", n)
		}
		a.execute("answer", "")
		a.execute("playback", "welcome.wav")
		pass(time.Second)
		a.execute("playback", "local_stream://moh")
		a.send(esl.BgAPI("job",
			"originate {origination_uuid=agent,originate_timeout=15,park_timeout=10}user/1000 &park()"))
		pass(time.Second)
		if !b.s.Ringing("1000") {
			t.Error("the phone does not ring")
		}
		pass(2 * time.Second)
		is(t, "job", a.last("BACKGROUND_JOB").Body(), "+OK agent\n")
		a.api("uuid_setvar caller socket_resume false")
		a.api("uuid_setvar_multi caller park_after_bridge=true;park_timeout=3")
		is(t, "bridge", a.api("uuid_bridge caller agent"), "+OK agent")
		is(t, "bridged", call.Bridged(), "agent")
		pass(time.Minute)
		has(t, a.events(), "CHANNEL_ANSWER", "CHANNEL_EXECUTE playback", "CHANNEL_EXECUTE_COMPLETE playback",
			"CHANNEL_EXECUTE playback", "BACKGROUND_JOB +OK agent", "CHANNEL_EXECUTE_COMPLETE playback",
			"CHANNEL_UNPARK", "CHANNEL_EXECUTE_COMPLETE socket", "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_PARK")
		a.api("uuid_kill caller NORMAL_CLEARING")
		<-call.Done()
		has(t, a.events(), "CHANNEL_HANGUP", "linger", "CHANNEL_HANGUP_COMPLETE")
		same(t, "heard", call.Heard(), []string{"welcome.wav played", "local_stream://moh lost"})
		is(t, "cause", call.Cause(), "NORMAL_CLEARING")
		if counts := b.s.Counts(); counts.Bridges != 1 || counts.Originates != 1 || counts.Answers != 1 ||
			counts.Live != 0 {
			t.Errorf("counts %+v", counts)
		}
	})
}
