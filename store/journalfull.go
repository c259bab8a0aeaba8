package store

import (
	"errors"
	"math"

	"nwayacd/queue"
)

// The journal has a bound, of bytes that wait for the database, and another of bytes that wait for the disk. At either one calls go on:
// what cannot be kept is given up, by what it is.
//
//   - History (CDRs, offers, agents' logs) is written, whole, to the log, for an operator to put into the database.
//   - State (of agents, places, talks, memberships, cursors) is dropped; the present state of the floor is written anew when there is room.
//   - What somebody ordered (accounts, groups, lists) is rare: an eighth more of room is reserved for it.

// DefaultJournalLimit is Options.JournalLimit where that is 0.
const DefaultJournalLimit = 1 << 30

// ErrNotKept is in the error of Sync for a change that is in force but that neither disk nor database could take.
var ErrNotKept = errors.New("the journal is full: the change is in force but not safe")

// notKept is the sequence of what could not be kept.
const notKept = math.MaxUint64

func isHistory(c *queue.Change) bool { return c.CDR != nil || c.Offer != nil || c.AgentLog != nil }

func isOperatorChange(c *queue.Change) bool {
	switch {
	case c.Agent != nil:
		return c.Agent.JobNumber != nil || c.Agent.SayJobNumber != nil
	case c.Group != nil:
		return c.Group.Cursor == nil
	}
	return c.AgentAdded != nil || c.AgentRemoved != nil || c.GroupAdded != nil || c.GroupRemoved != nil ||
		c.Blacklisted != nil || c.Unblacklisted != nil || c.VIPAdded != nil || c.VIPRemoved != nil
}

// endsTalkOf reports whether c ends the talk whose CDR is the last of before. With one of the two alone, a restart would write that CDR again, or
// never.
func endsTalkOf(before []queue.Change, c *queue.Change) bool {
	if c.TalkOver == nil || len(before) == 0 {
		return false
	}
	cdr := before[len(before)-1].CDR
	return cdr != nil && cdr.UUID == *c.TalkOver
}

// giveUp is for a change that the journal refused.
func (s *Store) handleRefused(c *queue.Change, body []byte) {
	if isHistory(c) {
		n := s.givenUp.Add(1)
		s.log.Error().RawJSON("change", body).Uint64("given_up", n).Msg("the journal is full: this record is kept in this line only")
		return
	}
	s.noteWrite(c, notKept, body) // nothing read from the database is newer, until it is written anew
	s.dropped.Add(1)
	if isOperatorChange(c) {
		s.requestResync(resyncAll)
	} else {
		s.requestResync(resyncState)
	}
}

// debt is what of the floor is to be written anew.
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

// settleDebt has the floor written anew where that is owed and there is room; it reports whether nothing is owed any more.
func (s *Store) runResync() bool {
	s.mu.Lock()
	d := s.resyncDue
	if d == resyncNone || !s.journal.halfEmpty() {
		s.mu.Unlock()
		return d == resyncNone
	}
	s.resyncDue = resyncNone
	s.mu.Unlock()
	dropped := s.dropped.Load()
	s.log.Warn().Uint64("dropped", dropped-s.resynced.Swap(dropped)).Bool("whole", d == resyncAll).Msg("the floor is written anew")
	if s.onResync != nil {
		s.onResync(d == resyncAll)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resyncDue == resyncNone
}

// watchBound logs when the journal fills, and when it does no more.
func (s *Store) watchFill() {
	bytes, _ := s.journal.lag()
	limit := s.journal.limit
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

// waiting is how many changes are in the journal and not in the database.
func (s *Store) waiting() int { return int(max(s.journal.newest(), s.applied.get()) - s.applied.get()) }
