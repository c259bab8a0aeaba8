package acd

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
	"nwayacd/sim"
)

// A caller's connection is half-open: nothing comes through any more, and this process has no
// notice of that. FreeSWITCH may have noticed it, and brings the caller back on another one.

// vanish is a half-open connection that FreeSWITCH has given up.
func (w *wire) vanish() {
	w.silent.Store(true)
	w.Conn.Close()
}

// last is the connection that was made last.
func (w *wires) last() *wire {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all[len(w.all)-1]
}

func last(actions []string) string { return actions[len(actions)-1] }

// comesAgain lets time pass until the caller has another connection.
func (c *centre) comesAgain(call *sim.Call) {
	c.Helper()
	again := func() bool {
		return slices.Contains(call.Actions(), "sleep 1000") && strings.HasPrefix(last(call.Actions()), "socket")
	}
	for end := time.Now().Add(time.Minute); !again(); c.after(time.Millisecond) {
		if time.Now().After(end) {
			c.Fatalf("the caller has no other connection: %q", call.Actions())
		}
	}
}

// returnsWithin lets time pass until the caller is served on another connection than that.
func (c *centre) returnsWithin(limit time.Duration, uuid string, was *channel) {
	c.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); c.after(100 * time.Millisecond) {
		if now := c.server.channels.caller(uuid); now != nil && now.channel() != was && now.place != nil {
			return
		}
	}
	c.Errorf("the caller is not served %v after the new connection", limit)
}

// The visit on the dead connection ends without waiting for that: what is to be said goes out over
// the new connection.
func TestACallerWhoIsBackWaitsForNoDeadConnection(t *testing.T) {
	for name, test := range map[string]struct {
		agent  sim.Deed
		linked bool
	}{
		"waiting": {0, true}, "waiting, and the link is silent, too": {0, false},
		"ringing": {sim.Misses, true}, "ringing, and the link is silent, too": {sim.Misses, false},
	} {
		t.Run(name, func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
				if test.agent == 0 {
					c.logout("1000")
				}
				call := c.dialsInto("110")
				c.after(3 * time.Second)
				was := c.server.channels.caller("call")
				since := was.place.Since
				c.wires.last().vanish()
				if !test.linked {
					c.wires.silenceLink()
				}
				c.comesAgain(call)
				c.returnsWithin(replyLimit, "call", was.channel())
				c.wantPlace("call", since)
				c.after(2 * time.Minute)
				call.Hangup()
				c.after(2 * time.Minute)
				if n := c.sw.Counts().DoubleOffers; n > 0 {
					t.Errorf("%d double offers", n)
				}
				c.wantCDR("call", queue.Abandoned, queue.NoSide, "NORMAL_CLEARING")
				c.wantState("1000", agent.Ready)
				c.wantRest()
			})
		})
	}
}

// The caller hangs up while the visit on the dead connection ends. That is one visit.
func TestACallerHangsUpWhileTheVisitOfADeadConnectionEnds(t *testing.T) {
	for _, after := range []time.Duration{0, time.Millisecond, 100 * time.Millisecond, time.Second, 3 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.logout("1000")
				call := c.dialsInto("110")
				c.after(3 * time.Second)
				c.wires.last().vanish()
				c.comesAgain(call)
				c.after(after)
				call.Hangup()
				c.after(2 * time.Minute)
				c.wantCDR("call", queue.Abandoned, queue.NoSide, "")
				c.wantRest()
			})
		})
	}
}

// The caller hangs up and the visit on the dead connection hears of it before the new connection.
func TestADeadChannelIsNoSecondVisit(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.logout("1000")
		call := c.dialsInto("110")
		c.after(3 * time.Second)
		c.wires.last().vanish()
		one := c.server.channels.caller("call")
		for end := time.Now().Add(time.Minute); time.Now().Before(end); c.after(time.Millisecond) {
			if last(call.Actions()) == "sleep 1000" {
				break
			}
		}
		c.after(999 * time.Millisecond)
		one.onHappened(happened{what: callerHungUp, cause: "NORMAL_CLEARING"})
		c.after(10 * time.Millisecond)
		call.Hangup()
		c.after(2 * time.Minute)
		c.wantCDR("call", queue.Abandoned, queue.NoSide, "NORMAL_CLEARING")
		c.wantRest()
	})
}

// The originate is on its way while its connection is given up. FreeSWITCH makes the leg later.
func TestALegIsMadeAfterItsCallHasGivenItUp(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.logout("1000")
		call := c.dialsInto("110")
		c.after(3 * time.Second)
		const leg = "orphan"
		originate := "originate {origination_uuid=" + leg + ",presence_data=nwayacd:test:call:1000}user/1000 &park()"
		if _, err := c.cti.conn.Do(c.Context(), esl.BgAPI(newUUID(), originate)); err != nil {
			t.Fatal(err)
		}
		c.after(100 * time.Millisecond)
		if n := c.sw.Counts().Originates; n != 1 {
			t.Errorf("%d originates: this tests nothing", n)
		}
		for _, ch := range c.sw.Channels() {
			if ch.UUID == leg {
				t.Error("the leg rings on")
			}
		}
		call.Hangup()
		c.after(time.Minute)
		c.wantRest()
	})
}

// The end of a first connection ends the socket application of the second one before FreeSWITCH has
// what is set for a caller who waits. That is no transfer, though the hook of one is missing.
func TestACallerOnTheWayBackHasNoHookYet(t *testing.T) {
	for name, test := range map[string]struct {
		variables string
		unhooked  bool
	}{
		"on the way back": {"variable_nwayacd_recall: true\n", false},
		"transferred":     {"", true},
		"waiting":         {"variable_" + transferHook + ": multiunset\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := esl.ParseEvent(
				"Event-Name: CHANNEL_EXECUTE_COMPLETE\nApplication: socket\nvariable_nwayacd_visit: 1%3A110\n" +
					test.variables + "\n")
			if err != nil {
				t.Fatal(err)
			}
			if got := decode(e).(executed).unhooked; got != test.unhooked {
				t.Errorf("unhooked is %t", got)
			}
		})
	}
}

// The first connection is half-open, and FreeSWITCH does not know. Somebody transfers the caller to
// another group. Later the first connection ends, and with it the application of the second one.
func TestTheEndOfAHalfOpenConnectionIsNoTransfer(t *testing.T) {
	twoLines(t, func(c *centre) {
		c.logout("1000")
		c.logout("1001")
		call := c.dialsInto("110")
		c.after(3 * time.Second)
		first := c.wires.last()
		first.silent.Store(true)
		c.api("uuid_transfer call 120")
		c.after(4 * time.Second)
		since := c.server.channels.caller("call").place.Since
		c.after(time.Minute) // the first one is given up meanwhile
		if n := len(call.Actions()); n < 8 {
			t.Errorf("the caller stayed in the second application, so this tests nothing: %q", call.Actions())
		}
		c.wantPlace("call", since)
		call.Hangup()
		c.after(time.Minute)
		c.wantVisits("call", "110 taken - - -", "120 abandoned - - -")
		c.wantRest()
	})
}

// TestACallerComesBackWhoseConnectionDiesBeforeTheRecall has an agent who answers and hangs up at
// once. The call's connection is half-open from some moment on.
func TestACallerComesBackWhoseConnectionDiesBeforeTheRecall(t *testing.T) {
	for name, silence := range map[string]func(*wires){"connection": (*wires).silenceLast, "both": (*wires).silence} {
		for moment := 80 * time.Millisecond; moment < 500*time.Millisecond; moment += 10 * time.Millisecond {
			t.Run(name+" after "+moment.String(), func(t *testing.T) {
				open(t, ordinary("1000", "1001"), func(c *centre) {
					agents := c.server.Dispatcher
					agents.Busy(c.Context(), "1000")
					agents.Busy(c.Context(), "1001")
					c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesOnBridge})
					call := c.caller("139")
					c.untilWaiting(call.UUID())
					c.wires.slow(20 * time.Millisecond)
					agents.Ready(c.Context(), "1000")
					c.after(moment)
					silence(c.wires)
					agents.Busy(c.Context(), "1000")
					agents.Ready(c.Context(), "1001")
					c.after(time.Minute)
					if cause := call.Cause(); cause != "" {
						t.Fatalf("the caller was hung up: %s, %q", cause, call.Actions())
					}
					c.wantTalk("1001", call.UUID())
					call.Hangup()
					c.settleAll()
					c.wantRest()
				})
			})
		}
	}
}
