package store

import (
	"context"
	"sync"
	"testing"
	"time"

	"nwayacd/queue"
)

func TestSearchesHoldUpNeitherTheApplierNorTheDirectory(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		s.Write(addedAgent("1000"), cdr("u0"))
		flush(t, s)
		slow := `SELECT pg_sleep(20)::text WHERE $1 <> ''`
		if o.DSN == "" {
			slow = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE ?1 <> ''`
		}
		s.db.offers = slow // as a search over millions of rows
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var searches sync.WaitGroup
		for range 20 {
			searches.Go(func() { s.Offers(ctx, "u") })
		}
		time.Sleep(200 * time.Millisecond)
		began := time.Now()
		for i := range 5 {
			s.Write(cdr("u" + string(rune('1'+i))))
			flush(t, s)
			if _, ok, err := s.Password(within(t), "1000"); !ok || err != nil {
				t.Errorf("no password: %v", err)
			}
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("applied, and asked for passwords, in %s", took)
		}
		cancel()
		searches.Wait()
		if page, _, err := s.SearchCDRs(within(t), queue.CDRSearch{Limit: 10}); err != nil || len(page) != 6 {
			t.Errorf("%d CDRs, %v", len(page), err)
		}
	})
}
