package acd

import (
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/sim"
)

func TestAnAgentIsRegisteredAsLongAsOneContactIsLeft(t *testing.T) {
	open(t, patient("1000"), func(c *centre) {
		c.sw.Register("1000", "web", sim.Behaviour{})
		c.settle()
		c.sw.Unregister("1000", "")
		c.after(5 * time.Second)
		c.wantRegistered("1000", true)
		// the new page is there before the old one ends
		c.sw.Register("1000", "web-reloaded", sim.Behaviour{After: time.Second})
		c.sw.Unregister("1000", "web")
		c.after(5 * time.Second)
		c.wantRegistered("1000", true)
		call := c.caller("139")
		c.untilTalking("call-139")
		c.wantTalk("1000", "call-139")
		call.Hangup()
		c.sw.ExpireDevice("1000", "web-reloaded")
		c.after(2 * time.Second)
		c.wantRegistered("1000", false)
	})
}

func TestContactsThatWereThereBeforeTheLinkAreDialled(t *testing.T) {
	open(t, patient("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Register("1000", "web", sim.Behaviour{After: 2 * time.Second})
		c.settle()
		c.dies()
		c.sw.Unregister("1000", "")
		c.sw.Register("1000", "mobile", sim.Behaviour{Do: sim.Misses})
		c.comesBack()
		c.after(5 * time.Second)
		c.caller("139")
		c.untilRinging("call-139")
		if got := c.rings("1000"); !slices.Equal(got, []string{"web", "mobile"}) {
			t.Errorf("%q ring", got)
		}
	})
}

func TestWhoUnregisteredWhileTheServerWasAwayIsUnregistered(t *testing.T) {
	s := patient("1000", "1001")
	for i := range s.snapshot.Agents {
		s.snapshot.Agents[i].Server = "10.0.0.1" // they registered there once
	}
	s.localIP = "10.0.0.1"
	open(t, s, func(c *centre) {
		c.sw.Register("1001", "web", sim.Behaviour{})
		c.settle()
		c.dies()
		c.sw.Unregister("1000", "")
		c.sw.Unregister("1001", "")
		c.comesBack()
		c.settle()
		c.wantRegistered("1000", false)
		c.wantRegistered("1001", true)
	})
}

func TestRegistrationsOnTwoSwitchesCountTogether(t *testing.T) {
	s := ordinary("1000")
	s.snapshot.Agents[0].Registered = false
	server := New(Options{Journal: &memoryJournal{}, Log: zerolog.Nop(), Switches: []Switch{
		{Name: "a", Address: "x", LocalIP: "10.0.0.1", RemoteDial: "sofia/internal/{ext}@{ip}"},
		{Name: "b", Address: "x", LocalIP: "10.0.0.2"},
	}}, s.snapshot)
	a, b := server.links[0], server.links[1]
	who := subscriber{"1000", "x"}
	now := time.Now()
	is := func(step string, registered bool, at string) {
		t.Helper()
		got, err := server.Dispatcher.Agent("1000")
		if err != nil || got.Registered != registered || registered && got.Server != at {
			t.Errorf("%s: registered %v at %q (%v)", step, got.Registered, got.Server, err)
		}
	}
	answers := func(l *link, answer string, at time.Time) {
		if l.contacts.answered(who, answer, at) {
			l.updateRegistered("1000")
		}
	}
	comes := func(l *link, at time.Time) {
		l.contacts.came(who, "a", at)
		l.updateRegistered("1000")
	}
	comes(a, now)
	is("at the first", true, "10.0.0.1")
	comes(b, now.Add(time.Second))
	is("at both", true, "10.0.0.2")
	a.become(func(l *LinkState) { l.Up, l.Domain = true, "x" })
	answers(a, "sofia/internal/sip:1000@10.1.1.1:5060", now.Add(2*time.Second))
	var dials []string
	c := &call{server: server, settings: &Settings{}}
	ch := &channel{}
	ch.isAt(a.at)
	c.callerChannel.Store(ch)
	for _, w := range c.waysTo(t.Context(), agent.Profile{Extension: "1000", Server: "10.0.0.2"}) {
		dials = append(dials, w.dial)
	}
	if want := []string{"sofia/internal/sip:1000@10.1.1.1:5060", "sofia/internal/1000@10.0.0.2"}; !slices.Equal(dials,
		want) {
		t.Errorf("dialled are %q", dials)
	}
	answers(b, "error/user_not_registered", now.Add(3*time.Second))
	is("moved back", true, "10.0.0.1")
	answers(a, "error/user_not_registered", now.Add(4*time.Second))
	is("nowhere", false, "")
}

func TestAnAnswerThatAnEventHasOvertakenIsNotBelieved(t *testing.T) {
	c, who, now := newContacts(), subscriber{"1000", "x"}, time.Now()
	c.came(who, "a", now.Add(time.Second))
	if c.answered(who, "error/user_not_registered", now) {
		t.Error("an old answer unregistered the agent")
	}
	if is, _ := c.registered("1000"); !is {
		t.Error("not registered")
	}
}
