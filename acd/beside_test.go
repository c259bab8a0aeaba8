package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/sim"
)

// What happens beside a transfer: kept agents, moves, the dialplan after a talk.

func TestAnAgentIsKeptWhileTheCallerIsAway(t *testing.T) {
	for name, back := range map[string]bool{"and comes back": true, "and does not come back": false} {
		t.Run(name, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				leg := c.leg(mary)
				c.api("uuid_setvar call-139 nwayacd_keep_agent 20")
				c.api("uuid_transfer call-139 menu")
				c.after(5 * time.Second)
				c.wantState("1000", agent.Talking)
				if back {
					c.api("uuid_bridge call-139 " + leg)
					c.after(30 * time.Second)
					c.wantTalk("1000", mary.UUID())
					c.sw.PhoneLeaves(leg)
					c.after(2 * time.Second)
					c.wantVisits(mary.UUID(), "110 answered 1000 - -")
				} else {
					c.after(30 * time.Second)
					c.wantState("1000", agent.Ready)
					if mary.Cause() != "" {
						t.Errorf("the caller was hung up: %s", mary.Cause())
					}
					mary.Hangup()
					c.settle()
					c.wantVisits(mary.UUID(), "110 answered 1000 menu blind")
				}
				c.wantRest()
			})
		})
	}
}

// The event that FreeSWITCH has parked the leg does not come, because the link was away. The call's
// own connection reports the caller's side only.
func TestAnAgentIsKeptThoughTheLinkMissedIt(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.after(2 * time.Second)
		leg := c.leg(mary)
		c.wires.swallow("CHANNEL_PARK")
		c.cti.conn.API(c.Context(), "uuid_setvar call-139 nwayacd_keep_agent 20")
		c.cti.conn.API(c.Context(), "uuid_transfer call-139 menu")
		c.after(5 * time.Second)
		if mary.Cause() != "" {
			t.Errorf("the caller was hung up: %s", mary.Cause())
		}
		c.cti.conn.API(c.Context(), "uuid_bridge call-139 "+leg)
		c.after(30 * time.Second)
		if mary.Bridged() != leg {
			t.Fatalf("the caller talks with %q, want the agent who was kept", mary.Bridged())
		}
		c.wantTalk("1000", mary.UUID())
		c.sw.PhoneLeaves(leg)
		c.after(5 * time.Second)
		c.wantVisits(mary.UUID(), "110 answered 1000 - -")
		c.wantRest()
	})
}

// The program brings the caller back while the link is half-open, and the server does not see that
// yet. The limit of the keeping must not end the talk.
func TestTheLimitOfKeepingEndsWithTheReturnOfTheCaller(t *testing.T) {
	for name, away := range map[string]func(c *centre){
		"the link is silent": func(c *centre) { c.wires.silenceLink() },
		"the server is dead": func(c *centre) { c.dies() },
	} {
		t.Run(name, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				leg := c.leg(mary)
				c.api("uuid_setvar call-139 nwayacd_keep_agent 20")
				c.cti.conn.API(c.Context(), "sched_hangup +3600 "+leg) // somebody else's
				c.api("uuid_transfer call-139 menu")
				c.after(14 * time.Second)
				away(c)
				c.api("uuid_bridge call-139 " + leg)
				c.after(30 * time.Second)
				if mary.Bridged() != leg {
					t.Errorf("the talk has ended: %s", mary.Cause())
				}
				c.wantLegUntouched(leg)
				if left, _ := c.cti.conn.API(c.Context(), "sched_del "+leg); left != "+OK Deleted: 1" {
					t.Errorf("another program's schedule for the leg: %s", left)
				}
				if name == "the server is dead" {
					c.comesBack()
					c.after(30 * time.Second)
				}
				c.wantTalk("1000", mary.UUID())
				c.sw.PhoneLeaves(leg)
				c.after(5 * time.Second)
				c.wantVisits(mary.UUID(), "110 answered 1000 - -")
				c.wantRest()
			})
		})
	}
}

// legGoesElsewhere lets another program take the leg of mary's talk away while its agent is kept,
// and returns the leg.
func (c *centre) legGoesElsewhere(mary *sim.Call) string {
	c.Helper()
	leg := c.leg(mary)
	c.api("uuid_setvar call-139 nwayacd_keep_agent 5")
	c.api("uuid_transfer call-139 menu")
	c.settle()
	c.api("uuid_transfer " + leg + " lot")
	return leg
}

// If another program takes the leg away while its agent is kept, the server must not hang it up.
func TestTheLimitOfKeepingDoesNotFollowALegThatIsTaken(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		leg := c.legGoesElsewhere(mary)
		c.after(30 * time.Second)
		if there, _ := c.cti.conn.API(c.Context(), "uuid_exists "+leg); there != "true" {
			t.Error("the leg was hung up")
		}
		c.wantLegUntouched(leg)
		mary.Hangup()
		c.after(2 * time.Second)
		if there, _ := c.cti.conn.API(c.Context(), "uuid_exists "+leg); there != "true" {
			t.Error("the leg was hung up with the caller")
		}
		c.sw.PhoneLeaves(leg)
		c.after(2 * time.Second)
		c.wantRest()
	})
}

// FreeSWITCH may take a caller for one whom nobody took, and bridge the caller with somebody else
// all the same. Then that talk must not end in our park.
func TestNothingOfOursIsLeftOnACallerWhoWasTaken(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		c.sw.Call(sim.CallOptions{UUID: "other", Number: "777", Dialled: "lot", Dialplan: sim.Plan("answer", "park")})
		c.settle()
		const hook2 = "multiset park_after_bridge=true park_timeout=3 nwayacd_over=true"
		// The BYE comes later.
		c.api("uuid_setvar " + c.leg(mary) + " execute_on_post_bridge_z set park_after_bridge=true")
		c.api("uuid_setvar call-139 execute_on_post_bridge_z " + hook2)
		c.api("uuid_bridge call-139 other")
		c.after(5 * time.Second)
		if with := mary.Bridged(); with != "other" {
			t.Fatalf("mary is bridged with %q", with)
		}
		for _, name := range []string{"park_after_bridge", "park_timeout", "nwayacd_over"} {
			if value := c.api("uuid_getvar call-139 " + name); value != "_undef_" {
				t.Errorf("%s is %s", name, value)
			}
		}
		mary.Hangup()
		c.after(5 * time.Second)
		c.wantRest()
	})
}

// An agent whose leg was left with somebody else gets no offer while it is there, also from a
// server that is started again.
func TestALegThatWasLeftKeepsItsAgentFromOffersAfterARestart(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		leg := c.legGoesElsewhere(mary)
		c.after(10 * time.Second)
		mary.Hangup()
		c.after(2 * time.Second)
		c.dies()
		c.comesBack()
		c.after(linkTime)
		paul := c.dials("140", "110")
		c.after(30 * time.Second)
		if with := paul.Bridged(); with != "" {
			t.Errorf("the agent, whose phone is in another call, was called: leg %s", with)
		}
		c.wantLegUntouched(leg)
		c.sw.PhoneLeaves(leg)
		c.after(30 * time.Second)
		c.wantTalk("1000", paul.UUID())
	})
}

func TestAWaitingCallerIsMovedToAnotherGroup(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		if err := c.server.Dispatcher.Busy(c.Context(), "1001"); err != nil {
			t.Fatal(err)
		}
		first := c.dials("138", "110")
		c.untilWaiting("call-138")
		second := c.dials("137", "120")
		c.untilWaiting("call-137")
		if err := c.server.Enqueue(c.Context(), "call-138", "120"); err != nil {
			t.Fatal(err)
		}
		c.settle()
		if err := c.server.Dispatcher.Ready(c.Context(), "1001"); err != nil {
			t.Fatal(err)
		}
		c.untilTalking("call-138")
		c.wantTalk("1001", "call-138") // came earlier, to whichever group
		first.Hangup()
		c.after(3 * time.Second)
		second.Hangup()
		mary.Hangup()
		c.settle()
		c.wantVisits("call-138", "110 moved - 120 blind", "120 answered 1001 - -")
		c.wantEvents("call-138", "queue_add", "queue_remove", "queue_add", "queue_remove 1001", "callout 1001 1",
			"answered 1001 1",
			"hangup 1001 1", "queue_remove")
		c.wantRest()
	})
}

func TestARingingCallerIsMovedToAnotherGroup(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.after(500 * time.Millisecond)
		c.wantState("1000", agent.Ring)
		if err := c.server.Enqueue(c.Context(), mary.UUID(), "120"); err != nil {
			t.Fatal(err)
		}
		c.untilTalking("call-139")
		c.wantState("1000", agent.Ready)
		c.wantTalk("1001", mary.UUID())
		mary.Hangup()
		c.settle()
		c.wantVisits(mary.UUID(), "110 moved - 120 blind", "120 answered 1001 - -")
		c.wantRest()
	})
}

func TestAfterTheTalkTheDialplanGoesOn(t *testing.T) {
	office(t, func(s *shift) { s.settings.AfterTalk = AfterTalkDialplan }, func(c *centre, mary *sim.Call) {
		mary.Hangup()
		plan := sim.Plan("socket 10.0.0.5:8084/nwayacd/110 async full", "set went=on", "playback hold.wav")
		paul := c.sw.Call(sim.CallOptions{UUID: "call-138", Number: "138", Dialled: "110", Dialplan: plan})
		c.untilTalking("call-138")
		c.sw.PhoneLeaves(c.leg(paul))
		c.after(10 * time.Second)
		c.wantState("1000", agent.Ready)
		if paul.Var("went") != "on" || paul.Var("nwayacd_outcome") != "answered" || paul.Cause() != "" {
			t.Errorf("the dialplan did not go on: %q, outcome %q, cause %q", paul.Actions(),
				paul.Var("nwayacd_outcome"), paul.Cause())
		}
		c.wantVisits("call-138", "110 answered 1000 - -")
		paul.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestACallerWhoWasSentOnIsSafeFromOurDeath(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		c.refers(mary, "lot")
		c.settle()
		c.dies()
		c.after(10 * time.Second)
		if mary.Cause() != "" {
			t.Errorf("the caller was hung up: %s", mary.Cause())
		}
		c.comesBack()
		c.after(linkTime)
		if mary.Cause() != "" {
			t.Errorf("the caller was hung up by who came next: %s", mary.Cause())
		}
		mary.Hangup()
		c.settle()
		c.wantRest()
	})
}
