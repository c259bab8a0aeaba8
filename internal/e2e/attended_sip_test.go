package e2e

import (
	"testing"
	"time"

	desk "nwayacd/internal/phone"
)

// Attended transfers: hold, call a third party, connect the two with REFER and Replaces. Most
// phones send it in the held dialog, some in the consulting one.

// connect is one way to do the last step.
type connect func(o *office, held, consult *desk.Dialog)

var connects = map[string]connect{
	"REFER in the held dialog": func(o *office, held, consult *desk.Dialog) {
		o.ok(held.ReferReplacing(o.soon(), consult))
	},
	"REFER in the consulting dialog": func(o *office, held, consult *desk.Dialog) {
		o.ok(consult.ReferReplacing(o.soon(), held))
	},
}

// hangsUpBoth is what most phones do when the switch reports that the transfer has succeeded.
func (o *office) hangsUpBoth(held, consult *desk.Dialog) {
	o.t.Helper()
	o.ok(held.HangUp(o.soon()))
	o.ok(consult.HangUp(o.soon()))
}

func TestAttendedTransferToAPhone(t *testing.T) {
	each(t, connects, func(t *testing.T, connect connect) {
		o := openOffice(t, twoGroups)
		o.colleague("paula", desk.Answers(usual))
		mary := o.talksToAnna()
		held := o.in("anna")
		o.ok(held.Hold(o.soon()))
		consult := o.consults("anna", o.ext["paula"])
		o.talk("anna", "paula")
		o.isTalking("anna")
		connect(o, held, consult)
		talk := o.talk("mary", "paula")
		o.isFree("anna")
		o.hangsUpBoth(held, consult)
		talk.goesOn()
		mary.isLeftAlone()
		mary.order("transfered paula", "hangup anna", "queue remove")
		mary.ends()
		mary.visits("group_number=110 outcome=answered agent=anna transferred_to=paula transfer_kind=attended")
	})
}

func TestAttendedTransferToAPhoneThatStillRings(t *testing.T) {
	o := openOffice(t, twoGroups)
	o.colleague("paula", desk.RingsForever())
	mary := o.talksToAnna()
	held := o.in("anna")
	o.ok(held.Hold(o.soon()))
	consult := o.rings("anna", o.ext["paula"])
	rings, err := o.desk["paula"].Rings(o.soon())
	o.ok(err)
	o.ok(held.ReferReplacing(o.soon(), consult))
	mary.stays()
	o.isFree("anna")
	if v := rings.View(); v.State != desk.Ringing {
		t.Fatalf("paula's phone does not ring any more: %+v", v)
	}
	rings.PickUp()
	o.talk("mary", "paula").goesOn()
	mary.isLeftAlone()
	mary.ends()
	mary.visits("group_number=110 outcome=answered agent=anna transferred_to=paula transfer_kind=attended")
}

// consultant is a person who talks with mary and consults group 120.
type consultant struct {
	name string
	f    floor
	// begins brings mary to the consultant's phone.
	begins func(o *office) *guest
}

var consultants = map[string]consultant{
	"an agent":       {"anna", twoGroups, (*office).talksToAnna},
	"a receptionist": {"rita", onlyCarl, (*office).talksToRita},
}

// onlyCarl has no agent in group 110.
var onlyCarl = floor{groups: withCarl, agents: []agentRow{{name: "carl", groups: "120"}}}

// talksToRita begins with a receptionist who is no agent.
func (o *office) talksToRita() *guest {
	o.t.Helper()
	o.colleague("rita", desk.Answers(usual))
	mary := o.phones("mary", o.ext["rita"])
	o.talk("mary", "rita")
	return mary
}

// onAttended plays a situation for each consultant and each way to connect.
func onAttended(t *testing.T, situation func(o *office, c consultant, mary *guest, connect connect)) {
	t.Helper()
	each(t, consultants, func(t *testing.T, c consultant) {
		each(t, connects, func(t *testing.T, connect connect) {
			o := openOffice(t, c.f)
			situation(o, c, c.begins(o), connect)
		})
	})
}

// afterwards checks what is true after every attended transfer through group 120, when mary talks
// with carl.
func (o *office) afterwards(c consultant, mary *guest, consulting string, talk conversation) {
	o.t.Helper()
	if o.ext["anna"] != "" {
		o.isFree("anna")
	}
	o.isTalking("carl")
	talk.goesOn()
	o.isTalking("carl")
	o.lineIsEmpty()
	mary.ends()
	o.isFree("carl")
	o.record(consulting, 1, "group_number=120 outcome=consult")
	if c.name == "anna" {
		mary.order("hangup anna", "queue remove")
		o.record(mary.uuid, 1, "outcome=answered transfer_kind=attended")
	}
}

func TestAttendedTransferThroughAGroupWhoseAgentHasAnswered(t *testing.T) {
	onAttended(t, func(o *office, c consultant, mary *guest, connect connect) {
		held := o.in(c.name)
		o.ok(held.Hold(o.soon()))
		consult := o.consults(c.name, "120")
		o.talk(c.name, "carl")
		o.isTalking("carl")
		consulting := o.channelOf(consult)
		connect(o, held, consult)
		mary.sentTo = "120"
		o.afterwards(c, mary, consulting, o.talk("mary", "carl"))
	})
}

// The same with a phone that hangs up both calls as soon as it receives the NOTIFY.
func TestAttendedTransferByAPhoneThatHangsUpAfterIt(t *testing.T) {
	onAttended(t, func(o *office, c consultant, mary *guest, connect connect) {
		held := o.in(c.name)
		o.ok(held.Hold(o.soon()))
		consult := o.consults(c.name, "120")
		o.talk(c.name, "carl")
		o.isTalking("carl")
		consulting := o.channelOf(consult)
		connect(o, held, consult)
		mary.sentTo = "120"
		talk := o.talk("mary", "carl")
		o.hangsUpBoth(held, consult)
		o.afterwards(c, mary, consulting, talk)
	})
}

func TestAttendedTransferWhileTheSecondGroupStillWaits(t *testing.T) {
	onAttended(t, func(o *office, c consultant, mary *guest, connect connect) {
		o.srv.must("nway_busy " + o.ext["carl"])
		held := o.in(c.name)
		o.ok(held.Hold(o.soon()))
		consult := o.consults(c.name, "120")
		consulting := o.channelOf(consult)
		later := o.phones("paul", "120") // comes after the consulting call, whose place mary takes over
		later.story("queue add")
		connect(o, held, consult)
		mary.sentTo = "120"
		mary.stays()
		o.srv.must("nway_ready " + o.ext["carl"])
		talk := o.talk("mary", "carl")
		later.story("queue add")
		later.hangsUp()
		later.isGone()
		o.afterwards(c, mary, consulting, talk)
	})
}

func TestAttendedTransferWhileTheSecondGroupRings(t *testing.T) {
	onAttended(t, func(o *office, c consultant, mary *guest, connect connect) {
		o.desk["carl"].Takes(desk.RingsForever())
		held := o.in(c.name)
		o.ok(held.Hold(o.soon()))
		consult := o.consults(c.name, "120")
		consulting := o.channelOf(consult)
		rings, err := o.desk["carl"].Rings(o.soon())
		o.ok(err)
		connect(o, held, consult)
		mary.sentTo = "120"
		mary.stays()
		if v := rings.View(); v.State != desk.Ringing {
			o.t.Fatalf("carl's phone does not ring any more: %+v", v)
		}
		rings.PickUp()
		o.afterwards(c, mary, consulting, o.talk("mary", "carl"))
	})
}

// The agent who consults takes the caller back, and nothing has changed.
func TestAgentConsultsAndTakesTheCallerBack(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	held := o.in("anna")
	o.ok(held.Hold(o.soon()))
	consult := o.consults("anna", "120")
	o.talk("anna", "carl")
	mary.hears(holdMusic)
	o.bye(consult)
	o.isFree("carl")
	o.ok(held.Unhold(o.soon()))
	o.talk("mary", "anna").goesOn()
	o.isTalking("anna")
	mary.ends()
	mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=caller")
}

// An agent has two calls. The second agent hangs up first, and later the caller's talk ends as
// usual.
func TestSecondAgentHangsUpAfterAnAttendedTransfer(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	held := o.in("anna")
	o.ok(held.Hold(o.soon()))
	consult := o.consults("anna", "120")
	o.talk("anna", "carl")
	o.ok(held.ReferReplacing(o.soon(), consult))
	mary.sentTo = "120"
	o.talk("mary", "carl").goesOn()
	o.bye(o.in("carl"))
	o.ok(mary.line.IsOver(o.soon()))
	o.isFree("carl")
	o.isFree("anna")
	o.cleanAfter()
}

// The caller hangs up while FreeSWITCH connects them with the second agent. The consulting phone
// keeps its call, which nobody needs any more, and waits for its end.
func TestCallerHangsUpAsTheAgentConnectsThem(t *testing.T) {
	for _, later := range []time.Duration{0, 15 * time.Millisecond, 30 * time.Millisecond, 45 * time.Millisecond} {
		t.Run(later.String(), func(t *testing.T) {
			onAttended(t, func(o *office, c consultant, mary *guest, connect connect) {
				held := o.in(c.name)
				o.ok(held.Hold(o.soon()))
				consult := o.consults(c.name, "120")
				o.talk(c.name, "carl")
				consulting := o.channelOf(consult)
				connect(o, held, consult)
				mary.sentTo = "120"
				time.Sleep(later)
				o.bye(mary.line)
				o.ok(consult.IsOver(o.soon()))
				if o.ext["anna"] != "" {
					o.isFree("anna")
				}
				o.isFree("carl")
				o.record(consulting, 1, "group_number=120 agent=carl")
				o.cleanAfter()
			})
		})
	}
}

// The caller does not wait for the end of the consultation. The two agents talk on.
func TestCallerHangsUpWhileTheAgentConsults(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	o.ok(o.in("anna").Hold(o.soon()))
	o.consults("anna", "120")
	talk := o.talk("anna", "carl")
	o.bye(mary.line)
	talk.goesOn()
	o.isTalking("carl")
	mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=caller transfer_kind=")
	for _, d := range talk.side {
		o.bye(d)
	}
	o.isFree("anna")
	o.isFree("carl")
	o.cleanAfter()
}

// The agent consults their own group, and another agent of it takes the caller.
func TestAttendedTransferThroughTheSameGroup(t *testing.T) {
	each(t, connects, func(t *testing.T, connect connect) {
		o := openOffice(t, floor{agents: []agentRow{{name: "anna"}, {name: "carl"}}})
		o.srv.must("nway_busy " + o.ext["carl"])
		mary := o.talksToAnna()
		o.srv.must("nway_ready " + o.ext["carl"])
		held := o.in("anna")
		o.ok(held.Hold(o.soon()))
		consult := o.consults("anna", "110")
		o.talk("anna", "carl")
		o.isTalking("carl")
		connect(o, held, consult)
		talk := o.talk("mary", "carl")
		o.isFree("anna")
		talk.goesOn()
		o.isTalking("carl")
		mary.ends()
		o.isFree("carl")
	})
}

// Two agents pass a caller back and forth. Each consults the other's group and connects.
func TestCallerIsHandedRound(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	for _, step := range []struct{ from, to, group string }{
		{"anna", "carl", "120"},
		{"carl", "anna", "110"},
		{"anna", "carl", "120"},
	} {
		held := o.in(step.from)
		o.ok(held.Hold(o.soon()))
		consult := o.consults(step.from, step.group)
		o.talk(step.from, step.to)
		o.isTalking(step.to)
		o.ok(held.ReferReplacing(o.soon(), consult))
		mary.sentTo = "120"
		talk := o.talk("mary", step.to)
		o.hangsUpBoth(held, consult)
		o.isFree(step.from)
		talk.goesOn()
		o.isTalking(step.to)
	}
	mary.ends()
}
