package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

// takesOver is a channel that takes over another one's call.
func (s *shift) takesOver(old, uuid, caller string) {
	s.Helper()
	if !s.f.TakeOver(old, Arrival{UUID: uuid, Caller: caller}, s.now) {
		s.Fatalf("%s does not take over from %s", uuid, old)
	}
	s.look()
}

func TestASuccessorHasThePlaceWithItsTime(t *testing.T) {
	s := begin(t, plain)
	s.edit(Change{VIPAdded: &VIP{"888", "110"}})
	s.group("110", Sequence)
	first := s.joins("consults", "1009", "110")
	s.open("consults")
	s.calls("later", "139", "110")
	s.takesOver("consults", "caller", "138")
	if w := s.ledger.waiting()["caller"]; !w.Since.Equal(first.Since) || w.Caller != "138" ||
		len(s.ledger.waiting()) != 2 {
		t.Errorf("%+v", s.ledger.waiting())
	}
	s.takesOver("later", "vip", "888")
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	s.ends(func() *Lease { l := s.rings("vip", "1000"); s.answers(l); return l }())
	s.rings("caller", "1000")
}

func TestAnAgentWhoRingsRingsForTheSuccessor(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("consults", "1009", "110")
	l := s.rings("consults", "1000")
	s.takesOver("consults", "caller", "138")
	s.quiet()
	if v := s.view("1000"); l.Call != "caller" || v.CallUUID != "caller" {
		t.Errorf("%+v, the agent has %q", l, v.CallUUID)
	}
	s.answers(l)
	s.leaves("caller")
	s.state("1000", agent.Ready)
}

func TestAnAgentWhoTalksIsRememberedForTheSuccessor(t *testing.T) {
	s := begin(t, plain)
	s.group("110", RememberSequence, "1000", "1001")
	s.must(s.f.Busy("1000", s.now))
	s.calls("consults", "1009", "110")
	l := s.talks("consults", "1001")
	s.must(s.f.Ready("1000", s.now))
	talk := s.ledger.talks()["consults"]
	s.f.TakeOver("consults", Arrival{UUID: "caller", Caller: "138"}, s.now)
	s.f.Ended(talk.CDR)
	talk.CDR.UUID, talk.CDR.Caller = "caller", "138"
	s.f.Bridged(talk)
	s.look()
	s.state("1001", agent.Talking)
	s.counts("110", 1, 0, 1)
	s.f.End(l, s.now)
	s.f.Leave("caller", s.now)
	s.f.Ended(talk.CDR)
	s.look()
	s.calls("again", "138", "110")
	s.rings("again", "1001")
}

func TestNoTakeOverByACallOnTheFloorOrAfterTheGroupIsGone(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.calls("a", "", "110")
	s.calls("b", "", "110")
	for _, c := range []struct{ old, uuid string }{{"a", "b"}, {"unknown", "c"}} {
		if s.f.TakeOver(c.old, Arrival{UUID: c.uuid}, s.now) {
			t.Errorf("%s takes over from %s", c.uuid, c.old)
		}
		s.look()
	}
	s.edit(Change{GroupRemoved: new("110")})
	if s.f.TakeOver("a", Arrival{UUID: "c"}, s.now) {
		t.Error("takes over from one who goes back to the dialplan")
	}
}

// moves is a call that is moved to another group.
func (s *shift) moves(uuid, group string) Place {
	s.Helper()
	p, err := s.f.Move(uuid, group, s.now)
	s.must(err)
	return p
}

func TestACallKeepsItsTimeInAnotherGroup(t *testing.T) {
	s := begin(t, plain)
	s.edit(Change{VIPAdded: &VIP{"138", "120"}})
	s.group("110", Sequence)
	s.group("120", Sequence)
	first := s.joins("a", "138", "110")
	s.open("a")
	s.calls("b", "138", "120")
	p := s.moves("a", "120")
	if !p.Since.Equal(first.Since) || p.Group.Number != "120" || !p.VIP || p.Visit != 2 || p.CameFrom != "110" {
		t.Errorf("%+v", p)
	}
	if w := s.ledger.waiting()["a"]; w.Group != "120" || w.Visit != 2 || w.CameFrom != "110" {
		t.Errorf("%+v", w)
	}
	s.counts("110", 0, 0, 0)
	s.counts("120", 0, 2, 0)
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"120"}, s.now))
	s.rings("a", "1000")
	s.leaves("b")
}

func TestACallThatMovesIsOfferedAtOnceOrWhenItsWelcomeIsOver(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.group("120", Sequence, "1001", "1002")
	s.calls("a", "", "110")
	ringing := s.rings("a", "1000")
	s.refused(func() error { _, err := s.f.Move("a", "120", s.now); return err }(), ErrTransfers)
	s.f.Withdraw(ringing, s.now)
	s.look()
	s.moves("a", "120")
	s.rings("a", "1001")
	s.must(s.f.Busy("1000", s.now))
	s.joins("b", "", "110")
	s.moves("b", "120")
	s.quiet()
	s.pass(time.Second)
	s.open("b")
	s.rings("b", "1002")
}

func TestAMoveIsRefused(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.group("120", Sequence)
	s.calls("a", "", "110")
	refused := func(uuid, group string, want error) {
		s.Helper()
		_, err := s.f.Move(uuid, group, s.now)
		s.refused(err, want)
	}
	refused("unknown", "120", ErrNoCall)
	refused("a", "999", ErrNoGroup)
	s.edit(Change{GroupRemoved: new("110")})
	refused("a", "120", ErrEnding) // it goes back to the dialplan
}

func TestTheCallsOfAFreeSWITCHThatRestartedAreNotExpected(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	cdrs := map[string]CDR{}
	for uuid, core := range map[string]string{"gone": "old", "elsewhere": "other", "unknown": ""} {
		s.calls(uuid, "", "110")
		cdrs[uuid] = CDR{UUID: uuid, Outcome: Failed, Cause: "restarted"}
		s.losesConnection(uuid, Absent{CDR: cdrs[uuid], CoreUUID: core})
	}
	s.f.DropSwitch("old")
	s.f.DropSwitch("")
	s.look()
	s.records(cdrs["gone"])
	for uuid, want := range map[string]bool{"gone": false, "elsewhere": true, "unknown": true} {
		if _, kept := s.f.KeepsPlace(uuid); kept != want {
			t.Errorf("%s is expected: %v", uuid, kept)
		}
	}
}
