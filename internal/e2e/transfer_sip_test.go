package e2e

import (
	"testing"
	"time"

	desk "nwayacd/internal/phone"
)

// Blind transfers: an agent's phone sends REFER, or another program uses uuid_transfer. What the
// dialplan does with the caller then does not concern nwayacd. Only another group makes the caller
// one of nwayacd's again.

// twoGroups has anna in group 110 and carl in group 120.
var twoGroups = floor{groups: withCarl, agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120"}}}

// transfer is one way of a blind transfer.
type transfer func(o *office, g *guest, agent, to string)

// transfers are the two that there are.
var transfers = map[string]transfer{
	"by REFER": func(o *office, _ *guest, agent, to string) { o.ok(o.in(agent).Refer(o.soon(), to)) },
	"by a CTI": func(o *office, g *guest, _, to string) { o.cti("uuid_transfer " + g.uuid + " " + to) },
}

// onBlind runs a situation with each kind of blind transfer. mary talks with anna.
func onBlind(t *testing.T, f floor, to string, situation func(o *office, mary *guest)) {
	t.Helper()
	each(t, transfers, func(t *testing.T, transfer transfer) {
		o := openOffice(t, f)
		mary := o.talksToAnna()
		transfer(o, mary, "anna", to)
		situation(o, mary)
	})
}

// talksToAnna is the beginning of most situations.
func (o *office) talksToAnna() *guest {
	o.t.Helper()
	mary := o.phones("mary", "110")
	o.talk("mary", "anna")
	o.isTalking("anna")
	return mary
}

func TestBlindTransferToAGroupWithOneLine(t *testing.T) {
	onBlind(t, twoGroups, "120", func(o *office, mary *guest) {
		mary.sentTo = "120"
		o.isFree("anna")
		o.talk("mary", "carl").goesOn()
		o.isTalking("carl")
		mary.order("hangup anna", "queue remove", "queue add", "queue remove carl", "callout carl", "answered carl")
		mary.order("transfered 120", "hangup anna")
		mary.ends()
		mary.visits("group_number=110 outcome=answered agent=anna transferred_to=120 transfer_kind=blind",
			"group_number=120 outcome=answered agent=carl came_from=110 hung_up_by=caller")
	})
}

func TestBlindTransferToAGroupThatGreets(t *testing.T) {
	f := twoGroups
	f.groups = []groupRow{{number: "120", welcome: "silence_stream://5000"}}
	onBlind(t, f, "120", func(o *office, mary *guest) {
		mary.sentTo = "120"
		o.isFree("anna")
		mary.hears("silence_stream://5000")
		began := time.Now()
		o.talk("mary", "carl").goesOn()
		if greeted := time.Since(began) - longerThanPark; greeted < 4*time.Second {
			o.t.Errorf("carl was there %s after the welcome began; it lasts 5 s", greeted)
		}
		mary.order("hangup anna", "queue remove", "queue add", "queue remove carl")
		mary.ends()
		mary.visits("group_number=110 outcome=answered agent=anna transferred_to=120 transfer_kind=blind",
			"group_number=120 outcome=answered agent=carl came_from=110")
	})
}

func TestBlindTransferToAGroupWithTwoLines(t *testing.T) {
	onBlind(t, twoGroups, "120*2", func(o *office, mary *guest) {
		mary.sentTo = "120"
		o.isFree("anna")
		o.talk("mary", "carl").goesOn()
		mary.order("hangup anna", "queue remove", "queue add", "queue remove carl")
		mary.ends()
		mary.visits("group_number=110 outcome=answered agent=anna transfer_kind=blind",
			"group_number=120 outcome=answered agent=carl came_from=110")
	})
}

// A caller who is transferred to a group without a free agent waits there as long as it takes.
func TestBlindTransferToAGroupWithoutAFreeAgent(t *testing.T) {
	onBlind(t, twoGroups, "120", func(o *office, mary *guest) {
		mary.sentTo = "120"
		o.srv.must("nway_busy " + o.ext["carl"])
		o.isFree("anna")
		mary.stays()
		o.srv.must("nway_ready " + o.ext["carl"])
		o.talk("mary", "carl").goesOn()
		mary.ends()
	})
}

// place is a number that leads to no group, and the last action of its dialplan.
type place struct{ number, reached string }

var elsewhere = map[string]place{
	"a menu":        {"menu", "playback silence_stream://-1"},
	"a mailbox":     {"mailbox", "record "},
	"a parking lot": {"lot", "park"},
	"a valet":       {"valet", "valet_park "},
	"a conference":  {"conference-%d", "conference "},
	"a program":     {"program", "playback silence_stream://-1"},
}

func TestBlindTransferToPlacesThatAreNotOurs(t *testing.T) {
	each(t, elsewhere, func(t *testing.T, place place) {
		each(t, transfers, func(t *testing.T, transfer transfer) {
			o := openOffice(t, twoGroups)
			to := o.own(place.number)
			mary := o.phones("mary", "110", desk.Header{Name: "X-program", Value: o.program()})
			o.talk("mary", "anna")
			o.isTalking("anna")
			transfer(o, mary, "anna", to)
			o.isFree("anna")
			mary.reaches(place.reached)
			mary.stays()
			mary.isLeftAlone()
			mary.order("transfered "+to, "hangup anna", "queue remove")
			mary.ends()
			mary.visits("group_number=110 outcome=answered agent=anna transferred_to=" + to + " transfer_kind=blind")
		})
	})
}

func TestCTIParksTheCaller(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	o.cti("uuid_park " + mary.uuid)
	o.isFree("anna")
	mary.stays()
	mary.isLeftAlone()
	mary.ends()
	mary.visits("group_number=110 outcome=answered agent=anna transferred_to=park transfer_kind=blind")
}

// A phone may transfer the caller as soon as FreeSWITCH begins to bridge the two, before it reports
// that. Until then it refuses to (sofia.c, "Cannot Blind Transfer 1 Legged calls").
func TestAgentTransfersAtOnce(t *testing.T) {
	pauses := map[string]time.Duration{
		"at once": 0, "after 10 ms": 10 * time.Millisecond,
		"after 25 ms": 25 * time.Millisecond,
	}
	each(t, pauses, func(t *testing.T, pause time.Duration) {
		for _, to := range []string{"menu", "paula", "120"} {
			t.Run("to "+to, func(t *testing.T) {
				o := openOffice(t, twoGroups)
				o.colleague("paula", desk.Answers(usual))
				mary := o.phones("mary", "110")
				anna := o.in("anna")
				o.ok(anna.IsRinging(o.soon()))
				leg := o.channelOf(anna)
				for ctx := o.soon(); o.ear.api("uuid_getvar "+leg+" signal_bond") != mary.uuid; {
					o.ok(ctx.Err())
				}
				time.Sleep(pause)
				number := to
				if to == "paula" {
					number = o.ext[to]
				}
				o.ok(anna.Refer(o.soon(), number))
				switch to {
				case "menu":
					mary.reaches("playback silence_stream://-1")
					mary.stays()
					mary.isLeftAlone()
				case "120":
					mary.sentTo = to
					o.talk("mary", "carl").goesOn()
				default:
					o.talk("mary", to).goesOn()
				}
				o.isFree("anna")
				mary.ends()
				want := []string{"group_number=110 outcome=answered agent=anna transferred_to=" + to +
					" transfer_kind=blind"}
				if to == "120" {
					want = append(want, "group_number=120 outcome=answered agent=carl came_from=110")
				}
				mary.visits(want...)
			})
		}
	})
}

func TestBlindTransferToAPhone(t *testing.T) {
	each(t, transfers, func(t *testing.T, transfer transfer) {
		o := openOffice(t, twoGroups)
		o.colleague("paula", desk.Answers(usual))
		mary := o.talksToAnna()
		transfer(o, mary, "anna", o.ext["paula"])
		o.isFree("anna")
		o.talk("mary", "paula").goesOn()
		mary.order("transfered paula", "hangup anna", "queue remove")
		mary.ends()
		mary.visits("group_number=110 outcome=answered agent=anna transferred_to=paula transfer_kind=blind")
	})
}

// The phone to which a caller was transferred hangs up. Its dialplan ends the call, and no caller
// stays parked in silence.
func TestPhoneHangsUpAfterABlindTransfer(t *testing.T) {
	o := openOffice(t, twoGroups)
	o.colleague("paula", desk.Answers(usual))
	mary := o.talksToAnna()
	o.ok(o.in("anna").Refer(o.soon(), o.ext["paula"]))
	o.talk("mary", "paula").goesOn()
	o.bye(o.in("paula"))
	began := time.Now()
	o.ok(mary.line.IsOver(o.soon()))
	if silence := time.Since(began); silence > time.Second {
		o.t.Errorf("mary heard nothing for %s before her call ended", silence)
	}
	o.cleanAfter()
}

// REFER and BYE directly after each other, as some phones send them.
func TestPhoneHangsUpRightAfterItsREFER(t *testing.T) {
	each(t, map[string]int{"once": 1, "twice": 2, "thrice": 3}, func(t *testing.T, _ int) {
		o := openOffice(t, twoGroups)
		mary := o.talksToAnna()
		anna := o.in("anna")
		o.ok(anna.Refer(o.soon(), "120"))
		o.bye(anna)
		mary.sentTo = "120"
		o.isFree("anna")
		o.talk("mary", "carl").goesOn()
		mary.ends()
		mary.visits("group_number=110 outcome=answered agent=anna transfer_kind=blind",
			"group_number=120 outcome=answered agent=carl came_from=110")
	})
}

// The agent who gets a caller by a blind transfer transfers them on.
func TestCallerIsTransferredTwice(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	o.ok(o.in("anna").Refer(o.soon(), "120"))
	o.talk("mary", "carl")
	o.isTalking("carl")
	mary.sentTo = "120"
	o.ok(o.in("carl").Refer(o.soon(), "110"))
	o.talk("mary", "anna").goesOn()
	o.isFree("carl")
	mary.ends()
	mary.visits("group_number=110 outcome=answered agent=anna transfer_kind=blind transferred_to=120",
		"group_number=120 outcome=answered agent=carl transfer_kind=blind transferred_to=110 came_from=110",
		"group_number=110 outcome=answered agent=anna came_from=120")
}

func TestAgentTransfersTheCallerWhileTheyAreHeld(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	anna := o.in("anna")
	o.ok(anna.Hold(o.soon()))
	o.ok(anna.Refer(o.soon(), "120"))
	mary.sentTo = "120"
	o.isFree("anna")
	o.talk("mary", "carl").goesOn()
	mary.ends()
}

// A phone, or a CTI, transfers the caller in the moment in which the two are bridged.
func TestTransferInTheMomentOfTheBridge(t *testing.T) {
	each(t, map[string]time.Duration{
		"0 ms": 0, "10 ms": 10 * time.Millisecond, "30 ms": 30 * time.Millisecond, "60 ms": 60 * time.Millisecond,
		"100 ms": 100 * time.Millisecond,
	}, func(t *testing.T, later time.Duration) {
		each(t, transfers, func(t *testing.T, transfer transfer) {
			o := openOffice(t, twoGroups)
			mary := o.phones("mary", "110")
			eventually(t, patience, "mary and anna are bridged", func() bool { return mary.channel().peer != "" })
			time.Sleep(later)
			transfer(o, mary, "anna", "120")
			mary.sentTo = "120"
			o.talk("mary", "carl").goesOn()
			o.isFree("anna")
			mary.ends()
		})
	})
}

// The server dies, or restarts, after a caller has been transferred. It does not affect the caller.
func TestServerDiesAfterATransfer(t *testing.T) {
	each(t, elsewhere, func(t *testing.T, place place) {
		o := openOffice(t, twoGroups)
		mary := o.phones("mary", "110", desk.Header{Name: "X-program", Value: o.program()})
		o.talk("mary", "anna")
		o.isTalking("anna")
		o.ok(o.in("anna").Refer(o.soon(), o.own(place.number)))
		o.isFree("anna")
		mary.reaches(place.reached)
		o.srv.kill()
		mary.stays()
		o.srv.start()
		mary.stays()
		mary.isLeftAlone()
		mary.ends()
	})
}

// A talk that began before a restart is transferred like any other.
func TestTransferOfATalkThatIsOlderThanTheServer(t *testing.T) {
	each(t, map[string]func(o *office, mary *guest){
		"blind":    func(o *office, _ *guest) { o.ok(o.in("anna").Refer(o.soon(), "120")) },
		"by a CTI": func(o *office, g *guest) { o.cti("uuid_transfer " + g.uuid + " 120") },
		"attended": func(o *office, _ *guest) {
			held := o.in("anna")
			o.ok(held.Hold(o.soon()))
			consult := o.consults("anna", "120")
			o.talk("anna", "carl")
			o.isTalking("carl")
			o.ok(held.ReferReplacing(o.soon(), consult))
		},
	}, func(t *testing.T, transfer func(o *office, mary *guest)) {
		o := openOffice(t, twoGroups)
		mary := o.talksToAnna()
		tableCatchesUp()
		o.srv.kill()
		o.srv.start()
		o.isTalking("anna")
		transfer(o, mary)
		mary.sentTo = "120"
		talk := o.talk("mary", "carl")
		o.isFree("anna")
		o.isTalking("carl")
		talk.goesOn()
		mary.ends()
	})
}
