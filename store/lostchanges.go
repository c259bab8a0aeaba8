package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nwayacd/internal/wait"
	"nwayacd/store/journal"
)

// The database stores how far the journal is applied. So the store notices if a database that is
// back has lost changes. Such a database may be:
//
//   - a standby without the last transactions
//   - restored from a backup
//   - empty

// lostError says that the database lacks changes that were committed in it.
type lostError struct {
	position uint64
	found    bool
}

func (e lostError) Error() string { return "the database lacks changes that were committed" }

// checkPosition compares how far the database says the journal is applied with the position before.
// found is false if the database does not know the journal.
func checkPosition(position uint64, found bool, known uint64) error {
	if !found || position < known {
		return lostError{position, found}
	}
	return nil
}

// ensureSchema checks the schema before the first use of a connection that may lead to another
// server. Each answer of the database has the limit, but a migration may take as long as it takes.
// Once the store is open, the caller holds the turn.
func (s *Store) ensureSchema(ctx context.Context, limit time.Duration) error {
	if s.schemaChecked {
		return nil
	}
	migrated, err := s.checkOrMigrate(ctx, limit)
	if err != nil {
		return err
	}
	ctx, cancel := limitAnswer(ctx, limit)
	defer cancel()
	if err := s.db.inspect(ctx, s.db); err != nil {
		return s.wrap(ctx, "inspect the database", err)
	}
	if s.layout == nil || migrated {
		if s.layout, err = s.db.readLayout(ctx, s.db); err != nil {
			return s.wrap(ctx, "read the columns of the tables", err)
		}
	}
	s.schemaChecked = true
	return nil
}

func (s *Store) checkOrMigrate(ctx context.Context, limit time.Duration) (migrated bool, err error) {
	limited, cancel := limitAnswer(ctx, limit)
	defer cancel()
	err = s.db.checkSchema(limited)
	if err == nil {
		return false, nil
	}
	if !errors.Is(err, ErrSchema) || !s.autoMigrate {
		return false, s.wrap(limited, "check the schema", err)
	}
	s.db.dropIdle() // the server may have room for one connection only
	names, err := s.migratePatiently(ctx)
	if err != nil {
		return false, s.wrap(ctx, "migrate", err)
	}
	s.log.Warn().Strs("migrations", names).Msg("the schema was brought up to date")
	limited, cancelPing := limitAnswer(ctx, limit)
	defer cancelPing()
	for backoff := (wait.Backoff{}); s.db.locked(s.db.PingContext(limited)) && backoff.Sleep(limited); {
		// PostgreSQL counts the connection of the migration for a moment after it was closed
	}
	return true, nil
}

const nothingOfOperators = `SELECT NOT EXISTS (SELECT 1 FROM call_extension)
	AND NOT EXISTS (SELECT 1 FROM ext_group) AND NOT EXISTS (SELECT 1 FROM nwayacd_user)`

// firstPosition returns how far the journal is applied when the store is opened. known is the last
// known state, or nil. A database that does not know this journal gets a row for it.
func (s *Store) firstPosition(ctx context.Context, known *checkpoint) (position uint64, err error) {
	err = s.db.transact(ctx, func(tx *transaction) error {
		var found, empty bool
		if position, found, err = s.db.applied(ctx, tx, s.dir.identity); err != nil {
			return err
		}
		if err = tx.QueryRowContext(ctx, s.db.empty).Scan(&empty); err != nil {
			return err
		}
		switch {
		case known != nil && !found && empty && known.holdsAny():
			s.log.Error().Time("known", known.Written).
				Msg("the database is empty and the data-dir is not: the last known state is written into it " +
					"(to begin anew, empty the data-dir)")
			s.useCheckpoint(known)
		case known != nil && !found:
			s.log.Warn().Msg("the database does not know this data-dir: the server starts with what the database has")
			position = known.Position
		case known != nil && position < known.Position:
			s.log.Error().Uint64("has", position).Uint64("had", known.Position).
				Msg("the database lacks changes that were committed; what the journal still has is applied again")
		}
		// The row is always written, because only a write shows that a standby takes no changes.
		_, err = tx.ExecContext(ctx, s.db.writeApplied, s.dir.identity, int64(position))
		if err == nil && s.guarded && !found {
			_, err = tx.ExecContext(ctx, writeTerm, s.dir.identity, s.term.Load())
		}
		return err
	})
	return position, err
}

// repair prepares the next try after an error of the database. The caller holds the turn.
func (s *Store) repair(ctx context.Context, err error) error {
	s.schemaChecked = false // the next connection may lead to another server
	s.reading = journal.Cursor{}
	s.db.dropIdle()
	if lost, ok := errors.AsType[lostError](err); ok {
		return errors.Join(err, s.replayLost(ctx, lost))
	}
	return err
}

// replayLost handles a database that lost changes. Changes that are still in the journal's files
// are applied again, and then the floor is written again.
func (s *Store) replayLost(ctx context.Context, lost lostError) error {
	had := s.applied.Get()
	from, err := s.journal.Rewind(lost.position)
	if err != nil {
		return err
	}
	from = min(from, had)
	err = s.db.transact(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, s.db.writeApplied, s.dir.identity, int64(from))
		return err
	})
	if err != nil {
		return s.wrap(ctx, "write how far the journal is applied", err)
	}
	s.applied.Rewind(from)
	s.requestResync(resyncAll)
	s.log.Error().Bool("found", lost.found).Uint64("has", lost.position).Uint64("had", had).
		Uint64("again", had-from).Uint64("gone", from-lost.position).
		Msg("the database lacks changes that were committed; what the journal still has is applied again, " +
			"and the state is written again")
	return nil
}

var errNoRoom = fmt.Errorf("the state cannot be written to the database again: %w", ErrNotKept)
