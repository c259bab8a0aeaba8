package acd

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nwayacd/queue"
	"nwayacd/sim"
)

// A channel may come to the socket port over a second connection while the first is held open. The
// end of either would end what the caller is in by then. So soon only one is left.

// endsOfUs are the ways in which all connections end at once.
var endsOfUs = map[string]func(c *centre){
	"the server dies": func(c *centre) {
		c.dies()
		c.after(beforeRetry)
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

// connections is how many connections the server has for a channel.
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

// twoLines opens a shift of two groups. In their dialplans a caller comes again if the server is
// lost.
func twoLines(t *testing.T, situation func(c *centre)) {
	t.Helper()
	open(t, twoGroups(), func(c *centre) {
		c.server.Advertise("10.0.0.5:8084")
		for _, group := range []string{"110", "120"} {
			c.sw.Extension(group,
				sim.Plan("set socket_resume=true", socketTo(group), "sleep 1000", socketTo(group),
					"transfer "+group)...)
		}
		situation(c)
	})
}

// servedIn checks that the caller waits in the group with one connection, keeps the place when all
// connections end, and then talks with the agent of the group.
func (c *centre) servedIn(call *sim.Call, group, agent string, end func(c *centre)) {
	c.Helper()
	if n := c.connections(call.UUID()); n != 1 {
		c.Errorf("the caller has %d connections", n)
	}
	since := c.placeOf(call.UUID())
	end(c)
	c.after(20 * time.Second)
	if c.served(call.UUID()) == nil {
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
	c.settleAll()
	c.wantRest()
}

func TestACallerTransferredWhileWaitingHasOneConnection(t *testing.T) {
	for name, end := range endsOfUs {
		t.Run(name, func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
				call := c.dialsInto("110")
				c.untilRinging("call")
				c.api("uuid_transfer call 120")
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

// A caller who comes once more keeps their first time of arrival and has one CDR for each visit.
// Listeners receive the events of one visit after those of the other.
func TestACallerWhoComesAloneHasOneVisit(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		call := c.dialsInto("110")
		c.after(welcomeTime / 2)
		c.api("uuid_transfer call 120")
		transferred := time.Now()
		c.after(20 * time.Millisecond)
		if is := c.served("call").channel().is(); is != recalled {
			t.Errorf("the caller is %v: this tests nothing", is)
		}
		c.settle()
		if view := c.server.CallViews()[0]; view.Group != "120" ||
			view.Arrived.After(transferred.Add(20*time.Millisecond)) {
			t.Errorf("the caller waits in %s since %v after the transfer", view.Group, view.Arrived.Sub(transferred))
		}
		call.Hangup()
		c.settle()
		c.wantVisits("call", "110 taken - - -", "120 abandoned - - -")
		c.wantEvents("call", "queue_add", "queue_remove", "queue_add", "queue_remove")
		c.wantRest()
	})
}

func TestACallerHangsUpWhileTheyComeAlone(t *testing.T) {
	twoLines(t, func(c *centre) {
		call := c.dialsInto("110")
		c.after(welcomeTime / 2)
		c.api("uuid_transfer call 120")
		c.after(100 * time.Millisecond)
		call.Hangup()
		c.settle()
		c.wantVisits("call", "110 taken - - -", "120 abandoned - - -")
		c.wantRest()
	})
}

// A caller was taken while waiting. The server shuts down while the caller's dialplan sets
// socket_resume. The end of the connection that is held open must change nothing.
func TestAHeldConnectionEndsUnderACallerOnTheWay(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Extension("way",
			sim.Plan("sleep 2000", "set socket_resume=true", "sleep 20000", "set found=true", "playback hold.wav")...)
		call := c.dialsInto("110")
		c.untilRinging("call")
		c.api("uuid_transfer call way")
		c.after(3 * time.Second)
		c.server.Drain()
		c.settle()
		c.life.end()
		c.comesBack()
		c.after(time.Minute)
		if call.Var("found") != "true" {
			t.Errorf("the caller is not in the dialplan any more: %q", call.Actions())
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

// The phone of an agent whose talk has no link connects the caller with a group in which it waits.
func TestACallerIsConnectedWithALineWhileAConnectionIsHeld(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second})
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.loseLink()
		call := c.dialsInto("110")
		c.untilTalking("call")
		own := c.leg(call)
		consult := c.consults(own, "1000")
		c.untilRinging("consult")
		c.connects(own, consult.UUID(), false)
		c.settle()
		if !slices.Contains(call.Actions(), "sleep 200") {
			t.Errorf("the caller did not come twice, so this tests nothing: %q", call.Actions())
		}
		c.wantCDR("consult", queue.Consult, queue.NoSide, attendedTransfer)
		c.servedIn(call, "120", "1001", endsOfUs["the network is cut"])
	})
}

// The caller's phone transfers the agent while the link is down, and does not hang up. When the
// agent's new talk is over, nothing of the call is left in FreeSWITCH.
func TestTheCallersPhoneTransfersTheAgentWhileTheLinkIsDown(t *testing.T) {
	for n := range 100 {
		before, back := time.Duration(n%10)*150*time.Millisecond, time.Duration(n/10)*200*time.Millisecond
		t.Run(fmt.Sprint(before, back), func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.sw.Agent("3001", sim.Behaviour{})
				c.sw.Extension("3001", sim.Plan("bridge user/3001")...)
				call := c.caller("139")
				c.after(answerAt - time.Millisecond)
				c.cutLink()
				c.untilTalking("call-139")
				leg := call.Bridged()
				c.after(before)
				if err := c.sw.Refer("call-139", "3001"); err != nil {
					t.Fatal(err)
				}
				c.after(back)
				c.sw.PhoneLeaves(leg)
				c.after(time.Minute)
				if call.Cause() == "" {
					t.Errorf("the caller's channel is still there: %q", call.Actions())
				}
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

// cutLink closes the link, which is the connection that was made first.
func (c *centre) cutLink() {
	c.wires.mu.Lock()
	defer c.wires.mu.Unlock()
	c.wires.all[0].Conn.Close()
}
