package acd

import (
	"strconv"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

func TestACallIsAnswered(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilRinging("call-139")
		c.wantState("1000", agent.Ring)
		c.untilTalking("call-139")
		c.wantState("1000", agent.Talking)
		if call.Bridged() == "" {
			t.Error("not bridged")
		}
		if call.Var("socket_resume") != "" {
			t.Error("socket_resume would tear the bridge if the server died")
		}
		call.Hangup()
		c.settle()
		c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1", "hangup 1000 1",
			"queue_remove")
		cdrs := c.wantRest()
		if len(cdrs) != 1 || cdrs[0].Outcome != queue.Answered || cdrs[0].HungUpBy != queue.CallerSide ||
			cdrs[0].Agent != "1000" {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestTheAgentHangsUp(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: 3 * time.Second})
		call := c.caller("139")
		c.after(10 * time.Second)
		c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1", "hangup 1000 1",
			"queue_remove")
		if call.Cause() != "NORMAL_CLEARING" {
			t.Errorf("cause %s", call.Cause())
		}
		cdrs := c.wantRest()
		if len(cdrs) != 1 || cdrs[0].HungUpBy != queue.AgentSide {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestAMissedOfferKeepsThePlace(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		first := c.caller("1")
		c.untilRinging("call-1")
		second := c.caller("2")
		// the ring timeout is over: the call of the first caller is not offered again, the second's
		// is
		c.after(15 * time.Second)
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: time.Second})
		c.after(15 * time.Second)
		c.after(10 * time.Second)
		c.wantEvents("call-1", "queue_add", "queue_remove 1000", "callout 1000 1", "noanswer 1000 1", "queue_add",
			"queue_remove 1000", "callout 1000 2", "answered 1000 2", "hangup 1000 2", "queue_remove")
		<-first.Done()
		second.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestTheCallerHangsUpWhileTheAgentRings(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		call := c.caller("139")
		c.untilRinging("call-139")
		c.wantState("1000", agent.Ring)
		call.Hangup()
		c.after(100 * time.Millisecond)
		if c.sw.Ringing("1000") {
			t.Error("the phone still rings after 100 ms")
		}
		c.wantState("1000", agent.Ready)
		c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "callin_hangup 1000 1",
			"queue_remove")
		cdrs := c.wantRest()
		if len(cdrs) != 1 || cdrs[0].Outcome != queue.Abandoned {
			t.Errorf("CDRs: %+v", cdrs)
		}
		if offers := c.journal.offers(); len(offers) != 1 || offers[0].Outcome != queue.OfferWithdrawn {
			t.Errorf("offers: %+v", offers)
		}
	})
}

func TestTheAgentsLegDiesBeforeTheBridge(t *testing.T) {
	for name, deed := range map[string]sim.Deed{
		"at once":                sim.AnswersAndDies,
		"as uuid_bridge says OK": sim.DiesOnBridge,
	} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: deed})
				call := c.caller("139")
				c.untilWaiting("call-139")
				c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1",
					"noanswer 1000 1", "queue_add")
				if call.Cause() != "" {
					t.Fatalf("the caller was hung up: %s", call.Cause())
				}
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: time.Second})
				c.after(10 * time.Second) // longer than the park after a bridge lasts
				c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1",
					"noanswer 1000 1", "queue_add",
					"queue_remove 1000", "callout 1000 2", "answered 1000 2", "hangup 1000 2", "queue_remove")
				c.wantRest()
			})
		})
	}
}

// TestTheBridgeIsMadeLate checks that an agent who answered has missed nothing if FreeSWITCH needs
// long for the bridge, or does not make it at all.
func TestTheBridgeIsMadeLate(t *testing.T) {
	for name, bridge := range map[string]struct {
		late    time.Duration
		outcome queue.OfferOutcome
	}{
		"after 5 s":  {5 * time.Second, queue.OfferAnswered},
		"after 20 s": {20 * time.Second, queue.OfferExpired},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: time.Minute, Late: bridge.late})
				call := c.caller("139")
				c.after(answerAt + 8*time.Second)
				if misses := c.agent("1000").Rest.Misses; misses != 0 {
					t.Errorf("the agent has %d misses", misses)
				}
				if call.Cause() != "" {
					t.Fatalf("the caller was hung up: %s", call.Cause())
				}
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, Talk: time.Minute})
				c.after(2 * time.Minute)
				if offers := c.journal.offers(); len(offers) == 0 || offers[0].Outcome != bridge.outcome ||
					offers[len(offers)-1].Outcome != queue.OfferAnswered {
					t.Errorf("%+v", offers)
				}
				c.wantCDR("call-139", queue.Answered, queue.AgentSide, "NORMAL_CLEARING")
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

func TestTheCallerHangsUpInTheInstantTheAgentAnswers(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilRinging("call-139") // the agent answers a second later
		time.Sleep(time.Second)
		call.Hangup()
		c.after(5 * time.Second)
		c.wantRest()
		c.wantState("1000", agent.Ready)
	})
}

func TestATransferWhileTheAgentRings(t *testing.T) {
	s := ordinary("1000", "1001")
	s.snapshot.Members = s.snapshot.Members[:1] // 1001 is no member
	open(t, s, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		call := c.caller("139")
		c.untilRinging("call-139")
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
			t.Fatal(err)
		}
		c.untilTalking("call-139")
		c.wantState("1000", agent.Ready)
		c.wantState("1001", agent.Talking)
		call.Hangup()
		c.settle()
		c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1",
			"transfered 1001 2", "queue_remove 1001", "callout 1001 2", "answered 1001 2", "hangup 1001 2",
			"queue_remove")
		if cdrs := c.wantRest(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Transferred {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}

func TestATransferWhileTalking(t *testing.T) {
	s := ordinary("1000", "1001")
	s.snapshot.Members = s.snapshot.Members[:1]
	s.settings.Floor.TypingAuto = true
	s.settings.Floor.Recover = time.Minute
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.wantState("1000", agent.Talking)
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1001"); err != nil {
			t.Fatal(err)
		}
		c.after(10 * time.Second)
		c.wantState("1000", agent.Typing)
		// 1001 missed it: the caller is back in the line, and stays longer than a park after a
		// bridge lasts
		c.after(10 * time.Second)
		c.wantEvents("call-139", "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1",
			"transfered 1001 2", "hangup 1000 1", "queue_remove 1001", "callout 1001 2", "noanswer 1001 2", "queue_add")
		if !c.journal.waiting()["call-139"] {
			t.Error("no row among the waiting")
		}
		c.after(time.Minute) // the wrap-up ends: 1000 gets the caller again
		c.wantState("1000", agent.Talking)
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestAWaitingCallerIsTaken(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		c.sw.Extension("elsewhere", sim.Plan("answer", "park")...)
		call := c.caller("139")
		c.untilWaiting("call-139")
		if _, err := c.cti.conn.API(c.Context(), "uuid_transfer call-139 elsewhere XML default"); err != nil {
			t.Fatal(err)
		}
		c.settle()
		c.wantEvents("call-139", "queue_add", "queue_remove")
		if call.Var("socket_resume") == "true" {
			t.Error("socket_resume is still true")
		}
		if cdrs := c.journal.cdrs(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Taken {
			t.Errorf("CDRs: %+v", cdrs)
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestACallerWhoIsGivenBackKeepsThePlace(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		first := c.caller("1")
		c.after(10 * time.Second)
		second := c.caller("2")
		c.untilWaiting("call-2")
		since := c.placeOf("call-1")
		c.server.Drain()
		c.after(100 * time.Millisecond)
		c.dies()
		c.journal.forget() // the server that takes over has another database
		c.comesBack()
		c.after(linkTime)
		place := c.placeOf("call-1")
		if place.UnixMilli() != since.UnixMilli() {
			t.Errorf("the place is of %v, was of %v", place, since)
		}
		if next := c.placeOf("call-2"); !next.After(place) {
			t.Errorf("call-2 has the place of %v, call-1 that of %v", next, place)
		}
		first.Hangup()
		second.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestAPlaceThatCannotBe(t *testing.T) {
	arrived := time.Now()
	for _, since := range []string{
		"", "110", "110:", "110:x", "110:-1", "120:" + strconv.FormatInt(arrived.Add(-time.Minute).UnixMilli(), 10),
		placeOf("110", arrived.Add(time.Minute)), placeOf("110", arrived.Add(-25*time.Hour)),
		"110:99999999999999999999",
	} {
		c := &call{group: "110", record: record{place: since, CDR: queue.CDR{Arrived: arrived}}}
		if got := c.placeTime(); !got.Equal(arrived) {
			t.Errorf("%q gives the place of %v", since, got)
		}
	}
}

func TestShuttingDown(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		talking := c.caller("1")
		c.untilTalking("call-1")
		waiting := c.caller("2")
		c.untilWaiting("call-2")
		c.server.Drain()
		c.after(500 * time.Millisecond)
		if actions := waiting.Actions(); actions[len(actions)-1] != "sleep 1000" {
			t.Errorf("the waiting caller is not back in the dialplan: %q", actions)
		}
		if waiting.Var("nwayacd_outcome") != "" {
			t.Error("the caller could not come again")
		}
		if talking.Bridged() == "" {
			t.Error("the talk was cut")
		}
		talking.Hangup()
		waiting.Hangup()
		c.after(2 * time.Second)
		cdrs := c.wantRest()
		if len(cdrs) != 2 || cdrs[0].Outcome != queue.Returned || cdrs[1].Outcome != queue.Answered {
			t.Errorf("CDRs: %+v", cdrs)
		}
	})
}
