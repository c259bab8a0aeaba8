package store

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"nwayacd/queue"
)

// withFewLoaded makes a load read so many memories until the test ends.
func withFewLoaded(t *testing.T, n int) {
	t.Helper()
	before := loadedMemories
	t.Cleanup(func() { loadedMemories = before })
	loadedMemories = n
}

// TestALoadReadsTheNewestMemoriesAndTheOthersComeLater has one that is too old.
func TestALoadReadsTheNewestMemoriesAndTheOthersComeLater(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		want := map[string]string{}
		now := time.Now()
		for i := range recalledTogether + 5 {
			m := queue.Memory{
				Caller: fmt.Sprint(i), Group: "110", Agent: fmt.Sprint("a", i), At: now.Add(-time.Duration(i) * time.Second),
			}
			s.Write(queue.Change{Remembered: &m})
			want[m.Caller] = m.Agent
		}
		s.Write(queue.Change{Remembered: &queue.Memory{Caller: "old", Group: "110", Agent: "a", At: now.AddDate(0, 0, -40)}})
		flush(t, s)
		stop()

		withFewLoaded(t, 3)
		parts := make(chan []queue.Memory, 10)
		o.OnMemories = func(part []queue.Memory) { parts <- append([]queue.Memory{}, part...) }
		o.Remember = 30 * 24 * time.Hour
		s = open(t, o)
		snap := load(t, s)
		if len(snap.Memories) != 3 || snap.Memories[0].Caller != "0" || snap.Memories[2].Caller != "2" {
			t.Errorf("a load has %v", snap.Memories)
		}
		start(t, s)
		got := map[string]string{}
		for len(got) < len(want) {
			select {
			case part := <-parts:
				if len(part) > recalledTogether {
					t.Errorf("%d together", len(part))
				}
				for _, m := range part {
					got[m.Caller] = m.Agent
				}
			case <-within(t).Done():
				t.Fatalf("%d of %d memories came", len(got), len(want))
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
}
