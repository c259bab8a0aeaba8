package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestParseMode(t *testing.T) {
	for n, name := range []string{
		"sequence", "random", "cyclic", "remember+sequence", "remember+random",
		"remember+cyclic",
	} {
		if m, err := ParseMode(n); err != nil || int(m) != n || m.String() != name || m.Remembers() != (n >= 3) ||
			int(m.base()) != n%3 {
			t.Errorf("mode %d: %v %v remembers %v base %v", n, m, err, m.Remembers(), m.base())
		}
	}
	for _, n := range []int{-1, 6, 256} {
		if m, err := ParseMode(n); err == nil {
			t.Errorf("mode %d is read as %v", n, m)
		}
	}
	if got := Mode(7).String(); got != "mode(7)" {
		t.Errorf("an unknown mode is called %q", got)
	}
}

func TestSequenceRingsTheLowestExtensionAsANumber(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "abc", "999", "1001")
	for i, want := range []string{"999", "1000", "1001", "abc"} {
		s.calls(fmt.Sprint(i), "", "110")
		s.rings(fmt.Sprint(i), want)
	}
}

func TestSequenceRingsTheLowestAgainAsSoonAsItIsFree(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	for _, uuid := range []string{"a", "b", "c"} {
		s.calls(uuid, "", "110")
		s.ends(s.talks(uuid, "1000"))
	}
}

func TestRandomRingsEveryFreeAgentAboutEquallyOften(t *testing.T) {
	s := begin(t, plain)
	extensions := []string{"1000", "1001", "1002", "1003"}
	s.group("110", Random, extensions...)
	rung := map[string]int{}
	for i := range 4000 {
		uuid := fmt.Sprint(i)
		s.f.Join(Arrival{UUID: uuid, Group: "110", Since: s.now})
		s.f.Open(uuid, s.now)
		l := s.f.TakeEffects().Offers[0]
		rung[l.Agent.Extension]++
		s.f.Leave(uuid, s.now)
	}
	for _, extension := range extensions {
		if n := rung[extension]; n < 850 || n > 1150 {
			t.Errorf("%s rang %d times of 4000", extension, n)
		}
	}
}

func TestRandomWithTheSameSeedRingsTheSameAgents(t *testing.T) {
	run := func() (rung []string) {
		s := begin(t, plain)
		s.group("110", Random, "1000", "1001", "1002", "1003")
		for i := range 50 {
			s.calls(fmt.Sprint(i), "", "110")
			rung = append(rung, s.offers[0].Agent.Extension)
			s.offers = nil
			s.leaves(fmt.Sprint(i))
		}
		return rung
	}
	if first, second := run(), run(); !slices.Equal(first, second) {
		t.Errorf("%v\n%v", first, second)
	}
}

func TestCyclicGoesRoundAndWraps(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Cyclic, "999", "1000", "1001")
	for i, want := range []string{"999", "1000", "1001", "999", "1000"} {
		uuid := fmt.Sprint(i)
		s.calls(uuid, "", "110")
		s.ends(s.talks(uuid, want))
		if got := s.ledger.kept.group("110").Cursor; got != want {
			t.Fatalf("the pointer written is %q, want %q", got, want)
		}
	}
}

func TestCyclicPassesOverWhoIsNotFree(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Cyclic, "1000", "1001", "1002")
	s.calls("a", "", "110")
	s.talks("a", "1000")
	s.must(s.f.Busy("1001", s.now))
	s.calls("b", "", "110")
	s.talks("b", "1002")
	s.must(s.f.Ready("1001", s.now))
	s.calls("c", "", "110")
	s.rings("c", "1001")
}

func TestCyclicPointerAtAnExtensionThatIsGone(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Cyclic, "1000", "1002")
	s.edit(Change{Group: &GroupUpdate{Number: "110", Cursor: new("1001")}})
	s.calls("a", "", "110")
	s.rings("a", "1002")
	s.calls("b", "", "110")
	s.rings("b", "1000")
}

func TestCyclicPointerMovesAlsoWhenAFreedAgentTakesAWaitingCaller(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Cyclic, "1000", "1001")
	s.must(s.f.Busy("1000", s.now))
	s.must(s.f.Busy("1001", s.now))
	s.calls("a", "", "110")
	s.must(s.f.Ready("1000", s.now))
	s.ends(s.talks("a", "1000"))
	s.must(s.f.Ready("1001", s.now))
	s.calls("b", "", "110")
	s.rings("b", "1001")
}

func TestCyclicOneAgentWritesThePointerOnce(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Cyclic, "1000")
	for i := range 3 { // the ledger fails if the cursor is written again with the same value
		s.calls(fmt.Sprint(i), "", "110")
		s.ends(s.talks(fmt.Sprint(i), "1000"))
	}
}

// TestTheRememberedAgentIsTriedFirst: the caller spoke with 1002, who would be next in none of the
// modes.
func TestTheRememberedAgentIsTriedFirst(t *testing.T) {
	for _, mode := range []Mode{RememberSequence, RememberRandom, RememberCyclic} {
		t.Run(mode.String(), func(t *testing.T) {
			s := spokeWith(t, mode, "1002")
			s.calls("again", "13800000000", "110")
			s.rings("again", "1002")
		})
	}
}

// spokeWith is a group of 1000, 1001 and 1002, all available. The caller has spoken with one of
// them.
func spokeWith(t *testing.T, mode Mode, extension string) *shift {
	t.Helper()
	s := begin(t, plain)
	all := []string{"1000", "1001", "1002"}
	s.group("110", mode, all...)
	for _, other := range all {
		if other != extension {
			s.must(s.f.Busy(other, s.now))
		}
	}
	s.calls("before", "13800000000", "110")
	s.ends(s.talks("before", extension))
	for _, other := range all {
		s.must(s.f.Ready(other, s.now))
	}
	return s
}

func TestTheModesWithoutMemoryRememberNoAgent(t *testing.T) {
	for _, mode := range []Mode{Sequence, Cyclic} {
		t.Run(mode.String(), func(t *testing.T) {
			s := spokeWith(t, mode, "1002")
			s.calls("again", "13800000000", "110")
			s.rings("again", "1000")
			if len(s.ledger.kept.Memories) > 0 {
				t.Errorf("remembered: %v", s.ledger.kept.Memories)
			}
		})
	}
}

func TestTheRememberedAgentIsNotAvailable(t *testing.T) {
	for name, away := range map[string]func(*shift){
		"busy":       func(s *shift) { s.must(s.f.Busy("1002", s.now)) },
		"logged out": func(s *shift) { s.must(s.f.Logout("1002", s.now)) },
		"in another group only": func(s *shift) {
			s.must(s.f.AddGroup("120", Sequence, s.now))
			s.must(s.f.Login("1002", []string{"120"}, s.now))
		},
		"removed": func(s *shift) { s.must(s.f.RemoveAgent("1002")) },
		"ringing": func(s *shift) {
			s.calls("other", "", "110")
			l := s.rings("other", "1000")
			s.must(s.f.Transfer("other", "1002", s.now))
			s.rings("other", "1002")
			s.f.Withdraw(l, s.now)
			s.look()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := spokeWith(t, RememberSequence, "1002")
			away(s)
			s.calls("again", "13800000000", "110")
			s.rings("again", "1000")
		})
	}
}

func TestAnotherCallerOrAnotherGroupIsNotRemembered(t *testing.T) {
	s := spokeWith(t, RememberSequence, "1002")
	s.calls("another", "13911111111", "110")
	s.rings("another", "1000")
	s.group("120", RememberSequence, "1001", "1002")
	s.calls("elsewhere", "13800000000", "120")
	s.rings("elsewhere", "1001")
}

func TestACallerWithoutANumberIsNotRemembered(t *testing.T) {
	s := begin(t, plain)
	s.group("110", RememberSequence, "1000", "1001")
	s.must(s.f.Busy("1000", s.now))
	s.calls("a", "", "110")
	s.ends(s.talks("a", "1001"))
	s.must(s.f.Ready("1000", s.now))
	s.calls("b", "", "110")
	s.rings("b", "1000")
	if len(s.ledger.kept.Memories) > 0 {
		t.Errorf("remembered: %v", s.ledger.kept.Memories)
	}
}

func TestMemoryEndsAfterRememberDays(t *testing.T) {
	for _, test := range []struct {
		passed time.Duration
		want   string
	}{{plain.Remember - time.Hour, "1002"}, {plain.Remember + time.Hour, "1000"}} {
		s := spokeWith(t, RememberSequence, "1002")
		s.pass(test.passed)
		s.calls("again", "13800000000", "110")
		s.rings("again", test.want)
	}
}

func TestWithoutRememberDaysMemoryDoesNotEnd(t *testing.T) {
	s := spokeWith(t, RememberSequence, "1002")
	settings := plain
	settings.Remember = 0
	s.f.Configure(settings)
	s.pass(10 * 365 * 24 * time.Hour)
	s.calls("again", "13800000000", "110")
	s.rings("again", "1002")
}

func TestMemoriesThatHaveEndedAreDropped(t *testing.T) {
	s := begin(t, plain)
	s.group("110", RememberSequence, "1000")
	for round := range 3 {
		for i := range 40 {
			uuid := fmt.Sprint(round, "-", i)
			s.calls(uuid, uuid, "110")
			s.ends(s.talks(uuid, "1000"))
		}
		s.pass(2 * plain.Remember)
	}
	if n := len(s.f.memories); n > 100 {
		t.Errorf("%d memories, 40 of them could still count", n)
	}
}

func TestWhoAnsweredLastIsRemembered(t *testing.T) {
	s := spokeWith(t, RememberSequence, "1002")
	s.must(s.f.Busy("1002", s.now))
	s.calls("second", "13800000000", "110")
	s.ends(s.talks("second", "1000"))
	s.must(s.f.Ready("1002", s.now))
	s.must(s.f.Busy("1000", s.now))
	s.must(s.f.Ready("1000", s.now))
	s.calls("third", "13800000000", "110")
	s.rings("third", "1000")
}
