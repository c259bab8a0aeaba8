package e2e

import (
	"slices"
	"testing"
)

func TestAgentFollowsTheRegistrationOfTheirPhone(t *testing.T) {
	f := floor{
		agents:     []agentRow{{name: "anna", ext: registering, phone: isAbsent()}},
		dialString: "user/{ext}",
		config:     settings{"acd.reoffer-seconds": "1"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add")
		w.becomes("anna", "unreg up idle ready")
		p := w.sw.register(t, w.ext["anna"])
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add",
			"queue remove anna", "callout anna 2", "noanswer anna 2", "queue add")
		mary.hangsUp()
		mary.isGone()
		w.becomes("anna", "reged up idle ready")
		p.unregister()
		w.becomes("anna", "unreg up idle ready")
		eventually(t, patience, "two offers are in the database, and why nothing came of them", func() bool {
			causes := w.db.rows("SELECT cause FROM nwayacd_offer WHERE call_uuid = ? ORDER BY number", mary.uuid)
			return len(causes) == 2 &&
				slices.Contains([]string{"SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED"}, causes[0][0]) &&
				causes[1][0] == "USER_BUSY"
		})
		w.cleanAfter()
	})
}
