package e2e

import (
	"testing"
	"time"
)

func TestAnsweredCall(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna"}},
		config: settings{"prompts.default-agent-welcome": `"silence_stream://150"`},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		w.becomes("anna", "reged up idle talking")
		eventually(t, 2*time.Second, "call_extension says talking", func() bool {
			return w.db.row("SELECT call_state FROM call_extension WHERE extension_number = ?",
				w.ext["anna"])[0] == "talking"
		})
		if heard := mary.heard(); len(heard) == 0 || heard[0] != "silence_stream://150" {
			t.Errorf("mary heard %v, not the welcome first", heard)
		}
		w.variablesOf(mary, "anna")
		mary.hangsUp()
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
			"queue remove")
		w.agentStory("anna", "login", "ring", "talking", "ready")
		mary.cdr("outcome=answered", "agent=anna", "hung_up_by=caller", "offers=1", "caller="+mary.number,
			"group_number=110", "dialled=110")
		w.becomes("anna", "reged up idle ready")
		w.cleanAfter()
		if w.db.row(
			"SELECT 1 FROM nwayacd_cdr WHERE arrived < answered AND answered <= bridged AND bridged < ended") == nil {
			t.Errorf("the CDR's times are %v", w.db.rows("SELECT arrived, answered, bridged, ended FROM nwayacd_cdr"))
		}
		expectStory(t, "anna", []string{"login", "ring", "talking", "ready"}, func() (log []string) {
			for _, r := range w.db.rows("SELECT status FROM nwayacd_agent_log WHERE extension = ? ORDER BY id",
				w.ext["anna"]) {
				log = append(log, r[0])
			}
			return log
		})
	})
}

// variablesOf checks the variables with which the channels of a talk are marked.
func (w *world) variablesOf(c *call, agent string) {
	w.t.Helper()
	leg := w.leg(agent)
	for _, v := range []struct{ of, name, want string }{
		{c.uuid, "nway_acd", group},
		{c.uuid, "nway_called_extension", w.ext[agent]},
		{leg.uuid, "nway_callin", c.number},
		{leg.uuid, "nway_callout", w.ext[agent]},
		{leg.uuid, "nway_group", group},
		{leg.uuid, "nway_caller_uuid", c.uuid},
		{leg.uuid, "sip_auto_answer", "true"},
	} {
		if have := w.ear.api("uuid_getvar " + v.of + " " + v.name); have != v.want {
			w.t.Errorf("%s is %q, not %q", v.name, have, v.want)
		}
	}
	if leg.number != c.number {
		w.t.Errorf("the agent sees a call from %s, not %s", leg.number, c.number)
	}
}
