//go:build linux

package chaos

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTheDataDirIsDeleted(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	s := begin(t, db)
	s.serves(5)
	gone := s.srv.DataDir() + ".gone"
	s.noError(os.Rename(s.srv.DataDir(), gone)) // first, because the server makes files in it while it is removed
	s.noError(os.RemoveAll(gone))
	s.tells("storage", "journal away")
	if reply := s.do("nway_add_ext 2000 secret"); strings.HasPrefix(reply, "+OK") {
		t.Errorf("what is only in memory is said to be kept: %s", reply)
	}
	s.noError(os.Mkdir(s.srv.DataDir(), 0o700))
	s.recovers()
	s.judge()
}

// smallDisk makes the data-dir a disk of its own, of one MiB.
func smallDisk(s *scene) {
	s.Helper()
	s.noError(os.MkdirAll(s.srv.DataDir(), 0o700))
	if err := syscall.Mount("tmpfs", s.srv.DataDir(), "tmpfs", 0, "size=1m"); err != nil {
		leaveOut(fmt.Sprintf("A FULL DISK: THIS USER CANNOT MOUNT ONE (%v)", err))
		s.Skip("NOT TESTED: THIS USER CANNOT MOUNT A SMALL DISK")
	}
	s.Cleanup(func() {
		if err := syscall.Unmount(s.srv.DataDir(), 0); err != nil {
			s.Error(err)
		}
	})
}

// The server is ended while the disk is full, and started again when the disk has room.
func TestTheDiskIsFull(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	s := prepare(t, db)
	smallDisk(s)
	s.start()
	s.staff()
	s.callersCome()
	s.serves(5)
	s.must("nway_add_ext 2001 secret")
	ballast := filepath.Join(s.srv.DataDir(), "ballast")
	if err := os.WriteFile(ballast, bytes.Repeat([]byte("x"), 1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	s.tells("storage", "no space left")
	if reply := s.do("nway_add_ext 2000 secret"); strings.HasPrefix(reply, "+OK") {
		t.Errorf("what is only in memory is said to be kept: %s", reply)
	}
	s.endsInTime()
	s.damaged = recordsOnlyInLog(s.srv.Log())
	s.noError(os.Remove(ballast))
	s.start()
	s.recovers()
	if all := s.do("nway_list_exts"); !strings.Contains(all, "\n2001|") {
		t.Errorf("an extension that was added before is not there:\n%s", all)
	}
	s.judge()
}

// recordsOnlyInLog counts the records of calls and offers that a server has written to its log
// because it could not keep them.
func recordsOnlyInLog(log []byte) (n int) {
	for line := range bytes.Lines(log) {
		if bytes.Contains(line, []byte("this record is in this log line only")) &&
			(bytes.Contains(line, []byte(`"CDR":`)) || bytes.Contains(line, []byte(`"Offer":`))) {
			n++
		}
	}
	return n
}

// endLimit is how long a server may take to end: drain-seconds, and 5 seconds to write the rest.
const endLimit = 20 * time.Second

// endsInTime ends the server as an operator does, while something is wrong. It returns when the
// process is gone.
func (s *scene) endsInTime() {
	s.Helper()
	s.stopUse()
	began := time.Now()
	s.process.Signal(syscall.SIGTERM)
	select {
	case <-s.process.Done():
		s.Logf("ended after %s: %v\n%s", time.Since(began).Round(time.Millisecond), s.process.Err(), s.srv.LastWords())
	case <-time.After(endLimit):
		s.Fatalf("SIGTERM has no effect within %s\n%s", endLimit, s.srv.LastWords())
	}
}
