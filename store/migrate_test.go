package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

func TestAnExistingDatabaseLosesNothing(t *testing.T) {
	o := postgresOptions(t)
	fixture, err := os.ReadFile("testdata/nwaycc.sql")
	if err != nil {
		t.Fatal(err)
	}
	db := openSQL(t, o.DSN)
	exec(t, db, fmt.Sprintf("ALTER DATABASE %s SET timezone = 'Asia/Shanghai'",
		o.DSN[strings.LastIndex(o.DSN, "=")+1:]))
	exec(t, openSQL(t, o.DSN), string(fixture))

	for _, pass := range []string{"first migration", "second migration"} {
		if pass == "second migration" {
			exec(t, db, `DELETE FROM nwayacd_migration`)
		}
		applied, err := Migrate(within(t), o)
		if err != nil || applied[0] != "0001_nwaycc" {
			t.Fatalf("%s: %v %v", pass, applied, err)
		}
		expectFixture(t, pass, reopened(t, o))
	}

	// Columns of the old types can be written as well.
	s, stop := run(t, o)
	at := time.Date(2026, 7, 1, 2, 3, 4, 5000, time.UTC)
	s.Write(addedAgent("2000"), addedGroup("130"),
		queue.Change{Agent: &agent.Update{
			Extension: "1001", Record: new(true), SayJobNumber: new(true), Since: &at,
			Call: new(agent.NoAnswer),
		}},
		queue.Change{Membership: &queue.Membership{Extension: "1000", Groups: []string{"130"}}},
		queue.Change{Remembered: &queue.Memory{Caller: "139", Group: "110", Agent: "1002", At: at}})
	flush(t, s)
	for _, query := range []string{
		`SELECT count(*) FROM call_extension WHERE extension_number = '1001' AND is_record = 1 AND say_job_number = 't'
			AND last_state_change_time = '2026-07-01 10:03:04.000005' AND extension_name = 'two' AND extension_pswd = 'pw2'`,
		`SELECT count(*) FROM ext_group WHERE group_number = '130' AND id = 10`,
		`SELECT count(*) FROM ext_group_map WHERE ext = '1000' AND ext_group_number = '130' AND ext_group_id = 10`,
		`SELECT count(*) FROM (SELECT 1 FROM cf_call_remember WHERE agent_number = '1002' AND insert_time = '2026-07-01 10:03:04.000005' LIMIT 1) x`,
	} {
		if count(t, s, query) != 1 {
			t.Errorf("not found: %s", query)
		}
	}
	if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 0 {
		t.Errorf("%d changes were rejected", n)
	}
	stop()
	got := agentOf(t, reopened(t, o), "1001")
	if !got.Record || !got.SayJobNumber || !got.Since.Equal(at) || got.Call != agent.NoAnswer {
		t.Errorf("read back %+v", got)
	}
}

func expectFixture(t *testing.T, pass string, snap queue.Snapshot) {
	t.Helper()
	shanghai := time.FixedZone("CST", 8*3600)
	one := agentOf(t, snap, "1000")
	if !one.Since.Equal(time.Date(2026, 3, 4, 5, 6, 7, 5e8, shanghai)) {
		t.Errorf("%s: since %v", pass, one.Since)
	}
	one.Since = time.Time{}
	if want := (agent.Agent{
		Profile: agent.Profile{
			Extension: "1000", Name: "one", CalloutNumber: "95000", JobNumber: "8001",
			SayJobNumber: true, Record: true,
		},
		Presence: agent.Presence{Registered: true, Up: true, Idle: true}, Call: agent.Typing,
	}); one != want {
		t.Errorf("%s: agent\n got %+v\nwant %+v", pass, one, want)
	}
	if two := agentOf(t, snap, "1001"); !two.Up || two.Idle || two.SayJobNumber || two.Record {
		t.Errorf("%s: agent %+v", pass, two)
	}
	if three := agentOf(t, snap, "1002"); three.Presence != (agent.Presence{}) || three.Call != agent.Ready {
		t.Errorf("%s: unknown words became %+v", pass, three)
	}
	if four := agentOf(t, snap, "1003"); four.Presence != (agent.Presence{Idle: true}) || four.Call != agent.Ready {
		t.Errorf("%s: NULLs became %+v", pass, four)
	}
	if len(snap.Agents) != 4 || len(snap.Groups) != 2 {
		t.Fatalf("%s: %d agents, %d groups", pass, len(snap.Agents), len(snap.Groups))
	}
	if want := (queue.Group{
		Number: "110", Name: "sales", Mode: queue.Sequence, Cursor: "1001", RingTimeout: 25 * time.Second,
		Prompts: queue.Prompts{Blacklist: "b.wav", Busy: "busy.wav", Transfer: "t.wav"},
	}); snap.Groups[0] != want {
		t.Errorf("%s: group\n got %+v\nwant %+v", pass, snap.Groups[0], want)
	}
	if want := (queue.Group{
		Number: "120", Mode: queue.RememberCyclic,
		RingTimeout: queue.DefaultRingTimeout,
	}); snap.Groups[1] != want {
		t.Errorf("%s: group\n got %+v\nwant %+v", pass, snap.Groups[1], want)
	}
	if want := "[{110 1000} {110 1001} {120 1001}]"; fmt.Sprint(sorted(snap.Members)) != want {
		t.Errorf("%s: members %v", pass, snap.Members)
	}
	if w := snap.Waiting; len(w) != 1 || !w[0].VIP || !w[0].Since.Equal(time.Date(2026, 3, 4, 5, 6, 7, 0, shanghai)) {
		t.Errorf("%s: waiting %+v", pass, w)
	}
	if len(snap.Blacklist) != 3 || len(snap.VIPs) != 2 {
		t.Errorf("%s: blacklist %+v, vips %+v", pass, snap.Blacklist, snap.VIPs)
	}
	if m := snap.Memories; len(m) != 1 || m[0].Agent != "1001" {
		t.Errorf("%s: memories %+v", pass, m)
	}
}

func TestTheSchemaIsNotTouchedUnasked(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		o.AutoMigrate = false
		if _, err := Open(within(t), o); !errors.Is(err, ErrSchema) ||
			!strings.Contains(err.Error(), "nwayacd migrate") {
			t.Fatalf("a fresh database: %v", err)
		}
		if applied, err := Migrate(within(t), o); err != nil || len(applied) == 0 {
			t.Fatalf("%v %v", applied, err)
		}
		if applied, err := Migrate(within(t), o); err != nil || len(applied) != 0 {
			t.Fatalf("the second time: %v %v", applied, err)
		}
		s := open(t, o)
		if _, err := s.db.Exec(
			`INSERT INTO nwayacd_migration (version, name) VALUES (9999, 'of the future')`); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if _, err := Open(within(t), o); err == nil || !strings.Contains(err.Error(), "newer") {
			t.Fatalf("a newer schema: %v", err)
		}
	})
}

func TestTwoServersMigrateAtOnce(t *testing.T) {
	o := postgresOptions(t)
	done := make(chan error, 4)
	for range 4 {
		go func() { _, err := Migrate(t.Context(), o); done <- err }()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
