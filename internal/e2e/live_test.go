package e2e

import (
	"strings"
	"testing"
	"time"
)

// The live channels here came without nwayacd. Their dialplan does not call it.

func TestLiveChannelIsSentIntoAGroup(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		const unknown = "00000000-0000-0000-0000-000000000000"
		for _, where := range []string{ivr, parkingLot} {
			c := w.comes("mary", where, "")
			eventually(t, patience, "mary is in the "+where, func() bool { return len(c.channel().executed) == 2 })
			for line, want := range map[string]string{
				"nwayacd " + c.uuid + " 999":                   `-ERR `,
				"nwayacd " + unknown + " 110":                  "-ERR " + unknown + ": no such channel",
				"nwayacd " + c.uuid + "' inline;uuid_kill 110": "-",
				"nwayacd " + c.uuid:                            "-USAGE: nwayacd UUID GROUP",
			} {
				if reply := w.srv.command(line); !strings.HasPrefix(reply, want) {
					t.Errorf("%s: %s", line, reply)
				}
			}
			c.isSentTo(group)
			c.isInTalk("anna")
			c.hangsUp()
			c.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
				"queue remove")
			c.cdr("outcome=answered", "agent=anna", "group_number=110", "hung_up_by=caller")
			c.isGone()
		}
		w.cleanAfter()
	})
}

func TestLiveChannelComesBackToItsGroupWhenTheServerIsKilled(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["anna"])
		first := w.comes("mary", parkingLot, "")
		second := w.comes("paul", ivr, "")
		for _, c := range []*call{first, second} {
			eventually(t, patience, c.name+" is there", func() bool { return len(c.channel().executed) == 2 })
			c.isSentTo(group)
			c.story("queue add")
		}
		tableCatchesUp()
		w.srv.kill()
		w.srv.start()
		first.story("queue add", "queue add")
		second.story("queue add", "queue add")
		w.srv.must("nway_ready " + w.ext["anna"])
		first.talksTo("anna") // the place is kept
		first.hangsUp()
		second.talksTo("anna")
		second.hangsUp()
		first.cdr("outcome=answered", "agent=anna")
		w.cleanAfter()
	})
}

func TestLiveChannelIsSentIntoAnotherGroupAfterATimeout(t *testing.T) {
	f := floor{
		groups: withCarl, agents: []agentRow{{name: "carl", groups: "120"}},
		config: settings{"acd.max-wait-seconds": "1"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isHandedBack()
		mary.isSentTo("120") // its nwayacd_outcome is still timeout
		mary.talksTo("carl")
		mary.hangsUp()
		mary.isGone()
		w.cleanAfter()
	})
}

func TestTalkGoesOnAfterTheDrain(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}, config: settings{"server.drain-seconds": "1"}},
		func(t *testing.T, w *world) {
			mary := w.arrives("mary")
			mary.talksTo("anna")
			began := time.Now()
			w.srv.stop()
			if took := time.Since(began); took < time.Second || took > 10*time.Second {
				t.Errorf("nwayacd ended after %s, drain-seconds is 1 and the talk has no end", took)
			}
			tableCatchesUp()
			mary.talksTo("anna")
			w.srv.start()
			paul := w.arrives("paul")
			paul.hears("silence_stream://-1")
			w.srv.looksAgain()
			mary.talksTo("anna")
			paul.story("queue add")
			w.hangsUp("anna")
			mary.isGone()
			paul.talksTo("anna")
			paul.hangsUp()
			w.cleanAfter()
			for _, twice := range w.ear.atOnce() {
				t.Error(twice)
			}
		})
}
