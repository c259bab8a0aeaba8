// Package store keeps what the dispatcher knows: in a journal in the data-dir at once, in PostgreSQL or SQLite soon after.
//
// It owns the journal, the database and its schema, and hears what other programs edit there. It decides nothing about calls or
// agents: it takes changes and hands out changes, in the words of package queue.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/queue"
)

// Options say where the database and the journal are and who hears of edits.
type Options struct {
	DSN         string // libpq form or URL; "" = SQLite in DataDir ("nwayacd.db")
	DataDir     string // the journal, and the SQLite file; made if missing, held by one process at a time
	AutoMigrate bool   // Open migrates instead of returning ErrSchema
	OutputSQL   bool   // log statements at Info, without their secrets
	Log         zerolog.Logger

	// OnEdit hears what another program changed in the database, OnReload everything after the listening connection was lost and is
	// back, or an edit came that only a full read can tell. Both are called from one goroutine, in order, while Run runs.
	OnEdit   func([]queue.Change)
	OnReload func(queue.Snapshot)
}

// Store is an open database with its journal. All methods may be called from any goroutine.
type Store struct {
	db       *database
	dir      *dataDir
	journal  *journal
	listener *listener // nil for SQLite
	log      zerolog.Logger
	onEdit   func([]queue.Change)
	onReload func(queue.Snapshot)

	applied *watermark    // the last sequence that is committed in the database
	counted atomic.Uint64 // changes applied since the start
	pending pending
	hurry   chan struct{} // somebody waits for the applier; one slot

	leaveLimit time.Duration

	turn    turn   // who holds it applies, or reads all
	reading cursor // of the applier; under turn

	mu         sync.Mutex
	journalErr error // why the last write to the journal failed
	applyErr   error // why the last batch failed

	testCommitted func() // for tests that stop the program here: after a commit, before the journal knows
}

// Open takes hold of the data-dir and connects to the database, which it gives 10 seconds. It returns an error that wraps ErrSchema
// for a schema that is not this program's, and one that names the data-dir when another process holds it. No error tells the password.
//
// A Store that was opened must be closed, after Run has returned.
func Open(ctx context.Context, o Options) (*Store, error) {
	dir, err := openDataDir(o.DataDir)
	if err != nil {
		return nil, err
	}
	s := &Store{
		dir: dir, log: o.Log, onEdit: o.OnEdit, onReload: o.OnReload,
		hurry: make(chan struct{}, 1), turn: make(turn, 1), leaveLimit: leaveLimit,
		pending: pending{written: map[string]*stateWritten{}}, testCommitted: func() {},
	}
	if err := s.open(ctx, &o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o *Options) (err error) {
	if s.db, err = connect(ctx, o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, connectLimit, fmt.Errorf("no answer within %s", connectLimit))
	defer cancel()
	if o.AutoMigrate {
		if _, err := s.db.migrate(ctx); err != nil {
			return s.wrap(ctx, "migrate", err)
		}
	}
	if err := s.db.checkSchema(ctx); err != nil {
		return s.wrap(ctx, "check the schema", err)
	}
	if o.DSN != "" {
		if err := inspectPostgres(ctx, s.db); err != nil {
			return s.wrap(ctx, "inspect the database", err)
		}
		// Listening starts before anybody loads, so that no edit falls between.
		if s.listener, err = openListener(ctx, o); err != nil {
			return err
		}
	}
	return s.openJournal(ctx)
}

func (s *Store) openJournal(ctx context.Context) error {
	var applied uint64
	err := s.db.transact(ctx, func(tx *transaction) (err error) {
		applied, err = s.db.applied(ctx, tx, s.dir.identity)
		return err
	})
	if err != nil {
		return s.wrap(ctx, "read how far the journal is applied", err)
	}
	s.applied = newWatermark(applied)
	s.journal, err = openJournal(s.dir.path, applied, s.log, func(r record) {
		var c queue.Change
		if json.Unmarshal(r.body, &c) == nil {
			s.pending.note(&c, r.seq)
		}
	})
	return err
}

// Close gives back the connections and the data-dir. What was written and not yet durable becomes so first.
func (s *Store) Close() error {
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.close())
	}
	if s.listener != nil {
		errs = append(errs, s.listener.close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(append(errs, s.dir.close())...)
}

// Write appends changes to the journal, in order, and returns the sequence of the last one. It waits for neither disk nor database;
// only when 64 MiB have gathered that the disk did not take yet does it wait for the disk. Written after Close, changes are lost.
func (s *Store) Write(changes ...queue.Change) uint64 {
	bodies := make([][]byte, 0, len(changes))
	kept := make([]queue.Change, 0, len(changes))
	text := make([]byte, 0, 256*len(changes))
	for i := range changes {
		start := len(text)
		var err error
		text, err = appendChange(text, &changes[i])
		body := text[start:]
		if err != nil || len(body) > maxBody {
			s.log.Error().Err(err).Int("bytes", len(body)).Msg("a change cannot be journaled and is lost")
			continue
		}
		bodies = append(bodies, withoutNUL(body))
		kept = append(kept, changes[i])
	}
	return s.journal.append(bodies, func(i int, seq uint64) { s.pending.note(&kept[i], seq) })
}

// Sync returns when the change of that sequence, and all before it, are on the disk of the journal; else with the cause of ctx's end.
func (s *Store) Sync(ctx context.Context, seq uint64) error {
	if err := s.journal.durable.wait(ctx, seq); err != nil {
		return fmt.Errorf("store: wait for the journal: %w", errors.Join(err, s.Healthy()))
	}
	return nil
}

// Flush returns when all that was written before it is in the database; else with the cause of ctx's end.
func (s *Store) Flush(ctx context.Context) error {
	signal(s.hurry)
	if err := s.applied.wait(ctx, s.journal.newest()); err != nil {
		return fmt.Errorf("store: wait for the database: %w", errors.Join(err, s.Healthy()))
	}
	return nil
}

// leaveLimit is how long Run goes on applying when its context has ended.
const leaveLimit = 5 * time.Second

// Run writes the journal, applies it and listens for edits until ctx ends. Then it applies what is left, for at most 5 seconds; what
// stays in the journal is in the error, and is applied when the store is next loaded or run.
func (s *Store) Run(ctx context.Context) error {
	journaling, stopJournal := context.WithCancel(context.WithoutCancel(ctx))
	defer stopJournal()
	applying, stopApply := context.WithCancel(context.WithoutCancel(ctx))
	defer stopApply()
	var writer, workers sync.WaitGroup
	writer.Go(func() { s.journal.run(journaling, s.journalState) })
	workers.Go(func() { s.apply(applying) })
	if s.listener != nil {
		workers.Go(func() { s.listen(ctx) })
	}
	<-ctx.Done()

	leaving, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), s.leaveLimit, errors.New("the time to leave is over"))
	defer cancel()
	err := s.Flush(leaving)
	stopApply()
	workers.Wait()
	stopJournal()
	writer.Wait()
	return err
}

// Version is the database's name and version: "PostgreSQL 15.4", "SQLite 3.46.0".
func (s *Store) Version(ctx context.Context) (string, error) {
	var version string
	if err := s.db.QueryRowContext(ctx, s.db.version).Scan(&version); err != nil {
		return "", s.wrap(ctx, "read the version", err)
	}
	version, _, _ = strings.Cut(version, " ") // Debian's goes on with its package's
	return s.db.name + " " + version, nil
}

// Lag tells how much is written and not yet in the database, and for how long the oldest of it.
func (s *Store) Lag() (changes int, bytes int64, since time.Duration) {
	bytes, behind := s.journal.lag()
	changes = int(s.journal.newest() - s.applied.get())
	if changes == 0 || behind.IsZero() {
		return changes, bytes, 0
	}
	return changes, bytes, time.Since(behind)
}

// Healthy returns nil, or why the journal or the database is away now.
func (s *Store) Healthy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := errors.Join(s.journalErr, s.applyErr)
	if s.listener != nil {
		err = errors.Join(err, s.listener.state())
	}
	return err
}

func (s *Store) journalState(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(s.journalErr, err, "the journal cannot be written", "the journal is written again")
	s.journalErr = err
}

func (s *Store) databaseState(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(s.applyErr, err, "the database is away; the journal keeps the changes", "the database is back")
	s.applyErr = err
}

// tell logs a fault when it comes and when it goes, not each time it is met.
func (s *Store) tell(before, after error, came, went string) {
	switch {
	case before == nil && after != nil:
		s.log.Error().Err(after).Msg(came)
	case before != nil && after == nil:
		s.log.Info().Msg(went)
	}
}

// wrap names what failed. A context's end is told by its cause: lib/pq shows it as a cancelled statement (57014).
func (s *Store) wrap(ctx context.Context, doing string, err error) error {
	err = s.db.sanitized(err)
	if ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return fmt.Errorf("store: %s: %w", doing, err)
}

// turn is a lock that can be waited for with a context.
type turn chan struct{}

func (t turn) lock(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) unlock() { <-t }

// Identity names this server's data-dir, the same after each restart: 32 hexadecimal digits.
func (s *Store) Identity() string { return s.dir.identity }
