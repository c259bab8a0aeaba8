package store

import (
	"context"
	"time"

	"nwayacd/queue"
)

// endOfTime is a bound after all records.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Visits returns the visits that arrived at since or later and ended before another time, with what
// their figures need. It waits until the records that are in the journal now are in the database.
func (s *Store) Visits(ctx context.Context, since, ended time.Time) ([]queue.CDR, error) {
	if err := s.applied.Wait(ctx, s.journal.Newest()); err != nil {
		return nil, err
	}
	ctx, cancel := s.queryContext(ctx, searchLimit)
	defer cancel()
	q := &s.db.figures
	all, err := search(ctx, s.db, countedVisit, q.visits, since.UTC().Format(q.bound), endOfTime.Format(q.bound))
	if err != nil {
		return nil, s.wrap(ctx, "read visits", err)
	}
	return filtered(all, func(c queue.CDR) bool { return c.Ended.Before(ended) }), nil
}
