package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

func TestAPlaceAndItsOffersKnowTheVisit(t *testing.T) {
	s := begin(t, plain)
	s.group("120", Sequence, "1000")
	a := Arrival{UUID: "a", Caller: "139", Group: "120", Since: s.now, Name: "李豪", Visit: 2, CameFrom: "110"}
	p, err := s.f.Join(a)
	s.must(err)
	if p.Visit != 2 || p.CameFrom != "110" {
		t.Errorf("place %+v", p)
	}
	want := Waiting{UUID: "a", Caller: "139", Group: "120", Since: a.Since, Name: "李豪", Visit: 2, CameFrom: "110"}
	if got := s.ledger.waiting()["a"]; got != want {
		t.Errorf("written was %+v, want %+v", got, want)
	}
	s.open("a")
	if l := s.rings("a", "1000"); l.Visit != 2 {
		t.Errorf("the offer is of visit %d", l.Visit)
	}
}

func TestACallThatComesBackGoesOnWithItsVisit(t *testing.T) {
	was := Waiting{
		UUID: "a", Caller: "139", Group: "110", Since: nine.Add(-time.Minute), Name: "Li", Visit: 3,
		CameFrom: "120",
	}
	s := restarted(t, plain, Snapshot{
		Agents: []agent.Agent{atWork("1000", agent.Ready, nine)}, Groups: []Group{sales},
		Members: []Member{{"110", "1000"}},
		Waiting: []Waiting{was},
	})
	p, err := s.f.Join(Arrival{UUID: "a", Caller: "139", Group: "110", Since: s.now, Name: "Li"})
	s.must(err)
	if p.Visit != 3 || p.CameFrom != "120" || s.ledger.waiting()["a"] != was {
		t.Errorf("after a restart: place %+v, written was %+v", p, s.ledger.waiting()["a"])
	}
	if !s.f.LeaveAbsent("a", Absent{}, s.now) {
		t.Fatal("no place is kept")
	}
	s.look()
	if p, err = s.f.Join(Arrival{UUID: "a", Caller: "139", Group: "110", Since: s.now}); err != nil || p.Visit != 3 ||
		p.CameFrom != "120" {
		t.Errorf("after a lost connection: place %+v, %v", p, err)
	}
	s.look()
}

// TestAnAbsentCallerWhoComesToAnotherGroupHasTwoVisits: the visit to the first group is over and
// has its CDR. Its waiting time counts in the second.
func TestAnAbsentCallerWhoComesToAnotherGroupHasTwoVisits(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.group("120", Sequence, "1000")
	first := Arrival{UUID: "a", Caller: "139", Group: "110", Since: s.now, Visit: 1}
	_, err := s.f.Join(first)
	s.must(err)
	cdr := CDR{UUID: "a", Group: "110", Visit: 1, Arrived: s.now, Outcome: Failed}
	if !s.f.LeaveAbsent("a", Absent{CDR: cdr}, s.now) {
		t.Fatal("no place is kept")
	}
	p, err := s.f.Join(Arrival{
		UUID: "a", Caller: "139", Group: "120", Since: s.now.Add(time.Second), Visit: 2,
		CameFrom: "110",
	})
	s.must(err)
	if p.Visit != 2 || p.CameFrom != "110" || p.Kept || !p.Since.Equal(first.Since) {
		t.Errorf("place %+v", p)
	}
	if _, written := s.ledger.cdrs[visitOf(cdr)]; !written || s.ledger.waiting()["a"].Group != "120" {
		t.Errorf("written were the CDRs %+v, and %+v", s.ledger.cdrs, s.ledger.waiting()["a"])
	}
	s.look()
}

func TestAGroupsCallerPrefix(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence)
	s.must(s.f.SetGroup(GroupUpdate{Number: "110", CallerPrefix: new("Sales: ")}))
	if g, _ := s.f.Group("110"); g.CallerPrefix != "Sales: " {
		t.Errorf("%+v", g)
	}
	s.edit(Change{Group: &GroupUpdate{Number: "110", CallerPrefix: new("")}})
	if g, _ := s.f.Group("110"); g.CallerPrefix != "" {
		t.Errorf("edited by another program: %+v", g)
	}
	s.refused(s.f.SetGroup(GroupUpdate{Number: "120", CallerPrefix: new("x")}), ErrNoGroup)
}

func TestRecordingsOfAVisitAreKeptInOrder(t *testing.T) {
	var first CDR
	first.Recorded("a.wav")
	second := first // as a talk's CDR so far is copied
	second.Recorded("b.wav")
	first.Recorded("c.wav")
	for _, c := range []struct {
		cdr  CDR
		last string
	}{{first, "c.wav"}, {second, "b.wav"}} {
		if r := c.cdr.Recordings; len(r) != 2 || r[0] != "a.wav" || r[1] != c.last || c.cdr.Recording != c.last {
			t.Errorf("%v, last %s", r, c.cdr.Recording)
		}
	}
	if first.VisitNumber() != 1 || (&CDR{Visit: 2}).VisitNumber() != 2 {
		t.Error("the visit's number")
	}
}

func TestAnOfferNamesTheVisitOfWhoTakesOver(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("consults", "1009", "110")
	l := s.rings("consults", "1000")
	next := Arrival{UUID: "caller", Caller: "138", Name: "Li", Visit: 3, CameFrom: "120"}
	if !s.f.TakeOver("consults", next, s.now) {
		t.Fatal("not taken over")
	}
	s.look()
	if w := s.ledger.waiting()["caller"]; l.Visit != 3 || w.Visit != 3 || w.CameFrom != "120" || w.Name != "Li" {
		t.Errorf("the offer is of visit %d, written was %+v", l.Visit, w)
	}
}

func TestATalkThatIsFoundIsOfTheVisitOfItsCaller(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	if _, err := s.f.Join(Arrival{UUID: "a", Group: "110", Since: s.now, Visit: 2, CameFrom: "120"}); err != nil {
		t.Fatal(err)
	}
	s.f.LeaveAbsent("a", Absent{CDR: CDR{UUID: "a", Group: "110", Visit: 2, CameFrom: "120"}}, s.now)
	found := Talk{
		CDR:   CDR{UUID: "a", Agent: "1000", Leg: "leg"},
		Offer: OfferRecord{Call: "a", Agent: "1000", Leg: "leg"},
	}
	whole, ok := s.f.RecoverTalk(found, s.now)
	s.look()
	if !ok || whole.CDR.Visit != 2 || whole.Offer.Visit != 2 {
		t.Errorf("recovered: %v, %+v", ok, whole)
	}
}
