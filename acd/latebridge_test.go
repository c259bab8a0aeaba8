package acd

import (
	"testing"
	"time"

	"nwayacd/queue"
	"nwayacd/sim"
)

// FreeSWITCH reports a bridge late, or not at all, or it fails.

// TestAShortTalkWhoseBeginIsNotReported checks a talk of a second.
func TestAShortTalkWhoseBeginIsNotReported(t *testing.T) {
	for name, situation := range map[string]struct {
		lost    []string
		outcome queue.OfferOutcome
	}{
		"its end is": {[]string{"CHANNEL_BRIDGE"}, queue.OfferAnswered},
		"nothing is": {[]string{"CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_PARK"}, queue.OfferExpired},
		"nor is the order answered": {
			[]string{"api uuid_bridge", "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_PARK"}, queue.OfferExpired,
		},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				for _, what := range situation.lost {
					c.wires.swallow(what)
				}
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: time.Second})
				call := c.caller("139")
				c.after(answerAt + 10*time.Second)
				for _, what := range situation.lost {
					c.wires.deliver(what)
				}
				if misses := c.agent("1000").Rest.Misses; misses != 0 {
					t.Errorf("the agent, who answered, has %d misses", misses)
				}
				call.Hangup()
				c.settleAll()
				if offers := c.journal.offers(); len(offers) == 0 || offers[0].Outcome != situation.outcome {
					t.Errorf("%+v", offers)
				}
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

// TestACallerOfWhoseTalkOnlyTheParkIsReportedWaitsAgain has an agent who hangs up at once, and
// loses FreeSWITCH's reports of the bridge and of its end.
func TestACallerOfWhoseTalkOnlyTheParkIsReportedWaitsAgain(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.wires.swallow("CHANNEL_BRIDGE")
		c.wires.swallow("CHANNEL_UNBRIDGE")
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: 10 * time.Millisecond})
		call := c.caller("139")
		c.after(answerAt + 500*time.Millisecond)
		c.wires.deliver("CHANNEL_BRIDGE")
		c.wires.deliver("CHANNEL_UNBRIDGE")
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: time.Minute})
		c.after(30 * time.Second)
		c.wantTalk("1000", call.UUID())
		call.Hangup()
		c.settleAll()
		c.wantRest()
	})
}

// TestAnAgentWhoHangsUpInTheBridgeLosesNobody has FreeSWITCH report a bridge that fails, because
// the agent's channel is gone. No hook of a bridge runs then.
func TestAnAgentWhoHangsUpInTheBridgeLosesNobody(t *testing.T) {
	for name, after := range map[string]AfterTalk{"call ends": AfterTalkHangup, "dialplan": AfterTalkDialplan} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000")
			s.settings.AfterTalk = after
			open(t, s, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesInBridge})
				call := c.caller("139")
				c.after(answerAt + 500*time.Millisecond)
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: time.Minute})
				c.after(30 * time.Second)
				c.wantTalk("1000", call.UUID())
				call.Hangup()
				c.settleAll()
				if n := len(c.journal.offers()); n != 2 {
					t.Errorf("%d offers, want 2", n)
				}
				c.wantRest()
			})
		})
	}
}

// TestAShortTalkAfterAnOldReport has a slow link. Its report of the caller's first park comes while
// the bridge is made, or in the talk, or after it.
func TestAShortTalkAfterAnOldReport(t *testing.T) {
	for late := 300 * time.Millisecond; late < 1200*time.Millisecond; late += 7 * time.Millisecond {
		t.Run(late.String(), func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{
					Do: sim.Answers, After: time.Millisecond, Late: 100 * time.Millisecond, Talk: 20 * time.Millisecond,
				})
				c.wires.slowLink(late)
				call := c.caller("139")
				c.after(answerAt + time.Minute)
				c.settleAll()
				c.wantCDR(call.UUID(), queue.Answered, queue.AgentSide, "NORMAL_CLEARING")
				if offers := c.journal.offers(); len(offers) != 1 || offers[0].Outcome != queue.OfferAnswered {
					t.Errorf("%+v", offers)
				}
			})
		})
	}
}

// TestAShortTalkAfterTwoOldReports has a caller from another program's park, and a link that was
// held up. It reports that park and the first one of the visit while FreeSWITCH is asked.
func TestAShortTalkAfterTwoOldReports(t *testing.T) {
	for held := 1720 * time.Millisecond; held < 1900*time.Millisecond; held += time.Millisecond {
		t.Run(held.String(), func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{
					Do: sim.Answers, After: time.Millisecond, Late: 100 * time.Millisecond, Talk: 20 * time.Millisecond,
				})
				c.wires.slow(60 * time.Millisecond)
				c.wires.slowLink(0)
				thaw := c.wires.freezeLink()
				c.sw.Call(sim.CallOptions{UUID: "call-139", Number: "139", Dialled: "600", Dialplan: sim.Plan("park")})
				c.after(time.Millisecond)
				c.api("uuid_transfer call-139 'set:socket_resume=true," +
					"socket:10.0.0.5:8084/nwayacd/110 async full' inline")
				c.after(held)
				thaw()
				c.settleAll()
				if offers := c.journal.offers(); len(offers) != 1 || offers[0].Outcome != queue.OfferAnswered {
					t.Errorf("%+v", offers)
				}
			})
		})
	}
}
