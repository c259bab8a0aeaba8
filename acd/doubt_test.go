package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// Without a link nothing reports the end of the leg. FreeSWITCH parks it for ten seconds at most.
func TestWithoutALinkNoSecondCallForAPhoneOfWhichNothingIsHeard(t *testing.T) {
	for name, early := range map[string]time.Duration{
		"before the ring timeout": 4 * time.Second,
		"at the ring timeout":     0,
	} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000")
			s.unlinked = true
			open(t, s, func(c *centre) {
				const ringing = queue.DefaultRingTimeout
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: ringing - 5*time.Millisecond})
				first := c.caller("1")
				c.after(welcomeOver)
				c.after(ringing - early - 10*time.Millisecond)
				c.wantState("1000", agent.Ring)
				c.wires.silence()
				if early > 0 {
					c.server.channels.caller("call-1").end(errSilent)
				}
				second := c.caller("2") // on a connection that is alive
				c.after(2 * time.Minute)
				if n := c.sw.Counts().DoubleOffers; n > 0 {
					t.Errorf("%d double offers", n)
				}
				c.wantState("1000", agent.Talking)
				first.Hangup()
				second.Hangup()
				c.after(2 * time.Minute)
				if n := c.agent("1000").Outside; n != 0 {
					t.Errorf("%d calls outside", n)
				}
				c.wantRest()
			})
		})
	}
}

// The connections are half-open when an offer is given up, and the agent has answered. Until the
// server has seen the end of the leg, the agent's phone gets no other call, whatever the lease is.
func TestNoSecondCallForAPhoneOfWhichNothingIsHeard(t *testing.T) {
	const ringing = queue.DefaultRingTimeout
	for name, early := range map[string]time.Duration{
		"long before the ring timeout": 8 * time.Second, "shortly before it": time.Second, "at the ring timeout": 0,
	} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000", "1001")
			s.snapshot.Members = s.snapshot.Members[:1]
			open(t, s, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Answers, After: ringing - 5*time.Millisecond})
				first := c.caller("1")
				c.after(welcomeOver)
				c.wantState("1000", agent.Ring)
				c.after(ringing - early - 10*time.Millisecond)
				c.wires.silence()
				if early > 0 { // else the offer ends by itself
					c.server.Dispatcher.Transfer(c.Context(), "call-1", "1001")
				}
				second := c.caller("2") // on a connection that is alive
				c.after(2 * time.Minute)
				if n := c.sw.Counts().DoubleOffers; n > 0 {
					t.Errorf("%d double offers", n)
				}
				c.wantState("1000", agent.Talking)
				first.Hangup()
				second.Hangup()
				c.after(2 * time.Minute)
				c.wantRest()
				if n := c.agent("1000").Outside; n != 0 {
					t.Errorf("%d calls outside", n)
				}
			})
		})
	}
}
