package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
)

// asks has the agent ask for what is to come.
func (s *shift) asks(extension string, wish agent.Deferred) {
	s.Helper()
	s.must(either(wish == agent.BusyDeferred, s.f.Busy, s.f.Logout)(extension, s.now))
}

// granted expects that the agent became what it asked for, and that nothing is to come any more.
func (s *shift) granted(extension string, wish agent.Deferred) {
	s.Helper()
	v := s.view(extension)
	switch {
	case v.Available() || v.Deferred != agent.NothingDeferred:
		s.Errorf("%s asked for %v and is %+v", extension, wish, v)
	case wish == agent.BusyDeferred && (!v.Up || v.Idle || len(v.Groups) != 1):
		s.Errorf("%s should be busy, and is %+v", extension, v)
	case wish == agent.LogoutDeferred && (v.Up || len(v.Groups) > 0):
		s.Errorf("%s should be logged out, and is %+v", extension, v)
	}
}

var wishes = []agent.Deferred{agent.BusyDeferred, agent.LogoutDeferred}

func TestAWishIsWrittenWhenItIsMadeAndWhenItIsTakenBack(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.rings("a", "1000")
	for _, wish := range wishes {
		s.asks("1000", wish)
		if got := s.ledger.kept.agent("1000").Deferred; got != wish || len(s.changes) != 1 {
			t.Errorf("written was %q, in %d changes; want %q in one", got, len(s.changes), wish)
		}
	}
	s.changes = nil
	s.asks("1000", agent.LogoutDeferred)
	if len(s.changes) > 0 {
		t.Errorf("the same once more, and written was %+v", s.changes)
	}
	s.must(s.f.Ready("1000", s.now))
	if got := s.ledger.kept.agent("1000").Deferred; got != agent.NothingDeferred {
		t.Errorf("taken back, and still written is %q", got)
	}
}

// wishing is a row of an agent that is to become something.
func wishing(extension string, state agent.CallState, wish agent.Deferred) agent.Agent {
	a := atWork(extension, state, nine)
	a.Deferred = wish
	return a
}

func TestAWishWaitsForTheEndOfATalkOfAnEarlierLife(t *testing.T) {
	for _, wish := range wishes {
		s := restarted(t, writtenUp(), Snapshot{
			Agents: []agent.Agent{wishing("1000", agent.Talking, wish)},
			Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
			Talks: []Talk{{CDR: CDR{UUID: "a", Group: "110", Agent: "1000", Leg: "l"}}},
		})
		s.f.ReleaseReserved(s.now)
		s.look()
		s.calls("b", "", "110")
		if v := s.view("1000"); v.Agent.Call != agent.Talking || v.Deferred != wish || !v.Up || !v.Idle {
			t.Errorf("before the talk ends: %+v", v)
		}
		s.hangsUp("a")
		s.said("1000", agent.StatusTyping, either(wish == agent.BusyDeferred, agent.StatusBusy, agent.StatusLogout))
		s.granted("1000", wish)
		s.pass(plain.Recover)
		s.granted("1000", wish)
		s.quiet()
	}
}

func TestAWishOfOneWhoseTalkMayGoOnWaitsForWordOfIt(t *testing.T) {
	rules := plain
	rules.Reserve = time.Minute
	for _, state := range []agent.CallState{agent.Ring, agent.Talking} {
		for _, wish := range wishes {
			s := restarted(t, rules, Snapshot{
				Agents: []agent.Agent{wishing("1000", state, wish)}, Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
			})
			s.calls("a", "", "110")
			s.state("1000", state)
			s.pass(rules.Reserve)
			s.said("1000", either(wish == agent.BusyDeferred, agent.StatusBusy, agent.StatusLogout))
			s.granted("1000", wish)
			s.quiet()
		}
	}
}

func TestAWishOfOneWhoseCallIsOverIsCarriedOutAtTheStart(t *testing.T) {
	for _, state := range []agent.CallState{agent.Ready, agent.Ring, agent.Talking, agent.Typing, agent.NoAnswer} {
		for _, wish := range wishes {
			s := restarted(t, plain, Snapshot{
				Agents: []agent.Agent{wishing("1000", state, wish)}, Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
			})
			s.granted("1000", wish)
			s.calls("a", "", "110")
			s.pass(plain.Recover + time.Minute)
			s.quiet()
			s.granted("1000", wish)
		}
	}
}

func TestAWishOfAnEarlierLifeIsTakenBackOrReplaced(t *testing.T) {
	rules := plain
	rules.Reserve = time.Minute
	for name, c := range map[string]struct {
		do   func(s *shift) error
		want agent.Deferred
	}{
		"ready":  {func(s *shift) error { return s.f.Ready("1000", s.now) }, agent.NothingDeferred},
		"login":  {func(s *shift) error { return s.f.Login("1000", []string{"110"}, s.now) }, agent.NothingDeferred},
		"busy":   {func(s *shift) error { return s.f.Busy("1000", s.now) }, agent.BusyDeferred},
		"logout": {func(s *shift) error { return s.f.Logout("1000", s.now) }, agent.LogoutDeferred},
		"made ready by hand": {func(s *shift) error {
			s.edit(Change{Agent: &agent.Update{Extension: "1000", Call: new(agent.Ready)}})
			return nil
		}, agent.LogoutDeferred},
		"calls out meanwhile": {func(s *shift) error {
			_, l := s.f.Engage("1000", "b", s.now)
			s.look()
			s.pass(rules.Reserve)
			s.state("1000", agent.Talking)
			s.f.End(l, s.now)
			return nil
		}, agent.LogoutDeferred},
	} {
		t.Run(name, func(t *testing.T) {
			s := restarted(t, rules, Snapshot{
				Agents: []agent.Agent{wishing("1000", agent.Talking, agent.LogoutDeferred)},
				Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
			})
			s.must(c.do(s))
			s.pass(rules.Reserve)
			if c.want == agent.NothingDeferred {
				if v := s.view("1000"); !v.Available() || v.Deferred != c.want {
					t.Errorf("%+v", v)
				}
				return
			}
			s.granted("1000", c.want)
		})
	}
}

// TestAWishSurvivesADeathAtAnyMoment dies behind each of the changes that the end of a talk with a wish consists of.
func TestAWishSurvivesADeathAtAnyMoment(t *testing.T) {
	for name, rules := range map[string]Settings{"with wrap-up": writtenUp(), "without": plain} {
		for _, wish := range wishes {
			s := begin(t, rules)
			s.group("110", Sequence, "1000")
			s.calls("a", "", "110")
			l := s.talks("a", "1000")
			s.asks("1000", wish)
			before := s.snapshot()
			s.f.End(l, s.now)
			changes := slices.Clone(s.f.TakeEffects().Changes)
			for n := range len(changes) + 1 {
				t.Run(fmt.Sprintf("%s/%v/%d", name, wish, n), func(t *testing.T) {
					kept := &shift{T: t, ledger: newLedger(t)}
					kept.ledger.load(before)
					kept.ledger.apply(changes[:n])
					left := kept.snapshot()
					left.Talks = []Talk{{CDR: CDR{UUID: "a", Group: "110", Agent: "1000", Leg: "l"}}}
					next := restarted(t, rules, left)
					next.calls("b", "", "110")
					next.hangsUp("a")
					next.granted("1000", wish)
					next.pass(rules.Recover)
					next.granted("1000", wish)
					next.quiet()
				})
			}
		}
	}
}

func TestAnotherProgramMakesAWish(t *testing.T) {
	for _, wish := range wishes {
		for _, during := range []bool{true, false} {
			s := begin(t, plain)
			s.group("110", Sequence, "1000")
			var l *Lease
			if during {
				s.calls("a", "", "110")
				l = s.talks("a", "1000")
			}
			s.statuses = nil
			s.edit(Change{Agent: &agent.Update{Extension: "1000", Deferred: &wish}})
			if during {
				s.said("1000")
				s.ends(l)
			}
			s.said("1000", either(wish == agent.BusyDeferred, agent.StatusBusy, agent.StatusLogout))
			s.granted("1000", wish)
		}
	}
}

func TestAnotherProgramTakesAWishBack(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.talks("a", "1000")
	s.asks("1000", agent.LogoutDeferred)
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Deferred: new(agent.NothingDeferred)}})
	s.ends(l)
	if v := s.view("1000"); !v.Available() {
		t.Errorf("%+v", v)
	}
}

func TestARereadKeepsAWish(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.talks("a", "1000")
	s.asks("1000", agent.LogoutDeferred)
	s.reread(s.snapshot())
	if v := s.view("1000"); v.Deferred != agent.LogoutDeferred || !v.Up {
		t.Errorf("%+v", v)
	}
	s.ends(l)
	s.granted("1000", agent.LogoutDeferred)
}

func TestAWishIsWrittenAnewWithTheRest(t *testing.T) {
	for _, whole := range []bool{true, false} {
		s := begin(t, plain)
		s.group("110", Sequence, "1000")
		s.calls("a", "", "110")
		s.rings("a", "1000")
		s.asks("1000", agent.LogoutDeferred)
		s.f.Resync(whole, "a")
		a := agent.Agent{}
		for _, c := range s.f.TakeEffects().Changes {
			if c.Agent != nil {
				c.Agent.Apply(&a)
			}
		}
		if a.Deferred != agent.LogoutDeferred {
			t.Errorf("whole %v: written anew is %+v", whole, a)
		}
	}
}

func TestACommandDoesNotFreeOneWhoseCallOfAnEarlierLifeMayGoOn(t *testing.T) {
	rules := plain
	rules.Reserve = time.Minute
	for name, command := range map[string]func(f *Floor, now time.Time) error{
		"ready": func(f *Floor, now time.Time) error { return f.Ready("1000", now) },
		"login": func(f *Floor, now time.Time) error { return f.Login("1000", []string{"110"}, now) },
	} {
		for _, state := range []agent.CallState{agent.Ring, agent.Talking} {
			t.Run(name+" while "+state.String(), func(t *testing.T) {
				s := restarted(t, rules, Snapshot{
					Agents: []agent.Agent{wishing("1000", state, agent.NothingDeferred)}, Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
				})
				s.calls("a", "", "110")
				s.must(command(s.f, s.now))
				s.look()
				s.state("1000", state)
				s.pass(rules.Reserve)
				s.state("1000", agent.Ring) // for the caller who waits
			})
		}
	}
}
