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

// idleConns are kept open when nobody uses them.
const idleConns = 2

// oldestPostgres is what server_version_num of PostgreSQL 12 begins at.
const oldestPostgres = 120000

// errDSN keeps back what lib/pq says of a malformed connection string: it quotes it, and the password may be in the quote.
var errDSN = errors.New("store: the connection string is malformed (want \"host=… user=… dbname=…\" or \"postgres://…\"; " +
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
	d := postgres // a copy: words differ between databases
	return &database{DB: pool, dialect: &d, sanitized: func(err error) error { return withoutPassword(err, config.Password) }}, nil
}

// withoutPassword replaces an error whose text quotes the password.
func withoutPassword(err error, password string) error {
	if err == nil || password == "" || !strings.Contains(err.Error(), password) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), password, "***"))
}

// listenDSN is the connection string for the listener, which has no context: without connect_timeout its Close could wait for ever.
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

// inspectPostgres checks the server's age and learns which flags an existing table keeps as numbers.
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

// refusedByPostgres tells data and schema errors from all that passes by: lost connections, shutdowns, deadlocks, full disks, standbys.
func refusedByPostgres(err error) bool {
	pqErr, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return false
	}
	switch pqErr.Code.Class() {
	case "08", "25", "28", "3D", "40", "53", "55", "57", "58":
		return false
	}
	return true
}

// postgresAway tells a server that could not be asked from one that answered and refused: a password, a database that is not there.
func postgresAway(err error) bool {
	if pqErr, ok := errors.AsType[*pq.Error](err); ok {
		switch pqErr.Code.Class() {
		case "08", "53", "57", "58": // connections, resources, shutdowns and start-ups, its disk
			return true
		}
		return false
	}
	_, ofNetwork := errors.AsType[net.Error](err)
	return ofNetwork || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, context.DeadlineExceeded)
}
