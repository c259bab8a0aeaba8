package acd

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// What people do with their phones after the call is distributed. Package e2e runs the same
// situations with SIP phones on a real FreeSWITCH.

// office opens a centre with two groups: 110 with agent 1000, and 120 with agent 1001. Its dialplan
// has one socket line for each, a menu and a parking lot.
func office(t *testing.T, change func(*shift), situation func(c *centre, mary *sim.Call)) {
	t.Helper()
	s := ordinary("1000", "1001")
	s.settings.Prompts = Prompts{Hold: "hold.wav"}
	s.snapshot.Groups = append(s.snapshot.Groups, queue.Group{Number: "120", RingTimeout: queue.DefaultRingTimeout})
	s.snapshot.Members = []queue.Member{{Group: "110", Extension: "1000"}, {Group: "120", Extension: "1001"}}
	if change != nil {
		change(&s)
	}
	open(t, s, func(c *centre) {
		c.server.Advertise("10.0.0.5:8084")
		for _, group := range []string{"110", "120"} {
			c.sw.Extension(group, sim.Plan("socket 10.0.0.5:8084/nwayacd/"+group+" async full")...)
		}
		c.sw.Extension("menu", sim.Plan("answer", "playback prompt.wav", "playback hold.wav")...)
		c.sw.Extension("lot", sim.Plan("answer", "park")...)
		situation(c, c.dials("139", "110"))
	})
}

// dials lets an outside caller dial a group whose dialplan has one socket line.
func (c *centre) dials(number, group string) *sim.Call {
	plan := sim.Plan("socket 10.0.0.5:8084/nwayacd/" + group + " async full")
	return c.sw.Call(sim.CallOptions{UUID: "call-" + number, Number: number, Dialled: group, Dialplan: plan})
}

// leg is the channel of the agent who talks with the caller.
func (c *centre) leg(call *sim.Call) string {
	c.Helper()
	leg := call.Bridged()
	if leg == "" {
		c.Fatalf("%s is not bridged", call.UUID())
	}
	return leg
}

// refers lets the phone of an agent who talks with the caller send them to a number.
func (c *centre) refers(call *sim.Call, to string) {
	c.Helper()
	if err := c.sw.Refer(c.leg(call), to); err != nil {
		c.Fatal(err)
	}
}

// connects lets a phone connect the party of one of its channels with that of the other.
func (c *centre) connects(held, consult string, inConsultDialog bool) {
	c.Helper()
	if err := c.sw.ReferReplaces(held, consult, inConsultDialog); err != nil {
		c.Fatal(err)
	}
}

// wantVisits checks the CDRs of a call in order: "GROUP OUTCOME AGENT TO KIND" each, - for none.
func (c *centre) wantVisits(uuid string, want ...string) {
	c.Helper()
	var have []string
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	for _, cdr := range c.journal.cdrs() {
		if cdr.UUID == uuid {
			if cdr.VisitNumber() != len(have)+1 {
				c.Errorf("visit %d of %s is number %d", len(have)+1, uuid, cdr.VisitNumber())
			}
			words := []string{cdr.Group, string(cdr.Outcome), cdr.Agent, cdr.TransferredTo, string(cdr.TransferKind)}
			for i := range words {
				words[i] = dash(words[i])
			}
			have = append(have, strings.Join(words, " "))
		}
	}
	if !slices.Equal(have, want) {
		c.Errorf("the visits of %s are %q, want %q", uuid, have, want)
	}
}

// wantUntouched checks that the caller has no variable left with which the server makes FreeSWITCH
// act.
func (c *centre) wantUntouched(call *sim.Call) {
	c.Helper()
	for name := range strings.FieldsSeq(talkList + " " + waitingList) {
		if value := call.Var(name); value != "" {
			c.Errorf("%s has %s = %q", call.UUID(), name, value)
		}
	}
}

// wantLegUntouched checks the same of the leg of an agent whose talk is over or taken.
func (c *centre) wantLegUntouched(leg string) {
	c.Helper()
	dump, err := c.cti.conn.API(c.Context(), "uuid_dump "+leg+" plain")
	if err != nil {
		c.Fatal(err)
	}
	for line := range strings.Lines(dump) {
		if strings.HasPrefix(line, "variable_execute_on_pre_bridge") ||
			strings.HasPrefix(line, "variable_execute_on_blind_transfer") {
			c.Errorf("the leg has %s", line)
		}
	}
}

func TestAnAgentSendsTheCallerToAnotherGroup(t *testing.T) {
	for name, sends := range map[string]func(c *centre, mary *sim.Call){
		"by REFER": func(c *centre, mary *sim.Call) { c.refers(mary, "120") },
		"by uuid_transfer": func(c *centre, mary *sim.Call) {
			c.api("uuid_transfer " + mary.UUID() + " 120")
		},
		"by command": func(c *centre, mary *sim.Call) {
			talk := c.served(mary.UUID())
			if err := c.server.Enqueue(c.Context(), mary.UUID(), "120"); err != nil {
				c.Fatal(err)
			}
			if to := talk.orderedTo.Load(); to == nil || *to != "120" {
				c.Errorf("the call does not have the group of the command: %v", to)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				c.wantTalk("1000", mary.UUID())
				sends(c, mary)
				c.after(3 * time.Second)
				c.wantState("1000", agent.Ready)
				c.wantTalk("1001", mary.UUID())
				c.after(10 * time.Second) // longer than any timeout of the server
				c.wantTalk("1001", mary.UUID())
				mary.Hangup()
				c.settle()
				c.wantVisits(mary.UUID(), "110 answered 1000 120 blind", "120 answered 1001 - -")
				c.wantEvents(mary.UUID(),
					"queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1", "transfered 120 1",
					"hangup 1000 1", "queue_remove", "queue_add", "queue_remove 1001", "callout 1001 1",
					"answered 1001 1", "hangup 1001 1", "queue_remove")
				c.wantRest()
			})
		})
	}
}

func TestAnAgentSendsTheCallerElsewhere(t *testing.T) {
	for _, to := range []string{"menu", "lot"} {
		t.Run(to, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				c.refers(mary, to)
				c.settle()
				c.wantState("1000", agent.Ready)
				c.after(20 * time.Second)
				if cause := mary.Cause(); cause != "" {
					t.Errorf("the caller was hung up: %s", cause)
				}
				for _, heard := range mary.Heard() {
					if strings.HasSuffix(heard, " broken") && strings.HasPrefix(heard, "prompt") {
						t.Errorf("the menu was cut: %q", mary.Heard())
					}
				}
				c.wantUntouched(mary)
				c.wantVisits(mary.UUID(), "110 answered 1000 "+to+" blind")
				mary.Hangup()
				c.settle()
				c.wantRest()
			})
		})
	}
}

func TestAWaitingCallerIsTakenElsewhereAndLeftAlone(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		paul := c.dials("138", "110")
		c.untilWaiting("call-138")
		c.api("uuid_transfer call-138 lot")
		c.after(30 * time.Second)
		if cause := paul.Cause(); cause != "" {
			t.Errorf("the caller was hung up: %s", cause)
		}
		c.wantUntouched(paul)
		c.wantVisits("call-138", "110 taken - - -")
		paul.Hangup()
		mary.Hangup()
		c.settle()
		c.wantRest()
	})
}

// consulting lets an agent of group 110, or a receptionist, who talks with mary, call group 120.
func (c *centre) consulting(held string) (consult *sim.Call) {
	c.Helper()
	if err := c.sw.Hold(held); err != nil {
		c.Fatal(err)
	}
	return c.sw.AgentCall("1000", "120")
}

func TestAnAgentConnectsTheCallerWithAGroupThatHasAnswered(t *testing.T) {
	for name, inConsult := range map[string]bool{
		"REFER in the held dialog":       false,
		"REFER in the consulting dialog": true,
	} {
		t.Run(name, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				held := c.leg(mary)
				consult := c.consulting(held)
				c.untilTalking(consult.UUID())
				c.wantTalk("1001", consult.UUID())
				c.connects(held, consult.UUID(), inConsult)
				c.settle()
				c.wantState("1000", agent.Ready)
				c.wantTalk("1001", mary.UUID())
				c.after(10 * time.Second)
				c.wantTalk("1001", mary.UUID())
				c.sw.PhoneLeaves(c.leg(mary))
				c.settle()
				c.wantVisits(mary.UUID(), "110 answered 1000 120 attended", "120 answered 1001 - -")
				c.wantVisits(consult.UUID(), "120 consult 1001 - -")
				c.wantRest()
			})
		})
	}
}

// With after-talk = "dialplan" FreeSWITCH reports the same of a consulting call that is passed on
// as of one that the agent ended. Only the next event distinguishes the two.
func TestAnAgentConnectsTheCallerWithAGroupAndTheDialplanGoesOn(t *testing.T) {
	for name, inConsult := range map[string]bool{
		"REFER in the held dialog":       false,
		"REFER in the consulting dialog": true,
	} {
		t.Run(name, func(t *testing.T) {
			office(t, func(s *shift) { s.settings.AfterTalk = AfterTalkDialplan }, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				held := c.leg(mary)
				consult := c.consulting(held)
				c.untilTalking(consult.UUID())
				c.wantTalk("1001", consult.UUID())
				c.connects(held, consult.UUID(), inConsult)
				c.settle()
				c.wantState("1000", agent.Ready)
				c.wantTalk("1001", mary.UUID())
				c.after(10 * time.Second)
				c.wantTalk("1001", mary.UUID())
				c.sw.PhoneLeaves(c.leg(mary))
				c.after(5 * time.Second)
				c.wantVisits(mary.UUID(), "110 answered 1000 120 attended", "120 answered 1001 - -")
				c.wantVisits(consult.UUID(), "120 consult 1001 - -")
				c.wantRest()
			})
		})
	}
}

func TestAnAgentConnectsTheCallerWithAGroupInWhichTheyWait(t *testing.T) {
	for name, inConsult := range map[string]bool{
		"REFER in the held dialog":       false,
		"REFER in the consulting dialog": true,
	} {
		t.Run(name, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.untilTalking("call-139")
				if err := c.server.Dispatcher.Busy(c.Context(), "1001"); err != nil {
					t.Fatal(err)
				}
				held := c.leg(mary)
				consult := c.consulting(held)
				c.settle()
				paul := c.dials("138", "120") // comes after the consulting call
				c.untilWaiting("call-138")
				c.connects(held, consult.UUID(), inConsult)
				c.after(5 * time.Second)
				c.wantState("1000", agent.Ready)
				if shown := c.phaseOf(mary.UUID()); shown != PhaseWait || c.phaseOf(consult.UUID()) != noPhase {
					t.Errorf("the lists show the caller as %q, and the consulting call as %q", shown, c.phaseOf(consult.UUID()))
				}
				if err := c.server.Dispatcher.Ready(c.Context(), "1001"); err != nil {
					t.Fatal(err)
				}
				c.untilTalking("call-139")
				c.wantTalk("1001", mary.UUID()) // before paul
				mary.Hangup()
				paul.Hangup()
				c.after(5 * time.Second)
				c.wantVisits(mary.UUID(), "110 answered 1000 120 attended", "120 answered 1001 - -")
				c.wantVisits(consult.UUID(), "120 consult - - -")
				c.wantRest()
			})
		})
	}
}

func TestAnAgentConnectsTheCallerWithAGroupThatRings(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Answers, After: 6 * time.Second})
		held := c.leg(mary)
		consult := c.consulting(held)
		c.after(2 * time.Second)
		c.wantState("1001", agent.Ring)
		c.connects(held, consult.UUID(), false)
		c.settle()
		c.wantState("1001", agent.Ring) // rings on
		c.after(5 * time.Second)
		c.wantTalk("1001", mary.UUID())
		if n := c.sw.Counts().Originates; n != 2 {
			t.Errorf("%d originates, want one for each agent", n)
		}
		c.after(10 * time.Second)
		mary.Hangup()
		c.settle()
		c.wantVisits(mary.UUID(), "110 answered 1000 120 attended", "120 answered 1001 - -")
		c.wantVisits(consult.UUID(), "120 consult - - -")
		c.wantRest()
	})
}

func TestTheCallersPhoneSendsTheAgentAway(t *testing.T) {
	office(t, nil, func(c *centre, mary *sim.Call) {
		c.untilTalking("call-139")
		leg := c.leg(mary)
		if err := c.sw.Refer(mary.UUID(), "menu"); err != nil {
			t.Fatal(err)
		}
		c.after(10 * time.Second)
		c.wantState("1000", agent.Talking) // with whatever the caller sent them to
		if !slices.ContainsFunc(c.sw.Channels(), func(ch sim.ChannelState) bool { return ch.UUID == leg }) {
			t.Error("the agent's leg was ended")
		}
		c.sw.PhoneLeaves(leg)
		c.settle()
		c.wantVisits(mary.UUID(), "110 answered 1000 menu by-caller")
		c.wantRest()
	})
}

// A program transfers both: the caller was passed on, and the agent is in an external call.
func TestCallerAndAgentAreBothSentAway(t *testing.T) {
	for _, command := range []string{
		"uuid_transfer call-139 -both menu", "uuid_dual_transfer call-139 menu 3000",
		"uuid_dual_transfer call-139 menu lot",
	} {
		t.Run(command, func(t *testing.T) {
			office(t, nil, func(c *centre, mary *sim.Call) {
				c.sw.Agent("3000", sim.Behaviour{})
				c.sw.Extension("3000", sim.Plan("bridge user/3000")...)
				c.untilTalking("call-139")
				leg := c.leg(mary)
				c.api(command)
				c.after(5 * time.Second)
				if a := c.agent("1000"); a.Call != agent.Ready || a.Outside != 1 {
					t.Errorf("the agent is %s, with %d calls outside", a.Call, a.Outside)
				}
				if there, _ := c.cti.conn.API(c.Context(), "uuid_exists "+leg); there != "true" {
					t.Error("the leg was hung up")
				}
				c.wantUntouched(mary)
				c.wantVisits(mary.UUID(), "110 answered 1000 menu blind")
				c.wantEvents(mary.UUID(), "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1",
					"transfered menu 1", "hangup 1000 1", "queue_remove")
				c.sw.PhoneLeaves(leg)
				mary.Hangup()
				c.settle()
				c.wantRest()
			})
		})
	}
}
