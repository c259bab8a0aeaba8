package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nwayacd/queue"
)

// found returns the uuids of a search's page.
func found(t *testing.T, s *Store, q queue.CDRSearch) (uuids string, next int64) {
	t.Helper()
	page, next, err := s.SearchCDRs(within(t), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	var all []string
	for _, c := range page {
		all = append(all, c.UUID)
	}
	return strings.Join(all, " "), next
}

func TestCDRsAreSearched(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		for n, c := range []queue.CDR{
			{UUID: "a", Caller: "139", Group: "110", Agent: "1000", Outcome: queue.Answered},
			{UUID: "b", Caller: "138", Group: "110", Outcome: queue.Abandoned},
			{UUID: "c", Caller: "139", Group: "120", Agent: "1001", Outcome: queue.Answered},
			{UUID: "d", Caller: "' OR 1=1 --", Group: "110", Outcome: queue.Failed},
		} {
			c.Arrived = moment.Add(time.Duration(n) * time.Hour)
			c.Ended = c.Arrived.Add(time.Minute)
			s.Write(queue.Change{CDR: &c})
		}
		flush(t, s)
		for _, one := range []struct {
			q    queue.CDRSearch
			want string
		}{
			{queue.CDRSearch{}, "d c b a"},
			{queue.CDRSearch{Group: "110"}, "d b a"},
			{queue.CDRSearch{Groups: []string{"110", "999"}}, "d b a"},
			{queue.CDRSearch{Groups: []string{"' OR 1=1 --", `"`}}, ""},
			{queue.CDRSearch{Groups: []string{}}, ""},
			{queue.CDRSearch{Agent: "1001"}, "c"},
			{queue.CDRSearch{Caller: "139"}, "c a"},
			{queue.CDRSearch{Caller: "' OR 1=1 --"}, "d"},
			{queue.CDRSearch{Call: "b"}, "b"},
			{queue.CDRSearch{Outcome: queue.Answered, Group: "110"}, "a"},
			{queue.CDRSearch{From: moment.Add(time.Hour)}, "d c b"},
			{queue.CDRSearch{To: moment.Add(time.Hour)}, "a"},
			{
				queue.CDRSearch{
					From: moment.Add(time.Hour).In(time.FixedZone("", 3600)),
					To:   moment.Add(3 * time.Hour),
				},
				"c b",
			},
			{queue.CDRSearch{Group: "999"}, ""},
		} {
			one.q.Limit = 10
			if got, next := found(t, s, one.q); got != one.want || next != 0 {
				t.Errorf("%+v: %q and a page after it: %v, want %q", one.q, got, next != 0, one.want)
			}
		}
	})
}

func TestPagesOfCDRsHaveEachCallOnce(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		write := func(uuid string) {
			s.Write(queue.Change{CDR: &queue.CDR{UUID: uuid, Outcome: queue.Answered, Arrived: moment, Ended: moment}})
			flush(t, s)
		}
		for n := range 4 {
			write(fmt.Sprint(n))
		}
		first, next := found(t, s, queue.CDRSearch{Limit: 2})
		if first != "3 2" || next == 0 {
			t.Fatalf("first page %q, next %d", first, next)
		}
		write("later") // does not shift the pages
		if second, next := found(t, s, queue.CDRSearch{Limit: 2, Before: next}); second != "1 0" || next != 0 {
			t.Errorf("second page %q, next %d", second, next)
		}
	})
}

func TestAPasswordIsThereAsSoonAsTheAccountIs(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s := open(t, o) // not running, so nothing reaches the database
		defer s.Close()
		s.Write(queue.Change{AgentAdded: &queue.NewAgent{Extension: "1000", Password: "secret"}})
		if text, ok, err := s.Password(within(t), "1000"); text != "secret" || !ok || err != nil {
			t.Errorf("%q %v %v", text, ok, err)
		}
		if text, ok, err := s.Password(within(t), "1001"); ok || err != nil {
			t.Errorf("of no extension: %q %v", text, err)
		}
		gone := "1000"
		s.Write(queue.Change{AgentRemoved: &gone})
		if text, ok, _ := s.Password(within(t), "1000"); ok {
			t.Errorf("of a removed account: %q", text)
		}
	})
}

func TestAPasswordOutlivesTheDatabase(t *testing.T) {
	s, _ := run(t, sqliteOptions(t))
	s.Write(queue.Change{AgentAdded: &queue.NewAgent{Extension: "1000", Password: "old"}})
	flush(t, s)
	if _, err := s.db.Exec(`UPDATE call_extension SET extension_pswd = 'new'`); err != nil {
		t.Fatal(err)
	}
	if text, _, err := s.Password(within(t), "1000"); text != "new" || err != nil {
		t.Errorf("another program's password: %q %v", text, err)
	}
	if _, err := s.db.Exec(`ALTER TABLE call_extension RENAME TO away`); err != nil {
		t.Fatal(err)
	}
	if text, ok, err := s.Password(within(t), "1000"); text != "new" || !ok || err != nil {
		t.Errorf("with the database away: %q %v %v", text, ok, err)
	}
	if _, _, err := s.Password(within(t), "1001"); err == nil {
		t.Error("the database is away, so it is not known if 1001 has a password")
	}
}

func TestVisitsOfOneCallAreRowsOfTheirOwn(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		visit := func(n int, group, from string, outcome queue.Outcome) []queue.Change {
			return []queue.Change{
				{Offer: &queue.OfferRecord{
					Call: "u1", Group: group, Agent: "1000", Number: 1, Visit: n,
					Offered: moment, Ended: moment,
				}},
				{CDR: &queue.CDR{
					UUID: "u1", Visit: n, Group: group, CameFrom: from, Outcome: outcome, Arrived: moment,
					Ended: moment,
				}},
				{TalkOver: new("u1")},
			}
		}
		s.Write(visit(1, "110", "", queue.Answered)...)
		s.Write(visit(2, "120", "110", queue.Moved)...)
		s.Write(visit(3, "130", "120", queue.Consult)...)
		stop()
		s, _ = run(t, o) // nothing of it is written again
		page, _, err := s.SearchCDRs(within(t), queue.CDRSearch{Call: "u1", Limit: 10})
		if err != nil || len(page) != 3 {
			t.Fatalf("%d rows, %v", len(page), err)
		}
		for i, c := range page { // what ended last comes first
			if c.Visit != 3-i || c.CameFrom != []string{"120", "110", ""}[i] {
				t.Errorf("row %d is visit %d, came from %q", i, c.Visit, c.CameFrom)
			}
		}
		offers, err := s.Offers(within(t), "u1")
		if err != nil || len(offers) != 3 {
			t.Fatalf("%d offers, %v", len(offers), err)
		}
		for i, o := range offers {
			if o.Visit != i+1 || o.Group != []string{"110", "120", "130"}[i] {
				t.Errorf("offer %d: %+v", i, o)
			}
		}
		if n := count(t, s,
			`SELECT count(*) FROM nwayacd_cdr WHERE came_from IS NULL AND recordings = '[]' AND direction = 'in'`); n != 1 {
			t.Errorf("%d rows of a first visit", n)
		}
	})
}
