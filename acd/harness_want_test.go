package acd

import (
	"slices"
	"strings"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

func (c *centre) agent(extension string) queue.AgentView {
	c.Helper()
	for _, a := range c.server.Dispatcher.Agents() {
		if a.Extension == extension {
			return a
		}
	}
	c.Fatalf("no agent %s", extension)
	return queue.AgentView{}
}

func (c *centre) wantState(extension string, want agent.CallState) {
	c.Helper()
	if got := c.agent(extension).Call; got != want {
		c.Errorf("agent %s is %v, want %v", extension, got, want)
	}
}

// wantEvents checks what the CTI has received about a caller.
func (c *centre) wantEvents(uuid string, want ...string) {
	c.Helper()
	if got := c.cti.call(uuid); !slices.Equal(got, want) {
		c.Errorf("events of %s:\n got  %q\n want %q", uuid, got, want)
	}
}

// wantNotLogged checks that no line of the log has that message.
func (c *centre) wantNotLogged(message string) {
	c.Helper()
	if c.log.has(message) {
		c.Errorf("logged: %s", message)
	}
}

// wantRest checks that no call has left anything behind, and returns the CDRs. No channel, place or
// row is left, and no agent has an offer.
func (c *centre) wantRest() []queue.CDR {
	c.Helper()
	if left := c.sw.Channels(); len(left) > 0 {
		c.Errorf("channels left: %+v", left)
	}
	if rows := c.journal.waiting(); len(rows) > 0 {
		c.Errorf("rows left among the waiting: %v", rows)
	}
	if n := c.server.Calls(); n > 0 {
		c.Errorf("%d calls are still served", n)
	}
	for _, a := range c.server.Dispatcher.Agents() {
		if a.CallUUID != "" || a.Call == agent.Ring || a.Call == agent.Talking {
			c.Errorf("agent %s is stuck: %v, call %q", a.Extension, a.Call, a.CallUUID)
		}
	}
	if n := c.sw.Counts().DoubleOffers; n > 0 {
		c.Errorf("%d double offers", n)
	}
	return c.journal.cdrs()
}

// wantTalk checks that the agent talks with the caller, and that the lists show it.
func (c *centre) wantTalk(extension, uuid string) {
	c.Helper()
	c.wantState(extension, agent.Talking)
	if got := c.agent(extension).CallUUID; got != uuid {
		c.Errorf("agent %s has the call %q, want %q", extension, got, uuid)
	}
	for _, v := range c.server.CallViews() {
		if v.UUID == uuid && v.Phase == PhaseTalk && v.Agent == extension {
			return
		}
	}
	c.Errorf("%s is not listed in a talk with %s: %+v", uuid, extension, c.server.CallViews())
}

// wantCDR checks that the call has exactly one CDR, and how it says that the call ended.
func (c *centre) wantCDR(uuid string, outcome queue.Outcome, by queue.Side, cause string) (found queue.CDR) {
	c.Helper()
	n, all := 0, c.journal.cdrs()
	for _, cdr := range all {
		if cdr.UUID == uuid {
			found = cdr
			n++
		}
	}
	if n != 1 {
		c.Errorf("%s has %d CDRs: %+v", uuid, n, all)
		return found
	}
	if found.Outcome != outcome || found.HungUpBy != by || !strings.HasPrefix(found.Cause, cause) ||
		found.Ended.IsZero() {
		c.Errorf("the CDR of %s says %s, hung up by %q, %q, at %v; want %s, %q, %q",
			uuid, found.Outcome, found.HungUpBy, found.Cause, found.Ended, outcome, by, cause)
	}
	return found
}

// wantPlace checks that the caller still has the place from that time.
func (c *centre) wantPlace(uuid string, since time.Time) {
	c.Helper()
	if place := c.placeOf(uuid); !place.Equal(since) {
		c.Errorf("the place of %s is %v, was %v", uuid, place, since)
	}
}

// wantNoTalk checks that the database has no row of a talk.
func (c *centre) wantNoTalk() {
	c.Helper()
	if left := c.journal.snapshot(c.shift.snapshot).Talks; len(left) > 0 {
		c.Errorf("talks left: %+v", left)
	}
}

// wantWork checks that every agent can log in and gets a call.
func (c *centre) wantWork() {
	c.Helper()
	var calls []*sim.Call
	for _, a := range c.server.Dispatcher.Agents() {
		c.sw.Agent(a.Extension, sim.Behaviour{Do: sim.Answers, After: time.Second})
		if err := c.server.Dispatcher.Login(c.Context(), a.Extension, []string{"110"}); err != nil {
			c.Error(err)
		}
		calls = append(calls, c.caller("work-"+a.Extension))
	}
	c.after(time.Minute)
	for _, call := range calls {
		if call.Bridged() == "" {
			c.Errorf("%s was not answered: %+v", call.UUID(), c.server.Dispatcher.Agents())
		}
		call.Hangup()
	}
	c.settleAll()
	c.wantRest()
}
