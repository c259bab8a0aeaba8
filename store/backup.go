package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nwayacd/store/durable"
)

// Backup writes a copy of the SQLite database of o to a new file, as it is at one moment. A server
// may be running. The file is readable by its owner only, because it has passwords.
func Backup(ctx context.Context, o Options, file string) (err error) {
	if o.DSN != "" {
		return errors.New("store: this is for SQLite; with PostgreSQL, use pg_dump")
	}
	if _, err := os.Stat(filepath.Join(o.DataDir, sqliteFile)); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	made, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	if err := made.Close(); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	if err := vacuumInto(ctx, o, file); err != nil {
		return fmt.Errorf("store: backup: %w", errors.Join(err, os.Remove(file)))
	}
	return nil
}

// vacuumInto writes the database to an empty file, and makes it durable.
func vacuumInto(ctx context.Context, o Options, file string) (err error) {
	db, err := newDatabase(&o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?1`, file); err != nil {
		return err
	}
	return durable.Sync(file)
}
