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

func TestTheDiskIsFull(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	s := prepare(t, db)
	smallDisk(s)
	s.start()
	s.staff()
	s.callersCome()
	s.serves(5)
	ballast := filepath.Join(s.srv.DataDir(), "ballast")
	if err := os.WriteFile(ballast, bytes.Repeat([]byte("x"), 1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	s.tells("storage", "no space left")
	if reply := s.do("nway_add_ext 2000 secret"); strings.HasPrefix(reply, "+OK") {
		t.Errorf("what is only in memory is said to be kept: %s", reply)
	}
	s.noError(os.Remove(ballast))
	s.recovers()
	s.judge()
}
