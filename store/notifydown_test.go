package store

import (
	"fmt"
	"testing"
)

// atMost gives o's user a limit of connections, and returns a function that changes it.
func atMost(t *testing.T, o *Options, connections int) (change func(connections int)) {
	t.Helper()
	admin := openSQL(t, o.DSN)
	user := "frugal_" + o.database()
	exec(t, admin, fmt.Sprintf(`CREATE ROLE %s LOGIN CONNECTION LIMIT %d`, user, connections))
	exec(t, admin, fmt.Sprintf(`GRANT ALL ON SCHEMA public TO %s`, user))
	o.DSN += " user=" + user
	return func(connections int) {
		t.Helper()
		exec(t, admin, fmt.Sprintf(`ALTER ROLE %s CONNECTION LIMIT %d`, user, connections))
	}
}

func TestOnlyTheListeningConnectionFailsAtTheStart(t *testing.T) {
	o := struck(t).options(t)
	direct := openSQL(t, o.DSN)
	allow := atMost(t, &o, 1)
	var lines logLines
	o.Log = lines.logger()
	var f floor
	f.hear(&o)
	f.s = open(t, o)
	load(t, f.s)
	start(t, f.s)
	if lines.lines("edits by other programs do not arrive yet") != 1 {
		t.Error("the log does not say that edits are not heard")
	}
	if f.s.Healthy() == nil {
		t.Error("the store says that it is healthy")
	}
	exec(t, direct, `INSERT INTO call_extension (extension_number) VALUES ('2000')`)
	allow(10)
	agentOf(t, f.reloaded(t), "2000") // the edit whose notification was lost
	eventually(t, "healthy again", func() bool { return f.s.Healthy() == nil })
	if lines.lines("edits by other programs arrive from now on") != 1 {
		t.Error("the log does not say that edits are heard")
	}
	exec(t, direct, `TRUNCATE call_vip_number`)
	f.reloaded(t)
}

func TestAStoreThatHearsNoEditsYetCanBeClosed(t *testing.T) {
	o := struck(t).options(t)
	atMost(t, &o, 1)
	if err := open(t, o).Close(); err != nil {
		t.Error(err)
	}
	// as another user, because PostgreSQL counts a connection for a while after it was closed
	running := struck(t).options(t)
	atMost(t, &running, 1)
	_, stop := run(t, running)
	stop()
}
