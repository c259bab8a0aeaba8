package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMissedOfferKeepsThePlace(t *testing.T) {
	f := floor{
		groups: []groupRow{{number: group, ring: 1}},
		agents: []agentRow{{name: "anna", phone: ringsOn()}, {name: "bert"}},
		config: settings{"acd.noanswer-to-ready": "false"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["bert"])
		mary := w.arrives("mary")
		mary.rings("anna")
		paul := w.arrives("paul")
		paul.story("queue add")
		w.becomes("anna", "reged up idle noanswer")
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add")
		w.srv.must("nway_ready " + w.ext["bert"])
		mary.talksTo("bert")
		paul.story("queue add")
		mary.hangsUp()
		paul.talksTo("bert")
		paul.hangsUp()
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add",
			"queue remove bert", "callout bert 2", "answered bert 2", "hangup bert 2", "queue remove")
		mary.cdr("outcome=answered", "agent=bert", "offers=2")
		w.cleanAfter()
	})
}

func TestWhoMissedTheHeadServesTheNextMeanwhile(t *testing.T) {
	f := floor{
		groups: []groupRow{{number: group, ring: 1}}, agents: []agentRow{{name: "anna", phone: ringsOn()}},
		config: settings{"acd.reoffer-seconds": "2", "acd.rest-noanswer-seconds": "0"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.rings("anna")
		w.phone("anna", answers()) // from the next call on
		paul := w.arrives("paul")
		paul.talksTo("anna")
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add")
		paul.hangsUp()
		mary.talksTo("anna")
		mary.hangsUp()
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add",
			"queue remove anna", "callout anna 2", "answered anna 2", "hangup anna 2", "queue remove")
		w.cleanAfter()
	})
}

func TestRefusedOfferGoesToTheNextAgent(t *testing.T) {
	for _, cause := range []string{"USER_BUSY", "CALL_REJECTED"} {
		t.Run(cause, func(t *testing.T) {
			f := floor{agents: []agentRow{{name: "anna", phone: refusesWith(cause)}, {name: "bert"}}}
			onBoth(t, f, func(t *testing.T, w *world) {
				mary := w.arrives("mary")
				mary.talksTo("bert")
				w.hangsUp("bert")
				mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add",
					"queue remove bert", "callout bert 2", "answered bert 2", "hangup bert 2", "queue remove")
				w.agentStory("anna", "login", "ring", "ready")
				w.cleanAfter()
				w.offers(mary, "anna 1 noanswer "+cause, "bert 2 answered ")
			})
		})
	}
}

// offers waits until the call's rows of nwayacd_offer are these: agent, number, outcome, cause.
func (w *world) offers(c *call, want ...string) {
	w.t.Helper()
	expectStory(w.t, c.name+"'s offers", w.named(want), func() (have []string) {
		for _, r := range w.db.rows(
			"SELECT agent, number, outcome, cause FROM nwayacd_offer WHERE call_uuid = ? ORDER BY number", c.uuid) {
			have = append(have, w.named([]string{r[0] + " " + r[1] + " " + r[2] + " " + r[3]})[0])
		}
		return have
	})
}

func TestUnregisteredAgentGetsNoMoreOffers(t *testing.T) {
	f := floor{agents: []agentRow{{name: "anna", phone: isAbsent()}, {name: "bert"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("bert")
		if a := w.agent("anna"); a.Reg != "unreg" || a.Available {
			t.Errorf("anna is %q, available %v", a, a.Available)
		}
		w.hangsUp("bert")
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add",
			"queue remove bert", "callout bert 2", "answered bert 2", "hangup bert 2", "queue remove")
		paul := w.arrives("paul")
		paul.talksTo("bert")
		paul.hangsUp()
		paul.story("queue add", "queue remove bert", "callout bert 1", "answered bert 1", "hangup bert 1",
			"queue remove")
		w.offers(mary, "anna 1 noanswer SUBSCRIBER_ABSENT", "bert 2 answered ")
		w.cleanAfter()
	})
}

func TestLegThatDiesBeforeTheBridgeBringsTheCallerBackToTheirPlace(t *testing.T) {
	f := floor{
		// While the job number is played, the leg ends.
		agents: []agentRow{{
			name: "anna", phone: answersAndDies(100 * time.Millisecond),
			set: map[string]string{"say_job_number": "1", "job_number": "1"},
		}, {name: "bert"}},
		config: jobNumbers(settings{"acd.noanswer-to-ready": "false"}),
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["bert"])
		mary := w.arrives("mary")
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "noanswer anna 1",
			"queue add")
		paul := w.arrives("paul")
		paul.story("queue add")
		w.becomes("anna", "reged up idle noanswer")
		w.srv.must("nway_ready " + w.ext["bert"])
		mary.talksTo("bert")
		paul.story("queue add")
		mary.hangsUp()
		paul.talksTo("bert")
		paul.hangsUp()
		mary.cdr("outcome=answered", "agent=bert", "offers=2")
		w.cleanAfter()
	})
}

func TestLegThatDiesDuringTheBridgeBringsTheCallerBackToTheirPlace(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna", phone: phone{do: diesInBridge, after: usual}}, {name: "bert"}},
		config: settings{"acd.noanswer-to-ready": "false"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.srv.must("nway_busy " + w.ext["bert"])
		mary := w.arrives("mary")
		w.becomes("anna", "reged up idle noanswer")
		paul := w.arrives("paul")
		paul.story("queue add")
		w.srv.must("nway_ready " + w.ext["bert"])
		mary.talksTo("bert")
		paul.story("queue add")
		mary.hangsUp()
		paul.talksTo("bert")
		paul.hangsUp()
		mary.isGone()
		story := w.ear.story(mary.uuid)
		answered := slices.Index(story, "answered "+w.ext["anna"]+" 1")
		if answered >= 0 { // the real switch may see it before it reports that the leg answered
			story = slices.Delete(story, answered, answered+1)
		}
		expectStory(t, "mary", w.named([]string{
			"queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add",
			"queue remove bert", "callout bert 2", "answered bert 2", "hangup bert 2", "queue remove",
		}), func() []string { return story })
		mary.cdr("outcome=answered", "agent=bert", "offers=2")
		w.cleanAfter()
	})
}

func TestCallerSurvivesALegThatDiesAtAnyMoment(t *testing.T) {
	onBoth(t,
		floor{
			agents: []agentRow{{name: "anna"}},
			config: settings{"acd.reoffer-seconds": "60", "acd.rest-noanswer-seconds": "0"},
		},
		func(t *testing.T, w *world) {
			for later := time.Duration(0); later <= 60*time.Millisecond; later += 4 * time.Millisecond {
				w.phone("anna", phone{do: diesInBridge, after: 20 * time.Millisecond, talk: later})
				c := w.arrives("caller " + later.String())
				queued := func() int {
					return len(slices.DeleteFunc(w.ear.story(c.uuid), func(line string) bool {
						return line != "queue add"
					}))
				}
				eventually(t, patience, c.name+" is back in the line or gone", func() bool {
					return c.channel().gone || queued() == 2
				})
				talked := slices.ContainsFunc(c.channel().executed, func(line string) bool {
					return strings.HasPrefix(line, "uuid_bridge")
				})
				if c.channel().gone && !talked {
					t.Errorf("%s was hung up without a talk: %s", c.name, c.channel().cause)
				}
				c.hangsUp()
				c.isGone()
			}
			w.cleanAfter()
		})
}

func TestGroupWithoutAgentsDelaysNoOtherGroup(t *testing.T) {
	f := floor{groups: []groupRow{{number: "120"}}, agents: []agentRow{{name: "anna", groups: "120"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		paul := w.dials("paul", "120")
		paul.talksTo("anna")
		mary.story("queue add")
		paul.hangsUp()
		paul.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
			"queue remove")
		mary.hangsUp()
		mary.story("queue add", "queue remove")
		w.cleanAfter()
	})
}

func TestPhoneThatRingsStopsWhenTheCallerIsGone(t *testing.T) {
	f := floor{agents: []agentRow{{name: "anna", phone: refusesWith("USER_BUSY")}, {name: "bert", phone: ringsOn()}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.rings("bert")
		leg := w.leg("bert").uuid
		mary.hangsUp()
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add",
			"queue remove bert", "callout bert 2", "callin_hangup bert 1", "queue remove")
		w.cleanAfter()
		stopped := w.ear.find(func(ch *channel) bool { return ch.uuid == leg })
		// It takes some milliseconds on an idle machine. A phone that rings on does so for 15 s.
		if late := stopped.hungUp.Sub(mary.channel().hungUp); late > time.Second {
			t.Errorf("bert's phone rang on for %s", late)
		}
		w.agentStory("bert", "login", "ring", "ready")
		mary.cdr("outcome=abandoned", "agent=", "offers=2", "hung_up_by=")
		w.offers(mary, "anna 1 noanswer USER_BUSY", "bert 2 withdrawn hung up: NORMAL_CLEARING")
	})
}

func TestCallerHearsMusicWhileTheFirstAgentRings(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna", phone: ringsOn()}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.rings("anna")
		mary.hears("silence_stream://-1")
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestBusyPromptIsHeardAgainAndAgain(t *testing.T) {
	config := settings{"prompts.default-agent-busy": `"silence_stream://102"`, "acd.busy-repeat-seconds": "1"}
	onBoth(t, floor{config: config}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		eventually(t, patience, "mary hears the busy prompt three times", func() bool {
			return len(slices.DeleteFunc(mary.heard(), func(file string) bool {
				return file != "silence_stream://102"
			})) == 3
		})
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestMusicGoesOnWhileTheAgentRings(t *testing.T) {
	f := floor{
		groups: []groupRow{{
			number: group, welcome: "silence_stream://101", busy: "silence_stream://102",
			transfer: "silence_stream://103",
		}},
		// The prompt begins while the phone rings, also on a busy machine.
		agents: []agentRow{{name: "anna", out: true, phone: phone{do: picksUp, after: time.Second}}},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.hears("silence_stream://-1")
		w.srv.must("nway_login " + w.ext["anna"] + " " + group)
		mary.talksTo("anna")
		mary.hangsUp()
		want := []string{"silence_stream://101", "silence_stream://102", "silence_stream://-1", "silence_stream://103"}
		if heard := mary.heard(); !slices.Equal(heard, want) {
			t.Errorf("mary heard %v, not %v", heard, want)
		}
		w.cleanAfter()
	})
}
