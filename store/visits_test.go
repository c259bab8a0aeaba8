package store

import (
	"testing"
	"time"

	"nwayacd/queue"
)

func TestVisitsOfTodayAreReadAsTheyWereWritten(t *testing.T) {
	at := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		for uuid, arrived := range map[string]time.Time{"before": at.Add(-time.Second), "first": at, "last": at.Add(time.Hour)} {
			s.Write(queue.Change{CDR: &queue.CDR{
				UUID: uuid, Group: "110", Outcome: queue.Answered, Arrived: arrived, Answered: arrived.Add(time.Second),
				Bridged: arrived.Add(2 * time.Second), Ended: arrived.Add(time.Minute), ServiceLevel: 7, Short: 3,
			}})
		}
		visits, err := s.Visits(t.Context(), at, at.Add(time.Hour)) // waits for the journal
		if err != nil {
			t.Fatal(err)
		}
		if len(visits) != 1 {
			t.Fatalf("%d visits: %+v", len(visits), visits)
		}
		v := visits[0]
		if !v.Arrived.Equal(at) || !v.Answered.Equal(at.Add(time.Second)) || v.Group != "110" || v.ServiceLevel != 7 ||
			v.Short != 3 || v.Bridged.IsZero() {
			t.Errorf("%+v", v)
		}
	})
}
