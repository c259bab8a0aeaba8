package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"nwayacd/internal/wait"
	"nwayacd/store/durable"
	"nwayacd/store/journal"
)

// dataDir is the folder of the journal. One process at a time holds it.
type dataDir struct {
	path     string
	identity string // random and made once; names this journal in nwayacd_applied
	lock     *os.File
}

func openDataDir(path string) (*dataDir, error) {
	if path == "" {
		return nil, errors.New("store: no data-dir is set")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("store: data-dir: %w", err)
	}
	lock, err := lockFolder(path)
	if err != nil {
		return nil, err
	}
	identity, err := readIdentity(path)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("store: data-dir: %w", err)
	}
	return &dataDir{path: path, identity: identity, lock: lock}, nil
}

func (d *dataDir) close() error { return d.lock.Close() }

// lockFolder makes this process the one that holds the folder.
func lockFolder(path string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: data-dir: %w", err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return lock, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = fmt.Errorf("store: data-dir %s is in use by another process", path)
	default:
		err = fmt.Errorf("store: lock data-dir %s: %w", path, err)
	}
	return nil, errors.Join(err, lock.Close())
}

// restore makes the identity and the lock again if somebody has removed them. Otherwise the next
// process would take what it finds in the folder for another server's. It reports whether it did.
func (d *dataDir) restore() (restored bool, err error) {
	path := filepath.Join(d.path, "identity")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := durable.WriteFile(path, d.identity+"\n"); err != nil {
			return false, err
		}
		restored = true
	}
	there, err := os.Stat(filepath.Join(d.path, "lock"))
	mine, errMine := d.lock.Stat()
	if err == nil && errMine == nil && os.SameFile(there, mine) {
		return restored, nil
	}
	lock, err := lockFolder(d.path)
	if err != nil {
		return restored, err
	}
	old := d.lock
	d.lock = lock
	return true, old.Close()
}

func readIdentity(dir string) (string, error) {
	path := filepath.Join(dir, "identity")
	text, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(text)); err == nil && id != "" {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	id := make([]byte, 16)
	rand.Read(id) // never fails
	name := hex.EncodeToString(id)
	return name, durable.WriteFile(path, name+"\n")
}

// createFile returns what makes a file of the journal. It is the first to write to the
// data-dir after somebody has removed that.
func (s *Store) createFile(create func(path string) (journal.File, error)) func(string) (journal.File, error) {
	if create == nil {
		create = journal.CreateFile
	}
	return func(path string) (journal.File, error) {
		restored, err := s.dir.restore()
		if err != nil {
			return nil, err
		}
		if restored {
			s.log.Warn().Str("data-dir", s.dir.path).Msg("somebody has emptied data-dir: its files are made again")
			wait.Signal(s.checkpointDue)
		}
		return create(path)
	}
}
