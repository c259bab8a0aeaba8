package acd

import (
	"slices"
	"testing"
	"time"

	"nwayacd/sim"
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

// TestTheEndOfAHoldCutsNoPromptElsewhere has an agent's phone that holds the caller and sends them
// to a menu. FreeSWITCH reports the end of the hold as the phone hangs up.
func TestTheEndOfAHoldCutsNoPromptElsewhere(t *testing.T) {
	for _, delay := range []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond} {
		t.Run(delay.String(), func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.untilTalking(mary.UUID())
				c.wires.slow(delay)
				c.after(3 * time.Second)
				if err := c.sw.Hold(c.leg(mary)); err != nil {
					t.Fatal(err)
				}
				c.after(200 * time.Millisecond)
				c.refers(mary, "menu")
				c.after(5 * time.Second)
				if heard := mary.Heard(); !slices.Contains(heard, "prompt.wav played") {
					t.Errorf("the caller heard %q", heard)
				}
				mary.Hangup()
				c.settleAll()
				c.wantRest()
			})
		})
	}
}

// TestAPhoneThatHoldsAgainAtOnce has a phone that ends a hold and begins another one. The music of
// the second one plays on.
func TestAPhoneThatHoldsAgainAtOnce(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilTalking(call.UUID())
		c.after(3 * time.Second)
		leg := call.Bridged()
		for _, step := range []func(string) error{c.sw.Hold, c.sw.Unhold, c.sw.Hold} {
			if err := step(leg); err != nil {
				t.Fatal(err)
			}
			c.after(100 * time.Millisecond)
		}
		c.settle()
		if heard := call.Heard(); !slices.Contains(heard, "local_stream://moh playing") {
			t.Errorf("the caller hears no music: %q", heard)
		}
		call.Hangup()
		c.settleAll()
		c.wantRest()
	})
}
