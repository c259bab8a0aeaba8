package store

import (
	"context"
	"errors"
	"fmt"
)

// The database may refuse a change for two reasons.
//
//   - The table is not what it was: a privilege was revoked, a table or a column was renamed or
//     altered. The applier stops at that change, and later changes wait in order. It tries again,
//     and goes on when the table is right again.
//   - The change itself is impossible for this table. It goes to nwayacd_rejected and does not hold
//     up the others. It is tried again at the next start, and by `nwayacd retry-rejected`.

// stopError says that the applier stops at a change.
type stopError struct {
	seq uint64
	err error
}

func (e stopError) Error() string { return fmt.Sprintf("change %d: %s", e.seq, e.err) }

func (e stopError) Unwrap() error { return e.err }

// unreadableError says that a change cannot be read, or is of an unknown kind.
type unreadableError struct{ error }

// refuses reports whether the database will refuse err's statement each time.
func (s *Store) refuses(err error) bool {
	_, unreadable := errors.AsType[unreadableError](err)
	return unreadable || s.db.refused(err)
}

// stops reports whether the applier must wait until the table is right again.
func (s *Store) stops(err error) bool {
	_, stopped := errors.AsType[stopError](err)
	return err != nil && (stopped || s.db.wrongTable(err))
}

// writeOneByOne writes each entry by itself, up to the first one that must wait. An entry that is
// impossible goes to nwayacd_rejected.
func (s *Store) writeOneByOne(ctx context.Context, tx *transaction, entries []entry) (written int, err error) {
	for i := range entries {
		refused, err := s.trySavepoint(ctx, tx, func() error { return s.writeEntries(ctx, tx, entries[i:i+1]) })
		if refused != nil {
			refused, err = s.handleRefusedEntry(ctx, tx, &entries[i], refused)
		}
		if err != nil {
			return i, err
		}
		if refused != nil {
			return i, stopError{entries[i].Seq, refused}
		}
	}
	return len(entries), nil
}

// handleRefusedEntry puts an entry into nwayacd_rejected. If the entry must wait instead, it
// returns what is wrong.
//
// The entry is tried once more before, because somebody may have mended the table after it was
// refused and before the table was looked at.
func (s *Store) handleRefusedEntry(ctx context.Context, tx *transaction, e *entry, why error) (stop, err error) {
	changed, err := s.tableChanged(ctx, tx, e, why)
	if err != nil || changed {
		return why, err
	}
	again, err := s.trySavepoint(ctx, tx, func() error { return s.writeEntries(ctx, tx, []entry{*e}) })
	if err != nil || again == nil {
		return nil, err
	}
	return s.trySavepoint(ctx, tx, func() error { return s.reject(ctx, tx, e, why) })
}

// trySavepoint runs do so that the transaction can go on if the database refuses it.
func (s *Store) trySavepoint(ctx context.Context, tx *transaction, do func() error) (refused, err error) {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT one`); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		if !s.refuses(err) {
			return nil, err
		}
		_, rollback := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT one`)
		return err, rollback
	}
	_, err = tx.ExecContext(ctx, `RELEASE SAVEPOINT one`)
	return nil, err
}

func (s *Store) reject(ctx context.Context, tx *transaction, e *entry, why error) error {
	shown := string(e.Body)
	if holdsSecret(&e.change) {
		shown = "(holds a password)"
	}
	superseded := errors.Is(why, errSuperseded)
	kept, secret := withoutSecret(e)
	why = withoutPassword(why, secret)
	_, err := tx.ExecContext(ctx, s.db.dialect.reject, s.dir.identity, int64(e.Seq), kept, why.Error())
	if err != nil {
		return err
	}
	n, said := s.rejected.Add(1), "the database refused a change; it is kept in nwayacd_rejected"
	line := s.log.Error().Err(why).Uint64("seq", e.Seq).Str("change", shown).Uint64("rejected", n)
	switch added := e.change.AgentAdded; {
	case !superseded:
	case added != nil:
		line.Str("extension", added.Extension)
		said = "an extension that was added while another server had the database is not there: " +
			"add it again with its password (nway_add_ext), then run nwayacd retry-rejected"
	default:
		said = "an order that was given while another server had the database is not in force: " +
			"it is kept in nwayacd_rejected, and nwayacd retry-rejected carries it out"
	}
	line.Msg(said)
	return nil
}

// tableChanged reports whether the refusal why comes from a table that is not what it was when the
// server first saw it.
func (s *Store) tableChanged(ctx context.Context, tx *transaction, e *entry, why error) (bool, error) {
	if s.db.wrongTable(why) {
		return true, nil
	}
	if !s.db.wrongValue(why) {
		return false, nil
	}
	r, err := s.db.words.row(e.change)
	if err != nil {
		return false, nil
	}
	now, err := s.db.readLayout(ctx, tx)
	if err != nil {
		return false, err
	}
	for _, table := range tablesOf[r.kind] {
		if now[table].differs(s.layout[table]) {
			return true, nil
		}
	}
	return false, nil
}
