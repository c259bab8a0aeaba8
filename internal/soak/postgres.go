package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/lib/pq"
)

// postgresServer is a private PostgreSQL that can be killed and frozen.
type postgresServer struct {
	script, dir string
	dsn         string // past the path on which the server reaches it
	pool        *sql.DB
}

// startPostgres makes a cluster below dir.
func startPostgres(root, dir string) (*postgresServer, error) {
	p := &postgresServer{script: filepath.Join(root, "script", "postgres"), dir: filepath.Join(dir, "postgres")}
	var err error
	if p.dsn, err = p.run("start"); err != nil {
		return nil, err
	}
	if p.pool, err = sql.Open("postgres", p.dsn); err != nil {
		return nil, err
	}
	p.pool.SetMaxOpenConns(6)
	return p, nil
}

// scriptLimit is the longest that script/postgres may take; it may have to install one.
const scriptLimit = 3 * time.Minute

func (p *postgresServer) run(verb string) (string, error) {
	ctx, stop := context.WithTimeout(context.Background(), scriptLimit)
	defer stop()
	out, err := exec.CommandContext(ctx, p.script, verb, p.dir).Output()
	if exit, is := errors.AsType[*exec.ExitError](err); is {
		err = fmt.Errorf("script/postgres %s: %w: %s", verb, err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// address is host:port.
func (p *postgresServer) address() string { return p.setting("host") + ":" + p.setting("port") }

func (p *postgresServer) setting(name string) string {
	for word := range strings.FieldsSeq(p.dsn) {
		if value, is := strings.CutPrefix(word, name+"="); is {
			return value
		}
	}
	return ""
}

// by is the connection string for who comes another way.
func (p *postgresServer) by(host string, port int) string {
	s := strings.Replace(p.dsn, "host="+p.setting("host"), "host="+host, 1)
	return strings.Replace(s, "port="+p.setting("port"), fmt.Sprintf("port=%d", port), 1)
}

// exec runs a statement of another program's, with $1 for its arguments.
func (p *postgresServer) exec(ctx context.Context, statement string, args ...any) error {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	_, err := p.pool.ExecContext(ctx, statement, args...)
	return err
}

// rows returns what a query yields, as text; NULL is "".
func (p *postgresServer) rows(ctx context.Context, query string, args ...any) (all [][]string, err error) {
	rows, err := p.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		line := make([]string, len(columns))
		for i := range cells {
			line[i] = cells[i].String
		}
		all = append(all, line)
	}
	return all, rows.Err()
}

func (p *postgresServer) stop() error {
	p.pool.Close()
	_, err := p.run("stop")
	return err
}
