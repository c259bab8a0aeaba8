package testlab

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Postgres is a private PostgreSQL that can be killed and frozen.
type Postgres struct {
	DSN string

	script string
	dir    string // of the cluster
	own    string // the folder that Stop removes; "" = none
}

// StartPostgres makes a cluster in the folder postgres below parent, and starts it. With "" as the
// parent the cluster has a folder of its own, which Stop removes. root is the folder of the module.
func StartPostgres(root, parent string) (p *Postgres, err error) {
	p = &Postgres{script: filepath.Join(root, "script", "postgres")}
	if parent == "" {
		if parent, err = os.MkdirTemp("", "nwayacd-postgres-"); err != nil {
			return nil, err
		}
		p.own = parent
		if err := os.Chmod(parent, 0o755); err != nil { // for root PostgreSQL runs as another user
			return nil, err
		}
	}
	p.dir = filepath.Join(parent, "postgres")
	if p.DSN, err = p.run("start"); err != nil {
		return nil, errors.Join(err, p.remove())
	}
	return p, nil
}

// Do runs script/postgres with the verb: kill, resume, freeze, thaw or bounce.
func (p *Postgres) Do(verb string) error {
	_, err := p.run(verb)
	return err
}

// scriptLimit is the longest that script/postgres may take; it may have to install PostgreSQL.
const scriptLimit = 3 * time.Minute

func (p *Postgres) run(verb string) (string, error) {
	ctx, stop := context.WithTimeout(context.Background(), scriptLimit)
	defer stop()
	out, err := exec.CommandContext(ctx, p.script, verb, p.dir).Output()
	if exit, is := errors.AsType[*exec.ExitError](err); is {
		err = fmt.Errorf("script/postgres %s: %w: %s", verb, err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// Stop ends PostgreSQL and removes the cluster.
func (p *Postgres) Stop() error { return errors.Join(p.Do("stop"), p.remove()) }

func (p *Postgres) remove() error {
	if p.own == "" {
		return nil
	}
	return os.RemoveAll(p.own)
}

// Rows returns the rows of a query as text; NULL is "".
func Rows(ctx context.Context, pool *sql.DB, query string, args ...any) (all [][]string, err error) {
	rows, err := pool.QueryContext(ctx, query, args...)
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
