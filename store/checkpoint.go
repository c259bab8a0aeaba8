package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"nwayacd/internal/wait"
	"nwayacd/queue"
	"nwayacd/store/durable"
)

// checkpoint is everything in the database at one moment, kept in the data-dir. Together with the
// journal after it, it is the last known state.
type checkpoint struct {
	Position  uint64            `json:"Position"` // how far the journal was applied at that moment
	Written   time.Time         `json:"Written"`
	Snapshot  queue.Snapshot    `json:"Snapshot"`
	Passwords map[string]string `json:"Passwords"` // of agents' phones, by extension
}

// checkpointFile is readable by its owner only, because it has passwords.
const checkpointFile = "floor.json"

// checkpointPause is the least time between two checkpoints.
const checkpointPause = 30 * time.Second

func (c *checkpoint) holdsAny() bool {
	return len(c.Snapshot.Agents)+len(c.Snapshot.Groups)+len(c.Snapshot.Auth.Users) > 0
}

func readCheckpoint(dir string) (*checkpoint, error) {
	path := filepath.Join(dir, checkpointFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist", path)
	}
	if err != nil {
		return nil, err
	}
	c := &checkpoint{}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// useCheckpoint makes c the state that the first Load returns.
func (s *Store) useCheckpoint(c *checkpoint) {
	s.startState = c
	s.noteSign(c.Written)
}

// startOffline opens the store without the database.
func (s *Store) startOffline(c *checkpoint, why error) {
	s.startedOffline = true
	s.useCheckpoint(c)
	s.databaseState(why)
	s.log.Error().Time("known", c.Written).Int("agents", len(c.Snapshot.Agents)).Int("groups", len(c.Snapshot.Groups)).
		Msg("the database is away: the server starts with the last known state, and uses the database when it is back")
}

// loadStartState returns the last known state. If the database is there and empty, it also writes
// the state to the database.
func (s *Store) loadStartState() (queue.Snapshot, error) {
	snap, position := s.startState.Snapshot, s.startState.Position
	s.startState = nil
	if _, err := s.overlayJournal(&snap, position); err != nil {
		return snap, err
	}
	if !s.startedOffline {
		s.Write(snap.Changes()...)
	}
	return snap, nil
}

// checkpoints writes a checkpoint whenever the last one is out of date, until ctx ends.
func (s *Store) checkpoints(ctx context.Context) {
	wait.Signal(s.checkpointDue)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.checkpointDue:
		}
		if err := s.checkpoint(ctx); err != nil && ctx.Err() == nil {
			s.log.Debug().Err(err).Msg("the last known state cannot be written now")
			wait.Signal(s.checkpointDue)
		}
		if !wait.Pause(ctx, checkpointPause, nil) {
			return
		}
	}
}

// checkpoint writes everything in the database to the data-dir.
func (s *Store) checkpoint(ctx context.Context) error {
	s.checkpointing.Lock()
	defer s.checkpointing.Unlock()
	ctx, cancel := s.queryContext(ctx, batchLimit)
	defer cancel()
	before := s.applied.Get()
	snap, position, found, err := s.readMoment(ctx)
	if err != nil {
		return s.wrap(ctx, "read all for the last known state", err)
	}
	if err := checkPosition(position, found, before); err != nil {
		return err
	}
	data, err := json.Marshal(checkpoint{position, time.Now(), snap, s.ownWrites.allPasswords()})
	if err != nil {
		return fmt.Errorf("store: the last known state: %w", err)
	}
	if err := durable.WriteFile(filepath.Join(s.dir.path, checkpointFile), string(data)); err != nil {
		return fmt.Errorf("store: the last known state: %w", err)
	}
	s.journal.KeepBehind(position)
	return nil
}
