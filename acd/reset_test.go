package acd

import (
	"strings"
	"testing"
	"time"

	"nwayacd/sim"
)

// A caller is taken away while waiting, and the connection of the visit is held open. The dialplan
// sets socket_resume, the server dies, and the end of that connection leaves the caller in silence.
// The next server brings the caller back into the dialplan.
func TestACallerWhoWasLeftInSilenceIsInTheDialplanAgain(t *testing.T) {
	for _, partner := range []string{"", "a channel that is over"} {
		leavesInSilence(t, partner, "CS_EXECUTE")
	}
}

// The server lives on, and only the connection that is held open is cut.
func TestACallerWhoseHeldConnectionIsCutIsInTheDialplanAgain(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		c.sw.Extension("menu", sim.Plan("answer", "playback hold.wav")...)
		call := c.caller("139")
		c.untilWaiting("call-139")
		c.api("uuid_transfer call-139 menu")
		c.after(time.Second)
		c.api("uuid_setvar call-139 socket_resume true")
		c.breakHeld("call-139")
		c.after(time.Second)
		if state := c.state("call-139"); state != "CS_RESET" {
			t.Fatalf("the caller is in %s, want CS_RESET", state)
		}
		before := len(call.Actions())
		c.after(10 * time.Second)
		if state := c.state("call-139"); state != "CS_EXECUTE" || len(call.Actions()) == before {
			t.Errorf("the caller is in %s, and ran %q", state, call.Actions()[before:])
		}
		call.Hangup()
		c.after(time.Minute)
		c.wantRest()
	})
}

// breakHeld closes the connections that are held open for a channel.
func (c *centre) breakHeld(uuid string) {
	r := c.server.channels
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.held[uuid] {
		conn.Close()
	}
}

// A channel is in CS_RESET also while FreeSWITCH bridges it. Such a caller is left alone.
func TestACallerWhomFreeSWITCHIsBridgingIsLeftAlone(t *testing.T) {
	leavesInSilence(t, "call-138", "CS_RESET")
}

// leavesInSilence leaves a caller in CS_RESET, with the channel with which FreeSWITCH bridged them
// last. It checks in which state the caller is after the next server has looked at the channels.
func leavesInSilence(t *testing.T, partner, want string) {
	t.Helper()
	open(t, ordinary(), func(c *centre) {
		other := c.sw.Call(sim.CallOptions{
			UUID: "call-138", Number: "138", Dialled: "lot",
			Dialplan: sim.Plan("answer", "park"),
		})
		c.sw.Extension("menu", sim.Plan("answer", "playback hold.wav")...)
		call := c.caller("139")
		c.untilWaiting("call-139")
		c.api("uuid_transfer call-139 menu")
		c.after(time.Second)
		c.api("uuid_setvar call-139 socket_resume true")
		if partner != "" {
			c.api("uuid_setvar call-139 bridge_uuid " + partner)
		}
		c.dies()
		c.after(time.Second)
		if state := c.state("call-139"); state != "CS_RESET" {
			t.Fatalf("the caller is in %s, want CS_RESET", state)
		}
		before := len(call.Actions())
		c.comesBack()
		c.after(10 * time.Second)
		moved := len(call.Actions()) > before
		if state := c.state("call-139"); state != want || moved != (want == "CS_EXECUTE") {
			t.Errorf("the caller is in %s, and ran %q", state, call.Actions()[before:])
		}
		call.Hangup()
		other.Hangup()
		c.after(time.Minute)
		c.wantRest()
	})
}

// TestACallerWhosePartnerHangsUpWhileTheServerIsDead has a program that bridges a caller with a
// channel that hangs up in the same moment.
func TestACallerWhosePartnerHangsUpWhileTheServerIsDead(t *testing.T) {
	for name, before := range map[string]func(c *centre){
		"a caller who was taken": func(c *centre) {
			c.untilWaiting("call-139")
			c.api("uuid_transfer call-139 menu")
			c.after(time.Second)
		},
		"a caller in a talk": func(c *centre) {
			c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers})
			if err := c.server.Dispatcher.Ready(c.Context(), "1000"); err != nil {
				c.Fatal(err)
			}
			c.untilTalking("call-139")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000")
			s.snapshot.Agents[0].Idle = false
			open(t, s, func(c *centre) {
				c.sw.Agent("3000", sim.Behaviour{Late: 100 * time.Millisecond})
				other := c.sw.Call(sim.CallOptions{
					UUID: "call-138", Number: "138", Dialled: "3000", Dialplan: sim.Plan("bridge user/3000"),
				})
				c.settle()
				phone := other.Bridged()
				c.sw.Extension("menu", sim.Plan("answer", "playback hold.wav")...)
				call := c.caller("139")
				before(c)
				c.dies()
				c.api("uuid_bridge " + phone + " call-139")
				c.after(50 * time.Millisecond)
				c.api("uuid_kill " + phone)
				c.after(time.Second)
				if state := c.state("call-139"); state != "CS_SOFT_EXECUTE" {
					c.Fatalf("the caller is in %s, want CS_SOFT_EXECUTE", state)
				}
				c.comesBack()
				c.after(15 * time.Second)
				if state := c.state("call-139"); state != "CS_EXECUTE" && call.Bridged() == "" {
					c.Errorf("the caller is in %s, and ran %q", state, call.Actions())
				}
				call.Hangup()
				other.Hangup()
				c.after(time.Minute)
				c.wantRest()
			})
		})
	}
}

// state returns the Channel-State of a channel.
func (c *centre) state(uuid string) string {
	_, rest, _ := strings.Cut(c.api("uuid_dump "+uuid+" plain"), "Channel-State: ")
	state, _, _ := strings.Cut(rest, "\n")
	return state
}
