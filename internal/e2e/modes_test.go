package e2e

import (
	"slices"
	"testing"
)

// three has agents whose extensions are in another order as numbers than as texts.
var three = []agentRow{{name: "ten", ext: "10%d"}, {name: "eleven", ext: "11%d"}, {name: "nine", ext: "9%d"}}

// serves lets a caller call, talk and hang up, and returns the agent who answered.
func (w *world) serves(caller string) string {
	w.t.Helper()
	c := w.arrives(caller)
	var ext string
	eventually(w.t, patience, "an agent answers "+caller, func() bool { ext = c.with(); return ext != "" })
	c.hangsUp()
	c.isGone()
	for name := range w.ext {
		if w.ext[name] == ext {
			w.becomes(name, "reged up idle ready")
			return name
		}
	}
	w.t.Fatalf("%s talked to %s, who is no agent", caller, ext)
	return ""
}

func (w *world) servedBy(t *testing.T, want ...[2]string) {
	t.Helper()
	for _, pair := range want {
		if agent := w.serves(pair[0]); agent != pair[1] {
			t.Errorf("%s was served by %s, not %s", pair[0], agent, pair[1])
		}
	}
}

func TestModeSequenceTakesTheLowestNumber(t *testing.T) {
	onBoth(t, floor{mode: 0, agents: three}, func(t *testing.T, w *world) {
		w.servedBy(t, [2]string{"mary", "nine"}, [2]string{"paul", "nine"})
		w.srv.must("nway_busy " + w.ext["nine"])
		w.servedBy(t, [2]string{"mary", "ten"})
		w.srv.must("nway_ready " + w.ext["nine"])
		w.servedBy(t, [2]string{"mary", "nine"})
	})
}

func TestModeRandomTakesAnybody(t *testing.T) {
	onBoth(t, floor{mode: 1, agents: three}, func(t *testing.T, w *world) {
		first := w.serves("mary")
		for range 20 { // that all are the same has a chance of one in 3^20
			if w.serves("mary") != first {
				return
			}
		}
		t.Errorf("%s served 21 calls of 21", first)
	})
}

func TestModeCyclicTakesTheNext(t *testing.T) {
	onBoth(t, floor{mode: 2, agents: three}, func(t *testing.T, w *world) {
		w.servedBy(t, [2]string{"mary", "nine"}, [2]string{"mary", "ten"}, [2]string{"paul", "eleven"},
			[2]string{"mary", "nine"})
		w.srv.must("nway_busy " + w.ext["ten"])
		w.servedBy(t, [2]string{"mary", "eleven"})
		eventually(t, patience, "the cursor is in the database", func() bool {
			row := w.db.row("SELECT current_ext_number FROM ext_group WHERE group_number = ?", group)
			return slices.Equal(row, []string{w.ext["eleven"]})
		})
	})
}

func TestModeRememberedThenSequence(t *testing.T) {
	onBoth(t, floor{mode: 3, agents: three}, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["nine"])
		w.servedBy(t, [2]string{"mary", "ten"})
		w.srv.must("nway_ready " + w.ext["nine"])
		w.servedBy(t, [2]string{"mary", "ten"}, [2]string{"paul", "nine"})
		w.srv.must("nway_busy " + w.ext["ten"])
		w.servedBy(t, [2]string{"mary", "nine"})
		w.srv.must("nway_ready " + w.ext["ten"])
		w.servedBy(t, [2]string{"mary", "nine"})
	})
}

func TestModeRememberedThenRandom(t *testing.T) {
	onBoth(t, floor{mode: 4, agents: three}, func(t *testing.T, w *world) {
		first := w.serves("mary")
		w.servedBy(t, [2]string{"mary", first}, [2]string{"mary", first}, [2]string{"mary", first},
			[2]string{"mary", first})
		w.srv.must("nway_busy " + w.ext[first])
		if other := w.serves("mary"); other == first {
			t.Errorf("%s served mary and is busy", first)
		}
	})
}

func TestModeRememberedThenCyclic(t *testing.T) {
	onBoth(t, floor{mode: 5, agents: three}, func(t *testing.T, w *world) {
		w.servedBy(t, [2]string{"mary", "nine"}, [2]string{"paul", "ten"}, [2]string{"mary", "nine"},
			[2]string{"rita", "ten"}, [2]string{"paul", "ten"})
		eventually(t, patience, "the memory is in the database", func() bool {
			row := w.db.row("SELECT agent_number, group_number FROM cf_call_remember WHERE call_number = ?",
				w.numberOf("mary"))
			return slices.Equal(row, []string{w.ext["nine"], group})
		})
	})
}
