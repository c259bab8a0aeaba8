// Package store keeps the dispatcher's state in a journal in the data-dir at once, and in
// PostgreSQL or SQLite soon after.
//
// It owns the journal, the database and its schema, and it receives the edits of other programs. It
// decides nothing about calls or agents. Its changes are those of package queue.
package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/internal/wait"
	"nwayacd/queue"
	"nwayacd/store/journal"
)

// Options name the database and the journal, and the functions that receive edits.
type Options struct {
	DSN         string // libpq form or URL; "" = SQLite in DataDir ("nwayacd.db")
	DataDir     string // the journal and the SQLite file; made if missing, held by one process at a time
	AutoMigrate bool   // Open migrates instead of returning ErrSchema
	OutputSQL   bool   // log statements at Info, without their secrets
	Log         zerolog.Logger

	Retention Retention // for how long records, figures and the audit log are kept

	// JournalLimit bounds the bytes that wait in the journal. 0 is DefaultJournalLimit. Changes
	// beyond it are refused without waiting. Records then go to the log, and the state is written
	// again when there is room.
	JournalLimit int64

	// OnResync must Write the present state of the floor again before it returns. Without whole,
	// that is what distribution changes by itself, after the journal was full. With whole, it is
	// everything, because the database lost changes or the journal refused a command.
	OnResync func(whole bool)

	// OnEdit receives edits by other programs. OnReload receives a whole snapshot, after the
	// listening connection was lost, or if an edit can only be understood by reading everything.
	// Run calls both from one goroutine, in order.
	//
	// The callee must call take exactly once, while it holds the lock of the floor. It must apply
	// the result before it releases the lock. take accounts for what was written after the database
	// was read.
	OnEdit   func(take func() []queue.Change)
	OnReload func(take func() queue.Snapshot)

	// OnMemories receives the memories that Load leaves out because there are many. They come in
	// parts, and in no order, from a goroutine of Run. A memory must not replace a newer one.
	OnMemories func([]queue.Memory)
	Remember   time.Duration // older memories are not read for OnMemories; 0 = all are

	// OnDeposed receives why this server must end: another one has taken the database. Run calls it
	// once, and applies nothing more.
	OnDeposed func(error)

	Version string // of this program, for nwayacd_server

	watchLimit  time.Duration // of a server that has the database; 0 = watchLimit
	answerLimit time.Duration // for an answer of the server; 0 = no limit

	journal      journal.Options // sizes and files that a test sets
	migrations   fs.FS           // in place of the dialect's; nil in all but tests
	connectLimit time.Duration   // in place of the dialect's; 0 in all but tests
}

// keepAppliedBytes of the journal are kept: a database that fails over may lack changes.
const keepAppliedBytes = 16 << 20

// Store is an open database with its journal. All methods may be called from any goroutine.
type Store struct {
	db          *database
	dir         *dataDir
	journal     *journal.Journal
	listener    *listener // nil for SQLite
	foreign     foreignNotices
	log         zerolog.Logger
	autoMigrate bool

	migrateOptions Options // of the database, without a limit for an answer
	onEdit         func(take func() []queue.Change)
	onReload       func(take func() queue.Snapshot)
	onResync       func(whole bool)
	onDeposed      func(error)
	onMemories     func([]queue.Memory)
	remember       time.Duration // older memories are not read for onMemories; 0 = all are

	guarded       bool          // the database has a row that says which server works with it
	host, version string        // in that row
	term          atomic.Int64  // in that row; 0 = this server has not taken the database
	lastTerm      int64         // the last one that this server had; under turn
	lastSign      time.Time     // of life of the server before; zero = unknown; until the first Load
	signRead      bool          // lastSign has what the database says
	deposed       chan error    // why another server works with the database; one slot
	superseded    atomic.Uint64 // changes up to this sequence were written before another server was at work
	wasSuperseded bool          // another server was at work, and superseded does not say so yet; under turn
	settled       bool          // superseded is read; under turn
	watchLimit    time.Duration
	beatEvery     time.Duration

	applied   *wait.Watermark // the last sequence that is committed in the database
	counted   atomic.Uint64   // changes applied since the start
	givenUp   atomic.Uint64   // records written to the log since the start
	dropped   atomic.Uint64   // changes of state that were refused since the start
	resynced  atomic.Uint64   // those of dropped that a resync has covered
	rejected  atomic.Uint64   // changes since the start that went to nwayacd_rejected
	ownWrites ownWrites
	old       deleter
	applyNow  chan struct{} // a caller waits for the changes to be applied; one slot

	startedOffline bool          // the database was away at Open
	notifyDown     bool          // the listening connection failed at Open
	reloadWrites   reloadWrites  // what is written during a reload
	startState     *checkpoint   // what the first Load returns; nil = the database has it
	recallDue      chan struct{} // a load left memories out; one slot
	checkpointDue  chan struct{} // the checkpoint is out of date; one slot
	shutdownLimit  time.Duration

	turn          turn           // its holder applies, or reads everything
	reading       journal.Cursor // of apply; under turn
	batch         int            // bytes of the journal in the next transaction; under turn
	schemaChecked bool           // and the database is inspected; under turn
	layout        layouts        // of the tables when the server first saw them; under turn

	mu            sync.Mutex
	diskFault     fault     // why the last write to the journal failed
	applyFault    fault     // why the last try with the database failed
	asked         time.Time // when the applier asked the database for what it has not answered; zero = nothing
	applyRefusal  fault     // why the applier stops at a change
	readRefusal   fault     // why the database does not let the server read everything
	resyncDue     resync
	jobsLeft      []string   // what migrations left for later and is not done
	jobFault      error      // why the last try of one of these failed
	checkpointing sync.Mutex // one checkpoint at a time, because they write the same file
	fillAlarm     bool       // the journal is filling up

	testCommitted func() // for tests that stop the program after a commit, before the journal notes it
}

// Open locks the data-dir and connects to the database within 10 seconds. If the schema is not this
// program's, the error wraps ErrSchema. If another process holds the data-dir, the error names it.
// No error has the password in it.
//
// If PostgreSQL is away, the store starts with the last known state from the data-dir. It takes the
// database over when that is back. A server that refuses the connection is not away.
//
// An open Store must be closed after Run has returned.
func Open(ctx context.Context, o Options) (*Store, error) {
	dir, err := openDataDir(o.DataDir)
	if err != nil {
		return nil, err
	}
	o.answerLimit = cmp.Or(o.answerLimit, answerLimit)
	s := &Store{
		dir: dir, log: o.Log, autoMigrate: o.AutoMigrate, onEdit: o.OnEdit, onReload: o.OnReload, onResync: o.OnResync,
		onMemories: o.OnMemories, remember: o.Remember,
		applyNow: make(chan struct{}, 1), checkpointDue: make(chan struct{}, 1), turn: make(turn, 1),
		deposed: make(chan error, 1), shutdownLimit: shutdownLimit, batch: batchBytes,
		old:       deleter{changed: make(chan struct{}, 1)},
		recallDue: make(chan struct{}, 1),
		ownWrites: ownWrites{written: map[string]*columnWrites{}}, testCommitted: func() {},
	}
	s.SetRetention(o.Retention)
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
	var unknown error // why there is no known state
	if o.DSN != "" {
		known, unknown = readCheckpoint(s.dir.path)
	}
	s.guarded, s.version, s.onDeposed = o.DSN != "", o.Version, o.OnDeposed
	s.watchLimit, s.beatEvery = cmp.Or(o.watchLimit, watchLimit), beatEvery
	s.host, _ = os.Hostname() // without a name, the identity must do
	s.migrateOptions = Options{
		DSN: o.DSN, DataDir: o.DataDir, OutputSQL: o.OutputSQL, Log: o.Log,
		migrations: o.migrations, connectLimit: o.connectLimit,
	}
	position, err := s.begin(ctx, known)
	switch {
	case err == nil:
	case !s.db.away(err):
		return err
	case known == nil:
		return fmt.Errorf("%w; and there is no last known state to begin with: %w. "+
			"Start the database, or correct [database] dbstring", err, unknown)
	default:
		position = known.Position
	}
	if err := s.openJournal(position, known, o); err != nil {
		return err
	}
	if err != nil {
		s.startOffline(known, err)
	} else if err := s.settleAtOpen(ctx); err != nil {
		return err
	}
	limited, cancel := s.db.limitConnect(ctx)
	defer cancel()
	return s.openListener(limited, o)
}

// openListener connects after the database has answered. If the server has room for one connection
// only, that must not be the listener's.
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

// begin connects to the database and returns how far the journal is applied.
func (s *Store) begin(ctx context.Context, known *checkpoint) (position uint64, err error) {
	limited, cancel := s.db.limitConnect(ctx)
	defer cancel()
	if err := s.db.connect(limited); err != nil {
		return 0, err
	}
	if err := s.ensureSchema(ctx, s.db.connectLimit); err != nil {
		return 0, err
	}
	if err := s.takeDatabase(ctx, s.db.connectLimit); err != nil {
		return 0, err
	}
	limited, cancelRead := s.db.limitConnect(ctx)
	defer cancelRead()
	if !s.guarded {
		err := s.db.transact(limited, func(tx *transaction) error { return s.readSign(limited, tx) })
		if err != nil {
			return 0, s.wrap(limited, "read the last sign of life", err)
		}
	}
	if position, err = s.firstPosition(limited, known); err != nil {
		return 0, s.wrap(limited, "read how far the journal is applied", err)
	}
	return position, nil
}

func (s *Store) openJournal(position uint64, known *checkpoint, o *Options) (err error) {
	s.applied = wait.NewWatermark(position)
	files := o.journal
	files.Dir, files.Applied, files.Log = s.dir.path, position, s.log
	files.CreateFile = s.createFile(o.journal.CreateFile)
	if o.DSN != "" {
		files.KeepApplied = keepAppliedBytes
	}
	s.journal, err = journal.Open(files, func(r journal.Record) {
		var c queue.Change
		if json.Unmarshal(r.Body, &c) == nil {
			s.ownWrites.add(&c, r.Seq)
			s.noteSign(r.At)
		}
	})
	if err != nil {
		return err
	}
	s.journal.SetLimit(cmp.Or(o.JournalLimit, DefaultJournalLimit))
	if known != nil {
		for extension, text := range known.Passwords {
			s.ownWrites.confirmPassword(extension, text, 0)
		}
		s.journal.KeepBehind(known.Position)
	} else if o.DSN != "" {
		s.journal.KeepBehind(0)
	}
	return nil
}

// Close makes everything that was written durable, and releases the connections and the data-dir.
// If the disk takes nothing, records go to the log.
func (s *Store) Close() error {
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.Close(s.applied.Get()))
		s.logUnkept()
	}
	if s.listener != nil {
		errs = append(errs, s.listener.close())
	}
	if s.db != nil {
		s.leaveDatabase()
		errs = append(errs, s.db.Close())
	}
	return errors.Join(append(errs, s.dir.close())...)
}

// Write appends changes to the journal, in order, and returns the sequence of the last one. It
// waits for neither disk nor database. If the journal is full, Options.JournalLimit says what
// happens. Changes after Close are lost, and records go to the log.
func (s *Store) Write(changes ...queue.Change) uint64 {
	drafts := make([]journal.Draft, 0, len(changes))
	kept := make([]queue.Change, 0, len(changes))
	text := make([]byte, 0, 256*len(changes))
	for i := range changes {
		c := changes[i]
		s.ownWrites.addPassword(&c)
		start := len(text)
		var err error
		text, err = appendChange(text, &c)
		body := text[start:]
		if err != nil || len(body) > journal.MaxBody {
			s.log.Error().Err(err).Int("bytes", len(body)).Msg("a change cannot be journaled and is lost")
			continue
		}
		drafts = append(drafts, journal.Draft{
			Body: withoutNUL(body), MayUseReserve: isOperatorChange(&c), WithPrevious: endsTalkOf(kept, &c),
		})
		kept = append(kept, c)
	}
	last, refused := s.journal.Append(drafts, func(i int, seq uint64) { s.noteWrite(&kept[i], seq, drafts[i].Body) })
	if len(refused) == 0 {
		return last
	}
	for _, i := range refused {
		s.handleRefused(&kept[i], drafts[i].Body)
	}
	return notKept
}

// noteWrite notes a change that was written. seq is notKept if the journal refused it.
func (s *Store) noteWrite(c *queue.Change, seq uint64, body []byte) {
	s.ownWrites.add(c, seq)
	s.reloadWrites.add(journal.Record{Seq: seq, Body: body})
}

// Flush returns nil when everything that was written before it is in the database. If ctx ends
// first, it returns the cause.
func (s *Store) Flush(ctx context.Context) error {
	s.journal.RequestSync()
	wait.Signal(s.applyNow)
	if err := s.applied.Wait(ctx, s.journal.Newest()); err != nil {
		return fmt.Errorf("store: wait for the database: %w", errors.Join(err, s.Healthy()))
	}
	return nil
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

// Identity names this server's data-dir: 32 hexadecimal digits that stay the same after a restart.
func (s *Store) Identity() string { return s.dir.identity }
