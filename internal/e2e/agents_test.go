package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nwayacd/esl"
)

func TestWrapUpEndsByItself(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna"}},
		config: settings{"acd.typing-auto": "true", "acd.recover-seconds": "1"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		paul := w.arrives("paul")
		paul.story("queue add")
		mary.hangsUp()
		w.becomes("anna", "reged up idle typing")
		began := time.Now()
		paul.talksTo("anna")
		if took := time.Since(began); took < 700*time.Millisecond || took > 5*time.Second {
			t.Errorf("wrap-up of 1 s was over after %s", took)
		}
		paul.hangsUp()
		w.agentStory("anna", "login", "ring", "talking", "typing", "ready", "ring", "talking", "typing", "ready")
		w.cleanAfter()
	})
}

func TestWrapUpEndsByHand(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna"}},
		config: settings{"acd.typing-auto": "true", "acd.recover-auto": "false", "acd.recover-seconds": "1"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		w.hangsUp("anna")
		w.becomes("anna", "reged up idle typing")
		paul := w.arrives("paul")
		time.Sleep(1300 * time.Millisecond) // longer than acd.recover-seconds
		paul.story("queue add")
		w.srv.must("nway_ready " + w.ext["anna"])
		paul.talksTo("anna")
		paul.hangsUp()
		w.agentStory("anna", "login", "ring", "talking", "typing", "ready", "ring", "talking", "typing")
		w.cleanAfter()
	})
}

func TestAgentWhoMissedIsReadyAgain(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna", phone: refusesWith("USER_BUSY")}},
		config: settings{"acd.reoffer-seconds": "1", "acd.rest-busy-seconds": "0"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add")
		w.becomes("anna", "reged up idle ready")
		w.phone("anna", answers())
		began := time.Now()
		mary.talksTo("anna")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the second offer came after %s", took)
		}
		w.agentStory("anna", "login", "ring", "ready", "ring", "talking")
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestPhoneOnDoNotDisturbIsNotTriedForEveryCaller(t *testing.T) {
	f := floor{agents: []agentRow{{name: "anna", phone: refusesWith("USER_BUSY")}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		var all []*call
		for i := range 10 {
			all = append(all, w.arrives(fmt.Sprint("caller ", i)))
		}
		time.Sleep(4 * time.Second) // long enough for an offer of each caller, and short of the default rest of 15 s
		if rings := w.ringsOf("anna"); rings != 1 {
			t.Errorf("anna's phone rang %d times", rings)
		}
		if a := w.agent("anna"); a.Call != "ready" || a.Available || a.Rest != "busy" || a.Misses != 1 {
			t.Errorf("anna is %+v", a)
		}
		w.phone("anna", answers())
		w.srv.must("nway_ready " + w.ext["anna"])
		eventually(t, patience, "anna talks", func() bool { return w.agent("anna").Call == "talking" })
		if a := w.agent("anna"); a.Rest != "" || a.Misses != 0 {
			t.Errorf("anna is %+v", a)
		}
		for _, c := range slices.Backward(all) { // the one who talks last, so that no other agent is offered
			c.hangsUp()
			c.isGone()
		}
		w.cleanAfter()
	})
}

// ringsOf is how often the agent rang so far, by the agent events.
func (w *world) ringsOf(name string) (rings int) {
	for _, status := range w.ear.agentStory(w.ext[name]) {
		if status == "ring" {
			rings++
		}
	}
	return rings
}

func TestAgentWhoMissedStaysOutUntilReady(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna", phone: refusesWith("USER_BUSY")}},
		config: settings{"acd.reoffer-seconds": "1", "acd.noanswer-to-ready": "false"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		w.becomes("anna", "reged up idle noanswer")
		w.phone("anna", answers())
		time.Sleep(1500 * time.Millisecond) // longer than acd.reoffer-seconds
		mary.story("queue add", "queue remove anna", "callout anna 1", "noanswer anna 1", "queue add")
		w.srv.must("nway_ready " + w.ext["anna"])
		mary.talksTo("anna")
		w.agentStory("anna", "login", "ring", "noanswer", "ready", "ring", "talking")
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestBusyAndLogoutDuringATalkTakeEffectAfterIt(t *testing.T) {
	f := floor{
		mode: 0, agents: []agentRow{{name: "anna"}, {name: "bert"}},
		config: settings{"acd.typing-auto": "false"},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		paul := w.arrives("paul")
		paul.talksTo("bert")
		w.srv.must("nway_busy " + w.ext["anna"])
		w.srv.must("nway_logout " + w.ext["bert"])
		w.becomes("anna", "reged up idle talking")
		w.becomes("bert", "reged up idle talking")
		w.agentStory("anna", "login", "ring", "talking")
		mary.hangsUp()
		paul.hangsUp()
		w.becomes("anna", "reged up busy ready")
		w.becomes("bert", "reged down idle ready")
		w.agentStory("anna", "login", "ring", "talking", "busy")
		w.agentStory("bert", "login", "ring", "talking", "logout")
		rita := w.arrives("rita")
		rita.storyStays("queue add")
		rita.hangsUp()
		w.cleanAfter()
	})
}

func TestAgentWithACallOfTheirOwnGetsNone(t *testing.T) {
	f := floor{groups: []groupRow{{number: "120"}}, agents: []agentRow{{name: "anna"}, {name: "friend", groups: "120"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		own := uuid.NewString()
		dial := strings.ReplaceAll(w.sw.dialString(), "{ext}", w.ext["friend"])
		w.ear.conn.Post(esl.BgAPI("",
			"originate {origination_uuid="+own+",user_name="+w.ext["anna"]+"}"+dial+" &park()"))
		eventually(t, patience, "anna is not available", func() bool { return !w.agent("anna").Available })
		mary := w.arrives("mary")
		mary.storyStays("queue add")
		w.ear.conn.Post(esl.API("uuid_kill " + own))
		mary.talksTo("anna")
		mary.hangsUp()
		w.cleanAfter()
	})
}
