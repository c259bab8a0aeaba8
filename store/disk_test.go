package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/store/journal"
)

// fullDisk has room for a number of bytes, and writes only the part of a write that fits.
type fullDisk struct {
	mu   sync.Mutex
	room int
}

func (d *fullDisk) create(path string) (journal.File, error) {
	file, err := journal.CreateFile(path)
	return &fileOnFullDisk{file, d}, err
}

func (d *fullDisk) grow(by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room += by
}

type fileOnFullDisk struct {
	journal.File
	disk *fullDisk
}

func (f *fileOnFullDisk) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	fits := min(len(b), f.disk.room)
	n, err := f.File.Write(b[:fits])
	f.disk.room -= n
	if err == nil && fits < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

// logLines collects log lines.
type logLines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logLines) logger() zerolog.Logger { return zerolog.New(l) }

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// records returns the changes that were logged whole.
func (l *logLines) records() (all []queue.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.text.Bytes()) {
		var one struct {
			Change *queue.Change
			Level  string
		}
		if json.Unmarshal(line, &one) == nil && one.Change != nil && one.Level == "error" {
			all = append(all, *one.Change)
		}
	}
	return all
}

// lines counts the lines that contain text.
func TestACommandIsAnsweredSoonWhenTheDiskIsFull(t *testing.T) {
	o, disk := sqliteOptions(t), &fullDisk{}
	o.journal.CreateFile = disk.create
	s := open(t, o)
	start(t, s)
	began := time.Now()
	seq := s.Write(addedAgent("1000"))
	if err := s.Sync(within(t), seq); !errors.Is(err, ErrNotSafe) || time.Since(began) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	disk.grow(1 << 20)
	if err := s.Sync(within(t), seq); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

func TestRecordsGoToTheLogIfTheServerEndsWhileTheDiskIsFull(t *testing.T) {
	o, disk, log := sqliteOptions(t), &fullDisk{}, &logLines{}
	o.journal.CreateFile, o.Log = disk.create, log.logger()
	s := open(t, o)
	s.Write(cdr("u1"), addedAgent("1000"), deferred("1000", agent.LogoutDeferred), cdr("u2"))
	if err := s.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close: %v", err)
	}
	if kept := log.records(); len(kept) != 2 || kept[0].CDR.UUID != "u1" || kept[1].CDR.UUID != "u2" {
		t.Errorf("the log has %+v", kept)
	}
	if log.lines(`"orders":1`) != 1 || log.lines("secret-1000") != 0 {
		t.Error("the log does not say that an order is lost, or it has a password")
	}
}

func TestNothingIsSaidToBeSafeWhenTheDataDirIsGone(t *testing.T) {
	o := postgresOptions(t)
	s, _ := run(t, o)
	s.Write(addedAgent("1000"))
	flush(t, s)
	if err := os.Rename(o.DataDir, filepath.Join(t.TempDir(), "gone")); err != nil { // the store writes in it, so RemoveAll may fail
		t.Fatal(err)
	}
	if err := s.Sync(within(t), s.Write(addedAgent("1001"))); !errors.Is(err, ErrNotSafe) {
		t.Errorf("Sync: %v", err)
	}
	if err := s.Healthy(); err == nil || !strings.Contains(err.Error(), "journal away") {
		t.Errorf("health: %v", err)
	}
	if err := os.Mkdir(o.DataDir, 0o750); err != nil {
		t.Fatal(err)
	}
	seq := s.Write(cdr("u1"))
	eventually(t, "the journal is written again", func() bool { return s.Sync(t.Context(), seq) == nil })
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM call_extension, nwayacd_cdr`); n != 2 {
		t.Errorf("%d agents and CDRs, want 2: what was in memory was lost", n)
	}
}

func (l *logLines) lines(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.text.Bytes(), []byte(text))
}
