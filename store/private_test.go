package store

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheDatabaseFileIsForItsUserOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, sqliteFile) // of the release before
	if err := os.WriteFile(old, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := openSQLite(&Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE t (x int)"); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %o", f.Name(), info.Mode().Perm())
		}
	}
}
