package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/sim"
)

// Kept agents, moves, and the dialplan after a talk.

func TestAnAgentIsKeptWhileTheCallerIsAway(t *testing.T) {
	for name, back := range map[string]bool{"and comes back": true, "and does not come back": false} {
		t.Run(name, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.after(2 * time.Second)
				leg := c.leg(mary)
				c.heard.conn.API(c.Context(), "uuid_setvar call-139 nwayacd_keep_agent 20")
				c.heard.conn.API(c.Context(), "uuid_transfer call-139 menu")
				c.after(5 * time.Second)
				c.wantState("1000", agent.Talking)
				if back {
					c.heard.conn.API(c.Context(), "uuid_bridge call-139 "+leg)
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
					c.after(time.Second)
					c.wantVisits(mary.UUID(), "110 answered 1000 menu blind")
				}
				c.wantRest()
			})
		})
	}
}

// The caller is away when the server dies, and back before it restarts. The agent must not be hung
// up when the time is over for which they were kept. The talk then ends like any other.
func TestAnAgentWhoIsKeptOutlivesTheServer(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.after(2 * time.Second)
		leg := c.leg(mary)
		c.heard.conn.API(c.Context(), "uuid_setvar call-139 nwayacd_keep_agent 20")
		c.heard.conn.API(c.Context(), "uuid_transfer call-139 menu")
		c.after(5 * time.Second)
		c.dies()
		c.heard.conn.API(c.Context(), "uuid_bridge call-139 "+leg)
		c.after(time.Second)
		c.comesBack()
		c.after(30 * time.Second)
		c.wantTalk("1000", mary.UUID())
		c.sw.PhoneLeaves(leg)
		c.after(5 * time.Second)
		c.wantVisits(mary.UUID(), "110 answered 1000 - -")
		c.wantRest()
	})
}

// The program brings the caller back while the link is half-open and still counts as up. The time
// limit of the keeping must not end the talk.
func TestTheLimitOfKeepingEndsWithTheReturnOfTheCaller(t *testing.T) {
	for name, away := range map[string]func(c *centre){
		"the link is silent": func(c *centre) { c.wires.hushLink() },
		"the server is dead": func(c *centre) { c.dies() },
	} {
		t.Run(name, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.after(2 * time.Second)
				leg := c.leg(mary)
				c.heard.conn.API(c.Context(), "uuid_setvar call-139 nwayacd_keep_agent 20")
				c.heard.conn.API(c.Context(), "sched_hangup +3600 "+leg) // of another program
				c.heard.conn.API(c.Context(), "uuid_transfer call-139 menu")
				c.after(14 * time.Second)
				away(c)
				c.heard.conn.API(c.Context(), "uuid_bridge call-139 "+leg)
				c.after(30 * time.Second)
				if mary.Bridged() != leg {
					t.Errorf("the talk has ended: %s", mary.Cause())
				}
				c.wantLegUntouched(leg)
				if left, _ := c.heard.conn.API(c.Context(), "sched_del "+leg); left != "+OK Deleted: 1" {
					t.Errorf("what somebody else scheduled for the leg: %s", left)
				}
				if name == "the server is dead" {
					c.comesBack()
					c.after(time.Second)
				}
				c.wantTalk("1000", mary.UUID())
				c.sw.PhoneLeaves(leg)
				c.after(2 * time.Second)
				c.wantRest()
			})
		})
	}
}

// A leg that is taken while its agent is kept must not be hung up.
func TestTheLimitOfKeepingDoesNotFollowALegThatIsTaken(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.after(2 * time.Second)
		leg := c.leg(mary)
		c.heard.conn.API(c.Context(), "uuid_setvar call-139 nwayacd_keep_agent 5")
		c.heard.conn.API(c.Context(), "uuid_transfer call-139 menu")
		c.after(time.Second)
		c.heard.conn.API(c.Context(), "uuid_transfer "+leg+" lot")
		c.after(30 * time.Second)
		if there, _ := c.heard.conn.API(c.Context(), "uuid_exists "+leg); there != "true" {
			t.Error("the leg was hung up")
		}
		c.wantLegUntouched(leg)
		mary.Hangup()
		c.after(2 * time.Second)
		if there, _ := c.heard.conn.API(c.Context(), "uuid_exists "+leg); there != "true" {
			t.Error("the leg was hung up with the caller")
		}
		c.sw.PhoneLeaves(leg)
		c.after(2 * time.Second)
		c.wantRest()
	})
}

func TestAWaitingCallerIsMovedToAnotherGroup(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.after(2 * time.Second)
		if err := c.server.Dispatcher.Busy(c.Context(), "1001"); err != nil {
			t.Fatal(err)
		}
		first := c.dials("138", "110")
		c.after(time.Second)
		second := c.dials("137", "120")
		c.after(time.Second)
		if err := c.server.Enqueue(c.Context(), "call-138", "120"); err != nil {
			t.Fatal(err)
		}
		c.after(time.Second)
		if err := c.server.Dispatcher.Ready(c.Context(), "1001"); err != nil {
			t.Fatal(err)
		}
		c.after(3 * time.Second)
		c.wantTalk("1001", "call-138") // this caller came earlier, and the group does not matter
		first.Hangup()
		c.after(3 * time.Second)
		second.Hangup()
		mary.Hangup()
		c.after(time.Second)
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
		c.after(3 * time.Second)
		c.wantState("1000", agent.Ready)
		c.wantTalk("1001", mary.UUID())
		mary.Hangup()
		c.after(time.Second)
		c.wantVisits(mary.UUID(), "110 moved - 120 blind", "120 answered 1001 - -")
		c.wantRest()
	})
}

func TestAfterTheTalkTheDialplanGoesOn(t *testing.T) {
	office(t, func(s *shift) { s.settings.AfterTalk = AfterTalkDialplan }, func(c *centre, mary *sim.Call) {
		mary.Hangup()
		plan := sim.Plan("socket 10.0.0.5:8084/nwayacd/110 async full", "set went=on", "playback hold.wav")
		paul := c.sw.Call(sim.CallOptions{UUID: "call-138", Number: "138", Dialled: "110", Dialplan: plan})
		c.after(3 * time.Second)
		c.sw.PhoneLeaves(c.leg(paul))
		c.after(10 * time.Second)
		c.wantState("1000", agent.Ready)
		if paul.Var("went") != "on" || paul.Var("nwayacd_outcome") != "answered" || paul.Cause() != "" {
			t.Errorf("the dialplan did not go on: %q, outcome %q, cause %q", paul.Actions(),
				paul.Var("nwayacd_outcome"), paul.Cause())
		}
		c.wantVisits("call-138", "110 answered 1000 - -")
		paul.Hangup()
		c.after(time.Second)
		c.wantRest()
	})
}

func TestACallerWhoWasSentOnOutlivesTheServer(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.after(2 * time.Second)
		c.refers(mary, "lot")
		c.after(time.Second)
		c.dies()
		c.after(10 * time.Second)
		if mary.Cause() != "" {
			t.Errorf("the caller was hung up: %s", mary.Cause())
		}
		c.comesBack()
		c.after(10 * time.Second)
		if mary.Cause() != "" {
			t.Errorf("the caller was hung up by who came next: %s", mary.Cause())
		}
		mary.Hangup()
		c.after(time.Second)
		c.wantRest()
	})
}
