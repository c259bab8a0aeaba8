package acd

import (
	"slices"
	"testing"
	"time"

	"nwayacd/queue"
	"nwayacd/sim"
)

// A channel may come to the socket port over a second connection while the first is held open. The
// end of either takes the caller out of the application they are in. So only one must be left soon.

// endsOfUs are the ways in which all our connections end at once.
var endsOfUs = map[string]func(c *centre){
	"the server dies": func(c *centre) {
		c.dies()
		c.after(500 * time.Millisecond)
		c.comesBack()
		c.server.Advertise("10.0.0.5:8084")
	},
	"the network is cut": func(c *centre) { c.wires.cut() },
	"the server shuts down": func(c *centre) {
		c.server.Drain()
		c.after(300 * time.Millisecond)
		c.life.end()
		c.comesBack()
		c.server.Advertise("10.0.0.5:8084")
	},
	"the server shuts down without a link": func(c *centre) {
		c.unlinked(time.Millisecond)
		c.server.Drain()
		c.unlinked(300 * time.Millisecond)
		c.life.end()
		c.comesBack()
		c.server.Advertise("10.0.0.5:8084")
	},
}

// unlinked lets time pass while the link is down.
func (c *centre) unlinked(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); c.after(time.Millisecond) {
		if conn := c.server.links[0].conn.Load(); conn != nil {
			conn.Close()
		}
	}
}

// connections returns how many connections of ours a channel has.
func (c *centre) connections(uuid string) (n int) {
	c.server.channels.mu.Lock()
	defer c.server.channels.mu.Unlock()
	for ch := range c.server.channels.open {
		if ch.uuid == uuid && ch.conn.Err() == nil {
			n++
		}
	}
	return n
}

// twoLines is a shift of two groups. If a caller's server dies, the dialplan brings the caller here
// again.
func twoLines(t *testing.T, situation func(c *centre)) {
	t.Helper()
	open(t, twoGroups(), func(c *centre) {
		c.server.Advertise("10.0.0.5:8084")
		for _, group := range []string{"110", "120"} {
			c.sw.Extension(group, sim.Plan("set socket_resume=true", socketTo(group), "sleep 1000", socketTo(group),
				"transfer "+group)...)
		}
		situation(c)
	})
}

// servedIn checks that the caller is the only one who waits in the group. Then it ends all our
// connections. The caller must keep the place, and must talk with the agent of the group
// afterwards.
func (c *centre) servedIn(call *sim.Call, group, agent string, end func(c *centre)) {
	c.Helper()
	if n := c.connections(call.UUID()); n != 1 {
		c.Errorf("the caller has %d connections", n)
	}
	since := c.server.channels.caller(call.UUID()).place.Since
	end(c)
	c.after(20 * time.Second)
	if c.server.channels.caller(call.UUID()) == nil {
		c.Fatalf("the caller of group %s is not back: %q, %q", group, call.Cause(), call.Actions())
	}
	c.wantPlace(call.UUID(), since)
	if n := c.connections(call.UUID()); n != 1 {
		c.Errorf("the caller has %d connections after the end", n)
	}
	c.sw.Agent(agent, sim.Behaviour{Do: sim.Answers})
	c.after(time.Minute)
	if call.Cause() != "" {
		c.Fatalf("the caller of group %s was lost: %s; %q", group, call.Cause(), call.Actions())
	}
	c.wantTalk(agent, call.UUID())
	call.Hangup()
	c.after(time.Minute)
	c.wantRest()
}

func TestACallerTransferredWhileWaitingHasOneConnection(t *testing.T) {
	for name, end := range endsOfUs {
		t.Run(name, func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
				call := c.dialsInto("110")
				c.after(3 * time.Second)
				c.heard.conn.API(c.Context(), "uuid_transfer call 120")
				c.after(3 * time.Second)
				c.servedIn(call, "120", "1001", end)
			})
		})
	}
}

// dialsInto lets a caller dial a group.
func (c *centre) dialsInto(group string) *sim.Call {
	return c.sw.Call(sim.CallOptions{
		UUID: "call", Number: "138", Dialled: group,
		Dialplan: sim.Plan("transfer " + group),
	})
}

func TestACallerWhoseTalkHadNoLinkIsTransferredAndHasOneConnection(t *testing.T) {
	for name, end := range endsOfUs {
		t.Run(name, func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second})
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
				call := c.dialsInto("110")
				c.unlinked(5 * time.Second)
				c.refers(call, "120")
				c.after(5 * time.Second)
				c.servedIn(call, "120", "1001", end)
			})
		})
	}
}

// A caller who reconnects keeps the time of arrival and has one CDR for each visit. The events of
// one visit come before those of the next.
func TestACallerWhoReconnectsAloneHasOneVisit(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		call := c.dialsInto("110")
		c.after(500 * time.Millisecond)
		c.heard.conn.API(c.Context(), "uuid_transfer call 120")
		transferred := time.Now()
		c.after(20 * time.Millisecond)
		if is := c.server.channels.caller("call").channel().is(); is != recalled {
			t.Errorf("the caller is %v: this tests nothing", is)
		}
		c.after(time.Second)
		if view := c.server.CallViews()[0]; view.Group != "120" ||
			view.Arrived.After(transferred.Add(20*time.Millisecond)) {
			t.Errorf("the caller waits in %s since %v after the transfer", view.Group, view.Arrived.Sub(transferred))
		}
		call.Hangup()
		c.after(time.Second)
		c.wantVisits("call", "110 taken - - -", "120 abandoned - - -")
		c.wantEvents("call", "queue_add", "queue_remove", "queue_add", "queue_remove")
		c.wantRest()
	})
}

func TestACallerHangsUpWhileReconnectingAlone(t *testing.T) {
	twoLines(t, func(c *centre) {
		call := c.dialsInto("110")
		c.after(500 * time.Millisecond)
		c.heard.conn.API(c.Context(), "uuid_transfer call 120")
		c.after(100 * time.Millisecond)
		call.Hangup()
		c.after(time.Second)
		c.wantVisits("call", "110 taken - - -", "120 abandoned - - -")
		c.wantRest()
	})
}

// A caller was taken while waiting, and is on the way through a dialplan that sets socket_resume
// when the server shuts down. The end of the connection that is held open must not stop the caller.
func TestAHeldConnectionEndsWhileTheCallerIsInTheDialplan(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Extension("way", sim.Plan("sleep 2000", "set socket_resume=true", "sleep 20000", "set found=true",
			"playback hold.wav")...)
		call := c.dialsInto("110")
		c.after(3 * time.Second)
		c.heard.conn.API(c.Context(), "uuid_transfer call way")
		c.after(3 * time.Second)
		c.server.Drain()
		c.after(time.Second)
		c.life.end()
		c.comesBack()
		c.after(time.Minute)
		if call.Var("found") != "true" {
			t.Errorf("the caller is not in the dialplan any more: %q", call.Actions())
		}
		call.Hangup()
		c.after(time.Second)
		c.wantRest()
	})
}

// The phone of an agent whose talk has no link connects the caller with a group in which the phone
// waits.
func TestACallerIsConnectedWithALineWhileAConnectionIsHeld(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second})
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.loseLink()
		call := c.dialsInto("110")
		c.after(5 * time.Second)
		own := c.leg(call)
		consult := c.consults(own, "1000")
		c.after(2 * time.Second)
		c.connects(own, consult.UUID(), false)
		c.after(time.Second)
		if !slices.Contains(call.Actions(), "sleep 200") {
			t.Errorf("the caller did not come twice, so this tests nothing: %q", call.Actions())
		}
		c.wantCDR("consult", queue.Consult, queue.NoSide, attendedTransfer)
		c.servedIn(call, "120", "1001", endsOfUs["the network is cut"])
	})
}
