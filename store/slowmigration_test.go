package store

import (
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"nwayacd/queue"
)

// withMigration returns the migrations of PostgreSQL and one more.
func withMigration(t *testing.T, text string) fs.FS {
	t.Helper()
	files := fstest.MapFS{"9000_slow.sql": {Data: []byte(text)}}
	names, err := fs.Glob(postgres.migrations, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(postgres.migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

// upgrade are migrations in which a later release puts its own while a store is open.
type upgrade struct{ atomic.Pointer[fs.FS] }

func (u *upgrade) Open(name string) (fs.File, error) { return (*u.Load()).Open(name) }

func (u *upgrade) put(files fs.FS) { u.Store(&files) }

func TestAMigrationThatTakesLongEnds(t *testing.T) {
	o := postgresOptions(t)
	_, stop := run(t, o) // the release before
	stop()
	o.migrations = withMigration(t, `CREATE TABLE slow AS SELECT pg_sleep(3)::text`)
	o.connectLimit, o.answerLimit = time.Second, time.Second
	s, _ := run(t, o)
	s.Write(cdr("u1"))
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM slow`); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestAMigrationWaitsForALockAndHoldsNobodyUp(t *testing.T) {
	o := postgresOptions(t)
	_, stop := run(t, o)
	stop()
	o.connectLimit = time.Second
	o.migrations = withMigration(t, `ALTER TABLE nwayacd_cdr ADD COLUMN IF NOT EXISTS later text`)
	other := openSQL(t, o.DSN)
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`SELECT count(*) FROM nwayacd_cdr`); err != nil { // its lock is kept, as pg_dump's is
		t.Fatal(err)
	}
	released := make(chan error, 1)
	time.AfterFunc(3*time.Second, func() { released <- tx.Commit() })
	var lines logLines
	o.Log = lines.logger()
	s := open(t, o)
	defer s.Close()
	if err := <-released; err != nil {
		t.Error(err)
	}
	if lines.lines("while another session holds a lock") == 0 {
		t.Error("it waited without a limit")
	}
	if n := count(t, s,
		`SELECT count(*) FROM information_schema.columns WHERE table_name = 'nwayacd_cdr' AND column_name = 'later'`); n != 1 {
		t.Error("the migration did not take place")
	}
}

func TestADatabaseThatComesBackIsMigratedHoweverLongThatTakes(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	var later upgrade
	later.put(postgres.migrations)
	o.connectLimit, o.migrations = time.Second, &later
	var f floor
	f.open(t, o)
	if err := f.s.turn.lock(within(t)); err != nil {
		t.Fatal(err)
	}
	f.s.db.batchLimit = time.Second
	f.s.turn.unlock()
	later.put(withMigration(t, `CREATE TABLE slow AS SELECT pg_sleep(3)::text`))
	c.do(t, "bounce")
	f.reloaded(t) // before that, the schema is checked again
	f.s.Write(cdr("u1"), queue.Change{VIPAdded: &queue.VIP{Number: "138"}})
	flush(t, f.s)
	if n := count(t, f.s, `SELECT count(*) FROM nwayacd_cdr, slow`); n != 1 {
		t.Errorf("%d CDRs", n)
	}
}
