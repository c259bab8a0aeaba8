package e2e

import (
	"slices"
	"testing"
	"time"
)

// soon is how long an edit by another program may take to be in force.
// It takes milliseconds on an idle machine, which a test cannot rely on.
const soon = 2 * time.Second

// onPostgres skips a situation, loudly, if there is no PostgreSQL.
func onPostgres(t *testing.T) {
	if testDSN == "" {
		t.Skip(
			"POSTGRESQL IS LEFT OUT: NWAYACD_TEST_DSN is not set, and no other program edits the rows of the " +
				"embedded SQLite")
	}
}

// takesEffect measures the time from the commit of an edit until its effect is there.
func (w *world) takesEffect(what string, edit row, so func() bool) {
	w.t.Helper()
	w.insert(edit)
	began := time.Now()
	eventually(w.t, patience, what, so)
	if took := time.Since(began); took > soon {
		w.t.Errorf("%s: in force after %s", what, took)
	}
}

func TestRowsEditedByAnotherProgram(t *testing.T) {
	onPostgres(t)
	f := floor{groups: []groupRow{{number: "120"}}, agents: []agentRow{{name: "anna"}, {name: "bert", groups: "120"}}}
	onEachAlone(t, f, func(t *testing.T, w *world) {
		is := func(agent, want string) func() bool { return func() bool { return w.agent(agent).String() == want } }
		available := func(agent string, want bool) func() bool {
			return func() bool { return w.agent(agent).Available == want }
		}
		w.takesEffect("anna is busy",
			row{"UPDATE call_extension SET seat_status = 'busy' WHERE extension_number = ?", []string{"$anna"}},
			is("anna", "reged up busy ready"))
		w.takesEffect("anna is idle",
			row{"UPDATE call_extension SET seat_status = 'READY' WHERE extension_number = ?", []string{"$anna"}},
			is("anna", "reged up idle ready"))
		w.takesEffect("anna is not to be disturbed",
			row{"UPDATE call_extension SET dnd = true WHERE extension_number = ?", []string{"$anna"}},
			available("anna", false))
		mary := w.arrives("mary")
		mary.story("queue add")
		w.takesEffect("bert's phone rings for mary",
			row{
				"INSERT INTO ext_group_map (id, ext_group_id, ext_group_number, ext) VALUES (0, 0, '110', ?)",
				[]string{"$bert"},
			},
			func() bool { return len(w.ear.story(mary.uuid)) > 1 })
		mary.talksTo("bert")
		w.takesEffect("bert is a member no more",
			row{"DELETE FROM ext_group_map WHERE ext_group_number = '110' AND ext = ?", []string{"$bert"}},
			func() bool { return slices.Equal(w.agent("bert").Groups, []string{"120"}) })
		mary.talksTo("bert")
		mary.hangsUp()
		mary.story("queue add", "queue remove bert", "callout bert 1", "answered bert 1", "hangup bert 1",
			"queue remove")
		w.takesEffect("anna may be disturbed",
			row{"UPDATE call_extension SET dnd = false WHERE extension_number = ?", []string{"$anna"}},
			available("anna", true))
		w.cleanAfter()
	})
}

func TestForeignCallStateIsRewrittenDuringATalk(t *testing.T) {
	onPostgres(t)
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		state := func() string {
			return w.db.row("SELECT call_state FROM call_extension WHERE extension_number = ?", w.ext["anna"])[0]
		}
		eventually(t, patience, "the row says talking", func() bool { return state() == "talking" })
		w.insert(row{"UPDATE call_extension SET call_state = 'ready' WHERE extension_number = ?", []string{"$anna"}})
		eventually(t, patience, "the row says talking again", func() bool { return state() == "talking" })
		paul := w.arrives("paul")
		paul.story("queue add")
		mary.hangsUp()
		paul.talksTo("anna")
		paul.hangsUp()
		w.agentStory("anna", "login", "ring", "talking", "ready", "ring", "talking", "ready")
		w.cleanAfter()
	})
}

func TestVIPAndBlacklistRowsTakeEffectAtOnce(t *testing.T) {
	onPostgres(t)
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["anna"])
		mary := w.arrives("mary")
		mary.story("queue add")
		w.insert(row{"INSERT INTO call_vip_number (phone_number, group_number) VALUES (?, '110')", []string{"#rita"}})
		w.insert(row{"INSERT INTO call_blacklist (call_number, category) VALUES (?, 0)", []string{"#paul"}})
		time.Sleep(soon) // no command shows whether the rows are in force
		rita := w.arrives("rita")
		rita.story("queue add")
		paul := w.arrives("paul")
		paul.isGone()
		paul.cdr("outcome=blacklisted")
		w.srv.must("nway_ready " + w.ext["anna"])
		rita.talksTo("anna")
		mary.story("queue add")
		rita.hangsUp()
		mary.talksTo("anna")
		mary.hangsUp()
		w.cleanAfter()
	})
}
