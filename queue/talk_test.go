package queue

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/setting"
)

// talkOf is a talk of an agent that was bridged at that time.
func talkOf(uuid, extension string, at time.Time) Talk {
	return Talk{
		Server: "a", CoreUUID: "core",
		CDR: CDR{
			UUID: uuid, Caller: "139", Group: "110", Agent: extension, Leg: "leg of " + uuid, Offers: 2,
			Outcome: Answered,
			Arrived: at.Add(-time.Minute), Answered: at, Bridged: at,
		},
		Offer: OfferRecord{Call: uuid, Group: "110", Agent: extension, Leg: "leg of " + uuid, Number: 2, Answered: at},
	}
}

func TestATalkOfAnEarlierLifeIsOnTheFloorUntilItEnds(t *testing.T) {
	talk := talkOf("a", "1000", nine)
	s := restarted(t, writtenUp(), Snapshot{
		Agents: []agent.Agent{
			atWork("1000", agent.Talking, nine), atWork("1001", agent.Typing, nine),
			atWork("1002", agent.Talking, nine),
		},
		Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
		Talks: []Talk{talk, talkOf("b", "1001", nine)},
	})
	s.f.ReleaseReserved(s.now)
	s.look()
	if got := s.view("1000"); got.Agent.Call != agent.Talking || got.CallUUID != "a" {
		t.Errorf("%v, call %q", got.Agent.Call, got.CallUUID)
	}
	s.counts("110", 0, 0, 2)
	s.state("1001", agent.Typing) // the agent's talk is over; only the CDR was not written
	s.state("1002", agent.Ready)
	p, l, ok := s.f.Resumed("a")
	if !ok || p.Group != sales || !p.Since.Equal(talk.CDR.Arrived) || l.Agent.Extension != "1000" || l.Number != 2 {
		t.Errorf("%v %+v %+v", ok, p, l)
	}
	if _, err := s.f.Join(Arrival{UUID: "a", Group: "110", Since: s.now}); !errors.Is(err, ErrCallHere) {
		t.Errorf("joins twice: %v", err)
	}
	s.hangsUp("b")
	s.state("1001", agent.Typing)
	s.hangsUp("a")
	s.state("1000", agent.Typing)
	s.counts("110", 0, 0, 0)
	s.records(talkOf("b", "1001", nine).CDR, talk.CDR)
	if talks := s.f.Talks(); len(talks) > 0 {
		t.Errorf("%+v", talks)
	}
}

func TestOfTwoTalksOfOneAgentTheNewestIsTheirs(t *testing.T) {
	for _, talks := range [][]Talk{
		{talkOf("old", "1000", nine), talkOf("new", "1000", nine.Add(time.Minute))},
		{talkOf("new", "1000", nine.Add(time.Minute)), talkOf("old", "1000", nine)},
	} {
		s := restarted(t, writtenUp(), Snapshot{
			Agents: []agent.Agent{atWork("1000", agent.Talking, nine)}, Groups: []Group{sales}, Talks: talks,
		})
		if v := s.view("1000"); v.CallUUID != "new" {
			t.Errorf("talks to %q", v.CallUUID)
		}
		s.hangsUp("old")
		s.state("1000", agent.Talking)
		s.hangsUp("new")
		s.state("1000", agent.Typing)
	}
}

func TestTheEndOfAnOlderTalkLeavesAnAgentWhoIsGoneInTheNewest(t *testing.T) {
	s := restarted(t, plain, Snapshot{
		Groups: []Group{sales},
		Talks:  []Talk{talkOf("old", "1000", nine), talkOf("new", "1000", nine.Add(time.Minute))},
	})
	s.hangsUp("old")
	s.edit(Change{AgentAdded: &NewAgent{Extension: "1000"}})
	s.state("1000", agent.Talking)
	s.hangsUp("new")
	s.state("1000", agent.Ready)
}

func TestATalkOfAnEarlierLifeOutlivesItsGroupAndItsAgent(t *testing.T) {
	s := restarted(t, plain, Snapshot{Groups: []Group{{Number: "120"}}, Talks: []Talk{talkOf("a", "1000", nine)}})
	s.edit(Change{AgentAdded: &NewAgent{Extension: "1000"}})
	s.state("1000", agent.Talking)
	s.edit(Change{AgentRemoved: new("1000")})
	_, l, _ := s.f.Resumed("a")
	s.f.End(l, s.now)
	s.look()
	s.edit(Change{AgentAdded: &NewAgent{Extension: "1000"}})
	s.state("1000", agent.Ready)
	if s.f.Stay("a", s.now) {
		t.Error("back in the line of a group that is gone")
	}
	s.look()
	if !slices.Equal(s.groupRemoved, []string{"a"}) {
		t.Errorf("sent back: %v", s.groupRemoved)
	}
}

func TestTheCallerOfATalkOfAnEarlierLifeIsTransferred(t *testing.T) {
	s := restarted(t, writtenUp(), Snapshot{
		Agents: []agent.Agent{atWork("1000", agent.Talking, nine), atWork("1001", agent.Ready, nine)},
		Groups: []Group{sales}, Members: []Member{{"110", "1000"}}, Talks: []Talk{talkOf("a", "1000", nine)},
	})
	s.must(s.f.Transfer("a", "1001", s.now))
	next := s.rings("a", "1001")
	_, talk, _ := s.f.Resumed("a")
	s.f.End(talk, s.now)
	s.f.Requeued(talkOf("a", "1000", nine))
	s.look()
	s.counts("110", 0, 1, 0)
	if next.Number != 3 || len(s.ledger.waiting()) != 1 || !s.ledger.talks()["a"].Requeued {
		t.Errorf("%+v, waiting %v, talks %+v", next, s.ledger.waiting(), s.ledger.talks())
	}
	s.answers(next)
	s.counts("110", 0, 0, 1)
}

func TestTheCallerOfATalkIsNotAbsentToo(t *testing.T) {
	s := restarted(t, plain, Snapshot{
		Agents: []agent.Agent{atWork("1000", agent.Talking, nine)}, Groups: []Group{sales},
		Talks:   []Talk{talkOf("a", "1000", nine)},
		Waiting: []Waiting{{UUID: "a", Group: "110", Since: nine}}, // the server died before it was removed
	})
	if _, kept := s.f.KeepsPlace("a"); kept || len(s.ledger.waiting()) > 0 {
		t.Errorf("expected: %v, waiting %v", kept, s.ledger.waiting())
	}
	s.pass(2 * absentGrace)
	s.records()
	s.hangsUp("a")
	s.records(talkOf("a", "1000", nine).CDR)
}

func TestAnAbandonedOfferKeepsItsAgentUntilItExpires(t *testing.T) {
	rules := plain
	rules.NoAnswerToReady = false
	s := begin(t, rules)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.rings("a", "1000")
	s.f.Abandon(l, s.now)
	s.look()
	s.leaves("a")
	s.state("1000", agent.Ring)
	s.calls("a", "", "110") // back on another connection
	s.quiet()
	s.pass(DefaultRingTimeout + LeaseGrace - 2*time.Second)
	s.state("1000", agent.Ring)
	s.pass(2 * time.Second)
	s.rings("a", "1000") // ready, and not noanswer: it missed nothing
	if len(s.expired) > 0 {
		t.Errorf("its call was told: %+v", s.expired)
	}
}

func TestATalkThatWasNotWrittenIsRecovered(t *testing.T) {
	patient := plain
	patient.Reserve = time.Minute
	group := sales
	group.ServiceLevel = setting.Is(30 * time.Second)
	s := restarted(t, patient, Snapshot{
		Agents: []agent.Agent{atWork("1000", agent.Ring, nine), atWork("1001", agent.Ready, nine)},
		Groups: []Group{group}, Members: []Member{{"110", "1000"}, {"110", "1001"}},
		Waiting: []Waiting{{UUID: "a", Caller: "139", Group: "110", VIP: true, Since: nine.Add(-time.Minute)}},
	})
	found := func(uuid, extension string) Talk {
		t := talkOf(uuid, extension, nine)
		t.CDR.Caller, t.CDR.Group, t.CDR.Arrived, t.Offer.Group = "", "", time.Time{}, ""
		return t
	}
	refused := func(why string, t Talk) {
		s.Helper()
		if _, ok := s.f.RecoverTalk(t, s.now); ok {
			s.Errorf("recovered: %s", why)
		}
		s.look()
	}
	refused("no place is kept for its caller", found("b", "1000"))
	refused("its agent is gone", found("a", "1009"))
	s.calls("c", "", "110")
	s.rings("c", "1001")
	refused("its agent has an offer", found("a", "1001"))
	whole, ok := s.f.RecoverTalk(found("a", "1000"), s.now)
	if !ok {
		t.Fatal("not recovered")
	}
	want := talkOf("a", "1000", nine)
	want.CDR.VIP = true
	want.CDR.ServiceLevel, want.CDR.Short = 30, 5
	want.CDR.PositionFirst, want.CDR.PositionLast = whole.CDR.PositionFirst, whole.CDR.PositionLast
	want.Offer.Arrived = want.CDR.Arrived
	if !reflect.DeepEqual(whole, want) {
		t.Errorf("recovered is %+v, want %+v", whole, want)
	}
	s.look()
	s.state("1000", agent.Talking)
	s.counts("110", 0, 1, 1)
	refused("it is recovered already", found("a", "1000"))
	s.f.ReleaseReserved(s.now)
	s.look()
	s.state("1000", agent.Talking)
	s.pass(2 * absentGrace) // the place is not kept any more
	s.records()
	s.hangsUp("a")
	if v := s.view("1000"); v.CallUUID == "a" {
		t.Errorf("%+v", v)
	}
	s.records(want.CDR)
}

func TestOneWhoHadTalkedAndWaitsAgainHasOneCDR(t *testing.T) {
	for name, back := range map[string]bool{"comes back": true, "stays away": false} {
		t.Run(name, func(t *testing.T) {
			parted := talkOf("a", "1000", nine)
			parted.Requeued = true
			s := restarted(t, plain, Snapshot{
				Groups: []Group{sales}, Talks: []Talk{parted},
				Waiting: []Waiting{{UUID: "a", Group: "110", Since: nine}},
			})
			s.records()
			want := parted.CDR
			want.Ended, want.Cause = nine, causeNotBack
			if back {
				if p := s.joins("a", "139", "110"); !p.Kept || !reflect.DeepEqual(p.SoFar, want) {
					t.Errorf("%+v", p)
				}
				s.pass(2 * absentGrace)
				s.records()
				s.leaves("a")
				s.f.Ended(parted.CDR)
				s.look()
				return
			}
			s.pass(2 * absentGrace)
			s.records(want)
		})
	}
}

func TestOneWhoHadTalkedAndDidNotWaitHasTheCDRAtOnce(t *testing.T) {
	parted := talkOf("a", "1000", nine)
	parted.Requeued = true
	s := restarted(t, plain, Snapshot{Groups: []Group{sales}, Talks: []Talk{parted}})
	want := parted.CDR
	want.Ended, want.Cause = nine, causeNotBack
	s.records(want)
}
