package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"nwayacd/internal/testlab"
)

// database is a PostgreSQL database for one situation.
type database struct {
	dsn   string // of the server under test
	admin *sql.DB
	name  string
	own   *testlab.Postgres // if no other situation shares it
}

// newDatabase makes a database in the cluster that the situations share.
func newDatabase(t *testing.T) *database {
	t.Helper()
	if suite.dsn == "" {
		t.Skip("NOT TESTED: NWAYACD_TEST_DSN IS NOT SET (script/test sets it)")
	}
	name := fmt.Sprintf("nwayacd_chaos_%016x", rand.Uint64())
	server := openSQL(t, suite.dsn)
	run(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { run(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	dsn := suite.dsn + " dbname=" + name
	return &database{dsn: dsn, admin: openSQL(t, dsn), name: name}
}

// newCluster starts a PostgreSQL for one situation.
func newCluster(t *testing.T) *database {
	t.Helper()
	if suite.dsn == "" {
		t.Skip("NOT TESTED: NWAYACD_TEST_DSN IS NOT SET (script/test sets it)")
	}
	own, err := testlab.StartPostgres("../..", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &database{dsn: own.DSN, admin: openSQL(t, own.DSN), own: own}
}

func openSQL(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func run(t *testing.T, pool *sql.DB, statement string, args ...any) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	if _, err := pool.ExecContext(ctx, statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (d *database) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	run(t, d.admin, statement, args...)
}

func rows(t *testing.T, pool *sql.DB, query string, args ...any) [][]string {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	all, err := testlab.Rows(ctx, pool, query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

// missing returns how many records there are too few: each caller talked once, after one offer. It
// also returns how many callers have records twice. The server has ended.
func (d *database) missing(t *testing.T, dataDir string, uuids []string, outcome string) (n, twice int) {
	t.Helper()
	doubled := map[string]bool{}
	pool := d.pool(t, dataDir)
	for _, query := range []string{
		`SELECT call_uuid, count(*) FROM nwayacd_cdr WHERE ` + outcome + ` GROUP BY call_uuid`,
		`SELECT call_uuid, count(*) FROM nwayacd_offer WHERE ` + outcome + ` GROUP BY call_uuid`,
	} {
		found := map[string]string{}
		for _, row := range rows(t, pool, query) {
			found[row[0]] = row[1]
		}
		for _, uuid := range uuids {
			switch found[uuid] {
			case "1":
			case "2", "3", "4":
				if outcome != `true` {
					doubled[uuid] = true
					t.Logf("%s rows of the talk of %s: %s", found[uuid], uuid, query)
				}
			case "":
				n++
				of := func(table string) [][]string {
					return rows(t, pool, `SELECT outcome, cause, visit, agent FROM `+table+
						` WHERE call_uuid = '`+uuid+`'`)
				}
				t.Logf("%s has no such row, but %v and %v", uuid, of("nwayacd_cdr"), of("nwayacd_offer"))
			default:
				t.Errorf("%s rows of the talk of %s: %s", found[uuid], uuid, query)
			}
		}
	}
	if left := rows(t, pool, `SELECT change, error FROM nwayacd_rejected`); n == 0 && left != nil {
		t.Errorf("rejected: %v", left)
	}
	return n, len(doubled)
}

func (d *database) pool(t *testing.T, dataDir string) *sql.DB {
	t.Helper()
	if d != nil {
		return d.admin
	}
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(dataDir, "nwayacd.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}
