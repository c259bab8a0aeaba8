package e2e

import (
	"fmt"
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

// newOwnPostgres starts a PostgreSQL for one situation, which kills it, and returns the database in
// it.
func newOwnPostgres(t *testing.T) *database {
	own, err := testlab.StartPostgres("../..", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &database{t: t, dsn: own.DSN, own: own}
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
				must(w.db.own.Do("kill"))
			case backAt: // every call so far is answered while the database is dead
				for _, c := range all {
					eventually(t, time.Minute, c.name+"'s call is over", func() bool { return c.channel().gone })
				}
				must(w.db.own.Do("resume"))
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
