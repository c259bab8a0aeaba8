package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// asWorker makes o log in as a role that is not a superuser, so that a REVOKE has an effect. It
// returns the superuser's connection string.
func asWorker(t *testing.T, o *Options) (admin string) {
	t.Helper()
	admin = o.DSN
	db := openSQL(t, admin)
	databases.Lock()
	databases.made++
	role := fmt.Sprintf("worker%d", databases.made)
	databases.Unlock()
	name := admin[strings.LastIndex(admin, "=")+1:]
	exec(t, db, "CREATE ROLE "+role+" LOGIN")
	exec(t, db, "GRANT ALL ON DATABASE "+name+" TO "+role)
	exec(t, db, "GRANT ALL ON SCHEMA public TO "+role)
	t.Cleanup(func() { exec(t, db, "DROP OWNED BY "+role+" CASCADE"); exec(t, db, "DROP ROLE "+role) })
	o.DSN += " user=" + role
	return admin
}

// refusal is a way in which a table stops being what the server needs.
type refusal struct {
	name, spoil, mend string
	says              string
}

func TestNoRecordIsLostWhenTheTableIsNotAsItWas(t *testing.T) {
	for _, r := range []refusal{
		{
			"42501 revoked", `REVOKE INSERT ON nwayacd_cdr FROM %s`, `GRANT INSERT ON nwayacd_cdr TO %s`,
			"permission denied",
		},
		{
			"42P01 renamed", `ALTER TABLE nwayacd_cdr RENAME TO cdr_old`, `ALTER TABLE cdr_old RENAME TO nwayacd_cdr`,
			"does not exist",
		},
		{
			"42703 column renamed", `ALTER TABLE nwayacd_cdr RENAME caller TO who`,
			`ALTER TABLE nwayacd_cdr RENAME who TO caller`, "does not exist",
		},
		{
			"42804 other type", `ALTER TABLE call_extension ALTER extension_pswd TYPE bytea USING NULL`,
			`ALTER TABLE call_extension ALTER extension_pswd TYPE text USING ''`, "extension_pswd",
		},
		{
			"22P02 other type", `DROP VIEW nwayacd_visit; ALTER TABLE nwayacd_cdr ALTER call_uuid TYPE bigint USING NULL`,
			`ALTER TABLE nwayacd_cdr ALTER call_uuid TYPE text`, "invalid input",
		},
		{
			"22001 narrower", `DROP VIEW nwayacd_visit; ALTER TABLE nwayacd_cdr ALTER call_uuid TYPE varchar(1)`,
			`ALTER TABLE nwayacd_cdr ALTER call_uuid TYPE text`, "too long",
		},
		{
			"23514 constraint", `ALTER TABLE nwayacd_cdr ADD CONSTRAINT c CHECK (caller = '1')`,
			`ALTER TABLE nwayacd_cdr DROP CONSTRAINT c`, "constraint",
		},
		{
			"23505 unique index", `CREATE UNIQUE INDEX nwayacd_one ON nwayacd_cdr (caller)`, `DROP INDEX nwayacd_one`,
			"duplicate",
		},
		{
			"23502 new column", `ALTER TABLE nwayacd_cdr ADD extra text NOT NULL`, `ALTER TABLE nwayacd_cdr DROP extra`,
			"not-null",
		},
		{"3F000 schema gone", `ALTER SCHEMA public RENAME TO away`, `ALTER SCHEMA away RENAME TO public`, ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.happens(t)
		})
	}
}

func (r refusal) happens(t *testing.T) {
	o := postgresOptions(t)
	admin := openSQL(t, asWorker(t, &o))
	role := o.DSN[strings.LastIndex(o.DSN, "=")+1:]
	s, _ := run(t, o)
	flush(t, s)
	exec(t, admin, forRole(r.spoil, role))
	for i := range 10 {
		s.Write(cdr(fmt.Sprint("u", i)), addedAgent(fmt.Sprint(1000+i)))
	}
	started := time.Now()
	eventually(t, "the store says that the database refuses", func() bool { return s.Healthy() != nil })
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("it said so after %s", took)
	}
	if err := s.Healthy(); !strings.Contains(err.Error(), r.says) ||
		!strings.Contains(err.Error(), "wait in the journal") {
		t.Errorf("health: %v", err)
	}
	t.Log(s.Healthy())
	if r.says != "" && (!s.Status().Up || !s.Status().Stopped) {
		t.Errorf("%+v", s.Status())
	}
	seq := s.Write(cdr("later"))
	if err := s.Sync(within(t), seq); err != nil {
		t.Error(err)
	}
	time.Sleep(500 * time.Millisecond)
	exec(t, admin, forRole(r.mend, role))
	eventually(t, "healthy again", func() bool { return s.Healthy() == nil })
	flush(t, s)
	if n := count(t, s,
		`SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr WHERE call_uuid LIKE 'u%' OR call_uuid = 'later'`); n != 11 {
		t.Errorf("%d CDRs, want 11", n)
	}
	if n := count(t, s, `SELECT count(*) FROM call_extension`); n != 10 {
		t.Errorf("%d agents, want 10", n)
	}
	if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 0 || s.Status().Rejected != 0 ||
		s.Status().Stopped {
		t.Errorf("%d changes were rejected; %+v", n, s.Status())
	}
}

// TestARecordThatIsRefusedTwiceAndNotAThirdTimeIsWritten has a table that somebody mends after the
// change was refused alone, and before the store looks at the table.
func TestARecordThatIsRefusedTwiceAndNotAThirdTimeIsWritten(t *testing.T) {
	o := postgresOptions(t)
	admin := openSQL(t, o.DSN)
	_, stop := run(t, o)
	stop()
	exec(t, admin, `CREATE SEQUENCE tries`)
	exec(t, admin, `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('tries') <= 2 THEN
			RAISE EXCEPTION 'not now' USING ERRCODE = '23514';
		END IF;
		RETURN NEW;
	END $$`)
	exec(t, admin, `CREATE TRIGGER refuse BEFORE INSERT ON nwayacd_cdr FOR EACH ROW EXECUTE FUNCTION refuse()`)
	s, _ := run(t, o) // for which the table is as it was
	s.Write(cdr("u1"))
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 1 || s.Status().Rejected != 0 {
		t.Errorf("%d CDRs, want 1; %+v", n, s.Status())
	}
	if n := count(t, s, `SELECT last_value FROM tries`); n != 3 {
		t.Errorf("it was tried %d times, want 3", n)
	}
}

func forRole(statement, role string) string { return strings.ReplaceAll(statement, "%s", role) }

func TestACommandsChangeWaitsForItsTable(t *testing.T) {
	o := postgresOptions(t)
	admin := openSQL(t, asWorker(t, &o))
	s, stop := run(t, o)
	s.Write(addedAgent("1000"))
	flush(t, s)
	exec(t, admin, `ALTER TABLE call_extension RENAME TO agents_of_another_day`)
	s.Write(addedAgent("1001"), queue.Change{Agent: &agent.Update{Extension: "1000", Up: new(true)}})
	eventually(t, "the store says that the database refuses", func() bool { return s.Status().Stopped })
	exec(t, admin, `ALTER TABLE agents_of_another_day RENAME TO call_extension`)
	flush(t, s)
	stop()
	snap := reopened(t, o)
	if !agentOf(t, snap, "1000").Up || agentAt(&snap, "1001") < 0 {
		t.Errorf("%+v", snap.Agents)
	}
}

func TestTheServerStartsWhileTheDatabaseRefusesAChange(t *testing.T) {
	o := postgresOptions(t)
	admin := openSQL(t, asWorker(t, &o))
	s := open(t, o)
	exec(t, admin, `ALTER TABLE nwayacd_cdr RENAME TO cdr_old`)
	s.Write(cdr("u1"), addedAgent("1000"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = run(t, o)
	snap := load(t, s)
	agentOf(t, snap, "1000") // from the journal
	eventually(t, "the store says that the database refuses", func() bool { return s.Status().Stopped })
	exec(t, admin, `ALTER TABLE cdr_old RENAME TO nwayacd_cdr`)
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 1 {
		t.Errorf("%d CDRs, want 1", n)
	}
}
