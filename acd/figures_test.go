package acd

import (
	"maps"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// wantPhases checks how many calls are in each phase. Phases without calls are left out.
func (c *centre) wantPhases(want map[Phase]int) {
	c.Helper()
	got := c.server.Figures().Phases
	maps.DeleteFunc(got, func(_ Phase, calls int) bool { return calls == 0 })
	if !maps.Equal(got, want) {
		c.Errorf("calls by phase: %v, want %v", got, want)
	}
}

func TestAWatcherFollowsACallFromPhaseToPhase(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		var waited []time.Duration
		var offers []queue.OfferOutcome
		c.server.options.OnAnswer = func(_ string, w time.Duration) { waited = append(waited, w) }
		c.server.options.OnOfferEnd = func(o queue.OfferRecord) { offers = append(offers, o.Outcome) }
		first := c.caller("139")
		c.after(welcomeTime / 2)
		c.wantPhases(map[Phase]int{"greet": 1})
		c.untilRinging("call-139")
		c.wantPhases(map[Phase]int{"ring": 1})
		second := c.caller("138")
		c.untilWaiting("call-138")
		c.wantPhases(map[Phase]int{"talk": 1, "wait": 1})
		if len(waited) != 1 || waited[0] < 2*time.Second || waited[0] > 3*time.Second {
			t.Errorf("answered after %v, want one answer after a welcome and a ring of a second each", waited)
		}
		floor := c.server.Figures().Floor
		if g := floor.Groups[0]; g.Waiting != 1 || g.Talking != 1 || g.Members[agent.StandingTalking] != 1 ||
			floor.Agents != g.Members {
			t.Errorf("figures of the floor: %+v", floor)
		}
		second.Hangup()
		c.settle() // else the agent may be offered to the second caller, who has hung up
		first.Hangup()
		c.settle()
		c.wantPhases(map[Phase]int{})
		if len(offers) != 1 || offers[0] != queue.OfferAnswered {
			t.Errorf("offers: %v", offers)
		}
		if n := c.server.Figures().Accepted; n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
		c.wantRest()
	})
}

func TestACallerIsCountedOnceHoweverOftenAgentsMissed(t *testing.T) {
	open(t, ordinary("1000", "1001"), func(c *centre) {
		answers := 0
		var offers []queue.OfferOutcome
		c.server.options.OnAnswer = func(string, time.Duration) { answers++ }
		c.server.options.OnOfferEnd = func(o queue.OfferRecord) { offers = append(offers, o.Outcome) }
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Refuses, After: time.Second})
		call := c.caller("139")
		c.untilTalking("call-139")
		call.Hangup()
		c.settle()
		if answers != 1 || len(offers) != 2 || offers[0] != queue.OfferMissed || offers[1] != queue.OfferAnswered {
			t.Errorf("%d answers, offers %v", answers, offers)
		}
		c.wantRest()
	})
}

func TestAServerThatDrainsSaysSo(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		if c.server.Draining() {
			t.Error("draining from the start")
		}
		c.server.Drain()
		if !c.server.Figures().Draining {
			t.Error("not draining after Drain")
		}
	})
}
