package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/store/journal"
)

func TestStartWithTheDatabaseAway(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	l := viaLink(t, &o)
	var f floor
	stop := f.open(t, o)
	f.s.Write(cdr("before"))
	eventually(t, "the last known state is written",
		func() bool { _, err := readCheckpoint(o.DataDir); return err == nil })
	l.sever()
	away(t, f.s)
	// Only the journal has this when the process dies.
	seq := f.s.Write(queue.Change{Agent: &agent.Update{Extension: "1001", Up: new(true)}}, addedAgent("1002"),
		cdr("meanwhile"))
	if err := f.s.Sync(within(t), seq); err != nil {
		t.Fatal(err)
	}
	crashed := journalCopy(t, o.DataDir)
	l.mend()
	flush(t, f.s) // as if the process had died right after this commit
	stop()

	l.sever()
	o.DataDir = crashed
	var lines logLines
	o.Log = lines.logger()
	f.hear(&o)
	f.s = open(t, o)
	snap := load(t, f.s)
	f.snapshot = snap
	if !agentOf(t, snap, "1000").Up || !agentOf(t, snap, "1001").Up || len(snap.Agents) != 3 || len(snap.Groups) != 1 ||
		len(snap.VIPs) != 1 {
		t.Errorf("the last known state is %+v", snap)
	}
	if lines.lines("starts with the last known state") != 1 {
		t.Error("the log does not say so")
	}
	start(t, f.s)
	f.answersOffline(t)
	if text, ok, err := f.s.Password(within(t), "1002"); text != "secret-1002" || !ok || err != nil {
		t.Errorf("the password of 1002 is %q %v %v", text, ok, err)
	}
	calls := startTraffic(t, f.s)
	calls.goesOn(t, 100)
	l.mend()
	if snap := f.reloaded(t); !agentOf(t, snap, "1001").Up || len(snap.Agents) != 3 {
		t.Errorf("the database was taken over as %+v", snap)
	}
	calls.arrives(t)
	for _, uuid := range []string{"before", "meanwhile"} {
		if n := count(t, f.s, `SELECT count(*) FROM nwayacd_cdr WHERE call_uuid = $1`, uuid); n != 1 {
			t.Errorf("CDR %q is there %d times", uuid, n)
		}
	}
	eventually(t, "healthy again", func() bool { return f.s.Healthy() == nil })
}

func TestTheStartIsRefused(t *testing.T) {
	c := struck(t)
	good := c.options(t)
	_, stop := run(t, good)
	eventually(t, "the last known state is written",
		func() bool { _, err := readCheckpoint(good.DataDir); return err == nil })
	stop()
	nowhere := "host=127.0.0.1 port=1 user=x dbname=y sslmode=disable"
	for _, refused := range []struct{ name, dsn, dir, says string }{
		{"away, and nothing is known", nowhere, t.TempDir(), "no last known state"},
		{"no such user", good.DSN + " user=nobody", good.DataDir, "nobody"},
		{"no such database", good.DSN + " dbname=nothing", good.DataDir, "nothing"},
	} {
		o := good
		o.DSN, o.DataDir = refused.dsn, refused.dir
		s, err := Open(within(t), o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), refused.says) {
			t.Errorf("%s: %v", refused.name, err)
		}
		t.Log(err)
	}
	spoiled := good
	spoiled.DSN = nowhere
	if err := os.WriteFile(filepath.Join(good.DataDir, checkpointFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(within(t), spoiled); err == nil || !strings.Contains(err.Error(), checkpointFile) {
		t.Errorf("a last known state that cannot be read: %v", err)
	}
}

func TestOnlyTheOwnerReadsTheLastKnownState(t *testing.T) {
	var f floor
	o := postgresOptions(t)
	f.open(t, o)
	if err := f.s.checkpoint(within(t)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.DataDir, checkpointFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	data, _ := os.ReadFile(path)
	var c checkpoint
	if err := json.Unmarshal(data, &c); err != nil || c.Passwords["1001"] != "secret-1001" {
		t.Errorf("%v, %v", c.Passwords, err)
	}
	f.whole(t, c.Snapshot)
}

func TestTheDatabaseIsEmptyAtTheStart(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	var f floor
	stop := f.open(t, o)
	f.s.Write(cdr("u1"))
	flush(t, f.s)
	stop()
	admin := openSQL(t, c.dsn)
	exec(t, admin, "DROP DATABASE "+o.database()+" WITH (FORCE)")
	exec(t, admin, "CREATE DATABASE "+o.database())
	f.s, _ = run(t, o)
	f.whole(t, load(t, f.s))
	flush(t, f.s)
	f.whole(t, load(t, f.s)) // read from the database
	if text, _, _ := f.s.Password(within(t), "1000"); text != "secret-1000" {
		t.Errorf("the password is %q", text)
	}
	if n := count(t, f.s, `SELECT count(*) FROM nwayacd_cdr WHERE call_uuid = 'u1'`); n != 1 {
		t.Errorf("the CDR is there %d times", n)
	}
}

func TestAnotherDatabaseIsTakenAsItIs(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	var f floor
	stop := f.open(t, o)
	f.s.Write(cdr("u1"))
	stop()
	other := c.options(t)
	g := floor{}
	g.hear(&other)
	g.s, stop = run(t, other)
	g.s.Write(addedAgent("2000"))
	stop()
	other.DataDir = o.DataDir
	snap := reopened(t, other)
	if agentOf(t, snap, "2000"); len(snap.Agents) != 1 || len(snap.Groups) != 0 {
		t.Errorf("%+v", snap)
	}
	s := open(t, other)
	defer s.Close()
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 0 {
		t.Errorf("%d CDRs of the other database", n)
	}
}

func TestTheJournalIsFullWhileTheDatabaseIsAway(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	var lines logLines
	o.Log, o.JournalLimit = lines.logger(), 20000
	l := viaLink(t, &o)
	var f floor
	f.open(t, o)
	l.sever()
	away(t, f.s)
	const calls = 200
	for i := range calls {
		f.s.Write(cdr(fmt.Sprint("u", i)), queue.Change{Agent: &agent.Update{Extension: "1001", Up: new(i%2 == 0)}})
	}
	last := f.s.Write(queue.Change{Agent: &agent.Update{Extension: "1001", Up: new(true)}})
	f.snapshot.Agents[agentAt(&f.snapshot, "1001")].Up = true
	if err := f.s.Sync(within(t), last); !errors.Is(err, ErrNotKept) {
		t.Errorf("Sync: %v", err)
	}
	lost := lines.records()
	st := f.s.Status()
	if len(lost) == 0 || int(st.GivenUp) != len(lost) || st.PendingBytes > 20000 || st.LimitBytes != 20000 {
		t.Errorf("%d in the log, %+v", len(lost), st)
	}
	eventually(t, "the alarm", func() bool { return lines.lines("three quarters full") == 1 })
	l.mend()
	if whole := <-f.rewrites; whole {
		t.Error("all of the floor was asked for")
	}
	if !agentOf(t, f.reloaded(t), "1001").Up {
		t.Error("the reload knows less than the floor")
	}
	flush(t, f.s)
	if !agentOf(t, load(t, f.s), "1001").Up {
		t.Error("the state that was dropped did not reach the database")
	}
	if n := count(t, f.s, `SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr`); n+len(lost) != calls {
		t.Errorf("%d CDRs are in the database and %d in the log, of %d", n, len(lost), calls)
	}
	eventually(t, "the end of the alarm", func() bool { return lines.lines("has room again") == 1 })
}

func TestHealthSpeaksToAnOperator(t *testing.T) {
	s := open(t, sqliteOptions(t))
	defer s.Close()
	drafts := slices.Repeat([]journal.Draft{{Body: make([]byte, 1021)}}, 1204)
	s.journal.Append(drafts, func(int, uint64) {})
	s.applyFault = fault{errors.New("connection refused"), time.Now().Add(-12 * time.Second)}
	want := "database away for 12 s: connection refused; 1,204 changes (1.2 MiB of 1,024 MiB) wait in the journal"
	if got := s.Healthy(); got == nil || got.Error() != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}
