package store

import (
	"context"
	"fmt"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/wait"
	"nwayacd/queue"
	"nwayacd/store/journal"
)

// readAll reads everything in tx. Rows without a number, and rows that repeat another, are left
// out.
func (db *database) readAll(ctx context.Context, tx *transaction, r reader) (
	snap queue.Snapshot, passwords map[string]string, err error,
) {
	accounts, err := read(ctx, tx, r.agent, db.load.agents)
	if err != nil {
		return snap, nil, err
	}
	passwords = map[string]string{}
	for _, a := range accounts {
		snap.Agents = append(snap.Agents, a.Agent)
		passwords[a.Extension] = a.password
	}
	if snap.Groups, err = read(ctx, tx, r.group, db.load.groups); err != nil {
		return snap, nil, err
	}
	if snap.Members, err = read(ctx, tx, r.member, db.load.members); err != nil {
		return snap, nil, err
	}
	if snap.Blacklist, err = read(ctx, tx, r.blacklisted, db.load.blacklist); err != nil {
		return snap, nil, err
	}
	if snap.VIPs, err = read(ctx, tx, r.vip, db.load.vips); err != nil {
		return snap, nil, err
	}
	if snap.Memories, err = read(ctx, tx, r.memory, db.load.memories, loadedMemories); err != nil {
		return snap, nil, err
	}
	if snap.Reasons, err = read(ctx, tx, r.reason, db.load.reasons); err != nil {
		return snap, nil, err
	}
	if snap.Waiting, err = read(ctx, tx, r.waiting, db.load.waiting); err != nil {
		return snap, nil, err
	}
	if snap.Talks, err = read(ctx, tx, r.talk, db.load.talks); err != nil {
		return snap, nil, err
	}
	if snap.Auth, err = db.readAuth(ctx, tx, r); err != nil {
		return snap, nil, err
	}
	if snap.Working, err = read(ctx, tx, r.working, db.figures.allOpen); err != nil {
		return snap, nil, err
	}
	r.tidy(&snap)
	return snap, passwords, nil
}

func read[T any](ctx context.Context, tx *transaction, one func(func(...any) error) (T, error), query string,
	args ...any,
) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, one)
}

func (r reader) tidy(snap *queue.Snapshot) {
	snap.Agents = uniqueBy(r, "call_extension", snap.Agents, func(a agent.Agent) string { return a.Extension })
	snap.Groups = uniqueBy(r, "ext_group", snap.Groups, func(g queue.Group) string { return g.Number })
	snap.Members = filtered(snap.Members, func(m queue.Member) bool { return m.Group != "" && m.Extension != "" })
	snap.Blacklist = filtered(snap.Blacklist, func(b queue.Blacklisted) bool { return b.Number != "" })
	snap.VIPs = filtered(snap.VIPs, func(v queue.VIP) bool { return v.Number != "" })
	snap.Waiting = filtered(snap.Waiting, func(w queue.Waiting) bool { return w.UUID != "" })
	snap.Talks = filtered(snap.Talks, func(t queue.Talk) bool { return t.CDR.UUID != "" })
	snap.Memories = newestMemories(snap.Memories)
	// not nil, because the database knows them
	reasons := filtered(snap.Reasons, func(r queue.Reason) bool { return r.Code != "" })
	snap.Reasons = append([]queue.Reason{}, reasons...)
}

// uniqueBy keeps the first row of each key.
func uniqueBy[T any](r reader, table string, rows []T, key func(T) string) []T {
	seen := map[string]bool{"": true}
	return filtered(rows, func(row T) bool {
		k := key(row)
		if seen[k] {
			r.log.Warn().Str("table", table).Str("row", k).
				Msg("the row repeats another, or has no number, and is left out")
			return false
		}
		seen[k] = true
		return true
	})
}

func filtered[T any](rows []T, good func(T) bool) []T {
	var kept []T
	for _, row := range rows {
		if good(row) {
			kept = append(kept, row)
		}
	}
	return kept
}

// newestMemories keeps the newest memory for each caller and group.
func newestMemories(memories []queue.Memory) []queue.Memory {
	var kept []queue.Memory
	at := map[[2]string]int{}
	for _, m := range memories {
		i, known := at[[2]string{m.Caller, m.Group}]
		switch {
		case m.Caller == "" || m.Agent == "":
		case !known:
			at[[2]string{m.Caller, m.Group}] = len(kept)
			kept = append(kept, m)
		case m.At.After(kept[i].At):
			kept[i] = m
		}
	}
	return kept
}

// Load applies what the journal still holds and returns everything. It includes callers who waited
// when the last process ended. If the database was away or empty at Open, the first Load returns
// the last known state.
func (s *Store) Load(ctx context.Context) (queue.Snapshot, error) {
	if s.startState != nil {
		snap, err := s.loadStartState()
		snap.Seen = s.lastSign
		return snap, err
	}
	snap, _, err := s.load(ctx, func() {})
	snap.Seen = s.lastSign
	return snap, err
}

// load reads everything from the database. It calls begin after the journal is applied and before
// it reads. Changes after seen are not in snap.
func (s *Store) load(ctx context.Context, begin func()) (snap queue.Snapshot, seen uint64, err error) {
	if err := s.turn.lock(ctx); err != nil {
		return snap, 0, fmt.Errorf("store: load: %w", err)
	}
	defer s.turn.unlock()
	s.schemaChecked = false // it may be another server since
	if err := s.drain(ctx); err != nil {
		return snap, 0, err
	}
	if s.resyncPending() { // neither the database nor the journal has the whole state yet
		if !s.runResync() {
			return snap, 0, errNoRoom
		}
		if err := s.drain(ctx); err != nil {
			return snap, 0, err
		}
	}
	begin()
	return s.readAndOverlay(ctx)
}

// drain applies everything that is written so far, up to a change that the database refuses until
// its table is right again. overlayJournal takes the changes from there on.
func (s *Store) drain(ctx context.Context) error {
	if err := s.journal.Commit(); err != nil {
		return err
	}
	for target := s.journal.Durable(); s.applied.Get() < target; {
		err := s.attempt(ctx, s.db.batchLimit, &s.applyRefusal, s.applyRecords)
		if s.stops(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// loadLimit bounds reading everything.
const loadLimit = time.Minute

func (s *Store) readAndOverlay(ctx context.Context) (snap queue.Snapshot, seen uint64, err error) {
	var position uint64
	err = s.attempt(ctx, loadLimit, &s.readRefusal, func(ctx context.Context) (err error) {
		var found bool
		if snap, position, found, err = s.readMoment(ctx); err != nil {
			return s.wrap(ctx, "load", err)
		}
		if len(snap.Memories) >= loadedMemories {
			wait.Signal(s.recallDue)
		}
		return checkPosition(position, found, s.applied.Get())
	})
	if err != nil {
		return snap, 0, err
	}
	if seen, err = s.overlayJournal(&snap, position); err == nil && s.resyncPending() {
		err = errNoRoom
	}
	return snap, seen, err
}

// readMoment reads everything, and how far the journal was applied at that moment.
func (s *Store) readMoment(ctx context.Context) (snap queue.Snapshot, applied uint64, found bool, err error) {
	tx, err := s.db.BeginTx(ctx, s.db.snapshot)
	if err != nil {
		return snap, 0, false, err
	}
	defer tx.Rollback() // it only reads
	snap, passwords, err := s.db.readAll(ctx, tx, reader{s.log})
	if err != nil {
		return snap, 0, false, err
	}
	if applied, found, err = s.db.applied(ctx, tx, s.dir.identity); err != nil {
		return snap, 0, false, err
	}
	for extension, text := range passwords {
		s.ownWrites.confirmPassword(extension, text, applied)
	}
	return snap, applied, found, nil
}

// overlayJournal applies to snap what was written while it was read, up to seen. The caller holds
// the turn, so nothing leaves the journal.
func (s *Store) overlayJournal(snap *queue.Snapshot, applied uint64) (seen uint64, err error) {
	seen = applied
	if err := s.journal.Commit(); err != nil {
		return seen, err
	}
	for at := (journal.Cursor{}); ; {
		records, err := s.journal.Read(seen, batchBytes, &at)
		if err != nil || len(records) == 0 {
			return seen, err
		}
		for _, e := range decode(records) {
			c := e.change
			if e.Seq > s.superseded.Load() || c.Talk != nil || c.TalkOver != nil || c.Offer != nil {
				snap.Apply(c)
			}
		}
		seen = records[len(records)-1].Seq
	}
}
