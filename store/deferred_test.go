package store

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"nwayacd/agent"
	"nwayacd/queue"
)

func deferred(extension string, d agent.Deferred) queue.Change {
	return queue.Change{Agent: &agent.Update{Extension: extension, Deferred: &d}}
}

func TestADeferredBusyOrLogoutIsKept(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		s.Write(addedAgent("1000"), addedAgent("1001"), addedAgent("1002"), deferred("1000", agent.BusyDeferred),
			deferred("1001", agent.LogoutDeferred))
		flush(t, s)
		s.Write(deferred("1000", agent.LogoutDeferred), deferred("1001", agent.NothingDeferred),
			queue.Change{Agent: &agent.Update{Extension: "1000", Up: new(true)}})
		stop()
		snap := reopened(t, o)
		for extension, want := range map[string]agent.Deferred{
			"1000": agent.LogoutDeferred, "1001": agent.NothingDeferred, "1002": agent.NothingDeferred,
		} {
			if got := agentOf(t, snap, extension).Deferred; got != want {
				t.Errorf("%s: %q, want %q", extension, got, want)
			}
		}
	})
}

// TestADeferredLogoutThatWasAcknowledgedIsInTheJournal crashes before the change is in the
// database. It uses SQLite, because SQLite's file is part of the crash.
func TestADeferredLogoutThatWasAcknowledgedIsInTheJournal(t *testing.T) {
	o := sqliteOptions(t)
	s, stop := run(t, o)
	s.Write(addedAgent("1000"))
	flush(t, s)
	if err := s.turn.lock(within(t)); err != nil { // nothing is applied
		t.Fatal(err)
	}
	err := s.Sync(within(t), s.Write(deferred("1000", agent.LogoutDeferred)))
	crashed := journalCopy(t, o.DataDir)
	if n := count(t, s, `SELECT count(*) FROM call_extension WHERE deferred = ''`); n != 1 || err != nil {
		t.Errorf("applied already, or not safe: %d, %v", n, err)
	}
	s.turn.unlock()
	stop()
	o.DataDir = crashed
	if got := agentOf(t, reopened(t, o), "1000").Deferred; got != agent.LogoutDeferred {
		t.Errorf("%q", got)
	}
}

func TestADeferredLogoutIsPartOfTheLastKnownState(t *testing.T) {
	o := postgresOptions(t)
	s, _ := run(t, o)
	s.Write(addedAgent("1000"), deferred("1000", agent.LogoutDeferred))
	flush(t, s)
	if err := s.checkpoint(within(t)); err != nil {
		t.Fatal(err)
	}
	c, err := readCheckpoint(o.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	if got := agentOf(t, c.Snapshot, "1000").Deferred; got != agent.LogoutDeferred {
		t.Errorf("%q", got)
	}
}

func TestADatabaseFromBeforeTheColumnDeferred(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		migrateBefore(t, o, "deferred",
			`INSERT INTO call_extension (extension_number, seat_state, call_state) VALUES ('1000', 'up', 'talking')`)
		if applied, err := Migrate(within(t), o); err != nil || !strings.HasSuffix(applied[0], "_deferred") {
			t.Fatalf("%v %v", applied, err)
		}
		s, stop := run(t, o)
		if a := agentOf(t, load(t, s), "1000"); !a.Up || a.Call != agent.Talking ||
			a.Deferred != agent.NothingDeferred {
			t.Errorf("migrated: %+v", a)
		}
		s.Write(deferred("1000", agent.BusyDeferred))
		stop()
		if a := agentOf(t, reopened(t, o), "1000"); a.Deferred != agent.BusyDeferred || !a.Up {
			t.Errorf("written: %+v", a)
		}
	})
}

// migrateBefore makes the schema from before the migration of that name, and fills it.
func migrateBefore(t *testing.T, o Options, name string, fill string) {
	t.Helper()
	db, err := newDatabase(&o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names, err := fs.Glob(db.migrations, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	older := fstest.MapFS{}
	for _, file := range names {
		if strings.Contains(file, name) {
			break
		}
		text, err := fs.ReadFile(db.migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		older[file] = &fstest.MapFile{Data: text}
	}
	db.migrations = older
	if _, err := db.migrate(within(t), false); err != nil {
		t.Fatal(err)
	}
	exec(t, db.DB, fill)
}

func TestAnUnknownWordInDeferredIsNone(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		var lines logLines
		o.Log = lines.logger()
		s := open(t, o)
		defer s.Close()
		s.Write(addedAgent("1000"))
		load(t, s)
		exec(t, s.db.DB, `UPDATE call_extension SET deferred = 'holiday'`)
		if got := agentOf(t, load(t, s), "1000").Deferred; got != agent.NothingDeferred {
			t.Errorf("%q", got)
		}
		if lines.lines("an unknown value") == 0 {
			t.Error("the log does not say so")
		}
	})
}
