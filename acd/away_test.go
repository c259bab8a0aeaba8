package acd

import (
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// wantTalk checks that the agent is in the caller's talk, and that the lists show it.
func (c *centre) wantTalk(extension, uuid string) {
	c.Helper()
	c.wantState(extension, agent.Talking)
	if got := c.agent(extension).CallUUID; got != uuid {
		c.Errorf("agent %s has the call %q, want %q", extension, got, uuid)
	}
	for _, v := range c.server.CallViews() {
		if v.UUID == uuid && v.Phase == PhaseTalk && v.Agent == extension {
			return
		}
	}
	c.Errorf("%s is not listed in a talk with %s: %+v", uuid, extension, c.server.CallViews())
}

// wantCDR checks that the call has exactly one CDR with that ending, and returns it.
func (c *centre) wantCDR(uuid string, outcome queue.Outcome, by queue.Side, cause string) (found queue.CDR) {
	c.Helper()
	n, all := 0, c.kept.cdrs()
	for _, cdr := range all {
		if cdr.UUID == uuid {
			found = cdr
			n++
		}
	}
	if n != 1 {
		c.Errorf("%s has %d CDRs: %+v", uuid, n, all)
	} else if found.Outcome != outcome || found.HungUpBy != by || !strings.HasPrefix(found.Cause, cause) ||
		found.Ended.IsZero() {
		c.Errorf("the CDR of %s says %s, hung up by %q, %q, at %v; want %s, %q, %q", uuid, found.Outcome,
			found.HungUpBy, found.Cause, found.Ended, outcome, by, cause)
	}
	return found
}

// wantPlace checks that the call still has its place.
func (c *centre) wantPlace(uuid string, since time.Time) {
	c.Helper()
	if place := c.server.channels.caller(uuid).place.Since; !place.Equal(since) {
		c.Errorf("the place of %s is %v, was %v", uuid, place, since)
	}
}

// wantNoTalk checks that no talk is stored any more.
func (c *centre) wantNoTalk() {
	c.Helper()
	if left := c.kept.snapshot(c.shift.snapshot).Talks; len(left) > 0 {
		c.Errorf("talks left: %+v", left)
	}
}

// agentHangsUp makes the agent's phone hang up.
func agentHangsUp(c *centre, call *sim.Call) {
	c.Helper()
	if _, err := c.heard.conn.API(c.Context(), "uuid_kill "+call.Bridged()); err != nil {
		c.Fatal(err)
	}
}

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
				c.after(4 * time.Second)
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
					t.Errorf("%d external calls; next talks to %q, the first to %q", c.agent("1000").Outside,
						next.Bridged(), call.Bridged())
				}
				ended := time.Now()
				ends.end(c, call)
				c.after(5 * time.Second)
				c.wantState("1000", agent.Typing)
				if cdr := c.wantCDR("call-139", queue.Answered, ends.by,
					"NORMAL_CLEARING"); !cdr.Ended.Equal(ended) || cdr.Agent != "1000" || cdr.Bridged.IsZero() ||
					cdr.Offers != 1 {
					t.Errorf("it ended %v: %+v", ended, cdr)
				}
				if o := c.kept.offers(); len(o) != 1 || !o[0].Ended.Equal(ended) ||
					o[0].Outcome != queue.OfferAnswered {
					t.Errorf("offers: %+v", o)
				}
				c.after(time.Minute)
				c.wantTalk("1000", "call-138")
				next.Hangup()
				c.after(time.Second)
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
				c.after(4 * time.Second)
				c.dies()
				end(c, call)
				c.after(10 * time.Second)
				c.comesBack()
				c.after(linkGrace)
				c.wantState("1000", agent.Ready)
				cdrs := c.kept.cdrs()
				if len(cdrs) != 1 || cdrs[0].Outcome != queue.Answered || cdrs[0].HungUpBy != queue.NoSide ||
					cdrs[0].Cause == "" {
					t.Errorf("CDRs: %+v", cdrs)
				}
				call.Hangup()
				c.after(time.Second)
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

func TestATalkGoesOnThroughAShutdownAndIsFollowedAfterwards(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.after(4 * time.Second)
		c.server.Drain()
		c.cut()
		c.after(time.Second)
		c.dies()
		c.after(10 * time.Second)
		if call.Bridged() == "" {
			t.Fatalf("the talk was cut: cause %q", call.Cause())
		}
		c.comesBack()
		c.after(time.Second)
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.after(time.Second)
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
		c.after(4 * time.Second)
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
			t.Fatal(err)
		}
		c.after(10 * time.Second)
		c.dies()
		c.comesBack()
		c.after(10 * time.Second)
		c.wantState("1000", agent.Ready)
		c.wantTalk("1001", "call-139")
		call.Hangup()
		c.after(time.Second)
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
		c.after(4 * time.Second)
		c.dies()
		goes.Hangup()
		c.after(500 * time.Millisecond)
		c.comesBack()
		c.after(2 * time.Minute)
		c.wantCDR("call-2", queue.Failed, queue.NoSide, "waited when the server died, and did not come back")
		c.wantEvents("call-2", "queue_add", "queue_remove")
		if sent := c.server.Events.ring[1:]; sent[len(sent)-1].Get("nway_queue_uuid") != "call-2" ||
			sent[len(sent)-1].Get("nway_queue_caller") != "2" {
			t.Errorf("our own listeners got last %+v", sent[len(sent)-1])
		}
		stays.Hangup()
		c.after(time.Second)
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
		if cdrs := c.kept.cdrs(); len(cdrs) > 0 {
			t.Errorf("CDRs: %+v", cdrs)
		}
		c.wantState("1000", agent.Ready) // its talk is at no FreeSWITCH of ours
	})
}

// TestTheSwitchRestarts while one caller talks, one waits, and a phone rings for a third.
func TestTheSwitchRestarts(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.caller("1")
		c.after(4 * time.Second)
		c.caller("2")
		c.after(4 * time.Second)
		c.caller("3")
		c.after(4 * time.Second)
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
		c.after(queue.DefaultRingTimeout) // its phone may still ring
		c.wantState("1001", agent.Ready)
		c.wantCDR("call-2", queue.Failed, queue.NoSide, "esl: ")
		c.wantCDR("call-3", queue.Failed, queue.NoSide, "esl: ")
		c.wantNoTalk()
		c.wantRest()
		call := c.caller("4") // all is as before
		c.after(4 * time.Second)
		c.wantTalk("1000", "call-4")
		call.Hangup()
		c.after(time.Second)
		c.wantRest()
	})
}

func TestTheSwitchRestartsWhileACallerIsBackFromABridge(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesOnBridge})
		c.caller("139")
		c.after(3500 * time.Millisecond)
		c.server.Dispatcher.Busy(c.Context(), "1000")
		c.after(10 * time.Second)
		c.sw.Restart()
		c.after(time.Second)
		if waiting := c.server.Dispatcher.Groups()[0].Waiting; waiting != 0 {
			t.Errorf("%d are in the line", waiting)
		}
		if cdrs := c.kept.cdrs(); len(cdrs) != 1 { // the hang-up and the end of the connection come in either order
			t.Errorf("CDRs: %+v", cdrs)
		}
		c.wantRest()
	})
}

// TestTheSwitchNeverComesBack: the host of FreeSWITCH is dead, without any notice.
func TestTheSwitchNeverComesBack(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.caller("1")
		c.after(4 * time.Second)
		c.caller("2")
		c.after(4 * time.Second)
		c.caller("3")
		c.after(4 * time.Second)
		c.wires.hush() // first, because a connection that closes would be a notice
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

// TestConnectionsAreHalfOpen: a firewall has forgotten all connections, but FreeSWITCH is alive.
func TestConnectionsAreHalfOpen(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		first, second := c.caller("1"), (*sim.Call)(nil)
		c.after(4 * time.Second)
		second = c.caller("2")
		c.after(4 * time.Second)
		c.wantState("1001", agent.Ring)
		c.wires.hush()
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Answers, After: time.Second})
		c.after(beatEvery + beatLimit + 3*replyLimit)
		c.wantTalk("1000", "call-1") // not disturbed
		if first.Bridged() == "" {
			t.Error("the talk was cut")
		}
		c.wantTalk("1001", "call-2")
		first.Hangup()
		second.Hangup()
		c.after(time.Second)
		c.wantCDR("call-1", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantCDR("call-2", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestTheSwitchReadsNoMore: FreeSWITCH does not read what is written to it.
func TestTheSwitchReadsNoMore(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		c.caller("1")
		c.after(4 * time.Second)
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.caller("2")
		c.after(4 * time.Second)
		c.wires.clog()
		began := time.Now()
		c.server.Dispatcher.Ready(c.Context(), "1000") // steps on the floor do not wait for FreeSWITCH
		if took := time.Since(began); took > 0 {
			t.Errorf("the dispatcher waited %v", took)
		}
		c.after(3 * time.Minute)
		for _, v := range c.sw.Channels() {
			c.heard.conn.API(c.Context(), "uuid_kill "+v.UUID)
		}
		c.after(2 * time.Minute)
		if n := len(c.kept.cdrs()); n != 2 {
			t.Errorf("%d CDRs: %+v", n, c.kept.cdrs())
		}
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestTheSwitchKeepsSilentAbout one event or reply for which the call waits. Afterwards caller and
// agent must be in a state in which they can go on.
func TestTheSwitchKeepsSilentAbout(t *testing.T) {
	for _, what := range []string{
		"BACKGROUND_JOB", "CHANNEL_BRIDGE", "CHANNEL_PARK", "CHANNEL_UNBRIDGE", "CHANNEL_HANGUP",
		"CHANNEL_EXECUTE_COMPLETE",
		"bgapi originate", "api uuid_bridge", "api uuid_break", "api uuid_kill", "api uuid_setvar_multi", "api show",
		"api global_getvar",
	} {
		t.Run(what, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.wires.lose(what)
				call := c.caller("139")
				c.after(20 * time.Second)
				call.Hangup()
				c.after(time.Minute)
				c.wires.find(what)
				c.after(2 * time.Minute)
				c.wantState("1000", agent.Ready)
				for _, v := range c.sw.Channels() {
					t.Errorf("left: %+v", v)
					c.heard.conn.API(c.Context(), "uuid_kill "+v.UUID)
				}
				c.after(2 * time.Minute)
				next := c.caller("138")
				c.after(5 * time.Second)
				c.wantTalk("1000", "call-138")
				next.Hangup()
				c.after(time.Second)
				if cdrs := c.wantRest(); len(cdrs) != 2 {
					t.Errorf("CDRs: %+v", cdrs)
				}
				c.wantNoTalk()
			})
		})
	}
}
