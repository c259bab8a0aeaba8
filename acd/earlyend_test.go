package acd

import (
	"slices"
	"sync"
	"testing"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
	"nwayacd/sim"
)

func TestTheEndOfATalkIsAnnouncedBeforeTheAgentsNextCall(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: 3 * time.Second})
		c.caller("138")
		c.after(2 * time.Second)
		c.caller("139")
		c.after(20 * time.Second)
		c.wantInOrder("call-138 hangup", "1000 nway_agent_ready", "1000 nway_agent_ring", "call-139 callout")
		c.wantRest()
	})
}

// TestTheAgentsNextCallDoesNotWaitForTheAnnouncementOfTheEnd: FreeSWITCH does not report what
// became of the caller whose talk is over. The next caller's leg is called at once all the same.
func TestTheAgentsNextCallDoesNotWaitForTheAnnouncementOfTheEnd(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second, Talk: 10 * time.Second})
		call := c.caller("138")
		c.after(4 * time.Second)
		c.wantTalk("1000", "call-138")
		c.wires.lose("CHANNEL_UNBRIDGE")
		c.wires.lose("CHANNEL_PARK")
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
		c.after(4 * time.Second)
		c.wantTalk("1000", "call-139")
		c.after(20 * time.Second)
		c.wantInOrder("1000 nway_agent_ready", "1000 nway_agent_ring", "call-138 hangup", "1000 nway_agent_talking")
		c.wantRest()
	})
}

// wantInOrder checks that our own listeners got these events in this order.
func (c *centre) wantInOrder(want ...string) {
	c.Helper()
	at := 0
	for _, what := range want {
		found := slices.IndexFunc(c.server.Events.ring[at:], func(e Event) bool {
			return e.Get("nway_caller_uuid")+" "+e.Get("nway_callstatus") == what ||
				e.Get("nway_agent_extension")+" "+e.Get("nway_agent_status") == what
		})
		if found < 0 {
			c.Errorf("not told, or not in this order: %q of %q", what, want)
			return
		}
		at += found + 1
	}
}

// TestThePhoneHangsUpInTheMomentOf something else. Whichever is first, the talk ends once, no agent
// is stuck, and no event waits for ever.
func TestThePhoneHangsUpInTheMomentOf(t *testing.T) {
	for name, deed := range map[string]func(c *centre, call *sim.Call){
		"a transfer": func(c *centre, call *sim.Call) {
			c.server.Dispatcher.Transfer(c.Context(), call.UUID(), "1001")
		},
		"the loss of the call's connection": func(c *centre, call *sim.Call) {
			if found := c.server.channels.caller(call.UUID()); found != nil {
				found.channel().conn.Close()
			}
		},
		"the loss of the link": func(c *centre, _ *sim.Call) {
			if conn := c.server.links[0].conn.Load(); conn != nil {
				conn.Close()
			}
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
			c.heard.conn.Do(c.Context(), esl.API("uuid_transfer "+call.UUID()+" 'park:' inline"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for round := range 12 {
				open(t, ordinary("1000", "1001"), func(c *centre) { c.hangsUpAs(deed, round) })
			}
		})
	}
}

// hangsUpAs plays one round of the situation. In some rounds another caller waits, and in some the
// phone hangs up a little earlier.
func (c *centre) hangsUpAs(deed func(*centre, *sim.Call), round int) {
	call := c.caller("139")
	c.after(5 * time.Second)
	if round%2 == 0 {
		c.server.Dispatcher.Busy(c.Context(), "1001")
		c.caller("140")
		c.after(3 * time.Second)
		c.server.Dispatcher.Ready(c.Context(), "1001")
	}
	leg := call.Bridged()
	atOnce(round%4 < 2, func() { c.sw.PhoneLeaves(leg) }, func() { deed(c, call) })
	c.after(time.Minute)
	c.server.Dispatcher.mu.Lock()
	if left := len(c.server.Dispatcher.earlyEnds); left != 0 {
		c.Errorf("%d ends of talks are not announced", left)
	}
	c.server.Dispatcher.mu.Unlock()
	for _, channel := range c.sw.Channels() {
		c.heard.conn.Do(c.Context(), esl.API("uuid_kill "+channel.UUID))
	}
	c.after(2 * time.Minute)
	for _, channel := range c.sw.Channels() { // channels of those who were in a talk
		c.heard.conn.Do(c.Context(), esl.API("uuid_kill "+channel.UUID))
	}
	c.after(2 * time.Minute)
	c.wantRest()
	c.wantWork()
}

// TestTheConnectionIsLostAsTheTalkEnds: FreeSWITCH still gets the end of the talk, and before the
// events of the agent's next call.
func TestTheConnectionIsLostAsTheTalkEnds(t *testing.T) {
	for range 12 {
		open(t, ordinary("1000"), func(c *centre) {
			call := c.caller("138")
			c.after(4 * time.Second)
			c.caller("139")
			c.after(4 * time.Second)
			c.wires.lose("CHANNEL_UNBRIDGE") // the caller's thread is slower
			leg := call.Bridged()
			go c.breaks("call-138")
			c.sw.PhoneLeaves(leg)
			c.after(10 * time.Second)
			c.wantTalk("1000", "call-139")
			c.wantInOrder("call-138 hangup", "1000 nway_agent_ready", "1000 nway_agent_ring", "call-139 callout")
			// over either connection
			if told := c.heard.call("call-138"); len(told) != 6 || !slices.Contains(told, "hangup 1000 1") {
				t.Errorf("FreeSWITCH was told %q", told)
			}
			if cdrs := c.kept.cdrs(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Answered || cdrs[0].Ended.IsZero() {
				t.Errorf("CDRs %+v", cdrs)
			}
			c.sw.PhoneLeaves(c.server.channels.caller("call-139").legUUID())
			c.after(time.Minute)
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
			c.after(5 * time.Second)
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
			c.after(time.Minute)
			c.wantRest()
		})
	}
	if accepted == 0 {
		t.Error("none was accepted: nothing was seen")
	}
}

// atOnce runs both at the same time, the first in a goroutine of its own. If swapped is true, the
// second is in the goroutine.
func atOnce(swapped bool, first, second func()) {
	if swapped {
		first, second = second, first
	}
	var running sync.WaitGroup
	running.Go(first)
	second()
	running.Wait()
}
