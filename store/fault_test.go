package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// floor stands for the dispatcher. It has two agents and a group, and writes them if OnResync asks
// for it.
type floor struct {
	s        *Store
	snapshot queue.Snapshot
	reloads  chan queue.Snapshot
	rewrites chan bool
}

func (f *floor) hear(o *Options) {
	f.reloads, f.rewrites = make(chan queue.Snapshot, 100), make(chan bool, 100)
	o.OnReload = func(take func() queue.Snapshot) { f.reloads <- take() }
	o.OnResync = func(whole bool) {
		f.s.Write(f.snapshot.Changes()...)
		f.rewrites <- whole
	}
}

// open fills the database and loads the floor from it.
func (f *floor) open(t *testing.T, o Options) (stop func()) {
	t.Helper()
	f.hear(&o)
	f.s, stop = run(t, o)
	f.s.Write(addedGroup("110"), addedAgent("1000"), addedAgent("1001"),
		queue.Change{Agent: &agent.Update{Extension: "1000", Up: new(true)}},
		queue.Change{Membership: &queue.Membership{Extension: "1000", Groups: []string{"110"}}},
		queue.Change{VIPAdded: &queue.VIP{Number: "139", Group: "110"}})
	f.snapshot = load(t, f.s)
	return stop
}

func (f *floor) reloaded(t *testing.T) queue.Snapshot {
	t.Helper()
	select {
	case snap := <-f.reloads:
		return snap
	case <-time.After(time.Minute):
		t.Fatal("nothing was reloaded")
		return queue.Snapshot{}
	}
}

// whole fails if a snapshot lacks something that the floor has.
func (f *floor) whole(t *testing.T, snap queue.Snapshot) {
	t.Helper()
	if len(snap.Agents) != 2 || len(snap.Groups) != 1 || len(snap.Members) != 1 || len(snap.VIPs) != 1 ||
		!agentOf(t, snap, "1000").Up {
		t.Errorf("the database has %+v", snap)
	}
}

func away(t *testing.T, s *Store) {
	t.Helper()
	eventually(t, "the store says that the database is away", func() bool { return !s.Status().Up })
}

func TestPostgreSQLIsStruckUnderTraffic(t *testing.T) {
	c := struck(t)
	for _, fault := range []struct{ name, strike, mend string }{
		{"killed", "kill", "resume"},
		{"frozen", "freeze", "thaw"},
		{"restarted", "", "bounce"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			var f floor
			f.open(t, c.options(t))
			calls := startTraffic(t, f.s)
			calls.goesOn(t, 100)
			if fault.strike != "" {
				c.do(t, fault.strike)
				away(t, f.s)
				calls.goesOn(t, 100)
				f.answersOffline(t)
			}
			c.do(t, fault.mend)
			calls.goesOn(t, 100)
			calls.arrives(t)
			if fault.name != "frozen" { // there the listening connection may have outlived it
				f.whole(t, f.reloaded(t))
			}
			eventually(t, "healthy again", func() bool { return f.s.Healthy() == nil })
		})
	}
}

// answersOffline asks the questions of HTTP and commands while the database is away.
func (f *floor) answersOffline(t *testing.T) {
	t.Helper()
	ctx := within(t)
	if text, ok, err := f.s.Password(ctx, "1000"); text != "secret-1000" || !ok || err != nil {
		t.Errorf("the password is %q %v %v", text, ok, err)
	}
	if _, err := f.s.Version(ctx); err == nil || !strings.Contains(err.Error(), "database away for") {
		t.Errorf("the version: %v", err)
	}
	if _, _, err := f.s.SearchCDRs(ctx, queue.CDRSearch{Limit: 10}); err == nil || ctx.Err() != nil {
		t.Errorf("the search: %v, %v", err, ctx.Err())
	}
	if err := f.s.Healthy(); err == nil || !strings.Contains(err.Error(), "wait in the journal") {
		t.Errorf("health: %v", err)
	}
	t.Log(f.s.Healthy())
}

func TestAFrozenServerHoldsUpNoQuestion(t *testing.T) {
	c := struck(t)
	var f floor
	o := c.options(t)
	o.answerLimit = time.Hour // only the question's own limit helps
	f.open(t, o)
	if _, err := f.s.Version(within(t)); err != nil {
		t.Fatal(err)
	}
	c.do(t, "freeze")
	if text, ok, err := f.s.Password(within(t), "1000"); text != "secret-1000" || !ok || err != nil {
		t.Errorf("the password is %q %v %v", text, ok, err)
	}
	if _, err := f.s.Version(within(t)); err == nil || !strings.Contains(err.Error(), "does not answer within 2s") {
		t.Errorf("the version: %v", err)
	}
	c.do(t, "thaw")
	eventually(t, "it answers again", func() bool { _, err := f.s.Version(t.Context()); return err == nil })
}

func TestTheWireIsCutWithoutASign(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	direct := openSQL(t, o.DSN)
	l := viaLink(t, &o)
	var f floor
	f.open(t, o)
	calls := startTraffic(t, f.s)
	calls.goesOn(t, 100)
	l.hush()
	away(t, f.s)
	f.answersOffline(t)
	exec(t, direct, `INSERT INTO call_extension (extension_number) VALUES ('2000')`)
	calls.goesOn(t, 100)
	l.mend()
	snap := f.reloaded(t)
	agentOf(t, snap, "2000") // the edit whose notification was lost
	calls.arrives(t)
	eventually(t, "healthy again", func() bool { return f.s.Healthy() == nil })
}

func TestTheListenerNoticesASilentPeerWithoutTraffic(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	l := viaLink(t, &o)
	var f floor
	f.open(t, o)
	l.hush()
	away(t, f.s)
	l.mend()
	f.whole(t, f.reloaded(t))
	eventually(t, "healthy again", func() bool { return f.s.Healthy() == nil })
}

func TestFailoverToAnEmptyDatabase(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	var f floor
	stop := f.open(t, o)
	calls := startTraffic(t, f.s)
	calls.goesOn(t, 100)
	flush(t, f.s) // the first ones are gone from the list of what waits
	admin := openSQL(t, c.dsn)
	exec(t, admin, "DROP DATABASE "+o.database()+" WITH (FORCE)")
	away(t, f.s)
	calls.goesOn(t, 100)
	exec(t, admin, "CREATE DATABASE "+o.database())
	f.whole(t, f.reloaded(t)) // never an empty one
	if whole := <-f.rewrites; !whole {
		t.Error("not all of the floor was asked for")
	}
	calls.arrives(t)
	stop()
	snap := reopened(t, o)
	f.whole(t, snap)
}

func TestFailoverToAStandbyThatLacksTheLastTransactions(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	var f floor
	f.open(t, o)
	calls := startTraffic(t, f.s)
	calls.goesOn(t, 100)
	calls.arrives(t)
	position := f.s.applied.Get()
	ids := count(t, f.s, `SELECT max(id) FROM nwayacd_cdr`)

	calls = startTraffic(t, f.s)
	for i := range 100 {
		f.s.Write(cdr(fmt.Sprint("x", i)))
	}
	calls.end()
	flush(t, f.s)
	tx, err := f.s.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		fmt.Sprint(`DELETE FROM nwayacd_cdr WHERE id > `, ids),
		fmt.Sprint(`UPDATE nwayacd_applied SET seq = `, position),
	} {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	f.s.Write(cdr("after"))
	if whole := <-f.rewrites; !whole {
		t.Error("not all of the floor was asked for")
	}
	flush(t, f.s)
	if n := count(t, f.s, `SELECT count(*) FROM nwayacd_cdr WHERE call_uuid LIKE 'x%'`); n != 100 {
		t.Errorf("%d of the lost CDRs are back, want 100", n)
	}
	if n := count(t, f.s, `SELECT count(*) - count(DISTINCT (call_uuid, id <= $1)) FROM nwayacd_cdr`, ids); n != 0 {
		t.Errorf("%d CDRs are there twice", n)
	}
}

func TestTheDiskIsFullUnderTraffic(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		disk := &fullDisk{room: 20000}
		o.journal.CreateFile = disk.create
		s := open(t, o)
		stop := start(t, s)
		calls := startTraffic(t, s)
		eventually(t, "the disk is full",
			func() bool { err := s.Healthy(); return err != nil && strings.Contains(err.Error(), "no space left") })
		if s.Status().DiskUp {
			t.Error("the journal is said to be written")
		}
		calls.goesOn(t, 100)
		disk.grow(1 << 30)
		calls.goesOn(t, 100)
		calls.arrives(t)
		eventually(t, "healthy again", func() bool { return s.Healthy() == nil && s.Status().DiskUp })
		stop()
		s = open(t, o)
		defer s.Close()
		if n := s.Status().Pending; n != 0 {
			t.Errorf("%d changes are found in the journal again", n)
		}
	})
}

func TestNothingWaitsForADiskThatStaysFull(t *testing.T) {
	var lines logLines
	o := sqliteOptions(t)
	o.Log = lines.logger()
	rewrites := make(chan bool, 10)
	o.OnResync = func(whole bool) { rewrites <- whole }
	disk := &fullDisk{}
	o.journal.CreateFile, o.journal.BufferBytes = disk.create, 2000
	s := open(t, o)
	start(t, s)
	var last uint64
	for i := range 50 {
		last = s.Write(cdr(fmt.Sprint("u", i)),
			queue.Change{Agent: &agent.Update{Extension: "1000", Up: new(i%2 == 0)}})
	}
	if err := s.Sync(within(t), last); !errors.Is(err, ErrNotKept) {
		t.Errorf("Sync: %v", err)
	}
	if s.Write(addedAgent("1001")) == notKept {
		t.Error("there was no reserve for a command")
	}
	lost := lines.records()
	if st := s.Status(); st.GivenUp == 0 || int(st.GivenUp) != len(lost) || st.Dropped == 0 {
		t.Errorf("%d given up, %d in the log, %d dropped", st.GivenUp, len(lost), st.Dropped)
	}
	dropped := s.Status().Dropped
	disk.grow(1 << 30)
	select {
	case whole := <-rewrites:
		if whole {
			t.Error("all of the floor was asked for")
		}
	case <-time.After(time.Minute):
		t.Error("the state was not written again")
	}
	if n := s.Status().Dropped; n != dropped {
		t.Errorf("%d were dropped since the start, want %d as before", n, dropped)
	}
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n+len(lost) != 50 {
		t.Errorf("%d CDRs are in the database and %d in the log, of 50", n, len(lost))
	}
	for _, r := range lost {
		if r.CDR == nil || r.CDR.Caller != "139" || !r.CDR.Ended.Equal(moment.Add(time.Minute)) {
			t.Errorf("not whole: %+v", r)
		}
	}
}

func TestADatabaseThatFailedABatchGetsASmallerOne(t *testing.T) {
	o := postgresOptions(t)
	s := open(t, o)
	defer s.Close()
	s.batch = 64 << 10
	for i := range 500 {
		s.Write(cdr(fmt.Sprint("u", i)))
	}
	if err := s.journal.Commit(); err != nil {
		t.Fatal(err)
	}
	s.db.batchLimit = time.Nanosecond // no server is that fast
	if err := s.applyBatch(within(t)); err == nil {
		t.Fatal("applied in no time")
	}
	s.db.batchLimit = batchLimit
	if err := s.applyBatch(within(t)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n == 0 || n > 200 {
		t.Errorf("after a failure %d CDRs went in one transaction, want half of some 330", n)
	}
	load(t, s)
	if n := count(t, s, `SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr`); n != 500 || s.batch < 64<<10 {
		t.Errorf("%d CDRs, want 500; the next batch has %d bytes", n, s.batch)
	}
}
