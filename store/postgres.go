package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/lib/pq"
)

// idleConns is how many idle connections are kept open.
const idleConns = 2

// searchConns is how many searches run at the same time. Others wait for their turn.
const searchConns = 2

// oldestPostgres is the server_version_num of PostgreSQL 12.
const oldestPostgres = 120000

// errDSN replaces lib/pq's error about a malformed connection string, which quotes the string and
// so perhaps the password.
var errDSN = errors.New(
	"store: the connection string is malformed (want \"host=… user=… dbname=…\" or \"postgres://…\"; " +
		"it is not shown here because a password may be in it)")

func openPostgres(o *Options) (*database, error) {
	config, err := pq.NewConfig(o.DSN)
	if err != nil {
		return nil, errDSN
	}
	if config.ConnectTimeout <= 0 {
		config.ConnectTimeout = dialLimit
	}
	pool := sql.OpenDB(connector{config, o.answerLimit})
	pool.SetMaxOpenConns(4)
	pool.SetMaxIdleConns(idleConns)
	search := sql.OpenDB(connector{config, o.answerLimit})
	search.SetMaxOpenConns(searchConns)
	search.SetMaxIdleConns(searchConns)
	reports := sql.OpenDB(connector{config, o.answerLimit})
	reports.SetMaxOpenConns(1)
	reports.SetMaxIdleConns(1)
	d := postgres // a copy, because words differ between databases
	return &database{
		DB: pool, search: search, reports: reports, dialect: &d,
		sanitized: func(err error) error { return withoutPassword(err, config.Password) },
	}, nil
}

// withoutPassword replaces an error whose text has the password.
func withoutPassword(err error, password string) error {
	if err == nil || password == "" || !strings.Contains(err.Error(), password) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), password, "***"))
}

// listenDSN returns the connection string for the listener. The listener has no context, so without
// connect_timeout its Close could wait for ever.
func listenDSN(dsn string) (string, error) {
	config, err := pq.NewConfig(dsn)
	if err != nil {
		return "", errDSN
	}
	if config.ConnectTimeout > 0 {
		return dsn, nil
	}
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn + " connect_timeout=5", nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errDSN
	}
	q := u.Query()
	q.Set("connect_timeout", "5")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// inspectPostgres checks the server's version. It also finds out which flags an existing table
// stores as numbers.
func inspectPostgres(ctx context.Context, db *database) error {
	var version int
	if err := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return err
	}
	if version < oldestPostgres {
		return fmt.Errorf("PostgreSQL 12 or newer is needed, this is %d.%d", version/10000, version/100%100)
	}
	rows, err := db.QueryContext(ctx, numberFlags)
	if err != nil {
		return err
	}
	numbers, err := collect(rows, func(scan func(...any) error) (string, error) {
		var column string
		return column, scan(&column)
	})
	db.words.number = map[string]bool{}
	for _, column := range numbers {
		db.words.number[column] = true
	}
	return err
}

const numberFlags = `SELECT column_name FROM information_schema.columns
	WHERE table_schema = ANY (current_schemas(false)) AND table_name = 'call_extension'
	  AND data_type IN ('smallint', 'integer', 'bigint', 'numeric')`

// refusedByPostgres reports whether the data or the schema is wrong. It returns false for faults
// that pass: lost connections, shutdowns, deadlocks, full disks, standbys.
func refusedByPostgres(err error) bool {
	pqErr, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return false
	}
	switch pqErr.Code.Class() {
	case "08", "0A", "25", "28", "3D", "40", "53", "55", "57", "58":
		return false
	}
	return true
}

// wrongTableInPostgres reports whether a privilege, a table, a column, a type or the schema is not
// what this program needs.
func wrongTableInPostgres(err error) bool {
	pqErr, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return false
	}
	switch pqErr.Code {
	case "42501", "42P01", "42703", "42804", "3F000":
		return true
	}
	return false
}

// lockedInPostgres reports whether another session holds a lock, or all connections are taken.
func lockedInPostgres(err error) bool {
	pqErr, ok := errors.AsType[*pq.Error](err)
	return ok && (pqErr.Code == "55P03" || pqErr.Code == "40P01" || pqErr.Code == "53300")
}

func wrongValueInPostgres(err error) bool {
	pqErr, ok := errors.AsType[*pq.Error](err)
	return ok && (pqErr.Code.Class() == "22" || pqErr.Code.Class() == "23")
}

// postgresAway reports whether the server could not be asked, or takes no changes because it is a
// standby that is not promoted yet. It returns false if the server answered and refused, for
// example because of the password or a missing database.
func postgresAway(err error) bool {
	if pqErr, ok := errors.AsType[*pq.Error](err); ok {
		switch pqErr.Code.Class() {
		case "0A", "25": // not during recovery, read-only
			return pqErr.Code == "0A000" || pqErr.Code == "25006"
		case "08", "53", "57", "58": // connections, resources, shutdown and start, disk
			return true
		}
		return false
	}
	_, ofNetwork := errors.AsType[net.Error](err)
	return ofNetwork || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, context.DeadlineExceeded)
}
