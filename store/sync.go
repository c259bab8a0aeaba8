package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	syncLimit = 10 * time.Second // for a slow disk
	diskLimit = time.Second      // for a disk that fails
)

// ErrNotSafe is in the error of Sync if a change is in force and the journal cannot be written now.
// The change stays in memory, and is written when the disk takes it.
var ErrNotSafe = errors.New("the journal cannot be written now: the change is in force but not safe")

// Sync returns nil when the change with that sequence, and all before it, are on the disk. It
// returns ErrNotKept if the journal refused the change, and ErrNotSafe if the disk fails, or takes
// longer than syncLimit. If ctx ends first, it returns the cause.
func (s *Store) Sync(ctx context.Context, seq uint64) error {
	if seq == notKept {
		return fmt.Errorf("store: %w", ErrNotKept)
	}
	if s.journal.Durable() < seq {
		s.journal.RequestSync()
	}
	for until := time.Now().Add(syncLimit); ; {
		limited, cancel := context.WithTimeoutCause(ctx, diskLimit, ErrNotSafe)
		err := s.journal.WaitDurable(limited, seq)
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil || s.diskFails() || time.Now().After(until):
			return fmt.Errorf("store: wait for the journal: %w", errors.Join(err, s.Healthy()))
		}
	}
}

func (s *Store) diskFails() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.diskFault.err != nil
}
