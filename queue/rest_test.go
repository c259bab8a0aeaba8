package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

// resting are the configuration's defaults of the rests.
func resting() Settings {
	rules := plain
	rules.RestBusy, rules.RestReject = 15*time.Second, 10*time.Second
	rules.RestNoAnswer, rules.RestUnreachable = 5*time.Second, 30*time.Second
	return rules
}

// missesFor misses the lease for that cause.
func (s *shift) missesFor(l *Lease, cause MissCause) {
	s.Helper()
	if !s.f.Miss(l, Miss{Cause: cause}, s.now) {
		s.Fatalf("%s is not back in the line", l.Call)
	}
	s.look()
}

// restsFor expects that no phone rings for exactly this long.
func (s *shift) restsFor(d time.Duration) {
	s.Helper()
	s.pass(d - time.Nanosecond)
	s.quiet()
	s.pass(time.Nanosecond)
	if len(s.offers) == 0 {
		s.Fatalf("no phone rings after %v", d)
	}
}

// standing expects the agent's standing.
func (s *shift) standing(extension string, want agent.Standing) {
	s.Helper()
	v, counted := s.view(extension), s.f.Figures(s.now).Agents
	if got := v.Standing(); got != want || counted[want] != 1 {
		s.Fatalf("%s is %v (counted %v), want %v", extension, got, counted, want)
	}
}

func TestEachCauseHasItsRestWhichDoubles(t *testing.T) {
	for _, c := range []struct {
		cause MissCause
		rests []time.Duration // in seconds
	}{
		{MissBusy, []time.Duration{15, 30, 60, 120, 240, 300, 300}},
		{MissReject, []time.Duration{10, 20, 40, 80, 160, 300, 300}},
		{MissNoAnswer, []time.Duration{5, 10, 20, 40, 80, 160, 300, 300}},
		{MissUnreachable, []time.Duration{30, 60, 120, 240, 300, 300}},
		{MissNone, []time.Duration{5, 5, 5}}, // reoffer-seconds
	} {
		t.Run(string(c.cause), func(t *testing.T) {
			s := begin(t, resting())
			s.group("110", Sequence, "1000")
			s.calls("a", "", "110")
			for _, rest := range c.rests {
				s.missesFor(s.rings("a", "1000"), c.cause)
				s.state("1000", agent.Ready)
				s.restsFor(rest * time.Second)
			}
		})
	}
}

func TestAnAgentWhoRestsIsOfferedNoCall(t *testing.T) {
	s := begin(t, resting())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.missesFor(s.rings("a", "1000"), MissBusy)
	s.said("1000", agent.StatusRing, agent.StatusReady) // a program that reads the events sees no new word
	s.standing("1000", agent.StandingRest)
	s.calls("b", "", "110")
	s.quiet()
	s.counts("110", 0, 2, 0)
	s.refused(s.f.Transfer("b", "1000", s.now), ErrNotFree)
	if got := s.f.Figures(s.now); got.Resting[MissBusy] != 1 || got.Misses[MissBusy] != 1 ||
		got.Groups[0].Starved != 0 {
		t.Errorf("figures: %+v", got)
	}
	s.pass(14 * time.Second) // b came a second after the miss
	s.rings("a", "1000")
	if got := s.f.Figures(s.now); got.Resting[MissBusy] != 0 {
		t.Errorf("figures: %+v", got)
	}
}

func TestOnlyTheOneWhoMissedRests(t *testing.T) {
	s := begin(t, resting())
	s.group("110", Sequence, "1000", "1001")
	s.calls("a", "", "110")
	s.missesFor(s.rings("a", "1000"), MissUnreachable)
	s.talks("a", "1001")
	s.calls("b", "", "110")
	s.quiet()
	s.pass(29 * time.Second)
	s.rings("b", "1000")
}

func TestTheRowOfMissesIsOfAllCauses(t *testing.T) {
	s := begin(t, resting())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.missesFor(s.rings("a", "1000"), MissNoAnswer)
	s.restsFor(5 * time.Second)
	s.missesFor(s.rings("a", "1000"), MissNone) // not the agent's fault
	s.restsFor(5 * time.Second)
	s.missesFor(s.rings("a", "1000"), MissBusy)
	if rest := s.view("1000").Rest; rest != (agent.Rest{
		Misses: 2, Cause: MissBusy,
		Until: s.now.Add(30 * time.Second),
	}) {
		t.Errorf("%+v", rest)
	}
	s.restsFor(30 * time.Second)
}

func TestWhatEndsARest(t *testing.T) {
	up, ready := true, agent.Ready
	for what, end := range map[string]func(*shift){
		"nway_ready":         func(s *shift) { s.must(s.f.Ready("1000", s.now)) },
		"nway_login":         func(s *shift) { s.must(s.f.Login("1000", []string{"110"}, s.now)) },
		"nway_set_reged_ext": func(s *shift) { s.must(s.f.SetRegistered("1000", true, s.now)) },
		"a new registration": func(s *shift) {
			s.f.EndRest("1000", s.now)
			s.look()
		},
		"a phone that went and is back": func(s *shift) {
			s.f.Registration("1000", false, "", s.now)
			s.f.Registration("1000", true, "", s.now)
			s.look()
		},
		"a row edited to busy and back": func(s *shift) {
			down := false
			s.edit(Change{Agent: &agent.Update{Extension: "1000", Idle: &down}})
			s.edit(Change{Agent: &agent.Update{Extension: "1000", Idle: &up}})
		},
		"a row edited to typing and back": func(s *shift) {
			typing := agent.Typing
			s.edit(Change{Agent: &agent.Update{Extension: "1000", Call: &typing}})
			s.edit(Change{Agent: &agent.Update{Extension: "1000", Call: &ready}})
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := begin(t, resting())
			s.group("110", Sequence, "1000")
			s.calls("a", "", "110")
			s.missesFor(s.rings("a", "1000"), MissBusy)
			s.calls("b", "", "110")
			s.quiet()
			end(s)
			s.missesFor(s.rings("b", "1000"), MissBusy) // a is held off the agent for reoffer-seconds
			if rest := s.view("1000").Rest; rest.Misses != 1 || !rest.Until.Equal(s.now.Add(15*time.Second)) {
				t.Errorf("the row of misses goes on: %+v", rest)
			}
		})
	}
}

func TestARegistrationThatIsRenewedEndsNoRest(t *testing.T) {
	s := begin(t, resting())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.missesFor(s.rings("a", "1000"), MissBusy)
	s.pass(10 * time.Second)
	s.f.Registration("1000", true, "", s.now)
	s.look()
	s.restsFor(5 * time.Second)
}

func TestATalkEndsTheRowOfMisses(t *testing.T) {
	s := begin(t, resting())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.missesFor(s.rings("a", "1000"), MissBusy)
	s.pass(15 * time.Second)
	s.talks("a", "1000")
	if rest := s.view("1000").Rest; rest != (agent.Rest{}) {
		t.Errorf("%+v", rest)
	}
}

func TestAPhoneThatAnswersAndHangsUpAtOnceMissesAgainAndAgain(t *testing.T) {
	s := begin(t, resting())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	for _, rest := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
		l := s.rings("a", "1000")
		s.answers(l)
		s.missesFor(l, MissNoAnswer)
		s.restsFor(rest)
	}
}

func TestACallOutEndsTheRowOfMisses(t *testing.T) {
	s := begin(t, resting())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.missesFor(s.rings("a", "1000"), MissBusy)
	_, l := s.f.Engage("1000", "out", s.now)
	s.look()
	s.pass(6 * time.Second)
	s.f.End(l, s.now)
	s.look()
	s.rings("a", "1000")
}

func TestAfterMaxMissesTheAgentIsNoanswer(t *testing.T) {
	rules := resting()
	rules.MaxMisses = 3
	s := begin(t, rules)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	for _, rest := range []time.Duration{5 * time.Second, 10 * time.Second} {
		s.missesFor(s.rings("a", "1000"), MissNoAnswer)
		s.standing("1000", agent.StandingRest)
		s.restsFor(rest)
	}
	s.statuses = nil
	s.missesFor(s.rings("a", "1000"), MissNoAnswer)
	s.standing("1000", agent.StandingNoAnswer)
	s.said("1000", agent.StatusNoAnswer)
	if rest := s.view("1000").Rest; rest != (agent.Rest{Misses: 3, Cause: MissNoAnswer}) {
		t.Errorf("%+v", rest)
	}
	s.pass(time.Hour)
	s.quiet()
	s.must(s.f.Ready("1000", s.now))
	s.missesFor(s.rings("a", "1000"), MissNoAnswer)
	s.standing("1000", agent.StandingRest)
}

func TestMissesThatAreNotTheAgentsFaultTakeNoAgentOut(t *testing.T) {
	rules := resting()
	rules.MaxMisses = 1
	s := begin(t, rules)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.rings("a", "1000")
	s.pass(DefaultRingTimeout + LeaseGrace) // FreeSWITCH does not answer at all
	s.standing("1000", agent.StandingReady)
	s.pass(plain.Reoffer)
	s.missesFor(s.rings("a", "1000"), MissNone)
	s.standing("1000", agent.StandingReady)
}

func TestAnExtensionThatIsRemovedRestsNoMore(t *testing.T) {
	s := begin(t, resting())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.missesFor(s.rings("a", "1000"), MissBusy)
	s.must(s.f.RemoveAgent("1000"))
	if got := s.f.Figures(s.now).Resting[MissBusy]; got != 0 {
		t.Errorf("%d rest", got)
	}
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	s.pass(plain.Reoffer)
	s.talks("a", "1000")
	s.pass(time.Minute)
	s.state("1000", agent.Talking)
}
