package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	_ "github.com/lib/pq"

	"nwayacd/internal/testlab"
)

// postgresServer is a private PostgreSQL, with a connection that does not take the path on which
// the server reaches it.
type postgresServer struct {
	*testlab.Postgres
	pool *sql.DB
}

// startPostgres makes a cluster below dir.
func startPostgres(root, dir string) (*postgresServer, error) {
	pg, err := testlab.StartPostgres(root, dir)
	if err != nil {
		return nil, err
	}
	pool, err := sql.Open("postgres", pg.DSN)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(6)
	return &postgresServer{pg, pool}, nil
}

// address is host:port.
func (p *postgresServer) address() string { return p.setting("host") + ":" + p.setting("port") }

func (p *postgresServer) setting(name string) string {
	for word := range strings.FieldsSeq(p.DSN) {
		if value, is := strings.CutPrefix(word, name+"="); is {
			return value
		}
	}
	return ""
}

// by is the connection string for another address.
func (p *postgresServer) by(host string, port int) string {
	s := strings.Replace(p.DSN, "host="+p.setting("host"), "host="+host, 1)
	return strings.Replace(s, "port="+p.setting("port"), fmt.Sprintf("port=%d", port), 1)
}

// exec runs a statement as another program does, with $1 for its arguments.
func (p *postgresServer) exec(ctx context.Context, statement string, args ...any) error {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	_, err := p.pool.ExecContext(ctx, statement, args...)
	return err
}

// rows returns the rows of a query as text; NULL is "".
func (p *postgresServer) rows(ctx context.Context, query string, args ...any) ([][]string, error) {
	return testlab.Rows(ctx, p.pool, query, args...)
}

func (p *postgresServer) stop() error { return errors.Join(p.pool.Close(), p.Stop()) }
