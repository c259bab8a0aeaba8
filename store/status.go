package store

import "time"

// Status is what there is to know of the journal and the database at one moment.
type Status struct {
	Up         bool          // the database answers
	Fault      string        // why the store is not healthy; "" when it is
	Pending    int           // changes that are written and not yet in the database
	Oldest     time.Duration // since the oldest of these was written
	LimitBytes int64         // of PendingBytes: beyond it nothing more is kept
	GivenUp    uint64        // changes since the start that neither journal nor database could keep

	PendingBytes int64  // that these take in the journal
	Applied      uint64 // changes that reached the database since the start
	Statements   uint64 // SQL statements sent to the database since the start
}

// Status tells how the journal and the database are now. It waits for neither.
func (s *Store) Status() Status {
	status := Status{Up: s.databaseFault() == nil, Applied: s.counted.Load(), Statements: s.db.statements.Load()}
	if err := s.Healthy(); err != nil {
		status.Fault = err.Error()
	}
	status.Pending, status.PendingBytes, status.Oldest = s.Lag()
	return status
}

// databaseFault returns nil, or why the database is away now.
func (s *Store) databaseFault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.applyErr != nil || s.listener == nil {
		return s.applyErr
	}
	return s.listener.state()
}
