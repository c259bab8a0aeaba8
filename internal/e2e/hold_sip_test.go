package e2e

import (
	"testing"
	"time"

	desk "nwayacd/internal/phone"
)

// Both phones hold the talk as soon as it begins, and take it back. FreeSWITCH has only queued the
// music of the second hold by then, and would play it after the end of that hold, for ever.
func TestBothPhonesHoldAsTheTalkBegins(t *testing.T) {
	each(t, map[string]bool{"the agent's first": true, "the caller's first": false}, func(t *testing.T, agentFirst bool) {
		o := openOffice(t, twoGroups)
		mary := o.phones("mary", "110")
		anna, err := o.desk["anna"].Find(o.soon(), func(v desk.View) bool {
			return v.State == desk.Answered && v.Hears == mary.number
		})
		o.ok(err)
		both := []*desk.Dialog{mary.line, anna}
		if agentFirst {
			both = []*desk.Dialog{anna, mary.line}
		}
		for range 2 {
			for _, d := range both {
				o.ok(d.Hold(o.soon()))
			}
			time.Sleep(500 * time.Millisecond) // how long people hold
			for _, d := range both {
				o.ok(d.Unhold(o.soon()))
			}
			time.Sleep(500 * time.Millisecond) // in which FreeSWITCH could begin to play
			o.talk("mary", "anna").isHeardOn()
		}
		o.bye(anna)
		o.isFree("anna")
		o.cleanAfter()
	})
}

// The agent holds the caller and then transfers them. FreeSWITCH reports the end of the hold before
// it reports the transfer. The menu's first prompt, of four seconds, is not cut.
func TestHeldCallerHearsTheMenuToWhichTheyAreTransferred(t *testing.T) {
	each(t, map[string]int{"once": 1, "twice": 2, "thrice": 3, "a fourth time": 4}, func(t *testing.T, _ int) {
		o := openOffice(t, twoGroups)
		mary := o.talksToAnna()
		anna := o.in("anna")
		o.ok(anna.Hold(o.soon()))
		time.Sleep(time.Second) // until the music of the hold plays
		o.ok(anna.Refer(o.soon(), "menu"))
		mary.reaches("playback silence_stream://4000")
		began := time.Now()
		mary.reaches("playback silence_stream://4001")
		if heard := time.Since(began); heard < 3*time.Second {
			t.Errorf("the prompt was cut after %s", heard)
		}
		o.isFree("anna")
		mary.ends()
	})
}
