package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"nwayacd/queue"
)

// SearchCDRs returns the visits that q selects, the last to end first, at most q.Limit of them. It
// also returns the Before of the next page, or 0 after the last page. Calls that are still in the
// journal are not among them.
func (s *Store) SearchCDRs(ctx context.Context, q queue.CDRSearch) (page []queue.VisitRecord, next int64, err error) {
	ctx, cancel := s.queryContext(ctx, searchLimit)
	defer cancel()
	var ids []int64
	page, err = search(ctx, s.db, func(scan func(...any) error) (queue.VisitRecord, error) {
		var id int64
		v, err := readVisit(func(columns ...any) error { return scan(append(columns, &id)...) })
		ids = append(ids, id)
		return v, err
	}, s.db.searchCDRs,
		q.Before, orNull(q.From), orNull(q.To), q.Group, q.Agent, q.Caller, q.Call, string(q.Outcome), q.Limit+1,
		listOrNull(q.Groups))
	if err != nil {
		return nil, 0, s.wrap(ctx, "search CDRs", err)
	}
	if len(page) > q.Limit { // one more than fits was read, to see if a page follows
		page, next = page[:q.Limit], ids[q.Limit-1]
	}
	return page, next, nil
}

// Unreached returns the visits since a time whose callers hung up before an answer, and to whom
// no agent has talked since. The last one comes first, and there are at most limit of them. Of
// several visits of a caller to a group it returns the last one. If groups is not nil, only
// visits to these groups count. Records that are still in the journal are not among them.
func (s *Store) Unreached(
	ctx context.Context, since time.Time, groups []string, limit int,
) ([]queue.VisitRecord, error) {
	ctx, cancel := s.queryContext(ctx, searchLimit)
	defer cancel()
	all, err := search(ctx, s.db, readVisit, s.db.unreached, orNull(since), listOrNull(groups), limit)
	if err != nil {
		return nil, s.wrap(ctx, "search callers who gave up", err)
	}
	return all, nil
}

// search reads rows over the connections of searches.
func search[T any](ctx context.Context, db *database, one func(func(...any) error) (T, error), query string,
	args ...any,
) ([]T, error) {
	tx, err := db.search.BeginTx(ctx, db.snapshot)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // it only reads
	db.statements.Add(2)
	if db.beginSearch != "" {
		if _, err := tx.ExecContext(ctx, db.beginSearch); err != nil {
			return nil, err
		}
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, one)
}

// listOrNull returns a list as a parameter in JSON. It is NULL if the list is nil.
func listOrNull(list []string) sql.NullString {
	text, _ := json.Marshal(list) // strings always have a JSON form
	return sql.NullString{String: string(text), Valid: list != nil}
}

// orNull returns a time as a parameter. It is NULL if t is zero.
func orNull(t time.Time) sql.NullString {
	return sql.NullString{String: t.UTC().Format(time.RFC3339Nano), Valid: !t.IsZero()}
}

// Version returns the database's name and version: "PostgreSQL 15.4", "SQLite 3.46.0".
func (s *Store) Version(ctx context.Context) (string, error) {
	ctx, cancel := s.queryContext(ctx, rowLimit)
	defer cancel()
	var version string
	if err := s.db.QueryRowContext(ctx, s.db.version).Scan(&version); err != nil {
		return "", s.wrap(ctx, "read the version", err)
	}
	version, _, _ = strings.Cut(version, " ") // Debian adds the version of its package
	return s.db.name + " " + version, nil
}

const (
	searchLimit = 10 * time.Second // for reading records
	rowLimit    = 2 * time.Second  // for reading one row
	knownLimit  = time.Second      // for reading one row whose last known state will do
)

// queryContext returns a context for a query. If the database is known to be away, it has already
// ended.
func (s *Store) queryContext(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	s.mu.Lock()
	away := s.unanswered()
	s.mu.Unlock()
	if away.err != nil {
		ctx, cancel := context.WithCancelCause(ctx)
		cancel(away.away("database"))
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("the database does not answer within %s", limit))
}

// wrap adds what failed to an error. If ctx has ended, it adds the cause, because lib/pq reports
// only a cancelled statement (57014).
func (s *Store) wrap(ctx context.Context, doing string, err error) error {
	err = s.db.sanitized(err)
	if ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return fmt.Errorf("store: %s: %w", doing, err)
}
