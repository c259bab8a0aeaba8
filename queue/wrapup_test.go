package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

func TestTheWrapUpEndsByItself(t *testing.T) {
	s := begin(t, writtenUp())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.ends(s.talks("a", "1000"))
	s.state("1000", agent.Typing)
	s.calls("b", "", "110")
	s.said("1000", agent.StatusRing, agent.StatusTalking, agent.StatusTyping)
	s.pass(plain.Recover - 2*time.Second)
	s.quiet()
	s.pass(2 * time.Second)
	s.said("1000", agent.StatusReady, agent.StatusRing)
	s.rings("b", "1000")
}

func TestTheWrapUpIsEndedByHand(t *testing.T) {
	s := begin(t, writtenUp())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.ends(s.talks("a", "1000"))
	s.pass(plain.Recover - time.Minute)
	s.must(s.f.Ready("1000", s.now))
	s.calls("b", "", "110")
	s.ends(s.talks("b", "1000")) // a second wrap-up, which the end of the first one's time must not cut short
	s.pass(2 * time.Minute)
	s.state("1000", agent.Typing)
	s.pass(plain.Recover)
	s.state("1000", agent.Ready)
}

func TestTheWrapUpWithoutRecoverAuto(t *testing.T) {
	rules := writtenUp()
	rules.Recover = 0
	s := begin(t, rules)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.ends(s.talks("a", "1000"))
	s.pass(24 * time.Hour)
	s.state("1000", agent.Typing)
	s.must(s.f.Ready("1000", s.now))
	s.state("1000", agent.Ready)
}

func TestABusyAgentStaysBusyWhenTheWrapUpEnds(t *testing.T) {
	s := begin(t, writtenUp())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.ends(s.talks("a", "1000"))
	s.must(s.f.Busy("1000", s.now))
	s.calls("b", "", "110")
	s.pass(plain.Recover)
	s.state("1000", agent.Ready)
	s.quiet()
}

func TestAnAgentRemovedDuringTheWrapUp(t *testing.T) {
	s := begin(t, writtenUp())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.ends(s.talks("a", "1000"))
	s.must(s.f.RemoveAgent("1000"))
	s.statuses = nil
	s.pass(plain.Recover) // the ledger fails on what is written of an agent that is gone
	if len(s.statuses) > 0 {
		t.Errorf("published of an agent that is gone: %v", s.statuses)
	}
}
