package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"nwayacd/internal/figures"
	"nwayacd/internal/wait"
)

// The last sign of life of the server before says until when the agents' time counts. It is in
// nwayacd_server. Changes in the journal that the database did not have may be later ones.

// signEvery is how often SQLite's row of nwayacd_server gets a new time. PostgreSQL's has beats.
const signEvery = 20 * time.Second

const readSign = `SELECT seen FROM nwayacd_server`

// readSign keeps the last sign of life of the server before. Later calls do nothing, because the
// row is this server's then.
func (s *Store) readSign(ctx context.Context, tx *transaction) error {
	if s.signRead {
		return nil
	}
	var seen stamp
	err := tx.QueryRowContext(ctx, readSign).Scan(&seen)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	s.noteSign(seen.Time)
	s.signRead = true
	return nil
}

// noteSign notes that the server before lived at that time.
func (s *Store) noteSign(at time.Time) {
	if at.After(s.lastSign) {
		s.lastSign = at
	}
}

// signs keeps SQLite's row of nwayacd_server up to date until ctx ends.
func (s *Store) signs(ctx context.Context) {
	for {
		limited, cancel := s.queryContext(ctx, rowLimit)
		_, err := s.db.ExecContext(limited, s.db.sign, fixedStamp(time.Now()))
		cancel()
		if err != nil && ctx.Err() == nil {
			s.log.Debug().Err(err).Msg("the database has no new sign of life of this server")
		}
		if !wait.Pause(ctx, signEvery, nil) {
			return
		}
	}
}

// quarterLag is how long after a quarter hour the agents' time is counted up to it.
const quarterLag = 2 * time.Second

// quarters counts the agents' time up to each quarter hour, until ctx ends.
func (s *Store) quarters(ctx context.Context) {
	for {
		next := figures.QuarterOf(time.Now()).Add(figures.Quarter + quarterLag)
		if !wait.Pause(ctx, time.Until(next), nil) {
			return
		}
		for backoff := (wait.Backoff{}); ; {
			err := s.moveOpenSpans(ctx)
			if err == nil {
				break
			}
			s.log.Debug().Err(err).Msg("the agents' time of the last quarter hour is not counted yet")
			if !backoff.Sleep(ctx) {
				return
			}
		}
	}
}
