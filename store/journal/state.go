package journal

import (
	"context"
	"time"

	"nwayacd/internal/wait"
)

// Durable returns the sequence up to which everything survives a crash of the machine.
func (j *Journal) Durable() uint64 { return j.durable.Get() }

// WaitDurable returns nil when everything up to seq is durable. If ctx ends first, it returns the
// cause.
func (j *Journal) WaitDurable(ctx context.Context, seq uint64) error { return j.durable.Wait(ctx, seq) }

// RequestSync makes Run fsync at once.
func (j *Journal) RequestSync() { wait.Signal(j.syncRequested) }

// Damaged returns how many records could not be read since Open.
func (j *Journal) Damaged() uint64 { return j.damaged.Load() }

// SetLimit sets how many bytes may be appended and not applied. Without it there is no limit.
func (j *Journal) SetLimit(bytes int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.limit = bytes
}

// Limit returns how many bytes may be appended and not applied.
func (j *Journal) Limit() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.limit
}

// SetOldestUnapplied sets when the oldest change that is not applied was appended.
func (j *Journal) SetOldestUnapplied(at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.oldestUnapplied = at
}

// Newest returns the sequence of the last change that was appended.
func (j *Journal) Newest() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Lag returns how many bytes are not applied, and when the oldest change of them was appended.
func (j *Journal) Lag() (bytes int64, behind time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.appended - j.released, j.oldestUnapplied
}
