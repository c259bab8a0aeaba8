package store

import (
	"context"
	"fmt"

	"nwayacd/agent"
	"nwayacd/queue"
)

// readAll reads everything in tx; rows that mean nothing (no number) or that repeat another are left out.
func (db *database) readAll(ctx context.Context, tx *transaction, r reader) (queue.Snapshot, error) {
	accounts, err := read(ctx, tx, r.agent, db.load.agents)
	if err != nil {
		return queue.Snapshot{}, err
	}
	var snap queue.Snapshot
	for _, a := range accounts {
		snap.Agents = append(snap.Agents, a.Agent)
	}
	if snap.Groups, err = read(ctx, tx, r.group, db.load.groups); err != nil {
		return snap, err
	}
	if snap.Members, err = read(ctx, tx, r.member, db.load.members); err != nil {
		return snap, err
	}
	if snap.Blacklist, err = read(ctx, tx, r.blacklisted, db.load.blacklist); err != nil {
		return snap, err
	}
	if snap.VIPs, err = read(ctx, tx, r.vip, db.load.vips); err != nil {
		return snap, err
	}
	if snap.Memories, err = read(ctx, tx, r.memory, db.load.memories); err != nil {
		return snap, err
	}
	if snap.Waiting, err = read(ctx, tx, r.waiting, db.load.waiting); err != nil {
		return snap, err
	}
	r.tidy(&snap)
	return snap, nil
}

func read[T any](ctx context.Context, tx *transaction, one func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, one)
}

func (r reader) tidy(snap *queue.Snapshot) {
	snap.Agents = first(r, "call_extension", snap.Agents, func(a agent.Agent) string { return a.Extension })
	snap.Groups = first(r, "ext_group", snap.Groups, func(g queue.Group) string { return g.Number })
	snap.Members = keep(snap.Members, func(m queue.Member) bool { return m.Group != "" && m.Extension != "" })
	snap.Blacklist = keep(snap.Blacklist, func(b queue.Blacklisted) bool { return b.Number != "" })
	snap.VIPs = keep(snap.VIPs, func(v queue.VIP) bool { return v.Number != "" })
	snap.Waiting = keep(snap.Waiting, func(w queue.Waiting) bool { return w.UUID != "" })
	snap.Memories = latest(snap.Memories)
}

// first keeps the first row of each key.
func first[T any](r reader, table string, rows []T, key func(T) string) []T {
	seen := map[string]bool{"": true}
	return keep(rows, func(row T) bool {
		k := key(row)
		if seen[k] {
			r.log.Warn().Str("table", table).Str("row", k).Msg("the row repeats another, or has no number, and is left out")
			return false
		}
		seen[k] = true
		return true
	})
}

func keep[T any](rows []T, good func(T) bool) []T {
	var kept []T
	for _, row := range rows {
		if good(row) {
			kept = append(kept, row)
		}
	}
	return kept
}

// latest keeps the newest memory of each caller and group.
func latest(memories []queue.Memory) []queue.Memory {
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

// Load applies what the journal still holds and returns everything. Callers who waited when the last process ended are in it: what
// becomes of them is the dispatcher's business.
func (s *Store) Load(ctx context.Context) (queue.Snapshot, error) {
	if err := s.journal.commit(); err != nil {
		return queue.Snapshot{}, err
	}
	if err := s.turn.lock(ctx); err != nil {
		return queue.Snapshot{}, fmt.Errorf("store: load: %w", err)
	}
	defer s.turn.unlock()
	for target := s.journal.durable.get(); s.applied.get() < target; {
		if err := s.applyNext(ctx); err != nil {
			return queue.Snapshot{}, err
		}
	}
	snap, applied, err := s.readMoment(ctx)
	if err != nil {
		return queue.Snapshot{}, s.wrap(ctx, "load", err)
	}
	return snap, s.overlayJournal(&snap, applied)
}

// readMoment reads everything and how far the journal was applied at that moment.
func (s *Store) readMoment(ctx context.Context) (snap queue.Snapshot, applied uint64, err error) {
	tx, err := s.db.BeginTx(ctx, s.db.snapshot)
	if err != nil {
		return snap, 0, err
	}
	defer tx.Rollback() // it only reads
	if snap, err = s.db.readAll(ctx, tx, reader{s.log}); err != nil {
		return snap, 0, err
	}
	applied, err = s.db.applied(ctx, tx, s.dir.identity)
	return snap, applied, err
}

// overlayJournal puts on snap what was written while it was read. Whoever calls it holds the turn, so nothing leaves the journal.
func (s *Store) overlayJournal(snap *queue.Snapshot, applied uint64) error {
	if err := s.journal.commit(); err != nil {
		return err
	}
	for at := (cursor{}); ; {
		records, err := s.journal.read(applied, batchBytes, &at)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, e := range decode(records) {
			overlay(snap, e.change)
		}
		applied = records[len(records)-1].seq
	}
}
