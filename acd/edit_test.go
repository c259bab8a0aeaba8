package acd

import (
	"testing"

	"nwayacd/queue"
)

// TestNothingIsDecidedBetweenTheLastLookAtTheDatabaseAndItsUse checks the lock, because a decision
// in between would be undone.
func TestNothingIsDecidedBetweenTheLastLookAtTheDatabaseAndItsUse(t *testing.T) {
	s := ordinary("1000")
	d := newDispatcher(Options{Settings: s.settings, Journal: &memoryJournal{}}, s.snapshot)
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
