package store

import (
	"sync"

	"nwayacd/queue"
	"nwayacd/store/journal"
)

// reloadWrites collects what is written while everything is read, until the result is in force.
// These changes are newer than the result, or are in it already. Their number is bounded by that
// time: loadLimit, and a wait for the journal's disk.
type reloadWrites struct {
	mu      sync.Mutex
	active  bool
	records []journal.Record // in the order of writing; the sequence is notKept if the journal refused the change
}

func (m *reloadWrites) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.active, m.records = true, nil
}

func (m *reloadWrites) add(r journal.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.active {
		m.records = append(m.records, r)
	}
}

// end stops collecting. It returns the changes after seen.
func (m *reloadWrites) end(seen uint64) []journal.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	newer := m.records
	for i, r := range m.records {
		if r.Seq <= seen { // a resync has also written those that the journal refused before it
			newer = m.records[i+1:]
		}
	}
	m.active, m.records = false, nil
	return newer
}

// applyReloadWrites applies to snap, which has everything up to seen, what was written since. The
// caller must prevent writes until snap is in force.
func (s *Store) applyReloadWrites(snap *queue.Snapshot, seen uint64) {
	for _, e := range decode(s.reloadWrites.end(seen)) {
		// a memory that was read does not replace a newer one, and there may be very many
		if e.change.Remembered == nil {
			snap.Apply(e.change)
		}
	}
}
