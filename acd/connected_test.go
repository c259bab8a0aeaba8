package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// A program bridges the agent with another caller, who never came to us: uuid_bridge LEG OTHER. No
// phone connected the two, so the first caller made no consulting call.
func TestAProgramBridgesTheAgentWithAnotherCaller(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.sw.Extension("menu", sim.Plan("answer", "playback hold.wav")...)
		paul := c.sw.Call(sim.CallOptions{
			UUID: "other", Number: "138", Dialled: "menu",
			Dialplan: sim.Plan("answer", "playback hold.wav"),
		})
		c.untilTalking("call-139")
		c.wantTalk("1000", mary.UUID())
		leg := c.leg(mary)
		c.api("uuid_bridge " + leg + " other")
		c.settle()
		if with := paul.Bridged(); with != leg {
			t.Fatalf("the other caller is bridged with %q", with)
		}
		c.after(10 * time.Second)
		if with := paul.Bridged(); with != leg {
			t.Errorf("the other caller was parted from the agent: bridged with %q", with)
		}
		if a := c.agent("1000"); a.Call == agent.Talking || a.Outside != 1 {
			t.Errorf("the agent is %v, with %d calls outside", a.Call, a.Outside)
		}
		if views := c.server.CallViews(); len(views) != 0 {
			t.Errorf("listed: %+v", views)
		}
		c.wantVisits(mary.UUID(), "110 answered 1000 - -")
		c.wantVisits("other")
		c.sw.PhoneLeaves(leg)
		paul.Hangup()
		c.settle()
		if a := c.agent("1000"); a.Outside != 0 {
			t.Errorf("%d calls outside", a.Outside)
		}
		c.wantRest()
	})
}

// A phone connects a caller with a group that refuses them. Until an agent there has answered, that
// is as if the caller had come by themselves. An agent who has answered keeps the caller.
func TestAPhoneConnectsACallerWithAGroupThatRefusesThem(t *testing.T) {
	refusing := func(s *shift) {
		s.settings.Prompts.Blacklist = "refused.wav"
		s.snapshot.Blacklist = []queue.Blacklisted{{Number: "139", Group: "120"}}
	}
	for name, picksUp := range map[string]time.Duration{
		"it waits": 0, "it rings": time.Minute,
		"it has answered": time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			office(t, refusing, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Answers, After: picksUp})
				if picksUp == 0 {
					c.server.Dispatcher.Busy(c.Context(), "1001")
				}
				held := c.leg(mary)
				consult := c.consulting(held)
				c.after(3 * time.Second)
				c.connects(held, consult.UUID(), false)
				c.after(500 * time.Millisecond)
				c.wantState("1000", agent.Ready)
				if picksUp == time.Second {
					c.wantTalk("1001", mary.UUID())
					mary.Hangup()
					c.settle()
					c.wantVisits(mary.UUID(), "110 answered 1000 120 attended", "120 answered 1001 - -")
					return
				}
				c.wantState("1001", agent.Ready) // its phone does not ring for a caller who is refused
				c.after(5 * time.Second)
				if mary.Cause() != "CALL_REJECTED" {
					t.Errorf("the caller's call ended with %q", mary.Cause())
				}
				c.wantVisits(mary.UUID(), "110 answered 1000 120 attended", "120 blacklisted - - -")
				c.wantVisits(consult.UUID(), "120 consult - - -")
				c.wantRest()
			})
		})
	}
}
