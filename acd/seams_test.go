package acd

import (
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// What happens in a call between two of its places, its connections or its callers.

// seam is a shift with agent 1000 in group 110 and agent 1001 in group 120, without a welcome.
func seam() shift {
	s := ordinary("1000", "1001")
	s.settings.Prompts = Prompts{Hold: "hold.wav"}
	s.snapshot.Groups = append(s.snapshot.Groups, queue.Group{Number: "120", RingTimeout: queue.DefaultRingTimeout})
	s.snapshot.Members = []queue.Member{{Group: "110", Extension: "1000"}, {Group: "120", Extension: "1001"}}
	return s
}

// comes lets a caller in whose dialplan has one socket line, and then music.
func (c *centre) comes(uuid, group string, vars map[string]string) *sim.Call {
	c.server.Advertise("10.0.0.5:8084")
	socket := "socket 10.0.0.5:8084/nwayacd/" + group + " async full"
	c.sw.Extension(group, sim.Plan(socket, "playback hold.wav")...)
	return c.sw.Call(sim.CallOptions{
		UUID: uuid, Number: uuid, Dialled: group, Vars: vars,
		Dialplan: sim.Plan(socket, "playback hold.wav"),
	})
}

func TestThePlaceOfAConsultingCallIsKeptForTwoSecondsWithoutASuccessor(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.comes("consult", "120", nil)
		c.untilRinging("consult")
		c.api("uuid_kill consult ATTENDED_TRANSFER")
		c.after(hangupLag + 500*time.Millisecond)
		if c.server.Calls() != 1 {
			t.Error("the place is given up already")
		}
		c.settle()
		c.wantCDR("consult", queue.Consult, queue.NoSide, attendedTransfer)
		c.wantRest()
	})
}

func TestTheAgentAnswersBetweenTheConsultingCallAndItsSuccessor(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.comes("consult", "120", nil)
		c.after(990 * time.Millisecond) // the agent answers after a second
		c.api("uuid_kill consult ATTENDED_TRANSFER")
		c.after(100 * time.Millisecond)
		caller := c.comes("caller", "120", map[string]string{consultVariable: "consult"})
		c.settle()
		c.wantTalk("1001", "caller")
		if events := c.cti.call("consult"); slices.Contains(events, "noanswer 1001 1") {
			t.Errorf("the agent who answered has missed: %q", events)
		}
		caller.Hangup()
		c.settle()
		c.wantCDR("consult", queue.Consult, queue.NoSide, attendedTransfer)
		c.wantCDR("caller", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantRest()
	})
}

func TestTheAgentOfAConsultingCallAnswersAndNobodyTakesItOver(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.comes("consult", "120", nil)
		c.after(990 * time.Millisecond) // the agent answers after a second
		c.api("uuid_kill consult ATTENDED_TRANSFER")
		c.after(time.Minute)
		if cdr := c.wantCDR("consult", queue.Consult, queue.CallerSide, attendedTransfer); !cdr.Bridged.IsZero() {
			t.Errorf("bridged: %+v", cdr)
		}
		c.wantRest()
	})
}

func TestACallerWhoEndsWithFreeSWITCHHasNotAbandoned(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.comes("call", "110", nil)
		c.after(time.Second)
		c.api("uuid_kill call SYSTEM_SHUTDOWN")
		c.after(time.Second)
		c.wantCDR("call", queue.Failed, queue.NoSide, "SYSTEM_SHUTDOWN")
		c.wantRest()
	})
}

func TestAWaitingCallerComesFromAnotherGroupBeforeTheEventThatTheyWereTaken(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		call := c.comes("call", "110", nil)
		c.untilRinging("call")
		c.served("call").returned(newChannel(), "120", "") // as its next connection says
		c.settle()
		c.wantCDR("call", queue.Taken, queue.NoSide, "")
		if _, kept := c.server.Dispatcher.keepsPlace("call"); kept {
			t.Error("the place of the first group is kept for the second")
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

// If the connection of the visit before was half-open, FreeSWITCH does not have its number.
func TestAVisitIsNumberedAfterTheOneThatItEnds(t *testing.T) {
	for name, test := range map[string]struct {
		earlier visit
		number  int
		from    string
	}{
		"the channel knows it":         {visit{1, "110"}, 2, "110"},
		"the channel does not know it": {visit{2, "113"}, 3, "113"},
	} {
		t.Run(name, func(t *testing.T) {
			var r record
			r.arrived(arrival{ch: newChannel(), visit: visit{1, "110"}})
			if r.follows(test.earlier); r.Visit != test.number || r.CameFrom != test.from {
				t.Errorf("visit %d from %q, want %d from %q", r.Visit, r.CameFrom, test.number, test.from)
			}
		})
	}
}

func dialplanShift() shift {
	s := seam()
	s.settings.AfterTalk = AfterTalkDialplan
	return s
}

func TestATransferByCommandIfTheDialplanGoesOnAfterTheTalk(t *testing.T) {
	open(t, dialplanShift(), func(c *centre) {
		call := c.comes("call", "110", nil)
		c.untilTalking("call")
		c.wantTalk("1000", "call")
		if err := c.server.Dispatcher.Transfer(c.Context(), "call", "1001"); err != nil {
			t.Fatal(err)
		}
		c.after(4 * time.Second)
		c.wantTalk("1001", "call")
		agentHangsUp(c, call)
		c.after(10 * time.Second)
		c.wantBackInDialplan(call)
	})
}

// wantBackInDialplan checks that a caller hears what follows the socket line, and hangs up.
func (c *centre) wantBackInDialplan(call *sim.Call) {
	c.Helper()
	if got := call.Var(outcomeVariable); got != returnedAnswered || call.Cause() != "" {
		c.Errorf("nwayacd_outcome is %q, the caller's cause %q", got, call.Cause())
	}
	if heard := call.Heard(); len(heard) == 0 || heard[len(heard)-1] != "hold.wav playing" {
		c.Errorf("the caller heard %q", heard)
	}
	for _, a := range c.server.Dispatcher.Agents() {
		c.wantState(a.Extension, agent.Ready)
	}
	call.Hangup()
	c.settle()
	if cdrs := c.wantRest(); len(cdrs) != 1 {
		c.Errorf("%d CDRs: %+v", len(cdrs), cdrs)
	}
}

func TestTheLegDiesOnTheBridgeIfTheDialplanGoesOnAfterTheTalk(t *testing.T) {
	for name, deed := range map[string]sim.Deed{
		"before":                 sim.AnswersAndDies,
		"as uuid_bridge says OK": sim.DiesOnBridge,
	} {
		t.Run(name, func(t *testing.T) {
			open(t, dialplanShift(), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: deed, After: time.Second})
				call := c.comes("call", "110", nil)
				c.untilWaiting("call")
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second})
				c.after(10 * time.Second)
				c.wantTalk("1000", "call")
				agentHangsUp(c, call)
				c.after(10 * time.Second)
				c.wantBackInDialplan(call)
			})
		})
	}
}

func TestTheAgentHangsUpAtOnceIfTheDialplanGoesOnAfterTheTalk(t *testing.T) {
	for _, talk := range []time.Duration{1, time.Millisecond, 20 * time.Millisecond, time.Second} {
		t.Run(talk.String(), func(t *testing.T) {
			open(t, dialplanShift(), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second, Talk: talk})
				call := c.comes("call", "110", nil)
				c.after(10 * time.Second)
				c.wantBackInDialplan(call)
			})
		})
	}
}

func TestTheTalkIsOverBeforeTheOrderToGoOnInTheDialplan(t *testing.T) {
	open(t, dialplanShift(), func(c *centre) {
		call := c.comes("call", "110", nil)
		c.untilTalking("call")
		c.wantTalk("1000", "call")
		one := c.served("call")
		if _, err := c.cti.conn.Do(c.Context(), one.talkVariables()); err != nil {
			t.Fatal(err)
		}
		agentHangsUp(c, call)
		c.after(10 * time.Second)
		c.wantBackInDialplan(call)
	})
}

func TestATalkOnItsOwnConnectionOutlivesTheTimeWithoutALink(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.loseLink()
		c.after(linkGrace - 5*time.Second)
		call := c.comes("call", "110", nil)
		c.untilTalking("call")
		c.wantTalk("1000", "call")
		c.after(time.Minute)
		c.wantTalk("1000", "call")
		call.Hangup()
		c.settle()
		c.wantCDR("call", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantRest()
	})
}

// A talk that began without a link has its own connection. When the link is up, that connection is
// not needed. Its end, at the latest the end of this process, must not end what the caller goes on
// to.
func TestATalkOnItsOwnConnectionIsLeftToTheLink(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second})
		c.sw.Extension("lot", sim.Plan("answer", "park")...)
		call := c.comes("call", "110", nil)
		c.after(900 * time.Millisecond)
		for call.Bridged() == "" {
			c.breakLink()
			c.after(time.Millisecond)
		}
		if !c.served("call").channel().alive() {
			t.Fatal("the talk has no connection of its own: this tests nothing")
		}
		c.after(time.Minute)
		c.wantTalk("1000", "call")
		c.refers(call, "lot")
		c.after(time.Minute)
		c.dies()
		c.after(time.Minute)
		if call.Cause() != "" {
			t.Errorf("the caller in the parking lot was ended: %s", call.Cause())
		}
		c.comesBack()
		call.Hangup()
		c.settle()
	})
}

func TestATalkWithoutALinkIsGivenUpWhenItsOwnConnectionIsLost(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.loseLink()
		c.after(time.Minute)
		call := c.comes("call", "110", nil)
		c.untilTalking("call")
		c.wantTalk("1000", "call")
		go c.breakConnection("call")
		c.after(time.Minute)
		c.wantState("1000", agent.Ready)
		c.wantCDR("call", queue.Answered, queue.NoSide, errAway.Error())
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestTheLegIsTakenAndThenTheCallerGoesToAnotherGroup(t *testing.T) {
	open(t, seam(), func(c *centre) {
		c.sw.Agent("1005", sim.Behaviour{Do: sim.Answers})
		call := c.comes("call", "110", nil)
		c.comes("other", "120", nil) // its dialplan is that of group 120
		c.untilTalking("call")
		c.wantTalk("1000", "call")
		c.sw.PhoneLeaves("other")
		c.settle()
		leg := call.Bridged()
		c.api("originate {origination_uuid=third}user/1005 &park()")
		c.settle()
		c.api("uuid_bridge " + leg + " third")
		c.after(100 * time.Millisecond)
		c.api("uuid_transfer call 120")
		c.after(4 * time.Second)
		c.wantTalk("1001", "call")
		if c.api("uuid_getvar "+leg+" bridge_to") != "third" {
			t.Error("the leg that talks to a third party was ended")
		}
		if a := c.agent("1000"); a.Call != agent.Ready || a.Outside != 1 {
			t.Errorf("the agent is %v, with %d calls outside", a.Call, a.Outside)
		}
		call.Hangup()
		c.sw.PhoneLeaves(leg)
		c.api("uuid_kill third")
		c.settle()
		c.wantRest()
		if a := c.agent("1000"); a.Outside != 0 {
			t.Errorf("%d calls outside", a.Outside)
		}
	})
}

func TestTheLegDiesOnTheBridgeAndTheCallerHangsUpAtOnce(t *testing.T) {
	dies := func(c *centre) { c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesOnBridge, After: time.Second}) }
	race(t, ordinary("1000"), answerAt, dies, func(c *centre, call *sim.Call) {
		call.Hangup()
		c.settle()
		if cdrs := c.journal.cdrs(); len(cdrs) != 1 || cdrs[0].Cause != "NORMAL_CLEARING" {
			c.Errorf("a second later the CDRs are %+v", cdrs)
		}
	})
}
