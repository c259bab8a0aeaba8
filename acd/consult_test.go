package acd

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nwayacd/queue"
	"nwayacd/sim"
)

// Attended transfers: a phone holds one call, and consults a group with its other call.

// consults lets a phone hold its call, and call group 120.
func (c *centre) consults(own, by string) *sim.Call {
	if err := c.sw.Hold(own); err != nil {
		c.Error(err)
	}
	return c.sw.Call(sim.CallOptions{
		UUID: "consult", Number: by, User: by, Dialled: "120",
		Dialplan: sim.Plan("set socket_resume=true", socketTo("120")),
	})
}

// agentConsults lets agent 1000 hold a caller and talk with the agent of group 120. It returns the
// caller, the consulting call, and the channel that 1000 holds.
func (c *centre) agentConsults() (call, consult *sim.Call, own string) {
	call = c.caller("139")
	c.untilTalking("call-139")
	own = call.Bridged()
	consult = c.consults(own, "1000")
	c.untilTalking("consult")
	return call, consult, own
}

// receptionists returns a caller of a receptionist, an extension of no group. The receptionist's
// phone connects the caller with the agent of group 120. The caller's own dialplan goes on with the
// actions.
func (c *centre) receptionists(actions ...string) *sim.Call {
	c.sw.Agent("3000", sim.Behaviour{})
	call := c.sw.Call(sim.CallOptions{
		UUID: "outsider", Number: "138", Dialled: "3000",
		Dialplan: sim.Plan(append([]string{"bridge user/3000"}, actions...)...),
	})
	c.settle()
	own := call.Bridged()
	consult := c.consults(own, "3000")
	c.untilTalking("consult")
	c.connects(own, consult.UUID(), false)
	return call
}

func TestAttendedTransferNamesTheGroupOfTheSecondAgent(t *testing.T) {
	open(t, twoGroups(), func(c *centre) {
		call, consult, own := c.agentConsults()
		c.connects(own, consult.UUID(), false)
		c.after(5 * time.Second)
		if call.Var(overHook) == "" {
			c.Error("the caller, who came to the socket port, is not parked for us after the second talk")
		}
		call.Hangup()
		c.after(5 * time.Second)
		c.wantVisits("call-139", "110 answered 1000 120 attended", "120 answered 1001 - -")
		c.wantVisits("consult", "120 consult 1001 - -")
	})
}

// An agent connects a caller with the agent of another group, and the caller hangs up meanwhile. If
// the two did not meet, the consulting agent has transferred nobody.
func TestTheCallerHangsUpDuringAnAttendedTransfer(t *testing.T) {
	for after := range 100 {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			open(t, twoGroups(), func(c *centre) {
				call, consult, own := c.agentConsults()
				c.connects(own, consult.UUID(), false)
				c.after(time.Duration(after) * time.Millisecond)
				call.Hangup()
				c.settleAll()
				for _, cdr := range c.journal.cdrs() {
					if cdr.UUID == "consult" && (cdr.TransferKind != queue.NoTransfer || cdr.TransferredTo != "" ||
						cdr.HungUpBy == queue.AgentSide) {
						c.Errorf("%s, transferred to %q %q, hung up by %q", cdr.Outcome, cdr.TransferredTo,
							cdr.TransferKind, cdr.HungUpBy)
					}
				}
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

// An agent's phone wants to connect a caller with a call that FreeSWITCH does not know. FreeSWITCH
// notes that on the caller's channel, and calls the number. Meanwhile a program parks the caller.
// This was no consulting call.
func TestACallerIsParkedDuringAnAttendedTransferToAnUnknownCall(t *testing.T) {
	open(t, twoGroups(), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.api("uuid_setvar call-139 _sofia_replaces_ gone@phone")
		c.api("uuid_park call-139")
		c.after(10 * time.Second)
		if cause := call.Cause(); cause != "" {
			c.Errorf("a caller parked by a program is hung up: %s", cause)
		}
		c.wantVisits("call-139", "110 answered 1000 park blind")
	})
}

// The second agent hangs up in that moment. The phone that consulted is hung up, too.
func TestTheSecondAgentHangsUpDuringAnAttendedTransfer(t *testing.T) {
	for after := range 100 {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			open(t, twoGroups(), func(c *centre) {
				call, consult, own := c.agentConsults()
				second := consult.Bridged()
				c.connects(own, consult.UUID(), false)
				c.after(time.Duration(after) * time.Millisecond)
				c.cti.conn.API(c.Context(), "uuid_kill "+second)
				c.after(10 * time.Second)
				if consult.Cause() == "" {
					c.Error("the phone that consulted is parked for ever")
				}
				call.Hangup()
				c.settleAll()
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

// The caller of a receptionist was not a call of the server when they came to talk with an agent.
// If that agent transfers them to a group, that is their second visit.
func TestEachVisitOfAReceptionistsCallerHasItsNumber(t *testing.T) {
	open(t, twoGroups(), func(c *centre) {
		c.sw.Extension("110", sim.Plan("set socket_resume=true", socketTo("110"))...)
		call := c.receptionists()
		c.settle()
		if err := c.sw.Refer(call.Bridged(), "110"); err != nil {
			c.Fatal(err)
		}
		c.after(5 * time.Second)
		call.Hangup()
		c.after(5 * time.Second)
		var numbers []int
		for _, cdr := range c.journal.cdrs() {
			if cdr.UUID == "outsider" {
				numbers = append(numbers, cdr.Visit)
			}
		}
		if !slices.Equal(numbers, []int{1, 2}) {
			c.Errorf("the visits are numbered %d", numbers)
		}
	})
}

// If an agent hangs up during a hold, FreeSWITCH transfers the caller into a park. The server must
// not recall the caller of a receptionist from there, who would stay parked.
func TestAReceptionistsCallerGoesOnIfTheAgentHangsUpDuringAHold(t *testing.T) {
	open(t, twoGroups(), func(c *centre) {
		call := c.receptionists("set went=on", "hangup NORMAL_UNSPECIFIED")
		c.settle()
		leg := call.Bridged()
		if err := c.sw.Hold(leg); err != nil {
			c.Fatal(err)
		}
		c.settle()
		c.sw.PhoneLeaves(leg)
		c.settleAll()
		if call.Var("went") != "on" || call.Cause() != "NORMAL_UNSPECIFIED" {
			t.Errorf("the caller does not go on in their dialplan: %q %s", call.Actions(), call.Cause())
		}
		c.wantRest()
	})
}

// The same caller goes on there, and was not transferred, if the server was started again in the
// talk.
func TestAReceptionistsCallerGoesOnAfterARestart(t *testing.T) {
	open(t, twoGroups(), func(c *centre) {
		call := c.receptionists("set went=on", "sleep 5000", "hangup NORMAL_UNSPECIFIED")
		c.after(time.Second)
		c.restartsWith(c.journal.length())
		agentHangsUp(c, call)
		ended := time.Now()
		c.settleAll()
		if call.Var("went") != "on" || call.Cause() != "NORMAL_UNSPECIFIED" {
			t.Errorf("the caller does not go on in their dialplan: %q %s", call.Actions(), call.Cause())
		}
		c.wantVisits("outsider", "120 answered 1001 - -")
		for _, cdr := range c.journal.cdrs() {
			if late := cdr.Ended.Sub(ended); late > time.Second {
				t.Errorf("the end of the talk of %s is recorded %s late", cdr.UUID, late)
			}
		}
	})
}
