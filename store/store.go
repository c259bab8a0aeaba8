// Package store keeps what the dispatcher knows: in a journal in the data-dir at once, in PostgreSQL or SQLite soon after.
//
// It owns the journal, the database and its schema, and hears what other programs edit there. It decides nothing about calls or
// agents: it takes changes and hands out changes, in the words of package queue.
package store

import (
	"cmp"
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

	// JournalLimit bounds the bytes that wait in the journal; 0 = DefaultJournalLimit. What comes beyond it is given up, but never
	// waited for: records go to the log, and the state of the floor is written anew when there is room.
	JournalLimit int64

	// OnRewrite is asked to Write the present state of the floor anew, before it returns: what distribution changes by itself, or (whole)
	// all of it, lists too. The first follows a full journal, the second a database that lost what it had.
	OnResync func(whole bool)

	// OnEdit hears what another program changed in the database, OnReload everything after the listening connection was lost and is
	// back, or an edit came that only a full read can tell. Both are called from one goroutine, in order, while Run runs. They are to call
	// take, once, where nothing of the floor is written until what it returns is in force: it leaves out, or puts on top, what was written since
	// the database was read.
	OnEdit   func(take func() []queue.Change)
	OnReload func(take func() queue.Snapshot)

	answerLimit time.Duration // of the server's silence; 0: none
}

// Store is an open database with its journal. All methods may be called from any goroutine.
type Store struct {
	db          *database
	dir         *dataDir
	journal     *journal
	listener    *listener // nil for SQLite
	log         zerolog.Logger
	autoMigrate bool
	onEdit      func(take func() []queue.Change)
	onReload    func(take func() queue.Snapshot)
	onResync    func(whole bool)

	applied   *watermark    // the last sequence that is committed in the database
	counted   atomic.Uint64 // changes applied since the start
	givenUp   atomic.Uint64 // records written to the log since the start
	dropped   atomic.Uint64 // changes of state given up since the start
	resynced  atomic.Uint64 // of these, made good when the floor was last written anew
	ownWrites ownWrites
	applyNow  chan struct{} // somebody waits for the applier; one slot

	startedOffline bool          // the database was away at Open
	notifyDown     bool          // the listening connection was not there at Open
	reloadWrites   reloadWrites  // of a reload
	startState     *checkpoint   // the first Load returns it: the database cannot
	checkpointDue  chan struct{} // the checkpoint is; one slot
	shutdownLimit  time.Duration

	turn          turn   // who holds it applies, or reads all
	reading       cursor // of the applier; under turn
	batch         int    // bytes of the journal in the next transaction; under turn
	schemaChecked bool   // the schema is ours, and inspected; under turn

	mu            sync.Mutex
	diskFault     fault // why the last write to the journal failed
	applyFault    fault // why the last try with the database failed
	resyncDue     resync
	checkpointing sync.Mutex // one at a time: they write the same file
	fillAlarm     bool       // the journal is filling

	testCommitted func() // for tests that stop the program here: after a commit, before the journal knows
}

// Open takes hold of the data-dir and connects to the database, which it gives 10 seconds. It returns an error that wraps ErrSchema
// for a schema that is not this program's, and one that names the data-dir when another process holds it. No error tells the password.
//
// Where PostgreSQL is away, the store begins with the last state known from the data-dir, if there is one, and takes the database over
// when it is back. A server that refuses us is not away.
//
// A Store that was opened must be closed, after Run has returned.
func Open(ctx context.Context, o Options) (*Store, error) {
	dir, err := openDataDir(o.DataDir)
	if err != nil {
		return nil, err
	}
	o.answerLimit = cmp.Or(o.answerLimit, answerLimit)
	s := &Store{
		dir: dir, log: o.Log, autoMigrate: o.AutoMigrate, onEdit: o.OnEdit, onReload: o.OnReload, onResync: o.OnResync,
		applyNow: make(chan struct{}, 1), checkpointDue: make(chan struct{}, 1), turn: make(turn, 1), shutdownLimit: shutdownLimit, batch: batchBytes,
		ownWrites: ownWrites{written: map[string]*columnWrites{}}, testCommitted: func() {},
	}
	if err := s.open(ctx, &o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o *Options) (err error) {
	if s.db, err = newDatabase(o); err != nil {
		return err
	}
	var known *checkpoint
	var unknown error // why there is none
	if o.DSN != "" {
		known, unknown = readCheckpoint(s.dir.path)
	}
	limited, cancel := context.WithTimeoutCause(ctx, s.db.connectLimit, fmt.Errorf("no answer within %s", s.db.connectLimit))
	defer cancel()
	position, err := s.begin(limited, known)
	switch {
	case err == nil:
	case !s.db.away(err):
		return err
	case known == nil:
		return fmt.Errorf("%w; and there is no last known state to begin with: %w. Start the database, or correct [database] dbstring", err, unknown)
	default:
		position = known.Position
	}
	if err := s.openJournal(position, known, o); err != nil {
		return err
	}
	if err != nil {
		s.startOffline(known, err)
	}
	return s.openListener(limited, o)
}

// openListener comes behind the first word with the database: where that has room for one connection only, it is not this one.
func (s *Store) openListener(ctx context.Context, o *Options) (err error) {
	if o.DSN == "" {
		return nil
	}
	if s.listener, err = newListener(o); err != nil {
		return err
	}
	if s.notifyDown = s.startedOffline; !s.notifyDown {
		s.listenFirst(ctx)
	}
	return nil
}

// begin meets the database and returns how far the journal is applied.
func (s *Store) begin(ctx context.Context, known *checkpoint) (position uint64, err error) {
	if err := s.db.connect(ctx); err != nil {
		return 0, err
	}
	if err := s.ensureSchema(ctx); err != nil {
		return 0, err
	}
	if position, err = s.firstPosition(ctx, known); err != nil {
		return 0, s.wrap(ctx, "read how far the journal is applied", err)
	}
	return position, nil
}

func (s *Store) openJournal(position uint64, known *checkpoint, o *Options) (err error) {
	s.applied = newWatermark(position)
	var tail int64
	if o.DSN != "" {
		tail = keepAppliedBytes
	}
	s.journal, err = openJournal(s.dir.path, position, tail, s.log, func(r record) {
		var c queue.Change
		if json.Unmarshal(r.body, &c) == nil {
			s.ownWrites.add(&c, r.seq)
		}
	})
	if err != nil {
		return err
	}
	s.journal.limit = cmp.Or(o.JournalLimit, DefaultJournalLimit)
	if known != nil {
		s.journal.keepBehind(known.Position)
	} else if o.DSN != "" {
		s.journal.keepBehind(0)
	}
	return nil
}

// Close gives back the connections and the data-dir. What was written and not yet durable becomes so first.
func (s *Store) Close() error {
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.close(s.applied.get()))
	}
	if s.listener != nil {
		errs = append(errs, s.listener.close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(append(errs, s.dir.close())...)
}

// Write appends changes to the journal, in order, and returns the sequence of the last one. It waits for neither disk nor database. For
// what the journal has no room, see Options.JournalLimit. Written after Close, changes are lost, and records go to the log.
func (s *Store) Write(changes ...queue.Change) uint64 {
	drafts := make([]draft, 0, len(changes))
	kept := make([]queue.Change, 0, len(changes))
	text := make([]byte, 0, 256*len(changes))
	for i := range changes {
		c := changes[i]
		s.ownWrites.addPassword(&c)
		start := len(text)
		var err error
		text, err = appendChange(text, &c)
		body := text[start:]
		if err != nil || len(body) > maxBody {
			s.log.Error().Err(err).Int("bytes", len(body)).Msg("a change cannot be journaled and is lost")
			continue
		}
		drafts = append(drafts, draft{withoutNUL(body), isOperatorChange(&c), endsTalkOf(kept, &c)})
		kept = append(kept, c)
	}
	last, refused := s.journal.append(drafts, func(i int, seq uint64) { s.noteWrite(&kept[i], seq, drafts[i].body) })
	if len(refused) == 0 {
		return last
	}
	for _, i := range refused {
		s.handleRefused(&kept[i], drafts[i].body)
	}
	return notKept
}

// note takes down a change that was written; seq is notKept where the journal refused it.
func (s *Store) noteWrite(c *queue.Change, seq uint64, body []byte) {
	s.ownWrites.add(c, seq)
	s.reloadWrites.add(record{seq: seq, body: body})
}

// Sync returns when the change of that sequence, and all before it, are on the disk of the journal; else with the cause of ctx's end, or
// with ErrNotKept.
func (s *Store) Sync(ctx context.Context, seq uint64) error {
	if seq == notKept {
		return fmt.Errorf("store: %w", ErrNotKept)
	}
	if s.journal.durable.get() < seq {
		signal(s.journal.syncRequested)
	}
	if err := s.journal.durable.wait(ctx, seq); err != nil {
		return fmt.Errorf("store: wait for the journal: %w", errors.Join(err, s.Healthy()))
	}
	return nil
}

// Flush returns when all that was written before it is in the database; else with the cause of ctx's end.
func (s *Store) Flush(ctx context.Context) error {
	signal(s.journal.syncRequested)
	signal(s.applyNow)
	if err := s.applied.wait(ctx, s.journal.newest()); err != nil {
		return fmt.Errorf("store: wait for the database: %w", errors.Join(err, s.Healthy()))
	}
	return nil
}

// leaveLimit is how long Run goes on applying when its context has ended.
const shutdownLimit = 5 * time.Second

// Run writes the journal, applies it and listens for edits until ctx ends. Then it applies what is left, for at most 5 seconds; what
// stays in the journal is in the error, and is applied when the store is next loaded or run.
func (s *Store) Run(ctx context.Context) error {
	journaling, stopJournal := context.WithCancel(context.WithoutCancel(ctx))
	defer stopJournal()
	applying, stopApply := context.WithCancel(context.WithoutCancel(ctx))
	defer stopApply()
	var writer, workers sync.WaitGroup
	writer.Go(func() { s.journal.run(journaling, s.diskState) })
	workers.Go(func() { s.apply(applying) })
	if s.listener != nil {
		workers.Go(func() { s.listen(ctx) })
		workers.Go(func() { s.listener.probe(ctx) })
		workers.Go(func() { s.checkpoints(applying) })
	}
	<-ctx.Done()

	leaving, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), s.shutdownLimit, errors.New("the time to leave is over"))
	defer cancel()
	err := s.Flush(leaving)
	if err == nil && s.listener != nil {
		s.checkpoint(leaving) // else the journal has what it lacks
	}
	stopApply()
	workers.Wait()
	stopJournal()
	writer.Wait()
	return err
}

// Version is the database's name and version: "PostgreSQL 15.4", "SQLite 3.46.0".
func (s *Store) Version(ctx context.Context) (string, error) {
	ctx, cancel := s.queryContext(ctx, rowLimit)
	defer cancel()
	var version string
	if err := s.db.QueryRowContext(ctx, s.db.version).Scan(&version); err != nil {
		return "", s.wrap(ctx, "read the version", err)
	}
	version, _, _ = strings.Cut(version, " ") // Debian's goes on with its package's
	return s.db.name + " " + version, nil
}

const (
	searchLimit = 10 * time.Second // for reading records
	rowLimit    = 2 * time.Second  // for reading one row
)

// ask is a context for a question from outside. While the database is known to be away it has ended already.
func (s *Store) queryContext(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	s.mu.Lock()
	away := s.applyFault
	s.mu.Unlock()
	if away.err != nil {
		ctx, cancel := context.WithCancelCause(ctx)
		cancel(away.away("database"))
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("the database does not answer within %s", limit))
}

// wrap names what failed. A context's end is told by its cause: lib/pq shows it as a cancelled statement (57014).
func (s *Store) wrap(ctx context.Context, doing string, err error) error {
	err = s.db.sanitized(err)
	if ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
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
