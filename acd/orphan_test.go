package acd

import (
	"testing"
	"time"

	"nwayacd/sim"
)

// TestAnAgentIsNotCalledUntilTheLegOfBeforeIsGone has a server that dies while a phone rings, and
// the next one, whose order to end the leg takes a while. Until then the agent gets no other call.
func TestAnAgentIsNotCalledUntilTheLegOfBeforeIsGone(t *testing.T) {
	for name, deed := range map[string]sim.Deed{"rings": sim.Misses, "answers": sim.Answers} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000")
			s.settings.Floor.Reserve = 10 * time.Second
			open(t, s, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: deed, After: 4 * time.Second})
				first := c.caller("139")
				c.untilRinging(first.UUID())
				second := c.caller("138")
				c.untilWaiting(second.UUID())
				c.dies()
				c.after(beforeRetry)
				c.wires.slowNext(300 * time.Millisecond) // so that the caller waits before the link is up
				c.comesBack()
				c.after(time.Millisecond)
				link := c.wires.last()
				c.wires.slowNext(0)
				link.freezeBehind(c, 3) // the login, and the questions about all channels and about the leg
				c.untilWaiting(second.UUID())
				c.after(2 * time.Second)
				link.thaw()
				c.after(20 * time.Second)
				if n := c.sw.Counts().DoubleOffers; n > 0 {
					t.Errorf("%d double offers", n)
				}
				first.Hangup()
				second.Hangup()
				c.settleAll()
				c.wantRest()
			})
		})
	}
}
