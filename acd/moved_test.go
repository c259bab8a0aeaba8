package acd

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nwayacd/queue"
	"nwayacd/sim"
)

// What phones and other programs did to callers in the soak.

// What FreeSWITCH reports of a caller after a transfer is about their new destination.
func TestTheFirstWordOfATransferStands(t *testing.T) {
	for _, test := range []struct {
		name string
		told []happened
		to   string
		kind queue.TransferKind
	}{
		{"park where they went to", []happened{
			{what: callerTransferred, number: "120", cause: attendedTransfer},
			{what: callerTransferred, number: "110", parked: true},
		}, "120", queue.TransferAttended},
		{"the group behind a number", []happened{
			{what: callerTransferred, number: "9120"}, {what: callerReturned, number: "120"},
		}, "120", queue.TransferBlind},
		{"the place of a consulting call that is gone", []happened{
			{what: callerTransferred, number: "120", cause: attendedTransfer}, {what: callerReturned, number: "120"},
		}, "120", queue.TransferAttended},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := &talk{call: &call{}}
			for _, h := range test.told {
				k.note(h)
			}
			if k.to != test.to || k.kind != test.kind {
				t.Errorf("transferred to %q, kind %q", k.to, k.kind)
			}
		})
	}
}

// A dialplan's own hook may take its time between the server's hooks. Until FreeSWITCH has reported
// the caller's destination, the caller does not count as transferred.
func TestSlowHookAfterTheTalkIsNoTransfer(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		call := c.caller("139")
		c.untilTalking("call-139")
		hook, _ := c.cti.conn.API(c.Context(), "uuid_getvar call-139 "+overHook)
		c.api("uuid_setvar call-139 execute_on_post_bridge_own sleep 500")
		c.cti.conn.API(c.Context(), "uuid_setvar call-139 "+overHook+" "+hook) // behind the other one
		c.sw.PhoneLeaves(call.Bridged())
		c.after(5 * time.Second)
		if call.Cause() == "" {
			c.Error("the caller was not let go")
		}
		c.wantVisits("call-139", "110 answered 1000 - -")
	})
}

// The agent of a three-way call transfers the caller. Then the server does not connect the caller
// with the third party.
func TestCallerOfAThreeWayIsTransferred(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Gateway("out", sim.Behaviour{})
		c.sw.Agent("3000", sim.Behaviour{})
		c.sw.Extension("3000", sim.Plan("bridge user/3000")...)
		call := c.caller("139")
		c.untilTalking("call-139")
		if err := c.server.ThreeWay(c.Context(), call.UUID(), "0123", "out"); err != nil {
			c.Fatal(err)
		}
		if err := c.sw.Refer(call.Bridged(), "3000"); err != nil {
			c.Fatal(err)
		}
		c.after(5 * time.Second)
		if call.Cause() != "" || call.Bridged() != c.legOf("3000") {
			c.Errorf("the caller talks to %q: %s", call.Bridged(), call.Cause())
		}
		call.Hangup()
	})
}

// Another program takes a caller for whom a phone rings. Hold music must not begin again at the
// caller's new destination.
func TestMusicDoesNotFollowACallerWhoIsTaken(t *testing.T) {
	for range rounds {
		open(t, ordinary("1000"), func(c *centre) {
			c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
			c.sw.Agent("3000", sim.Behaviour{})
			c.sw.Extension("3000", sim.Plan("bridge user/3000")...)
			call := c.caller("139")
			c.untilRinging("call-139")
			heard := len(call.Heard())
			c.api("uuid_transfer call-139 3000")
			c.after(5 * time.Second)
			if after := call.Heard(); len(after) != heard {
				c.Errorf("heard during the talk: %q", after[heard:])
			}
			call.Hangup()
			synctest.Wait()
		})
	}
}

// A telephone may register under a random word. A record names the extension that was dialled.
func TestATransferNamesTheExtensionAndNotTheContact(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("word", sim.Behaviour{})
		call := c.caller("139")
		c.untilTalking("call-139")
		for _, command := range []string{
			"originate {origination_uuid=far,dialed_user=3000}user/word &park()",
			"uuid_bridge " + call.UUID() + " far",
		} {
			if reply, err := c.cti.conn.API(c.Context(), command); err != nil || !strings.HasPrefix(reply, "+OK") {
				c.Fatal(command, reply, err)
			}
		}
		c.after(5 * time.Second)
		call.Hangup()
		c.settle()
		c.wantVisits(call.UUID(), "110 answered 1000 3000 attended")
		c.wantRest()
	})
}

// A server that shuts down gives back a caller who has taken over the place of a consulting call.
// The caller goes on in the group's dialplan.
func TestCallerConnectedWithALineOutlivesTheServer(t *testing.T) {
	open(t, twoGroups(), func(c *centre) {
		c.server.Advertise("10.0.0.5:8084")
		c.sw.Agent("3000", sim.Behaviour{})
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.sw.Extension("120",
			sim.Plan("set socket_resume=true", socketTo("120"), "set found=true", "playback hold.wav")...)
		call := c.sw.Call(sim.CallOptions{
			UUID: "outsider", Number: "138", Dialled: "3000",
			Dialplan: sim.Plan("bridge user/3000"),
		})
		c.settle()
		own := call.Bridged()
		consult := c.consults(own, "3000")
		c.untilRinging("consult")
		if err := c.sw.ReferReplaces(own, consult.UUID(), false); err != nil {
			c.Fatal(err)
		}
		c.settle()
		c.dies()
		c.after(10 * time.Second)
		if call.Cause() != "" || call.Var("found") != "true" {
			c.Errorf("the caller is not in the group's dialplan: %q, %q", call.Cause(), call.Actions())
		}
		c.comesBack()
		call.Hangup()
		c.settle()
	})
}

// Another program took a waiting caller to another group, so the first connection is held open. If
// the server shuts down, that connection must not end when the caller is in the dialplan again,
// which sets socket_resume.
func TestCallerWhoWasTakenToAnotherGroupOutlivesTheServer(t *testing.T) {
	open(t, twoGroups(), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Agent("1001", sim.Behaviour{Do: sim.Misses})
		c.sw.Extension("120",
			sim.Plan("set socket_resume=true", socketTo("120"), "set socket_resume=true", "sleep 1000",
				"set found=true",
				"playback hold.wav")...)
		call := c.caller("139")
		c.untilRinging("call-139")
		c.api("uuid_transfer call-139 120")
		c.after(3 * time.Second)
		c.server.Drain()
		c.after(500 * time.Millisecond)
		c.cut()
		c.after(3 * time.Second)
		if call.Var("found") != "true" {
			c.Errorf("the caller is not in the dialplan any more: %q", call.Actions())
		}
		call.Hangup()
		c.settle()
	})
}

// A caller who was recalled after a failed bridge goes home when the server shuts down. Their
// connection must not end when they are there.
func TestRecalledCallerOutlivesTheServer(t *testing.T) {
	for range rounds {
		open(t, ordinary("1000"), func(c *centre) {
			c.sw.Agent("1000", sim.Behaviour{Do: sim.DiesOnBridge, After: time.Second})
			c.sw.Extension("110",
				sim.Plan("set socket_resume=true", "sleep 1000", "set found=true", "playback hold.wav")...)
			call := c.caller("139")
			c.untilWaiting("call-139")
			c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
			c.after(6 * time.Second) // a phone rings, over the connection
			c.server.Drain()
			c.after(500 * time.Millisecond)
			c.cut()
			c.after(3 * time.Second)
			if call.Var("found") != "true" {
				c.Errorf("the caller is not at home: %q", call.Actions())
			}
			call.Hangup()
			c.settle()
		})
	}
}

// The agent connects the caller with somebody who hangs up at that very moment. FreeSWITCH then
// never makes the bridge, and leaves the caller in silence.
func TestACallerWhosePartnerHangsUpBeforeTheBridgeWaitsAgain(t *testing.T) {
	open(t, ordinary("1000"), func(c *centre) {
		c.sw.Agent("3000", sim.Behaviour{Do: sim.DiesOnBridge})
		call := c.caller("139")
		c.after(5 * time.Second)
		since := c.server.channels.caller("call-139").place.Since
		for _, command := range []string{
			"originate {origination_uuid=far}user/3000 &park()",
			"uuid_bridge far call-139",
		} {
			if reply, err := c.cti.conn.API(c.Context(), command); err != nil || !strings.HasPrefix(reply, "+OK") {
				t.Fatal(command, reply, err)
			}
		}
		c.after(10 * time.Second)
		c.wantTalk("1000", call.UUID())
		c.wantPlace(call.UUID(), since)
		call.Hangup()
		c.after(time.Second)
		c.wantEvents(call.UUID(), "queue_add", "queue_remove 1000", "callout 1000 1", "answered 1000 1",
			"hangup 1000 1",
			"queue_add", "queue_remove 1000", "callout 1000 2", "answered 1000 2", "hangup 1000 2", "queue_remove")
		c.wantVisits(call.UUID(), "110 answered 1000 - -")
		c.wantRest()
	})
}

// A busy FreeSWITCH may deliver the end of a socket application when the next one has begun. It
// says nothing of that one.
func TestTheEndOfAnEarlierSocketApplicationTakesNobody(t *testing.T) {
	for name, step := range map[string]struct {
		sequence uint64
		known    bool
		taken    bool
	}{
		"of before, heard later":           {9, true, false},
		"of before, heard before connect":  {9, false, false},
		"its own, heard later":             {11, true, true},
		"its own, heard before the answer": {11, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(&Server{}, t.Context())
			ctx := c.renew()
			ch := newChannel()
			ch.call.Store(c)
			c.callerChannel.Store(ch)
			if step.known {
				ch.knowsSince(10)
			}
			ch.onExecuted(c, executed{app: "socket", sequence: step.sequence})
			if !step.known {
				ch.knowsSince(10)
			}
			if taken := ctx.Err() != nil; taken != step.taken {
				t.Errorf("taken: %v", taken)
			}
		})
	}
}
