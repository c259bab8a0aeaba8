package store

import (
	"context"
	"time"
)

// Old rows are deleted by the clock, and a clock may be wrong. A server that believed a clock that
// is a year ahead would delete all records. So the time that counts for that (the believed time) is
// the earliest of the server's clock and the database's. And it goes on from the last time that was
// believed, as fast as the clock of the processor, or a little faster.

const (
	clockKey = "retention-clock" // its row of nwayacd_job has the time that was believed last

	// mostAhead is how far ahead of what is expected a clock is believed at once. A server may have
	// been off for so long.
	mostAhead = 48 * time.Hour
)

// believer knows which time was believed last.
type believer struct {
	time time.Time // zero = nothing was believed yet
	at   time.Time // when, with the monotonic clock; zero = by a process before
}

// believe returns the time to believe if the clocks show now, and reports whether that is what they
// show. A clock that is too far ahead is followed at twice the speed of time. So a server that was
// off for long comes there too.
func (b *believer) believe(now, monotonic time.Time) (believed time.Time, trusted bool) {
	elapsed := time.Duration(0)
	if !b.at.IsZero() {
		elapsed = monotonic.Sub(b.at)
	}
	expected := b.time.Add(elapsed)
	if trusted = b.time.IsZero() || !now.After(expected.Add(mostAhead)); trusted {
		believed = now
	} else {
		believed = expected.Add(elapsed)
	}
	b.time, b.at = believed, monotonic
	return believed, trusted
}

// believedTime returns the time by which rows are old, if the server's clock shows now. It keeps
// the time for the next process.
func (s *Store) believedTime(ctx context.Context, now time.Time) (believed time.Time, err error) {
	if err := s.allApplied(ctx); err != nil {
		return believed, err
	}
	sign, err := s.signBefore(ctx)
	if err != nil {
		return believed, err
	}
	ctx, cancel := s.queryContext(ctx, rowLimit)
	defer cancel()
	next, trusted := s.old.believer, false
	err = s.db.transact(ctx, func(tx *transaction) error {
		if err := s.checkTerm(ctx, tx); err != nil {
			return err
		}
		earliest, err := s.db.earliest(ctx, tx, now)
		if err != nil {
			return err
		}
		if next.time.IsZero() {
			if next.time, err = s.db.keptSince(ctx, tx, clockKey); err != nil {
				return err
			}
			if next.time.IsZero() { // this version is new here
				next.time = sign
			}
		}
		believed, trusted = next.believe(earliest, time.Now())
		trusted = trusted && now.Sub(earliest) <= mostAhead
		_, err = tx.ExecContext(ctx, s.db.writeJob, clockKey, believed.UTC().Format(time.RFC3339), false)
		return err
	})
	if err != nil {
		return believed, err
	}
	s.old.believer = next
	if !trusted {
		s.log.Warn().Time("clock", now).Time("believed", believed).
			Msg("the clock is days ahead of the database's, or of the time when a server last worked; " +
				"old rows are deleted by the believed time, which catches up at twice the speed of time")
	}
	return believed, nil
}

// earliest returns what the earliest clock shows: the server's, which shows now, or the database's.
func (db *database) earliest(ctx context.Context, tx *transaction, now time.Time) (time.Time, error) {
	if db.clock == "" { // it has none of its own
		return now, nil
	}
	var there stamp
	if err := tx.QueryRowContext(ctx, db.clock).Scan(&there); err != nil {
		return now, err
	}
	if there.Before(now) {
		now = there.Time
	}
	return now, nil
}

// signBefore returns the last sign of life of the server before.
func (s *Store) signBefore(ctx context.Context) (time.Time, error) {
	if err := s.turn.lock(ctx); err != nil {
		return time.Time{}, err
	}
	defer s.turn.unlock()
	return s.lastSign, nil
}
