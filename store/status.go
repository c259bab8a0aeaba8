package store

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Status is the state of the journal and the database at one moment.
type Status struct {
	Up      bool          // the database answers
	DiskUp  bool          // the last write and fsync of the journal succeeded
	Fault   string        // why the store is not healthy, or ""
	Pending int           // changes that are written and not yet in the database
	Oldest  time.Duration // time since the oldest of these was written

	PendingBytes int64 // of these changes in the journal
	LimitBytes   int64 // of PendingBytes; beyond it changes are refused

	Applied    uint64 // changes that reached the database since the start
	Statements uint64 // SQL statements sent to the database since the start
	GivenUp    uint64 // records since the start that were written to the log because the journal was full
	Dropped    uint64 // changes of state since the start that were dropped because it was full

	Stopped  bool   // the database refuses the next change; it and all later ones wait in the journal
	Rejected uint64 // changes since the start that were impossible and went to nwayacd_rejected
	Damaged  uint64 // records of the journal since the start that were damaged on the disk

	Deleted map[string]uint64 // rows since the start that were too old, by kind: record, figure, audit

	Jobs     []string // work on tables that an upgrade left for later and that is not done
	JobFault string   // why the last try of one of these failed, or ""
}

// Status returns the state of the journal and the database. It waits for neither.
func (s *Store) Status() Status {
	status := Status{
		Up: s.databaseFault().err == nil, LimitBytes: s.journal.Limit(),
		Applied: s.counted.Load(), Statements: s.db.statements.Load(), GivenUp: s.givenUp.Load(),
		Dropped: s.dropped.Load(), Rejected: s.rejected.Load(), Damaged: s.journal.Damaged(),
		Deleted: s.old.counts(),
	}
	s.mu.Lock()
	status.DiskUp, status.Stopped = s.diskFault.err == nil, s.applyRefusal.err != nil
	status.Jobs = s.jobsLeft
	if s.jobFault != nil {
		status.JobFault = s.jobFault.Error()
	}
	s.mu.Unlock()
	if err := s.Healthy(); err != nil {
		status.Fault = err.Error()
	}
	status.Pending, status.PendingBytes, status.Oldest = s.Lag()
	return status
}

// Lag returns how much is written and not yet in the database, and since when.
func (s *Store) Lag() (changes int, bytes int64, since time.Duration) {
	bytes, behind := s.journal.Lag()
	changes = s.waiting()
	if changes == 0 || behind.IsZero() {
		return changes, bytes, 0
	}
	return changes, bytes, time.Since(behind)
}

// Healthy returns nil if journal and database work. Otherwise the error says, in words for an
// operator, which is away, for how long, and how many changes wait.
func (s *Store) Healthy() error {
	database := s.databaseFault()
	s.mu.Lock()
	disk, refusal, alarmed := s.diskFault, s.refusal(), s.fillAlarm
	s.mu.Unlock()
	changes, bytes, _ := s.Lag()
	waiting := fmt.Sprintf("%s changes (%s of %s MiB) wait in the journal", grouped(changes), mebibytes(bytes),
		grouped(int(s.journal.Limit()>>20)))
	switch {
	case disk.err != nil && database.err != nil:
		return fmt.Errorf("%w; %w; %s", disk.away("journal"), database.away("database"), waiting)
	case disk.err != nil && refusal.err != nil:
		return fmt.Errorf("%w; %w; %s", disk.away("journal"), refusal.refused(), waiting)
	case disk.err != nil:
		return fmt.Errorf("%w; %s", disk.away("journal"), waiting)
	case database.err != nil:
		return fmt.Errorf("%w; %s", database.away("database"), waiting)
	case refusal.err != nil:
		return fmt.Errorf("%w; %s", refusal.refused(), waiting)
	case alarmed:
		return errors.New("the database applies changes more slowly than they are written: " + waiting)
	}
	return nil
}

// databaseFault returns why the database is away.
func (s *Store) databaseFault() fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault := s.unanswered(); fault.err != nil || s.listener == nil {
		return fault
	}
	return s.listener.state()
}

// silentAfter is how long a database may take for one statement of a batch until it is called away.
// It may answer yet: batchLimit ends the wait.
const silentAfter = 3 * time.Second

var errSilent = errors.New("no answer yet")

// unanswered returns why the applier cannot go on. The caller holds mu.
func (s *Store) unanswered() fault {
	if s.applyFault.err != nil || s.asked.IsZero() {
		return s.applyFault
	}
	asked := s.asked
	if last := time.Unix(0, s.db.asked.Load()); last.After(asked) {
		asked = last // a slow database answers one statement after the other
	}
	if time.Since(asked) > silentAfter {
		return fault{errSilent, asked}
	}
	return fault{}
}

// asks notes when the applier asked the database; zero = it has the answer.
func (s *Store) asks(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = at
}

// diskState notes the result of the last write to the journal.
func (s *Store) diskState(err error) {
	s.mu.Lock()
	s.logTransition(s.diskFault.err, err, "the journal cannot be written; changes are kept in memory",
		"the journal is written again")
	s.diskFault = s.diskFault.after(err)
	s.mu.Unlock()
	s.watchFill()
}

// databaseState notes the result of the last try with the database.
func (s *Store) databaseState(err error) {
	s.mu.Lock()
	s.logTransition(s.applyFault.err, err, "the database is away; the journal keeps the changes",
		"the database is back")
	s.applyFault = s.applyFault.after(err)
	s.mu.Unlock()
	s.watchFill()
}

// refusal returns why the database refuses what the server needs. The caller holds mu.
func (s *Store) refusal() fault {
	if s.applyRefusal.err != nil {
		return s.applyRefusal
	}
	return s.readRefusal
}

// refusalState notes in one of the store's refusals the result of the last try.
func (s *Store) refusalState(of *fault, err error) {
	s.mu.Lock()
	s.logTransition(of.err, err,
		"the database refuses what the server needs; changes wait in the journal, in order, until its tables are "+
			"right again",
		"the database takes changes again")
	*of = of.after(err)
	s.mu.Unlock()
	s.watchFill()
}

// logTransition logs when a fault comes and when it goes.
func (s *Store) logTransition(before, after error, came, went string) {
	switch {
	case before == nil && after != nil:
		s.log.Error().Err(after).Msg(came)
	case before != nil && after == nil:
		s.log.Info().Msg(went)
	}
}

// fault is an error that lasts.
type fault struct {
	err   error // nil = no fault
	since time.Time
}

// after returns the fault after a try that ended with err.
func (f fault) after(err error) fault {
	switch {
	case err == nil:
		return fault{}
	case f.err == nil:
		return fault{err, time.Now()}
	}
	return fault{err, f.since}
}

func (f fault) away(what string) error {
	return fmt.Errorf("%s away for %d s: %w", what, int(time.Since(f.since).Seconds()), f.err)
}

func (f fault) refused() error {
	return fmt.Errorf("the database refuses changes for %d s: %w", int(time.Since(f.since).Seconds()), f.err)
}

// grouped returns 1,204 for 1204.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// mebibytes returns 1.2 MiB for that many bytes.
func mebibytes(bytes int64) string {
	tenths := int((bytes*10 + 1<<19) >> 20)
	return fmt.Sprintf("%s.%d MiB", grouped(tenths/10), tenths%10)
}
