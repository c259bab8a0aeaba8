package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
)

// wantLoggedOut checks that the agent is logged out, as it asked.
func (c *centre) wantLoggedOut(extension string) {
	c.Helper()
	if a := c.agent(extension); a.Up || len(a.Groups) > 0 || a.Deferred != agent.NothingDeferred {
		c.Errorf("agent %s should be logged out, and is %+v", extension, a)
	}
}

func (c *centre) logout(extension string) {
	c.Helper()
	if err := c.server.Dispatcher.Logout(c.Context(), extension); err != nil {
		c.Fatal(err)
	}
}

func TestAnAgentWhoLoggedOutInATalkIsLoggedOutAtItsEndThoughTheServerDied(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.logout("1000")
		c.dies()
		c.after(10 * time.Second)
		c.comesBack()
		next := c.caller("138")
		c.after(30 * time.Second)
		c.wantTalk("1000", "call-139")
		if a := c.agent("1000"); !a.Up || a.Deferred != agent.LogoutDeferred {
			t.Errorf("before the talk's end: %+v", a)
		}
		call.Hangup()
		c.after(30 * time.Second)
		c.wantState("1000", agent.Ready)
		c.wantLoggedOut("1000")
		if next.Bridged() != "" {
			t.Error("who logged out has the next call")
		}
		c.dies() // and what was carried out is kept
		c.comesBack()
		c.after(2 * time.Minute)
		c.wantLoggedOut("1000")
		next.Hangup()
		c.settle()
		c.wantNoTalk()
		c.wantRest()
	})
}

func TestAnAgentWhoLoggedOutInATalkIsLoggedOutThoughItEndedWithTheServerDead(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		c.logout("1000")
		c.dies()
		call.Hangup()
		c.after(10 * time.Second)
		c.comesBack()
		next := c.caller("138")
		c.after(linkGrace + time.Minute)
		c.wantLoggedOut("1000")
		if next.Bridged() != "" {
			t.Error("who logged out has the next call")
		}
		next.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestAnAgentWhoLoggedOutWhileItsPhoneRangIsLoggedOutThoughTheServerDied(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilRinging("call-139")
		c.wantState("1000", agent.Ring)
		c.logout("1000")
		c.dies()
		c.after(time.Second)
		c.comesBack()
		c.after(linkGrace + time.Minute)
		c.wantLoggedOut("1000")
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}
