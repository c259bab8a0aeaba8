package e2e

import (
	"slices"
	"strings"
	"testing"
)

// sips are the SIP phones of the real switch; nil on the simulated one, which has none on a wire.
func (w *world) sips() *sipExchange {
	if fs, real := w.sw.(*freeswitch); real {
		return fs.sips
	}
	return nil
}

// callstate is the state of a channel in the switch's list.
func (w *world) callstate(uuid string, want ...string) {
	w.t.Helper()
	eventually(w.t, patience, uuid+" is "+want[0], func() bool {
		for _, row := range w.channels() {
			if row["uuid"] == uuid {
				return slices.Contains(want, row["callstate"])
			}
		}
		return false
	})
}

func TestHeldCallerHearsMusicAndComesBack(t *testing.T) {
	f := floor{sip: true, agents: []agentRow{{name: "anna"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		mary.speaks()
		for _, uuid := range []string{mary.uuid, w.leg("anna").uuid} { // either side's
			w.srv.must("nway_uuid_hold " + uuid)
			w.callstate(w.leg("anna").uuid, "HELD")
			if w.sips() != nil {
				mary.hears(holdMusic)
			}
			w.becomes("anna", "reged up idle talking")
			w.srv.must("nway_uuid_unhold " + uuid)
			w.callstate(w.leg("anna").uuid, "ACTIVE", "UNHELD")
			mary.talksTo("anna")
		}
		if sips := w.sips(); sips != nil {
			want := []string{"sendonly", "sendrecv", "sendonly", "sendrecv"}
			if have := sips.call(w.ext["anna"]).View().Offers; !slices.Equal(have, want) {
				t.Errorf("anna's phone was offered %v, not %v", have, want)
			}
		}
		mary.hangsUp()
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
			"queue remove")
		mary.cdr("outcome=answered", "agent=anna", "hung_up_by=caller")
		w.cleanAfter()
	})
}

// held is a talk on hold, with a caller who makes sounds or none, because FreeSWITCH treats the two
// differently.
func (w *world) held(name string, sounds bool) *call {
	w.t.Helper()
	c := w.arrives(name)
	c.isInTalk("anna")
	if sounds {
		c.speaks()
	}
	w.srv.must("nway_uuid_hold " + c.uuid)
	w.callstate(w.leg("anna").uuid, "HELD")
	return c
}

// onHeld runs a situation with a caller on hold who makes no sounds, and with one who does.
func onHeld(t *testing.T, situation func(w *world, c *call)) {
	t.Helper()
	t.Parallel()
	f := floor{sip: true, groups: withCarl, agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120"}}}
	for what, sounds := range map[string]bool{"silent": false, "with sounds": true} {
		t.Run(what, func(t *testing.T) {
			onBoth(t, f, func(_ *testing.T, w *world) {
				situation(w, w.held("mary", sounds))
				w.cleanAfter()
			})
		})
	}
}

func TestAgentHangsUpWhileTheCallerIsHeld(t *testing.T) {
	onHeld(t, func(w *world, c *call) {
		w.hangsUp("anna")
		w.becomes("anna", "reged up idle ready")
		c.isGone()
		c.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1", "queue remove")
		c.cdr("outcome=answered", "agent=anna", "hung_up_by=agent")
	})
}

func TestHeldCallerHangsUp(t *testing.T) {
	onHeld(t, func(w *world, c *call) {
		c.hangsUp()
		c.isGone()
		c.cdr("outcome=answered", "agent=anna", "hung_up_by=caller")
	})
}

func TestHeldCallerIsTransferred(t *testing.T) {
	onHeld(t, func(w *world, c *call) {
		w.srv.must("nwayacd_transfer " + c.uuid + " " + w.ext["carl"])
		c.isInTalk("carl")
		c.hangsUp()
		c.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "transfered carl 2",
			"hangup anna 1", "queue remove carl", "callout carl 2", "answered carl 2", "hangup carl 2",
			"queue remove")
		c.cdr("outcome=transferred", "agent=carl")
	})
}

func TestTransferAfterAHold(t *testing.T) {
	onHeld(t, func(w *world, c *call) {
		w.srv.must("nway_uuid_unhold " + c.uuid)
		w.callstate(w.leg("anna").uuid, "ACTIVE", "UNHELD")
		w.srv.must("nwayacd_transfer " + c.uuid + " " + w.ext["carl"])
		c.isInTalk("carl")
		c.hangsUp()
		c.cdr("outcome=transferred", "agent=carl")
	})
}

func TestHoldIsRefusedWhereThereIsNoTalk(t *testing.T) {
	onBoth(t, floor{sip: true, agents: []agentRow{{name: "anna", phone: ringsOn()}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.rings("anna")
		for _, command := range []string{"nway_uuid_hold ", "nway_uuid_unhold ", "nway_threeway "} {
			for _, uuid := range []string{mary.uuid, w.leg("anna").uuid, "00000000-0000-0000-0000-000000000000"} {
				line := command + uuid
				if strings.HasPrefix(command, "nway_three") {
					line += " 1 " + gateway
				}
				if reply := w.srv.command(line); !strings.HasPrefix(reply, "-ERR "+uuid+": not in a talk") {
					t.Errorf("%s: %s", line, reply)
				}
			}
		}
		mary.rings("anna")
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestHoldTwiceIsRefused(t *testing.T) {
	onBoth(t, floor{sip: true, agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		mary := w.held("mary", true)
		for _, step := range []struct{ command, reply string }{
			{"nway_uuid_hold ", "-ERR FreeSWITCH: Operation failed"},
			{"nway_uuid_unhold ", "+OK the caller is back"},
			{"nway_uuid_unhold ", "-ERR FreeSWITCH: Operation failed"},
		} {
			if reply := w.srv.command(step.command + mary.uuid); reply != step.reply {
				t.Errorf("%s: %q, not %q", step.command, reply, step.reply)
			}
		}
		mary.hangsUp()
		w.cleanAfter()
	})
}

// Legs that are not SIP cannot be held. The caller must not hear music then, because nothing would
// end it.
func TestHoldOfALegThatIsNotSIP(t *testing.T) {
	t.Parallel()
	w := open(t, realSwitch(t), floor{agents: []agentRow{{name: "anna"}}})
	mary := w.arrives("mary")
	mary.isInTalk("anna")
	mary.speaks()
	hold, unhold := w.srv.command("nway_uuid_hold "+mary.uuid), w.srv.command("nway_uuid_unhold "+mary.uuid)
	if refused := strings.HasPrefix(hold, "-ERR "); refused != strings.HasPrefix(unhold, "-ERR ") {
		t.Errorf("hold: %q, but unhold: %q; executed %q", hold, unhold, mary.channel().executed)
	}
	mary.talksTo("anna")
	mary.hangsUp()
	w.cleanAfter()
}
