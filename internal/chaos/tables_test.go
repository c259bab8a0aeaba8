package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// asWorker makes the tables, and has the server use them with a role that a REVOKE affects.
func asWorker(s *scene, db *database) (role string) {
	s.Helper()
	if err := s.srv.Migrate(s.Context()); err != nil {
		s.Fatal(err)
	}
	role = fmt.Sprintf("worker_%016x", rand.Uint64())
	db.exec(s.T, "CREATE ROLE "+role+" LOGIN")
	s.Cleanup(func() { db.exec(s.T, "DROP OWNED BY "+role); db.exec(s.T, "DROP ROLE "+role) })
	db.exec(s.T, "GRANT ALL ON ALL TABLES IN SCHEMA public TO "+role)
	db.exec(s.T, "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "+role)
	db.dsn += " user=" + role
	s.configure(s.srv)
	return role
}

func TestATableIsNotAsItWas(t *testing.T) {
	for _, fault := range []struct{ name, spoil, mend, says string }{
		{
			"records are revoked", `REVOKE INSERT ON nwayacd_cdr FROM %s`, `GRANT INSERT ON nwayacd_cdr TO %s`,
			"permission denied",
		},
		{
			"records are renamed", `ALTER TABLE nwayacd_cdr RENAME TO cdr_old`,
			`ALTER TABLE cdr_old RENAME TO nwayacd_cdr`, "does not exist",
		},
		{
			"records have a column of another type", `DROP VIEW nwayacd_visit;
				ALTER TABLE nwayacd_cdr ALTER leg_uuid DROP DEFAULT, ALTER leg_uuid TYPE bigint USING 0`,
			`ALTER TABLE nwayacd_cdr ALTER leg_uuid TYPE text USING ''`, "bigint",
		},
		{
			"agents are revoked", `REVOKE UPDATE ON call_extension FROM %s`, `GRANT UPDATE ON call_extension TO %s`,
			"permission denied",
		},
		{
			"agents are renamed", `ALTER TABLE call_extension RENAME TO extension_old`,
			`ALTER TABLE extension_old RENAME TO call_extension`, "does not exist",
		},
		{
			"agents have a column of another type", `ALTER TABLE call_extension ALTER call_state DROP DEFAULT,
				ALTER call_state TYPE bigint USING 0`,
			`ALTER TABLE call_extension ALTER call_state TYPE varchar(50) USING 'ready'`, "invalid input",
		},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			s := prepare(t, db)
			role := asWorker(s, db)
			s.start()
			s.staff()
			s.callersCome()
			s.serves(5)
			db.exec(t, strings.ReplaceAll(fault.spoil, "%s", role))
			s.tells("storage", fault.says)
			s.must("nway_add_ext 2000 secret") // what is said to be kept is kept
			db.exec(t, strings.ReplaceAll(fault.mend, "%s", role))
			s.recovers()
			s.judge()
			n := rows(t, db.admin, `SELECT count(*) FROM call_extension WHERE extension_number = '2000'`)[0][0]
			if n != "1" {
				t.Error("a command was confirmed and is lost")
			}
		})
	}
}
