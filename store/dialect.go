package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	schema "nwayacd/sql"
)

// dialect is what differs between the databases: their SQL, and the meaning of their errors.
type dialect struct {
	name       string // as Version shows it
	migrations fs.FS
	version    string // query: the server's version
	clock      string // query: the time of the server's clock; "" if the database has none of its own

	begin         []string       // statements that begin each transaction that writes
	beginOpenly   []string       // the same, if the triggers are to report what is written
	snapshot      *sql.TxOptions // of a transaction that reads all tables at one moment
	lockMigration string         // makes a second migration wait for the first; "" if the transaction does that
	hasMigrations string         // query: whether the table nwayacd_migration is there
	newMigration  string         // statement: version, name
	patience      string         // statement: bounds the wait for each lock of a transaction; "" if there is none
	locked        func(error) bool

	readApplied  string // query: the sequence of a journal
	writeApplied string // statement: journal, sequence
	reject       string // statement: journal, sequence, change, error
	listRejected string // query: the row before (journal, sequence)
	dropRejected string // statement: journal, sequence
	hasAgent     string // query: extension

	jobs       []job  // in order
	addJob     string // statement: name
	readJob    string // query: name
	lockJob    string // what readJob says after that, to lock the row until the end of the transaction
	writeJob   string // statement: name, position, whether it is done
	buildIndex func(context.Context, *jobRunner, job) error
	deleteOld  func(datedTable) string // statement: before, how many rows at most

	write map[kind][]string
	load  queries
	older string // query: the memories since a time
	empty string // query: whether there are neither agents nor groups nor users

	cdrs        string // query: since
	searchAudit string // query: before (an id), from, to, actor, object, action, limit
	// query: before (an id), from, to, group, agent, caller, call uuid, outcome, limit,
	// groups (JSON)
	searchCDRs string
	unreached  string // query: from, groups (JSON), limit
	offers     string // query: call uuid

	figures figureSQL
	sign    string // statement: when; for SQLite

	layoutQuery string // query: table, whether the line restricts, line

	beginSearch string // statement: bounds a search in the server; "" if the context alone does that

	refused    func(error) bool // the database will not take this statement with this parameter
	wrongTable func(error) bool // refused, because the table is not there, not allowed, or has other columns
	wrongValue func(error) bool // refused, because of a value or a constraint
	away       func(error) bool // the database could not be asked, or takes no changes
	inspect    func(context.Context, *database) error

	connectLimit, batchLimit time.Duration
	words                    words
}

// queries read the state that the dispatcher starts from.
type queries struct {
	agents, groups, members, blacklist, vips, memories, waiting, talks, reasons string
	users, tokens, sessions                                                     string
	password                                                                    string // of one extension
}

func migrationsOf(folder string) fs.FS {
	sub, err := fs.Sub(schema.Migrations, folder)
	if err != nil {
		panic(err) // the folder's name is a constant of this package
	}
	return sub
}

// database is an open connection pool with its dialect.
type database struct {
	*sql.DB
	*dialect
	search     *sql.DB // the connections of searches, so that searches take none from the applier
	reports    *sql.DB // the same for reports
	log        func(statement, parameter string)
	sanitized  func(error) error // removes the password
	statements atomic.Uint64     // sent so far
	asked      atomic.Int64      // when the last statement of a transaction began, in nanoseconds since 1970
}

// connectLimit bounds the first answer of PostgreSQL in Open. It is not for SQLite, whose file may
// be slow and not away.
const connectLimit = 10 * time.Second

// newDatabase makes the pool for the database of o. It does not connect yet.
func newDatabase(o *Options) (*database, error) {
	open := openPostgres
	if o.DSN == "" {
		open = openSQLite
	}
	db, err := open(o)
	if err != nil {
		return nil, err
	}
	if o.migrations != nil {
		db.migrations = o.migrations
	}
	db.connectLimit = cmp.Or(o.connectLimit, db.connectLimit)
	db.log = func(string, string) {}
	if o.OutputSQL {
		db.log = func(statement, parameter string) {
			o.Log.Info().Str("sql", statement).Str("parameter", parameter).Msg("statement")
		}
	}
	return db, nil
}

// limitConnect returns a context for the first answers of the database.
func (db *database) limitConnect(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, db.connectLimit, fmt.Errorf("no answer within %s", db.connectLimit))
}

// connect waits for the first answer.
func (db *database) connect(ctx context.Context) error {
	err := db.PingContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		return fmt.Errorf("store: connect to the database: %w", db.sanitized(err))
	}
	return nil
}

// dropIdle closes the idle connections. After a fault they are most likely dead, and a dead
// connection shows that only after a timeout.
func (db *database) dropIdle() {
	db.SetMaxIdleConns(-1)
	db.SetMaxIdleConns(idleConns)
	db.search.SetMaxIdleConns(-1)
	db.search.SetMaxIdleConns(searchConns)
	db.reports.SetMaxIdleConns(-1)
	db.reports.SetMaxIdleConns(1)
}

// Close closes all connections.
func (db *database) Close() error {
	return errors.Join(db.DB.Close(), db.search.Close(), db.reports.Close())
}

// transact runs body in a transaction that writes. The triggers ignore it.
func (db *database) transact(ctx context.Context, body func(*transaction) error) error {
	return db.transactWith(ctx, db.begin, body)
}

// transactOpenly runs body in a transaction that writes, as another program does: the triggers
// report it.
func (db *database) transactOpenly(ctx context.Context, body func(*transaction) error) error {
	return db.transactWith(ctx, db.beginOpenly, body)
}

func (db *database) transactWith(ctx context.Context, begin []string, body func(*transaction) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	for _, statement := range begin {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := body(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// applied reads how far a journal is applied. known is false if the database does not know the
// journal.
func (db *database) applied(ctx context.Context, tx *transaction, journal string) (seq uint64, found bool, err error) {
	err = tx.QueryRowContext(ctx, db.readApplied, journal).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return seq, err == nil, err
}
