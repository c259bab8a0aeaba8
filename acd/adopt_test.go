package acd

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// TestTheServerDiesBeforeItsTalkIsWrittenDown: all that is known of the talk is what the switch has.
func TestTheServerDiesBeforeItsTalkIsWrittenDown(t *testing.T) {
	for name, ends := range map[string]struct {
		end func(c *centre, call *sim.Call)
		by  queue.Side
	}{
		"the caller hangs up": {func(_ *centre, call *sim.Call) { call.Hangup() }, queue.CallerSide},
		"the agent hangs up":  {agentHangsUp, queue.AgentSide},
	} {
		t.Run(name, func(t *testing.T) {
			s := ordinary("1000")
			s.settings.Floor.TypingAuto, s.settings.Floor.Recover = true, time.Minute
			s.snapshot.Groups[0].Mode = 3 // the agent is remembered
			open(t, s, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{After: 2 * time.Second})
				call := c.caller("139")
				offered := time.Now().Add(welcomeOver)
				bridged := offered.Add(2 * time.Second)
				c.after(welcomeOver + time.Second)
				c.wantState("1000", agent.Ring)
				known := c.kept.length()
				c.after(2 * time.Second)
				c.wantTalk("1000", "call-139")
				c.dies()
				c.kept.forgetBehind(known)
				c.after(time.Second)
				c.comesBack()
				c.after(10 * time.Second)
				c.wantTalk("1000", "call-139")
				next := c.caller("138")
				c.after(10 * time.Second)
				if c.agent("1000").Outside != 0 || next.Bridged() != "" || call.Bridged() == "" {
					t.Errorf("%d calls outside; next talks to %q, the first to %q", c.agent("1000").Outside, next.Bridged(), call.Bridged())
				}
				c.dies() // once more: it is written down now
				c.comesBack()
				c.after(10 * time.Second)
				c.wantTalk("1000", "call-139")
				ended := time.Now()
				ends.end(c, call)
				c.after(5 * time.Second)
				c.wantState("1000", agent.Typing)
				cdr := c.wantCDR("call-139", queue.Answered, ends.by, "NORMAL_CLEARING")
				if !cdr.Ended.Equal(ended) || cdr.Agent != "1000" || !cdr.Bridged.Equal(bridged) || !cdr.Answered.Equal(bridged) || cdr.Offers != 1 ||
					cdr.Dialled != "110" || cdr.Switch != "sim" || cdr.Caller != "139" || cdr.Group != "110" {
					t.Errorf("bridged %v, ended %v: %+v", bridged, ended, cdr)
				}
				if o := c.kept.offers(); len(o) != 1 || !o[0].Ended.Equal(ended) || o[0].Outcome != queue.OfferAnswered || !o[0].Offered.Equal(offered) || o[0].Number != 1 ||
					o[0].Group != "110" {
					t.Errorf("offers: %+v", o)
				}
				c.after(time.Minute)
				c.wantTalk("1000", "call-138")
				next.Hangup()
				c.after(time.Second)
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

func TestTheReplyToTheBridgeNeverComes(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.wires.lose("api uuid_bridge")
		call := c.caller("139")
		c.after(time.Minute)
		c.wires.find("api uuid_bridge")
		if call.Bridged() == "" {
			t.Fatalf("the talk was ended: %q", call.Actions())
		}
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.after(time.Minute)
		c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		if o := c.kept.offers(); len(o) != 1 || o[0].Outcome != queue.OfferAnswered {
			t.Errorf("offers: %+v", o)
		}
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestTheConnectionAndTheLinkAreLostAsTheBridgeIsMade: nobody can say whether caller and agent talk until the link is back.
func TestTheConnectionAndTheLinkAreLostAsTheBridgeIsMade(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.wires.lose("api uuid_bridge")
		call := c.caller("139")
		c.after(answerAt + 100*time.Millisecond)
		c.wires.hush()
		c.after(20 * time.Second)
		c.wires.find("api uuid_bridge")
		c.after(20 * time.Second)
		if call.Bridged() == "" {
			t.Fatalf("the talk was ended: %q", call.Actions())
		}
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.after(time.Minute)
		cdr := c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		if cdr.Agent != "1000" || cdr.Offers != 1 || cdr.Bridged.IsZero() {
			t.Errorf("%+v", cdr)
		}
		if o := c.kept.offers(); len(o) != 1 {
			t.Errorf("offers: %+v", o)
		}
		c.wantNoTalk()
		c.wantRest()
	})
}
