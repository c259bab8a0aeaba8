package store

import (
	"context"
	"database/sql"
	"errors"

	"nwayacd/queue"
)

// Another server may have worked with the database while this one was away: after its host was
// lost, or frozen. What this one's journal holds then was not known to the other server, and is
// older than what that one wrote. So it must not be applied as it is:
//
//   - Records (CDRs, offers, logs) are applied, unless the other server wrote the record of the
//     same visit or leg. It follows the talks that it finds.
//   - Talks are applied, because somebody must write their record. The same exception holds.
//   - Commands of operators go to nwayacd_rejected. An operator decides about them.
//   - All other state is left out.
//
// nwayacd_applied says for each journal in which term it was last at work, and up to which sequence
// it is superseded.

// errSuperseded is the reason in nwayacd_rejected of a command that another server did not know.
var errSuperseded = errors.New("another server worked with the database before this was applied")

const (
	readTerm       = `SELECT COALESCE(term, 0) FROM nwayacd_applied WHERE journal = $1`
	writeTerm      = `UPDATE nwayacd_applied SET term = $2 WHERE journal = $1`
	readSuperseded = `SELECT superseded FROM nwayacd_applied WHERE journal = $1`
	supersede      = `UPDATE nwayacd_applied SET term = $2, superseded = $3 WHERE journal = $1`

	visitHasRecord = `SELECT EXISTS (SELECT 1 FROM nwayacd_cdr
		WHERE call_uuid = $1 AND visit = $2 AND outcome NOT IN ('returned', 'error'))`
	legHasRecord = `SELECT EXISTS (SELECT 1 FROM nwayacd_offer WHERE leg_uuid = $1)`
)

// noteTerm writes that this server is at work in a new term. If another server was at work since
// this one's last term, it reports that instead, and writes nothing: supersede does, when the end
// of the journal is known.
func (s *Store) noteTerm(ctx context.Context, tx *transaction, before server, term int64) (superseded bool, err error) {
	var mine int64
	err = tx.QueryRowContext(ctx, readTerm, s.dir.identity).Scan(&mine)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case mine == 0: // a release before this one was the last at work
		superseded = before.identity != "" && before.identity != s.dir.identity
	default:
		superseded = before.term > mine
	}
	if !superseded {
		_, err = tx.ExecContext(ctx, writeTerm, s.dir.identity, term)
	}
	return superseded, err
}

// settleAtOpen is settleSuperseded before anything is applied.
func (s *Store) settleAtOpen(ctx context.Context) error {
	ctx, cancel := s.db.limitConnect(ctx)
	defer cancel()
	if err := s.settleSuperseded(ctx); err != nil {
		return s.wrap(ctx, "note up to where the journal is superseded", err)
	}
	return nil
}

// settleSuperseded notes up to where the journal is superseded, if another server was at work. It
// reads that if it was noted before.
func (s *Store) settleSuperseded(ctx context.Context) error {
	switch {
	case !s.guarded || s.settled && !s.wasSuperseded:
		return nil
	case !s.wasSuperseded:
		var until int64
		err := s.db.QueryRowContext(ctx, readSuperseded, s.dir.identity).Scan(&until)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		s.superseded.Store(uint64(until))
		s.settled = true
		return nil
	}
	until := s.journal.Newest()
	err := s.db.transact(ctx, func(tx *transaction) error {
		if err := s.checkTerm(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, supersede, s.dir.identity, s.term.Load(), int64(until))
		return err
	})
	if err != nil {
		return err
	}
	if s.settled || s.startedOffline { // calls were served meanwhile, so the floor is newer than the database
		s.requestResync(resyncState)
	}
	s.wasSuperseded, s.settled = false, true
	s.superseded.Store(until)
	if n := s.waiting(); n > 0 {
		s.log.Error().Int("changes", n).
			Msg("another server worked with the database meanwhile: of what waits in the journal, " +
				"records are applied, and commands go to nwayacd_rejected")
	}
	return nil
}

// leaveOutSuperseded marks the entries that are not applied because another server was at work.
func (s *Store) leaveOutSuperseded(ctx context.Context, tx *transaction, entries []entry) error {
	until := s.superseded.Load()
	for i := range entries {
		e := &entries[i]
		if e.Seq > until {
			return nil
		}
		if e.fault != nil {
			continue
		}
		keep, err := keepsSuperseded(ctx, tx, &e.change)
		if err != nil {
			return err
		}
		if e.leftOut = !keep; !keep && isOperatorChange(&e.change) {
			if err := s.reject(ctx, tx, e, errSuperseded); err != nil {
				return err
			}
		}
	}
	return nil
}

func keepsSuperseded(ctx context.Context, tx *transaction, c *queue.Change) (keep bool, err error) {
	there := false
	switch {
	case c.CDR != nil:
		err = tx.QueryRowContext(ctx, visitHasRecord, c.CDR.UUID, c.CDR.VisitNumber()).Scan(&there)
	case c.Talk != nil:
		err = tx.QueryRowContext(ctx, visitHasRecord, c.Talk.CDR.UUID, c.Talk.CDR.VisitNumber()).Scan(&there)
	case c.Offer != nil:
		err = tx.QueryRowContext(ctx, legHasRecord, c.Offer.Leg).Scan(&there)
	case isHistory(c), c.TalkOver != nil:
	default:
		return false, nil
	}
	return !there, err
}
