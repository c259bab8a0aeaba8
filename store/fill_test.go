package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nwayacd/queue"
)

// TestTheFiguresOfOldOffersReadThoseOfTheirTimeOnly looks at the plan after the indexes were built,
// and before the database has counted how many offers have no arrival.
func TestTheFiguresOfOldOffersReadThoseOfTheirTimeOnly(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		withJobs(t, offeredIndex, offerArrivedIndex)
		s, _ := run(t, o)
		var changes []queue.Change
		for i := range 5000 {
			uuid := fmt.Sprint("u", i)
			at := moment.Add(time.Duration(i) * 10 * time.Second)
			changes = append(changes,
				queue.Change{CDR: &queue.CDR{UUID: uuid, Group: "110", Outcome: queue.Abandoned, Arrived: at, Ended: at}},
				queue.Change{Offer: &queue.OfferRecord{Call: uuid, Group: "110", Agent: "1000", Number: 1, Offered: at, Ended: at}})
		}
		s.Write(changes...)
		flush(t, s)
		jobsDone(t, s)
		explain := "EXPLAIN QUERY PLAN "
		if o.DSN != "" {
			explain = "EXPLAIN "
			for _, statement := range []string{
				`ALTER TABLE nwayacd_offer DROP COLUMN arrived`, `ANALYZE`,
				`ALTER TABLE nwayacd_offer ADD COLUMN arrived timestamptz`,
				`CREATE INDEX nwayacd_offer_arrived ` + offerArrivedIndex.index,
			} {
				exec(t, s.db.DB, statement)
			}
		}
		q := &s.db.figures
		plan := planOf(t, s, explain+q.spoken, moment.Format(q.bound), moment.Add(time.Hour).Format(q.bound))
		for _, index := range []string{"nwayacd_cdr_arrived", "nwayacd_offer_call", "nwayacd_cdr_uuid", "nwayacd_offer_arrived"} {
			if !strings.Contains(plan, index) {
				t.Errorf("the plan does without %s", index)
			}
		}
		for _, whole := range []string{"Seq Scan", "Hash", "SCAN ", "(arrived=?)"} {
			if strings.Contains(plan, whole) {
				t.Errorf("the plan reads a whole table: %s", whole)
			}
		}
		if t.Failed() {
			t.Log(plan)
		}
	})
}

// planOf returns the lines of a plan, without the numbers that SQLite puts before them.
func planOf(t *testing.T, s *Store, query string, args ...any) string {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := collect(rows, func(scan func(...any) error) (string, error) {
		fields := make([]text, len(columns))
		err := scan(places(fields)...)
		return string(fields[len(fields)-1]), err
	})
	if err != nil || len(lines) == 0 {
		t.Fatal(lines, err)
	}
	return strings.Join(lines, "\n")
}
