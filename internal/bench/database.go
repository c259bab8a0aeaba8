package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"github.com/lib/pq"    // the driver postgres
	_ "modernc.org/sqlite" // the driver sqlite
)

// database is the database of the server under test. The run has made it.
type database struct {
	dsn  string  // for the server; "" = SQLite
	name string  // of the database that was made; "" with SQLite
	home *sql.DB // the connection with which it was made
	db   *sql.DB
}

// newDatabase makes a database of the run's own, which drop removes.
func newDatabase(ctx context.Context, dsn, mark, sqliteFile string) (*database, error) {
	if dsn == "" {
		db, err := sql.Open("sqlite", "file:"+sqliteFile+"?mode=ro")
		return &database{db: db}, err
	}
	d := &database{name: "nwayacd_bench_" + mark}
	d.dsn = inDatabase(dsn, d.name)
	var err error
	if d.home, err = sql.Open("postgres", dsn); err == nil {
		_, err = d.home.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(d.name))
	}
	if err != nil {
		return nil, fmt.Errorf("--dsn: a database of the run's own could not be made: %w", err)
	}
	if d.db, err = sql.Open("postgres", d.dsn); err == nil {
		// if that fails, the statements are not known from here
		d.db.ExecContext(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
	}
	return d, err
}

// inDatabase is the connection string with another database's name.
func inDatabase(dsn, name string) string {
	if u, err := url.Parse(dsn); err == nil && u.Scheme != "" {
		u.Path = "/" + name
		return u.String()
	}
	return dsn + " dbname=" + name // the last one counts
}

func (d *database) drop() error {
	err := d.db.Close()
	if d.home != nil {
		_, dropped := d.home.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(d.name))
		err = errors.Join(err, dropped, d.home.Close())
	}
	return err
}

// kind is its name in the report.
func (d *database) kind() string {
	if d.name == "" {
		return "SQLite"
	}
	return "PostgreSQL"
}

// records counts the run's call records: all of them, and the different calls in them.
func (d *database) records(ctx context.Context, mark string) (rows, calls int64, err error) {
	err = d.db.QueryRowContext(ctx,
		"SELECT count(*), count(DISTINCT call_uuid) FROM nwayacd_cdr WHERE call_uuid LIKE $1",
		mark+"-%").Scan(&rows, &calls)
	return rows, calls, err
}

// work is what the database has done so far; -1 = not known.
type work struct{ transactions, statements float64 }

// statementsOf is the counter of the server's own /metrics.
const statementsOf = "nwayacd_database_statements_total"

// done reads it. The transactions come from PostgreSQL. The statements come from the server, or
// from PostgreSQL if the extension pg_stat_statements is loaded.
func (d *database) done(ctx context.Context, s *server) (w work) {
	w = work{-1, s.metric(ctx, statementsOf)}
	if d.name == "" {
		return w
	}
	row := d.db.QueryRowContext(ctx, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1",
		d.name)
	if row.Scan(&w.transactions) != nil {
		w.transactions = -1
	}
	if w.statements >= 0 {
		return w
	}
	row = d.db.QueryRowContext(ctx,
		"SELECT sum(calls) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1", d.name)
	if row.Scan(&w.statements) != nil {
		w.statements = -1
	}
	return w
}
