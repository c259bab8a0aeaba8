package e2e

import (
	"fmt"
	"testing"
	"time"
)

// crowd is twelve callers for two agents. The first two talk, and the others wait.
func (w *world) crowd() (all []*call) {
	w.t.Helper()
	for i := range 12 {
		c := w.dials(fmt.Sprintf("caller%02d", i), patient)
		eventually(w.t, patience, c.name+" is in the line", func() bool { return len(w.ear.story(c.uuid)) > 0 })
		all = append(all, c)
		if i == 1 {
			all[0].isInTalk("anna")
			all[1].isInTalk("bert")
		}
	}
	all[11].hears("silence_stream://-1")
	tableCatchesUp()
	return all
}

// goesOn checks that the two talks were not disturbed, and lets every caller be served.
func (w *world) goesOn(all []*call) {
	w.t.Helper()
	all[0].talksTo("anna")
	all[1].talksTo("bert")
	for i, agent := range []string{"anna", "bert"} {
		if state := w.agent(agent); state.Call != "talking" || state.UUID != all[i].uuid {
			w.t.Errorf("%s is %+v", agent, state)
		}
		w.phone(agent, answersFor(200*time.Millisecond))
	}
	for _, c := range all[2:] {
		eventually(w.t, 20*time.Second, c.name+" is back", func() bool {
			adds := 0
			for _, line := range w.ear.story(c.uuid) {
				if line == "queue add" {
					adds++
				}
			}
			return adds == 2
		})
	}
	all[0].hangsUp()
	all[1].hangsUp()
	for _, c := range all {
		eventually(w.t, time.Minute, c.name+"'s call is over", func() bool { return c.channel().gone })
	}
	w.cleanAfter()
	for _, twice := range w.ear.atOnce() {
		w.t.Error(twice)
	}
}

func TestTwelveCallersOutliveTheServersDeath(t *testing.T) {
	f := floor{
		groups: []groupRow{{number: patient}},
		agents: []agentRow{{name: "anna", groups: patient}, {name: "bert", groups: patient}},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		all := w.crowd()
		w.srv.kill()
		w.srv.start()
		w.goesOn(all)
		for _, c := range all {
			c.cdr("outcome=answered")
		}
		for i, row := range w.db.rows("SELECT call_uuid FROM nwayacd_offer GROUP BY call_uuid ORDER BY min(offered)") {
			if row[0] != all[i].uuid {
				t.Fatalf("the first offer no. %d was not %s's", i, all[i].name)
			}
		}
	})
}

func TestTwelveCallersOutliveARestart(t *testing.T) {
	f := floor{
		groups: []groupRow{{number: patient}},
		agents: []agentRow{{name: "anna", groups: patient}, {name: "bert", groups: patient}},
		config: settings{"server.drain-seconds": "1"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		all := w.crowd()
		w.srv.stop()
		w.srv.start()
		w.goesOn(all)
		for i, c := range all {
			eventually(t, patience, "a CDR that says who answered "+c.name, func() bool {
				return len(w.db.rows("SELECT 1 FROM nwayacd_cdr WHERE call_uuid = ? AND outcome = 'answered'",
					c.uuid)) == 1
			})
			returned := len(w.db.rows("SELECT 1 FROM nwayacd_cdr WHERE call_uuid = ? AND outcome = 'returned'", c.uuid))
			if want := min(i/2, 1); returned != want {
				t.Errorf("%s was returned %d times, not %d", c.name, returned, want)
			}
		}
	})
}
