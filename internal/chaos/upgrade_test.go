package chaos

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// withRowsBefore fills the database as the release before leaves it after years: so many CDRs, each
// with an offer, and a third as many remembered callers. Two indexes are missing, as in a
// database of nwaycc.
func withRowsBefore(t *testing.T, db *database, n int) {
	t.Helper()
	dump, err := os.ReadFile("../../store/testdata/before/postgres/database.sql")
	if err != nil {
		t.Fatal(err)
	}
	run(t, openSQL(t, db.dsn), string(dump)) // it changes the settings of its session
	for _, statement := range []string{
		`DELETE FROM call_extension`, `DELETE FROM ext_group`, `DELETE FROM ext_group_map`,
		`DELETE FROM callin_queue`, `DELETE FROM nwayacd_talk`,
		`DROP INDEX IF EXISTS nwayacd_vip_phone`, `DROP INDEX IF EXISTS nwayacd_remember_caller`,
		`INSERT INTO nwayacd_cdr (call_uuid, caller, dialled, group_number, agent, leg_uuid, offers, outcome,
				hung_up_by, cause, arrived, answered, bridged, ended)
			SELECT 'old' || n, '139' || n % 1000000, '95', '110', (1000 + n % 50)::text, 'leg' || n, 1,
				'timeout', 'caller', 'NORMAL_CLEARING', at, at + interval '9 s', at + interval '10 s',
				at + interval '99 s'
			FROM (SELECT n, now() - interval '400 days' + n * interval '10 s' AS at
				FROM generate_series(1, $1::int) AS n) AS c`,
		`INSERT INTO nwayacd_offer (call_uuid, group_number, agent, leg_uuid, outcome, offered, answered, ended,
				ring_ms, talk_ms)
			SELECT call_uuid, group_number, agent, leg_uuid, 'noanswer', arrived, answered, ended, 9000, 90000
			FROM nwayacd_cdr`,
		`INSERT INTO cf_call_remember (call_number, agent_number, group_number, insert_time)
			SELECT '139' || n, '1001', '110', now() FROM generate_series(1, $1::int / 3) AS n`,
	} {
		if strings.Contains(statement, "$") {
			run(t, db.admin, statement, n)
		} else {
			run(t, db.admin, statement)
		}
	}
	run(t, db.admin, `VACUUM ANALYZE`)
}

// Callers call all the time: before the new server is there, while it brings the schema up to date,
// and while it does the work on the old rows.
func TestAnUpgradeWithManyRowsHoldsUpNoCaller(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("NWAYACD_UPGRADE_CDRS"))
	if err != nil {
		t.Skip("NWAYACD_UPGRADE_CDRS IS NOT SET (3000000 takes some minutes)")
	}
	patience = 30 * time.Minute
	db := newDatabase(t)
	began := time.Now()
	withRowsBefore(t, db, n)
	t.Logf("%d CDRs and offers were made in %s", n, time.Since(began).Round(time.Second))
	s := prepare(t, db)
	began = time.Now()
	s.start()
	t.Logf("it took calls after %s", time.Since(began).Round(time.Millisecond))
	s.staff()
	s.callersCome()
	lag, rounds := 0.0, 0
	for slices.Contains(s.ready("").Warnings, "upgrade") {
		s.serves(1)
		lag = max(lag, s.figure("nwayacd_journal_oldest_seconds"))
		rounds++
	}
	t.Logf("all jobs were done %s after the start; the database was %.1f s behind at most, %d times looked at",
		time.Since(began).Round(time.Millisecond), lag, rounds)
	for _, row := range rows(t, db.admin, `SELECT name, position, done FROM nwayacd_job ORDER BY name`) {
		t.Log(row)
	}
	if lag > truth.Seconds() {
		t.Errorf("the database was %.1f s behind", lag)
	}
	s.serves(20)
	s.judge()
}
