package acd

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
	"nwayacd/queue"
	"nwayacd/sim"
)

// The last event of a call whose FreeSWITCH cannot be reached at that moment.

func TestTheLastEventOfATalkWaitsForTheLink(t *testing.T) {
	open(t, seam(), func(c *centre) {
		call := c.comes("call", "110", nil)
		c.untilTalking("call")
		c.wantTalk("1000", "call")
		c.wires.swallow("api show") // so the link that is made anew does not come up
		c.unlinked(time.Millisecond)
		call.Hangup()
		c.after(2 * linkGrace)
		c.wantCDR("call", queue.Answered, queue.NoSide, errAway.Error())
		if events := c.cti.call("call"); events[len(events)-1] == "queue_remove" {
			t.Errorf("there is a link: this tests nothing; %q", events)
		}
		c.wires.deliver("api show")
		c.after(time.Minute)
		events := c.cti.call("call")
		if last := events[len(events)-1]; last != "queue_remove" {
			t.Errorf("the events are %q", events)
		}
		c.wantRest()
	})
}

// The caller's next visit begins before the link is back. Its connection sends the last event of
// the visit before first.
func TestTheLastEventOfAVisitComesBeforeTheFirstOfTheNext(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		call := c.dialsInto("110")
		c.untilTalking("call")
		c.wantTalk("1000", "call")
		c.wires.swallow("api show")
		c.unlinked(time.Millisecond)
		c.refers(call, "120")
		c.after(3 * time.Second)
		events := c.cti.call("call")
		order := []string{"hangup 1000 1", "queue_remove", "queue_add"}
		if i := slices.Index(events, order[0]); i < 0 || len(events) < i+3 || !slices.Equal(events[i:i+3], order) {
			t.Errorf("the events are %q", events)
		}
		if left := len(c.server.owed.events); left > 0 {
			t.Errorf("events of %d channels are owed yet", left)
		}
		call.Hangup()
		c.settleAll()
	})
}

// A caller who waited when the server died, and is in another group when they come back, has left
// the line of the first one.
func TestACallerIsInAnotherGroupAfterTheServerDied(t *testing.T) {
	twoLines(t, func(c *centre) {
		for _, extension := range []string{"1000", "1001"} {
			if err := c.server.Dispatcher.Busy(c.Context(), extension); err != nil {
				t.Fatal(err)
			}
		}
		call := c.dialsInto("110")
		c.untilWaiting("call")
		c.dies()
		c.api("uuid_transfer call 120")
		c.comesBack()
		c.after(4 * time.Second)
		c.wantEvents("call", "queue_add", "queue_remove", "queue_add")
		call.Hangup()
		c.settleAll()
		c.wantVisits("call", "110 error - - -", "120 abandoned - - -")
		c.wantRest()
	})
}

// Events are owed about as many channels as there may be. What follows about one of them is kept,
// so that its last event is not missing. Events of another channel are dropped.
func TestWhatIsOwedIsOwedToTheLastEvent(t *testing.T) {
	s := New(Options{
		Journal: &memoryJournal{}, Log: zerolog.Nop(),
		Switches: []Switch{{Name: "a", Address: "x"}},
	}, queue.Snapshot{})
	about := func(uuid string) {
		ch := newChannel()
		ch.uuid = uuid
		ch.isAt(s.switchNamed("a"))
		s.owe(ch, []esl.Command{esl.API("x")})
	}
	for i := range owedBound {
		about(strconv.Itoa(i))
	}
	about("0")
	about("one more")
	if known, other := len(s.owed.of("0")), len(s.owed.of("one more")); known != 2 || other != 0 {
		t.Errorf("%d events of a channel that is known, %d of another", known, other)
	}
}
