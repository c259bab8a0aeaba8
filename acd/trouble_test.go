package acd

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

func TestATalkOutlivesTheEndOfDrainSeconds(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.wantState("1000", agent.Talking)
		c.server.Drain()
		c.cut()
		c.after(10 * time.Second)
		if call.Bridged() == "" || call.Cause() != "" {
			t.Errorf("the talk was cut: cause %q", call.Cause())
		}
		if cdrs := c.journal.cdrs(); len(cdrs) > 0 {
			t.Errorf("it has a CDR already: %+v", cdrs)
		}
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.settle()
		c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantRest()
	})
}

func TestATransferIsRefusedWhileShuttingDown(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.server.Drain()
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); !errors.Is(err, errDrain) {
			t.Errorf("got %v", err)
		}
		c.settle()
		if call.Bridged() == "" {
			t.Error("the talk is gone")
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

// The agent who rings is free again as the server shuts down, and callers are still in the line.
func TestAPhoneIsNotCalledForTheNextCallerWhileShuttingDown(t *testing.T) {
	for range 20 {
		open(t, ordinary("1000"), func(c *centre) {
			c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
			for n := range 20 {
				c.caller(fmt.Sprint(n))
			}
			c.after(5 * time.Second)
			c.wantState("1000", agent.Ring)
			c.server.Drain()
			c.after(500 * time.Millisecond)
			if offers := c.journal.offers(); len(offers) != 1 {
				t.Errorf("%d offers, want 1", len(offers))
			}
		})
	}
}

func TestATransferAfterATalkLongerThanMaxWait(t *testing.T) {
	s := ordinary("1000", "1001")
	s.snapshot.Members = s.snapshot.Members[:1]
	s.settings.MaxWait = 30 * time.Second
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(60 * time.Second)
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
			t.Fatal(err)
		}
		c.untilTalking("call-139")
		c.wantState("1001", agent.Talking)
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestHostileNumbersStopNothing(t *testing.T) {
	for _, number := range []string{
		"13\n9", "1\r\nauth x", "a\x00b", "9;nwayacd_outcome=full", "${system rm}",
		"'},{x='", strings.Repeat("9", 10_000),
	} {
		open(t, ordinary("1000"), func(c *centre) {
			call := c.sw.Call(sim.CallOptions{
				UUID: "call-x", Number: number, Name: number, Dialled: "110",
				Dialplan: sim.Plan("set socket_resume=true", "socket 10.0.0.5:8084/nwayacd/110 async full", "park"),
			})
			c.untilTalking("call-x")
			c.wantState("1000", agent.Talking)
			if call.Var("nwayacd_outcome") != "" {
				t.Errorf("%.20q set a variable", number)
			}
			call.Hangup()
			c.settle()
			c.wantRest()
		})
	}
}

func TestACallerWhoHangsUpInTheWelcomeIsNotOffered(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.after(welcomeTime / 2)
		call.Hangup()
		c.settle()
		for _, change := range c.journal.changes {
			if change.AgentLog != nil && change.AgentLog.Status != "" {
				t.Errorf("the agent's state moved: %+v", *change.AgentLog)
			}
		}
		c.wantRest()
	})
}

func TestAnAgentIsRemovedBySQLWhileItRings(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: 5 * time.Second})
		call := c.caller("139")
		c.untilRinging("call-139")
		c.wantState("1000", agent.Ring)
		ext := "1000"
		c.edit(queue.Change{AgentRemoved: &ext})
		c.after(6 * time.Second)
		c.wantState("1001", agent.Talking)
		call.Hangup()
		c.settle()
		c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "noanswer 1000 1", "queue_add",
			"queue_remove 1001", "callout 1001 2", "answered 1001 2", "hangup 1001 2", "queue_remove")
		c.wantRest()
	})
}

func TestAGroupIsRemovedBySQLWhileAnAgentRings(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		call := c.caller("139")
		c.untilRinging("call-139")
		group := "110"
		c.edit(queue.Change{GroupRemoved: &group})
		c.after(20 * time.Second)
		c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "noanswer 1000 1", "queue_remove")
		if got := call.Var("nwayacd_outcome"); got != "invalid-route" {
			t.Errorf("nwayacd_outcome is %q", got)
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestAPanicWhileAnAgentRings(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.server.options.OnOffer = func(time.Duration) { panic("of the test") }
		call := c.caller("139")
		c.after(1500 * time.Millisecond)
		if c.sw.Ringing("1000") {
			t.Error("the phone rings although the caller is gone")
		}
		c.wantState("1000", agent.Ready)
		if actions := call.Actions(); actions[len(actions)-1] != "sleep 1000" {
			t.Errorf("the caller is not back in the dialplan: %q", actions)
		}
		call.Hangup()
		c.settle()
		// The link may report that the caller is gone before the server sees the connection's end.
		if cdrs := c.wantRest(); len(cdrs) != 1 ||
			cdrs[0].Outcome != queue.Failed && cdrs[0].Outcome != queue.Abandoned {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestACallerBackFromABridgeIsTaken(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Extension("elsewhere", sim.Plan("answer", "park")...)
		c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesOnBridge})
		call := c.caller("139")
		c.untilWaiting("call-139")
		c.server.Dispatcher.Busy(c.Context(), "1000")
		c.after(10 * time.Second)
		if _, err := c.cti.conn.API(c.Context(), "uuid_transfer call-139 elsewhere XML default"); err != nil {
			t.Fatal(err)
		}
		c.settle()
		if n := c.server.Calls(); n != 0 {
			t.Errorf("still in the line: %q", c.cti.call("call-139"))
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestACallersConnectionIsLost(t *testing.T) {
	for name, deed := range map[string]sim.Deed{"in the line": sim.Misses, "back from a bridge": sim.DiesOnBridge} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: deed})
				call := c.caller("139")
				c.after(3500 * time.Millisecond)
				c.server.Dispatcher.Busy(c.Context(), "1000")
				c.after(30 * time.Second)
				since := c.server.CallViews()[0].Arrived
				go c.breakConnection("call-139")
				c.after(30 * time.Second)
				views := c.server.CallViews()
				if len(views) != 1 || views[0].Phase != PhaseWait {
					t.Fatalf("the caller is lost: %+v; %q", views, call.Actions())
				}
				c.wantPlace("call-139", since)
				call.Hangup()
				c.settle()
				if cdrs := c.wantRest(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Abandoned {
					t.Errorf("CDRs: %+v", cdrs)
				}
			})
		})
	}
}

func TestACallerWhoseConnectionIsLostDoesNotComeBack(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		call := c.sw.Call(sim.CallOptions{
			UUID: "call-1", Number: "1", Dialled: "110",
			Dialplan: sim.Plan("set socket_resume=true", "socket 10.0.0.5:8084/nwayacd/110 async full",
				"hangup NORMAL_CLEARING"),
		})
		c.untilWaiting("call-1")
		go c.breakConnection("call-1")
		c.after(2 * time.Minute)
		<-call.Done()
		// The link may report that the caller is gone before the server sees the connection's end.
		if cdrs := c.wantRest(); len(cdrs) != 1 ||
			cdrs[0].Outcome != queue.Failed && cdrs[0].Outcome != queue.Abandoned {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestTheAgentAnswersAndDiesAsTheCallerHangsUp(t *testing.T) {
	for range 20 {
		open(t, ordinary("1000"), func(c *centre) {
			c.sw.Agent("1000", sim.Behaviour{Do: sim.AnswersAndDies, After: time.Second})
			call := c.caller("139")
			time.Sleep(2 * time.Second)
			call.Hangup()
			c.after(2 * time.Second)
			c.wantState("1000", agent.Ready)
			c.wantRest()
		})
	}
}

func TestARecordingEndsWithItsTalk(t *testing.T) {
	s := ordinary("1000", "1001")
	s.settings.RecordPath = "/rec/{group}-{ext}-{caller}-{uuid}.wav"
	s.snapshot.Agents[0].Record = true
	s.snapshot.Members = s.snapshot.Members[:1]
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
			t.Fatal(err)
		}
		c.untilTalking("call-139")
		c.wantState("1001", agent.Talking)
		first := c.journal.offers()
		if len(first) != 1 {
			t.Fatalf("offers: %+v", first)
		}
		file := "/rec/110-1000-139-call-139-" + first[0].Leg + ".wav"
		if reply, _ := c.cti.conn.API(c.Context(), "uuid_record call-139 stop "+file); strings.HasPrefix(reply, "+OK") {
			t.Error("1001, whose talks are not recorded, was being recorded")
		}
		call.Hangup()
		c.settle()
		if cdrs := c.wantRest(); len(cdrs) != 1 || cdrs[0].Recording != file {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestAPhoneThatRegisteredElsewhereStaysRegistered(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		d := c.server.Dispatcher
		d.registered("1000", true, "10.0.0.2")
		d.registered("1000", false, "10.0.0.1") // the old registration at the first switch runs out
		if !c.agent("1000").Registered {
			t.Error("unregistered by the switch it left")
		}
	})
}

func TestAnExtensionIsAddedDuringItsCall(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.sw.AgentCall("1000", "999")
		c.settle()
		ext, yes := "1000", true
		c.edit(
			queue.Change{AgentRemoved: &ext},
			queue.Change{AgentAdded: &queue.NewAgent{Extension: ext}},
			queue.Change{Agent: &agent.Update{Extension: ext, Registered: &yes, Up: &yes, Idle: &yes}},
			queue.Change{MemberJoined: &queue.Member{Group: "110", Extension: ext}},
		)
		if a := c.agent("1000"); a.Outside != 1 || a.Available() {
			t.Errorf("%d calls outside, available: %v", a.Outside, a.Available())
		}
		call.Hangup()
		c.settle()
		if a := c.agent("1000"); !a.Available() {
			t.Errorf("not available afterwards: %+v", a)
		}
	})
}

func TestAgentsInATalkFromBeforeARestartWaitForTheLink(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].Call = agent.Talking
	s.settings.Floor.Reserve = 10 * time.Second
	open(t, s, func(c *centre) {
		c.wantState("1000", agent.Ready) // the link is up: no channel of it is left
	})
	d := newDispatcher(Options{Settings: s.settings, Journal: &memoryJournal{}}, s.snapshot)
	if got := d.Agents()[0].Call; got != agent.Talking {
		t.Errorf("before any link: %v", got)
	}
}
