package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// rebuildChunk is how much time one transaction of RebuildFigures makes again.
const rebuildChunk = 6 * time.Hour

// RebuildFigures makes the figures of [from, to) again from the records. Both ends are moved to
// quarter hours. A server may be running: what it has written is counted, and what it writes later
// is added. done, if not nil, is called with the end of each part. If records of that time were
// deleted by their age, it returns an error, and their figures stay.
func RebuildFigures(ctx context.Context, o Options, from, to time.Time, done func(until time.Time)) (err error) {
	db, err := newDatabase(&o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.connect(ctx); err != nil {
		return err
	}
	if err := db.checkSchema(ctx); err != nil {
		return db.sanitized(err)
	}
	for from, to := figures.QuarterOf(from), quarterAfter(to); from.Before(to); {
		end := from.Add(rebuildChunk)
		if to.Before(end) {
			end = to
		}
		err := db.transact(ctx, func(tx *transaction) error {
			if err := db.checkRecords(ctx, tx, from); err != nil {
				return err
			}
			return db.rebuild(ctx, tx, from, end)
		})
		if err != nil {
			return fmt.Errorf("store: figures from %s: %w", from.Format(time.RFC3339), db.sanitized(err))
		}
		if done != nil {
			done(end)
		}
		from = end
	}
	return nil
}

// quarterAfter returns the begin of the first quarter hour that is not before the time.
func quarterAfter(t time.Time) time.Time {
	if start := figures.QuarterOf(t); !start.Before(t) {
		return start
	}
	return figures.QuarterOf(t).Add(figures.Quarter)
}

// rebuild makes the figures of the quarter hours that begin in [from, to) again.
func (db *database) rebuild(ctx context.Context, tx *transaction, from, to time.Time) error {
	q := &db.figures
	if q.lock != "" {
		if _, err := tx.ExecContext(ctx, q.lock); err != nil {
			return err
		}
	}
	var t tally
	// a second more on both sides, because SQLite compares times as texts
	since, until := from.Add(-time.Second).Format(q.bound), to.Add(time.Second).Format(q.bound)
	if err := t.recount(ctx, tx, q, since, until); err != nil {
		return err
	}
	if err := t.recountTime(ctx, tx, q, since, until, from, to); err != nil {
		return err
	}
	t.Within(from, to)
	for _, statement := range q.drop {
		_, err := tx.ExecContext(ctx, statement, from.Format(time.RFC3339), to.Format(time.RFC3339))
		if err != nil {
			return err
		}
	}
	for i, docs := range t.docs() {
		if err := db.writeDocs(ctx, tx, q.add[i], docs); err != nil {
			return err
		}
	}
	return nil
}

// recount counts the visits and offers of a time.
func (t *tally) recount(ctx context.Context, tx *transaction, q *figureSQL, since, until string) error {
	visits, err := read(ctx, tx, countedVisit, q.visits, since, until)
	if err != nil {
		return err
	}
	for i := range visits {
		t.Visit(&visits[i])
	}
	offers, err := read(ctx, tx, countedOffer, q.offers, since, until)
	if err != nil {
		return err
	}
	for i := range offers {
		t.Offer(&offers[i])
	}
	spoken, err := read(ctx, tx, countedTalk, q.spoken, since, until)
	for _, s := range spoken {
		t.Spoken(s)
	}
	return err
}

func countedVisit(scan func(...any) error) (queue.CDR, error) {
	var c queue.CDR
	var direction string
	var arrived, answered, bridged, ended stamp
	err := scan(&c.Group, &direction, &c.Outcome, &c.Cause, &c.TransferKind, &arrived, &answered, &bridged, &ended,
		&c.ServiceLevel, &c.Short)
	c.Arrived, c.Answered, c.Bridged, c.Ended = arrived.Time, answered.Time, bridged.Time, ended.Time
	if direction != inbound {
		c.Direction = queue.Direction(direction)
	}
	return c, err
}

func countedOffer(scan func(...any) error) (queue.OfferRecord, error) {
	var o queue.OfferRecord
	var offered stamp
	err := scan(&o.Agent, &o.Group, &offered, &o.Outcome)
	o.Offered = offered.Time
	return o, err
}

func countedTalk(scan func(...any) error) (figures.Spoken, error) {
	var s figures.Spoken
	var arrived stamp
	var outcome string
	var talk, wrapUp sql.NullInt64
	err := scan(&s.Group, &arrived, &outcome, &talk, &s.Hold, &wrapUp)
	s.Arrived, s.Answered = arrived.Time, queue.OfferOutcome(outcome) == queue.OfferAnswered
	s.Talk, s.WrapUp = talk.Int64, wrapUp.Int64
	return s, err
}

// recountTime counts the agents' time in [from, to). What an agent does at the end counts up to
// there, or up to what the applier has counted of it.
func (t *tally) recountTime(
	ctx context.Context, tx *transaction, q *figureSQL, since, until string, from, to time.Time,
) error {
	open := map[string]figures.Open{}
	before, err := read(ctx, tx, countedEntry, q.before, since)
	if err != nil {
		return err
	}
	var ignored figures.Set
	for i := range before {
		open[before[i].Extension] = ignored.Entry(figures.Open{}, &before[i])
	}
	for extension, o := range open {
		if o.At.Before(from) {
			o.At = from
			open[extension] = o
		}
	}
	entries, err := read(ctx, tx, countedEntry, q.entries, since, until)
	if err != nil {
		return err
	}
	for i := range entries {
		extension := entries[i].Extension
		open[extension] = t.Entry(open[extension], &entries[i])
	}
	t.open, t.before = map[string]figures.Open{}, map[string]figures.Open{}
	if err := tx.db.readOpenRows(ctx, tx, t, q.allOpen); err != nil {
		return err
	}
	for extension, o := range open {
		end := to
		if counted, is := t.open[extension]; is && counted.At.Before(to) {
			end = counted.At
		}
		t.Until(extension, o, end)
	}
	return nil
}

func countedEntry(scan func(...any) error) (agent.LogEntry, error) {
	var l agent.LogEntry
	var at stamp
	err := scan(&l.Extension, &at, &l.Standing, &l.Reason, &l.Group)
	l.At = at.Time
	return l, err
}

// fillFigures is the job that makes the figures of the records of before. One step makes those of
// about so many visits. It makes what is there already again, so it does no harm.
func fillFigures(ctx context.Context, tx *transaction, position string, rows int) (next string, done bool, err error) {
	q := &tx.db.figures
	from, some, err := arrival(ctx, tx, q, position, 0)
	if err != nil || !some {
		return position, err == nil, err
	}
	kept, err := tx.db.keptSince(ctx, tx, recordsKey)
	if err != nil {
		return position, false, err
	}
	if from = figures.QuarterOf(from); from.Before(kept) {
		from = kept // records from before are there in part only
	}
	to, more, err := arrival(ctx, tx, q, from.Format(q.bound), rows)
	if err != nil {
		return position, false, err
	}
	if !more {
		to = time.Now()
	}
	to = quarterAfter(to.Add(time.Microsecond))
	if err := tx.db.rebuild(ctx, tx, from, to); err != nil {
		return position, false, err
	}
	return to.Format(q.bound), !more, nil
}

// arrival returns when the visit arrived that comes so many visits after the first one of position.
func arrival(ctx context.Context, tx *transaction, q *figureSQL, position string, after int) (
	at time.Time, some bool, err error,
) {
	var arrived stamp
	err = tx.QueryRowContext(ctx, q.arrivals, position, after).Scan(&arrived)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return arrived.Time, err == nil && !arrived.IsZero(), err
}

// moveOpenSpans counts what the agents do up to the last quarter hour, without the dispatcher. So
// the figures of a quarter hour are complete soon after its end. It waits until all changes of that
// quarter hour are in the database.
func (s *Store) moveOpenSpans(ctx context.Context) error {
	if err := s.allApplied(ctx); err != nil {
		return err
	}
	if err := s.turn.lock(ctx); err != nil {
		return err
	}
	defer s.turn.unlock()
	boundary := figures.QuarterOf(time.Now())
	ctx, cancel := s.queryContext(ctx, s.db.batchLimit)
	defer cancel()
	err := s.db.transact(ctx, func(tx *transaction) error {
		if err := s.checkTerm(ctx, tx); err != nil {
			return err
		}
		return s.db.moveOpenSpans(ctx, tx, boundary)
	})
	if err != nil {
		return s.wrap(ctx, "count the agents' time", err)
	}
	return nil
}

func (db *database) moveOpenSpans(ctx context.Context, tx *transaction, to time.Time) error {
	t := tally{open: map[string]figures.Open{}, before: map[string]figures.Open{}}
	if err := db.readOpenRows(ctx, tx, &t, db.figures.allOpen); err != nil {
		return err
	}
	for extension, o := range t.open {
		t.Until(extension, o, to)
	}
	if err := db.writeTally(ctx, tx, &t); err != nil || t.Empty() {
		return err
	}
	_, err := tx.ExecContext(ctx, db.figures.moveOpen, fixedStamp(to))
	return err
}
