// Package durable writes files so that they survive a crash of the machine.
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// WriteFile writes a small file so that a crash leaves the old file or the new one.
func WriteFile(path, text string) error {
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return Sync(filepath.Dir(path))
}

// Sync fsyncs a file, or a folder after files in it were created or removed.
func Sync(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
