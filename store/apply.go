package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"nwayacd/queue"
)

const (
	batchBytes   = 1 << 20                // of the journal, in one transaction
	fullBatch    = 500                    // if so many changes wait, they are applied without waiting for more
	collectLimit = 150 * time.Millisecond // from one batch to the next, if they are not full
	// for one transaction of PostgreSQL; a server that does not answer within it is away
	batchLimit = 10 * time.Second
	leastBatch = 4 << 10 // after batches that took too long or failed
)

// entry is a change on its way to the database. fault is the error if it cannot be read.
type entry struct {
	record
	change queue.Change
	fault  error
}

// apply writes the journal to the database, in order, until ctx ends.
func (s *Store) apply(ctx context.Context) {
	var wait backoff
	for s.journal.durable.wait(ctx, s.applied.get()+1) == nil {
		started := time.Now()
		err := s.applyBatch(ctx)
		if err != nil {
			if !wait.sleep(ctx) {
				return
			}
			continue
		}
		wait.reset()
		s.runResync()
		if s.journal.durable.get()-s.applied.get() < fullBatch {
			pause(ctx, time.Until(started.Add(collectLimit)), s.applyNow)
		}
	}
}

// applyBatch applies the next batch of the journal. It returns nil if there is nothing to apply.
func (s *Store) applyBatch(ctx context.Context) error {
	if err := s.turn.lock(ctx); err != nil {
		return err
	}
	defer s.turn.unlock()
	return s.attempt(ctx, s.db.batchLimit, s.applyRecords)
}

// attempt runs do with the database and notes whether the database answered. The caller holds the
// turn.
func (s *Store) attempt(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the database does not answer within %s", limit))
	defer cancel()
	err := s.ensureSchema(limited)
	if err == nil {
		err = do(limited)
	}
	if ctx.Err() != nil { // the error says nothing about the database
		s.reading = cursor{}
		return err
	}
	if err != nil {
		err = s.repair(limited, err)
	}
	s.databaseState(err)
	return err
}

func (s *Store) applyRecords(ctx context.Context) error {
	records, err := s.journal.read(s.applied.get(), s.batch, &s.reading)
	if err != nil || len(records) == 0 {
		return err
	}
	// in case this batch fails, perhaps because it is too large for a slow database
	s.batch = max(s.batch/2, leastBatch)
	s.journal.setOldestUnapplied(records[0].at)
	entries := decode(records)
	err = s.transactBatch(ctx, entries, s.writeTogether)
	if err != nil && s.refuses(err) {
		err = s.transactBatch(ctx, entries, s.writeOneByOne)
	}
	if err != nil {
		return s.wrap(ctx, "apply changes", err)
	}
	return s.committed(records)
}

// refuses reports whether the database will refuse err's statement each time.
func (s *Store) refuses(err error) bool {
	_, unreadable := errors.AsType[unreadableError](err)
	return unreadable || s.db.refused(err)
}

type unreadableError struct{ error }

func decode(records []record) []entry {
	entries := make([]entry, len(records))
	for i, r := range records {
		yieldToCalls(i)
		entries[i].record = r
		if err := json.Unmarshal(r.body, &entries[i].change); err != nil {
			entries[i].fault = unreadableError{err}
		}
	}
	return entries
}

// yieldEvery records of a batch take about 0.2 ms.
const yieldEvery = 16

// yieldToCalls lets other goroutines run after every yieldEvery records. A batch takes
// milliseconds, and calls must not wait for it.
func yieldToCalls(record int) {
	if record%yieldEvery == yieldEvery-1 {
		runtime.Gosched()
	}
}

// committed removes records from the journal after their commit.
func (s *Store) committed(records []record) error {
	var bytes int64
	for _, r := range records {
		bytes += r.size()
	}
	last := records[len(records)-1]
	s.applied.set(last.seq)
	s.counted.Add(uint64(len(records)))
	s.batch = min(4*s.batch, batchBytes)
	s.testCommitted()
	if err := s.journal.release(last.seq, bytes, last.at); err != nil {
		s.log.Error().Err(err).Msg("a file of the journal that is no longer needed cannot be removed")
	}
	if s.journal.awaitsCheckpoint() {
		signal(s.checkpointDue)
	}
	return nil
}

// transactBatch has write apply the entries that the database does not have yet. After a lost
// connection only the database knows whether an earlier try was committed. So the same transaction
// reads that first.
func (s *Store) transactBatch(ctx context.Context, entries []entry,
	write func(context.Context, *transaction, []entry) error,
) error {
	return s.db.transact(ctx, func(tx *transaction) error {
		applied, found, err := s.db.applied(ctx, tx, s.dir.identity)
		if err == nil {
			err = checkPosition(applied, found, s.applied.get())
		}
		if err != nil {
			return err
		}
		for len(entries) > 0 && entries[0].seq <= applied {
			entries = entries[1:]
		}
		if len(entries) == 0 {
			return nil
		}
		if err := write(ctx, tx, entries); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, s.db.writeApplied, s.dir.identity, int64(entries[len(entries)-1].seq))
		return err
	})
}

// writeTogether writes all entries with as few statements as their order allows.
func (s *Store) writeTogether(ctx context.Context, tx *transaction, entries []entry) error {
	var p plan
	for i, e := range entries {
		yieldToCalls(i)
		if e.fault != nil {
			return e.fault
		}
		r, err := s.db.words.row(e.change)
		if err != nil {
			return unreadableError{err}
		}
		p.add(r)
	}
	for _, step := range p.steps {
		if err := s.writeStep(ctx, tx, step); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeStep(ctx context.Context, tx *transaction, step *step) error {
	docs, err := json.Marshal(step.docs)
	if err != nil {
		return unreadableError{err}
	}
	text := string(docs)
	shown := text
	if step.kind == addAgent {
		shown = "(holds passwords)"
	}
	for _, statement := range s.db.write[step.kind] {
		s.db.log(statement, shown)
		if _, err := tx.ExecContext(ctx, statement, text); err != nil {
			return err
		}
	}
	return nil
}

// writeOneByOne writes each entry by itself. An entry that the database refuses goes to
// nwayacd_rejected.
func (s *Store) writeOneByOne(ctx context.Context, tx *transaction, entries []entry) error {
	for i := range entries {
		if _, err := tx.ExecContext(ctx, `SAVEPOINT one`); err != nil {
			return err
		}
		err := s.writeTogether(ctx, tx, entries[i:i+1])
		if err == nil {
			if _, err := tx.ExecContext(ctx, `RELEASE SAVEPOINT one`); err != nil {
				return err
			}
			continue
		}
		if !s.refuses(err) {
			return err
		}
		if _, err := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT one`); err != nil {
			return err
		}
		if err := s.reject(ctx, tx, &entries[i], err); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) reject(ctx context.Context, tx *transaction, e *entry, why error) error {
	shown := string(e.body)
	if e.change.AgentAdded != nil {
		shown = "(holds a password)"
	}
	s.log.Error().Err(why).Uint64("seq", e.seq).Str("change", shown).
		Msg("the database refused a change; it is kept in nwayacd_rejected")
	_, err := tx.ExecContext(ctx, s.db.dialect.reject, s.dir.identity, int64(e.seq), string(e.body), why.Error())
	return err
}
