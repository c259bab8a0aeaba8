package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	desk "nwayacd/internal/phone"
	"nwayacd/internal/testlab"
)

// Two real switches with one nwayacd. The caller is on one, and the agent's phone on the other.

// reaches is the switch in the configuration, with how it calls agents of the other one.
func (s *freeswitch) reaches(other *freeswitch, name, dial string) testlab.Switch {
	return testlab.Switch{
		Name: name, Address: s.address(), Password: password, DialString: dial,
		LocalIP: s.IP, RemoteDial: fmt.Sprintf("sofia/phones/{ext}@{ip}:%d", other.SIP),
	}
}

// at has the switch of the caller, and the switch of anna's phone.
type at struct{ callers, agents func(*testing.T) *freeswitch }

var across = map[string]at{
	"caller on the first":  {realSwitch, secondSwitch},
	"caller on the second": {secondSwitch, realSwitch},
}

// openAcross sets up a situation whose callers are on one switch and whose agents' phones are on
// the other.
func openAcross(t *testing.T, a at, autoAnswer bool) *office {
	t.Helper()
	t.Parallel()
	fs, other := a.callers(t), a.agents(t)
	f := twoGroups
	f.other, f.dialString = other, "user/{ext}"
	f.config = settings{"acd.auto-answer": fmt.Sprint(autoAnswer)}
	f.agents = slices.Clone(f.agents)
	for i := range f.agents {
		f.agents[i].set = map[string]string{"server_ip": other.IP}
	}
	o := &office{world: open(t, fs, f), fs: fs, far: other, desk: map[string]*desk.Phone{}, onTalk: autoAnswer}
	eventually(t, patience, "nwayacd is linked to both switches", func() bool {
		return strings.Count(string(o.srv.Log()), `"linked to FreeSWITCH"`) == 2
	})
	for _, agent := range f.agents {
		o.sitsDownAt(other, agent.name, agent.name, o.ext[agent.name], "udp")
		o.becomes(agent.name, "reged up idle ready")
	}
	return o
}

// onAcross runs a situation for each place of the caller, with auto-answer and without.
func onAcross(t *testing.T, situation func(o *office, mary *guest)) {
	t.Helper()
	each(t, across, func(t *testing.T, a at) {
		each(t, map[string]bool{"with auto-answer": true, "without": false}, func(t *testing.T, autoAnswer bool) {
			o := openAcross(t, a, autoAnswer)
			mary := o.phones("mary", "110")
			o.talk("mary", "anna")
			o.isTalking("anna")
			situation(o, mary)
		})
	})
}

func TestAgentOnAnotherSwitchTalksAndHangsUp(t *testing.T) {
	onAcross(t, func(o *office, mary *guest) {
		o.talk("mary", "anna").isHeardOn()
		o.bye(o.in("anna"))
		o.isFree("anna")
		o.ok(mary.line.IsOver(o.soon()))
		o.cleanAfter()
		mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=agent")
	})
}

// The auto-answer header also reaches a phone on the other switch, if its dialplan passes it on.
func TestPhoneOnAnotherSwitchPicksUpByItself(t *testing.T) {
	each(t, across, func(t *testing.T, a at) {
		o := openAcross(t, a, true)
		o.desk["anna"].Takes(desk.RingsForever())
		mary := o.phones("mary", "110")
		o.talk("mary", "anna").isHeardOn()
		mary.ends()
	})
}

func TestCallerOfAnAgentOnAnotherSwitchHangsUp(t *testing.T) {
	onAcross(t, func(o *office, mary *guest) {
		o.talk("mary", "anna").isHeardOn()
		anna := o.in("anna")
		o.bye(mary.line)
		o.ok(anna.IsOver(o.soon()))
		o.isFree("anna")
		o.cleanAfter()
		mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=caller")
	})
}

// The agent's phone transfers the caller to a phone of its own switch. The first switch sees
// nothing of that.
func TestAgentOnAnotherSwitchTransfersBlind(t *testing.T) {
	onAcross(t, func(o *office, mary *guest) {
		o.extend("paula")
		o.sitsDownAt(o.far, "paula", "paula", o.ext["paula"], "udp")
		o.ok(o.in("anna").Refer(o.soon(), o.ext["paula"]))
		talk := o.talk("mary", "paula")
		o.isFree("anna")
		talk.isHeardOn()
		mary.ends()
		mary.visits("group_number=110 outcome=answered agent=anna transferred_to=paula transfer_kind=blind")
	})
}

func TestAgentOnAnotherSwitchTransfersAttendedThroughAGroup(t *testing.T) {
	onAcross(t, func(o *office, mary *guest) {
		held := o.in("anna")
		o.ok(held.Hold(o.soon()))
		consult := o.consults("anna", "120") // comes in on the other switch
		o.talk("anna", "carl")
		o.isTalking("carl")
		o.ok(held.ReferReplacing(o.soon(), consult))
		mary.sentTo = "120"
		talk := o.talk("mary", "carl")
		o.isFree("anna")
		o.isTalking("carl")
		talk.isHeardOn()
		mary.ends()
		o.isFree("carl")
	})
}

// An agent has a device on each switch, and the one on the first unregisters.
func TestRegistrationMovesToAnotherSwitch(t *testing.T) {
	o := openAcross(t, at{realSwitch, secondSwitch}, true)
	there := o.desk["anna"].Contacts()[0]
	p := o.sitsDownAt(o.fs, "anna at home", "anna", o.ext["anna"], "udp")
	time.Sleep(time.Second) // until the link has its contact, too
	o.ok(p.Contacts()[0].Unregister(o.soon()))
	o.staysReady("anna") // there is still the one over there
	o.ok(there.Unregister(o.soon()))
	o.becomes("anna", "unreg up idle ready")
}

// The switch of the callers dies. Its callers are gone, and the agents on the other one are free.
func TestSwitchOfTheCallersDies(t *testing.T) {
	o := openAcross(t, at{func(t *testing.T) *freeswitch { return ownFreeSWITCH(t) }, realSwitch}, true)
	mary := o.phones("mary", "110")
	o.talk("mary", "anna")
	o.srv.must("nway_busy " + o.ext["carl"])
	paul := o.phones("paul", "120")
	paul.story("queue add")
	o.fs.crash(t)
	o.ear.listenAgain(o.fs)
	o.becomes("anna", "reged up idle ready")
	o.lineIsEmpty()
	mary.visits("group_number=110 outcome=answered agent=anna")
	o.calls = nil
}

// The switch with the agent's phone dies during a talk. No message reaches the other switch, so the
// caller hangs up. The agent is free then, and the next caller rings the agent's phone at the other
// switch.
func TestSwitchOfTheAgentsDies(t *testing.T) {
	o := openAcross(t, at{realSwitch, func(t *testing.T) *freeswitch { return ownFreeSWITCH(t) }}, false)
	mary := o.phones("mary", "110")
	o.talk("mary", "anna").isHeardOn()
	o.sitsDownAt(o.fs, "anna at home", "anna", o.ext["anna"], "udp")
	o.far.crash(t)
	o.bye(mary.line)
	o.becomes("anna", "reged up idle ready")
	mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=caller")
	paul := o.phones("paul", "110")
	o.talk("paul", "anna at home").isHeardOn()
	o.bye(paul.line)
	o.becomes("anna", "reged up idle ready")
	o.lineIsEmpty()
	paul.visits("group_number=110 outcome=answered agent=anna hung_up_by=caller")
}
