package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"nwayacd/internal/wait"
)

// postgresJobs are done in this order. A job keeps its name after a release. A database that has an
// index already, because an earlier release made it, has nothing to do.
var postgresJobs = []job{
	{name: "nwayacd_vip_phone", index: `ON call_vip_number (phone_number)`},
	{name: "nwayacd_remember_caller", index: `ON cf_call_remember (call_number)`},
	{name: "nwayacd_remember_time", index: `ON cf_call_remember (insert_time DESC NULLS LAST)`},
	offeredIndex, offerArrivedIndex, agentLogIndex, figuresOfBefore,
}

// sqliteJobs are the same for SQLite.
var sqliteJobs = []job{
	{name: "nwayacd_remember_time", index: `ON cf_call_remember (insert_time)`},
	offeredIndex, offerArrivedIndex, agentLogIndex, figuresOfBefore,
}

// What the figures of old records are made with.
var (
	offeredIndex      = job{name: "nwayacd_offer_offered", index: `ON nwayacd_offer (offered)`}
	offerArrivedIndex = job{
		name: "nwayacd_offer_arrived", index: `ON nwayacd_offer (arrived) WHERE arrived IS NOT NULL`,
	}
	agentLogIndex   = job{name: "nwayacd_agent_log_at", index: `ON nwayacd_agent_log (at)`}
	figuresOfBefore = job{name: "nwayacd_interval_fill", step: fillFigures}
)

// errIndexBusy says that another session of this program builds an index of the database.
var errIndexBusy = errors.New("another session builds an index")

// buildInPostgres builds an index while the table is read and written. It tries again if PostgreSQL
// ends it because of a deadlock. The statement waits for the end of older transactions, and one of
// these may wait for the table, as an operator's TRUNCATE does.
func buildInPostgres(ctx context.Context, r *jobRunner, j job) error {
	for backoff := (wait.Backoff{}); ; {
		err := buildOnce(ctx, r, j)
		if !isDeadlock(err) || !backoff.Sleep(ctx) {
			return err
		}
		r.log.Info().Str("job", j.name).
			Msg("the database ended the build of an index, because another session waited for the table; " +
				"it is tried again")
	}
}

// isDeadlock reports whether PostgreSQL ended the statement to resolve a deadlock.
func isDeadlock(err error) bool {
	pqErr, is := errors.AsType[*pq.Error](err)
	return is && pqErr.Code == "40P01"
}

// buildOnce is one try of buildInPostgres. What an earlier try left is removed: PostgreSQL keeps an
// index that was not finished, and does not use it.
//
// The lock is not waited for. A session that waits has a snapshot, and the other session would wait
// for the end of that.
func buildOnce(ctx context.Context, r *jobRunner, j job) (err error) {
	db, err := r.session()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // the lock is the connection's
	if _, err := db.ExecContext(ctx, `SET statement_timeout = 0`); err != nil {
		return err
	}
	var locked, broken, built bool
	if err := db.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(7855214917)`).Scan(&locked); err != nil {
		return err
	}
	if !locked {
		return errIndexBusy
	}
	err = db.QueryRowContext(ctx, `SELECT COALESCE(bool_or(NOT indisvalid), false), COALESCE(bool_or(indisvalid), false)
		FROM pg_index WHERE indexrelid = to_regclass($1)`, j.name).Scan(&broken, &built)
	if err != nil || built {
		return err
	}
	if broken {
		if _, err := db.ExecContext(ctx, fmt.Sprintf(`DROP INDEX CONCURRENTLY IF EXISTS %s`, j.name)); err != nil {
			return err
		}
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`CREATE INDEX CONCURRENTLY %s %s`, j.name, j.index))
	return err
}

// buildInSQLite builds an index. SQLite has one writer, so the applier waits meanwhile, and the
// journal keeps the changes.
func buildInSQLite(ctx context.Context, r *jobRunner, j job) error {
	_, err := r.db.ExecContext(ctx, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %s %s`, j.name, j.index))
	return err
}
