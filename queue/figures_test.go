package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

func (s *shift) figures(group string) GroupFigures {
	s.Helper()
	for _, g := range s.f.Figures(s.now).Groups {
		if g.Number == group {
			return g
		}
	}
	s.Fatalf("no figures of group %s", group)
	return GroupFigures{}
}

func TestTheLongestWaitCountsOnWhileAnAgentRingsAndEndsWithTheAnswer(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.edit(Change{VIPAdded: &VIP{"888", "110"}})
	s.calls("a", "1", "110")
	s.pass(3 * time.Second)
	s.calls("vip", "888", "110")
	s.pass(4 * time.Second)
	if g := s.figures("110"); g.Waiting != 2 || g.LongestWait < 7*time.Second || g.LongestWait > 8*time.Second {
		t.Errorf("while 1000 rings for the first caller: %+v", g)
	}
	s.talks("a", "1000")
	if g := s.figures("110"); g.Waiting != 1 || g.Talking != 1 || g.LongestWait < 4*time.Second ||
		g.LongestWait >= 7*time.Second {
		t.Errorf("after the answer: %+v", g)
	}
}

func TestAnAgentOfTwoGroupsIsCountedInBothAndOnceInAll(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.group("120", Sequence)
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110", "120"}, s.now))
	s.must(s.f.Login("1000", []string{"110", "120"}, s.now)) // twice is once
	s.must(s.f.Busy("1000", s.now))
	all := s.f.Figures(s.now).Agents
	for _, got := range []Standings{all, s.figures("110").Members, s.figures("120").Members} {
		if want := (Standings{agent.StandingBusy: 1}); got != want {
			t.Errorf("counted %v, want %v", got, want)
		}
	}
}

func TestOnlyWhoMissedEachOtherMayWaitBesideAFreeAgent(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "1", "110")
	l := s.rings("a", "1000")
	s.f.Miss(l, Miss{}, s.now)
	if g := s.figures("110"); g.Waiting != 1 || g.Members[agent.StandingReady] != 1 || g.Starved != 0 {
		t.Errorf("a moment after the missed offer: %+v", g)
	}
	// The fault is made by hand: without deadlines the agent is not matched again when its time is
	// over.
	s.f.deadlines = nil
	s.now = s.now.Add(plain.Reoffer + 3*time.Second)
	if g := s.figures("110"); g.Starved != 1 || g.StarvedFor != 3*time.Second {
		t.Errorf("3 seconds after they could have been paired again: %+v", g)
	}
}

func TestAnAvailableAgentThatIsNotIndexedIsNoticed(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.calls("a", "1", "110")
	s.f.lines["110"].standings[agent.StandingReady]++ // made by hand: counted as ready, and not indexed
	s.now = s.now.Add(time.Second)
	if g := s.figures("110"); g.Starved != 1 || g.StarvedFor < time.Second {
		t.Errorf("got %+v", g)
	}
}
