package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nwayacd/esl"
)

const bothContacts = "[origination_uuid=one]sofia/internal/sip:1000@127.0.0.1:5060," +
	"[origination_uuid=two]sofia/internal/sip:1000@127.0.0.1:5060;line=web"

func TestContactsOfAnExtension(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		a := b.client()
		a.send(esl.Raw("event plain CUSTOM sofia::register sofia::unregister sofia::expire"))
		is(t, "nobody", a.api("sofia_contact */1000@sim.local"), "error/user_not_registered")
		b.s.Agent("1000", Behaviour{})
		b.s.Register("1000", "web", Behaviour{})
		desk, web := "sofia/internal/sip:1000@127.0.0.1:5060", "sofia/internal/sip:1000@127.0.0.1:5060;line=web"
		is(t, "two", a.api("sofia_contact */1000@sim.local"), desk+","+web)
		is(t, "in another domain", a.api("sofia_contact */1000@elsewhere"), "error/user_not_registered")
		if text := a.api("show registrations as json"); strings.Count(text, `"reg_user":"1000"`) != 2 {
			t.Errorf("registrations: %s", text)
		}
		b.s.Unregister("1000", "")
		pass(0)
		e := a.last("CUSTOM")
		is(t, "which contact ended", e.Get("contact")+" "+e.Get("call-id"), "<sip:1000@127.0.0.1:5060> register-1000")
		is(t, "one", a.api("sofia_contact 1000@sim.local"), web)
		b.s.ExpireDevice("1000", "web")
		pass(0)
		e = a.last("CUSTOM")
		is(t, "who expired", e.Subclass()+" "+e.Get("user")+" "+e.Get("call-id"),
			"sofia::expire 1000 register-1000-web")
		is(t, "none", a.api("sofia_contact */1000@sim.local"), "error/user_not_registered")
	})
}

func TestTheFirstToAnswerWinsAndTheOthersLoseTheRace(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{Do: Misses})
		b.s.Register("1000", "web", Behaviour{After: time.Second})
		a := b.client()
		a.send(esl.Raw("event plain CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_HANGUP"))
		is(t, "job", a.api("originate {presence_data=mine,x=1}"+bothContacts+" &park()"), "+OK two")
		pass(0)
		e := a.last("CHANNEL_HANGUP")
		is(t, "the loser",
			e.Get("Unique-ID")+" "+e.Get("Hangup-Cause")+" "+e.Get("Channel-Presence-Data")+" "+e.Get("variable_x"),
			"one LOSE_RACE mine 1")
		if n := b.s.Counts(); n.DoubleOffers != 0 || n.Originates != 2 {
			t.Errorf("counts: %+v", n)
		}
	})
}

func TestUserWithOneUUIDRingsOneTelephoneOnly(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{Do: Misses})
		b.s.Register("1000", "web", Behaviour{})
		a := b.client()
		is(t, "with", a.api("originate {origination_uuid=leg,originate_timeout=5}user/1000 &park()"), "-ERR NO_ANSWER")
		if got := a.api("originate {originate_timeout=5}user/1000 &park()"); !strings.HasPrefix(got, "+OK ") {
			t.Errorf("without: %s", got)
		}
	})
}

func TestWhatATelephoneAnswers(t *testing.T) {
	for code, cause := range map[int]string{
		404: "UNALLOCATED_NUMBER", 408: "RECOVERY_ON_TIMER_EXPIRE", 480: "NO_USER_RESPONSE", 486: "USER_BUSY",
		488: "INCOMPATIBLE_DESTINATION", 500: "NORMAL_TEMPORARY_FAILURE", 503: "NORMAL_TEMPORARY_FAILURE",
		600: "USER_BUSY", 603: "CALL_REJECTED",
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			inBubble(t, Options{}, func(b *bed) {
				b.s.Agent("1000", Behaviour{Do: Refuses, Code: code})
				a := b.client()
				a.send(esl.Raw("event plain CHANNEL_HANGUP"))
				is(t, "job", a.api("originate user/1000 &park()"), "-ERR "+cause)
				pass(0)
				is(t, "number", a.last("CHANNEL_HANGUP").Get("variable_proto_specific_hangup_cause"),
					fmt.Sprintf("sip:%d", code))
			})
		})
	}
}

func TestASilentTelephoneAForwardAndADirectoryThatIsAway(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		a := b.client()
		a.send(esl.Raw("event plain CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA"))
		b.s.Agent("1000", Behaviour{Do: Misses, Quiet: true})
		is(t, "silent", a.api("originate {originate_timeout=5}user/1000 &park()"), "-ERR NO_ANSWER")
		pass(0)
		if seen := a.events(); len(seen) != 0 {
			t.Errorf("it said %q", seen)
		}
		b.s.Agent("999", Behaviour{})
		b.s.Agent("1000", Behaviour{Do: Forwards, To: "999"})
		is(t, "followed", a.api("originate {origination_uuid=leg}user/1000 &park()"), "+OK leg")
		is(t, "not followed", a.api("originate {outbound_redirect_fatal=true}user/1000 &park()"),
			"-ERR REQUESTED_CHAN_UNAVAIL")
		b.s.DirectoryAway(true)
		is(t, "away", a.api("originate user/1000 &park()"), "-ERR SUBSCRIBER_ABSENT")
	})
}
