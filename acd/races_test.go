package acd

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// A race has an instant: agent 1000 answers the caller at answerAt, or another thing that the test
// is about happens then. Each race is run with the other event just before, at and just after the
// instant, and rounds times each, because the scheduler decides the order within one instant.
const rounds = 4

// race runs a situation around an instant and checks that it leaves nothing behind, however it
// ended.
func race(t *testing.T, s shift, instant time.Duration, prepare func(c *centre), deed func(c *centre, call *sim.Call)) {
	t.Helper()
	for _, offset := range []time.Duration{-1, 0, 1} {
		t.Run(fmt.Sprint("offset ", offset), func(t *testing.T) {
			for range rounds {
				open(t, s, func(c *centre) {
					prepare(c)
					call := c.caller("139")
					time.Sleep(instant + offset)
					deed(c, call)
					c.playOut(call)
				})
			}
		})
	}
}

// playOut lets the situation come to its end, and checks what must be true of every end.
//   - A caller who is still there talks, or waits with a place.
//   - When the caller is gone nothing is left, and the call has one CDR.
//   - The agents take calls.
func (c *centre) playOut(call *sim.Call) {
	c.Helper()
	c.after(time.Minute)
	if call.Cause() == "" && call.Bridged() == "" && !c.journal.waiting()[call.UUID()] {
		c.Errorf("the caller neither talks nor waits; heard %q", call.Heard())
	}
	if bridged := call.Bridged(); bridged != "" && !c.talking() {
		c.Errorf("the caller talks to %s, and no agent is talking", bridged)
	}
	call.Hangup()
	c.settleAll()
	if cdrs := c.wantRest(); len(cdrs) != 1 {
		c.Errorf("%d CDRs: %+v", len(cdrs), cdrs)
	}
	c.wantWork()
}

func nothing(*centre) {}

func TestHangUpAndAnswerAtOnce(t *testing.T) {
	race(t, ordinary("1000"), answerAt, nothing, func(_ *centre, call *sim.Call) { call.Hangup() })
}

func TestHangUpAndMissAtOnce(t *testing.T) {
	race(t, ordinary("1000", "1001"), welcomeOver+queue.DefaultRingTimeout,
		func(c *centre) { c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses}) },
		func(_ *centre, call *sim.Call) { call.Hangup() })
}

func TestLogoutAndAnswerAtOnce(t *testing.T) {
	race(t, ordinary("1000"), answerAt, nothing, func(c *centre, _ *sim.Call) {
		if err := c.server.Dispatcher.Logout(c.Context(), "1000"); err != nil {
			c.Error(err)
		}
	})
}

func TestBusyAndAnswerAtOnce(t *testing.T) {
	race(t, ordinary("1000"), answerAt, nothing, func(c *centre, _ *sim.Call) {
		if err := c.server.Dispatcher.Busy(c.Context(), "1000"); err != nil {
			c.Error(err)
		}
	})
}

func TestTransferAndAnswerAtOnce(t *testing.T) {
	race(t, ordinary("1000", "1001"), answerAt, nothing, func(c *centre, call *sim.Call) {
		if err := c.server.Dispatcher.Transfer(c.Context(), call.UUID(), "1001"); err != nil {
			c.Error(err)
		}
	})
}

func TestTransferAndHangUpAtOnce(t *testing.T) {
	race(t, ordinary("1000", "1001"), answerAt+time.Second, nothing, func(c *centre, call *sim.Call) {
		var both sync.WaitGroup
		both.Go(func() { c.server.Dispatcher.Transfer(c.Context(), call.UUID(), "1001") })
		both.Go(call.Hangup)
		both.Wait()
	})
}

func TestTwoTransfersAtOnce(t *testing.T) {
	race(t, ordinary("1000", "1001", "1002"), answerAt, nothing, func(c *centre, call *sim.Call) {
		var both sync.WaitGroup
		for _, extension := range []string{"1001", "1002"} {
			both.Go(func() { c.server.Dispatcher.Transfer(c.Context(), call.UUID(), extension) })
		}
		both.Wait()
	})
}

func TestATransferToEachOtherAtOnce(t *testing.T) {
	s := ordinary("1000", "1001")
	for range rounds {
		open(t, s, func(c *centre) {
			one, two := c.caller("139"), c.caller("138")
			c.untilTalking("call-138")
			var both sync.WaitGroup
			both.Go(func() { c.server.Dispatcher.Transfer(c.Context(), one.UUID(), "1001") })
			both.Go(func() { c.server.Dispatcher.Transfer(c.Context(), two.UUID(), "1000") })
			both.Wait()
			c.settleAll()
			one.Hangup()
			two.Hangup()
			c.settleAll()
			if cdrs := c.wantRest(); len(cdrs) != 2 {
				t.Errorf("%d CDRs: %+v", len(cdrs), cdrs)
			}
			c.wantWork()
		})
	}
}

func TestTheAgentHangsUpAndATransferComesAtOnce(t *testing.T) {
	race(t, ordinary("1000", "1001"), answerAt+3*time.Second,
		func(c *centre) { c.sw.Agent("1000", sim.Behaviour{After: time.Second, Talk: 3 * time.Second}) },
		func(c *centre, call *sim.Call) { c.server.Dispatcher.Transfer(c.Context(), call.UUID(), "1001") })
}

func TestTheGroupIsEditedAndTheAgentAnswersAtOnce(t *testing.T) {
	s := ordinary("1000")
	race(t, s, answerAt, nothing, func(c *centre, _ *sim.Call) {
		mode, limit := queue.Cyclic, 5*time.Second
		c.edit(queue.Change{Group: &queue.GroupUpdate{Number: "110", Mode: &mode, RingTimeout: &limit}})
	})
}

func TestTheGroupIsRemovedAndTheAgentAnswersAtOnce(t *testing.T) {
	s := ordinary("1000")
	for _, offset := range []time.Duration{-1, 0, 1} {
		for range rounds {
			open(t, s, func(c *centre) {
				call := c.caller("139")
				time.Sleep(answerAt + offset)
				removed := "110"
				c.edit(queue.Change{GroupRemoved: &removed})
				c.after(time.Minute)
				if call.Cause() == "" && call.Bridged() == "" && len(c.server.CallViews()) > 0 {
					t.Errorf("the caller waits in a group that is no more; heard %q", call.Heard())
				}
				call.Hangup()
				c.settleAll()
				if cdrs := c.wantRest(); len(cdrs) == 0 {
					t.Error("no CDR")
				}
				c.edit(queue.Change{GroupAdded: &s.snapshot.Groups[0]})
				c.wantWork()
			})
		}
	}
}

func TestTheLeaseRunsOutAndTheAnswerArrivesAtOnce(t *testing.T) {
	const expiry = queue.DefaultRingTimeout + queue.LeaseGrace
	const ringing = time.Second
	race(t, ordinary("1000", "1001"), welcomeOver+ringing,
		func(c *centre) { c.sw.Agent("1000", sim.Behaviour{After: queue.DefaultRingTimeout - time.Second}) },
		func(c *centre, _ *sim.Call) {
			c.stall.begin()
			time.Sleep(expiry - ringing)
			c.stall.end()
		})
}

func TestTheSameUUIDTwiceAtOnce(t *testing.T) {
	for range rounds {
		open(t, ordinary("1000"), func(c *centre) {
			var both sync.WaitGroup
			calls := make([]*sim.Call, 2)
			for n := range calls {
				both.Go(func() { calls[n] = c.caller("139") })
			}
			both.Wait()
			c.settleAll()
			for _, call := range calls {
				call.Hangup()
			}
			c.settleAll()
			c.wantRest()
			c.wantWork()
		})
	}
}

func TestACallOutIsAnsweredAndHungUpAtOnce(t *testing.T) {
	for range rounds {
		open(t, ordinary("1000"), func(c *centre) {
			c.sw.Gateway("gw1", sim.Behaviour{Do: sim.Answers, After: 2 * time.Second})
			call := c.asks("out", "1000", "1000", "nwaycallout/013800138000/gw1")
			c.settle()
			c.stall.begin()
			c.after(2 * time.Second)
			call.Hangup()
			c.settle()
			c.stall.end() // and both are read at once
			c.after(time.Minute)
			if cdrs := c.wantRest(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Answered {
				t.Errorf("CDRs: %+v", cdrs)
			}
			c.wantState("1000", agent.Ready)
		})
	}
}
