package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/sim"
)

// A program keeps the agent and brings the caller back while the link is half-open. Then the agent
// hangs up, the caller goes on in the program's extension, and the server dies. The next server
// sees a caller who hears something and a leg that is gone. The agent is free at once.
func TestAnAgentIsFreeIfTheCallerGoesOnInTheExtensionOfAProgram(t *testing.T) {
	for name, silent := range map[string]bool{"the link is silent": true, "the server is dead": false} {
		t.Run(name, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.sw.Extension("pin", sim.Plan("playback silence_stream://900", "playback silence_stream://60000",
					"hangup NORMAL_CLEARING")...)
				c.untilTalking("call-139")
				leg := c.leg(mary)
				if silent {
					c.wires.silenceLink()
				} else {
					c.dies()
				}
				c.cti.conn.API(c.Context(), "uuid_setvar call-139 nwayacd_keep_agent 8")
				c.cti.conn.API(c.Context(), "uuid_transfer call-139 pin")
				c.after(800 * time.Millisecond)
				c.cti.conn.API(c.Context(), "uuid_bridge call-139 "+leg)
				c.after(4 * time.Second)
				c.sw.PhoneLeaves(leg)
				c.after(4 * time.Second)
				if silent {
					c.dies()
				}
				c.after(time.Second)
				c.comesBack()
				c.after(10 * time.Second)
				t.Log(mary.Actions())
				c.wantState("1000", agent.Ready)
				mary.Hangup()
				c.after(5 * time.Second)
				c.wantRest()
			})
		})
	}
}
