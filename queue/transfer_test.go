package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

// twoAgents is group 110 with 1000, and 2000, who is in no group.
func twoAgents(t *testing.T, s Settings) *shift {
	t.Helper()
	f := begin(t, s)
	f.group("110", Sequence, "1000")
	f.hire("2000")
	f.must(f.f.Login("2000", nil, f.now))
	return f
}

func TestAWaitingCallerIsTransferredToAnAgentOfNoGroup(t *testing.T) {
	s := twoAgents(t, plain)
	s.must(s.f.Busy("1000", s.now))
	s.calls("a", "", "110")
	s.must(s.f.Transfer("a", "2000", s.now))
	l := s.rings("a", "2000")
	if !l.Transfer || l.Group != "110" {
		t.Errorf("%+v", l)
	}
	s.must(s.f.Ready("1000", s.now))
	s.quiet()
	s.answers(l)
	s.counts("110", 1, 0, 1)
	s.ends(l)
	s.state("2000", agent.Ready)
}

func TestACallerIsTransferredDuringTheWelcome(t *testing.T) {
	s := twoAgents(t, plain)
	s.joins("a", "", "110")
	s.must(s.f.Transfer("a", "2000", s.now))
	l := s.rings("a", "2000")
	s.open("a")
	s.quiet()
	s.misses(l)
	s.rings("a", "1000")
}

func TestACallerIsTransferredWhileAnAgentRings(t *testing.T) {
	s := twoAgents(t, plain)
	s.calls("a", "", "110")
	s.calls("b", "", "110")
	ringing := s.rings("a", "1000")
	s.must(s.f.Transfer("a", "2000", s.now))
	l := s.rings("a", "2000")
	if l.Number != 2 {
		t.Errorf("the transfer is offer %d of its call", l.Number)
	}
	s.state("1000", agent.Ring)
	s.f.Withdraw(ringing, s.now)
	s.look()
	s.rings("b", "1000")
	s.ends(func() *Lease { s.answers(l); return l }())
}

func TestACallerIsTransferredDuringTheTalk(t *testing.T) {
	rules := plain
	rules.TypingAuto = true
	s := twoAgents(t, rules)
	s.calls("a", "13800000000", "110")
	place := s.ledger.waiting()["a"]
	talk := s.talks("a", "1000")
	s.must(s.f.Transfer("a", "2000", s.now))
	l := s.rings("a", "2000")
	s.counts("110", 0, 0, 1)
	s.f.End(talk, s.now)
	s.look()
	s.state("1000", agent.Typing)
	s.counts("110", 0, 1, 0) // the caller talks to no agent until 2000 answers
	if got := s.ledger.waiting()["a"]; got != place {
		t.Errorf("the row is %+v, was %+v", got, place)
	}
	s.answers(l)
	s.counts("110", 0, 0, 1)
	s.ends(l)
	s.state("2000", agent.Typing)
}

func TestTheTransferIsMissedAndTheCallerIsBackAtItsPlace(t *testing.T) {
	s := twoAgents(t, plain)
	s.calls("a", "", "110")
	place := s.ledger.waiting()["a"]
	talk := s.talks("a", "1000")
	s.calls("b", "", "110")
	s.must(s.f.Transfer("a", "2000", s.now))
	l := s.rings("a", "2000")
	s.f.End(talk, s.now)
	s.look()
	s.rings("b", "1000")
	s.misses(l)
	s.quiet() // 2000 is not of the group
	if got := s.ledger.waiting()["a"]; got != place {
		t.Errorf("the row is %+v, was %+v", got, place)
	}
	s.counts("110", 0, 2, 0)
	s.leaves("b")
	s.rings("a", "1000")
}

func TestTheTransferExpires(t *testing.T) {
	s := twoAgents(t, plain)
	s.must(s.f.Busy("1000", s.now))
	s.calls("a", "", "110")
	s.must(s.f.Transfer("a", "2000", s.now))
	s.rings("a", "2000")
	s.pass(DefaultRingTimeout + LeaseGrace)
	s.state("2000", agent.Ready)
	s.must(s.f.Ready("1000", s.now))
	s.rings("a", "1000")
}

func TestTheCallerHangsUpDuringATransferBeforeTheOldTalkWasGivenUp(t *testing.T) {
	s := twoAgents(t, plain)
	s.calls("a", "", "110")
	s.talks("a", "1000")
	s.must(s.f.Transfer("a", "2000", s.now))
	s.rings("a", "2000")
	s.leaves("a")
	s.state("1000", agent.Ready)
	s.state("2000", agent.Ready)
	s.counts("110", 1, 0, 0)
}

func TestTheOldOfferExpiresAfterTheTransfer(t *testing.T) {
	s := twoAgents(t, plain)
	s.calls("a", "", "110")
	ringing := s.rings("a", "1000")
	s.pass(time.Second)
	s.must(s.f.Transfer("a", "2000", s.now))
	l := s.rings("a", "2000")
	if s.f.Miss(ringing, Miss{}, s.now) {
		t.Error("back in the line, though it rings at 2000")
	}
	s.look()
	s.quiet()
	s.answers(l)
	s.ends(l)
}

// TestTheTransferIsMissedBeforeTheOldOfferIsGivenUp: the call has no agent between the two, and
// must not be lost.
func TestTheTransferIsMissedBeforeTheOldOfferIsGivenUp(t *testing.T) {
	s := twoAgents(t, plain)
	s.calls("a", "", "110")
	ringing := s.rings("a", "1000")
	s.must(s.f.Transfer("a", "2000", s.now))
	if s.f.Miss(s.rings("a", "2000"), Miss{}, s.now) {
		t.Error("back in the line, though 1000 still rings")
	}
	s.look()
	s.misses(ringing)
	s.quiet()
	s.pass(plain.Reoffer)
	s.rings("a", "1000")
}

func TestATransferIsRefused(t *testing.T) {
	s := twoAgents(t, plain)
	s.calls("a", "", "110")
	s.refused(s.f.Transfer("nobody", "2000", s.now), ErrNoCall)
	s.refused(s.f.Transfer("a", "9999", s.now), ErrNoAgent)
	l := s.rings("a", "1000")
	s.refused(s.f.Transfer("a", "1000", s.now), ErrNotFree)
	s.answers(l)
	for name, away := range map[string]func() error{
		"busy":         func() error { return s.f.Busy("2000", s.now) },
		"logged out":   func() error { return s.f.Logout("2000", s.now) },
		"unregistered": func() error { return s.f.SetRegistered("2000", false, s.now) },
	} {
		s.must(away())
		s.refused(s.f.Transfer("a", "2000", s.now), ErrNotFree)
		s.must(s.f.Login("2000", nil, s.now))
		t.Log(name)
	}
	s.f.SetOutside("2000", 1, s.now)
	s.look()
	s.refused(s.f.Transfer("a", "2000", s.now), ErrNotFree)
	s.f.SetOutside("2000", 0, s.now)
	s.hire("2001")
	s.must(s.f.Login("2001", nil, s.now))
	s.must(s.f.Transfer("a", "2000", s.now))
	s.rings("a", "2000")
	s.refused(s.f.Transfer("a", "2001", s.now), ErrTransfers)
}

func TestATransferAfterTheTalkIsRefused(t *testing.T) {
	s := twoAgents(t, plain)
	s.calls("a", "", "110")
	s.f.End(s.talks("a", "1000"), s.now)
	s.look()
	s.refused(s.f.Transfer("a", "2000", s.now), ErrEnding)
	s.leaves("a")
	s.refused(s.f.Transfer("a", "2000", s.now), ErrNoCall)
}
