package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nwayacd/internal/wait"
)

// One server works with a PostgreSQL database. Its row in nwayacd_server says which, and a number,
// the term, rises whenever a server takes the row.
//
//   - A server with the same data-dir takes the row at once: it is the one that was killed.
//   - Another server watches the row for a while, on its own clock. If the beat rises, the other
//     server lives, and this one does not start.
//   - Each transaction of the applier checks the term under a lock of the row. So a server that was
//     away while another one took the row writes nothing more.
//
// There is no lock of a session, because it may linger, is lost at a restart of the database, and
// keeps no late transaction out. SQLite is a file in data-dir, which one process holds.

const (
	beatEvery  = 2 * time.Second
	watchLimit = 8 * time.Second
	watchEvery = 500 * time.Millisecond
)

// ErrOtherServer is in the error of Open, or of Run, if another server works with the database.
var ErrOtherServer = errors.New("another server works with this database")

// server is the row of nwayacd_server.
type server struct {
	identity, host string
	term, beat     int64
}

func (s server) isAtWork() error {
	return fmt.Errorf("%w: data-dir %s on host %s. Stop it first; one database is for one server at a time",
		ErrOtherServer, s.identity, s.host)
}

const (
	readServer = `SELECT identity, host, term, beat FROM nwayacd_server`
	takeServer = `INSERT INTO nwayacd_server (one, identity, host, version, term, beat, seen)
			VALUES (true, $1, $2, $3, $4, 0, now())
		ON CONFLICT (one) DO UPDATE SET identity = excluded.identity, host = excluded.host, version = excluded.version,
			term = excluded.term, beat = nwayacd_server.beat + 1, seen = excluded.seen`
	beatServer  = `UPDATE nwayacd_server SET beat = beat + 1, seen = now() WHERE identity = $1 AND term = $2`
	leaveServer = `UPDATE nwayacd_server SET identity = '' WHERE identity = $1 AND term = $2`
)

// takeDatabase makes this server the one that works with the database, unless it is already. The
// limit bounds each answer of the database.
func (s *Store) takeDatabase(ctx context.Context, limit time.Duration) error {
	if !s.guarded || s.term.Load() != 0 {
		return nil
	}
	var watched *server
	for until := time.Now().Add(s.watchLimit); ; {
		other, err := s.tryToTake(ctx, limit, watched, !time.Now().Before(until))
		switch {
		case err != nil:
			return s.wrap(ctx, "take the database", err)
		case other == nil:
			return nil
		case watched == nil:
			watched = other
			s.log.Warn().Str("identity", other.identity).Str("host", other.host).Dur("watch", s.watchLimit).
				Msg("another server worked with this database: it is taken over if that one gives no sign of life")
		case other.beat != watched.beat || other.term != watched.term:
			return other.isAtWork()
		}
		if !wait.Pause(ctx, watchEvery, nil) {
			return context.Cause(ctx)
		}
	}
}

// tryToTake takes the row if it is free or this server's, or if watched gave no sign of life and
// its time is over. Otherwise it returns the server that has the row.
func (s *Store) tryToTake(
	ctx context.Context, limit time.Duration, watched *server, over bool,
) (other *server, err error) {
	ctx, cancel := limitAnswer(ctx, limit)
	defer cancel()
	err = s.db.transact(ctx, func(tx *transaction) error {
		other = nil
		row, err := rowOfServer(ctx, tx, ` FOR UPDATE`)
		if err != nil {
			return err
		}
		if err := s.readSign(ctx, tx); err != nil {
			return err
		}
		free := row.identity == "" || row.identity == s.dir.identity
		dead := over && watched != nil && row == *watched
		if !free && !dead {
			other = &row
			return nil
		}
		term := max(row.term, s.lastTerm) + 1
		if s.wasSuperseded, err = s.noteTerm(ctx, tx, row, term); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, takeServer, s.dir.identity, s.host, s.version, term); err != nil {
			return err
		}
		s.term.Store(term)
		s.lastTerm = term
		return nil
	})
	if err != nil {
		s.term.Store(0)
	}
	return other, err
}

func rowOfServer(ctx context.Context, tx *transaction, lock string) (row server, err error) {
	err = tx.QueryRowContext(ctx, readServer+lock).Scan(&row.identity, &row.host, &row.term, &row.beat)
	if errors.Is(err, sql.ErrNoRows) {
		return server{}, nil
	}
	return row, err
}

// errTakeAgain says that the row is not what this server wrote, because the database is another one
// or was restored. The row is taken again in the next try.
var errTakeAgain = errors.New("the database does not know that this server works with it; it is taken again")

// checkTerm reports an error if this server is not the one that works with the database any more.
// It locks the row until the end of the transaction.
func (s *Store) checkTerm(ctx context.Context, tx *transaction) error {
	if !s.guarded {
		return nil
	}
	row, err := rowOfServer(ctx, tx, ` FOR SHARE`)
	switch term := s.term.Load(); {
	case err != nil:
		return err
	case row.identity == s.dir.identity && row.term == term:
		return nil
	case row.term > term:
		return row.isAtWork()
	}
	s.term.Store(0)
	return errTakeAgain
}

// beats raises the beat until ctx ends, so that other servers see that this one lives.
func (s *Store) beats(ctx context.Context) {
	for wait.Pause(ctx, s.beatEvery, nil) {
		limited, cancel := s.queryContext(ctx, rowLimit)
		result, err := s.db.ExecContext(limited, beatServer, s.dir.identity, s.term.Load())
		cancel()
		if err != nil {
			continue // the applier reports a database that is away
		}
		if n, err := result.RowsAffected(); err == nil && n == 0 && s.term.Load() != 0 {
			s.checkOwner(ctx)
		}
	}
}

// checkOwner ends Run if another server has taken the row.
func (s *Store) checkOwner(ctx context.Context) {
	ctx, cancel := s.queryContext(ctx, rowLimit)
	defer cancel()
	err := s.db.transact(ctx, func(tx *transaction) error { return s.checkTerm(ctx, tx) })
	s.depose(err)
}

// depose has Run stop applying if err says that another server works with the database.
func (s *Store) depose(err error) {
	if !errors.Is(err, ErrOtherServer) {
		return
	}
	select {
	case s.deposed <- err:
	default:
	}
}

// standBy is what Run does after another server has taken the database. The journal goes on until
// the end of ctx, because calls do.
func (s *Store) standBy(ctx context.Context, why error) error {
	s.log.Error().Err(why).Msg("another server has taken the database: this one writes nothing more to it")
	if s.onDeposed != nil {
		s.onDeposed(why)
	}
	<-ctx.Done()
	return why
}

// leaveDatabase tells other servers that this one has stopped. They need not watch it then.
func (s *Store) leaveDatabase() {
	if s.term.Load() == 0 {
		return
	}
	ctx, cancel := s.queryContext(context.Background(), rowLimit)
	defer cancel()
	if _, err := s.db.ExecContext(ctx, leaveServer, s.dir.identity, s.term.Load()); err != nil {
		s.log.Debug().Err(s.db.sanitized(err)).Msg("the database is not told that this server stops")
	}
}
