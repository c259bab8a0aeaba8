package e2e

import (
	"strings"
	"testing"
	"time"
)

// tableCatchesUp lets FreeSWITCH write what has happened into the table behind `show channels`. A
// server that starts reads that table, and an old state there would deceive it. FreeSWITCH writes
// the table in a thread of its own and reports nothing when it has, so the test can only wait.
func tableCatchesUp() { time.Sleep(time.Second) }

// switchSeesTheDeath lets FreeSWITCH read that the connections to a killed server are closed. It
// reports nothing when it has, so the test can only wait. Until then it may leave a channel parked
// for ever that it would let go of afterwards.
func switchSeesTheDeath() { time.Sleep(100 * time.Millisecond) }

func TestCrashLeavesTalksAloneAndWaitingCallersComeBackToTheirPlace(t *testing.T) {
	f := floor{
		groups: []groupRow{{number: patient}},
		agents: []agentRow{{name: "anna", groups: patient}, {name: "bert", groups: patient}},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["bert"])
		mary := w.dials("mary", patient)
		mary.talksTo("anna")
		paul := w.dials("paul", patient)
		paul.hears("silence_stream://-1")
		rita := w.dials("rita", patient)
		rita.hears("silence_stream://-1")
		tableCatchesUp()
		w.srv.kill()
		w.srv.start()
		mary.talksTo("anna")
		paul.story("queue add", "queue add")
		rita.story("queue add", "queue add")
		w.srv.must("nway_ready " + w.ext["bert"])
		paul.talksTo("bert")
		rita.story("queue add", "queue add")
		mary.talksTo("anna")
		paul.hangsUp()
		rita.talksTo("bert")
		rita.hangsUp()
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestTalkEndsForTheCallerTooWhenTheServerIsDead(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		w.lineIsEmpty()
		w.srv.kill()
		switchSeesTheDeath()
		mary.talksTo("anna")
		w.hangsUp("anna")
		began := time.Now()
		mary.isGone()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("mary stayed %s alone", took)
		}
		w.srv.start()
		w.becomes("anna", "reged up idle ready")
		w.cleanAfter()
	})
}

func TestCallerHangsUpWhileTheServerIsDead(t *testing.T) {
	onBoth(t, floor{groups: []groupRow{{number: patient}}}, func(t *testing.T, w *world) {
		mary := w.dials("mary", patient)
		mary.hears("silence_stream://-1")
		tableCatchesUp()
		w.srv.kill()
		mary.hangsUp()
		mary.isGone()
		w.srv.start()
		mary.story("queue add", "queue remove")
		mary.cdr("outcome=error")
		w.lineIsEmpty()
	})
}

func TestCrashWhileAPhoneRingsLeavesNoSecondLeg(t *testing.T) {
	onBoth(t,
		floor{
			groups: []groupRow{{number: patient}},
			agents: []agentRow{{name: "anna", groups: patient, phone: ringsOn()}},
		}, func(t *testing.T, w *world) {
			mary := w.dials("mary", patient)
			mary.rings("anna")
			tableCatchesUp()
			w.srv.kill()
			w.phone("anna", answers())
			w.srv.start()
			mary.talksTo("anna")
			mary.hangsUp()
			mary.isGone()
			w.cleanAfter()
			for _, twice := range w.ear.atOnce() {
				t.Error(twice)
			}
		})
}

func TestCrashWhileTheJobNumberIsSaidKeepsThePlace(t *testing.T) {
	f := floor{
		groups: []groupRow{{number: patient}},
		agents: []agentRow{{
			name: "anna", groups: patient,
			set: map[string]string{"say_job_number": "1", "job_number": strings.Repeat("1", 30)},
		}},
		config: jobNumbers(settings{}),
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.dials("mary", patient)
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1")
		paul := w.dials("paul", patient)
		paul.story("queue add")
		w.srv.must("nway_busy " + w.ext["anna"])
		if other := mary.with(); other != "" {
			t.Fatalf("talks to %s already", other)
		}
		w.srv.kill()
		w.srv.start()
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "queue add")
		paul.story("queue add", "queue add")
		w.srv.must("nway_ready " + w.ext["anna"])
		mary.talksTo("anna")
		paul.story("queue add", "queue add")
		mary.hangsUp()
		paul.talksTo("anna")
		paul.hangsUp()
		mary.cdr("outcome=answered", "agent=anna")
		w.cleanAfter()
	})
}

func TestCrashDuringATalkKeepsTheAgentFromOtherCalls(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		tableCatchesUp()
		w.srv.kill()
		w.srv.start()
		paul := w.arrives("paul")
		paul.storyStays("queue add")
		mary.talksTo("anna")
		mary.hangsUp()
		paul.talksTo("anna")
		paul.hangsUp()
		w.cleanAfter()
		for _, twice := range w.ear.atOnce() {
			t.Error(twice)
		}
	})
}

func TestCrashWhileACallerWaitsAfterATalk(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}, {name: "bert", phone: ringsOn()}}},
		func(t *testing.T, w *world) {
			w.srv.must("nway_busy " + w.ext["bert"])
			mary := w.arrives("mary")
			mary.talksTo("anna")
			w.srv.must("nway_busy " + w.ext["anna"])
			w.srv.must("nway_ready " + w.ext["bert"])
			w.srv.must("nwayacd_transfer " + mary.uuid + " " + w.ext["bert"])
			mary.rings("bert")
			mary.hears("silence_stream://-1")
			tableCatchesUp()
			w.srv.kill()
			w.phone("bert", answers())
			w.srv.start()
			mary.talksTo("bert")
			mary.hangsUp()
			w.cleanAfter()
		})
}
