package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
)

// asks asks for a busy or a logout.
func (s *shift) asks(extension string, deferred agent.Deferred) {
	s.Helper()
	s.must(either(deferred == agent.BusyDeferred, s.f.Busy, s.f.Logout)(extension, s.now))
}

// expectDeferred expects that the busy or logout took effect, and that nothing is deferred any
// more.
func (s *shift) expectDeferred(extension string, deferred agent.Deferred) {
	s.Helper()
	v := s.view(extension)
	switch {
	case v.Available() || v.Deferred != agent.NothingDeferred:
		s.Errorf("%s asked for %v and is %+v", extension, deferred, v)
	case deferred == agent.BusyDeferred && (!v.Up || v.Idle || len(v.Groups) != 1):
		s.Errorf("%s should be busy, and is %+v", extension, v)
	case deferred == agent.LogoutDeferred && (v.Up || len(v.Groups) > 0):
		s.Errorf("%s should be logged out, and is %+v", extension, v)
	}
}

var eitherOne = []agent.Deferred{agent.BusyDeferred, agent.LogoutDeferred}

func TestADeferredBusyOrLogoutIsWrittenAndCleared(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.rings("a", "1000")
	for _, deferred := range eitherOne {
		s.asks("1000", deferred)
		if got := s.ledger.kept.agent("1000").Deferred; got != deferred || len(s.changes) != 1 {
			t.Errorf("written was %q, in %d changes; want %q in one", got, len(s.changes), deferred)
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

// withDeferred returns a row of an agent with a deferred busy or logout.
func withDeferred(extension string, state agent.CallState, deferred agent.Deferred) agent.Agent {
	a := atWork(extension, state, nine)
	a.Deferred = deferred
	return a
}

func TestWhatIsDeferredWaitsForTheEndOfATalkFromBeforeTheRestart(t *testing.T) {
	for _, deferred := range eitherOne {
		s := restarted(t, writtenUp(), Snapshot{
			Agents: []agent.Agent{withDeferred("1000", agent.Talking, deferred)},
			Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
			Talks: []Talk{{CDR: CDR{UUID: "a", Group: "110", Agent: "1000", Leg: "l"}}},
		})
		s.f.ReleaseReserved(s.now)
		s.look()
		s.calls("b", "", "110")
		if v := s.view("1000"); v.Agent.Call != agent.Talking || v.Deferred != deferred || !v.Up || !v.Idle {
			t.Errorf("before the talk ends: %+v", v)
		}
		s.hangsUp("a")
		s.said("1000", agent.StatusTyping, either(deferred == agent.BusyDeferred, agent.StatusBusy, agent.StatusLogout))
		s.expectDeferred("1000", deferred)
		s.pass(plain.Recover)
		s.expectDeferred("1000", deferred)
		s.quiet()
	}
}

func TestWhatIsDeferredWaitsWhileTheAgentIsReserved(t *testing.T) {
	rules := plain
	rules.Reserve = time.Minute
	for _, state := range []agent.CallState{agent.Ring, agent.Talking} {
		for _, deferred := range eitherOne {
			s := restarted(t, rules, Snapshot{
				Agents: []agent.Agent{withDeferred("1000", state, deferred)}, Groups: []Group{sales},
				Members: []Member{{"110", "1000"}},
			})
			s.calls("a", "", "110")
			s.state("1000", state)
			s.pass(rules.Reserve)
			s.said("1000", either(deferred == agent.BusyDeferred, agent.StatusBusy, agent.StatusLogout))
			s.expectDeferred("1000", deferred)
			s.quiet()
		}
	}
}

func TestWhatIsDeferredTakesEffectAtTheStartIfTheCallIsOver(t *testing.T) {
	for _, state := range []agent.CallState{agent.Ready, agent.Ring, agent.Talking, agent.Typing, agent.NoAnswer} {
		for _, deferred := range eitherOne {
			s := restarted(t, plain, Snapshot{
				Agents: []agent.Agent{withDeferred("1000", state, deferred)}, Groups: []Group{sales},
				Members: []Member{{"110", "1000"}},
			})
			s.expectDeferred("1000", deferred)
			s.calls("a", "", "110")
			s.pass(plain.Recover + time.Minute)
			s.quiet()
			s.expectDeferred("1000", deferred)
		}
	}
}

func TestWhatIsDeferredFromBeforeTheRestartIsClearedOrReplaced(t *testing.T) {
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
				Agents: []agent.Agent{withDeferred("1000", agent.Talking, agent.LogoutDeferred)},
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
			s.expectDeferred("1000", c.want)
		})
	}
}

// TestWhatIsDeferredSurvivesACrashAtAnyMoment ends a talk with a deferred busy or logout. It stops
// after each of the changes that this makes, and loads what was written so far.
func TestWhatIsDeferredSurvivesACrashAtAnyMoment(t *testing.T) {
	for name, rules := range map[string]Settings{"with wrap-up": writtenUp(), "without": plain} {
		for _, deferred := range eitherOne {
			s := begin(t, rules)
			s.group("110", Sequence, "1000")
			s.calls("a", "", "110")
			l := s.talks("a", "1000")
			s.asks("1000", deferred)
			before := s.snapshot()
			s.f.End(l, s.now)
			changes := slices.Clone(s.f.TakeEffects().Changes)
			for n := range len(changes) + 1 {
				t.Run(fmt.Sprintf("%s/%v/%d", name, deferred, n), func(t *testing.T) {
					kept := &shift{T: t, ledger: newLedger(t)}
					kept.ledger.load(before)
					kept.ledger.apply(changes[:n])
					left := kept.snapshot()
					left.Talks = []Talk{{CDR: CDR{UUID: "a", Group: "110", Agent: "1000", Leg: "l"}}}
					next := restarted(t, rules, left)
					next.calls("b", "", "110")
					next.hangsUp("a")
					next.expectDeferred("1000", deferred)
					next.pass(rules.Recover)
					next.expectDeferred("1000", deferred)
					next.quiet()
				})
			}
		}
	}
}

func TestAnotherProgramDefersABusyOrLogout(t *testing.T) {
	for _, deferred := range eitherOne {
		for _, during := range []bool{true, false} {
			s := begin(t, plain)
			s.group("110", Sequence, "1000")
			var l *Lease
			if during {
				s.calls("a", "", "110")
				l = s.talks("a", "1000")
			}
			s.statuses = nil
			s.edit(Change{Agent: &agent.Update{Extension: "1000", Deferred: &deferred}})
			if during {
				s.said("1000")
				s.ends(l)
			}
			s.said("1000", either(deferred == agent.BusyDeferred, agent.StatusBusy, agent.StatusLogout))
			s.expectDeferred("1000", deferred)
		}
	}
}

func TestAnotherProgramClearsWhatIsDeferred(t *testing.T) {
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

func TestARereadKeepsWhatIsDeferred(t *testing.T) {
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
	s.expectDeferred("1000", agent.LogoutDeferred)
}

func TestAResyncWritesWhatIsDeferred(t *testing.T) {
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
			t.Errorf("whole %v: written again is %+v", whole, a)
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
					Agents: []agent.Agent{withDeferred("1000", state, agent.NothingDeferred)}, Groups: []Group{sales},
					Members: []Member{{"110", "1000"}},
				})
				s.calls("a", "", "110")
				s.must(command(s.f, s.now))
				s.look()
				s.state("1000", state)
				s.pass(rules.Reserve)
				s.state("1000", agent.Ring) // for the waiting caller
			})
		}
	}
}
