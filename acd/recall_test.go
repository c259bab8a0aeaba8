package acd

import (
	"testing"
	"time"

	"nwayacd/sim"
)

// A program transfers a waiting caller to another group, over a slow way. Both of the caller's
// connections are ended, and their ends must not concern the third, on which the caller comes back.
func TestACallerWithTwoConnectionsIsRecalledOverASlowWay(t *testing.T) {
	for delay := 10 * time.Millisecond; delay < 300*time.Millisecond; delay += 40 * time.Millisecond {
		t.Run(delay.String(), func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				if err := c.server.Dispatcher.Busy(c.Context(), "1001"); err != nil {
					t.Fatal(err)
				}
				paul := c.dials("138", "110")
				c.untilWaiting("call-138")
				c.wires.slow(delay)
				c.api("uuid_transfer call-138 120")
				c.after(10 * time.Second)
				c.wires.slow(0)
				if err := c.server.Dispatcher.Ready(c.Context(), "1001"); err != nil {
					t.Fatal(err)
				}
				c.after(10 * time.Second)
				c.wantTalk("1001", paul.UUID())
				paul.Hangup()
				mary.Hangup()
				c.settle()
				c.wantRest()
			})
		})
	}
}
