package acd

import (
	"testing"
	"time"

	"nwayacd/sim"
)

// TestAnAgentTransfersTheCallerAtOnce has a phone that sends REFER at some moment after FreeSWITCH
// has bridged the two. The server hears late of the bridge, and may know the caller's next
// connection before.
func TestAnAgentTransfersTheCallerAtOnce(t *testing.T) {
	for late := time.Duration(0); late <= 80*time.Millisecond; late += 20 * time.Millisecond {
		for moment := time.Duration(0); moment < 60*time.Millisecond; moment += 4 * time.Millisecond {
			t.Run(late.String()+" "+moment.String(), func(t *testing.T) {
				office(t, nil, func(c *centre, mary *sim.Call) {
					c.untilRinging(mary.UUID())
					c.wires.each(func(w *wire) { w.late.Store(int64(late)) })
					for mary.Bridged() == "" {
						c.after(time.Millisecond)
					}
					c.after(moment)
					c.refers(mary, "120")
					c.after(20 * time.Second)
					if cause := mary.Cause(); cause != "" {
						t.Fatalf("the caller was hung up: %s, %q", cause, mary.Actions())
					}
					c.wantTalk("1001", mary.UUID())
					mary.Hangup()
					c.settleAll()
					c.wantRest()
				})
			})
		}
	}
}
