package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

func TestATalkThatGoesOnWithoutItsCallKeepsItsAgent(t *testing.T) {
	s := begin(t, writtenUp())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.talks("a", "1000")
	s.f.Entrust("a", s.now)
	s.look()
	s.state("1000", agent.Talking)
	s.counts("110", 0, 0, 0)
	s.calls("b", "", "110")
	s.quiet()
	s.f.EndTalk("1000", "b", s.now) // not its talk
	s.look()
	s.state("1000", agent.Talking)
	s.f.EndTalk("1000", "a", s.now)
	s.look()
	s.state("1000", agent.Typing)
	s.pass(plain.Recover)
	s.rings("b", "1000")
	s.f.EndTalk("1000", "b", s.now) // only rings
	s.look()
	s.state("1000", agent.Ring)
}

func TestATalkThatGoesOnOutlivesItsAgentsRow(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.talks("a", "1000")
	s.f.Entrust("a", s.now)
	s.look()
	s.edit(Change{AgentRemoved: new("1000")})
	s.f.EndTalk("1000", "a", s.now)
	s.look()
	s.edit(Change{AgentAdded: &NewAgent{Extension: "1000"}})
	s.state("1000", agent.Ready)
}

func TestATalkOfAnEarlierLifeGoesOnUntilItsEndIsTold(t *testing.T) {
	s := restarted(t, plain, Snapshot{
		Agents: []agent.Agent{atWork("1000", agent.Talking, nine), atWork("1001", agent.Typing, nine), atWork("1002", agent.Talking, nine)},
		Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
		Talks: []Talk{{CDR: CDR{UUID: "a", Group: "110", Agent: "1000"}}, {CDR: CDR{UUID: "b", Group: "110", Agent: "1001"}}},
	})
	s.f.ReleaseHeld(s.now)
	s.look()
	if got := s.view("1000"); got.Agent.Call != agent.Talking || got.CallUUID != "a" {
		t.Errorf("%v, call %q", got.Agent.Call, got.CallUUID)
	}
	s.state("1001", agent.Typing) // its talk is over; only the CDR was not written
	s.state("1002", agent.Ready)
	s.f.EndTalk("1000", "a", s.now)
	s.look()
	s.state("1000", agent.Ready)
}

func TestAForsakenOfferKeepsItsAgentUntilItRunsOut(t *testing.T) {
	rules := plain
	rules.NoAnswerToReady = false
	s := begin(t, rules)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.rings("a", "1000")
	s.f.Forsake(l, s.now)
	s.look()
	s.leaves("a")
	s.state("1000", agent.Ring)
	s.calls("a", "", "110") // back on another connection
	s.quiet()
	s.pass(DefaultRingTimeout + leaseGrace - 2*time.Second)
	s.state("1000", agent.Ring)
	s.pass(2 * time.Second)
	s.rings("a", "1000") // ready, and not noanswer: it missed nothing
	if len(s.expired) > 0 {
		t.Errorf("its call was told: %+v", s.expired)
	}
}

func TestATalkThatNobodyWroteDownIsAdopted(t *testing.T) {
	patient := plain
	patient.Hold = time.Minute
	s := restarted(t, patient, Snapshot{
		Agents: []agent.Agent{atWork("1000", agent.Ring, nine), atWork("1001", agent.Ready, nine)},
		Groups: []Group{sales}, Members: []Member{{"110", "1000"}, {"110", "1001"}},
		Waiting: []Waiting{{UUID: "a", Caller: "139", Group: "110", Since: nine}},
	})
	talk := Talk{CDR: CDR{UUID: "a", Caller: "139", Group: "110", Agent: "1000"}}
	refused := func(why string, t Talk) {
		s.Helper()
		if s.f.Adopt(t, s.now) {
			s.Errorf("adopted: %s", why)
		}
		s.look()
	}
	refused("no place is kept for its caller", Talk{CDR: CDR{UUID: "b", Group: "110", Agent: "1000"}})
	refused("its agent is gone", Talk{CDR: CDR{UUID: "a", Group: "110", Agent: "1009"}})
	s.calls("c", "", "110")
	s.rings("c", "1001")
	refused("its agent has an offer", Talk{CDR: CDR{UUID: "a", Group: "110", Agent: "1001"}})
	if !s.f.Adopt(talk, s.now) {
		t.Fatal("not adopted")
	}
	s.look()
	s.state("1000", agent.Talking)
	refused("it is adopted already", talk)
	s.f.ReleaseHeld(s.now)
	s.look()
	s.state("1000", agent.Talking)
	s.pass(2 * formerGrace) // the place is not kept any more, and nobody is told that it ran out
	s.f.EndTalk("1000", "a", s.now)
	s.look()
	if v := s.view("1000"); v.CallUUID == "a" {
		t.Errorf("%+v", v)
	}
}
