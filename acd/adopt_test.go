package acd

import (
	"fmt"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
	"nwayacd/sim"
)

// TestTheServerDiesBeforeItsTalkIsWrittenDown checks that the talk is recovered although only the
// switch has it.
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
				known := c.journal.length()
				c.untilTalking("call-139")
				c.wantTalk("1000", "call-139")
				c.restartsWith(known)
				c.wantTalk("1000", "call-139")
				next := c.caller("138")
				c.after(10 * time.Second)
				if c.agent("1000").Outside != 0 || next.Bridged() != "" || call.Bridged() == "" {
					t.Errorf("%d calls outside; next talks to %q, the first to %q", c.agent("1000").Outside,
						next.Bridged(), call.Bridged())
				}
				c.dies() // once more; it is written down now
				c.comesBack()
				c.after(linkTime)
				c.wantTalk("1000", "call-139")
				ended := time.Now()
				ends.end(c, call)
				c.after(5 * time.Second)
				c.wantState("1000", agent.Typing)
				cdr := c.wantCDR("call-139", queue.Answered, ends.by, "NORMAL_CLEARING")
				c.wantWhole(cdr, offered, bridged, ended)
				c.after(time.Minute)
				c.wantTalk("1000", "call-138")
				next.Hangup()
				c.settle()
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

// wantWhole checks that the record of a recovered talk of caller 139, and of its one offer, is
// complete.
func (c *centre) wantWhole(cdr queue.CDR, offered, bridged, ended time.Time) {
	c.Helper()
	if !cdr.Ended.Equal(ended) || cdr.Agent != "1000" || !cdr.Bridged.Equal(bridged) || !cdr.Answered.Equal(bridged) ||
		cdr.Offers != 1 || cdr.Dialled != "110" || cdr.Switch != "sim" || cdr.Caller != "139" || cdr.Group != "110" {
		c.Errorf("bridged %v, ended %v: %+v", bridged, ended, cdr)
	}
	if o := c.journal.offers(); len(o) != 1 || !o[0].Ended.Equal(ended) || o[0].Outcome != queue.OfferAnswered ||
		o[0].Transfer ||
		!o[0].Offered.Equal(offered) || o[0].Number != 1 || o[0].Group != "110" {
		c.Errorf("offers: %+v", o)
	}
}

// wantOneTalk lets the caller hang up. It checks that the call had only the talk of the first
// offer, and that the record is complete.
func (c *centre) wantOneTalk(call *sim.Call) {
	c.Helper()
	call.Hangup()
	c.settleAll()
	cdr := c.wantCDR(call.UUID(), queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
	if cdr.Agent != "1000" || cdr.Offers != 1 || cdr.Bridged.IsZero() {
		c.Errorf("%+v", cdr)
	}
	if o := c.journal.offers(); len(o) != 1 || o[0].Outcome != queue.OfferAnswered {
		c.Errorf("offers: %+v", o)
	}
	c.wantNoTalk()
	c.wantRest()
}

func TestTheReplyToTheBridgeNeverComes(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.wires.swallow("api uuid_bridge")
		call := c.caller("139")
		c.after(time.Minute)
		c.wires.deliver("api uuid_bridge")
		if call.Bridged() == "" {
			t.Fatalf("the talk was ended: %q", call.Actions())
		}
		c.wantTalk("1000", "call-139")
		c.wantOneTalk(call)
	})
}

// TestTheServerDiesAsATalkEnds has each part of what is written then, and a caller who is asked for
// a mark, or is not.
func TestTheServerDiesAsATalkEnds(t *testing.T) {
	for name, survey := range map[string]bool{"the caller is hung up": false, "the caller is asked for a mark": true} {
		for kept, more := 0, true; more; kept++ {
			t.Run(fmt.Sprint(name, ", changes kept: ", kept), func(t *testing.T) {
				s := ordinary("1000")
				s.snapshot.Agents[0].Survey = survey
				s.settings.Prompts.Survey = "ask.wav"
				open(t, s, func(c *centre) {
					call := c.caller("139")
					c.untilTalking("call-139")
					known := c.journal.length() + kept
					agentHangsUp(c, call)
					c.after(100 * time.Millisecond)
					more = known < c.journal.length()
					known = c.journal.whole(known)
					c.restartsWith(known)
					call.Hangup()
					c.settleAll()
					offers, cdrs := c.journal.offers(), c.journal.cdrs()
					if len(offers) != 1 || len(cdrs) != 1 || offers[0].Outcome != queue.OfferAnswered ||
						cdrs[0].Outcome != queue.Answered {
						t.Errorf("offers %+v, CDRs %+v", offers, cdrs)
					}
					c.wantNoTalk()
				})
			})
		}
	}
}

// TestTheConnectionAndTheLinkAreLostAsTheBridgeIsMade checks a talk that the server cannot see
// until the link is back.
func TestTheConnectionAndTheLinkAreLostAsTheBridgeIsMade(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.wires.swallow("api uuid_bridge")
		call := c.caller("139")
		c.after(answerAt + 100*time.Millisecond)
		c.wires.silence()
		c.after(20 * time.Second)
		c.wires.deliver("api uuid_bridge")
		c.after(20 * time.Second)
		if call.Bridged() == "" {
			t.Fatalf("the talk was ended: %q", call.Actions())
		}
		c.wantTalk("1000", "call-139")
		c.wantOneTalk(call)
	})
}

// TestThePathFreezesAsTheBridgeIsMade checks that commands written meanwhile, which arrive when the
// path thaws, do not end the talk.
func TestThePathFreezesAsTheBridgeIsMade(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.wires.swallow("api uuid_bridge")
		call := c.caller("139")
		c.after(answerAt + 100*time.Millisecond)
		c.wires.deliver("api uuid_bridge")
		c.wires.freeze()
		c.after(30 * time.Second)
		c.wires.thaw()
		c.after(30 * time.Second)
		if call.Bridged() == "" {
			t.Fatalf("the talk was ended: %q", call.Actions())
		}
		c.wantTalk("1000", "call-139")
		c.wantOneTalk(call)
	})
}

// TestTheSwitchReadsNoMoreAsTheAgentAnswers checks a bridge that was never made, while the server
// cannot see whether it was.
func TestTheSwitchReadsNoMoreAsTheAgentAnswers(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.after(answerAt - 100*time.Millisecond)
		c.wires.clog()
		c.after(3 * time.Minute)
		call.Hangup()
		c.after(2 * time.Minute)
		c.wantRest()
		c.wantNoTalk()
		c.wantWork()
	})
}

func TestTheSwitchDoesNotSayThatTheBridgeStands(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.wires.swallow("CHANNEL_BRIDGE")
		call := c.caller("139")
		c.after(time.Minute)
		c.wires.deliver("CHANNEL_BRIDGE")
		if call.Bridged() == "" {
			t.Fatalf("the talk was ended: %q", call.Actions())
		}
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.settleAll()
		if cdr := c.wantCDR("call-139", queue.Answered, queue.CallerSide, ""); cdr.Bridged.Sub(cdr.Arrived) > answerAt+
			time.Second {
			t.Errorf("bridged %v after the arrival", cdr.Bridged.Sub(cdr.Arrived))
		}
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestASecondOfferIsAdoptedAsWhatItIs checks an offer of the group to the agent who missed a
// transfer before.
func TestASecondOfferIsAdoptedAsWhatItIs(t *testing.T) {
	for name, again := range map[string]bool{"a transfer": true, "an offer after a transfer": false} {
		t.Run(name, func(t *testing.T) {
			open(t, ordinary("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
				call := c.caller("139")
				c.untilRinging("call-139")
				c.server.Dispatcher.Busy(c.Context(), "1000")
				c.after(queue.DefaultRingTimeout)
				if !again {
					c.server.Dispatcher.Ready(c.Context(), "1000")
				}
				c.sw.Agent("1000", sim.Behaviour{After: time.Second})
				known := c.journal.length()
				if again {
					c.server.Dispatcher.Ready(c.Context(), "1000")
					if err := c.server.Dispatcher.Transfer(c.Context(), "call-139", "1000"); err != nil {
						t.Fatal(err)
					}
				}
				c.after(10 * time.Second)
				c.wantTalk("1000", "call-139")
				c.dies()
				c.journal.forgetBehind(known)
				c.comesBack()
				c.after(linkTime)
				c.wantTalk("1000", "call-139")
				call.Hangup()
				c.settleAll()
				outcome := map[bool]queue.Outcome{true: queue.Transferred, false: queue.Answered}[again]
				if cdr := c.wantCDR("call-139", outcome, queue.CallerSide, ""); cdr.Offers != 2 {
					t.Errorf("%+v", cdr)
				}
				if o := c.journal.offers(); len(o) != 2 || o[1].Transfer != again || o[1].Number != 2 {
					t.Errorf("offers: %+v", o)
				}
				c.wantNoTalk()
				c.wantRest()
			})
		})
	}
}

// TestTheLegAndTheServerDieAsTheTwoAreBridged checks that the caller, who is parked as after a
// talk, has a place when the server is back.
func TestTheLegAndTheServerDieAsTheTwoAreBridged(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesOnBridge, After: time.Second})
		c.wires.swallow("CHANNEL_PARK")
		call := c.caller("139")
		c.untilRinging("call-139")
		since := c.server.CallViews()[0].Arrived
		c.dies()
		c.wires.deliver("CHANNEL_PARK")
		c.sw.Agent("1000", sim.Behaviour{After: time.Second})
		c.after(beforeRetry)
		c.comesBack()
		c.after(30 * time.Second)
		c.wantTalk("1000", "call-139")
		c.wantPlace("call-139", since)
		call.Hangup()
		c.settleAll()
		c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantNoTalk()
		c.wantRest()
	})
}

// TestTheLegDiesAsTheTwoAreBridgedAndTheConnectionIsLost checks that the link finds the two apart
// and brings the caller back.
func TestTheLegDiesAsTheTwoAreBridgedAndTheConnectionIsLost(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesOnBridge, After: time.Second})
		c.wires.swallow("CHANNEL_PARK")
		call := c.caller("139")
		c.untilRinging("call-139")
		go c.breakConnection("call-139")
		c.settle()
		c.wires.deliver("CHANNEL_PARK")
		c.sw.Agent("1000", sim.Behaviour{After: time.Second})
		c.after(time.Minute)
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.settleAll()
		c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		c.wantNoTalk()
		c.wantRest()
	})
}
