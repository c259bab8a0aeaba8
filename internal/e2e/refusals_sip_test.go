package e2e

import (
	"fmt"
	"testing"
	"time"

	desk "nwayacd/internal/phone"
)

// Phones that refuse, forward, or send nothing. The next agent rings soon, and the one who refused
// is left alone for a while.

// offers counts how often a person's phone was called.
func (o *office) offers(name string) int { return len(o.desk[name].Dialogs()) }

// A phone that refuses or cannot be reached rests, so that it is not offered every call. The
// shortest rest is 10 s.
func TestAgentRestsAfterARefusal(t *testing.T) {
	kinds := map[string]desk.Behaviour{"says nothing": desk.SaysNothing(), "forwards": desk.Forwards("12345")}
	for _, code := range []int{404, 408, 480, 486, 500, 503, 603} {
		kinds[fmt.Sprint(code)] = desk.Refuses(code, 50*time.Millisecond)
	}
	kinds["480"] = desk.Refuses(480, 0) // without ringing before: else it is no answer
	each(t, kinds, func(t *testing.T, b desk.Behaviour) {
		f := only
		f.config = settings{"acd.reoffer-seconds": "1"}
		o := openOffice(t, f)
		o.desk["anna"].Takes(b)
		mary := o.phones("mary", "110")
		eventually(t, patience, "anna's phone is called", func() bool { return o.offers("anna") > 0 })
		time.Sleep(9 * time.Second) // shorter than the shortest rest
		if n := o.offers("anna"); n != 1 {
			t.Errorf("anna's phone was called %d times in 9 s", n)
		}
		if v := mary.line.View(); v.State != desk.Answered {
			t.Errorf("mary's call is %+v", v)
		}
		o.desk["anna"].Takes(desk.Answers(usual))
		o.srv.must("nway_ready " + o.ext["anna"]) // ends the rest
		o.talk("mary", "anna")
		mary.ends()
	})
}

func TestNewRegistrationEndsTheRest(t *testing.T) {
	f := only
	f.config = settings{"acd.reoffer-seconds": "1"}
	o := openOffice(t, f)
	o.desk["anna"].Takes(desk.Refuses(480, 0))
	mary := o.phones("mary", "110")
	eventually(t, patience, "anna rests", func() bool { return o.agent("anna").Misses > 0 })
	o.desk["anna"].Takes(desk.Answers(usual))
	first := o.desk["anna"].Contacts()[0]
	o.ok(first.Unregister(o.soon()))
	o.ok(first.Refresh(o.soon()))
	began := time.Now()
	o.talk("mary", "anna")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("anna got the call %s after she registered", took)
	}
	mary.ends()
}

// pair has two agents in one group. Bob is busy at first, so that the call goes to anna.
func openPair(t *testing.T, b desk.Behaviour) *office {
	t.Helper()
	o := openOffice(t, floor{agents: []agentRow{{name: "anna"}, {name: "bob"}}})
	o.srv.must("nway_busy " + o.ext["bob"])
	o.desk["anna"].Takes(b)
	return o
}

func TestPhoneThatSaysNothingCostsThreeSeconds(t *testing.T) {
	each(t, map[string]bool{"silent": false, "switched off": true}, func(t *testing.T, off bool) {
		o := openPair(t, desk.SaysNothing())
		if off {
			o.desk["anna"].Contacts()[0].SwitchOff()
		}
		mary := o.phones("mary", "110")
		mary.story("queue add", "queue remove anna", "callout anna 1")
		began := time.Now()
		o.srv.must("nway_ready " + o.ext["bob"])
		o.talk("mary", "bob")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("bob had the call after %s", took)
		}
		mary.ends()
	})
}

func TestPhoneThatForwardsHasMissedTheCall(t *testing.T) {
	o := openPair(t, desk.RingsForever())
	o.colleague("paula", desk.Answers(0))
	o.desk["anna"].Takes(desk.Forwards(fmt.Sprintf("sip:%s@%s:%d", o.ext["paula"], o.fs.IP, o.fs.SIP)))
	mary := o.phones("mary", "110")
	o.srv.must("nway_ready " + o.ext["bob"])
	o.talk("mary", "bob").goesOn()
	if n := o.offers("paula"); n != 0 {
		t.Errorf("the call was forwarded: paula's phone was called %d times", n)
	}
	mary.ends()
}

// A 603 from one device ends the others, because the person has declined, not the phone.
func TestOneDeviceDeclines(t *testing.T) {
	o := openPair(t, desk.RingsForever())
	o.device("anna", "udp", desk.Refuses(603, 500*time.Millisecond))
	mary := o.phones("mary", "110")
	rings, err := o.desk["anna"].Rings(o.soon())
	o.ok(err)
	eventually(t, patience, "both devices of anna are called", func() bool { return o.offers("anna") == 2 })
	o.srv.must("nway_ready " + o.ext["bob"])
	o.talk("mary", "bob")
	if v := rings.View(); v.State != desk.Over {
		t.Errorf("anna's other device still rings: %+v", v)
	}
	mary.ends()
}

func TestOneDeviceIsBusyAndTheOtherAnswers(t *testing.T) {
	o := openOffice(t, only)
	o.device("anna", "udp", desk.Refuses(486, 0))
	o.desk["anna"].Takes(desk.Answers(time.Second))
	mary := o.phones("mary", "110")
	o.talk("mary", "anna").goesOn()
	mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1")
	mary.ends()
}

func TestAgentWhoMissesTooOftenIsTakenOut(t *testing.T) {
	f := only
	f.config = settings{"acd.reoffer-seconds": "1", "acd.max-misses": "1"}
	o := openOffice(t, f)
	o.desk["anna"].Takes(desk.Refuses(486, 0))
	mary := o.phones("mary", "110")
	o.becomes("anna", "reged up idle noanswer")
	o.bye(mary.line)
	o.cleanAfter()
}
