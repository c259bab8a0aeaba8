package acd

import (
	"strings"
	"testing"
	"time"

	"nwayacd/sim"
)

// A caller is taken away while waiting, and the connection of the visit is held open. The dialplan
// sets socket_resume, the server dies, and the end of that connection leaves the caller in silence.
// The next server brings the caller back into the dialplan.
func TestACallerWhoWasLeftInSilenceIsInTheDialplanAgain(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		c.sw.Extension("menu", sim.Plan("answer", "playback hold.wav")...)
		call := c.caller("139")
		c.untilWaiting("call-139")
		c.api("uuid_transfer call-139 menu")
		c.after(time.Second)
		c.api("uuid_setvar call-139 socket_resume true")
		c.dies()
		c.after(time.Second)
		if state := c.state("call-139"); state != "CS_RESET" {
			t.Fatalf("the caller is in %s, want CS_RESET", state)
		}
		before := len(call.Actions())
		c.comesBack()
		c.after(10 * time.Second)
		if state := c.state("call-139"); state != "CS_EXECUTE" || len(call.Actions()) == before {
			t.Errorf("the caller is in %s, and ran %q", state, call.Actions()[before:])
		}
		call.Hangup()
		c.after(time.Minute)
		c.wantRest()
	})
}

// state returns the Channel-State of a channel.
func (c *centre) state(uuid string) string {
	_, rest, _ := strings.Cut(c.api("uuid_dump "+uuid+" plain"), "Channel-State: ")
	state, _, _ := strings.Cut(rest, "\n")
	return state
}
