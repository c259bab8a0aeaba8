package journal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"
)

func TestWhatWasDurableIsReadThoughTheFolderIsRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	j, err := Open(Options{Dir: dir, Log: zerolog.Nop()}, func(Record) {})
	if err != nil {
		t.Fatal(err)
	}
	j.Append([]Draft{{Body: []byte("one")}, {Body: []byte("two")}}, func(int, uint64) {})
	if err := j.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	records, err := j.Read(0, 1<<20, &Cursor{})
	if err != nil || len(records) != 2 || string(records[1].Body) != "two" || j.Damaged() != 0 {
		t.Errorf("%+v, %v; %d damaged", records, err, j.Damaged())
	}
	if err := j.Close(2); err != nil {
		t.Error(err)
	}
}
