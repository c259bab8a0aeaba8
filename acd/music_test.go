package acd

import (
	"slices"
	"testing"
	"time"

	"nwayacd/sim"
)

// playing is how many applications run on the caller's channel, one inside the other, that play the
// file.
func playing(call *sim.Call, file string) (n int) {
	for _, heard := range call.Heard() {
		if heard == file+" playing" {
			n++
		}
	}
	return n
}

func TestHoldMusicIsOnePlaybackHoweverLongTheCallerWaits(t *testing.T) {
	for file, wait := range map[string]time.Duration{
		"tune.wav": 10 * 3 * time.Second, "hold.wav": time.Minute,
		"other.wav": 20 * time.Second,
	} {
		t.Run(file, func(t *testing.T) {
			s := ordinary()
			s.settings.Prompts = Prompts{Hold: file}
			open(t, s, func(c *centre) {
				call := c.caller("139")
				c.after(wait + 100*time.Millisecond)
				if n := playing(call, file); n != 1 {
					t.Errorf("%d playbacks; heard %q", n, call.Heard())
				}
			})
		})
	}
}

func TestAShortFileIsStrungTogether(t *testing.T) {
	s := ordinary()
	s.settings.Prompts = Prompts{Hold: "short.wav"}
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(time.Minute + 100*time.Millisecond)
		whole := strung("short.wav", filesFor("short.wav", 300*time.Millisecond))
		if n := playing(call, whole); n != 1 {
			t.Errorf("heard %q", call.Heard())
		}
	})
}

func TestAMissingFileIsNotPlayedAgainAndAgain(t *testing.T) {
	s := ordinary()
	s.settings.Prompts = Prompts{Hold: "missing.wav"}
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(time.Minute)
		if got := call.Heard(); !slices.Equal(got, []string{"missing.wav missing"}) {
			t.Errorf("heard %q", got)
		}
	})
}

func TestMusicThatSomebodyBreaksBeginsAnew(t *testing.T) {
	s := ordinary()
	s.settings.Prompts = Prompts{Hold: "tune.wav"}
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(10 * time.Second)
		c.api("uuid_break call-139")
		c.after(10 * time.Second)
		if n := playing(call, "tune.wav"); n != 1 {
			t.Errorf("%d playbacks; heard %q", n, call.Heard())
		}
	})
}

// The music of a consulting call ends with its channel. It was played, so nothing is wrong with it.
func TestTheMusicOfAConsultingCallThatIsOverIsNotAtFault(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		if err := c.server.Dispatcher.Busy(c.Context(), "1001"); err != nil {
			t.Fatal(err)
		}
		held := c.leg(mary)
		consult := c.consulting(held)
		c.after(2 * time.Second)
		c.connects(held, consult.UUID(), false)
		c.after(5 * time.Second)
		if n := playing(mary, "hold.wav"); n != 1 {
			t.Errorf("%d playbacks for the caller who waits now; heard %q", n, mary.Heard())
		}
		c.wantNotLogged("hold music")
		mary.Hangup()
		c.after(5 * time.Second)
		c.wantRest()
	})
}

// FreeSWITCH may notice the end of an earlier connection late, and ends the socket application of
// the new one. What was to be played there would play in the pause that follows, without end.
func TestMusicEndsIfTheSocketApplicationEndsForAnEarlierConnection(t *testing.T) {
	s := ordinary()
	s.settings.Prompts.Hold = "hold.wav"
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.after(5 * time.Second)
		loops := func() string {
			reply, err := c.cti.conn.API(c.Context(), "uuid_getvar "+call.UUID()+" total_loops")
			if err != nil {
				c.Fatal(err)
			}
			return reply
		}
		if loops() == "_undef_" {
			c.Fatalf("no music plays: %q", call.Heard())
		}
		waiting := c.server.channels.caller(call.UUID())
		waiting.channel().cameBack()
		waiting.channel().onExecuted(waiting, executed{app: "socket"})
		c.after(time.Second)
		if loops() != "_undef_" {
			c.Error("the music goes on")
		}
		call.Hangup()
		c.after(time.Second)
	})
}
