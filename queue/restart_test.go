package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
)

// restarted is a floor loaded from a database.
func restarted(t *testing.T, s Settings, snapshot Snapshot) *shift {
	t.Helper()
	f := begin(t, s)
	f.ledger.load(snapshot)
	f.f.Load(snapshot, f.now)
	f.look()
	return f
}

// atWork is a row of an agent that is logged in.
func atWork(extension string, state agent.CallState, since time.Time) agent.Agent {
	return agent.Agent{
		Profile:  agent.Profile{Extension: extension},
		Presence: agent.Presence{Registered: true, Up: true, Idle: true},
		Call:     state, Since: since,
	}
}

var sales = Group{Number: "110", Name: "sales", Mode: RememberCyclic, Cursor: "1001", RingTimeout: DefaultRingTimeout}

func TestAfterARestartThePointerTheListsAndTheMemoriesAreThere(t *testing.T) {
	s := restarted(t, plain, Snapshot{
		Agents: []agent.Agent{
			atWork("1000", agent.Ready, nine), atWork("1001", agent.Ready, nine), atWork("1002", agent.Ready, nine),
		},
		Groups:    []Group{sales},
		Members:   []Member{{"110", "1000"}, {"110", "1001"}, {"110", "1002"}, {"110", "1002"}, {"999", "1000"}},
		Blacklist: []Blacklisted{{Number: "666"}},
		VIPs:      []VIP{{"888", "110"}},
		Memories:  []Memory{{Caller: "138", Group: "110", Agent: "1000", At: nine.Add(-time.Hour)}},
	})
	s.calls("a", "138", "110")
	s.rings("a", "1000")
	s.leaves("a")
	s.edit(Change{Group: &GroupUpdate{Number: "110", Cursor: new("1001")}})
	s.calls("b", "", "110")
	s.rings("b", "1002")
	if !s.f.Blacklisted("666", "4001", "110", s.now) {
		t.Error("not blacklisted")
	}
	if !s.joins("vip", "888", "110").VIP {
		t.Error("no VIP")
	}
}

func TestAfterARestartTheNewestOfSeveralMemoriesCounts(t *testing.T) {
	rows := []Memory{
		{Caller: "138", Group: "110", Agent: "1000", At: nine.Add(-2 * time.Hour)},
		{Caller: "138", Group: "110", Agent: "1001", At: nine.Add(-1 * time.Hour)},
		{Caller: "138", Group: "110", Agent: "1002", At: nine.Add(-3 * time.Hour)},
	}
	s := restarted(t, plain, Snapshot{
		Agents: []agent.Agent{
			atWork("1000", agent.Ready, nine), atWork("1001", agent.Ready, nine), atWork("1002", agent.Ready, nine),
		},
		Groups:   []Group{{Number: "110", Mode: RememberSequence, RingTimeout: DefaultRingTimeout}},
		Members:  []Member{{"110", "1000"}, {"110", "1001"}, {"110", "1002"}},
		Memories: rows,
	})
	s.calls("a", "138", "110")
	s.rings("a", "1001")
}

func TestAfterARestartOldCallsAreOverAndWrapUpsGoOn(t *testing.T) {
	s := restarted(t, plain, Snapshot{
		Agents: []agent.Agent{
			atWork("1000", agent.Ring, nine), atWork("1001", agent.Talking, nine),
			atWork("1002", agent.Typing, nine.Add(-plain.Recover+time.Minute)),
			atWork("1003", agent.Typing, nine.Add(-24*time.Hour)), atWork("1004", agent.Typing, time.Time{}),
			atWork("1005", agent.NoAnswer, nine),
		},
		Groups: []Group{sales},
	})
	for extension, want := range map[string]agent.CallState{
		"1000": agent.Ready, "1001": agent.Ready, "1002": agent.Typing, "1005": agent.NoAnswer,
	} {
		s.state(extension, want)
	}
	if len(s.statuses) != 2 || s.statuses[0].Status != agent.StatusReady {
		t.Errorf("published: %v", s.statuses)
	}
	s.pass(0)
	s.state("1003", agent.Ready)
	s.state("1004", agent.Ready)
	s.state("1002", agent.Typing)
	s.pass(time.Minute)
	s.state("1002", agent.Ready)
	s.state("1005", agent.NoAnswer)
}

func TestAfterARestartACallThatComesBackHasItsOldPlace(t *testing.T) {
	old := nine.Add(-10 * time.Minute)
	s := restarted(t, plain, Snapshot{
		Groups: []Group{sales},
		Waiting: []Waiting{
			{UUID: "back", Group: "110", Since: old}, {UUID: "gone", Group: "110", Since: old.Add(-time.Minute)},
		},
	})
	s.calls("new", "", "110")
	s.pass(30 * time.Second)
	if p := s.joins("back", "", "110"); !p.Since.Equal(old) {
		t.Errorf("the place is from %v, want %v", p.Since, old)
	}
	s.open("back")
	s.pass(absentGrace)
	if _, listed := s.ledger.waiting()["gone"]; listed {
		t.Error("a call that did not come back still has a row")
	}
	if _, listed := s.ledger.waiting()["back"]; !listed {
		t.Error("the call that came back has no row")
	}
	if p := s.joins("gone", "", "110"); !p.Since.Equal(s.now) {
		t.Errorf("after the time for it, the place is from %v", p.Since)
	}
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	s.rings("back", "1000")
}

// snapshot is what a re-read of the ledger finds.
func (s *shift) snapshot() Snapshot {
	kept := s.ledger.kept.Clone()
	return Snapshot{Agents: kept.Agents, Groups: kept.Groups, Members: kept.Members}
}

func (s *shift) reread(r Snapshot) {
	s.Helper()
	kept := &s.ledger.kept
	kept.Agents, kept.Groups, kept.Members = slices.Clone(r.Agents), slices.Clone(r.Groups), slices.Clone(r.Members)
	s.f.Reload(r, s.now)
	s.look()
}

func TestARereadThatFindsNothingNewChangesNothing(t *testing.T) {
	s := begin(t, writtenUp())
	s.group("110", Cyclic, "1000", "1001", "1002")
	s.calls("wrapped up", "", "110")
	s.ends(s.talks("wrapped up", "1000"))
	s.calls("talking", "", "110")
	talk := s.talks("talking", "1001")
	s.calls("ringing", "", "110")
	s.rings("ringing", "1002")
	s.calls("waiting", "", "110")
	s.statuses, s.changes = nil, nil
	s.reread(s.snapshot())
	s.quiet()
	if len(s.statuses)+len(s.changes)+len(s.groupRemoved) > 0 {
		t.Errorf("published %v, written %v, sent back %v", s.statuses, s.changes, s.groupRemoved)
	}
	s.ends(talk)
	s.state("1001", agent.Typing)
}

// TestARereadDoesNotLoseTheEndOfAWrapUp: a database stores times less exactly than the floor has
// them.
func TestARereadDoesNotLoseTheEndOfAWrapUp(t *testing.T) {
	s := begin(t, writtenUp())
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.talks("a", "1000")
	s.pass(1234567 * time.Nanosecond)
	s.ends(l)
	r := s.snapshot()
	r.Agents[0].Since = r.Agents[0].Since.Truncate(time.Second)
	s.reread(r)
	s.state("1000", agent.Typing)
	s.pass(plain.Recover)
	s.state("1000", agent.Ready)
}

func TestARereadFindsWhatWasEditedMeanwhile(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.group("120", Sequence, "1002")
	s.group("130", Sequence)
	s.calls("a", "", "130")
	r := Snapshot{
		Agents: []agent.Agent{
			atWork("1000", agent.Ready, nine), // and 1001 is gone
			atWork("1002", agent.Ready, nine), atWork("1003", agent.Ready, nine), atWork("1004", agent.Typing, nine),
			atWork("1005", agent.Talking, nine),
		},
		Groups: []Group{
			{Number: "110", Mode: Cyclic, RingTimeout: time.Second}, // and 120 is gone
			{Number: "130", RingTimeout: time.Second}, {Number: "140", RingTimeout: time.Second},
		},
		Members:   []Member{{"130", "1003"}, {"140", "1002"}, {"140", "1004"}},
		Blacklist: []Blacklisted{{Number: "666"}},
		VIPs:      []VIP{{Number: "888"}},
	}
	s.reread(r)
	s.rings("a", "1003")
	s.counts("140", 1, 0, 0)
	s.counts("110", 0, 0, 0)
	s.state("1005", agent.Ready)
	s.pass(plain.Recover)
	s.counts("140", 2, 0, 0)
	if g, _ := s.f.Group("110"); g.Mode != Cyclic || g.RingTimeout != time.Second {
		t.Errorf("%+v", g)
	}
	if !s.f.Blacklisted("666", "", "110", s.now) || !s.joins("vip", "888", "110").VIP {
		t.Error("the lists were not read")
	}
}

// TestARereadIsOneStep: half of it must not lead to an offer that the whole forbids.
func TestARereadIsOneStep(t *testing.T) {
	for i := range 20 { // maps are walked in any order
		s := begin(t, plain)
		s.group("110", Sequence, "1000", "1001")
		s.must(s.f.Busy("1000", s.now))
		s.must(s.f.RemoveAgent("1001"))
		s.hire("1002")
		s.calls("a", "", "110")
		s.reread(Snapshot{
			Agents: []agent.Agent{atWork("1000", agent.Ready, nine)}, // ready again, but of no group; 1002 is gone
			Groups: s.snapshot().Groups,
		})
		if len(s.offers) > 0 {
			t.Fatalf("try %d: %s rings, who is of no group", i, s.offers[0].Agent.Extension)
		}
	}
}

func TestCallersWhoseGroupARereadRemoves(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	for i := range 3 {
		s.calls(fmt.Sprint(i), "", "110")
	}
	s.reread(Snapshot{})
	if len(s.groupRemoved) != 3 {
		t.Errorf("sent back: %v", s.groupRemoved)
	}
}
