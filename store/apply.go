package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"nwayacd/internal/figures"
	"nwayacd/internal/wait"
	"nwayacd/queue"
	"nwayacd/store/journal"
)

const (
	batchBytes   = 1 << 20                // of the journal, in one transaction
	fullBatch    = 500                    // if so many changes wait, they are applied without waiting for more
	collectLimit = 150 * time.Millisecond // from one batch to the next, if they are not full
	// for one transaction of PostgreSQL; a server that does not answer within it is away.
	batchLimit = 10 * time.Second
	leastBatch = 4 << 10 // after batches that took too long or failed
)

// entry is a change on its way to the database. fault is the error if it cannot be read.
type entry struct {
	journal.Record
	change queue.Change
	fault  error
	// leftOut is true if the change is not applied because another server was at work meanwhile.
	leftOut bool
}

// apply writes the journal to the database, in order, until ctx ends.
func (s *Store) apply(ctx context.Context) {
	var backoff wait.Backoff
	for s.journal.WaitDurable(ctx, s.applied.Get()+1) == nil {
		started := time.Now()
		err := s.applyBatch(ctx)
		if err != nil {
			if !backoff.Sleep(ctx) {
				return
			}
			continue
		}
		backoff.Reset()
		s.runResync()
		if s.journal.Durable()-s.applied.Get() < fullBatch {
			wait.Pause(ctx, time.Until(started.Add(collectLimit)), s.applyNow)
		}
	}
}

// applyBatch applies the next batch of the journal. It returns nil if there is nothing to apply.
func (s *Store) applyBatch(ctx context.Context) error {
	if err := s.turn.lock(ctx); err != nil {
		return err
	}
	defer s.turn.unlock()
	return s.attempt(ctx, s.db.batchLimit, &s.applyRefusal, s.applyRecords)
}

// attempt runs do with the database. It notes whether the database answered, and in refusal whether
// it refused what do needs. The caller holds the turn.
func (s *Store) attempt(ctx context.Context, limit time.Duration, refusal *fault,
	do func(context.Context) error,
) error {
	err := s.ensureSchema(ctx, limit)
	if err == nil {
		err = s.takeDatabase(ctx, limit)
	}
	limited, cancel := limitAnswer(ctx, limit)
	defer cancel()
	if err == nil {
		err = s.settleSuperseded(limited)
	}
	if err == nil {
		s.asks(time.Now())
		err = do(limited)
		s.asks(time.Time{})
	}
	if ctx.Err() != nil { // the error says nothing about the database
		s.reading = journal.Cursor{}
		return err
	}
	if errors.Is(err, ErrOtherServer) {
		s.depose(err)
		return err
	}
	if s.stops(err) {
		s.schemaChecked = false // when the table is right again, its types may be others
		s.refusalState(refusal, err)
		s.databaseState(nil)
		return err
	}
	if err != nil {
		err = s.repair(limited, err)
	}
	if err == nil {
		s.refusalState(refusal, nil)
	}
	s.databaseState(err)
	return err
}

func limitAnswer(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("the database does not answer within %s", limit))
}

func (s *Store) applyRecords(ctx context.Context) error {
	records, err := s.journal.Read(s.applied.Get(), s.batch, &s.reading)
	if err != nil || len(records) == 0 {
		return err
	}
	// in case this batch fails, perhaps because it is too large for a slow database
	s.batch = max(s.batch/2, leastBatch)
	s.journal.SetOldestUnapplied(records[0].At)
	entries := decode(records)
	last, err := s.transactBatch(ctx, entries, s.writeTogether)
	if err != nil && s.refuses(err) {
		last, err = s.transactBatch(ctx, entries, s.writeOneByOne)
	}
	s.committed(recordsUpTo(records, last))
	if err != nil {
		return s.wrap(ctx, "apply changes", err)
	}
	return nil
}

func recordsUpTo(records []journal.Record, seq uint64) []journal.Record {
	for i, r := range records {
		if r.Seq > seq {
			return records[:i]
		}
	}
	return records
}

func decode(records []journal.Record) []entry {
	entries := make([]entry, len(records))
	for i, r := range records {
		yieldToCalls(i)
		entries[i].Record = r
		if len(r.Body) == 0 {
			entries[i].fault = unreadableError{journal.ErrDamaged}
			continue
		}
		if err := json.Unmarshal(r.Body, &entries[i].change); err != nil {
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
func (s *Store) committed(records []journal.Record) {
	if len(records) == 0 {
		return
	}
	var bytes int64
	for _, r := range records {
		bytes += r.Size()
	}
	last := records[len(records)-1]
	s.applied.Set(last.Seq)
	s.counted.Add(uint64(len(records)))
	s.batch = min(4*s.batch, batchBytes)
	s.testCommitted()
	if err := s.journal.Release(last.Seq, bytes, last.At); err != nil {
		s.log.Error().Err(err).Msg("a file of the journal that is no longer needed cannot be removed")
	}
	if s.journal.AwaitsCheckpoint() {
		wait.Signal(s.checkpointDue)
	}
}

// batchWriter writes entries in a transaction. It returns how many it wrote. If it returns a
// stopError, those before the refused one are good, and are committed.
type batchWriter func(ctx context.Context, tx *transaction, entries []entry) (written int, err error)

// transactBatch has write apply the entries that the database does not have yet, and returns the
// sequence up to which they are committed. After a lost connection only the database knows whether
// an earlier try was committed. So the same transaction reads that first.
func (s *Store) transactBatch(ctx context.Context, entries []entry, write batchWriter) (last uint64, stop error) {
	err := s.db.transact(ctx, func(tx *transaction) error {
		if err := s.checkTerm(ctx, tx); err != nil {
			return err
		}
		applied, found, err := s.db.applied(ctx, tx, s.dir.identity)
		if err == nil {
			err = checkPosition(applied, found, s.applied.Get())
		}
		if err != nil {
			return err
		}
		last = applied
		for len(entries) > 0 && entries[0].Seq <= applied {
			entries = entries[1:]
		}
		if len(entries) == 0 {
			return nil
		}
		if err := s.leaveOutSuperseded(ctx, tx, entries); err != nil {
			return err
		}
		written, err := write(ctx, tx, entries)
		if _, stopped := errors.AsType[stopError](err); stopped && written > 0 {
			stop, err = err, nil
		}
		if err != nil {
			return err
		}
		last = entries[written-1].Seq
		_, err = tx.ExecContext(ctx, s.db.writeApplied, s.dir.identity, int64(last))
		return err
	})
	if err != nil {
		return 0, err
	}
	return last, stop
}

// writeTogether writes all entries with as few statements as their order allows.
func (s *Store) writeTogether(ctx context.Context, tx *transaction, entries []entry) (written int, err error) {
	return len(entries), s.writeEntries(ctx, tx, entries)
}

func (s *Store) writeEntries(ctx context.Context, tx *transaction, entries []entry) error {
	var p plan
	for i, e := range entries {
		yieldToCalls(i)
		if e.fault != nil {
			return e.fault
		}
		if e.leftOut {
			continue
		}
		r, err := s.db.words.row(e.change)
		if err != nil {
			return unreadableError{err}
		}
		p.add(r)
	}
	var t tally
	for _, step := range p.steps {
		if step.kind == putWrapUp {
			if err := s.writeWrapUps(ctx, tx, step, &t); err != nil {
				return err
			}
			continue
		}
		if err := s.writeStep(ctx, tx, step); err != nil {
			return err
		}
	}
	return s.db.writeFigures(ctx, tx, entries, &t)
}

// writeWrapUps completes the rows of offers whose wrap-up ended, and counts the wrap-ups.
func (s *Store) writeWrapUps(ctx context.Context, tx *transaction, step *step, t *tally) error {
	docs, err := json.Marshal(step.docs)
	if err != nil {
		return unreadableError{err}
	}
	for _, statement := range s.db.write[putWrapUp] {
		s.db.log(statement, string(docs))
		ended, err := read(ctx, tx, countedWrapUp, statement, string(docs))
		if err != nil {
			return err
		}
		for _, spoken := range ended {
			t.Spoken(spoken)
		}
	}
	return nil
}

func countedWrapUp(scan func(...any) error) (figures.Spoken, error) {
	var s figures.Spoken
	var arrived stamp
	err := scan(&s.Group, &arrived, &s.WrapUp)
	s.Arrived = arrived.Time
	return s, err
}

func (s *Store) writeStep(ctx context.Context, tx *transaction, step *step) error {
	docs, err := json.Marshal(step.docs)
	if err != nil {
		return unreadableError{err}
	}
	text := string(docs)
	shown := text
	if step.kind.holdsSecret() {
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
