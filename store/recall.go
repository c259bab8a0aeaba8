package store

import (
	"context"
	"time"

	"nwayacd/internal/wait"
	"nwayacd/queue"
)

// loadedMemories is how many memories a load and a checkpoint read. They are the newest.
var loadedMemories = 50_000

// recalledTogether is how many older memories OnMemories receives at once. Calls wait meanwhile.
const recalledTogether = 1000

// recall hands the memories to OnMemories that a load has left out. There can be millions, so the
// start does not wait for them, and the store never has them all. A later load needs no older ones,
// because the dispatcher keeps what it has.
func (s *Store) recall(ctx context.Context) {
	select {
	case <-s.recallDue:
	case <-ctx.Done():
		return
	}
	began := time.Now()
	for backoff := (wait.Backoff{}); ; {
		n, err := s.recallSince(ctx, began.Add(-s.remember))
		switch {
		case err == nil:
			s.log.Info().Int("memories", n).Dur("took", time.Since(began)).
				Msg("all agents who answered callers before are remembered")
			return
		case ctx.Err() == nil:
			s.log.Warn().Err(s.db.sanitized(err)).
				Msg("the agents who answered callers before cannot be read; it is tried again")
		}
		if !backoff.Sleep(ctx) {
			return
		}
	}
}

// recallSince hands all memories since a time to OnMemories, and returns how many there are.
func (s *Store) recallSince(ctx context.Context, since time.Time) (n int, err error) {
	if s.onMemories == nil {
		return 0, nil
	}
	if s.remember <= 0 {
		since = time.Time{}
	}
	tx, err := s.db.search.BeginTx(ctx, s.db.snapshot)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // it only reads
	s.db.statements.Add(2)
	rows, err := tx.QueryContext(ctx, s.db.older, since.UTC().Format(time.RFC3339))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	r := reader{s.log}
	part := make([]queue.Memory, 0, recalledTogether)
	for rows.Next() {
		m, err := r.memory(rows.Scan)
		if err != nil {
			return n, err
		}
		if m.Caller == "" || m.Agent == "" {
			continue
		}
		n++
		if part = append(part, m); len(part) == cap(part) {
			s.onMemories(part)
			part = part[:0]
		}
	}
	s.onMemories(part)
	return n, rows.Err()
}
