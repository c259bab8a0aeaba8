package e2e

import (
	"strings"
	"testing"
)

// carl is available but no member of the group that is called.
var withCarl = []groupRow{{number: "120"}}

func TestTransferWhileWaiting(t *testing.T) {
	f := floor{groups: withCarl, agents: []agentRow{{name: "carl", groups: "120"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.hears("silence_stream://-1")
		w.srv.must("nwayacd_transfer " + mary.uuid + " " + w.ext["carl"])
		mary.talksTo("carl")
		if ext := mary.variable("nway_transfer_ext"); ext != w.ext["carl"] {
			t.Errorf("nway_transfer_ext is %q", ext)
		}
		w.hangsUp("carl")
		mary.story("queue add", "transfered carl 1", "queue remove carl", "callout carl 1", "answered carl 1",
			"hangup carl 1", "queue remove")
		mary.cdr("outcome=transferred", "agent=carl", "group_number=110")
		w.cleanAfter()
	})
}

func TestTransferWhileRinging(t *testing.T) {
	f := floor{groups: withCarl, agents: []agentRow{{name: "anna", phone: ringsOn()}, {name: "carl", groups: "120"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.rings("anna")
		w.srv.must("nwayacd_transfer " + mary.uuid + " " + w.ext["carl"])
		mary.talksTo("carl")
		if leg := w.leg("anna"); leg != nil {
			t.Error("anna's phone rings on")
		}
		w.becomes("anna", "reged up idle ready")
		mary.hangsUp()
		mary.story("queue add", "queue remove anna", "callout anna 1",
			"transfered carl 2", "queue remove carl", "callout carl 2", "answered carl 2", "hangup carl 2",
			"queue remove")
		w.agentStory("anna", "login", "ring", "ready")
		mary.cdr("outcome=transferred", "agent=carl", "offers=2", "hung_up_by=caller")
		w.cleanAfter()
	})
}

func TestTransferWhileTalking(t *testing.T) {
	f := floor{
		groups: withCarl, agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120"}},
		config: settings{"acd.typing-auto": "true"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		before := len(mary.heard())
		w.srv.must("nwayacd_transfer " + mary.uuid + " " + w.ext["carl"])
		w.becomes("anna", "reged up idle typing")
		mary.talksTo("carl")
		if heard := mary.heard()[before:]; len(heard) != 1 || heard[0] != "silence_stream://-1" {
			t.Errorf("between the talks mary heard %v, not the hold music", heard)
		}
		mary.hangsUp()
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "transfered carl 2",
			"hangup anna 1", "queue remove carl", "callout carl 2", "answered carl 2", "hangup carl 2",
			"queue remove")
		w.agentStory("anna", "login", "ring", "talking", "typing")
		mary.cdr("outcome=transferred", "agent=carl", "offers=2")
		w.cleanAfter()
	})
}

func TestTransferToSomebodyUnavailableChangesNothing(t *testing.T) {
	f := floor{groups: withCarl, agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["carl"])
		mary := w.arrives("mary")
		mary.talksTo("anna")
		paul := w.arrives("paul")
		paul.hears("silence_stream://-1")
		for _, transfer := range []string{
			mary.uuid + " " + w.ext["carl"], paul.uuid + " " + w.ext["carl"], paul.uuid + " " + w.ext["anna"],
			paul.uuid + " 99999", "00000000-0000-0000-0000-000000000000 " + w.ext["carl"],
		} {
			if reply := w.srv.command("nwayacd_transfer " + transfer); !strings.HasPrefix(reply, "-ERR ") {
				t.Errorf("nwayacd_transfer %s: %s", transfer, reply)
			}
		}
		mary.talksTo("anna")
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1")
		paul.story("queue add")
		mary.hangsUp()
		paul.talksTo("anna")
		paul.hangsUp()
		mary.cdr("outcome=answered", "agent=anna")
		w.cleanAfter()
	})
}

func TestTransferThatIsMissedBringsTheCallerBackToTheirPlace(t *testing.T) {
	f := floor{
		groups: withCarl,
		agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120", phone: refusesWith("USER_BUSY")}},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["anna"])
		mary := w.arrives("mary")
		mary.story("queue add")
		paul := w.arrives("paul")
		paul.story("queue add")
		w.srv.must("nwayacd_transfer " + mary.uuid + " " + w.ext["carl"])
		mary.story("queue add", "transfered carl 1", "queue remove carl", "callout carl 1", "noanswer carl 1",
			"queue add")
		w.srv.must("nway_ready " + w.ext["anna"])
		mary.talksTo("anna")
		paul.story("queue add")
		mary.hangsUp()
		paul.talksTo("anna")
		paul.hangsUp()
		mary.story("queue add", "transfered carl 1", "queue remove carl", "callout carl 1", "noanswer carl 1",
			"queue add",
			"queue remove anna", "callout anna 2", "answered anna 2", "hangup anna 2", "queue remove")
		mary.cdr("outcome=answered", "agent=anna")
		w.cleanAfter()
	})
}

func TestTransferOfATalkThatIsMissedBringsTheCallerBackIntoTheLine(t *testing.T) {
	f := floor{
		groups: withCarl,
		agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120", phone: refusesWith("USER_BUSY")}},
		config: settings{"acd.typing-auto": "true"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		paul := w.arrives("paul")
		paul.story("queue add")
		w.srv.must("nwayacd_transfer " + mary.uuid + " " + w.ext["carl"])
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1",
			"transfered carl 2", "hangup anna 1", "queue remove carl", "callout carl 2", "noanswer carl 2", "queue add")
		w.srv.must("nway_ready " + w.ext["anna"])
		mary.talksTo("anna")
		paul.story("queue add")
		mary.hangsUp()
		paul.hangsUp()
		mary.cdr("outcome=answered", "agent=anna", "offers=3")
		w.cleanAfter()
	})
}
