package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

// shutdownLimit is how long Run goes on applying after its context ended.
const shutdownLimit = 5 * time.Second

// Run writes the journal, applies it and listens for edits until ctx ends. Then it applies the rest
// for at most shutdownLimit. If changes stay in the journal, it returns an error. The next Load or
// Run applies them.
func (s *Store) Run(ctx context.Context) error {
	journaling, stopJournal := context.WithCancel(context.WithoutCancel(ctx))
	defer stopJournal()
	applying, stopApply := context.WithCancel(context.WithoutCancel(ctx))
	defer stopApply()
	var writer, workers sync.WaitGroup
	writer.Go(func() { s.journal.Run(journaling, s.diskState) })
	workers.Go(func() { s.apply(applying) })
	workers.Go(func() { s.retryAtStart(applying) })
	workers.Go(func() {
		s.jobs(ctx)
		s.deleteOldRows(ctx)
	})
	workers.Go(func() { s.recall(ctx) })
	if s.listener != nil {
		workers.Go(func() { s.listen(ctx) })
		workers.Go(func() { s.listener.probe(ctx) })
		workers.Go(func() { s.checkpoints(applying) })
	}
	workers.Go(func() { s.quarters(applying) })
	if s.guarded {
		workers.Go(func() { s.beats(applying) })
	} else {
		workers.Go(func() { s.signs(applying) })
	}
	select {
	case <-ctx.Done():
	case why := <-s.deposed:
		stopApply()
		defer writer.Wait()
		defer stopJournal()
		defer workers.Wait()
		return s.standBy(ctx, why)
	}

	leaving, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), s.shutdownLimit,
		errors.New("the time for the shutdown is over"))
	defer cancel()
	err := s.Flush(leaving)
	if err == nil && s.listener != nil {
		s.checkpoint(leaving) // if it fails, the journal keeps what the last checkpoint lacks
	}
	stopApply()
	workers.Wait()
	stopJournal()
	writer.Wait()
	return err
}
