package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"nwayacd/internal/wait"
)

// ErrSchema is in the error of Open if the schema of the database is not this program's.
var ErrSchema = errors.New("the schema is not up to date: run `nwayacd migrate`")

// migration is one embedded file, NNNN_name.sql.
type migration struct {
	version    int
	name, text string
}

// Migrate brings the schema of the database of o up to date. It returns the names of the files that
// were applied, or none if the schema was up to date. A database with nwaycc's tables keeps its
// data. Migrate runs in one transaction.
func Migrate(ctx context.Context, o Options) (applied []string, err error) {
	return migrate(ctx, o, false)
}

func migrate(ctx context.Context, o Options, patient bool) (applied []string, err error) {
	db, err := newDatabase(&o) // without a limit, because its statements may take long
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	limited, cancel := db.limitConnect(ctx)
	defer cancel()
	if err := db.connect(limited); err != nil {
		return nil, err
	}
	if applied, err = db.migrate(ctx, patient); err != nil {
		return nil, fmt.Errorf("store: migrate: %w", db.sanitized(err))
	}
	return applied, nil
}

// migratePatiently migrates while calls may be served. It waits at most some seconds for each lock,
// because a migration that waits for a table holds up all others that use it. Then it tries again,
// until ctx ends.
func (s *Store) migratePatiently(ctx context.Context) (applied []string, err error) {
	for backoff := (wait.Backoff{}); ; {
		applied, err = migrate(ctx, s.migrateOptions, true)
		if err == nil || !s.db.locked(err) {
			return applied, err
		}
		s.log.Warn().Err(err).
			Msg("the schema cannot be brought up to date while another session holds a lock; it is tried again")
		if !backoff.Sleep(ctx) {
			return nil, err
		}
	}
}

const (
	createMigrations = `CREATE TABLE IF NOT EXISTS nwayacd_migration (
		version integer PRIMARY KEY, name text NOT NULL, at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)`
	newestMigration = `SELECT COALESCE(max(version), 0) FROM nwayacd_migration`
)

// migrate applies the embedded files that the database does not have. If it is patient, a lock that
// another session holds is an error after some seconds.
func (db *database) migrate(ctx context.Context, patient bool) (applied []string, err error) {
	all, err := db.known()
	if err != nil {
		return nil, err
	}
	err = db.transact(ctx, func(tx *transaction) error {
		if patient && db.patience != "" {
			if _, err := tx.ExecContext(ctx, db.patience); err != nil {
				return err
			}
		}
		have, err := db.beginMigration(ctx, tx)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.version <= have {
				continue
			}
			if _, err := tx.ExecContext(ctx, m.text); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			if _, err := tx.ExecContext(ctx, db.newMigration, m.version, m.name); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			applied = append(applied, m.name)
		}
		return nil
	})
	return applied, err
}

func (db *database) beginMigration(ctx context.Context, tx *transaction) (have int, err error) {
	if db.lockMigration != "" {
		if _, err := tx.ExecContext(ctx, db.lockMigration); err != nil {
			return 0, err
		}
	}
	if _, err := tx.ExecContext(ctx, createMigrations); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, newestMigration).Scan(&have)
	return have, err
}

// checkSchema compares the version in the database with the version of this program.
func (db *database) checkSchema(ctx context.Context) error {
	all, err := db.known()
	if err != nil {
		return err
	}
	var migrated bool
	if err := db.QueryRowContext(ctx, db.hasMigrations).Scan(&migrated); err != nil {
		return err
	}
	if !migrated {
		return ErrSchema
	}
	var have int
	if err := db.QueryRowContext(ctx, newestMigration).Scan(&have); err != nil {
		return err
	}
	switch want := all[len(all)-1].version; {
	case have < want:
		return ErrSchema
	case have > want:
		return fmt.Errorf("the schema is version %d, newer than this program knows (%d)", have, want)
	}
	return nil
}

// known returns the embedded files, in order.
func (db *database) known() ([]migration, error) {
	names, err := fs.Glob(db.migrations, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, name := range names {
		text, err := fs.ReadFile(db.migrations, name)
		if err != nil {
			return nil, err
		}
		digits, _, _ := strings.Cut(name, "_")
		version, err := strconv.Atoi(digits)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		all = append(all, migration{version: version, name: strings.TrimSuffix(name, ".sql"), text: string(text)})
	}
	return all, nil
}
