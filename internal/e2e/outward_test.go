package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// callsOut lets an agent's phone dial a number whose dialplan asks for nwaycallout.
func (w *world) callsOut(agent, arguments string) *call {
	w.t.Helper()
	w.number[agent] = w.ext[agent]
	return w.comes(agent, "9", "/nwaycallout/"+w.own(arguments))
}

// talksOutside waits until the call has the third party on the line.
func (c *call) talksOutside() {
	c.w.t.Helper()
	eventually(c.w.t, patience, c.name+" talks to the number outside", func() bool {
		return c.with() == c.w.own(thirdParty)
	})
}

// shown checks, on the real switch, the number that the called party saw.
func (w *world) shown(callerID string) {
	w.t.Helper()
	if sips := w.sips(); sips != nil {
		if c := sips.call(w.own(thirdParty)); c == nil || c.Number() != callerID {
			w.t.Errorf("the number outside was called by %+v, not %s", c, callerID)
		}
	}
}

func TestAgentCallsOut(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna", set: map[string]string{"callout_number": "02161234567"}}},
		config: settings{"acd.typing-auto": "true"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), phone{do: picksUp, after: usual, talk: 5 * time.Second})
		mary := w.arrives("mary")
		mary.talksTo("anna")
		mary.hangsUp()
		mary.isGone()
		w.srv.must("nway_ready " + w.ext["anna"])

		out := w.callsOut("anna", thirdParty+"/"+gateway)
		out.talksOutside()
		w.becomes("anna", "reged up idle talking")
		paul := w.arrives("paul")
		paul.hears("silence_stream://-1")
		out.isHandedBack() // the other side hung up
		w.becomes("anna", "reged up idle typing")
		if outcome := out.variable("nwayacd_outcome"); outcome != "answered" {
			t.Errorf("nwayacd_outcome is %q", outcome)
		}
		w.shown("02161234567")
		paul.story("queue add")
		out.hangsUp()
		out.story()
		out.cdr("outcome=answered", "agent=anna", "dialled="+w.own(thirdParty))
		out.isGone()
		w.srv.must("nway_ready " + w.ext["anna"])
		paul.talksTo("anna")
		paul.hangsUp()
		w.cleanAfter()
	})
}

func TestAgentHangsUpACallOut(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), answers())
		out := w.callsOut("anna", thirdParty+"/"+gateway+"/02187654321")
		out.talksOutside()
		w.shown("02187654321")
		w.becomes("anna", "reged up idle talking")
		out.hangsUp()
		out.isGone()
		out.cdr("outcome=answered", "agent=anna", "dialled="+w.own(thirdParty))
		w.becomes("anna", "reged up idle ready")
		w.cleanAfter()
	})
}

func TestCallOutThatFails(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), refusesWith("USER_BUSY"))
		for arguments, outcome := range map[string]string{
			thirdParty + "/" + gateway: "USER_BUSY",
			thirdParty + "/nowhere":    "INVALID_GATEWAY",
		} {
			out := w.callsOut("anna", arguments)
			out.isHandedBack()
			if have := out.variable("nwayacd_outcome"); have != outcome {
				t.Errorf("%s: nwayacd_outcome is %q, not %s", arguments, have, outcome)
			}
			out.cdr("outcome=error", "agent=anna", "cause="+outcome)
			w.becomes("anna", "reged up idle ready")
			out.hangsUp()
			out.isGone()
		}
		w.cleanAfter()
	})
}

func TestCallOutSurvivesTheServer(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), answers())
		out := w.callsOut("anna", thirdParty+"/"+gateway)
		out.talksOutside()
		tableCatchesUp()
		w.srv.kill()
		w.srv.start()
		w.srv.looksAgain()
		out.talksOutside()
		out.hangsUp()
		out.isGone()
		w.cleanAfter()
	})
}

func TestThirdPartyIsRungIntoTheTalk(t *testing.T) {
	f := floor{sip: true, agents: []agentRow{{name: "anna"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), answers())
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		w.srv.must("nway_threeway " + mary.uuid + " " + w.own(thirdParty) + " " + gateway)
		third := func() *channel {
			return w.ear.find(func(ch *channel) bool { return !ch.inbound && ch.dest == w.own(thirdParty) })
		}
		eventually(t, patience, "the third party is in the talk", func() bool {
			return third() != nil && slices.Contains(third().executed, "three_way "+mary.uuid) &&
				third().hungUp.IsZero()
		})
		w.shown(mary.number)
		mary.talksTo("anna")
		w.becomes("anna", "reged up idle talking")
		mary.hangsUp()
		mary.isGone()
		mary.cdr("outcome=answered", "agent=anna", "hung_up_by=caller")
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
			"queue remove")
		w.cleanAfter() // the third party's leg too
	})
}

func TestAgentLeavesATalkOfThree(t *testing.T) {
	onBoth(t, floor{sip: true, agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), answers())
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		// The agent's side is enough.
		w.srv.must("nway_threeway " + w.leg("anna").uuid + " " + w.own(thirdParty) + " " + gateway)
		w.hangsUp("anna")
		w.becomes("anna", "reged up idle ready")
		mary.cdr("outcome=answered", "agent=anna", "hung_up_by=", "transferred_to="+w.own(thirdParty),
			"transfer_kind=attended")
		if mary.channel().gone { // she talks on with the third party
			t.Error("mary was cut off when the agent left")
		}
		mary.hangsUp()
		mary.isGone()
		w.cleanAfter()
	})
}

func TestTransferOfATalkOfThree(t *testing.T) {
	f := floor{sip: true, groups: withCarl, agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), answers())
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		w.srv.must("nway_threeway " + mary.uuid + " " + w.own(thirdParty) + " " + gateway)
		w.srv.must("nwayacd_transfer " + mary.uuid + " " + w.ext["carl"])
		mary.isInTalk("carl")
		mary.hangsUp()
		mary.cdr("outcome=transferred", "agent=carl")
		w.cleanAfter()
	})
}

func TestThirdPartyThatDoesNotCome(t *testing.T) {
	onBoth(t, floor{sip: true, agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), refusesWith("USER_BUSY"))
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		for to, why := range map[string]string{gateway: "USER_BUSY", "nowhere": "INVALID_GATEWAY"} {
			if reply := w.srv.command("nway_threeway " + mary.uuid + " " + w.own(thirdParty) + " " +
				to); reply != "-ERR FreeSWITCH: "+why {
				t.Errorf("through %s: %q", to, reply)
			}
		}
		mary.talksTo("anna")
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestSupervisorTakesAWaitingCaller(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["anna"])
		mary := w.arrives("mary")
		mary.hears("silence_stream://-1")
		boss := w.comes("boss", "8", "/nway_bridge/"+mary.uuid)
		together := func() bool { return boss.channel().peer == mary.uuid && mary.channel().peer == boss.uuid }
		eventually(t, patience, "the supervisor talks to mary", together)
		mary.story("queue add", "queue remove")
		mary.cdr("outcome=taken", "agent=")
		for _, c := range []*call{mary, boss} {
			if resume := c.variable("socket_resume"); resume == "true" {
				t.Errorf("socket_resume is true on %s's channel: the talk would not survive the server", c.name)
			}
		}
		w.srv.kill()
		switchSeesTheDeath()
		w.srv.start()
		w.srv.looksAgain()
		if !together() {
			t.Error("the talk did not survive the server")
		}
		boss.hangsUp()
		mary.hangsUp()
		mary.isGone()
		boss.isGone()
		boss.story()
		w.cleanAfter()
	})
}

func TestSupervisorAsksForAnUnknownCaller(t *testing.T) {
	onBoth(t, floor{}, func(t *testing.T, w *world) {
		boss := w.comes("boss", "8", "/nway_bridge/00000000-0000-0000-0000-000000000000")
		boss.isHandedBack()
		if outcome := boss.variable("nwayacd_outcome"); outcome != "invalid-route" {
			t.Errorf("nwayacd_outcome is %q", outcome)
		}
		boss.hangsUp()
		w.cleanAfter()
	})
}

func TestFeatureCodeLogsAnAgentIn(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna", out: true}}}, func(t *testing.T, w *world) {
		w.number["anna"], w.number["stranger"] = w.ext["anna"], w.own("77%d")
		code := w.comes("anna", featureCode, "")
		code.isHandedBack()
		if reply := code.variable("nwayacd_reply"); reply != "+OK "+w.ext["anna"]+" logged in to 110" {
			t.Errorf("nwayacd_reply is %q", reply)
		}
		w.becomes("anna", "reged up idle ready")
		code.hangsUp()
		stranger := w.comes("stranger", featureCode, "")
		stranger.isHandedBack()
		if reply := stranger.variable("nwayacd_reply"); !strings.HasPrefix(reply, "-ERR ") {
			t.Errorf("a stranger's nwayacd_reply is %q", reply)
		}
		stranger.hangsUp()
		stranger.isGone()
		mary := w.arrives("mary")
		mary.talksTo("anna")
		mary.hangsUp()
		w.cleanAfter()
	})
}
