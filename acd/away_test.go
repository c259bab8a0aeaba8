package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

func TestATalkGoesOnWhenTheServerDies(t *testing.T) {
	for name, ends := range map[string]struct {
		end func(c *centre, call *sim.Call)
		by  queue.Side
	}{
		"the caller hangs up": {func(_ *centre, call *sim.Call) { call.Hangup() }, queue.CallerSide},
		"the agent hangs up":  {agentHangsUp, queue.AgentSide},
	} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000")
			s.settings.Floor.TypingAuto, s.settings.Floor.Recover = true, time.Minute
			open(t, s, func(c *centre) {
				call := c.caller("139")
				c.untilTalking("call-139")
				c.wantTalk("1000", "call-139")
				c.dies()
				c.after(10 * time.Second)
				c.comesBack()
				c.wantTalk("1000", "call-139") // before any link is up
				c.after(30 * time.Second)
				c.wantTalk("1000", "call-139")
				next := c.caller("138")
				c.after(10 * time.Second)
				if c.agent("1000").Outside != 0 || next.Bridged() != "" || call.Bridged() == "" {
					t.Errorf("%d calls outside; next talks to %q, the first to %q", c.agent("1000").Outside,
						next.Bridged(), call.Bridged())
				}
				ended := time.Now()
				ends.end(c, call)
				c.after(5 * time.Second)
				c.wantState("1000", agent.Typing)
				if cdr := c.wantCDR("call-139", queue.Answered, ends.by, "NORMAL_CLEARING"); !cdr.Ended.Equal(ended) ||
					cdr.Agent != "1000" || cdr.Bridged.IsZero() || cdr.Offers != 1 {
					t.Errorf("it ended %v: %+v", ended, cdr)
				}
				if o := c.journal.offers(); len(o) != 1 || !o[0].Ended.Equal(ended) ||
					o[0].Outcome != queue.OfferAnswered {
					t.Errorf("offers: %+v", o)
				}
				c.after(time.Minute)
				c.wantTalk("1000", "call-138")
				next.Hangup()
				c.settle()
				c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1",
					"hangup 1000 1", "queue_remove")
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

func TestATalkEndsWhileTheServerIsDead(t *testing.T) {
	for name, end := range map[string]func(c *centre, call *sim.Call){
		"the caller hangs up":                             func(_ *centre, call *sim.Call) { call.Hangup() },
		"the switch restarts":                             func(c *centre, _ *sim.Call) { c.sw.Restart() },
		"the switch is gone when the server is back, too": func(c *centre, _ *sim.Call) { c.sims.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				call := c.caller("139")
				c.untilTalking("call-139")
				c.dies()
				end(c, call)
				c.after(10 * time.Second)
				c.comesBack()
				c.after(linkGrace)
				c.wantState("1000", agent.Ready)
				cdrs := c.journal.cdrs()
				if len(cdrs) != 1 || cdrs[0].Outcome != queue.Answered || cdrs[0].HungUpBy != queue.NoSide ||
					cdrs[0].Cause == "" {
					t.Errorf("CDRs: %+v", cdrs)
				}
				call.Hangup()
				c.settle()
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

func TestATalkIsLeftToLiveByAShutdownAndFollowedAfterwards(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.server.Drain()
		c.cut()
		c.settle()
		c.dies()
		c.after(10 * time.Second)
		if call.Bridged() == "" {
			t.Fatalf("the talk was cut: cause %q", call.Cause())
		}
		c.comesBack()
		c.settle()
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.settle()
		c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantNoTalk()
		c.wantRest()
	})
}

func TestATransferredTalkIsKeptAsTheSecondAgents(t *testing.T) {
	s := ordinary("1000", "1001")
	s.snapshot.Members = s.snapshot.Members[:1]
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
			t.Fatal(err)
		}
		c.after(10 * time.Second)
		c.dies()
		c.comesBack()
		c.after(linkTime)
		c.wantState("1000", agent.Ready)
		c.wantTalk("1001", "call-139")
		call.Hangup()
		c.settle()
		if cdr := c.wantCDR("call-139", queue.Transferred, queue.CallerSide, "NORMAL_CLEARING"); cdr.Agent != "1001" {
			t.Errorf("%+v", cdr)
		}
		c.wantNoTalk()
		c.wantRest()
	})
}

func TestACallerWhoWaitedWhenTheServerDiedIsGoneWhenItIsBack(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		stays, goes := c.caller("1"), c.caller("2")
		c.untilWaiting("call-1")
		c.dies()
		goes.Hangup()
		c.after(beforeRetry)
		c.comesBack()
		c.after(2 * time.Minute)
		c.wantCDR("call-2", queue.Failed, queue.NoSide, "waited when the server died, and did not come back")
		c.wantEvents("call-2", "queue_add", "queue_remove")
		if told := c.ownEvents()[1:]; told[len(told)-1].Get("nway_queue_uuid") != "call-2" ||
			told[len(told)-1].Get("nway_queue_caller") != "2" {
			t.Errorf("our own listeners hear last %+v", told[len(told)-1])
		}
		stays.Hangup()
		c.settle()
		c.wantCDR("call-1", queue.Abandoned, queue.NoSide, "NORMAL_CLEARING")
		c.wantRest()
	})
}

func TestATalkOfAnotherServerIsNotTouched(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].Call = agent.Talking
	s.snapshot.Talks = []queue.Talk{{
		Server: "another", Link: "sim",
		CDR: queue.CDR{UUID: "call-1", Agent: "1000", Leg: "leg-1"},
	}}
	open(t, s, func(c *centre) {
		c.after(time.Minute)
		if cdrs := c.journal.cdrs(); len(cdrs) > 0 {
			t.Errorf("CDRs: %+v", cdrs)
		}
		c.wantState("1000", agent.Ready) // nothing of it is on a switch of ours
	})
}

// TestTheSwitchRestarts has a caller in a talk, one for whom a phone rings and one in the line.
func TestTheSwitchRestarts(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.caller("1")
		c.untilTalking("call-1")
		c.caller("2")
		c.untilRinging("call-2")
		c.caller("3")
		c.untilWaiting("call-3")
		c.wantTalk("1000", "call-1")
		c.wantState("1001", agent.Ring)
		core := c.server.Links()[0].CoreUUID
		c.sw.Restart()
		c.after(5 * time.Second)
		if now := c.server.Links()[0]; !now.Up || now.CoreUUID == core {
			t.Errorf("the link is %+v", now)
		}
		c.wantState("1000", agent.Ready)
		c.wantCDR("call-1", queue.Answered, queue.NoSide, errRestarted.Error())
		c.after(queue.DefaultRingTimeout) // the server cannot see whether its phone still rings
		c.wantState("1001", agent.Ready)
		c.wantCDR("call-2", queue.Failed, queue.NoSide, "esl: ")
		c.wantCDR("call-3", queue.Failed, queue.NoSide, "esl: ")
		c.wantNoTalk()
		c.wantRest()
		call := c.caller("4") // all is as before
		c.untilTalking("call-4")
		c.wantTalk("1000", "call-4")
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestTheSwitchRestartsUnderACallerBackFromABridge(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesOnBridge})
		c.caller("139")
		c.untilWaiting("call-139")
		c.server.Dispatcher.Busy(c.Context(), "1000")
		c.after(10 * time.Second)
		c.sw.Restart()
		c.settle()
		if waiting := c.server.Dispatcher.Groups()[0].Waiting; waiting != 0 {
			t.Errorf("%d are in the line", waiting)
		}
		if cdrs := c.journal.cdrs(); len(cdrs) != 1 { // either the hang-up or the end of the connection may come first
			t.Errorf("CDRs: %+v", cdrs)
		}
		c.wantRest()
	})
}

// TestTheSwitchNeverComesBack has a switch whose host is dead, so that no connection is closed.
func TestTheSwitchNeverComesBack(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.caller("1")
		c.untilTalking("call-1")
		c.caller("2")
		c.untilRinging("call-2")
		c.caller("3")
		c.untilWaiting("call-3")
		c.wires.silence() // first, because a connection that is closed shows it
		c.sims.Close()
		c.socket.Load().Close()
		c.after(beatEvery + beatLimit)
		if state := c.server.Links()[0]; state.Up {
			t.Errorf("the link is %+v", state)
		}
		c.after(linkGrace)
		c.wantState("1000", agent.Ready)
		c.wantState("1001", agent.Ready)
		c.wantCDR("call-1", queue.Answered, queue.NoSide, errAway.Error())
		c.sw.Restart()
		c.after(2 * time.Minute)
		c.wantCDR("call-2", queue.Failed, queue.NoSide, errSilent.Error())
		c.wantCDR("call-3", queue.Failed, queue.NoSide, errSilent.Error())
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestConnectionsAreHalfOpen has a firewall that drops all connections, while the switch is alive.
func TestConnectionsAreHalfOpen(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		first, second := c.caller("1"), (*sim.Call)(nil)
		c.untilTalking("call-1")
		second = c.caller("2")
		c.untilRinging("call-2")
		c.wantState("1001", agent.Ring)
		c.wires.silence()
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Answers, After: time.Second})
		c.after(beatEvery + beatLimit + 3*replyLimit)
		c.wantTalk("1000", "call-1") // undisturbed
		if first.Bridged() == "" {
			t.Error("the talk was cut")
		}
		c.wantTalk("1001", "call-2")
		first.Hangup()
		second.Hangup()
		c.settle()
		c.wantCDR("call-1", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantCDR("call-2", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestTheSwitchReadsNoMore has a switch that does not read what the server writes.
func TestTheSwitchReadsNoMore(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.caller("1")
		c.untilTalking("call-1")
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.caller("2")
		c.untilRinging("call-2")
		c.wires.clog()
		began := time.Now()
		c.server.Dispatcher.Ready(c.Context(), "1000") // the floor does not wait for the switch
		if took := time.Since(began); took > 0 {
			t.Errorf("the dispatcher waited %v", took)
		}
		c.after(3 * time.Minute)
		c.killAll()
		c.after(2 * time.Minute)
		if n := len(c.journal.cdrs()); n != 2 {
			t.Errorf("%d CDRs: %+v", n, c.journal.cdrs())
		}
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestTheSwitchKeepsSilentAbout one event or reply for which the call waits. Afterwards both the
// caller and the agent can go on.
func TestTheSwitchKeepsSilentAbout(t *testing.T) {
	for _, what := range []string{
		"BACKGROUND_JOB", "CHANNEL_BRIDGE", "CHANNEL_PARK", "CHANNEL_UNBRIDGE", "CHANNEL_HANGUP",
		"CHANNEL_EXECUTE_COMPLETE", "bgapi originate", "api uuid_bridge", "api uuid_break", "api uuid_kill",
		"api uuid_setvar_multi", "api show", "api global_getvar",
	} {
		t.Run(what, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.wires.swallow(what)
				call := c.caller("139")
				c.after(20 * time.Second)
				call.Hangup()
				c.settleAll()
				c.wires.deliver(what)
				c.after(2 * time.Minute)
				c.wantState("1000", agent.Ready)
				for _, v := range c.sw.Channels() {
					t.Errorf("left: %+v", v)
					c.api("uuid_kill " + v.UUID)
				}
				c.after(2 * time.Minute)
				next := c.caller("138")
				c.untilTalking("call-138")
				c.wantTalk("1000", "call-138")
				next.Hangup()
				c.settle()
				if cdrs := c.wantRest(); len(cdrs) != 2 {
					t.Errorf("CDRs: %+v", cdrs)
				}
				c.wantNoTalk()
			})
		})
	}
}
