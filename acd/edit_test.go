package acd

import (
	"testing"

	"nwayacd/queue"
)

// edit applies what another program changed in the database.
func (c *centre) edit(changes ...queue.Change) {
	c.server.Dispatcher.Edit(func() []queue.Change { return changes })
}

// TestNothingIsDecidedBetweenTheLastLookAtTheDatabaseAndItsUse: such a decision would be undone.
func TestNothingIsDecidedBetweenTheLastLookAtTheDatabaseAndItsUse(t *testing.T) {
	s := ordinary("1000")
	d := newDispatcher(Options{Settings: s.settings, Journal: &ledger{}}, s.snapshot)
	looks := 0
	look := func() {
		looks++
		if d.mu.TryLock() {
			d.mu.Unlock()
			t.Error("the floor could change meanwhile")
		}
	}
	d.Reload(func() queue.Snapshot { look(); return s.snapshot })
	d.Edit(func() []queue.Change { look(); return nil })
	if looks != 2 {
		t.Errorf("looked %d times, want 2", looks)
	}
}
