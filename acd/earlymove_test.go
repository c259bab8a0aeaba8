package acd

import (
	"slices"
	"testing"
	"time"

	"nwayacd/sim"
)

// TestACallerIsTransferredAsTheyConnect has a program that transfers a caller to another group at
// some moment of the connection's first 60 milliseconds. The second connection may be faster or
// slower than the first one, and its answers may be late. The caller is served in the second group,
// and each visit has a number of its own.
func TestACallerIsTransferredAsTheyConnect(t *testing.T) {
	for name, delay := range map[string]struct{ first, second, late time.Duration }{
		"both slow":       {5 * time.Millisecond, 5 * time.Millisecond, 0},
		"the second slow": {0, 5 * time.Millisecond, 0},
		"the second late": {5 * time.Millisecond, 0, 40 * time.Millisecond},
		"the first slow":  {5 * time.Millisecond, 0, 0},
	} {
		for moment := time.Duration(0); moment < 60*time.Millisecond; moment += 2 * time.Millisecond {
			t.Run(name+" "+moment.String(), func(t *testing.T) {
				twoLines(t, func(c *centre) {
					c.server.Dispatcher.Busy(c.Context(), "1000")
					c.server.Dispatcher.Busy(c.Context(), "1001")
					c.wires.slowNext(delay.first)
					call := c.dialsInto("110")
					c.after(moment)
					c.wires.slowNext(delay.second)
					c.wires.lateNext(delay.late)
					c.api("uuid_transfer call 120")
					c.after(20 * time.Second)
					c.server.Dispatcher.Ready(c.Context(), "1001")
					c.after(10 * time.Second)
					c.wantTalk("1001", "call")
					call.Hangup()
					c.settleAll()
					visits := c.journal.cdrs()
					for i, cdr := range visits {
						if cdr.VisitNumber() != i+1 {
							t.Errorf("visit %d of %d in group %s is number %d", i+1, len(visits), cdr.Group, cdr.VisitNumber())
						}
					}
					if n := len(visits); n == 0 || visits[n-1].Group != "120" {
						t.Errorf("%+v", visits)
					}
					c.wantRest()
				})
			})
		}
	}
}

// overtaken lets a caller in, and transfers them to group 120 before the connection of group 110
// has answered. What FreeSWITCH says on that connection comes late.
func (c *centre) overtaken(late time.Duration) *sim.Call {
	c.Helper()
	c.wires.lateNext(late)
	call := c.dialsInto("110")
	c.after(10 * time.Millisecond)
	c.wires.lateNext(0)
	c.api("uuid_transfer call 120")
	return call
}

// wantNothingHeld checks that no connection is open or held.
func (c *centre) wantNothingHeld() {
	c.Helper()
	c.server.channels.mu.Lock()
	defer c.server.channels.mu.Unlock()
	if open, held := len(c.server.channels.open), len(c.server.channels.held); open+held > 0 {
		c.Errorf("%d connections are open, those of %d channels are held", open, held)
	}
}

// TestAnOvertakenConnectionAnswersDuringTheTalk has a first connection that answers when the caller
// talks already, and has no connection any more. The talk goes on.
func TestAnOvertakenConnectionAnswersDuringTheTalk(t *testing.T) {
	for late := 500 * time.Millisecond; late < 5*time.Second; late += 500 * time.Millisecond {
		t.Run(late.String(), func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Answers, After: 100 * time.Millisecond})
				call := c.overtaken(late)
				c.after(30 * time.Second)
				c.wantTalk("1001", "call")
				if n := c.connections("call"); n > 0 {
					t.Errorf("%d connections are open in the talk", n)
				}
				call.Hangup()
				c.settleAll()
				c.wantNothingHeld()
				if n := len(c.wantRest()); n != 1 {
					t.Errorf("%d CDRs: %+v", n, c.journal.cdrs())
				}
			})
		})
	}
}

// TestACallerHangsUpBeforeTheOvertakenConnectionIsHeld ends the call around the moment at which the
// first connection answers. FreeSWITCH would keep it, and the dead channel, for ever.
func TestACallerHangsUpBeforeTheOvertakenConnectionIsHeld(t *testing.T) {
	for _, late := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond} {
		for moment := time.Duration(0); moment < 700*time.Millisecond; moment += 10 * time.Millisecond {
			t.Run(late.String()+" "+moment.String(), func(t *testing.T) {
				twoLines(t, func(c *centre) {
					c.server.Dispatcher.Busy(c.Context(), "1001")
					call := c.overtaken(late)
					c.after(moment)
					call.Hangup()
					c.settleAll()
					c.wantRest()
					c.wantNothingHeld()
				})
			})
		}
	}
}

// TestACallerWithAnOvertakenConnectionIsBroughtBackAlone has a first connection that answers while
// the caller waits, or while an agent's phone rings. The caller is left with one connection, and
// keeps the place whatever ends.
func TestACallerWithAnOvertakenConnectionIsBroughtBackAlone(t *testing.T) {
	for name, end := range endsOfUs {
		t.Run(name+", waiting", func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
				call := c.overtaken(100 * time.Millisecond)
				c.after(5 * time.Second)
				c.servedIn(call, "120", "1001", end)
			})
		})
		t.Run(name+", ringing", func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
				call := c.overtaken(400 * time.Millisecond)
				c.untilRinging("call")
				c.after(3 * time.Second)
				since := c.placeOf("call")
				end(c)
				c.after(20 * time.Second)
				c.wantPlace("call", since)
				c.sw.Agent("1001", sim.Behaviour{Do: sim.Answers})
				c.after(2 * time.Minute)
				c.wantTalk("1001", "call")
				call.Hangup()
				c.settleAll()
				c.wantRest()
			})
		})
	}
}

// TestACallerWithAnOvertakenConnectionGoesBack lets a caller wait too long, until some moment after
// the first connection has answered. The dialplan goes on.
func TestACallerWithAnOvertakenConnectionGoesBack(t *testing.T) {
	for wait := 700 * time.Millisecond; wait < 6*time.Second; wait += 100 * time.Millisecond {
		t.Run(wait.String(), func(t *testing.T) {
			s := twoGroups()
			s.settings.MaxWait = wait
			open(t, s, func(c *centre) {
				c.server.Advertise("10.0.0.5:8084")
				for _, group := range []string{"110", "120"} {
					c.sw.Extension(group, sim.Plan("set socket_resume=true", socketTo(group), "sleep 1000",
						socketTo(group), "playback prompt.wav", "park")...)
				}
				c.server.Dispatcher.Busy(c.Context(), "1000")
				c.server.Dispatcher.Busy(c.Context(), "1001")
				call := c.overtaken(100 * time.Millisecond)
				c.after(30 * time.Second)
				if heard := call.Heard(); !slices.Contains(heard, "prompt.wav played") {
					t.Errorf("the caller heard %q, and went through %q", heard, call.Actions())
				}
				call.Hangup()
				c.settleAll()
				c.wantRest()
				c.wantNothingHeld()
			})
		})
	}
}

// TestAConnectionInTheMiddleIsOvertaken transfers a caller twice. The connection in the middle
// answers while the caller is brought back from the last one.
func TestAConnectionInTheMiddleIsOvertaken(t *testing.T) {
	for late := 10 * time.Millisecond; late < 200*time.Millisecond; late += 5 * time.Millisecond {
		t.Run(late.String(), func(t *testing.T) {
			twoLines(t, func(c *centre) {
				c.server.Dispatcher.Busy(c.Context(), "1000")
				call := c.dialsInto("110")
				c.untilWaiting("call")
				c.wires.lateNext(late)
				c.api("uuid_transfer call 120")
				c.after(10 * time.Millisecond)
				c.wires.lateNext(0)
				c.api("uuid_transfer call 110")
				c.after(20 * time.Second)
				if n := c.connections("call"); n != 1 {
					t.Errorf("the caller has %d connections", n)
				}
				c.server.Dispatcher.Ready(c.Context(), "1000")
				c.after(10 * time.Second)
				c.wantTalk("1000", "call")
				call.Hangup()
				c.settleAll()
				c.wantRest()
			})
		})
	}
}
