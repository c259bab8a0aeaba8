package store

import (
	"sync"

	"nwayacd/queue"
)

// meanwhile is what we write between the beginning of a read of everything and the moment when what was read is taken over: it is newer than what
// was read, or in it already. Its bound is that time: loadLimit, and a wait for the journal's disk.
type reloadWrites struct {
	mu      sync.Mutex
	active  bool
	records []record // in the order of their writing; with the sequence notKept those that the journal refused
}

func (m *reloadWrites) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.active, m.records = true, nil
}

func (m *reloadWrites) add(r record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.active {
		m.records = append(m.records, r)
	}
}

// end returns what was written behind seen.
func (m *reloadWrites) end(seen uint64) []record {
	m.mu.Lock()
	defer m.mu.Unlock()
	newer := m.records
	for i, r := range m.records {
		if r.seq <= seen { // also what was refused before it has been written anew since
			newer = m.records[i+1:]
		}
	}
	m.active, m.records = false, nil
	return newer
}

// upToDate puts on snap, which has all up to seen, what was written since. Where nothing is written while it runs, snap is what is in force.
func (s *Store) applyReloadWrites(snap *queue.Snapshot, seen uint64) {
	for _, e := range decode(s.reloadWrites.end(seen)) {
		if e.change.Remembered == nil { // who is read anew never replaces a newer memory, and there may be very many
			snap.Apply(e.change)
		}
	}
}
