package sim

import (
	"testing"
	"time"

	"nwayacd/esl"
)

func TestFailuresOfOriginate(t *testing.T) {
	for _, c := range []struct {
		name, dial string
		phone      Behaviour
		want       string
	}{
		{"rings until its timeout", "user/1000", Behaviour{Do: Misses}, "-ERR NO_ANSWER"},
		{"busy", "user/1000", Behaviour{Do: Refuses}, "-ERR USER_BUSY"},
		{"refused by the agent", "user/1000", Behaviour{Do: Refuses, Cause: "CALL_REJECTED"}, "-ERR CALL_REJECTED"},
		{"not registered", "user/1000", Behaviour{Do: Unregistered}, "-ERR SUBSCRIBER_ABSENT"},
		{"no such user", "user/4711", Behaviour{}, "-ERR SUBSCRIBER_ABSENT"},
		{"nobody at that address", "sofia/internal/4711@10.0.0.9", Behaviour{}, "-ERR NORMAL_TEMPORARY_FAILURE"},
		{"no such gateway", "sofia/gateway/nowhere/1", Behaviour{}, "-ERR INVALID_GATEWAY"},
		{"no number", "sofia/gateway/gw/", Behaviour{}, "-ERR UNALLOCATED_NUMBER"},
		{"a cause on order", "error/UNALLOCATED_NUMBER", Behaviour{}, "-ERR UNALLOCATED_NUMBER"},
		{"answers", "user/1000", Behaviour{After: 14 * time.Second}, "+OK leg"},
		{"answers elsewhere", "sofia/internal/1000@10.0.0.9", Behaviour{}, "+OK leg"},
		{"answers behind a gateway", "sofia/gateway/gw/13800138000", Behaviour{}, "+OK leg"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				b.s.Agent("1000", c.phone)
				b.s.Gateway("gw", Behaviour{})
				a := b.client()
				is(t, "originate",
					a.api("originate {origination_uuid=leg,originate_timeout=15,ignore_early_media=true}"+c.dial+
						" &park()"), c.want)
			})
		})
	}
}

func TestUserNeedsTheGlobalDomain(t *testing.T) {
	inBubble(t, Options{Domain: "-"}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		a := b.client()
		is(t, "without", a.api("originate user/1000 &park()"), "-ERR SUBSCRIBER_ABSENT")
		a.api("global_setvar domain=pbx.local")
		is(t, "with", a.api("originate {origination_uuid=leg}user/1000 &park()"), "+OK leg")
	})
}

func TestJobIsAnsweredAtOnceAndEndsLater(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{After: time.Second})
		a := b.client()
		a.send(esl.Raw("event plain BACKGROUND_JOB CHANNEL_ANSWER"))
		is(t, "reply", a.send(esl.BgAPI("mine", "originate {origination_uuid=leg}user/1000 &park()")).Text(),
			"+OK Job-UUID: mine")
		pass(time.Second)
		e := a.last("BACKGROUND_JOB")
		is(t, "job", e.Get("Job-UUID"), "mine")
		is(t, "body", e.Body(), "+OK leg\n")
		is(t, "command", e.Get("Job-Command"), "originate")
		is(t, "leg's dialed_user", a.last("CHANNEL_ANSWER").Get("variable_dialed_user"), "1000")
	})
}

func TestSecondLiveLegToAnExtensionIsCounted(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		a := b.client()
		a.api("originate {origination_uuid=one}user/1000 &park()")
		a.api("uuid_kill one")
		a.api("originate {origination_uuid=two}user/1000 &park()")
		if n := b.s.Counts().DoubleOffers; n != 0 {
			t.Errorf("one after the other: %d", n)
		}
		a.api("originate {origination_uuid=three}user/1000 &park()")
		if n := b.s.Counts().DoubleOffers; n != 1 {
			t.Errorf("at once: %d", n)
		}
	})
}

func TestUUIDInUseFailsTheOriginate(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		a := b.client()
		a.api("originate {origination_uuid=one}user/1000 &park()")
		is(t, "again", a.api("originate {origination_uuid=one}user/1000 &park()"), "-ERR DESTINATION_OUT_OF_ORDER")
	})
}

func TestValuesInBraces(t *testing.T) {
	for _, c := range []struct{ text, value string }{
		{`x='1\,2 3'`, "1,2 3"},
		{`x='1,2 3'`, "1"},
		{`x=plain`, "plain"},
		{`x='O\'Hara'`, "O'Hara"},
		{`x='core ${hostname}'`, "core sim"},
	} {
		t.Run(c.text, func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				b.s.Agent("1000", Behaviour{})
				a := b.client()
				is(t, "originate", a.api("originate {origination_uuid=leg,"+c.text+"}user/1000 &park()"), "+OK leg")
				is(t, "value", a.api("uuid_getvar leg x"), c.value)
			})
		})
	}
}

func TestUnquotedSpaceBreaksTheCommand(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		a := b.client()
		if got := a.api("originate {origination_uuid=leg,x=1 2}user/1000 &park()"); got == "+OK leg" {
			t.Errorf("got %q", got)
		}
	})
}

func TestVarsOfPackageESLArrive(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		a := b.client()
		vars := esl.Vars(esl.Header{Name: "origination_uuid", Value: "leg"},
			esl.Header{Name: "origination_caller_id_name", Value: "Smith, John & Co = 1;2"},
			esl.Header{Name: "origination_caller_id_number", Value: "+86 138"},
			esl.Header{Name: "absolute_codec_string", Value: "PCMA,H264"})
		is(t, "originate", a.api("originate "+vars+"user/1000 &park()"), "+OK leg")
		is(t, "name", a.api("uuid_getvar leg caller_id_name"), "Smith, John & Co = 1;2")
		is(t, "number", a.api("uuid_getvar leg caller_id_number"), "+86 138")
		is(t, "codecs", a.api("uuid_getvar leg absolute_codec_string"), "PCMA,H264")
	})
}

func TestExecuteOnAnswerRunsOnTheLeg(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		a := b.client()
		a.api("originate {origination_uuid=leg,execute_on_answer='set asr=yes'}user/1000 &park()")
		is(t, "variable", a.api("uuid_getvar leg asr"), "yes")
	})
}

func TestPhoneCallsPastTheACD(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		b.s.Agent("1001", Behaviour{After: time.Second})
		a := b.client()
		a.send(esl.Raw("event plain CHANNEL_CREATE CHANNEL_BRIDGE CHANNEL_HANGUP_COMPLETE"))
		call := b.s.AgentCall("1000", "1001")
		pass(0)
		is(t, "user_name", call.Var("user_name"), "1000")
		pass(time.Second)
		is(t, "dialed_user", a.last("CHANNEL_CREATE").Get("variable_dialed_user"), "1001")
		is(t, "user_name on the bridge", a.last("CHANNEL_BRIDGE").Get("variable_user_name"), "1000")
		call.Hangup()
		pass(0)
		if n := len(b.s.Channels()); n != 0 {
			t.Errorf("%d channels are left", n)
		}
		out := b.s.AgentCall("1000", "013800138000")
		pass(time.Hour)
		if !out.Answered() || out.Cause() != "" {
			t.Errorf("answered %v, cause %q", out.Answered(), out.Cause())
		}
	})
}
