package queue

import (
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
)

func TestAnotherProgramRewritesTheCallStateDuringAnOffer(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.rings("a", "1000")
	s.calls("b", "", "110")
	s.statuses = nil
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Call: new(agent.Ready), Idle: new(false)}})
	s.quiet()
	s.state("1000", agent.Ring)
	if s.view("1000").Idle {
		t.Error("the rest of the edit was not taken over")
	}
	if got := s.ledger.kept.agent("1000").Call; got != agent.Ring {
		t.Errorf("written is %v, want ring", got)
	}
	s.said("1000", agent.StatusBusy)
	s.ends(func() *Lease { s.answers(l); return l }())
	s.quiet()
}

func TestAnotherProgramMakesAnAgentReady(t *testing.T) {
	rules := plain
	rules.NoAnswerToReady = false
	s := begin(t, rules)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.misses(s.rings("a", "1000"))
	s.pass(time.Minute)
	s.statuses = nil
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Call: new(agent.Ready)}})
	s.rings("a", "1000")
	s.said("1000", agent.StatusReady, agent.StatusRing)
}

func TestAnotherProgramPutsAnAgentIntoWrapUp(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Call: new(agent.Typing)}})
	s.calls("a", "", "110")
	s.quiet()
	s.said("1000", agent.StatusTyping)
	s.pass(plain.Recover)
	s.rings("a", "1000")
}

func TestAnotherProgramLogsAnAgentOut(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Up: new(false)}})
	s.said("1000", agent.StatusLogout)
	s.calls("a", "", "110")
	s.quiet()
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Up: new(true)}})
	s.said("1000", agent.StatusLogin, agent.StatusRing)
	s.rings("a", "1000")
}

func TestMembershipsAreEdited(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.group("120", Sequence)
	s.calls("a", "", "120")
	s.edit(Change{MemberJoined: &Member{"120", "1000"}})
	s.ends(s.talks("a", "1000"))
	s.edit(Change{MemberLeft: &Member{"110", "1000"}})
	s.calls("b", "", "110")
	s.quiet()
	s.edit(Change{MemberJoined: &Member{"110", "1000"}})
	s.rings("b", "1000")
}

func TestAMembershipIsThereBeforeItsAgentOrItsGroup(t *testing.T) {
	s := begin(t, plain)
	s.edit(Change{MemberJoined: &Member{"110", "1000"}})
	s.edit(Change{AgentAdded: &NewAgent{Extension: "1000"}})
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Registered: new(true), Up: new(true), Idle: new(true)}})
	s.edit(Change{GroupAdded: &Group{Number: "110", RingTimeout: DefaultRingTimeout}})
	s.calls("a", "", "110")
	s.rings("a", "1000")
}

func TestTheModeOfAGroupIsEdited(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.edit(Change{Group: &GroupUpdate{Number: "110", Mode: new(Cyclic), Cursor: new("1000"), Name: new("sales")}})
	s.calls("a", "", "110")
	s.rings("a", "1001")
	s.edit(Change{Group: &GroupUpdate{Number: "999", Mode: new(Cyclic)}}) // no group has this number
	s.edit(Change{Agent: &agent.Update{Extension: "9", Up: new(true)}})
	s.edit(Change{AgentRemoved: new("9")})
	s.edit(Change{GroupRemoved: new("9")})
}

func TestAMemoryIsEdited(t *testing.T) {
	s := begin(t, plain)
	s.group("110", RememberSequence, "1000", "1001")
	s.edit(Change{Remembered: &Memory{Caller: "138", Group: "110", Agent: "1001", At: s.now}})
	s.calls("a", "138", "110")
	s.rings("a", "1001")
}

func TestAGroupRemovedUnderItsCallers(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.calls("talking", "", "110")
	talk := s.talks("talking", "1000")
	s.calls("ringing", "", "110")
	l := s.rings("ringing", "1001")
	s.calls("waiting", "", "110")
	s.joins("greeted", "", "110")
	s.edit(Change{GroupRemoved: new("110")})
	slices.Sort(s.groupRemoved)
	if !slices.Equal(s.groupRemoved, []string{"greeted", "waiting"}) {
		t.Fatalf("sent back: %v", s.groupRemoved)
	}
	s.open("greeted")
	s.f.Miss(l, Miss{}, s.now)
	s.look()
	s.pass(time.Minute)
	if slices.Sort(s.groupRemoved); !slices.Equal(s.groupRemoved, []string{"greeted", "ringing", "waiting"}) {
		t.Fatalf("sent back: %v", s.groupRemoved)
	}
	s.edit(Change{GroupAdded: &Group{Number: "110", RingTimeout: DefaultRingTimeout}})
	s.quiet() // those go back to the dialplan, whatever comes
	for _, uuid := range []string{"greeted", "ringing", "waiting"} {
		s.leaves(uuid)
	}
	s.ends(talk)
	s.counts("110", 2, 0, 0)
	s.calls("new", "", "110")
	s.rings("new", "1000")
}

func TestAnAgentRemovedWhileItRings(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.calls("a", "", "110")
	l := s.rings("a", "1000")
	s.edit(Change{AgentRemoved: new("1000")})
	if s.f.Answer(l, s.now) {
		t.Error("an agent that is gone answers")
	}
	s.misses(l)
	s.rings("a", "1001")
}

func TestAnAgentRemovedDuringTheTalk(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.talks("a", "1000")
	s.edit(Change{AgentRemoved: new("1000")})
	s.counts("110", 0, 0, 1)
	s.ends(l)
	s.counts("110", 0, 0, 0)
}

// TestAnAgentReplacedDuringACall: a program may save a row by delete and insert. That must not give
// the agent a second call.
func TestAnAgentReplacedDuringACall(t *testing.T) {
	for name, answered := range map[string]bool{"ringing": false, "talking": true} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, plain)
			s.group("110", Sequence, "1000")
			s.calls("a", "", "110")
			l := s.rings("a", "1000")
			if answered {
				s.answers(l)
			}
			s.edit(Change{AgentRemoved: new("1000")})
			s.edit(Change{AgentAdded: &NewAgent{Extension: "1000"}})
			s.must(s.f.Login("1000", []string{"110"}, s.now))
			s.calls("b", "", "110")
			s.quiet()
			s.state("1000", either(answered, agent.Talking, agent.Ring))
			if !answered {
				s.answers(l)
			}
			s.ends(l)
			s.rings("b", "1000")
		})
	}
}
