package acd

import (
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/sim"
)

// lineTwice are the actions of a dialplan that has a second socket line, for failover.
func lineTwice(group string) []sim.Action {
	return sim.Plan("set socket_resume=true", socketTo(group), "sleep 1000", socketTo(group), "set handed_back=true",
		"playback hold.wav")
}

// The second socket line is for a caller whose server died. A caller whose talk is over does not
// wait again, whatever party they talked with at the end.
func TestTheSecondLineDoesNotQueueACallerWhoseTalkIsOver(t *testing.T) {
	for name, passOn := range map[string]func(c *centre, mary *sim.Call){
		"an attended transfer": func(c *centre, mary *sim.Call) {
			held := c.leg(mary)
			if err := c.sw.Hold(held); err != nil {
				t.Fatal(err)
			}
			consult := c.sw.AgentCall("1000", "3000")
			c.settle()
			c.connects(held, consult.UUID(), false)
		},
		"a three-way talk": func(c *centre, mary *sim.Call) {
			leg := c.leg(mary)
			if err := c.server.ThreeWay(c.Context(), mary.UUID(), "3000", "out"); err != nil {
				t.Fatal(err)
			}
			c.sw.PhoneLeaves(leg)
		},
	} {
		for after, want := range map[AfterTalk]string{AfterTalkHangup: "", AfterTalkDialplan: "answered"} {
			t.Run(name+", after-talk = "+string(after), func(t *testing.T) {
				office(t, func(s *shift) { s.settings.AfterTalk = after }, func(c *centre, first *sim.Call) {
					first.Hangup()
					c.sw.Agent("3000", sim.Behaviour{})
					c.sw.Extension("3000", sim.Plan("bridge user/3000")...)
					c.sw.Gateway("out", sim.Behaviour{})
					mary := c.sw.Call(sim.CallOptions{
						UUID: "mary", Number: "138", Dialled: "110",
						Dialplan: lineTwice("110"),
					})
					c.untilTalking("mary")
					passOn(c, mary)
					c.after(3 * time.Second)
					c.sw.PhoneLeaves(c.leg(mary))
					c.after(5 * time.Second)
					c.wantState("1000", agent.Ready)
					if over := mary.Cause() != ""; over != (after == AfterTalkHangup) ||
						mary.Var("nwayacd_outcome") != want {
						t.Errorf("the call: cause %q, outcome %q, actions %q", mary.Cause(),
							mary.Var("nwayacd_outcome"), mary.Actions())
					}
					mary.Hangup()
					c.settle()
					c.wantVisits(mary.UUID(), "110 answered 1000 3000 attended")
					c.wantRest()
				})
			})
		}
	}
}

// The phone to which a caller was passed on transfers them back to the group. That is a new visit,
// also if the dialplan would have gone on after the talk.
func TestACallerWhoWasPassedOnIsTransferredBack(t *testing.T) {
	for _, after := range []AfterTalk{AfterTalkHangup, AfterTalkDialplan} {
		t.Run(string(after), func(t *testing.T) {
			office(t, func(s *shift) { s.settings.AfterTalk = after }, func(c *centre, mary *sim.Call) {
				c.sw.Agent("3000", sim.Behaviour{})
				c.untilTalking("call-139")
				for _, command := range []string{
					"originate {origination_uuid=far}user/3000 &park()",
					"uuid_bridge call-139 far",
				} {
					if reply, err := c.cti.conn.API(c.Context(), command); err != nil ||
						!strings.HasPrefix(reply, "+OK") {
						t.Fatal(command, reply, err)
					}
				}
				c.after(3 * time.Second)
				c.refers(mary, "110")
				c.untilTalking("call-139")
				c.wantTalk("1000", mary.UUID())
				mary.Hangup()
				c.settle()
				c.wantVisits(mary.UUID(), "110 answered 1000 3000 attended", "110 answered 1000 - -")
				c.wantRest()
			})
		})
	}
}

// A caller whose talk is over is transferred to the group once more. That is a new visit.
func TestACallerWhoIsTransferredBackWaitsAgain(t *testing.T) {
	office(t, nil, func(c *centre, first *sim.Call) {
		first.Hangup()
		c.sw.Extension("110", lineTwice("110")...)
		mary := c.sw.Call(sim.CallOptions{UUID: "mary", Number: "138", Dialled: "110", Dialplan: lineTwice("110")})
		c.untilTalking("mary")
		c.refers(mary, "110")
		c.after(3 * time.Second)
		c.wantTalk("1000", mary.UUID())
		mary.Hangup()
		c.settle()
		c.wantVisits(mary.UUID(), "110 answered 1000 110 blind", "110 answered 1000 - -")
		c.wantRest()
	})
}
