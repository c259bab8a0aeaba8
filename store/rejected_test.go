package store

import (
	"strings"
	"testing"

	"nwayacd/agent"
	"nwayacd/queue"
)

// withRejected leaves a CDR, an account's job number and a state in nwayacd_rejected.
func withRejected(t *testing.T, o *Options) (stop func()) {
	t.Helper()
	db := openSQL(t, o.DSN)
	s, stop := run(t, *o)
	s.Write(addedAgent("1000"), addedAgent("1001"))
	flush(t, s)
	stop()
	exec(t, db, `DROP VIEW IF EXISTS nwayacd_visit; ALTER TABLE nwayacd_cdr ALTER cause TYPE varchar(3)`)
	s, stop = run(t, *o)
	long := cdr("u1")
	long.CDR.Cause = "NORMAL_CLEARING"
	s.Write(long, queue.Change{Agent: &agent.Update{Extension: "1000", JobNumber: new(strings.Repeat("8", 41))}},
		queue.Change{Talk: &queue.Talk{CDR: queue.CDR{UUID: "t1"}, Server: "x"}}, queue.Change{}, cdr("u2"))
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 3 || s.Status().Rejected != 3 {
		t.Fatalf("%d changes were rejected, want 3; %+v", n, s.Status())
	}
	exec(t, db, `ALTER TABLE nwayacd_cdr ALTER cause TYPE text`)
	exec(t, db, `ALTER TABLE call_extension ALTER job_number TYPE text`)
	return stop
}

func wantRetried(t *testing.T, s *Store) {
	t.Helper()
	eventually(t, "the record is written", func() bool {
		return count(t, s, `SELECT count(*) FROM nwayacd_cdr WHERE call_uuid = 'u1'`) == 1
	})
	eventually(t, "the job number is written", func() bool {
		return count(t, s, `SELECT count(*) FROM call_extension WHERE job_number LIKE '8888%'`) == 1
	})
	if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 1 {
		t.Errorf("%d rows are left, want the one that cannot be read", n)
	}
}

func TestWhatWasRejectedIsTriedAgainAtTheStart(t *testing.T) {
	o := postgresOptions(t)
	withRejected(t, &o)()
	s, _ := run(t, o)
	wantRetried(t, s)
}

func TestWhatWasRejectedIsTriedAgainByHand(t *testing.T) {
	o := postgresOptions(t)
	withRejected(t, &o)() // a server that runs may be faster
	done, err := RetryRejected(within(t), o)
	if err != nil || done.Written != 2 || done.Left != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err = RetryRejected(within(t), o); err != nil || done.Written != 0 || done.Left != 1 {
		t.Errorf("the second time: %+v, %v", done, err)
	}
	db := openSQL(t, o.DSN)
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM nwayacd_cdr WHERE call_uuid = 'u1'`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d CDRs, %v", n, err)
	}
}

func TestWhatWasRejectedIsTriedAgainInSQLite(t *testing.T) {
	o := sqliteOptions(t)
	s, stop := run(t, o)
	if _, err := s.db.Exec(`INSERT INTO nwayacd_rejected (journal, seq, change, error)
		VALUES ('j', 1, '{"CDR":{"UUID":"u1","Outcome":"answered"}}', 'x'), ('j', 2, '', 'damaged')`); err != nil {
		t.Fatal(err)
	}
	stop()
	s, _ = run(t, o)
	eventually(t, "the record is written", func() bool {
		return count(t, s, `SELECT count(*) FROM nwayacd_cdr`) == 1 &&
			count(t, s, `SELECT count(*) FROM nwayacd_rejected`) == 1
	})
}

// Passwords of telephones stay out of a table that others may read, and out of the text of the
// error. The server adds what it knows when it tries again.
func TestARejectedExtensionKeepsItsPasswordOutOfTheTable(t *testing.T) {
	o := postgresOptions(t)
	db := openSQL(t, o.DSN)
	_, stop := run(t, o)
	stop()
	exec(t, db, `ALTER TABLE call_extension ADD CONSTRAINT refused CHECK (extension_number <> '1000')`)
	s, stop := run(t, o) // a constraint that comes later stops the applier
	s.Write(queue.Change{AgentAdded: &queue.NewAgent{Extension: "1000", Password: "sip-secret"}})
	flush(t, s)
	var kept, why string
	if err := db.QueryRow(`SELECT change, error FROM nwayacd_rejected`).Scan(&kept, &why); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(kept+why, "sip-secret") || !strings.Contains(kept, `"1000"`) {
		t.Errorf("kept %s, error %s", kept, why)
	}
	stop() // it tries again by itself, with the password of its journal
	exec(t, db, `ALTER TABLE call_extension DROP CONSTRAINT refused`)
	if done, err := RetryRejected(within(t), o); err != nil || done.Left != 1 {
		t.Errorf("by hand, without the password: %+v, %v", done, err)
	}
	s, _ = run(t, o)
	eventually(t, "the extension is written with its password", func() bool {
		return count(t, s, `SELECT count(*) FROM call_extension WHERE extension_pswd = 'sip-secret'`) == 1
	})
}
