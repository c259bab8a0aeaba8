package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/setting"
)

func TestACallerTakesAPlaceAtOnceAndIsOfferedAfterTheWelcome(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	arrived := s.joins("a", "13800000000", "110")
	s.quiet()
	s.counts("110", 1, 1, 0)
	if row := s.ledger.waiting()["a"]; !row.Since.Equal(arrived.Since) || row.Caller != "13800000000" {
		t.Errorf("the row is %+v", row)
	}
	s.pass(time.Minute)
	s.quiet()
	s.open("a")
	s.talks("a", "1000")
	s.counts("110", 0, 0, 1)
	if _, listed := s.ledger.waiting()["a"]; listed {
		t.Error("the row is still there in the talk")
	}
}

func TestACallerHasThePlaceUntilTheBridgeStands(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	place := s.ledger.waiting()["a"]
	s.answers(s.rings("a", "1000"))
	s.counts("110", 0, 0, 1) // counted once, though
	if got := s.ledger.waiting()["a"]; got != place {
		t.Errorf("the row is %+v, was %+v", got, place)
	}
	s.f.Bridged(Talk{CDR: CDR{UUID: "a"}})
	// in one write, and never none of the two
	if c := s.f.out.Changes; len(c) != 2 || c[0].Talk == nil || c[1].Left == nil {
		t.Errorf("the changes are %+v", c)
	}
	s.look()
	s.counts("110", 0, 0, 1)
}

func TestThePlaceCountsFromArrivalNotFromTheEndOfTheWelcome(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.joins("long welcome", "", "110")
	s.calls("short welcome", "", "110")
	s.open("long welcome")
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	s.rings("long welcome", "1000")
}

func TestALaterCallerWhoseWelcomeIsOverDoesNotWaitForAnEarlierOneStillGreeted(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.joins("greeted", "", "110")
	s.calls("ready", "", "110")
	s.rings("ready", "1000")
}

func TestVIPsAreServedFirstAndAmongThemTheLongestWait(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.edit(Change{VIPAdded: &VIP{"888", "110"}})
	s.edit(Change{VIPAdded: &VIP{Number: "999"}}) // in all groups
	s.edit(Change{VIPAdded: &VIP{"777", "120"}})  // in another
	s.calls("first", "1", "110")
	s.calls("other group's vip", "777", "110")
	s.calls("vip", "888", "110")
	s.calls("vip everywhere", "999", "110")
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	for _, uuid := range []string{"vip", "vip everywhere", "first", "other group's vip"} {
		s.ends(s.talks(uuid, "1000"))
	}
}

func TestACallerWithoutANumberIsNoVIP(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.edit(Change{VIPAdded: &VIP{Group: "110"}})
	if s.joins("a", "", "110").VIP {
		t.Error("a caller without a number is VIP")
	}
	s.edit(Change{VIPAdded: &VIP{"888", "110"}})
	s.edit(Change{VIPRemoved: &VIP{"888", "110"}})
	if s.joins("b", "888", "110").VIP {
		t.Error("a caller taken off the list is VIP")
	}
}

func TestAFreedAgentTakesTheLongestWaitOverAllItsGroups(t *testing.T) {
	s := begin(t, plain)
	for _, number := range []string{"110", "120", "130"} {
		s.group(number, Cyclic)
	}
	s.edit(Change{VIPAdded: &VIP{"888", "120"}})
	s.calls("not its group", "", "130")
	s.calls("longest", "", "120")
	s.calls("second", "", "110")
	s.calls("vip", "888", "120")
	s.calls("third", "", "120")
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110", "120"}, s.now))
	for _, uuid := range []string{"vip", "longest", "second", "third"} {
		s.ends(s.talks(uuid, "1000"))
	}
	s.quiet()
}

func TestAGroupWithoutAgentsDoesNotHoldUpAnother(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.group("120", Sequence, "1000")
	s.edit(Change{VIPAdded: &VIP{"888", "110"}})
	for _, uuid := range []string{"a", "b", "c"} {
		s.calls(uuid, "888", "110")
	}
	s.calls("d", "", "120")
	s.ends(s.talks("d", "1000"))
	s.quiet()
	s.counts("110", 0, 3, 0)
}

func TestTwoCallersInTheSameInstantAreServedAsTheyCame(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	for _, uuid := range []string{"z", "a", "m"} {
		if _, err := s.f.Join(Arrival{UUID: uuid, Group: "110", Since: s.now}); err != nil {
			t.Fatal(err)
		}
	}
	for _, uuid := range []string{"a", "m", "z"} {
		s.open(uuid)
	}
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	for _, uuid := range []string{"z", "a", "m"} {
		s.ends(s.talks(uuid, "1000"))
	}
}

func TestJoinIsRefused(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.calls("a", "", "110")
	_, err := s.f.Join(Arrival{UUID: "b", Group: "999", Since: s.now})
	s.refused(err, ErrNoGroup)
	_, err = s.f.Join(Arrival{UUID: "a", Group: "110", Since: s.now})
	s.refused(err, ErrCallHere)
}

func TestTheCallerHangsUpWhileWaiting(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.calls("a", "", "110")
	s.calls("b", "", "110")
	s.leaves("a")
	s.counts("110", 0, 1, 0)
	s.hire("1000")
	s.must(s.f.Login("1000", []string{"110"}, s.now))
	s.rings("b", "1000")
}

func TestTheCallerHangsUpDuringTheWelcome(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.joins("a", "", "110")
	s.leaves("a")
	s.open("a")
	s.quiet()
	s.counts("110", 1, 0, 0)
}

func TestTheCallerHangsUpWhileTheAgentRings(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.calls("b", "", "110")
	l := s.rings("a", "1000")
	s.leaves("a")
	s.said("1000", agent.StatusRing, agent.StatusReady, agent.StatusRing)
	s.rings("b", "1000")
	if s.f.Answer(l, s.now) {
		t.Error("the agent answers a caller who has left")
	}
	if s.f.Miss(l, Miss{}, s.now) {
		t.Error("a caller who has left is back in the line")
	}
	s.look()
	s.state("1000", agent.Ring)
}

func TestACallerWhoLeftTwiceIsGone(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	s.talks("a", "1000")
	s.leaves("a")
	s.leaves("a")
	s.counts("110", 1, 0, 0)
	s.state("1000", agent.Ready)
}

func TestAnOfferSaysWhoRingsHowLongAndWhichTryItIs(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.edit(Change{Group: &GroupUpdate{Number: "110", RingTimeout: new(20 * time.Second)}})
	s.must(s.f.SetAgent(agent.Update{Extension: "1000", JobNumber: new("42"), SayJobNumber: new(true)}, s.now))
	s.look()
	s.calls("a", "", "110")
	l := s.rings("a", "1000")
	if l.Group != "110" || l.Number != 1 || l.RingTimeout != 20*time.Second || !l.Offered.Equal(s.now) ||
		l.Transfer || l.Agent.JobNumber != "42" || !l.Agent.SayJobNumber {
		t.Errorf("%+v", l)
	}
	s.misses(l)
	if l := s.rings("a", "1001"); l.Number != 2 {
		t.Errorf("the second offer is number %d", l.Number)
	}
}

func TestTheCountsFollowACall(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "1001")
	s.counts("110", 2, 0, 0)
	s.joins("a", "", "110")
	s.counts("110", 2, 1, 0)
	s.open("a")
	s.counts("110", 1, 1, 0)
	l := s.rings("a", "1000")
	s.misses(l)
	s.counts("110", 1, 1, 0)
	l = s.talks("a", "1001")
	s.counts("110", 1, 0, 1)
	s.misses(l) // the leg died before the bridge
	s.counts("110", 2, 1, 0)
	s.pass(plain.Reoffer)
	s.counts("110", 1, 1, 0)
	s.ends(s.talks("a", "1000"))
	s.counts("110", 2, 0, 0)
}

func TestTheListShowsMembersAndTheOldestCaller(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000", "999")
	s.group("99", Sequence)
	s.must(s.f.Busy("999", s.now))
	s.must(s.f.Busy("1000", s.now))
	first := s.joins("a", "", "110")
	s.joins("b", "", "110")
	s.open("b")
	s.open("a")
	views := s.f.Groups()
	if len(views) != 2 || views[0].Number != "99" || !views[0].Oldest.IsZero() || !views[1].Oldest.Equal(first.Since) {
		t.Errorf("%+v", views)
	}
	if m := views[1].Members; len(m) != 2 || m[0] != "999" || m[1] != "1000" {
		t.Errorf("members %v", m)
	}
}

func TestBlacklist(t *testing.T) {
	expired, later := nine.Add(-time.Second), nine.Add(time.Second)
	tests := []struct {
		situation string
		row       Blacklisted
		caller    string
		refused   bool
	}{
		{"global", Blacklisted{Number: "666"}, "666", true},
		{"inbound", Blacklisted{Category: 2, Number: "666"}, "666", true},
		{"outbound only", Blacklisted{Category: 1, Number: "666"}, "666", false},
		{"another caller", Blacklisted{Number: "666"}, "777", false},
		{"in this group", Blacklisted{Number: "666", Group: "110"}, "666", true},
		{"in another group", Blacklisted{Number: "666", Group: "120"}, "666", false},
		{"dialled this number", Blacklisted{Number: "666", Dialled: "4001"}, "666", true},
		{"dialled another number", Blacklisted{Number: "666", Dialled: "4002"}, "666", false},
		{"this group, another number", Blacklisted{Number: "666", Group: "110", Dialled: "4002"}, "666", false},
		{"not expired", Blacklisted{Number: "666", Expires: later}, "666", true},
		{"expired", Blacklisted{Number: "666", Expires: expired}, "666", false},
		{"expires at this instant", Blacklisted{Number: "666", Expires: nine}, "666", false},
		{"no number, and a row without one", Blacklisted{}, "", false},
	}
	for _, test := range tests {
		t.Run(test.situation, func(t *testing.T) {
			s := begin(t, plain)
			s.group("110", Sequence)
			s.edit(Change{Blacklisted: &test.row})
			if got := s.f.Blacklisted(test.caller, "4001", "110", nine); got != test.refused {
				t.Errorf("refused: %v, want %v", got, test.refused)
			}
			s.edit(Change{Unblacklisted: &test.row.Number})
			if s.f.Blacklisted(test.caller, "4001", "110", nine) {
				t.Error("refused when taken off the list")
			}
		})
	}
}

// lostConnection is a caller of the empty group 110 whose connection was lost.
func lostConnection(t *testing.T) (*shift, Place) {
	t.Helper()
	s := begin(t, plain)
	s.group("110", Sequence)
	p := s.joins("a", "", "110")
	s.open("a")
	s.losesConnection("a", Absent{})
	return s, p
}

func TestACallerWhoseConnectionWentComesBackToItsPlace(t *testing.T) {
	s, place := lostConnection(t)
	s.counts("110", 0, 0, 0)
	if _, listed := s.ledger.waiting()["a"]; !listed {
		t.Error("the row is gone, and with it the place if the server dies now")
	}
	s.pass(absentGrace - 2*time.Second)
	if p := s.joins("a", "", "110"); !p.Since.Equal(place.Since) {
		t.Errorf("the place is from %v, was %v", p.Since, place.Since)
	}
	s.pass(time.Minute)
	s.leaves("a")
}

func TestACallerWhoseConnectionWentStaysAway(t *testing.T) {
	s, place := lostConnection(t)
	s.pass(absentGrace)
	if _, listed := s.ledger.waiting()["a"]; listed {
		t.Error("the row is still there")
	}
	if p := s.joins("a", "", "110"); p.Since.Equal(place.Since) {
		t.Error("the place was kept for good")
	}
}

func TestACallerWhoseConnectionWentTwiceHasTheWholeTimeAgain(t *testing.T) {
	s, place := lostConnection(t)
	s.pass(absentGrace / 2)
	s.joins("a", "", "110")
	s.losesConnection("a", Absent{})
	s.pass(absentGrace - 2*time.Second)
	if p := s.joins("a", "", "110"); !p.Since.Equal(place.Since) {
		t.Errorf("the place is from %v, was %v", p.Since, place.Since)
	}
}

func TestAConnectionThatGoesDuringAnOfferOrATalkFreesTheAgent(t *testing.T) {
	for name, answered := range map[string]bool{"ringing": false, "talking": true} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, plain)
			s.group("110", Sequence, "1000")
			s.calls("a", "", "110")
			if l := s.rings("a", "1000"); answered {
				s.answers(l)
			}
			s.losesConnection("a", Absent{})
			s.state("1000", agent.Ready)
			s.counts("110", 1, 0, 0)
			s.pass(2 * absentGrace)
			if len(s.ledger.waiting()) > 0 {
				t.Errorf("rows left: %v", s.ledger.waiting())
			}
		})
	}
}

func TestThePlaceHasTheLimitsOfItsArrival(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.group("120", Sequence)
	sets := func(seconds time.Duration) {
		own := setting.Is(seconds)
		s.must(s.f.SetGroup(GroupUpdate{Number: "110", ServiceLevel: &own, ShortAbandon: &own}))
	}
	limits := func(p Place) [2]int { return [2]int{p.ServiceLevel, p.Short} }
	sets(30 * time.Second)
	p := s.joins("a", "", "110")
	if got := limits(p); got != [2]int{30, 30} {
		t.Errorf("at the arrival: %v", got)
	}
	sets(10 * time.Second)
	s.open("a")
	s.losesConnection("a", Absent{CDR: CDR{UUID: "a", Group: "110", ServiceLevel: p.ServiceLevel, Short: p.Short}})
	if got := limits(s.joins("a", "", "110")); got != [2]int{30, 30} {
		t.Errorf("back on another connection: %v", got)
	}
	if got := limits(s.joins("b", "", "110")); got != [2]int{10, 10} {
		t.Errorf("who arrives now: %v", got)
	}
	moved, err := s.f.Move("a", "120", s.now)
	s.must(err)
	if got := limits(moved); got != [2]int{20, 5} {
		t.Errorf("in a group that has none of its own: %v", got)
	}
}
