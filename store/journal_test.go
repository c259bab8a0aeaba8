package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/queue"
)

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
	files, _ := filepath.Glob(from + "/*" + segmentSuffix)
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
	files, err := filepath.Glob(dir + "/*" + segmentSuffix)
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
		s.testCommitted = func() { s.applied = newWatermark(0) } // as if the answer to COMMIT had been lost
		if err := s.journal.commit(); err != nil {
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
	s, stop := run(t, o)
	s.journal.segmentBytes = 4096
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

func TestManyWritersShareAnFsync(t *testing.T) {
	o := sqliteOptions(t)
	s, stop := run(t, o)
	const writers, each = 64, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				seq := s.Write(cdr(fmt.Sprintf("u%d-%d", w, i)))
				if err := s.Sync(t.Context(), seq); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	flush(t, s)
	if n := count(t, s, `SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr`); n != writers*each {
		t.Errorf("%d CDRs, want %d", n, writers*each)
	}
	stop()
	if s.journal.syncs > writers*each/4 {
		t.Errorf("%d fsyncs for %d writes that waited for one", s.journal.syncs, writers*each)
	}
}

// TestWhatNoCallerWaitsForIsInTheFileAtOnceAndFsyncedTogether: a killed process loses nothing. A
// machine that crashes loses 10 ms.
func TestWhatNoCallerWaitsForIsInTheFileAtOnceAndFsyncedTogether(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		j, err := openJournal(dir, 0, 0, zerolog.Nop(), func(record) {})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { j.run(ctx, func(error) {}) })
		time.Sleep(time.Second)
		const changes = 100
		for n := range changes {
			j.append([]draft{{body: fmt.Appendf(nil, `{"n":%d}`, n)}}, func(int, uint64) {})
			synctest.Wait()
			if text, err := os.ReadFile(segmentPath(dir, 1)); err != nil ||
				!strings.Contains(string(text), fmt.Sprintf(`{"n":%d}`, n)) {
				t.Fatalf("change %d is not in the file: %v", n, err)
			}
			if durable := j.durable.get(); int(durable) < n-15 || n == 0 && durable > 0 {
				t.Fatalf("change %d is written, %d are durable", n, durable)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(syncAfter)
		synctest.Wait()
		if j.durable.get() != changes || j.syncs > 12 {
			t.Errorf("%d changes are durable after %d fsyncs", j.durable.get(), j.syncs)
		}
		j.append([]draft{{body: []byte(`{}`)}}, func(int, uint64) {})
		signal(j.syncRequested)
		synctest.Wait()
		if j.durable.get() != changes+1 {
			t.Error("somebody asked, and the last change is not durable")
		}
		stop()
		running.Wait()
		if err := j.close(0); err != nil {
			t.Error(err)
		}
	})
}

func TestADiskThatFailsLosesNothing(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournal(dir, 0, 0, zerolog.Nop(), func(record) {})
	if err != nil {
		t.Fatal(err)
	}
	put := func(body string) {
		j.append([]draft{{body: []byte(body)}}, func(int, uint64) {})
	}
	put(`{"n":1}`)
	if err := j.commit(); err != nil {
		t.Fatal(err)
	}
	j.file.Close() // every write fails from here, until the journal opens another file
	put(`{"n":2}`)
	if err := j.commit(); err == nil {
		t.Fatal("a write to a closed file succeeded")
	}
	put(`{"n":3}`)
	if err := j.close(0); err != nil {
		t.Fatal(err)
	}
	var got []string
	if _, err := openJournal(dir, 0, 0, zerolog.Nop(),
		func(r record) { got = append(got, string(r.body)) }); err != nil {
		t.Fatal(err)
	}
	if want := `{"n":1} {"n":2} {"n":3}`; strings.Join(got, " ") != want {
		t.Errorf("got %s", got)
	}
}

// unsyncable is a file whose fsync fails as often as fails says.
type unsyncable struct {
	segmentFile
	fails *int
}

func (f *unsyncable) Sync() error {
	if *f.fails--; *f.fails >= 0 {
		return syscall.EIO
	}
	return f.segmentFile.Sync()
}

func TestAnFsyncThatFailsLosesNothingAndDoublesNothing(t *testing.T) {
	dir, fails := t.TempDir(), 0
	j, err := openJournal(dir, 0, 0, zerolog.Nop(), func(record) {})
	if err != nil {
		t.Fatal(err)
	}
	j.create = func(path string) (segmentFile, error) {
		file, err := createSegment(path)
		return &unsyncable{file, &fails}, err
	}
	put := func(n int) {
		j.append([]draft{{body: fmt.Appendf(nil, "%d", n)}}, func(int, uint64) {})
	}
	put(1)
	if err := j.commit(); err != nil {
		t.Fatal(err)
	}
	fails = 2
	put(2)
	if err := j.flush(); err != nil {
		t.Fatal(err)
	}
	put(3)
	for range 2 {
		if err := j.commit(); !errors.Is(err, syscall.EIO) || j.durable.get() != 1 {
			t.Fatalf("%v, %d durable", err, j.durable.get())
		}
		put(4)
	}
	if err := j.commit(); err != nil || j.durable.get() != 5 || j.inMemory != 0 {
		t.Fatalf("%v, %d durable, %d bytes in memory", err, j.durable.get(), j.inMemory)
	}
	if err := j.close(0); err != nil {
		t.Fatal(err)
	}
	var got []string
	if _, err := openJournal(dir, 0, 0, zerolog.Nop(),
		func(r record) { got = append(got, fmt.Sprint(r.seq, ":", string(r.body))) }); err != nil {
		t.Fatal(err)
	}
	if want := "1:1 2:2 3:3 4:4 5:4"; strings.Join(got, " ") != want {
		t.Errorf("got %s", got)
	}
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

func FuzzParseRecord(f *testing.F) {
	f.Add(appendRecord(nil, record{seq: 7, body: []byte("{}")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRecord(data)
		if err == nil && !bytes.Equal(appendRecord(nil, r), data[:r.size()]) {
			t.Errorf("%x was read as %+v", data, r)
		}
	})
}
