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

	"nwayacd/store/durable"
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
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: data-dir: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("store: data-dir %s is in use by another process", path)
		}
		return nil, fmt.Errorf("store: lock data-dir %s: %w", path, err)
	}
	identity, err := readIdentity(path)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("store: data-dir: %w", err)
	}
	return &dataDir{path: path, identity: identity, lock: lock}, nil
}

func (d *dataDir) close() error { return d.lock.Close() }

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
