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

// rings are the names of the telephones of an extension that ring now.
func (c *centre) rings(extension string) (devices []string) {
	for _, ch := range c.sw.Channels() {
		if ch.Extension == extension && !ch.Answered && ch.CallState != "HANGUP" {
			devices = append(devices, ch.Device)
		}
	}
	return devices
}

func (c *centre) wantRegistered(extension string, want bool) {
	c.Helper()
	if got := c.agent(extension).Registered; got != want {
		c.Errorf("agent %s: registered %v, want %v", extension, got, want)
	}
}

// patient is a shift whose welcome is over at once and whose telephones may be silent for three
// seconds.
func patient(extensions ...string) shift {
	s := ordinary(extensions...)
	s.settings.Prompts.Welcome, s.settings.Prompts.Transfer, s.settings.Progress = "", "", 3*time.Second
	return s
}

func TestAllTelephonesRingAndTheFirstToAnswerHasTheCall(t *testing.T) {
	open(t, patient("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Register("1000", "mobile", sim.Behaviour{After: 4 * time.Second})
		c.sw.Register("1000", "web", sim.Behaviour{Do: sim.Misses})
		c.settle()
		call := c.caller("139")
		c.untilRinging("call-139")
		if got := c.rings("1000"); !slices.Equal(got, []string{"", "mobile", "web"}) {
			t.Fatalf("%q ring", got)
		}
		c.untilTalking("call-139")
		c.wantTalk("1000", "call-139")
		if got := c.rings("1000"); got != nil {
			t.Errorf("%q ring on", got)
		}
		call.Hangup()
		c.settle()
		c.wantState("1000", agent.Ready)
		cdr := c.wantCDR("call-139", queue.Answered, queue.CallerSide, "NORMAL_CLEARING")
		if o := c.journal.offers(); len(o) != 1 || o[0].Leg != cdr.Leg || o[0].Outcome != queue.OfferAnswered {
			t.Errorf("the leg of the CDR is %s, the offers are %+v", cdr.Leg, o)
		}
		c.wantRest()
	})
}

// A telephone has just registered, and FreeSWITCH has not answered yet how to reach it.
func TestATelephoneThatHasJustRegisteredRingsToo(t *testing.T) {
	for name, answers := range map[string]bool{"FreeSWITCH answers": true, "FreeSWITCH is silent": false} {
		t.Run(name, func(t *testing.T) {
			open(t, patient("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
				c.sw.Register("1000", "desk", sim.Behaviour{Do: sim.Misses})
				c.after(2 * expiryLag)
				at := c.server.links[0].contacts
				who := subscriber{"1000", c.server.links[0].current().Domain}
				before := strings.Join(at.dialled(who.extension, who.domain), ",")
				at.came(who, "another", time.Now())
				call := c.caller("139")
				c.after(answerLimit / 2)
				if got := c.rings("1000"); len(got) > 0 {
					t.Errorf("%q ring before FreeSWITCH has answered", got)
				}
				if answers {
					c.sw.Register("1000", "web", sim.Behaviour{Do: sim.Misses})
				} else {
					at.answered(who, before, time.Now().Add(-time.Hour)) // overtaken by the event
				}
				c.after(answerLimit)
				want := []string{"", "desk"}
				if answers {
					want = append(want, "web")
				}
				if got := c.rings("1000"); !slices.Equal(got, want) {
					t.Errorf("%q ring, want %q", got, want)
				}
				call.Hangup()
				c.settle()
			})
		})
	}
}

func TestTheTelephoneThatAnsweredHangsUpAndTheAgentIsFree(t *testing.T) {
	open(t, patient("1000"), func(c *centre) {
		c.sw.Register("1000", "web", sim.Behaviour{Do: sim.Misses})
		c.settle()
		c.caller("139")
		c.untilTalking("call-139")
		for _, ch := range c.sw.Channels() {
			if ch.Extension == "1000" {
				c.sw.PhoneLeaves(ch.UUID)
			}
		}
		c.settle()
		c.wantState("1000", agent.Ready)
		c.wantCDR("call-139", queue.Answered, queue.AgentSide, "NORMAL_CLEARING")
	})
}

// TestWhatTheTelephonesAnswerIsTheMiss has two telephones, and checks the log line of the miss.
func TestWhatTheTelephonesAnswerIsTheMiss(t *testing.T) {
	refuses := func(code int, rung bool) sim.Behaviour {
		return sim.Behaviour{Do: sim.Refuses, Code: code, After: time.Second, Quiet: !rung}
	}
	silent, rings := sim.Behaviour{Do: sim.Misses, Quiet: true}, sim.Behaviour{Do: sim.Misses}
	for name, test := range map[string]struct {
		one, other sim.Behaviour
		want       queue.MissCause
		took       time.Duration // from the offer to its end
	}{
		"busy and unreachable":             {refuses(486, false), refuses(480, false), queue.MissBusy, time.Second},
		"busy everywhere":                  {refuses(600, false), refuses(486, true), queue.MissBusy, time.Second},
		"declined and busy":                {refuses(486, false), refuses(603, true), queue.MissReject, time.Second},
		"declined on one, the other rings": {rings, refuses(603, true), queue.MissReject, time.Second},
		"rang, and is away":                {rings, refuses(404, false), queue.MissNoAnswer, 15 * time.Second},
		"480 after 180":                    {refuses(480, true), refuses(404, false), queue.MissNoAnswer, time.Second},
		"480 at once": {
			refuses(480, false), refuses(480, false), queue.MissUnreachable,
			time.Second,
		},
		"404, 408":             {refuses(404, false), refuses(408, false), queue.MissUnreachable, time.Second},
		"500, 503 after 180":   {refuses(500, false), refuses(503, true), queue.MissUnreachable, time.Second},
		"488":                  {refuses(488, false), refuses(488, false), queue.MissUnreachable, time.Second},
		"nobody says anything": {silent, silent, queue.MissUnreachable, 3 * time.Second},
		"one is silent, the other is busy at once": {silent, refuses(486, false), queue.MissBusy, 3 * time.Second},
		"one is silent, the other rings":           {silent, rings, queue.MissNoAnswer, 15 * time.Second},
		"forwards": {
			sim.Behaviour{Do: sim.Forwards, To: "999"},
			refuses(404, false),
			queue.MissUnreachable, time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, patient("1000"), func(c *centre) {
				c.sw.Agent("1000", test.one)
				c.sw.Register("1000", "web", test.other)
				c.settle()
				offered := time.Now()
				call := c.caller("139")
				c.after(16 * time.Second)
				o := c.journal.offers()
				if len(o) == 0 {
					t.Fatal("the offer is not over")
				}
				if got := o[0].Ended.Sub(offered); o[0].Outcome != queue.OfferMissed || got != test.took {
					t.Errorf("the offer ended after %s: %+v", got, o[0])
				}
				if got := causeOf(o[0].Cause); !slices.Contains(got, test.want) {
					t.Errorf("FreeSWITCH's word is %s, which is %v, want %v", o[0].Cause, got, test.want)
				}
				call.Hangup()
				c.settle()
				c.wantRest()
			})
		})
	}
}

// causeOf are the causes of a miss for which a hang-up cause of FreeSWITCH can stand.
func causeOf(word string) []queue.MissCause {
	return []queue.MissCause{causeOfMiss(0, word, false), causeOfMiss(0, word, true)}
}

func TestASilentTelephoneCostsTheCallerThreeSeconds(t *testing.T) {
	open(t, patient("1000", "1001"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses, Quiet: true})
		c.settle()
		call := c.caller("139")
		c.after(2900 * time.Millisecond)
		c.wantState("1000", agent.Ring)
		c.after(200 * time.Millisecond)
		if got := c.rings("1001"); got == nil {
			t.Error("the next agent does not ring")
		}
		c.untilTalking("call-139")
		c.wantTalk("1001", "call-139")
		if o := c.journal.offers(); len(o) != 1 || o[0].Cause != "NO_USER_RESPONSE" {
			t.Errorf("offers: %+v", o)
		}
		call.Hangup()
		c.settle()
		c.wantRest()
	})
}

func TestAnAgentsOwnProgressSecondsCount(t *testing.T) {
	s := patient("1000")
	s.snapshot.Agents[0].Progress = 8 * time.Second
	open(t, s, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Quiet: true, After: 7 * time.Second}) // woken by a push message
		c.caller("139")
		c.after(8 * time.Second)
		c.wantTalk("1000", "call-139")
	})
}

func TestEarlyMediaIsAWord(t *testing.T) {
	open(t, patient("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Early: true, After: 7 * time.Second})
		c.caller("139")
		c.after(8 * time.Second)
		c.wantTalk("1000", "call-139")
	})
}

func TestWithoutALinkASilentTelephoneIsNotEnded(t *testing.T) {
	open(t, patient("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{After: 6 * time.Second})
		call := c.caller("139")
		c.untilRinging("call-139")
		c.server.links[0].goDown() // the server receives no events of the telephone any more
		c.after(6 * time.Second)
		if call.Bridged() == "" {
			t.Error("the telephone was ended, though it rang")
		}
	})
}

// The link is half-open, and the server does not see that yet. It does not receive the telephone's
// events, but FreeSWITCH can be asked.
func TestATelephoneThatRingsBehindASilentLinkIsReachable(t *testing.T) {
	t.Run("and answers", func(t *testing.T) {
		open(t, patient("1000"), func(c *centre) {
			c.sw.Agent("1000", sim.Behaviour{After: 6 * time.Second})
			c.settle()
			c.wires.silenceLink()
			call := c.caller("139")
			c.after(8 * time.Second)
			if call.Bridged() == "" {
				t.Errorf("the telephone was ended, though it rang: %+v", c.journal.offers())
			}
		})
	})
	t.Run("and does not answer", func(t *testing.T) {
		s := patient("1000")
		s.settings.Floor.RestNoAnswer, s.settings.Floor.RestUnreachable = 5*time.Second, 30*time.Second
		open(t, s, func(c *centre) {
			c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
			c.settle()
			c.wires.silenceLink()
			c.caller("139")
			c.after(16 * time.Second)
			if a := c.agent("1000"); string(a.Rest.Cause) != string(queue.MissNoAnswer) {
				t.Errorf("the agent rests: %+v", a)
			}
		})
	})
	t.Run("and one that says nothing is not", func(t *testing.T) {
		open(t, patient("1000"), func(c *centre) {
			c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses, Quiet: true})
			c.settle()
			c.wires.silenceLink()
			c.caller("139")
			c.untilWaiting("call-139")
			if o := c.journal.offers(); len(o) != 1 || o[0].Cause != "NO_USER_RESPONSE" {
				t.Errorf("offers: %+v", o)
			}
		})
	})
}

func TestACallerWhoHangsUpStopsAllTelephones(t *testing.T) {
	for name, wait := range map[string]time.Duration{"at once": 0, "while they ring": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			open(t, patient("1000"), func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
				c.sw.Register("1000", "web", sim.Behaviour{Do: sim.Misses})
				c.settle()
				call := c.caller("139")
				c.after(wait)
				call.Hangup()
				c.settle()
				c.wantState("1000", agent.Ready)
				if cdrs := c.wantRest(); len(cdrs) != 1 || cdrs[0].Outcome != queue.Abandoned {
					t.Errorf("CDRs: %+v", cdrs)
				}
			})
		})
	}
}

func TestAForwardIsFollowedOnlyIfTheConfigurationSaysSo(t *testing.T) {
	for name, follow := range map[string]bool{"not followed": false, "followed": true} {
		t.Run(name, func(t *testing.T) {
			s := patient("1000")
			s.settings.FollowForward = follow
			open(t, s, func(c *centre) {
				c.sw.Agent("999", sim.Behaviour{After: time.Second})
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Forwards, To: "999"})
				call := c.caller("139")
				c.after(2 * time.Second)
				if got := call.Bridged() != ""; got != follow {
					t.Errorf("bridged: %v", got)
				}
			})
		})
	}
}

func TestADirectoryThatIsAwayCostsNoAgent(t *testing.T) {
	s := patient("1000")
	s.dial = "user/{ext}@sim.local" // the directory is asked for each leg
	open(t, s, func(c *centre) {
		c.sw.DirectoryAway(true)
		call := c.caller("139")
		c.untilWaiting("call-139")
		c.wantRegistered("1000", true)
		if o := c.journal.offers(); len(o) != 1 || o[0].Cause != "SUBSCRIBER_ABSENT" {
			t.Fatalf("offers: %+v", o)
		}
		c.sw.DirectoryAway(false)
		c.after(6 * time.Second)
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.settle()
		c.sw.Restart() // without events of the telephones
		c.sw.Unregister("1000", "")
		c.after(6 * time.Second)
		c.wantRegistered("1000", false)
	})
}

func TestWithTheDefaultDialStringTheDirectoryIsNotAskedForALeg(t *testing.T) {
	open(t, patient("1000"), func(c *centre) {
		c.sw.DirectoryAway(true)
		c.caller("139")
		c.untilTalking("call-139")
		c.wantTalk("1000", "call-139")
	})
}

func TestAContactThatMeansMoreThanAnAddressIsNotDialled(t *testing.T) {
	for contact, safe := range map[string]bool{
		"sofia/internal/sip:1000@10.0.0.9:5060;fs_nat=yes;fs_path=sip%3A1000%4010.0.0.9%3A5060": true,
		"sofia/internal/sip:1000@[2001:db8::1]:5060;transport=tcp":                              true,
		"sofia/internal/sip:1000@10.0.0.9;x=${system(id)}":                                      false,
		"sofia/internal/sip:1000@10.0.0.9:_:sofia/gateway/gw/1":                                 false,
		"sofia/internal/sip:1000@10.0.0.9 &system(id)":                                          false,
		"sofia/internal/sip:1000@10.0.0.9|error/USER_BUSY":                                      false,
		"sofia/internal/sip:[1000@10.0.0.9":                                                     false,
		"{x=1}sofia/internal/sip:1000@10.0.0.9":                                                 false,
		"sofia/internal/sip:" + strings.Repeat("1", contactRoom):                                false,
	} {
		if unsafeContact(contact) == safe {
			t.Errorf("%s: safe is %v", contact, !safe)
		}
	}
}
