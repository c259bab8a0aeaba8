package acd

import (
	"slices"
	"sync"
	"testing"
	"time"

	"nwayacd/queue"
	"nwayacd/sim"
)

func TestTheEndOfATalkIsAnnouncedBeforeTheAgentsNextCall(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: 3 * time.Second})
		c.caller("138")
		c.untilTalking("call-138")
		c.caller("139")
		c.after(20 * time.Second)
		c.wantInOrder("call-138 hangup", "1000 nway_agent_ready", "1000 nway_agent_ring", "call-139 callout")
		c.wantRest()
	})
}

// TestTheAgentsNextCallDoesNotWaitForTheAnnouncedEndOfTheTalk has a FreeSWITCH that does not report
// what became of the caller whose talk is over. The next caller's leg is called at once all the
// same.
func TestTheAgentsNextCallDoesNotWaitForTheAnnouncedEndOfTheTalk(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second, Talk: 10 * time.Second})
		call := c.caller("138")
		c.untilTalking("call-138")
		c.wantTalk("1000", "call-138")
		c.wires.swallow("CHANNEL_UNBRIDGE")
		c.wires.swallow("CHANNEL_PARK")
		c.caller("139")
		for call.Bridged() != "" {
			c.after(10 * time.Millisecond)
		}
		if n := c.sw.Counts().Originates; n != 2 {
			t.Errorf("%d originates as the talk is over, want the next call's to be there", n)
		}
		c.wantEvents("call-139", "queue_add")
		c.after(earlyEndLimit)
		c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1")
		c.untilTalking("call-139")
		c.wantTalk("1000", "call-139")
		c.after(20 * time.Second)
		c.wantInOrder("1000 nway_agent_ready", "1000 nway_agent_ring", "call-138 hangup", "1000 nway_agent_talking")
		c.wantRest()
	})
}

// wantInOrder checks that the server's own listeners received these events, in this order.
func (c *centre) wantInOrder(want ...string) {
	c.Helper()
	at := 0
	for _, what := range want {
		found := slices.IndexFunc(c.ownEvents()[at:], func(e Event) bool {
			return e.Get("nway_caller_uuid")+" "+e.Get("nway_callstatus") == what ||
				e.Get("nway_agent_extension")+" "+e.Get("nway_agent_status") == what
		})
		if found < 0 {
			c.Errorf("not received, or not in this order: %q of %q", what, want)
			return
		}
		at += found + 1
	}
}

// TestThePhoneHangsUpInTheMomentOf another event. Whichever comes first, the talk ends once, no
// agent is stuck, and no event waits.
func TestThePhoneHangsUpInTheMomentOf(t *testing.T) {
	for name, deed := range map[string]func(c *centre, call *sim.Call){
		"a transfer": func(c *centre, call *sim.Call) {
			c.server.Dispatcher.Transfer(c.Context(), call.UUID(), "1001")
		},
		"the loss of the call's connection": func(c *centre, call *sim.Call) {
			c.breakConnection(call.UUID())
		},
		"the loss of the link": func(c *centre, _ *sim.Call) {
			c.breakLink()
		},
		"the loss of both":     func(c *centre, _ *sim.Call) { c.wires.cut() },
		"the caller's hang-up": func(_ *centre, call *sim.Call) { call.Hangup() },
		"a logout":             func(c *centre, _ *sim.Call) { c.server.Dispatcher.Logout(c.Context(), "1000") },
		"the agent's row going": func(c *centre, _ *sim.Call) {
			extension := "1000"
			c.edit(queue.Change{AgentRemoved: &extension},
				queue.Change{AgentAdded: &queue.NewAgent{Extension: extension}})
		},
		"the caller being taken": func(c *centre, call *sim.Call) {
			c.api("uuid_transfer " + call.UUID() + " 'park:' inline")
		},
	} {
		t.Run(name, func(t *testing.T) {
			for round := range 12 {
				open(t, ordinary("1000", "1001"), func(c *centre) { c.hangsUpAs(deed, round) })
			}
		})
	}
}

// hangsUpAs runs one round of it. In some rounds another caller waits, and in some the phone is a
// little earlier.
func (c *centre) hangsUpAs(deed func(*centre, *sim.Call), round int) {
	call := c.caller("139")
	c.untilTalking("call-139")
	if round%2 == 0 {
		c.server.Dispatcher.Busy(c.Context(), "1001")
		c.caller("140")
		c.untilWaiting("call-140")
		c.server.Dispatcher.Ready(c.Context(), "1001")
	}
	leg := call.Bridged()
	atOnce(round%4 < 2, func() { c.sw.PhoneLeaves(leg) }, func() { deed(c, call) })
	c.settleAll()
	c.server.Dispatcher.mu.Lock()
	if left := len(c.server.Dispatcher.earlyEnds); left != 0 {
		c.Errorf("%d ends of talks are not announced", left)
	}
	c.server.Dispatcher.mu.Unlock()
	c.killAll()
	c.after(2 * time.Minute)
	c.killAll()
	c.after(2 * time.Minute)
	c.wantRest()
	c.wantWork()
}

// TestTheConnectionIsLostAsTheTalkEnds checks that FreeSWITCH gets the events all the same, and
// those of the agent's next call after them.
func TestTheConnectionIsLostAsTheTalkEnds(t *testing.T) {
	for range 12 {
		open(t, ordinary("1000"), func(c *centre) {
			call := c.caller("138")
			c.untilTalking("call-138")
			c.caller("139")
			c.untilWaiting("call-139")
			c.wires.swallow("CHANNEL_UNBRIDGE") // the caller's thread is not as fast
			leg := call.Bridged()
			go c.breakConnection("call-138")
			c.sw.PhoneLeaves(leg)
			c.after(10 * time.Second)
			c.wantTalk("1000", "call-139")
			c.wantInOrder("call-138 hangup", "1000 nway_agent_ready", "1000 nway_agent_ring", "call-139 callout")
			// by whichever connection
			if told := c.cti.call("call-138"); len(told) != 6 || !slices.Contains(told, "hangup 1000 1") {
				t.Errorf("the CTI received %q", told)
			}
			if cdrs := c.journal.cdrs(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Answered || cdrs[0].Ended.IsZero() {
				t.Errorf("CDRs %+v", cdrs)
			}
			c.sw.PhoneLeaves(c.served("call-139").legUUID())
			c.settleAll()
			c.wantRest()
		})
	}
}

// TestATransferInTheMomentOfTheHangUp is refused, or takes place.
func TestATransferInTheMomentOfTheHangUp(t *testing.T) {
	accepted := 0
	for round := range 40 {
		open(t, ordinary("1000", "1001"), func(c *centre) {
			call := c.caller("139")
			c.untilTalking("call-139")
			leg := call.Bridged()
			var refused error
			atOnce(round%2 == 0, func() { c.sw.PhoneLeaves(leg) }, func() {
				refused = c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001")
			})
			c.after(10 * time.Second)
			if refused == nil {
				accepted++
				c.wantTalk("1001", "call-139")
			}
			call.Hangup()
			c.settleAll()
			c.wantRest()
		})
	}
	if accepted == 0 {
		t.Error("none was accepted: nothing was seen")
	}
}

// atOnce does both at the same time: the first in a goroutine of its own, or the second if swapped.
func atOnce(swapped bool, first, second func()) {
	if swapped {
		first, second = second, first
	}
	var running sync.WaitGroup
	running.Go(first)
	second()
	running.Wait()
}
