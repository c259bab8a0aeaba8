package e2e

import (
	"slices"
	"testing"
)

func TestBlacklistedCallerHearsThePromptUnanswered(t *testing.T) {
	const blacklist = "INSERT INTO call_blacklist (call_number, category, group_number) VALUES (?, ?, ?)"
	f := floor{
		agents: []agentRow{{name: "anna"}},
		rows: []row{
			{blacklist, []string{"#mary", "0", ""}},
			{blacklist, []string{"#paul", "2", "999"}},
			{blacklist, []string{"#rita", "1", group}},
		},
		config: settings{"prompts.default-blacklistwav": `"silence_stream://300"`},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isGone()
		if heard := mary.heard(); !slices.Equal(heard, []string{"silence_stream://300"}) {
			t.Errorf("mary heard %v", heard)
		}
		if mary.channel().answered {
			t.Error("mary was answered")
		}
		mary.cdr("outcome=blacklisted", "agent=", "offers=0")
		mary.story()
		for _, name := range []string{"paul", "rita"} { // another group's list, and outbound calls only
			c := w.arrives(name)
			c.talksTo("anna")
			c.hangsUp()
			c.isGone()
		}
		w.cleanAfter()
	})
}

func TestVIPIsServedFirst(t *testing.T) {
	const vip = "INSERT INTO call_vip_number (phone_number, group_number) VALUES (?, ?)"
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}, rows: []row{{vip, []string{"#rita", group}}}},
		func(t *testing.T, w *world) {
			w.srv.must("nway_busy " + w.ext["anna"])
			waiting := map[string]*call{}
			for _, name := range []string{"mary", "paul", "rita"} {
				waiting[name] = w.arrives(name)
				waiting[name].story("queue add")
			}
			eventually(t, patience, "callin_queue has all three, rita as VIP", func() bool {
				types := w.db.rows("SELECT callin_number, callin_type FROM callin_queue ORDER BY callin_type, place")
				return len(types) == 3 && slices.Equal(types[2], []string{w.numberOf("rita"), "1"}) &&
					types[0][1] == "0" && types[1][1] == "0"
			})
			w.srv.must("nway_ready " + w.ext["anna"])
			for _, name := range []string{"rita", "mary", "paul"} {
				waiting[name].talksTo("anna")
				waiting[name].hangsUp()
			}
			waiting["rita"].cdr("outcome=answered", "agent=anna")
			w.cleanAfter()
		})
}

func TestCallerWhoWaitedTooLongIsHandedBack(t *testing.T) {
	onBoth(t, floor{config: settings{"acd.max-wait-seconds": "1"}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isHandedBack()
		mary.story("queue add", "queue remove")
		if outcome := mary.variable("nwayacd_outcome"); outcome != "timeout" {
			t.Errorf("nwayacd_outcome is %q", outcome)
		}
		mary.cdr("outcome=timeout", "agent=")
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestCallForAnUnknownGroupIsHandedBack(t *testing.T) {
	onBoth(t, floor{}, func(t *testing.T, w *world) {
		for name, path := range map[string]string{"mary": "/nwayacd/999", "paul": "/no-such-application/110"} {
			c := w.comes(name, "999", path)
			c.isHandedBack()
			c.story()
			if outcome := c.variable("nwayacd_outcome"); outcome != "invalid-route" {
				t.Errorf("nwayacd_outcome is %q", outcome)
			}
			c.cdr("outcome=returned", "cause=invalid-route")
			c.hangsUp()
		}
		w.cleanAfter()
	})
}

func TestCallOverMaxCallsIsHandedBack(t *testing.T) {
	f := floor{agents: []agentRow{{name: "anna"}}, config: settings{"server.max-calls": "1"}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		paul := w.arrives("paul")
		paul.isHandedBack()
		paul.story()
		if outcome := paul.variable("nwayacd_outcome"); outcome != "full" {
			t.Errorf("nwayacd_outcome is %q", outcome)
		}
		paul.cdr("outcome=returned", "cause=full")
		paul.hangsUp()
		mary.talksTo("anna")
		mary.hangsUp()
		mary.cdr("outcome=answered")
		rita := w.arrives("rita")
		rita.talksTo("anna")
		rita.hangsUp()
		w.cleanAfter()
	})
}

func TestGroupIsTheNumberDialledWhereThereIsNoPath(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		mary := w.comes("mary", group, "")
		mary.talksTo("anna")
		mary.hangsUp()
		mary.cdr("outcome=answered", "group_number="+group)
		w.cleanAfter()
	})
}

func TestCallerWithoutANumberIsAnonymous(t *testing.T) {
	const own = "77%d" // the situation's own group: there is no number to know the call by
	f := floor{
		groups: []groupRow{{number: own, mode: 3}}, agents: []agentRow{{name: "anna", groups: own}},
		rows: []row{{"INSERT INTO call_vip_number (phone_number, group_number) VALUES (?, '')", []string{"anonymous"}}},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.number["nobody"] = "anonymous"
		nobody := w.dials("nobody", w.own(own))
		nobody.talksTo("anna")
		nobody.hangsUp()
		nobody.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
			"queue remove")
		nobody.cdr("outcome=answered", "caller=", "vip="+w.db.no())
		w.cleanAfter()
		if memories := w.db.rows("SELECT call_number FROM cf_call_remember"); memories != nil {
			t.Errorf("remembered: %v", memories)
		}
	})
}
