package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
	_ "modernc.org/sqlite"

	"nwayacd/internal/testlab"
)

// testDSN is the PostgreSQL in which private databases are made; "" = the embedded SQLite is used.
var testDSN = os.Getenv("NWAYACD_TEST_DSN")

// database is the database of one server, as another program sees it.
type database struct {
	t    testing.TB
	dsn  string            // for dbstring; "" = SQLite
	file string            // of SQLite
	own  *testlab.Postgres // if no other situation shares it
	pool *sql.DB
}

// prepareDatabase reports loudly if there is no PostgreSQL.
func prepareDatabase() (err error) {
	if testDSN == "" {
		leaveOut(
			"POSTGRESQL (NWAYACD_TEST_DSN IS NOT SET): THE SITUATIONS ARE PLAYED ON THE EMBEDDED SQLITE, AND EDITS " +
				"BY SQL NOT AT ALL")
		return nil
	}
	if strings.Contains(testDSN, "://") {
		// sql.Open takes a URL, but not one with another dbname behind it.
		if testDSN, err = pq.ParseURL(testDSN); err != nil { //nolint:staticcheck // deprecated for sql.Open only
			return err
		}
	}
	pool, err := sql.Open("postgres", testDSN)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := pool.Ping(); err != nil {
		return fmt.Errorf("NWAYACD_TEST_DSN: %w", err)
	}
	return nil
}

// newDatabase returns a private, empty database.
func newDatabase(t testing.TB) *database {
	if testDSN == "" {
		t.Log("POSTGRESQL IS LEFT OUT: NWAYACD_TEST_DSN is not set; on SQLite")
		return &database{t: t}
	}
	name := fmt.Sprintf("nwayacd_e2e_%016x", rand.Uint64())
	admin(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { admin(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return &database{t: t, dsn: testDSN + " dbname=" + name}
}

func admin(t testing.TB, statement string) {
	t.Helper()
	pool, err := sql.Open("postgres", testDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

func (d *database) postgres() bool { return d.dsn != "" }

// open connects. The tables are there already.
func (d *database) open(dataDir string) {
	d.t.Helper()
	driver, source := "postgres", d.dsn
	if !d.postgres() {
		d.file = filepath.Join(dataDir, "nwayacd.db")
		driver, source = "sqlite", "file:"+d.file+"?_pragma=busy_timeout(5000)"
	}
	var err error
	if d.pool, err = sql.Open(driver, source); err != nil {
		d.t.Fatal(err)
	}
	d.pool.SetMaxOpenConns(2)
	d.t.Cleanup(func() { d.pool.Close() })
}

// serverRuns makes SQLite read-only, because from now on the server writes it.
func (d *database) serverRuns() {
	if d.postgres() {
		return
	}
	d.pool.Close()
	var err error
	if d.pool, err = sql.Open("sqlite", "file:"+d.file+"?mode=ro&_pragma=busy_timeout(5000)"); err != nil {
		d.t.Fatal(err)
	}
}

// exec runs a statement with ? for its arguments.
func (d *database) exec(statement string, args ...any) {
	d.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if _, err := d.pool.ExecContext(ctx, d.rebind(statement), args...); err != nil {
		d.t.Fatalf("%s: %v", statement, err)
	}
}

// rebind writes ? as PostgreSQL does.
func (d *database) rebind(statement string) string {
	if !d.postgres() {
		return statement
	}
	parts := strings.Split(statement, "?")
	var text strings.Builder
	text.WriteString(parts[0])
	for i, part := range parts[1:] {
		fmt.Fprintf(&text, "$%d%s", i+1, part)
	}
	return text.String()
}

// row returns the columns of the one row of a query as text, or nil if there is none.
func (d *database) row(query string, args ...any) []string {
	d.t.Helper()
	rows := d.rows(query, args...)
	if len(rows) > 1 {
		d.t.Fatalf("%s: %d rows: %v", query, len(rows), rows)
	}
	if len(rows) == 0 {
		return nil
	}
	return rows[0]
}

// rows returns the result of a query as text; NULL is "".
func (d *database) rows(query string, args ...any) [][]string {
	d.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	all, err := testlab.Rows(ctx, d.pool, d.rebind(query), args...)
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return all
}
