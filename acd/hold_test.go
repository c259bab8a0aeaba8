package acd

import (
	"slices"
	"testing"
	"time"
)

// TestBothPhonesHoldAsTheTalkBegins has two phones that hold the talk before FreeSWITCH has ten
// frames of them, so that it only queues the music for each. It would play that music after the
// holds, and neither would hear the other.
func TestBothPhonesHoldAsTheTalkBegins(t *testing.T) {
	for name, pause := range map[string]time.Duration{"briefly": 100 * time.Millisecond, "longer": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				call := c.caller("139")
				c.until("the two are bridged", func() bool { return call.Bridged() != "" })
				phones := []string{call.Bridged(), call.UUID()}
				for _, uuid := range phones {
					if err := c.sw.Hold(uuid); err != nil {
						t.Fatal(err)
					}
				}
				c.after(pause)
				for _, uuid := range phones {
					if err := c.sw.Unhold(uuid); err != nil {
						t.Fatal(err)
					}
				}
				c.settle()
				if heard := call.Heard(); slices.Contains(heard, "local_stream://moh playing") {
					t.Errorf("the caller hears the music of the hold on: %q", heard)
				}
				call.Hangup()
				c.settleAll()
				c.wantRest()
			})
		})
	}
}
