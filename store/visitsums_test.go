package store

import (
	"fmt"
	"testing"
	"time"

	"nwayacd/queue"
)

// TestAVisitHasTheSumsOfItsOffers has a visit of two agents, and another visit of the same call. A
// wrap-up ends after the visit's record was written. The view has the same as the search.
func TestAVisitHasTheSumsOfItsOffers(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		offer := func(visit, number int, agent string, hold, wrapUp time.Duration) queue.Change {
			r := &queue.OfferRecord{
				Call: "u1", Group: "110", Agent: agent, Visit: visit, Number: number, Outcome: queue.OfferAnswered,
				Offered: moment, Answered: moment, Ended: moment.Add(time.Minute), Hold: hold, WrapUp: wrapUp,
			}
			if wrapUp > 0 {
				r.WrapUpEnded = queue.WrapUpByItself
			}
			return queue.Change{Offer: r}
		}
		visit := func(uuid string, n int, outcome queue.Outcome) queue.Change {
			return queue.Change{CDR: &queue.CDR{
				UUID: uuid, Visit: n, Group: "110", Caller: "139", Outcome: outcome, Arrived: moment,
				Ended: moment.Add(time.Minute),
			}}
		}
		expect := func(when string, want ...string) {
			t.Helper()
			flush(t, s)
			page, _, err := s.SearchCDRs(within(t), queue.CDRSearch{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range page {
				got = append(got, fmt.Sprint(v.UUID, " ", v.Visit, ": hold ", v.Hold, ", wrap-up ", v.WrapUp))
				n := count(t, s, fmt.Sprintf(`SELECT count(*) FROM nwayacd_visit WHERE call_uuid = '%s' AND visit = %d
					AND hold_ms = %d AND wrap_up_ms = %d AND caller = '139' AND group_number = '110' AND came_from IS NULL`,
					v.UUID, v.Visit, v.Hold.Milliseconds(), v.WrapUp.Milliseconds()))
				if n != 1 {
					t.Errorf("%s: the view has %d rows like %s", when, n, got[len(got)-1])
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
			if n := count(t, s, `SELECT count(*) FROM nwayacd_visit`); n != len(want) {
				t.Errorf("%s: the view has %d rows", when, n)
			}
		}
		s.Write(offer(1, 1, "1000", 5*time.Second, 20*time.Second), offer(1, 2, "1001", 7*time.Second, 0),
			visit("u1", 1, queue.Transferred))
		expect("in the second wrap-up", "u1 1: hold 12s, wrap-up 20s")
		s.Write(queue.Change{WrapUp: &queue.WrapUp{
			Agent: "1001", Offered: moment, Length: 30 * time.Second, Ended: queue.WrapUpByHand,
		}}, offer(2, 1, "1000", time.Second, time.Second), visit("u1", 2, queue.Answered),
			visit("u2", 1, queue.Abandoned))
		expect("after it", "u2 1: hold 0s, wrap-up 0s", "u1 2: hold 1s, wrap-up 1s", "u1 1: hold 12s, wrap-up 50s")
		missed, err := s.Unreached(within(t), moment, nil, 10)
		if err != nil || len(missed) != 1 || missed[0].UUID != "u2" || missed[0].Hold != 0 {
			t.Errorf("not reached: %+v, %v", missed, err)
		}
	})
}
