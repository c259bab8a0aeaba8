package e2e

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The rules of FreeSWITCH on which all recovery depends. With a switch that behaves differently,
// callers would be lost if a server dies.

// unset unsets a variable of the caller's channel.
func (c *call) unset(name string) { c.w.t.Helper(); c.w.ear.api("uuid_setvar " + c.uuid + " " + name) }

func TestRuleSocketResumeBringsAWaitingCallerToTheNextAction(t *testing.T) {
	onBoth(t, floor{}, func(t *testing.T, w *world) {
		paul, rita := w.arrives("paul"), w.arrives("rita")
		paul.hears("silence_stream://-1")
		rita.hears("silence_stream://-1")
		if got := paul.variable("socket_resume"); got != "true" {
			t.Errorf("socket_resume is %q", got)
		}
		rita.unset("socket_resume")       // and without it: she hears the music for ever
		before := rita.channel().executed // her first connection may have found no server
		w.srv.kill()
		paul.isHandedBack()
		if rita.channel().gone || !slices.Equal(rita.channel().executed, before) {
			t.Errorf("without socket_resume: %q", rita.channel().executed)
		}
		paul.hangsUp()
		rita.hangsUp()
		paul.isGone()
		rita.isGone()
		w.srv.start()
	})
}

// A caller whose talk is over may come to the second socket line, and the bridge took socket_resume
// off the channel. So the dialplan sets it before each socket line.
func TestRuleAConnectionThatEndsBeforeConnectNeedsSocketResume(t *testing.T) {
	onBoth(t, floor{}, func(t *testing.T, w *world) {
		dead := closesAtOnce(t)
		socket := "socket:" + dead.String() + "/nwayacd/110 async full,set:went_on=true,playback:silence_stream://-1"
		paul, rita := w.comes("paul", ivr, ""), w.comes("rita", ivr, "")
		for c, actions := range map[*call]string{paul: "set:socket_resume=true," + socket, rita: socket} {
			c.hears("silence_stream://-1")
			reply := w.ear.api("uuid_transfer " + c.uuid + " '" + actions + "' inline")
			if !strings.HasPrefix(reply, "+OK") {
				t.Fatal(reply)
			}
		}
		eventually(t, patience, "paul goes on", func() bool { return paul.variable("went_on") == "true" })
		time.Sleep(time.Second)
		if rita.channel().gone || rita.variable("went_on") != "" {
			t.Errorf("without socket_resume: %q", rita.channel().executed)
		}
		paul.hangsUp()
		rita.hangsUp()
		paul.isGone()
		rita.isGone()
	})
}

// closesAtOnce is the address of a server that accepts connections and closes them.
func closesAtOnce(t *testing.T) net.Addr {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var closing sync.WaitGroup
	closing.Go(func() { // ends with the listener
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			nc.Close()
		}
	})
	t.Cleanup(func() {
		ln.Close()
		closing.Wait()
	})
	return ln.Addr()
}

// A talk needs nothing of the server. Its own connection ends when the bridge is up.
func TestTalkDoesNotNeedTheServersConnection(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}, {name: "bert"}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		paul := w.arrives("paul")
		paul.isInTalk("bert")
		if got := mary.variable("socket_resume"); got != "" {
			t.Errorf("socket_resume is %q in a talk", got)
		}
		w.ear.api("uuid_setvar " + paul.uuid + " socket_resume true")
		w.srv.kill()
		time.Sleep(time.Second) // in which FreeSWITCH could wrongly end the talks
		mary.talksTo("anna")
		paul.talksTo("bert")
		mary.hangsUp()
		paul.hangsUp()
		mary.isGone()
		paul.isGone()
		w.srv.start()
		w.cleanAfter()
	})
}

// An agent is free at once if their own phone hung up, and only after the leg's end in any other
// case. CHANNEL_HANGUP must distinguish the two.
func TestRuleHangupTellsWhoseBYEItWas(t *testing.T) {
	onBoth(t, floor{sip: true, agents: []agentRow{{name: "anna"}, {name: "bert"}, {name: "carl"}}},
		func(t *testing.T, w *world) {
			calls := map[string]*call{}
			for _, agent := range []string{"anna", "bert", "carl"} {
				calls[agent] = w.arrives("caller of " + agent)
				calls[agent].story("queue add", "queue remove "+agent, "callout "+agent+" 1", "answered "+agent+" 1")
			}
			for agent, c := range calls {
				c.talksTo(agent)
			}
			w.sw.phoneLeaves(t, w.ext["anna"], w.leg("anna").uuid)
			calls["bert"].hangsUp()
			w.hangsUp("carl") // by uuid_kill
			for agent, c := range calls {
				c.isGone()
				leg := w.ear.find(func(ch *channel) bool { return !ch.inbound && ch.dest == w.ext[agent] })
				if leg.byPhone != (agent == "anna") {
					t.Errorf("%s's leg: the phone hung up is %t", agent, leg.byPhone)
				}
			}
			w.cleanAfter()
		})
}

func TestRuleParkAfterBridgeKeepsTheCallerAndParkTimeoutEndsIt(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		for name, want := range map[string]string{
			"park_after_bridge": "true", "park_timeout": "20",
			"hangup_after_bridge": "",
		} {
			if got := mary.variable(name); got != want {
				t.Errorf("%s is %q, not %q", name, got, want)
			}
		}
		w.srv.kill()
		switchSeesTheDeath()
		w.hangsUp("anna")
		eventually(t, patience, "the talk is over", func() bool { return mary.with() == "" })
		began := time.Now()
		time.Sleep(time.Second) // in which she could wrongly be hung up, too
		if mary.channel().gone {
			t.Error("mary was hung up with anna")
		}
		if i := slices.IndexFunc(w.channels(),
			func(row map[string]string) bool { return row["uuid"] == mary.uuid && row["state"] == "CS_PARK" }); i < 0 {
			// by which a server that starts sees that her talk is over
			t.Errorf("mary is not listed in CS_PARK: %v", w.channels())
		}
		mary.isGone()
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("mary stayed parked for %s", took)
		}
		w.srv.start()
		w.cleanAfter()
	})
}

func TestRuleParkTimeoutEndsALegWithoutACaller(t *testing.T) {
	slow := phone{do: picksUp, after: 2 * time.Second}
	onBoth(t, floor{agents: []agentRow{{name: "anna", phone: slow}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.rings("anna")
		leg := w.leg("anna")
		if got := w.ear.api("uuid_getvar " + leg.uuid + " park_timeout"); got != "10" {
			t.Errorf("park_timeout is %q", got)
		}
		w.srv.kill()
		eventually(t, 20*time.Second, "anna's leg is over", func() bool { return w.leg("anna") == nil })
		if took := w.ear.find(func(ch *channel) bool { return ch.uuid == leg.uuid }); !took.answered {
			t.Errorf("anna's phone did not answer: %s", took.cause)
		}
		mary.isHandedBack()
		mary.hangsUp()
		mary.isGone()
		w.srv.start()
	})
}

// Before a telephone counts as silent, FreeSWITCH is asked about its channel, because the link may
// have been silent, too.
func TestRuleAChannelKnowsWhetherItsTelephoneRang(t *testing.T) {
	onBoth(t, floor{sip: true, agents: []agentRow{{name: "anna", phone: ringsOn()}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.rings("anna")
		leg := w.leg("anna").uuid
		eventually(t, patience, "the leg has the time of the 180", func() bool {
			for line := range strings.Lines(w.ear.api("uuid_dump " + leg)) {
				if at, is := strings.CutPrefix(strings.TrimSpace(line), "Caller-Channel-Progress-Time: "); is {
					return at != "0"
				}
			}
			return false
		})
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestRulePresenceDataTellsOurLegs(t *testing.T) {
	onBoth(t, floor{agents: []agentRow{{name: "anna"}}}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		leg := w.leg("anna")
		eventually(t, patience, "show channels names the leg as ours", func() bool {
			return slices.ContainsFunc(w.channels(), func(row map[string]string) bool {
				mark := strings.Split(row["presence_data"], ":")
				return row["uuid"] == leg.uuid && len(mark) == 4 && mark[0] == "nwayacd" && mark[2] == mary.uuid &&
					mark[3] == w.ext["anna"]
			})
		})
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestRuleBridgeToLastsAsLongAsTheBridge(t *testing.T) {
	f := floor{groups: withCarl, agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120", phone: ringsOn()}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		if leg := mary.variable("bridge_to"); leg != w.leg("anna").uuid {
			t.Errorf("in the talk bridge_to is %q", leg)
		}
		w.srv.must("nwayacd_transfer " + mary.uuid + " " + w.ext["carl"])
		mary.rings("carl")
		eventually(t, patience, "the bridge is over", func() bool { return mary.variable("bridge_to") == "" })
		mary.hangsUp()
		mary.isGone()
		w.cleanAfter()
	})
}
