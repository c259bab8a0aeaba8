package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/figures"
	"nwayacd/internal/wait"
)

// Retention says for how long rows are kept. 0 = for ever. The keys of [database] have its values.
type Retention struct {
	Records time.Duration // retention-days: CDRs, offers, agents' logs
	Figures time.Duration // figures-retention-days: the figures of quarter hours
	Audit   time.Duration // audit-retention-days: the audit log
}

// expiry is what one key deletes.
type expiry struct {
	key    string // its row of nwayacd_job says up to which time rows were deleted
	kind   string // of the rows, in Status
	keep   func(Retention) time.Duration
	tables []datedTable
}

// datedTable is a table whose rows are deleted by their age.
type datedTable struct {
	name   string
	column string // the time that counts; it has an index. Rows without a time are kept
	only   string // condition: which of the old rows t may go; $1 is the time. "" = all
}

// The order of expiries is that of deleter.deleted. Tables that are not in it are never touched.
var expiries = [...]expiry{
	{
		recordsKey, "record", func(r Retention) time.Duration { return r.Records },
		[]datedTable{
			{"nwayacd_cdr", "arrived", ""},
			{"nwayacd_offer", "offered", ""},
			{"nwayacd_agent_log", "at", isOver},
		},
	},
	{
		"figures-retention-days", "figure", func(r Retention) time.Duration { return r.Figures },
		[]datedTable{
			{"nwayacd_interval", "start", ""},
			{"nwayacd_agent_interval", "start", ""},
			{"nwayacd_pause_interval", "start", ""},
		},
	},
	{
		"audit-retention-days", "audit", func(r Retention) time.Duration { return r.Audit },
		[]datedTable{{"nwayacd_audit", "at", ""}},
	},
}

const recordsKey = "retention-days"

// isOver keeps the last entry of an agent who was logged in then. RebuildFigures needs it to know
// what the agent did at the begin of the records that are left.
const isOver = `(t.standing IN ('', 'down', '` + agent.NoServer + `') OR EXISTS (SELECT 1 FROM nwayacd_agent_log AS n
	WHERE n.extension = t.extension AND n.at >= t.at AND n.at < $1 AND n.id > t.id AND n.standing <> ''))`

const (
	deleteEvery = 24 * time.Hour
	deleteRetry = 10 * time.Minute // after a fault
	mostDeleted = 5_000            // rows in one step
)

// deleter is what the store knows of the rows that are too old.
type deleter struct {
	retention atomic.Pointer[Retention]
	changed   chan struct{} // retention is another one; one slot
	deleted   [len(expiries)]atomic.Uint64
	believer  believer // of the goroutine that deletes
}

// SetRetention says for how long rows are kept from now on. Run deletes older ones soon after.
func (s *Store) SetRetention(r Retention) {
	if before := s.old.retention.Swap(&r); before != nil && *before != r {
		wait.Signal(s.old.changed)
	}
}

// counts returns how many rows of each kind were deleted.
func (d *deleter) counts() map[string]uint64 {
	all := make(map[string]uint64, len(expiries))
	for i := range expiries {
		all[expiries[i].kind] = d.deleted[i].Load()
	}
	return all
}

// deleteOldRows deletes rows that are too old, at once and then once a day, until ctx ends. It
// begins after the jobs, because these make the indexes and the figures of old records.
func (s *Store) deleteOldRows(ctx context.Context) {
	failed := ""
	for {
		pause, text := deleteEvery, ""
		now, err := s.believedTime(ctx, time.Now())
		if err == nil {
			err = s.deleteOnce(ctx, *s.old.retention.Load(), now)
		}
		if ctx.Err() != nil || errors.Is(err, ErrOtherServer) {
			return
		}
		if err != nil {
			pause, text = deleteRetry, s.db.sanitized(err).Error()
		}
		if text != failed && text != "" {
			s.log.Warn().Str("error", text).
				Msg("rows that are older than [database] retention-days and the like cannot be deleted; " +
					"it is tried again")
		}
		failed = text
		if !wait.Pause(ctx, pause, s.old.changed) {
			return
		}
	}
}

// deleteOnce deletes the rows that are too old at that time. A table that fails holds up no other.
func (s *Store) deleteOnce(ctx context.Context, retention Retention, now time.Time) error {
	var faults []error
	for i := range expiries {
		e := &expiries[i]
		keep := e.keep(retention)
		if keep == 0 {
			continue
		}
		before := figures.QuarterOf(now.Add(-keep)) // so the figures of a quarter hour have all of their records
		for _, t := range e.tables {
			if err := s.deleteFrom(ctx, t, e.key, before, &s.old.deleted[i]); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", t.name, err))
			}
		}
	}
	return errors.Join(faults...)
}

// deleteFrom deletes the rows of a table from before a time, in steps.
func (s *Store) deleteFrom(
	ctx context.Context, t datedTable, key string, before time.Time, counter *atomic.Uint64,
) error {
	began, rows := time.Now(), int64(0)
	statement := s.db.deleteOld(t)
	err := inSteps(ctx, s.allApplied, mostDeleted, func(ctx context.Context, most int) (done bool, err error) {
		n, err := s.deleteStep(ctx, statement, key, before, most)
		if err == nil {
			rows += n
			counter.Add(uint64(n))
		}
		return n < int64(most), err
	})
	if rows > 0 {
		s.log.Info().Str("table", t.name).Int64("rows", rows).Time("before", before).Str("key", key).
			Dur("took", time.Since(began)).Msg("old rows were deleted")
	}
	return err
}

// deleteStep deletes so many rows. The same transaction writes up to which time the key deletes.
func (s *Store) deleteStep(
	ctx context.Context, statement, key string, before time.Time, most int,
) (deleted int64, err error) {
	err = s.db.transact(ctx, func(tx *transaction) error {
		if err := s.checkTerm(ctx, tx); err != nil {
			return err
		}
		kept, err := s.db.keptSince(ctx, tx, key)
		if err != nil {
			return err
		}
		if kept.Before(before) {
			if _, err := tx.ExecContext(ctx, s.db.writeJob, key, before.Format(time.RFC3339), false); err != nil {
				return err
			}
		}
		old := before.Format(s.db.figures.bound)
		s.db.log(statement, fmt.Sprint(old, " ", most))
		result, err := tx.ExecContext(ctx, statement, old, most)
		if err != nil {
			return err
		}
		deleted, err = result.RowsAffected()
		return err
	})
	return deleted, err
}

// keptSince returns the time before which a key has deleted rows; zero = it never has. The answer
// is right until the end of tx, because a lock keeps others from deleting more.
func (db *database) keptSince(ctx context.Context, tx *transaction, key string) (time.Time, error) {
	if _, err := tx.ExecContext(ctx, db.addJob, key); err != nil {
		return time.Time{}, err
	}
	position, _, err := db.progress(ctx, tx, key, db.lockJob)
	if err != nil || position == "" {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, position)
}

// checkRecords reports an error if the records of a time were deleted. Its figures cannot be made
// again then.
func (db *database) checkRecords(ctx context.Context, tx *transaction, from time.Time) error {
	kept, err := db.keptSince(ctx, tx, recordsKey)
	if err != nil || !from.Before(kept) {
		return err
	}
	return fmt.Errorf("the records from before %s were deleted ([database] %s), so their figures cannot be "+
		"made again; begin there or later", kept.Format(time.RFC3339), recordsKey)
}

// deletingInPostgres returns the statement that deletes old rows: before, how many at most. It
// finds the rows by the index, and then goes to each by its place in the table.
func deletingInPostgres(t datedTable) string {
	return `DELETE FROM ` + t.name + ` WHERE ctid = ANY (ARRAY(SELECT ctid FROM ` + t.name + ` AS t` + t.old() + `))`
}

// deletingInSQLite is deletingInPostgres for SQLite.
func deletingInSQLite(t datedTable) string {
	return `DELETE FROM ` + t.name + ` WHERE rowid IN (SELECT rowid FROM ` + t.name + ` AS t` +
		strings.ReplaceAll(t.old(), "$", "?") + `)`
}

func (t datedTable) old() string {
	condition := ` WHERE t.` + t.column + ` < $1`
	if t.only != "" {
		condition += ` AND ` + t.only
	}
	return condition + ` ORDER BY t.` + t.column + ` LIMIT $2`
}
