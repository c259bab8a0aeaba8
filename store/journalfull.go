package store

import (
	"errors"
	"math"

	"nwayacd/queue"
)

// The journal has one limit for bytes that wait for the database, and one for bytes that wait for
// the disk. At a limit calls go on. What happens to a change depends on its kind:
//
//   - Records (CDRs, offers, agents' logs, audit) are written whole to the log. An operator can put
//     them into the database.
//   - State (of agents, places, talks, memberships, cursors) is dropped. When there is room again,
//     all state is written.
//   - Commands (accounts, groups, lists, users) are rare, so an eighth of the journal is reserved
//     for them.

// DefaultJournalLimit is the limit if Options.JournalLimit is 0.
const DefaultJournalLimit = 1 << 30

// ErrNotKept is in the error of Sync if a change is in force but neither in the database nor in the
// journal.
var ErrNotKept = errors.New("the journal is full: the change is in force but not safe")

// notKept is the sequence of a change that the journal refused.
const notKept = math.MaxUint64

func isHistory(c *queue.Change) bool {
	return c.CDR != nil || c.Offer != nil || c.AgentLog != nil || c.WrapUp != nil ||
		c.Auth != nil && c.Auth.Audit != nil
}

func isOperatorChange(c *queue.Change) bool {
	switch {
	case c.Agent != nil:
		return c.Agent.JobNumber != nil || c.Agent.SayJobNumber != nil
	case c.Group != nil:
		return c.Group.Cursor == nil
	case c.Auth != nil:
		return c.Auth.Audit == nil && c.Auth.Session == nil
	}
	return c.AgentAdded != nil || c.AgentRemoved != nil || c.GroupAdded != nil || c.GroupRemoved != nil ||
		c.Blacklisted != nil || c.Unblacklisted != nil || c.VIPAdded != nil || c.VIPRemoved != nil
}

// endsTalkOf reports whether c ends the talk whose CDR is the last of before. The two must be
// accepted together. With only one of them, a restart would write the CDR twice or never.
func endsTalkOf(before []queue.Change, c *queue.Change) bool {
	if c.TalkOver == nil || len(before) == 0 {
		return false
	}
	cdr := before[len(before)-1].CDR
	return cdr != nil && cdr.UUID == *c.TalkOver
}

// handleRefused logs a record that the journal refused, and requests a resync for other changes.
func (s *Store) handleRefused(c *queue.Change, body []byte) {
	if isHistory(c) {
		n := s.givenUp.Add(1)
		s.log.Error().RawJSON("change", body).Uint64("given_up", n).
			Msg("the journal is full: this record is in this log line only")
		return
	}
	s.noteWrite(c, notKept, body) // until the resync, nothing read from the database is newer
	s.dropped.Add(1)
	if isOperatorChange(c) {
		s.requestResync(resyncAll)
	} else {
		s.requestResync(resyncState)
	}
}

// logUnkept logs the records that the disk did not take until the server ended, and how many orders
// are lost with them. Those were answered with -ERR.
func (s *Store) logUnkept() {
	orders := 0
	for _, e := range decode(s.journal.Unkept()) {
		switch {
		case isHistory(&e.change):
			s.log.Error().RawJSON("change", e.Body).Uint64("given_up", s.givenUp.Add(1)).
				Msg("the server ends, and its disk takes nothing: this record is in this log line only")
		case isOperatorChange(&e.change):
			orders++
		}
	}
	if orders > 0 {
		s.log.Error().Int("orders", orders).
			Msg("the server ends, and its disk took nothing: orders that were answered with -ERR are lost")
	}
}

// resync says which part of the floor must be written to the database again.
type resync uint8

const (
	resyncNone  resync = iota
	resyncState        // what distribution changes by itself
	resyncAll
)

func (s *Store) requestResync(d resync) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resyncDue = max(s.resyncDue, d)
}

func (s *Store) resyncPending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resyncDue != resyncNone
}

// runResync has the floor written again if that is due and there is room. It returns true if
// nothing is due any more.
func (s *Store) runResync() bool {
	s.mu.Lock()
	d := s.resyncDue
	if d == resyncNone || !s.journal.HalfEmpty() {
		s.mu.Unlock()
		return d == resyncNone
	}
	s.resyncDue = resyncNone
	s.mu.Unlock()
	dropped := s.dropped.Load()
	s.log.Warn().Uint64("dropped", dropped-s.resynced.Swap(dropped)).Bool("whole", d == resyncAll).
		Msg("the state is written to the database again")
	if s.onResync != nil {
		s.onResync(d == resyncAll)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resyncDue == resyncNone
}

// watchFill logs when the journal fills up, and when it has room again.
func (s *Store) watchFill() {
	bytes, _ := s.journal.Lag()
	limit := s.journal.Limit()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch was := s.fillAlarm; {
	case !was && bytes > limit/4*3:
		s.fillAlarm = true
		s.log.Error().Int64("bytes", bytes).Int64("limit", limit).Int("changes", s.waiting()).
			Msg("the journal is more than three quarters full; when it is full, records go to the log")
	case was && bytes < limit/2:
		s.fillAlarm = false
		s.log.Warn().Int64("bytes", bytes).Int64("limit", limit).Uint64("given_up", s.givenUp.Load()).
			Msg("the journal has room again")
	}
}

// waiting returns how many changes are in the journal and not in the database.
func (s *Store) waiting() int { return int(max(s.journal.Newest(), s.applied.Get()) - s.applied.Get()) }
