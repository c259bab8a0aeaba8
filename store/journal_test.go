package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"nwayacd/internal/wait"
	"nwayacd/queue"
	"nwayacd/store/journal"
)

// headerBytes is the size of what precedes each change in a file of the journal.
const headerBytes = 24

// journalCopy copies the data-dir as a crash at this moment would leave it.
func journalCopy(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	files, err := filepath.Glob(from + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func restoreJournal(t *testing.T, from, to string) {
	t.Helper()
	files, _ := filepath.Glob(from + "/*.journal")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.journal")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCrashBetweenCommitAndTheEndOfTheSegment(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		for i := range 50 {
			s.Write(cdr(fmt.Sprint("u", i)))
		}
		flush(t, s)
		crashed := journalCopy(t, o.DataDir) // all of it is committed
		stop()
		restoreJournal(t, crashed, o.DataDir)
		s, _ = run(t, o)
		load(t, s)
		s.Write(cdr("after"))
		flush(t, s)
		if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 51 {
			t.Errorf("%d CDRs, want 51", n)
		}
	})
}

func TestCrashBetweenFsyncAndCommit(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s := open(t, o)
		for i := range 50 {
			s.Write(cdr(fmt.Sprint("u", i)))
		}
		if err := s.Close(); err != nil { // never ran, so only the journal has them
			t.Fatal(err)
		}
		s = open(t, o)
		if changes, size, since := s.Lag(); changes != 50 || size == 0 || since == 0 {
			t.Errorf("lag %d, %d bytes, %s", changes, size, since)
		}
		load(t, s)
		if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 50 {
			t.Errorf("%d CDRs, want 50", n)
		}
		if changes, size, since := s.Lag(); changes != 0 || size != 0 || since != 0 {
			t.Errorf("lag after loading: %d, %d bytes, %s", changes, size, since)
		}
		s.Close()
		s = open(t, o)
		if seq := s.Write(cdr("next")); seq != 51 {
			t.Errorf("the sequence goes on at %d, want 51", seq)
		}
		s.Close()
	})
}

func TestTheOutcomeOfACommitIsUnknown(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s := open(t, o)
		s.Write(addedAgent("1000"), cdr("u1"), cdr("u2"))
		s.testCommitted = func() { s.applied = wait.NewWatermark(0) } // as if the answer to COMMIT had been lost
		if err := s.journal.Commit(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := s.applyBatch(within(t)); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 2 {
			t.Errorf("%d CDRs, want 2", n)
		}
		s.Close()
	})
}

func TestATornEndIsCut(t *testing.T) {
	for name, tear := range map[string]func([]byte) []byte{
		"half a header":  func(b []byte) []byte { return append(b, 1, 2, 3) },
		"half a body":    func(b []byte) []byte { return append(b, b[:30]...) },
		"zeros":          func(b []byte) []byte { return append(b, make([]byte, 4096)...) },
		"a wrong body":   func(b []byte) []byte { b = append(b, b[:headerBytes+5]...); b[len(b)-1]++; return b },
		"a huge length":  func(b []byte) []byte { return append(b, bytes.Repeat([]byte{0xff}, 64)...) },
		"nothing at all": func(b []byte) []byte { return b },
	} {
		t.Run(name, func(t *testing.T) {
			o := sqliteOptions(t)
			s := open(t, o)
			s.Write(cdr("u1"), cdr("u2"))
			s.Close()
			file := segmentFiles(t, o.DataDir)[0]
			data, _ := os.ReadFile(file)
			if err := os.WriteFile(file, tear(data), 0o600); err != nil {
				t.Fatal(err)
			}
			s = open(t, o)
			defer s.Close()
			s.Write(cdr("u3"))
			load(t, s)
			if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 3 {
				t.Errorf("%d CDRs, want 3", n)
			}
		})
	}
}

func TestSegmentsGoWhenAllInThemIsApplied(t *testing.T) {
	o := sqliteOptions(t)
	o.journal.SegmentBytes = 4096
	s, stop := run(t, o)
	most := 0
	for i := range 400 {
		seq := s.Write(cdr(fmt.Sprint("u", i)))
		if i%20 == 0 {
			if err := s.Sync(within(t), seq); err != nil {
				t.Fatal(err)
			}
		}
		most = max(most, len(segmentFiles(t, o.DataDir)))
	}
	flush(t, s)
	if most < 2 {
		t.Errorf("at most %d segments: the journal never rolled", most)
	}
	eventually(t, "one segment is left", func() bool { return len(segmentFiles(t, o.DataDir)) <= 1 })
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 400 {
		t.Errorf("%d CDRs, want 400", n)
	}
	stop()
	reopened(t, o)
	if left := segmentFiles(t, o.DataDir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// heldFile is a file of the journal. Its fsync says that it began, and waits until it may go on.
type heldFile struct {
	journal.File
	began chan struct{} // of one fsync
	goOn  <-chan struct{}
	syncs *atomic.Int32
}

func (f heldFile) Sync() error {
	f.syncs.Add(1)
	wait.Signal(f.began)
	<-f.goOn
	return f.File.Sync()
}

// TestManyWritersShareAnFsync writes while an fsync goes on. The next one is for all of them.
func TestManyWritersShareAnFsync(t *testing.T) {
	o, began, goOn, syncs := sqliteOptions(t), make(chan struct{}, 1), make(chan struct{}), new(atomic.Int32)
	letGo := sync.OnceFunc(func() { close(goOn) })
	o.journal.CreateFile = func(path string) (journal.File, error) {
		file, err := journal.CreateFile(path)
		return heldFile{file, began, goOn, syncs}, err
	}
	s, stop := run(t, o)
	t.Cleanup(letGo) // runs before the store is stopped
	s.Write(cdr("first"))
	select {
	case <-began:
	case <-within(t).Done():
		t.Fatal("no fsync")
	}
	const writers = 64
	var all sync.WaitGroup
	for w := range writers {
		seq := s.Write(cdr(fmt.Sprint("u", w)))
		all.Go(func() {
			if err := s.Sync(t.Context(), seq); err != nil {
				t.Error(err)
			}
		})
	}
	letGo()
	all.Wait()
	if n := syncs.Load(); n != 2 {
		t.Errorf("%d fsyncs for one write and %d that came while it was synced", n, writers)
	}
	flush(t, s)
	if n := count(t, s, `SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr`); n != writers+1 {
		t.Errorf("%d CDRs, want %d", n, writers+1)
	}
	stop()
}

func TestTwoProcessesOnOneDataDir(t *testing.T) {
	o := sqliteOptions(t)
	s := open(t, o)
	if _, err := Open(within(t), o); err == nil || !strings.Contains(err.Error(), o.DataDir) {
		t.Errorf("the second one: %v", err)
	}
	s.Close()
	open(t, o).Close()
}

func FuzzNULIsTakenOut(f *testing.F) {
	f.Add("a\x00b")
	f.Add(`\u0000`)
	f.Add("\\\x00\\\\\x00\"")
	f.Fuzz(func(t *testing.T, text string) {
		body, err := json.Marshal(queue.Change{Left: &text})
		if err != nil {
			t.Fatal(err)
		}
		var got queue.Change
		if err := json.Unmarshal(withoutNUL(body), &got); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		want := strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "")
		if strings.ReplaceAll(*got.Left, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
			t.Errorf("%q became %q", text, *got.Left)
		}
	})
}
