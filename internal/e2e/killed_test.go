package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ownPostgres is a PostgreSQL that belongs to one situation, to be killed there.
type ownPostgres struct {
	t   *testing.T
	dir string
}

// newOwnPostgres starts one, and returns the database in it.
func newOwnPostgres(t *testing.T) *database {
	dir, err := os.MkdirTemp("", "acd-pg-")
	if err != nil {
		t.Fatal(err)
	}
	must(os.Chmod(dir, 0o755)) // PostgreSQL runs as another user where we are root
	p := &ownPostgres{t: t, dir: filepath.Join(dir, "postgres")}
	t.Cleanup(func() {
		p.does("stop")
		os.RemoveAll(dir)
	})
	return &database{t: t, dsn: p.does("start"), own: p}
}

// does runs script/postgres: kill, resume, freeze, thaw.
func (p *ownPostgres) does(verb string) string {
	p.t.Helper()
	out, err := exec.Command("../../script/postgres", verb, p.dir).Output()
	if err != nil {
		p.t.Fatalf("script/postgres %s: %v", verb, err)
	}
	return strings.TrimSpace(string(out))
}

func TestPostgreSQLKilledUnderTraffic(t *testing.T) {
	onPostgres(t)
	f := floor{ownPostgres: true}
	for i := range 3 {
		f.agents = append(f.agents,
			agentRow{name: fmt.Sprintf("agent%d", i), phone: answersFor(200 * time.Millisecond)})
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		const callers, killedAt, backAt = 24, 8, 20
		var all []*call
		for i := range callers {
			all = append(all, w.arrives(fmt.Sprintf("caller%02d", i)))
			switch i {
			case killedAt:
				w.db.own.does("kill")
			case backAt: // every call so far is answered while the database is dead
				for _, c := range all {
					eventually(t, time.Minute, c.name+"'s call is over", func() bool { return c.channel().gone })
				}
				w.db.own.does("resume")
			}
		}
		for _, c := range all {
			eventually(t, time.Minute, c.name+"'s call is over", func() bool { return c.channel().gone })
			c.cdr("outcome=answered", "offers=1")
		}
		w.cleanAfter()
		if rows := w.db.rows("SELECT call_uuid FROM nwayacd_cdr"); len(rows) != callers {
			t.Errorf("%d CDRs of %d calls", len(rows), callers)
		}
		if twice := w.db.rows(
			"SELECT leg_uuid, count(*) FROM nwayacd_offer GROUP BY leg_uuid HAVING count(*) > 1"); twice != nil {
			t.Errorf("offers that are there twice: %v", twice)
		}
	})
}
