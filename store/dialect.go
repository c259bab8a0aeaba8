package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	schema "nwayacd/sql"
)

// dialect is what differs between the databases: their SQL and what their errors mean.
type dialect struct {
	name       string // in Version
	migrations fs.FS
	version    string // query: the server's version

	begin         []string       // open every transaction that writes
	snapshot      *sql.TxOptions // of a transaction that sees one moment of all tables
	lockMigration string         // makes a second migration wait for the first; "" where the transaction itself does
	hasMigrations string         // query: whether the table nwayacd_migration is there
	newMigration  string         // statement: version, name

	readApplied  string // query: the sequence of a journal
	writeApplied string // statement: journal, sequence
	reject       string // statement: journal, sequence, change, error

	write map[kind][]string
	load  queries

	cdrs       string // query: since
	searchCDRs string // query: before (an id), from, to, group, agent, caller, call uuid, outcome, limit
	offers     string // query: call uuid

	refused func(error) bool // the database will never take this statement with this parameter
	words   words
}

// queries read what the dispatcher starts from.
type queries struct {
	agents, groups, members, blacklist, vips, memories, waiting string
	password                                                    string // of one extension
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
	log        func(statement, parameter string)
	sanitized  func(error) error // without the password
	statements atomic.Uint64     // sent so far
}

// connectLimit bounds Open's and Migrate's first word with the database.
const connectLimit = 10 * time.Second

// connect opens the database that o names and waits for its first answer.
func connect(ctx context.Context, o *Options) (*database, error) {
	open := openPostgres
	if o.DSN == "" {
		open = openSQLite
	}
	db, err := open(o)
	if err != nil {
		return nil, err
	}
	db.log = func(string, string) {}
	if o.OutputSQL {
		db.log = func(statement, parameter string) {
			o.Log.Info().Str("sql", statement).Str("parameter", parameter).Msg("statement")
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, connectLimit, fmt.Errorf("no answer within %s", connectLimit))
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		return nil, errors.Join(fmt.Errorf("store: connect to the database: %w", db.sanitized(err)), db.Close())
	}
	return db, nil
}

// transact runs body in a transaction that writes; the triggers skip it.
func (db *database) transact(ctx context.Context, body func(*transaction) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	for _, statement := range db.begin {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := body(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// applied reads how far a journal has been applied; 0 for one the database has not met.
func (db *database) applied(ctx context.Context, tx *transaction, journal string) (seq uint64, err error) {
	err = tx.QueryRowContext(ctx, db.readApplied, journal).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}
