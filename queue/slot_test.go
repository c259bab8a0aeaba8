package queue

import (
	"reflect"
	"testing"
	"time"

	"nwayacd/agent"
)

// writtenUp is plain with a wrap-up after each talk.
func writtenUp() Settings {
	rules := plain
	rules.TypingAuto = true
	return rules
}

func TestANewExtensionTakesNoCallsBeforeItLogsIn(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.calls("a", "", "110")
	s.must(s.f.AddAgent("1000", "secret"))
	if p := s.view("1000").Presence; p != (agent.Presence{Idle: true}) {
		t.Errorf("%+v", p)
	}
	s.must(s.f.SetRegistered("1000", true, s.now))
	s.must(s.f.Ready("1000", s.now))
	s.quiet()
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	s.rings("a", "1000")
	s.refused(s.f.AddAgent("1000", "other"), ErrExists)
}

func TestLoginIsIntoExactlyTheseGroups(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.group("120", Sequence)
	s.group("130", Sequence)
	s.must(s.f.Login("1000", []string{"120", "130"}, s.now))
	s.calls("a", "", "110")
	s.quiet()
	s.calls("b", "", "130")
	s.rings("b", "1000")
	if v := s.view("1000"); len(v.Groups) != 2 || v.Groups[0] != "120" || v.Groups[1] != "130" || v.CallUUID != "b" {
		t.Errorf("%+v", v)
	}
}

func TestLoginRefusedChangesNothing(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.must(s.f.Logout("1000", s.now))
	s.refused(s.f.Login("1000", []string{"110", "999"}, s.now), ErrNoGroup)
	s.refused(s.f.Login("9999", []string{"110"}, s.now), ErrNoAgent)
	if v := s.view("1000"); v.Up || len(v.Groups) > 0 {
		t.Errorf("%+v", v)
	}
}

func TestLoginRegistersAndIsPublished(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.must(s.f.SetRegistered("1000", false, s.now))
	s.must(s.f.Busy("1000", s.now))
	s.statuses = nil
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	s.said("1000", agent.StatusLogin)
	if v := s.view("1000"); !v.Available() {
		t.Errorf("%+v", s.view("1000"))
	}
}

func TestLogoutBusyAndReadyOfAnAgentWithoutACall(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.must(s.f.Busy("1000", s.now))
	s.calls("a", "", "110")
	s.quiet()
	s.must(s.f.Ready("1000", s.now))
	s.leaves(s.rings("a", "1000").Call)
	s.must(s.f.Logout("1000", s.now))
	s.calls("b", "", "110")
	s.quiet()
	s.said("1000", agent.StatusBusy, agent.StatusReady, agent.StatusRing, agent.StatusReady, agent.StatusLogout)
	if v := s.view("1000"); v.Up || len(v.Groups) > 0 {
		t.Errorf("%+v", v)
	}
}

func TestCommandsForAnUnknownExtension(t *testing.T) {
	s := begin(t, plain)
	s.refused(s.f.Logout("9", s.now), ErrNoAgent)
	s.refused(s.f.Busy("9", s.now), ErrNoAgent)
	s.refused(s.f.Ready("9", s.now), ErrNoAgent)
	s.refused(s.f.SetRegistered("9", true, s.now), ErrNoAgent)
	s.refused(s.f.SetAgent(agent.Update{Extension: "9", JobNumber: new("1")}, s.now), ErrNoAgent)
	s.refused(s.f.RemoveAgent("9"), ErrNoAgent)
	s.f.SetOutside("9", 1, s.now)
	s.look()
}

// TestBusyOrLogoutDuringACall: each waits for the end of the call, whichever way it ends, and is
// then published.
func TestBusyOrLogoutDuringACall(t *testing.T) {
	ends := map[string]func(*shift, *Lease){
		"missed":      func(s *shift, l *Lease) { s.misses(l) },
		"withdrawn":   func(s *shift, l *Lease) { s.f.Withdraw(l, s.now); s.leaves(l.Call) },
		"talked":      func(s *shift, l *Lease) { s.answers(l); s.ends(l) },
		"caller left": func(s *shift, l *Lease) { s.leaves(l.Call) },
		"expired":     func(s *shift, _ *Lease) { s.pass(DefaultRingTimeout + LeaseGrace) },
	}
	for how, end := range ends {
		t.Run("busy/"+how, func(t *testing.T) {
			s := begin(t, plain)
			s.group("110", Sequence, "1000")
			s.calls("a", "", "110")
			l := s.rings("a", "1000")
			s.statuses = nil
			s.must(s.f.Busy("1000", s.now))
			s.state("1000", agent.Ring)
			s.said("1000")
			end(s, l)
			if v := s.view("1000"); v.Idle || !v.Up || v.Agent.Call != agent.Ready {
				t.Errorf("%+v", v)
			}
			if last := s.statuses[len(s.statuses)-1]; last.Status != agent.StatusBusy {
				t.Errorf("the last event is %v", last)
			}
			s.pass(time.Minute)
			s.quiet()
		})
		t.Run("logout/"+how, func(t *testing.T) {
			s := begin(t, writtenUp())
			s.group("110", Sequence, "1000")
			s.calls("a", "", "110")
			l := s.rings("a", "1000")
			s.must(s.f.Logout("1000", s.now))
			if v := s.view("1000"); !v.Up || len(v.Groups) != 1 {
				t.Errorf("out at once: %+v", v)
			}
			end(s, l)
			if v := s.view("1000"); v.Up || len(v.Groups) > 0 || v.Agent.Call != agent.Ready {
				t.Errorf("%+v", v)
			}
			if last := s.statuses[len(s.statuses)-1]; last.Status != agent.StatusLogout {
				t.Errorf("the last event is %v", last)
			}
		})
	}
}

func TestReadyTakesBackADeferredBusyOrLogout(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	for uuid, ask := range map[string]func(string, time.Time) error{"a": s.f.Busy, "b": s.f.Logout} {
		s.calls(uuid, "", "110")
		l := s.talks(uuid, "1000")
		s.must(ask("1000", s.now))
		s.must(s.f.Ready("1000", s.now))
		s.state("1000", agent.Talking)
		s.ends(l)
		if v := s.view("1000"); !v.Available() || len(v.Groups) != 1 {
			t.Errorf("%+v", v)
		}
	}
}

func TestLoginDuringACallTakesBackALogoutAndChangesTheGroups(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.group("120", Sequence)
	s.calls("a", "", "110")
	l := s.talks("a", "1000")
	s.must(s.f.Logout("1000", s.now))
	s.must(s.f.Login("1000", []string{"120"}, s.now))
	s.state("1000", agent.Talking)
	s.calls("b", "", "120")
	s.quiet()
	s.ends(l)
	s.rings("b", "1000")
}

func TestOfBusyAndLogoutTheLastOneIsDeferred(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.talks("a", "1000")
	s.must(s.f.Logout("1000", s.now))
	s.must(s.f.Busy("1000", s.now))
	s.ends(l)
	if v := s.view("1000"); !v.Up || v.Idle {
		t.Errorf("%+v", v)
	}
}

func TestTheTimeOfTheLastHangUpIsWritten(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.talks("a", "1000")
	s.pass(time.Minute)
	s.f.End(l, s.now)
	s.look()
	for _, c := range s.changes {
		if c.Agent != nil && c.Agent.HungUp != nil && c.Agent.HungUp.Equal(s.now) {
			return
		}
	}
	t.Errorf("not among %+v", s.changes)
}

func TestAnAgentThatAnswersWithoutState(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.edit(Change{Agent: &agent.Update{Extension: "1000", WithoutState: new(true), Up: new(false), Idle: new(false)}})
	s.calls("a", "", "110")
	s.ends(s.talks("a", "1000"))
	s.must(s.f.Busy("1000", s.now))
	s.calls("b", "", "110")
	s.misses(s.rings("b", "1000"))
	s.leaves("b")
	s.f.SetOutside("1000", 1, s.now)
	s.calls("c", "", "110")
	s.quiet()
	s.f.SetOutside("1000", 0, s.now)
	s.look()
	s.leaves(s.rings("c", "1000").Call)
	s.must(s.f.SetRegistered("1000", false, s.now))
	s.calls("d", "", "110")
	s.quiet()
}

// TestWhatKeepsAnAgentFromCalls: with each of them there is no offer, and without it there is one
// at once.
func TestWhatKeepsAnAgentFromCalls(t *testing.T) {
	set := func(alter func(*agent.Update)) func(*shift) {
		return func(s *shift) {
			u := agent.Update{Extension: "1000"}
			alter(&u)
			s.edit(Change{Agent: &u})
		}
	}
	for name, obstacle := range map[string]struct{ put, lift func(*shift) }{
		"locked": {
			set(func(u *agent.Update) { u.Locked = new(true) }),
			set(func(u *agent.Update) { u.Locked = new(false) }),
		},
		"dnd":  {set(func(u *agent.Update) { u.DND = new(true) }), set(func(u *agent.Update) { u.DND = new(false) })},
		"down": {set(func(u *agent.Update) { u.Up = new(false) }), set(func(u *agent.Update) { u.Up = new(true) })},
		"busy": {
			set(func(u *agent.Update) { u.Idle = new(false) }),
			set(func(u *agent.Update) { u.Idle = new(true) }),
		},
		"unregistered": {
			func(s *shift) { s.must(s.f.SetRegistered("1000", false, s.now)) },
			func(s *shift) { s.must(s.f.SetRegistered("1000", true, s.now)) },
		},
		"a call outside": {
			func(s *shift) { s.f.SetOutside("1000", 2, s.now); s.f.SetOutside("1000", 1, s.now); s.look() },
			func(s *shift) { s.f.SetOutside("1000", 0, s.now); s.look() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, plain)
			s.group("110", Sequence, "1000")
			obstacle.put(s)
			s.calls("a", "", "110")
			s.quiet()
			s.counts("110", 0, 1, 0)
			obstacle.lift(s)
			s.rings("a", "1000")
		})
	}
}

func TestAnAgentOnACallIsNotRemoved(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.rings("a", "1000")
	s.refused(s.f.RemoveAgent("1000"), ErrOnCall)
	s.answers(l)
	s.refused(s.f.RemoveAgent("1000"), ErrOnCall)
	s.ends(l)
	s.must(s.f.RemoveAgent("1000"))
	s.calls("b", "", "110")
	s.quiet()
	s.must(s.f.AddAgent("1000", "secret"))
	if v := s.view("1000"); len(v.Groups) > 0 {
		t.Errorf("a new agent is in the old one's groups: %v", v.Groups)
	}
}

func TestGroupsAreAddedAndRemoved(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Cyclic, "1000")
	s.refused(s.f.AddGroup("110", Random, s.now), ErrExists)
	s.refused(s.f.RemoveGroup("120"), ErrNoGroup)
	s.calls("a", "", "110")
	s.refused(s.f.RemoveGroup("110"), ErrWaiting)
	l := s.rings("a", "1000")
	s.refused(s.f.RemoveGroup("110"), ErrWaiting)
	s.answers(l)
	s.must(s.f.RemoveGroup("110"))
	s.ends(l)
	if v := s.view("1000"); len(v.Groups) > 0 {
		t.Errorf("still in %v", v.Groups)
	}
	s.must(s.f.AddGroup("110", Cyclic, s.now))
	s.calls("b", "", "110")
	s.quiet()
}

func TestTheGroupIsRemovedDuringTheTalkWhoseTransferIsThenMissed(t *testing.T) {
	s := twoAgents(t, plain)
	s.calls("a", "", "110")
	talk := s.talks("a", "1000")
	s.must(s.f.RemoveGroup("110"))
	s.must(s.f.Transfer("a", "2000", s.now))
	s.f.End(talk, s.now)
	s.look()
	if s.f.Miss(s.rings("a", "2000"), Miss{}, s.now) {
		t.Error("back in a line that is gone")
	}
	out := s.f.TakeEffects()
	if len(out.GroupRemoved) != 1 || out.GroupRemoved[0] != "a" {
		t.Errorf("sent back: %v", out.GroupRemoved)
	}
	if err := s.f.Transfer("a", "2000", s.now); err == nil {
		t.Error("a call whose group is gone is transferred")
	}
}

func TestPrompts(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.must(s.f.SetGroup(GroupUpdate{Number: "110", Welcome: new("welcome.wav"), Busy: new("busy.wav")}))
	s.must(s.f.SetGroup(GroupUpdate{Number: "110", Blacklist: new("black.wav"), Transfer: new("transfer.wav")}))
	g, known := s.f.Group("110")
	if want := (Prompts{"welcome.wav", "black.wav", "busy.wav", "transfer.wav"}); !known || g.Prompts != want {
		t.Errorf("%+v", g)
	}
	s.refused(s.f.SetGroup(GroupUpdate{Number: "120"}), ErrNoGroup)
	if _, known := s.f.Group("120"); known {
		t.Error("a group that is not there is known")
	}
}

func TestTheRulesChangeForWhatHappensFromNowOn(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	rules := writtenUp()
	rules.NoAnswerToReady = false
	s.f.Configure(rules)
	if !reflect.DeepEqual(s.f.Settings(), rules) {
		t.Errorf("%+v", s.f.Settings())
	}
	s.misses(s.rings("a", "1000"))
	s.state("1000", agent.NoAnswer)
}

func TestARegistrationTellsWhereThePhoneIs(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.f.Registration("1000", false, "", s.now)
	s.look()
	s.calls("a", "", "110")
	s.quiet()
	s.f.Registration("1000", true, "10.0.0.6", s.now)
	s.look()
	if l := s.rings("a", "1000"); l.Agent.Server != "10.0.0.6" {
		t.Errorf("it rings at %q", l.Agent.Server)
	}
	s.f.Registration("9", true, "10.0.0.6", s.now)
	s.look()
}
