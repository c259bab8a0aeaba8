package acd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

func TestALiveChannelIsSentIntoAGroup(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.server.Advertise("10.0.0.5:8084")
		call := c.sw.Call(sim.CallOptions{
			UUID: "live", Number: "139", Dialled: "ivr",
			Dialplan: sim.Plan("answer", "park"),
		})
		c.settle()
		if err := c.server.Enqueue(c.Context(), "live", "999"); !errors.Is(err, queue.ErrNoGroup) {
			t.Errorf("into no group: %v", err)
		}
		if err := c.server.Enqueue(c.Context(), "nobody", "110"); !errors.Is(err, ErrNoChannel) {
			t.Errorf("an unknown channel: %v", err)
		}
		if err := c.server.Enqueue(c.Context(), "live; uuid_kill live", "110"); !errors.Is(err, ErrNoChannel) {
			t.Errorf("a hostile uuid: %v", err)
		}
		if err := c.server.Enqueue(c.Context(), "live", "110"); err != nil {
			t.Fatal(err)
		}
		c.wantVariable("live", homeVariable, "ivr XML default") // where it goes on while we cannot be reached
		c.untilTalking("live")
		c.wantState("1000", agent.Talking)
		call.Hangup()
		c.settle()
		c.wantEvents("live", "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1", "hangup 1000 1",
			"queue_remove")
		c.wantRest()
	})
}

func TestTheCallerIsPutOnHold(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilRinging("call-139")
		if err := c.server.Hold(c.Context(), "call-139", true); !errors.Is(err, ErrNotTalking) {
			t.Errorf("while ringing: %v", err)
		}
		c.untilTalking("call-139")
		for _, uuid := range []string{"call-139", call.Bridged()} { // the caller's channel, or the agent's
			if err := c.server.Hold(c.Context(), uuid, true); err != nil {
				t.Errorf("hold %s: %v", uuid, err)
			}
			if err := c.server.Hold(c.Context(), uuid, false); err != nil {
				t.Errorf("unhold %s: %v", uuid, err)
			}
		}
		if err := c.server.Hold(c.Context(), "nobody", true); !errors.Is(err, ErrNotTalking) {
			t.Errorf("an unknown channel: %v", err)
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestAThirdPartyIsRungIntoTheTalk(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Gateway("gw1", sim.Behaviour{Do: sim.Answers, After: 2 * time.Second})
		c.sw.Gateway("gw2", sim.Behaviour{Do: sim.Refuses, Cause: "USER_BUSY"})
		call := c.caller("139")
		c.untilTalking("call-139")
		if err := c.server.ThreeWay(c.Context(), "call-139", "018621575908", "gw1"); err != nil {
			t.Error(err)
		}
		c.settle()
		if n := len(c.sw.Channels()); n != 3 {
			t.Errorf("%d channels in a talk of three", n)
		}
		if err := c.server.ThreeWay(c.Context(), "call-139", "1", "gw2"); err == nil ||
			!strings.Contains(err.Error(), "USER_BUSY") {
			t.Errorf("a busy third party: %v", err)
		}
		if err := c.server.ThreeWay(c.Context(), "call-139", "1 &hangup", "gw1"); !errors.Is(err, ErrArgument) {
			t.Errorf("a hostile number: %v", err)
		}
		if err := c.server.ThreeWay(c.Context(), "nobody", "1", "gw1"); !errors.Is(err, ErrNotTalking) {
			t.Errorf("an unknown channel: %v", err)
		}
		call.Hangup()
		c.settleAll()
		for _, left := range c.sw.Channels() {
			c.Logf("left: %+v", left)
		}
	})
}

func TestAWaitingCallerIsBridgedByUUID(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		call := c.caller("139")
		c.untilWaiting("call-139")
		supervisor := c.asks("boss", "2000", "", "nway_bridge/call-139")
		c.settle()
		if supervisor.Bridged() != "call-139" || call.Bridged() != "boss" {
			t.Errorf("bridged with %q and %q", supervisor.Bridged(), call.Bridged())
		}
		if call.Var("socket_resume") == "true" {
			t.Error("socket_resume would end the bridge if the server dies")
		}
		c.wantEvents("call-139", "queue_add", "queue_remove")
		if cdrs := c.journal.cdrs(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Taken {
			t.Errorf("CDRs: %+v", cdrs)
		}
		call.Hangup()
		supervisor.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestNwayBridgeWithAnUnknownChannel(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		call := c.asks("boss", "2000", "", "nway_bridge/nobody")
		c.settle()
		if got := call.Var("nwayacd_outcome"); got != "invalid-route" {
			t.Errorf("nwayacd_outcome is %q", got)
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestAnAgentCallsOut(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].CalloutNumber = "02161234567"
	s.settings.Floor.TypingAuto, s.settings.Floor.Recover = true, time.Minute
	open(t, s, func(c *centre) {
		c.sw.Gateway("gw1", sim.Behaviour{Do: sim.Answers, After: time.Second, Talk: 5 * time.Second})
		call := c.asks("out", "1000", "1000", "nwaycallout/013800138000/gw1")
		c.after(3 * time.Second)
		c.wantState("1000", agent.Talking)
		if call.Bridged() == "" {
			t.Error("not bridged")
		}
		c.after(5 * time.Second)
		c.wantState("1000", agent.Typing)
		if got := call.Var("nwayacd_outcome"); got != "answered" {
			t.Errorf("nwayacd_outcome is %q", got)
		}
		call.Hangup()
		c.settle()
		cdrs := c.wantRest()
		if len(cdrs) != 1 || cdrs[0].Outcome != queue.Answered || cdrs[0].Agent != "1000" ||
			cdrs[0].Dialled != "013800138000" || cdrs[0].Answered.IsZero() {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestACallOutThatFails(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Gateway("gw1", sim.Behaviour{Do: sim.Refuses, Cause: "USER_BUSY"})
		call := c.asks("out", "1000", "1000", "nwaycallout/013800138000/gw1/02100000000")
		c.after(2 * time.Second)
		c.wantState("1000", agent.Ready)
		if got := call.Var("nwayacd_outcome"); got != "USER_BUSY" {
			t.Errorf("nwayacd_outcome is %q", got)
		}
		call.Hangup()
		c.settle()
		if cdrs := c.wantRest(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Failed || cdrs[0].Cause != "USER_BUSY" {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestTheCallerHangsUpWhileACallOutRings(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Gateway("gw1", sim.Behaviour{Do: sim.Misses})
		call := c.asks("out", "1000", "1000", "nwaycallout/013800138000/gw1")
		c.after(2 * time.Second)
		c.wantState("1000", agent.Talking)
		call.Hangup()
		c.settle()
		c.wantState("1000", agent.Ready)
		if cdrs := c.wantRest(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Abandoned {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestOnlyTheGatewaysOfTheConfigurationAreCalledThrough(t *testing.T) {
	s := ordinary("1000")
	s.settings.Gateways = []string{"gw1"}
	open(t, s, func(c *centre) {
		for _, gateway := range []string{"gw1", "gw2"} {
			c.sw.Gateway(gateway, sim.Behaviour{Do: sim.Answers, After: time.Second, Talk: 5 * time.Second})
		}
		out := c.asks("out", "1000", "1000", "nwaycallout/013800138000/gw2")
		c.settle()
		if got := out.Var("nwayacd_outcome"); got != "invalid-route" || len(c.sw.Channels()) != 1 {
			t.Errorf("nwayacd_outcome is %q, %d channels", got, len(c.sw.Channels()))
		}
		out.Hangup()
		call := c.caller("139")
		c.untilTalking("call-139")
		if err := c.server.ThreeWay(c.Context(), "call-139", "1", "gw2"); !errors.Is(err, ErrGateway) {
			t.Errorf("a gateway that is not listed: %v", err)
		}
		if err := c.server.ThreeWay(c.Context(), "call-139", "1", "gw1"); err != nil {
			t.Error(err)
		}
		s.settings.Gateways = nil
		c.server.Configure(s.settings)
		if err := c.server.ThreeWay(c.Context(), "call-139", "1", "gw2"); err != nil {
			t.Errorf("after a reload without a list: %v", err)
		}
		call.Hangup()
		c.settleAll()
	})
}

func TestWrongCallsOutAreTurnedAway(t *testing.T) {
	for _, path := range []string{
		"nwaycallout", "nwaycallout/1", "nwaycallout/1/2/3/4", "nwaycallout/1%20&hangup/gw1",
		"nwaycallout//gw1", "nway_bridge", "nway_bridge/a%20b", "elsewhere/1",
	} {
		open(t, ordinary("1000"), func(c *centre) {
			call := c.asks("out", "1000", "1000", path)
			c.settle()
			if got := call.Var("nwayacd_outcome"); got != "invalid-route" {
				t.Errorf("%s: nwayacd_outcome is %q", path, got)
			}
			c.wantState("1000", agent.Ready)
			call.Hangup()
			c.settle()
			c.wantRest()
		})
	}
}

func TestAFeatureCodeRunsACommand(t *testing.T) {
	s := ordinary("1000")
	s.settings.Commands = []string{"nway_login"}
	open(t, s, func(c *centre) {
		var got string
		c.server.options.Command = func(_ context.Context, line string) string {
			got = line
			return "+OK 1000 logged in to 110\nand more"
		}
		call := c.sw.Call(sim.CallOptions{
			UUID: "code", Number: "1000", User: "1000", Dialled: "*11",
			Vars:     map[string]string{"nwayacd_outcome": "timeout"},
			Dialplan: sim.Plan("socket 10.0.0.5:8084/cmd/nway_login/1000/110 async full", "park"),
		})
		c.settle()
		if got != "nway_login 1000 110" {
			t.Errorf("the command was %q", got)
		}
		if reply := call.Var("nwayacd_reply"); reply != "+OK 1000 logged in to 110 and more" {
			t.Errorf("nwayacd_reply is %q", reply)
		}
		if actions := call.Actions(); actions[len(actions)-1] != "park" {
			t.Errorf("not back in the dialplan: %q", actions)
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

// An operator moves a caller to a group whose blacklist names them. That group would hang them up.
func TestACallerIsNotMovedToAGroupThatRefusesThem(t *testing.T) {
	for name, talks := range map[string]bool{"waiting": false, "talking": true} {
		t.Run(name, func(t *testing.T) {
			s := twoGroups()
			s.snapshot.Blacklist = []queue.Blacklisted{{Number: "139", Group: "120"}}
			open(t, s, func(c *centre) {
				if !talks {
					c.logout("1000")
				}
				call := c.caller("139")
				c.after(4 * time.Second)
				if err := c.server.Enqueue(c.Context(), "call-139", "120"); !errors.Is(err, ErrBlacklisted) {
					t.Errorf("the command says %v", err)
				}
				c.after(5 * time.Second)
				if one := c.server.channels.caller("call-139"); one == nil || one.groupNow() != "110" ||
					call.Cause() != "" {
					t.Errorf("the caller was moved or lost: %q", call.Cause())
				}
				call.Hangup()
				c.after(time.Second)
				c.wantRest()
			})
		})
	}
}
