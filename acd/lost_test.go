package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

func TestTheLinkIsLostUnderACallOutside(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		own := c.sw.AgentCall("1000", "02112345678")
		c.settle()
		caller := c.caller("139")
		c.untilWaiting("call-139")
		c.wires.cut()
		c.after(10 * time.Second)
		if n := c.sw.Counts().Originates; n > 0 {
			t.Errorf("the agent was called %d times during the call", n)
		}
		own.Hangup()
		c.untilTalking("call-139")
		c.wantTalk("1000", caller.UUID())
		caller.Hangup()
		c.settle()
		c.wantRest()
	})
}

// A program bridged the agent's own call with another one, before the server was started again. The
// agent is in that call.
func TestACallOutsideThatAProgramBridgedIsFoundAfterARestart(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		own := c.sw.Call(sim.CallOptions{
			UUID: "own", Number: "1000", User: "1000", Vars: map[string]string{"presence_id": "1000@sim.local"},
			Dialled: "echo", Dialplan: sim.Plan("answer", "echo"),
		})
		other := c.sw.Call(sim.CallOptions{UUID: "other", Dialled: "lot", Dialplan: sim.Plan("answer", "park")})
		c.settle()
		c.api("uuid_bridge " + own.UUID() + " other")
		c.after(time.Second)
		if state := c.state(own.UUID()); state != "CS_SOFT_EXECUTE" {
			t.Fatalf("the agent's call is in %s", state)
		}
		c.restartsWith(c.journal.length())
		if n := c.agent("1000").Outside; n != 1 {
			t.Errorf("%d calls outside", n)
		}
		own.Hangup()
		other.Hangup()
		c.settleAll()
		c.wantRest()
	})
}

func TestACallOutsideEndsWhileTheLinkIsLost(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		own := c.sw.AgentCall("1000", "02112345678")
		c.settle()
		c.wires.cut()
		own.Hangup()
		c.after(10 * time.Second)
		caller := c.caller("139")
		c.untilTalking("call-139")
		c.wantTalk("1000", caller.UUID())
		caller.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestTheLastEventOfACallWhoseConnectionIsLost(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		call := c.caller("139")
		c.untilWaiting("call-139")
		go c.breakConnection("call-139")
		c.after(10 * time.Second)
		c.wantEvents("call-139", "queue_add", "queue_remove", "queue_add")
		call.Hangup()
		c.settle()
		c.wantEvents("call-139", "queue_add", "queue_remove", "queue_add", "queue_remove")
		c.wantRest()
	})
}

// TestALegIsNotedAsTheLinkComesUp has a leg that a call could not end. The call noted it as an
// external call after the link had looked for those that are over.
func TestALegIsNotedAsTheLinkComesUp(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		own := c.sw.AgentCall("1000", "02112345678")
		c.settle()
		l := c.server.links[0]
		l.server.channels.noteExternal(l, "leg", "1000")
		if n := c.agent("1000").Outside; n != 2 {
			t.Fatalf("%d calls outside", n)
		}
		c.after(tableLag)
		if n := c.agent("1000").Outside; n != 1 {
			t.Errorf("%d calls outside, one is real", n)
		}
		own.Hangup()
		c.settle()
		caller := c.caller("139")
		c.untilTalking("call-139")
		c.wantTalk("1000", caller.UUID())
		caller.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestTheServerDiesBetweenTheAnswerAndTheBridge(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].SayJobNumber, s.snapshot.Agents[0].JobNumber = true, "7"
	s.settings.Prompts.JobDigits[7] = "seven.wav"
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(answerAt + 500*time.Millisecond) // the caller hears the job number
		since := c.server.CallViews()[0].Arrived
		if g := c.server.Dispatcher.Groups()[0]; g.Waiting != 0 || g.Talking != 1 || len(c.server.CallViews()) != 1 {
			t.Errorf("%d wait and %d talk: %+v", g.Waiting, g.Talking, c.server.CallViews())
		}
		c.dies()
		c.after(beforeRetry)
		c.comesBack()
		c.after(30 * time.Second)
		c.wantTalk("1000", "call-139")
		c.wantPlace("call-139", since)
		if rows := c.journal.waiting(); len(rows) > 0 {
			t.Errorf("in a talk, and among the waiting: %v", rows)
		}
		call.Hangup()
		c.settleAll()
		c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantNoTalk()
		c.wantRest()
	})
}

func TestTheServerDiesWhileATransferRingsAfterATalk(t *testing.T) {
	s := ordinary("1000", "1001")
	s.snapshot.Members = s.snapshot.Members[:1]
	// What is left of the first life ends. The scheduler decides whether that hangs up the caller.
	for range 5 * rounds {
		open(t, s, func(c *centre) {
			c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
			call := c.caller("139")
			c.untilTalking("call-139")
			since := c.server.CallViews()[0].Arrived
			if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
				t.Fatal(err)
			}
			c.settle()
			if g := c.server.Figures().Floor.Groups[0]; g.Waiting != 1 || g.Talking != 0 {
				t.Errorf("%d wait and %d talk", g.Waiting, g.Talking)
			}
			c.dies()
			c.after(beforeRetry)
			c.comesBack()
			c.after(30 * time.Second)
			c.wantTalk("1000", "call-139")
			c.wantPlace("call-139", since)
			call.Hangup()
			c.settleAll()
			c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
			c.wantNoTalk()
			c.wantRest()
		})
	}
}

// TestACallerWhoHadATalkIsGoneWhenTheServerIsBack has a caller who was transferred, and waited
// again when the server died.
func TestACallerWhoHadATalkIsGoneWhenTheServerIsBack(t *testing.T) {
	s := ordinary("1000", "1001")
	s.snapshot.Members = s.snapshot.Members[:1]
	open(t, s, func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		call := c.caller("139")
		c.untilTalking("call-139")
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
			t.Fatal(err)
		}
		c.settle()
		c.dies()
		call.Hangup()
		c.after(beforeRetry)
		c.comesBack()
		c.after(linkTime)
		c.wantState("1000", agent.Ready)
		c.wantState("1001", agent.Ready)
		c.after(2 * time.Minute)
		if cdr := c.wantCDR("call-139", queue.Answered, queue.NoSide,
			"waited when the server died, and did not come back"); cdr.Agent != "1000" || cdr.Bridged.IsZero() {
			t.Errorf("%+v", cdr)
		}
		c.wantNoTalk()
		c.wantRest()
	})
}

func TestTheConnectionIsLostBetweenTheAnswerAndTheBridge(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].SayJobNumber, s.snapshot.Agents[0].JobNumber = true, "7"
	s.settings.Prompts.JobDigits[7] = "seven.wav"
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(answerAt + 500*time.Millisecond) // the caller hears the job number
		go c.breakConnection("call-139")
		c.after(time.Second)
		if misses := c.agent("1000").Rest.Misses; misses != 0 {
			t.Errorf("the agent, who answered, has %d misses", misses)
		}
		c.after(time.Minute)
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.settle()
		c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestTheConnectionIsLostWhileATransferRingsAfterATalk checks that max-wait does not send away a
// caller who has talked, and that the talk is in their CDR.
func TestTheConnectionIsLostWhileATransferRingsAfterATalk(t *testing.T) {
	for name, lose := range map[string]func(c *centre){
		"the connection breaks": func(c *centre) { go c.breakConnection("call-139") },
		"the server dies":       func(c *centre) { c.dies(); c.comesBack() },
	} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000", "1001")
			s.settings.MaxWait = 30 * time.Second
			open(t, s, func(c *centre) {
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
				call := c.caller("139")
				c.after(time.Minute)
				if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
					t.Fatal(err)
				}
				c.after(2 * time.Second)
				lose(c)
				c.after(30 * time.Second)
				c.wantTalk("1000", "call-139")
				call.Hangup()
				c.settle()
				if cdr := c.wantCDR("call-139", queue.Answered, queue.CallerSide,
					"NORMAL_CLEARING"); cdr.Ended.Sub(cdr.Answered) < time.Minute {
					t.Errorf("the CDR does not tell of the first talk: %+v", cdr)
				}
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

// TestTheServerDiesWithACallerParkedInSilence has a park in which nothing plays, so that the end of
// the connection ends it.
func TestTheServerDiesWithACallerParkedInSilence(t *testing.T) {
	s := ordinary("1000", "1001")
	s.settings.Prompts.Hold = ""
	open(t, s, func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		call := c.caller("139")
		c.untilTalking("call-139")
		c.server.Dispatcher.Busy(c.Context(), "1000")
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
			t.Fatal(err)
		}
		c.after(2 * time.Second)
		c.server.Dispatcher.Busy(c.Context(), "1001")
		c.after(20 * time.Second) // missed: back in the line, and parked
		c.dies()
		c.comesBack()
		c.after(linkTime)
		if err := c.server.Dispatcher.Ready(c.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
		c.untilTalking("call-139")
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestACallerLeftParkedAfterATalkIsLetGoByWhoComesNext(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.dies()
		// a park without end
		for _, command := range []string{"uuid_setvar call-139 park_timeout", "uuid_kill " + call.Bridged()} {
			if _, err := c.cti.conn.API(c.Context(), command); err != nil {
				t.Fatal(err)
			}
		}
		c.after(time.Second)
		c.comesBack()
		c.after(tableLag + time.Second)
		if call.Cause() == "" {
			t.Errorf("the caller is left alone: %v", call.Actions())
		}
		c.wantRest()
	})
}
