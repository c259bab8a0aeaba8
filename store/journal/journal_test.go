package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWhatNoCallerWaitsForIsInTheFileAtOnceAndFsyncedTogether: a killed process loses nothing. A
// machine that crashes loses 10 ms.
func TestWhatNoCallerWaitsForIsInTheFileAtOnceAndFsyncedTogether(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		j, err := Open(Options{Dir: dir, Log: zerolog.Nop()}, func(Record) {})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { j.Run(ctx, func(error) {}) })
		time.Sleep(time.Second)
		const changes = 100
		for n := range changes {
			j.Append([]Draft{{Body: fmt.Appendf(nil, `{"n":%d}`, n)}}, func(int, uint64) {})
			synctest.Wait()
			if text, err := os.ReadFile(segmentPath(dir, 1)); err != nil ||
				!strings.Contains(string(text), fmt.Sprintf(`{"n":%d}`, n)) {
				t.Fatalf("change %d is not in the file: %v", n, err)
			}
			if durable := j.Durable(); int(durable) < n-15 || n == 0 && durable > 0 {
				t.Fatalf("change %d is written, %d are durable", n, durable)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(syncAfter)
		synctest.Wait()
		if j.Durable() != changes || j.syncs > 12 {
			t.Errorf("%d changes are durable after %d fsyncs", j.Durable(), j.syncs)
		}
		j.Append([]Draft{{Body: []byte(`{}`)}}, func(int, uint64) {})
		j.RequestSync()
		synctest.Wait()
		if j.Durable() != changes+1 {
			t.Error("a sync was requested, and the last change is not durable")
		}
		stop()
		running.Wait()
		if err := j.Close(0); err != nil {
			t.Error(err)
		}
	})
}

func TestADiskThatFailsLosesNothing(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(Options{Dir: dir, Log: zerolog.Nop()}, func(Record) {})
	if err != nil {
		t.Fatal(err)
	}
	put := func(body string) {
		j.Append([]Draft{{Body: []byte(body)}}, func(int, uint64) {})
	}
	put(`{"n":1}`)
	if err := j.Commit(); err != nil {
		t.Fatal(err)
	}
	j.file.Close() // every write fails from here, until the journal opens another file
	put(`{"n":2}`)
	if err := j.Commit(); err == nil {
		t.Fatal("a write to a closed file succeeded")
	}
	put(`{"n":3}`)
	if err := j.Close(0); err != nil {
		t.Fatal(err)
	}
	var got []string
	if _, err := Open(Options{Dir: dir, Log: zerolog.Nop()},
		func(r Record) { got = append(got, string(r.Body)) }); err != nil {
		t.Fatal(err)
	}
	if want := `{"n":1} {"n":2} {"n":3}`; strings.Join(got, " ") != want {
		t.Errorf("got %s", got)
	}
}

// unsyncable is a file whose fsync fails as often as fails says.
type unsyncable struct {
	File
	fails *int
}

func (f *unsyncable) Sync() error {
	if *f.fails--; *f.fails >= 0 {
		return syscall.EIO
	}
	return f.File.Sync()
}

func TestAnFsyncThatFailsLosesNothingAndDoublesNothing(t *testing.T) {
	dir, fails := t.TempDir(), 0
	j, err := Open(Options{Dir: dir, Log: zerolog.Nop()}, func(Record) {})
	if err != nil {
		t.Fatal(err)
	}
	j.create = func(path string) (File, error) {
		file, err := CreateFile(path)
		return &unsyncable{file, &fails}, err
	}
	put := func(n int) {
		j.Append([]Draft{{Body: fmt.Appendf(nil, "%d", n)}}, func(int, uint64) {})
	}
	put(1)
	if err := j.Commit(); err != nil {
		t.Fatal(err)
	}
	fails = 2
	put(2)
	if err := j.flush(); err != nil {
		t.Fatal(err)
	}
	put(3)
	for range 2 {
		if err := j.Commit(); !errors.Is(err, syscall.EIO) || j.Durable() != 1 {
			t.Fatalf("%v, %d durable", err, j.Durable())
		}
		put(4)
	}
	if err := j.Commit(); err != nil || j.Durable() != 5 || j.inMemory != 0 {
		t.Fatalf("%v, %d durable, %d bytes in memory", err, j.Durable(), j.inMemory)
	}
	if err := j.Close(0); err != nil {
		t.Fatal(err)
	}
	var got []string
	if _, err := Open(Options{Dir: dir, Log: zerolog.Nop()},
		func(r Record) { got = append(got, fmt.Sprint(r.Seq, ":", string(r.Body))) }); err != nil {
		t.Fatal(err)
	}
	if want := "1:1 2:2 3:3 4:4 5:4"; strings.Join(got, " ") != want {
		t.Errorf("got %s", got)
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(appendRecord(nil, Record{Seq: 7, Body: []byte("{}")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRecord(data)
		if err == nil && !bytes.Equal(appendRecord(nil, r), data[:r.Size()]) {
			t.Errorf("%x was read as %+v", data, r)
		}
	})
}
