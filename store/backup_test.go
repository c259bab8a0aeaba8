package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestABackupOfARunningServerIsADatabase(t *testing.T) {
	o := sqliteOptions(t)
	s, _ := run(t, o)
	for i := range 100 {
		s.Write(cdr(fmt.Sprint("u", i)))
	}
	s.Write(addedAgent("1000"))
	flush(t, s)
	calls := startTraffic(t, s)
	restored := Options{DataDir: t.TempDir(), Log: o.Log}
	file := filepath.Join(restored.DataDir, sqliteFile)
	if err := Backup(within(t), o, file); err != nil {
		t.Fatal(err)
	}
	calls.end()
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	again := open(t, restored)
	defer again.Close()
	if n := count(t, again, `SELECT count(*) FROM nwayacd_cdr WHERE call_uuid LIKE 'u%'`); n != 100 {
		t.Errorf("%d CDRs, want 100", n)
	}
	agentOf(t, load(t, again), "1000")
}

func TestABackupThatCannotBeMadeLeavesNothing(t *testing.T) {
	o := sqliteOptions(t)
	_, stop := run(t, o)
	stop()
	there := filepath.Join(t.TempDir(), "there")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if Backup(within(t), o, there) == nil {
		t.Error("it replaced a file")
	}
	if text, _ := os.ReadFile(there); string(text) != "precious" {
		t.Errorf("the file is now %q", text)
	}
	if Backup(within(t), Options{DataDir: t.TempDir()}, filepath.Join(t.TempDir(), "b")) == nil {
		t.Error("there is no database to back up")
	}
	if Backup(within(t), Options{DSN: "host=x"}, there) == nil {
		t.Error("PostgreSQL is backed up by pg_dump")
	}
}
