package e2e

import (
	"testing"
	"time"
)

// mortal is a switch that only this situation uses, and that it may kill.
type mortal interface {
	switchboard
	// crash kills it and starts it again.
	crash(t testing.TB)
}

// onBothMortal is onBoth for a situation in which the switch dies. The real switch is started for
// this situation alone.
func onBothMortal(t *testing.T, f floor, situation func(t *testing.T, w *world, sw mortal)) {
	t.Helper()
	t.Parallel()
	for name, start := range map[string]func(*testing.T) mortal{
		"sim":        func(t *testing.T) mortal { return newSimulated(t) },
		"freeswitch": func(t *testing.T) mortal { return ownFreeSWITCH(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sw := start(t)
			situation(t, open(t, sw, f), sw)
		})
	}
}

// crashes kills the switch and starts it again, with the same phones.
func (w *world) crashes(sw mortal) {
	w.t.Helper()
	sw.crash(w.t)
	w.ear.listenAgain(sw)
	for name, ext := range w.ext {
		w.phone(name, w.phones[ext])
	}
}

func TestSwitchDiesUnderItsCalls(t *testing.T) {
	onBothMortal(t, floor{agents: []agentRow{{name: "anna"}, {name: "bert", phone: ringsOn()}}},
		func(t *testing.T, w *world, sw mortal) {
			mary := w.arrives("mary")
			mary.isInTalk("anna")
			paul := w.arrives("paul")
			paul.rings("bert")
			rita := w.arrives("rita")
			rita.hears("silence_stream://-1")
			w.crashes(sw)
			mary.cdr("outcome=answered", "agent=anna", "hung_up_by=", "cause=FreeSWITCH restarted")
			for _, c := range []*call{paul, rita} {
				c.cdr("outcome=error", "agent=")
			}
			w.becomes("anna", "reged up idle ready")
			eventually(t, 20*time.Second, "bert is free", func() bool {
				return w.agent("bert").String() == "reged up idle ready"
			})
			w.cleanAfter()
			zoe := w.arrives("zoe") // all is as before
			zoe.talksTo("anna")
			zoe.hangsUp()
			zoe.cdr("outcome=answered", "agent=anna")
			w.cleanAfter()
		})
}

func TestSwitchAndServerDieUnderATalk(t *testing.T) {
	onBothMortal(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world, sw mortal) {
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		time.Sleep(100 * time.Millisecond) // until the journal is on the disk
		w.srv.kill()
		w.crashes(sw)
		w.srv.start()
		w.becomes("anna", "reged up idle ready")
		mary.cdr("outcome=answered", "agent=anna", "hung_up_by=", "cause=FreeSWITCH restarted")
		w.cleanAfter()
	})
}

func TestTalkEndsAfterAServersDeath(t *testing.T) {
	for name, ends := range map[string]struct {
		hangUp func(w *world, mary *call)
		side   string
	}{
		"caller": {func(_ *world, mary *call) { mary.hangsUp() }, "caller"},
		"agent":  {func(w *world, _ *call) { w.hangsUp("anna") }, "agent"},
	} {
		t.Run(name, func(t *testing.T) {
			f := floor{
				agents: []agentRow{{name: "anna"}},
				config: settings{"acd.typing-auto": "true", "acd.recover-auto": "false"},
			}
			onBoth(t, f, func(t *testing.T, w *world) {
				mary := w.arrives("mary")
				mary.isInTalk("anna")
				tableCatchesUp()
				w.srv.kill()
				w.srv.start()
				if state := w.agent("anna"); state.Call != "talking" || state.UUID != mary.uuid || state.Available {
					t.Errorf("anna is %+v", state)
				}
				paul := w.arrives("paul")
				w.srv.looksAgain()
				mary.talksTo("anna")
				paul.story("queue add")
				if state := w.agent("anna"); state.Call != "talking" || state.UUID != mary.uuid {
					t.Errorf("anna is %+v", state)
				}
				if state := w.db.row("SELECT call_state FROM call_extension WHERE extension_number = ?",
					w.ext["anna"])[0]; state != "talking" {
					t.Errorf("the database says %q", state)
				}
				ends.hangUp(w, mary)
				w.becomes("anna", "reged up idle typing")
				mary.cdr("outcome=answered", "agent=anna", "hung_up_by="+ends.side, "offers=1")
				mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
					"queue remove")
				mary.isGone()
				w.srv.must("nway_ready " + w.ext["anna"])
				paul.talksTo("anna")
				paul.hangsUp()
				w.cleanAfter()
				eventually(t, patience, "no talk is kept", func() bool {
					return w.db.rows("SELECT call_uuid FROM nwayacd_talk") == nil
				})
			})
		})
	}
}

// TestTalkThatWasNotWrittenDownGoesOn is about a server that dies between the bridge and its
// record, so that only the switch has the talk.
func TestTalkThatWasNotWrittenDownGoesOn(t *testing.T) {
	onPostgres(t)
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		eventually(t, patience, "the talk is kept", func() bool {
			return w.db.rows("SELECT call_uuid FROM nwayacd_talk") != nil
		})
		tableCatchesUp()
		w.srv.kill()
		w.db.exec("DELETE FROM nwayacd_talk")
		w.db.exec("UPDATE call_extension SET call_state = 'ring'")
		w.db.exec(
			"INSERT INTO callin_queue (call_uuid, callin_number, callin_group, callin_type, call_time, place) "+
				"VALUES (?, ?, '110', 0, now(), ?)",
			mary.uuid, mary.number, time.Now().Add(-10*time.Second).UnixNano())
		w.srv.start()
		w.becomes("anna", "reged up idle talking")
		if state := w.agent("anna"); state.UUID != mary.uuid || state.Available {
			t.Errorf("anna is %+v", state)
		}
		w.srv.looksAgain()
		mary.talksTo("anna")
		w.hangsUp("anna")
		w.becomes("anna", "reged up idle ready")
		mary.cdr("outcome=answered", "agent=anna", "hung_up_by=agent", "offers=1")
		cdr := w.db.row(
			"SELECT dialled, switch, answered >= arrived - interval '1 minute', bridged >= answered, ended > "+
				"bridged + interval '2 seconds' FROM nwayacd_cdr WHERE call_uuid = ?", mary.uuid)
		if len(cdr) != 5 || cdr[0] != "110" || cdr[1] == "" || cdr[2] != "true" || cdr[3] != "true" ||
			cdr[4] != "true" {
			t.Errorf("the CDR has %q", cdr)
		}
		if offer := w.db.rows("SELECT agent, outcome, number FROM nwayacd_offer WHERE call_uuid = ?",
			mary.uuid); len(offer) != 1 || offer[0][2] != "1" {
			t.Errorf("offers: %q", offer)
		}
		w.cleanAfter()
	})
}
