package acd

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/internal/figures"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

func TestAWaitingCallerIsDropped(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		c.caller("139")
		c.untilWaiting("call-139")
		if err := c.server.Drop(c.Context(), "call-139"); err != nil {
			t.Fatal(err)
		}
		c.settle()
		c.wantEvents("call-139", "queue_add", "queue_remove")
		c.wantCDR("call-139", queue.Dropped, queue.OperatorSide, "MANAGER_REQUEST")
		c.wantRest()
	})
}

func TestATalkIsDroppedByEitherChannel(t *testing.T) {
	for name, channel := range map[string]func(*centre) string{
		"the caller's": func(*centre) string { return "call-139" },
		"the agent's":  func(c *centre) string { return c.served("call-139").legUUID() },
	} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.caller("139")
				c.untilTalking("call-139")
				if err := c.server.Drop(c.Context(), channel(c)); err != nil {
					t.Fatal(err)
				}
				c.settle()
				c.wantCDR("call-139", queue.Answered, queue.OperatorSide, "MANAGER_REQUEST")
				c.wantState("1000", agent.Ready)
				if left := c.sw.Channels(); len(left) > 0 {
					t.Errorf("left: %+v", left)
				}
				c.wantRest()
			})
		})
	}
}

func TestAnUnknownChannelIsNotDropped(t *testing.T) {
	open(t, ordinary(), func(c *centre) {
		if err := c.server.Drop(c.Context(), "nobody"); !errors.Is(err, queue.ErrNoCall) {
			t.Error(err)
		}
	})
}

func TestAnAgentsOwnDialString(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].DialString = "sofia/gateway/gw1/{ext}"
	open(t, s, func(c *centre) {
		c.caller("139")
		c.untilRinging("call-139")
		l := c.served("call-139").leg.Load()
		if got := l.dialString(); got != "sofia/gateway/gw1/1000" {
			t.Errorf("dialled %q", got)
		}
		c.killAll()
		c.settle()
	})
}

// as returns a context for the orders of such a person.
func as(ctx context.Context, a auth.Actor) context.Context { return auth.With(ctx, a) }

var (
	phone1000  = auth.Actor{Name: "dialplan:1000", Role: auth.Dialplan, Extension: "1000"}
	supervisor = auth.Actor{Name: "user:anna", Role: auth.Supervisor, Groups: []string{"110"}, Extension: "2000"}
	crm        = auth.Actor{Name: "control", Role: auth.Admin}
)

func TestAPauseKnowsTheReasonAndTheActor(t *testing.T) {
	for _, test := range []struct {
		by           auth.Actor
		reason, want string
	}{
		{phone1000, "lunch", "lunch"},
		{phone1000, "", ""},
		{supervisor, "", agent.SupervisorPause},
		{supervisor, "training", "training"},
		{crm, "", ""}, // acts for the agent
		{auth.Actor{Name: "user:1000", Role: auth.Supervisor, Extension: "1000"}, "", ""},
	} {
		open(t, ordinary("1000"), func(c *centre) {
			began := time.Now()
			if err := c.server.Dispatcher.Pause(as(c.Context(), test.by), "1000", test.reason); err != nil {
				t.Fatal(err)
			}
			want := agent.Pause{PauseReason: test.want, PauseBy: test.by.Name, PausedSince: began}
			if got := c.agent("1000").Pause; got != want {
				t.Errorf("%s pauses for %q: %+v, want %+v", test.by.Name, test.reason, got, want)
			}
			events := c.ownEvents()
			last := events[len(events)-1]
			if got := last.Get("nway_agent_reason"); got != test.want ||
				last.Get("nway_agent_status") != "nway_agent_busy" {
				t.Errorf("the event has the reason %q: %v", got, last.Headers)
			}
		})
	}
}

func TestAReasonThatIsNotOnTheListIsRefused(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		d := c.server.Dispatcher
		for _, by := range []auth.Actor{phone1000, supervisor} {
			err := d.Pause(as(c.Context(), by), "1000", "siesta")
			if !errors.Is(err, queue.ErrNoReason) || !c.agent("1000").Idle {
				t.Errorf("%v", err)
			}
		}
		if _, err := d.PutReason(c.Context(), queue.Reason{Code: "siesta", Active: true}); err != nil {
			t.Fatal(err)
		}
		if err := d.Pause(as(c.Context(), phone1000), "1000", "siesta"); err != nil {
			t.Error(err)
		}
	})
}

func TestAnAgentLogsInToAllowedGroupsOnly(t *testing.T) {
	s := twoGroups()
	extension := s.snapshot.Agents[0].Extension
	s.snapshot.Agents[0].AllowedGroups = "110"
	open(t, s, func(c *centre) {
		d := c.server.Dispatcher
		before := c.agent(extension).Groups
		own := auth.Actor{Name: "user:x", Role: auth.Agent, Extension: extension}
		for _, by := range []auth.Actor{{Name: "dialplan:x", Role: auth.Dialplan, Extension: extension}, own} {
			if err := d.Login(as(c.Context(), by), extension, []string{"110", "120"}); !errors.Is(err, ErrNotAllowed) {
				t.Errorf("%s: %v", by.Name, err)
			}
			if got := c.agent(extension).Groups; !slices.Equal(got, before) {
				t.Errorf("half done: %v", got)
			}
			if err := d.Login(as(c.Context(), by), extension, []string{"110"}); err != nil {
				t.Errorf("%s: %v", by.Name, err)
			}
		}
		if err := d.Login(as(c.Context(), crm), extension, []string{"120"}); err != nil {
			t.Error(err)
		}
	})
}

func TestAWrapUpMadeLongerEndsLater(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].WrapUp = setting.Is(10 * time.Second)
	open(t, s, func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		call.Hangup()
		c.settle()
		c.wantState("1000", agent.Typing)
		ends, err := c.server.Dispatcher.ExtendWrapUp(c.Context(), "1000", 30*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		c.after(time.Until(ends) - time.Second)
		c.wantState("1000", agent.Typing)
		c.after(2 * time.Second)
		c.wantState("1000", agent.Ready)
		_, err = c.server.Dispatcher.ExtendWrapUp(c.Context(), "1000", time.Second)
		if !errors.Is(err, queue.ErrNoWrapUp) {
			t.Error(err)
		}
	})
}

func TestTheRecordHasTheLimitsOfTheGroupAtTheArrival(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].Idle = false
	s.snapshot.Groups[0].ServiceLevel = setting.Is(30 * time.Second)
	open(t, s, func(c *centre) {
		mary := c.caller("139")
		c.untilWaiting("call-139")
		later := queue.GroupUpdate{
			Number: "110", ServiceLevel: new(setting.Is(10 * time.Second)), ShortAbandon: new(setting.Is(time.Second)),
		}
		if err := c.server.Dispatcher.SetGroup(c.Context(), later); err != nil {
			t.Fatal(err)
		}
		c.after(time.Until(c.placeOf("call-139").Add(24 * time.Second)))
		if err := c.server.Dispatcher.Ready(c.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
		c.untilTalking("call-139")
		agentHangsUp(c, mary)
		c.settle()
		cdr := c.wantCDR("call-139", queue.Answered, queue.AgentSide, "NORMAL_CLEARING")
		if cdr.ServiceLevel != 30 || cdr.Short != 5 {
			t.Errorf("the limits are %d and %d", cdr.ServiceLevel, cdr.Short)
		}
		if wait := cdr.Answered.Sub(cdr.Arrived); wait < 20*time.Second || wait > 30*time.Second {
			t.Errorf("the wait is %v, which proves nothing", wait)
		}
		var counted figures.Set
		counted.Visit(&cdr)
		for _, calls := range counted.Calls {
			if calls[figures.AnsweredIn] != 1 {
				t.Error("the answer is not in time")
			}
		}
	})
}
