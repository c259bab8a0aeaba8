package acd

import (
	"fmt"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// resting is an ordinary shift with the configuration's defaults of the rests.
func resting(extensions ...string) shift {
	s := ordinary(extensions...)
	f := &s.settings.Floor
	f.RestBusy, f.RestReject, f.RestNoAnswer, f.RestUnreachable = 15*time.Second, 10*time.Second, 5*time.Second,
		30*time.Second
	return s
}

// offerTimes are the seconds at which the offers that are over began, from the first one on.
func (c *centre) offerTimes() (times []int) {
	offers := c.journal.offers()
	for _, o := range offers {
		times = append(times, int(o.Offered.Sub(offers[0].Offered).Round(time.Second)/time.Second))
	}
	return times
}

func (c *centre) wantOffersAt(want ...int) {
	c.Helper()
	if got := c.offerTimes(); fmt.Sprint(got) != fmt.Sprint(want) {
		c.Errorf("offers after %v seconds, want %v", got, want)
	}
}

func TestAPhoneThatRefusesRestsByItsCause(t *testing.T) {
	for _, refusal := range []struct {
		cause string
		at    []int // offers, in seconds
	}{
		{"USER_BUSY", []int{0, 15, 45, 105}},
		{"CALL_REJECTED", []int{0, 10, 30, 70}},
		{"UNALLOCATED_NUMBER", []int{0, 30, 90}},
		{
			"MANAGER_REQUEST",
			[]int{0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100, 105, 110, 115},
		},
	} {
		t.Run(refusal.cause, func(t *testing.T) {
			open(t, resting("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Refuses, Cause: refusal.cause})
				call := c.caller("139")
				c.after(118 * time.Second)
				c.wantOffersAt(refusal.at...)
				c.wantState("1000", agent.Ready)
				call.Hangup()
				c.settle()
				c.wantRest()
			})
		})
	}
}

func TestDoNotDisturbOnOnePhoneWithTenCallersWaiting(t *testing.T) {
	open(t, resting("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Refuses, Cause: "USER_BUSY"})
		var calls []*sim.Call
		for n := range 10 {
			calls = append(calls, c.caller(fmt.Sprint(130+n)))
		}
		c.after(time.Minute)
		if n := len(c.journal.offers()); n == 0 || n > 3 {
			c.Errorf("%d offers in a minute", n)
		}
		v := c.agent("1000")
		if figures := c.server.Figures().Floor; v.Standing() != agent.StandingRest || v.Rest.Cause != queue.MissBusy ||
			figures.Resting[queue.MissBusy] != 1 {
			c.Errorf("the agent is %v: %+v, counted %+v", v.Standing(), v.Rest, figures.Resting)
		}
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second}) // do-not-disturb is off again
		if err := c.server.Dispatcher.Ready(c.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
		c.after(answerAt)
		c.wantState("1000", agent.Talking)
		for _, call := range calls {
			call.Hangup()
		}
		c.settle()
		c.wantRest()
	})
}

func TestANewRegistrationEndsTheRest(t *testing.T) {
	open(t, resting("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Refuses, Cause: "RECOVERY_ON_TIMER_EXPIRE"})
		call := c.caller("139")
		c.after(10 * time.Second)
		c.wantOffersAt(0)
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Unregistered})
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: time.Second})
		c.untilTalking("call-139")
		c.wantState("1000", agent.Talking)
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestAfterMaxMissesTheAgentIsOut(t *testing.T) {
	s := resting("1000", "1001")
	s.settings.Floor.MaxMisses = 2
	open(t, s, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Refuses, Cause: "USER_BUSY"})
		call := c.caller("139")
		c.after(2 * time.Minute)
		c.wantState("1000", agent.NoAnswer)
		c.wantState("1001", agent.NoAnswer)
		if n := len(c.journal.offers()); n != 4 {
			c.Errorf("%d offers, want two to each agent", n)
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestWhatACauseSaysOfTheAgent(t *testing.T) {
	for cause, want := range map[string]queue.Miss{
		"USER_BUSY":                      {Cause: queue.MissBusy},
		"CALL_REJECTED":                  {Cause: queue.MissReject},
		"NO_ANSWER":                      {Cause: queue.MissNoAnswer},
		"DIED_BEFORE_BRIDGE":             {Cause: queue.MissNoAnswer},
		"NORMAL_CLEARING":                {Cause: queue.MissNoAnswer},
		"PROGRESS_TIMEOUT":               {Cause: queue.MissUnreachable},
		"NO_USER_RESPONSE":               {Cause: queue.MissUnreachable},
		"RECOVERY_ON_TIMER_EXPIRE":       {Cause: queue.MissUnreachable},
		"NORMAL_TEMPORARY_FAILURE":       {Cause: queue.MissUnreachable},
		"REQUESTED_CHAN_UNAVAIL":         {Cause: queue.MissUnreachable},
		"REDIRECTION_TO_NEW_DESTINATION": {Cause: queue.MissUnreachable},
		"A_CAUSE_THAT_IS_NOT_KNOWN":      {Cause: queue.MissUnreachable},
		"SUBSCRIBER_ABSENT":              {Cause: queue.MissUnreachable, Unregistered: true},
		"USER_NOT_REGISTERED":            {Cause: queue.MissUnreachable, Unregistered: true},
		"MANAGER_REQUEST":                {},
		"GATEWAY_DOWN":                   {},
		"LOSE_RACE":                      {},
		errSilent.Error():                {},
		"esl: the connection is closed":  {},
	} {
		if got := missOf(cause); got != want {
			t.Errorf("%s: %+v, want %+v", cause, got, want)
		}
	}
}
