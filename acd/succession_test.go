package acd

import (
	"testing"
	"time"

	"nwayacd/sim"
)

// succeeds lets a phone connect a caller of group 110 with group 120, in which it waits.
func (c *centre) succeeds() *sim.Call {
	c.Helper()
	c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
	call := c.comes("call", "110", nil)
	c.untilTalking("call")
	leg := call.Bridged()
	c.comes("consult", "120", nil)
	desk := c.sw.AgentCall("1000", "120")
	c.settle()
	if err := c.sw.ReferReplaces(leg, desk.UUID(), false); err != nil {
		c.Fatal(err)
	}
	c.settle()
	if v := c.served("call"); v == nil || v.groupNow() != "120" {
		c.Fatalf("the caller did not take over: %+v", c.server.CallViews())
	}
	c.sw.PhoneLeaves("consult")
	c.settle()
	return call
}

func TestTheServerDiesUnderACallerWhoTookOverAConsultingCall(t *testing.T) {
	open(t, seam(), func(c *centre) {
		call := c.succeeds()
		c.dies()
		c.after(beforeRetry)
		c.comesBack()
		c.server.Advertise("10.0.0.5:8084")
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Answers})
		c.after(time.Minute)
		if call.Cause() != "" {
			t.Fatalf("the caller was lost: %s", call.Cause())
		}
		c.wantTalk("1001", "call")
		call.Hangup()
		c.settleAll()
		c.wantRest()
	})
}

func TestTheServerShutsDownUnderACallerWhoTookOverAConsultingCall(t *testing.T) {
	open(t, seam(), func(c *centre) {
		call := c.succeeds()
		c.server.Drain()
		c.after(300 * time.Millisecond)
		c.life.end()
		c.comesBack()
		c.server.Advertise("10.0.0.5:8084")
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Answers})
		c.after(time.Minute)
		if call.Cause() != "" {
			t.Fatalf("the caller was lost: %s", call.Cause())
		}
		c.wantTalk("1001", "call")
		call.Hangup()
		c.settleAll()
		c.wantRest()
	})
}

func TestACallerWhoTookOverAConsultingCallWaitsTooLong(t *testing.T) {
	s := seam()
	s.settings.MaxWait = 20 * time.Second
	open(t, s, func(c *centre) {
		call := c.succeeds()
		c.sw.Extension("110", sim.Plan("playback hold.wav")...)
		c.after(time.Minute)
		if got := call.Var(outcomeVariable); got != returnedTimeout || call.Cause() != "" {
			t.Errorf("nwayacd_outcome is %q, the caller's cause %q", got, call.Cause())
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}
