package e2e

import (
	"testing"
	"time"
)

func TestRestartKeepsStatesCursorAndMemory(t *testing.T) {
	f := floor{
		groups: []groupRow{{number: "120", mode: 5}}, mode: 2,
		agents: []agentRow{
			{name: "anna", groups: "110,120"},
			{name: "bert", groups: "110,120"},
			{name: "carl", groups: "110,120"},
			{name: "dora"},
			{name: "emil"},
		},
		config: settings{"acd.typing-auto": "true", "acd.recover-auto": "false"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		mary.hangsUp()
		w.srv.must("nway_busy " + w.ext["dora"])
		w.srv.must("nway_logout " + w.ext["emil"])
		rita := w.dials("rita", "120")
		rita.talksTo("bert")
		rita.hangsUp()
		w.becomes("bert", "reged up idle typing")
		w.srv.must("nway_ready " + w.ext["bert"])
		w.cleanAfter()

		w.srv.stop()
		w.srv.start()
		w.becomes("anna", "reged up idle typing")
		w.becomes("dora", "reged up busy ready")
		w.becomes("emil", "reged down idle ready")
		paul := w.arrives("paul")
		paul.talksTo("bert") // the next after anna
		paul.hangsUp()
		w.becomes("bert", "reged up idle typing")
		w.srv.must("nway_ready " + w.ext["bert"])
		again := w.dials("rita", "120")
		again.talksTo("bert") // remembered; the next would be carl
		again.hangsUp()
		w.cleanAfter()
	})
}

func TestSIGTERMHandsWaitingCallersBackWhileATalkGoesOn(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}, config: settings{"server.drain-seconds": "10"}},
		func(t *testing.T, w *world) {
			mary := w.arrives("mary")
			mary.talksTo("anna")
			paul := w.arrives("paul")
			paul.hears("silence_stream://-1")
			w.srv.terminate()
			paul.isHandedBack()
			paul.story("queue add", "queue remove")
			if outcome := paul.variable("nwayacd_outcome"); outcome != "" {
				t.Errorf("nwayacd_outcome is %q: paul could not come back to a server that is up", outcome)
			}
			mary.talksTo("anna")
			select {
			case <-w.srv.process.Done():
				t.Error("nwayacd ended before the talk did")
			default:
			}
			mary.hangsUp()
			mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
				"queue remove")
			paul.hangsUp()
			select {
			case <-w.srv.process.Done():
			case <-time.After(5 * time.Second):
				t.Error("nwayacd did not end when the last talk did")
			}
			w.srv.stop()
			w.srv.start()
			mary.cdr("outcome=answered", "agent=anna", "hung_up_by=caller")
			paul.cdr("outcome=returned", "agent=")
			w.cleanAfter()
		})
}
