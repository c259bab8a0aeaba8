package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

func TestTheCallerKeepsThePlaceAfterAMiss(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.calls("b", "", "110")
	s.calls("c", "", "110")
	place := s.ledger.waiting()["a"]
	s.misses(s.rings("a", "1000"))
	if got := s.ledger.waiting()["a"]; got != place {
		t.Errorf("the row is %+v, was %+v", got, place)
	}
	s.rings("b", "1000")
	s.hire("1001")
	s.must(s.f.Login("1001", []string{"110"}, s.now))
	s.rings("a", "1001")
}

func TestAVIPStaysOneAfterAMiss(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.edit(Change{VIPAdded: &VIP{"888", "110"}})
	s.calls("vip", "888", "110")
	s.calls("b", "", "110")
	s.misses(s.rings("vip", "1000"))
	s.pass(plain.Reoffer)
	s.misses(s.rings("b", "1000"))
	s.rings("vip", "1000")
}

func TestWhoMissedIsSkippedWhileAnotherIsFree(t *testing.T) {
	for _, mode := range []Mode{Sequence, Random, Cyclic, RememberSequence, RememberRandom, RememberCyclic} {
		t.Run(mode.String(), func(t *testing.T) {
			s := begin(t, plain)
			s.group("110", mode, "1000", "1001")
			s.calls("a", "13800000000", "110")
			first := s.offers[0].Agent.Extension
			second := either(first == "1000", "1001", "1000")
			s.misses(s.rings("a", first))
			l := s.rings("a", second)
			s.pass(plain.Reoffer + time.Second) // the first may be offered it again, if the second misses
			s.misses(l)
			s.rings("a", first)
		})
	}
}

func TestTheRememberedAgentMissedIt(t *testing.T) {
	s := spokeWith(t, RememberSequence, "1002")
	s.calls("again", "13800000000", "110")
	s.misses(s.rings("again", "1002"))
	s.rings("again", "1000")
}

func TestEverybodyMissedIt(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.calls("a", "", "110")
	s.misses(s.rings("a", "1000"))
	s.pass(time.Second)
	s.misses(s.rings("a", "1001"))
	s.quiet()
	s.pass(plain.Reoffer - time.Second)
	s.rings("a", "1000")
}

func TestAloneTheAgentIsTriedAgainAfterReofferSeconds(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	for range 3 {
		s.misses(s.rings("a", "1000"))
		s.state("1000", agent.Ready)
		if next := s.f.Next(); !next.Equal(s.now.Add(plain.Reoffer)) {
			t.Fatalf("the next step is at %v, want %v", next, s.now.Add(plain.Reoffer))
		}
		s.pass(plain.Reoffer - time.Nanosecond)
		s.quiet()
		s.pass(time.Nanosecond)
	}
	s.rings("a", "1000")
}

func TestMeanwhileTheNextCallerMayGetTheAgent(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.misses(s.rings("a", "1000"))
	s.calls("b", "", "110")
	l := s.talks("b", "1000")
	s.pass(plain.Reoffer)
	s.quiet()
	s.ends(l)
	s.rings("a", "1000")
}

func TestAnAgentWhoLogsInMeanwhileTakesTheMissedCaller(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.misses(s.rings("a", "1000"))
	s.pass(time.Second)
	s.hire("1001")
	s.must(s.f.Login("1001", []string{"110"}, s.now))
	s.talks("a", "1001")
	s.pass(time.Minute)
	s.quiet()
}

func TestReadyByHandDoesNotShortenReofferSeconds(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.misses(s.rings("a", "1000"))
	s.must(s.f.Ready("1000", s.now))
	s.quiet()
	s.pass(plain.Reoffer)
	s.rings("a", "1000")
}

func TestAMissWithNoanswerToReady(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.misses(s.rings("a", "1000"))
	s.state("1000", agent.Ready)
	s.said("1000", agent.StatusRing, agent.StatusReady)
}

func TestAMissWithoutNoanswerToReady(t *testing.T) {
	rules := plain
	rules.NoAnswerToReady = false
	s := begin(t, rules)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.misses(s.rings("a", "1000"))
	s.state("1000", agent.NoAnswer)
	s.said("1000", agent.StatusRing, agent.StatusNoAnswer)
	s.pass(time.Hour)
	s.calls("b", "", "110")
	s.quiet()
	s.must(s.f.Ready("1000", s.now))
	s.rings("a", "1000")
}

func TestTheLegDiesBetweenAnswerAndBridge(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.calls("a", "", "110")
	place := s.ledger.waiting()["a"]
	s.misses(s.talks("a", "1000"))
	if got := s.ledger.waiting()["a"]; got != place {
		t.Errorf("the row is %+v, was %+v", got, place)
	}
	s.rings("a", "1001")
}

func TestAnOfferThatFreeSWITCHForgotExpires(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.calls("a", "", "110")
	l := s.rings("a", "1000")
	s.pass(DefaultRingTimeout + LeaseGrace - time.Nanosecond)
	s.quiet()
	s.pass(time.Nanosecond)
	if len(s.expired) != 1 || s.expired[0] != l {
		t.Fatalf("expired: %v", s.expired)
	}
	s.state("1000", agent.Ready)
	s.rings("a", "1001")
	if s.f.Answer(l, s.now) {
		t.Error("an answer after the end of the offer counts")
	}
	if s.f.Miss(l, Miss{Unregistered: true}, s.now) {
		t.Error("a miss after the end of the offer counts")
	}
	s.look()
	if !s.view("1000").Registered {
		t.Error("a miss after the end of the offer unregistered the agent")
	}
}

func TestATalkDoesNotExpire(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.talks("a", "1000")
	s.pass(24 * time.Hour)
	s.state("1000", agent.Talking)
	if len(s.expired) > 0 {
		t.Error("a talk expired")
	}
}

func TestFreeSWITCHKnowsNoPhoneForTheAgent(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	if !s.f.Miss(s.rings("a", "1000"), Miss{Unregistered: true}, s.now) {
		t.Error("the caller is not back in the line")
	}
	s.look()
	if s.ledger.kept.agent("1000").Registered {
		t.Error("still registered")
	}
	s.pass(time.Minute)
	s.quiet()
	s.must(s.f.SetRegistered("1000", true, s.now))
	s.rings("a", "1000")
}

func TestTheTalkEndsBeforeItWasAnswered(t *testing.T) {
	rules := plain
	rules.TypingAuto = true
	s := begin(t, rules)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.ends(s.rings("a", "1000"))
	s.state("1000", agent.Ready)
	s.counts("110", 1, 0, 0)
}
