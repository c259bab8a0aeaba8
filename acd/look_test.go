package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/sim"
)

// The link looks at all talks two seconds after it came up. At that moment FreeSWITCH moves the leg
// of a consulting call to the caller, and nothing is bridged.
func TestTheLinkLooksWhileFreeSWITCHConnectsTheCaller(t *testing.T) {
	for name, inConsult := range map[string]bool{
		"REFER in the held dialog":       false,
		"REFER in the consulting dialog": true,
	} {
		t.Run(name, func(t *testing.T) {
			for after := time.Duration(0); after < 100*time.Millisecond; after += 7 * time.Millisecond {
				office(t, nil, func(c *centre, mary *sim.Call) {
					c.untilTalking("call-139")
					held := c.leg(mary)
					consult := c.consulting(held)
					c.untilTalking(consult.UUID())
					c.connects(held, consult.UUID(), inConsult)
					c.after(after)
					c.server.signalTalks(c.server.links[0].at.Name, lookAgain{})
					c.settle()
					c.wantTalk("1001", mary.UUID())
					c.after(10 * time.Second)
					c.sw.PhoneLeaves(c.leg(mary))
					c.settle()
					c.wantVisits(mary.UUID(), "110 answered 1000 120 attended", "120 answered 1001 - -")
					c.wantVisits(consult.UUID(), "120 consult 1001 - -")
					c.wantRest()
				})
			}
		})
	}
}

// A look finds that the leg is gone, which an event has reported before. The event says more: the
// agent's phone connected the caller with its other call.
func TestTheLinkLooksAfterTheAgentHasConnectedTheCallerWithAGroup(t *testing.T) {
	for name, inConsult := range map[string]bool{
		"REFER in the held dialog":       false,
		"REFER in the consulting dialog": true,
	} {
		t.Run(name, func(t *testing.T) {
			for after := time.Duration(0); after < 100*time.Millisecond; after += 7 * time.Millisecond {
				office(t, nil, func(c *centre, mary *sim.Call) {
					c.untilTalking("call-139")
					if err := c.server.Dispatcher.Busy(c.Context(), "1001"); err != nil {
						t.Fatal(err)
					}
					held := c.leg(mary)
					consult := c.consulting(held) // which has not come to the group yet
					c.connects(held, consult.UUID(), inConsult)
					c.after(after)
					c.server.signalTalks(c.server.links[0].at.Name, lookAgain{})
					c.after(5 * time.Second)
					mary.Hangup()
					c.after(5 * time.Second)
					c.wantVisits(mary.UUID(), "110 answered 1000 120 attended", "120 abandoned - - -")
					c.wantRest()
				})
			}
		})
	}
}

// The caller comes while the link is down, so nothing has proved the caller's connection. The link
// comes up, and is half-open when the talk begins and ends. Then no channel is left that could
// prove anything, and the agent must be free nevertheless.
func TestATalkWithoutAProofEndsUnseen(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		if err := c.server.Dispatcher.Busy(c.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
		c.breakLink()
		call := c.caller("139")
		c.untilWaiting("call-139")
		c.after(5 * time.Second)
		c.wires.silenceLast()
		if err := c.server.Dispatcher.Ready(c.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
		c.untilTalking("call-139")
		if c.served("call-139").channel().proof.Load() {
			t.Fatal("the caller's connection is proved")
		}
		call.Hangup()
		c.settleAll()
		c.wantState("1000", agent.Ready)
		c.wantRest()
	})
}
