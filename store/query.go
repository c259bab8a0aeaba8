package store

import (
	"context"
	"database/sql"
	"time"

	"nwayacd/queue"
)

// SearchCDRs returns the calls that q selects, what ended last first, at most q.Limit of them. next is the Before of the page that follows,
// 0 after the last one. What is still in the journal is not among them.
func (s *Store) SearchCDRs(ctx context.Context, q queue.CDRSearch) (page []queue.CDR, next int64, err error) {
	ctx, cancel := s.queryContext(ctx, searchLimit)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, s.db.searchCDRs,
		q.Before, orNull(q.From), orNull(q.To), q.Group, q.Agent, q.Caller, q.Call, string(q.Outcome), q.Limit+1)
	if err != nil {
		return nil, 0, s.wrap(ctx, "search CDRs", err)
	}
	var ids []int64
	page, err = collect(rows, func(scan func(...any) error) (queue.CDR, error) {
		var id int64
		c, err := readCDR(func(columns ...any) error { return scan(append(columns, &id)...) })
		ids = append(ids, id)
		return c, err
	})
	if err != nil {
		return nil, 0, s.wrap(ctx, "search CDRs", err)
	}
	if len(page) > q.Limit { // one more was asked for than fits, to know whether a page follows
		page, next = page[:q.Limit], ids[q.Limit-1]
	}
	return page, next, nil
}

// orNull is a time as a parameter; NULL where there is none.
func orNull(t time.Time) sql.NullString {
	return sql.NullString{String: t.UTC().Format(time.RFC3339Nano), Valid: !t.IsZero()}
}
