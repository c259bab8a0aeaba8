package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	desk "nwayacd/internal/phone"
)

// What else people and other programs do with a talk.

func TestAgentsPhoneHangsUp(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	o.bye(o.in("anna"))
	o.isFree("anna")
	began := time.Now()
	o.ok(mary.line.IsOver(o.soon()))
	if silence := time.Since(began); silence > promptly {
		t.Errorf("mary was let go %s after anna was free", silence)
	}
	mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1", "queue remove")
	o.cleanAfter()
	mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=agent transferred_to= transfer_kind=")
}

func TestCallersPhoneHangsUp(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	o.bye(mary.line)
	o.isFree("anna")
	o.ok(o.desk["anna"].Dialogs()[0].IsOver(o.soon()))
	mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1", "queue remove")
	o.cleanAfter()
	mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=caller transferred_to= transfer_kind=")
}

func TestAgentsPhoneHangsUpAndTheDialplanGoesOn(t *testing.T) {
	f := twoGroups
	f.config = settings{"acd.after-talk": `"dialplan"`}
	o := openOffice(t, f)
	mary := o.phones("mary", "110*2")
	o.talk("mary", "anna")
	o.isTalking("anna")
	o.bye(o.in("anna"))
	o.isFree("anna")
	mary.reaches("set handed_back=true")
	o.ok(mary.line.IsOver(o.soon()))
	o.cleanAfter()
	mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=agent")
}

func TestAgentsPhoneAnswersAndHangsUpAtOnce(t *testing.T) {
	each(t, map[string]time.Duration{
		"at once": 0, "after 1 ms": time.Millisecond, "after 20 ms": 20 * time.Millisecond,
		"after 60 ms": 60 * time.Millisecond,
	}, func(t *testing.T, talk time.Duration) {
		o := openOffice(t, twoGroups)
		o.desk["anna"].Takes(desk.AnswersFor(usual, talk))
		mary := o.phones("mary", "110")
		leg, err := o.desk["anna"].Find(o.soon(), func(v desk.View) bool { return v.State == desk.Over })
		o.ok(err)
		if v := leg.View(); v.Code != 200 {
			t.Fatalf("anna's phone did not answer: %+v", v)
		}
		o.desk["anna"].Takes(desk.Answers(usual))
		// FreeSWITCH decides whether that was a talk. If not, mary still has her place.
		eventually(t, patience, "mary is let go, or anna's phone is called again", func() bool {
			return mary.line.View().State == desk.Over || len(o.desk["anna"].Dialogs()) > 1
		})
		if mary.line.View().State != desk.Over {
			o.talk("mary", "anna").goesOn()
			o.bye(mary.line)
		}
		o.isFree("anna")
		o.cleanAfter()
	})
}

// The caller's own phone transfers the agent, who talks on with the third party.
func TestCallersPhoneTransfersTheAgent(t *testing.T) {
	each(t, map[string]func(o *office, mary *guest){
		"blind": func(o *office, mary *guest) {
			o.ok(mary.line.Refer(o.soon(), o.ext["paula"]))
		},
		"attended": func(o *office, mary *guest) {
			o.ok(mary.line.Hold(o.soon()))
			consult := o.consults("mary", o.ext["paula"])
			o.talk("mary", "paula")
			o.ok(mary.line.ReferReplacing(o.soon(), consult))
		},
		"attended, REFER in the consulting dialog": func(o *office, mary *guest) {
			o.ok(mary.line.Hold(o.soon()))
			consult := o.consults("mary", o.ext["paula"])
			o.talk("mary", "paula")
			o.ok(consult.ReferReplacing(o.soon(), mary.line))
		},
	}, func(t *testing.T, transfer func(o *office, mary *guest)) {
		o := openOffice(t, twoGroups)
		o.colleague("paula", desk.Answers(usual))
		mary := o.talksToAnna()
		transfer(o, mary)
		talk := o.talk("anna", "paula")
		for _, d := range o.desk["mary"].Dialogs() {
			o.bye(d)
		}
		talk.goesOn()
		o.isTalking("anna")
		o.bye(talk.side[0])
		o.isFree("anna")
		o.cleanAfter()
		mary.visits("group_number=110 outcome=answered agent=anna transfer_kind=by-caller")
	})
}

// A CTI sends the caller to a PIN prompt and brings them back to the same agent.
func TestAgentIsKeptWhileTheCallerIsAway(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	leg := o.leg("anna").uuid
	for range 2 {
		o.cti("uuid_setvar " + mary.uuid + " nwayacd_keep_agent 30")
		time.Sleep(100 * time.Millisecond) // a CTI does not send both at once
		o.cti("uuid_transfer " + mary.uuid + " menu")
		mary.reaches("playback silence_stream://4000")
		mary.stays()
		o.isTalking("anna")
		if v := o.in("anna").View(); v.State != desk.Answered {
			t.Fatalf("anna's leg ended: %+v", v)
		}
		mary.isLeftAlone()
		o.cti("uuid_bridge " + mary.uuid + " " + leg)
		o.talk("mary", "anna").goesOn()
		o.isTalking("anna")
	}
	mary.ends()
	mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=caller")
}

// A program takes the agent for a caller who never came to nwayacd. No phone connected the two, so
// mary's call is not a consulting call.
func TestProgramBridgesTheAgentWithAnotherCaller(t *testing.T) {
	o := openOffice(t, twoGroups)
	o.colleague("rita", desk.Answers(usual))
	mary := o.talksToAnna()
	paul := o.phones("paul", o.ext["rita"])
	o.talk("paul", "rita")
	leg := o.leg("anna").uuid
	o.cti("uuid_bridge " + leg + " " + paul.uuid)
	o.talk("paul", "anna").goesOn()
	mary.isGone()
	mary.order("hangup anna", "queue remove")
	mary.visits("group_number=110 outcome=answered agent=anna hung_up_by=agent")
	if rows := o.db.rows("SELECT outcome FROM nwayacd_cdr WHERE call_uuid = ?", paul.uuid); len(rows) > 0 {
		t.Errorf("paul has CDRs: %v", rows)
	}
	waiting := o.phones("fred", "110")
	waiting.story("queue add")
	waiting.stays()
	o.bye(o.in("anna"))
	o.talk("fred", "anna")
	waiting.ends()
}

// isKeptUntilALimit waits until FreeSWITCH has so many times at which it would hang up the leg.
func (o *office) isKeptUntilALimit(leg string, times int) {
	o.t.Helper()
	eventually(o.t, patience, "the keeping has a limit", func() bool {
		return strings.Count(o.ear.api("show tasks"), leg) == times
	})
}

// The limit of the keeping ends when the caller comes back, whether nwayacd receives that event or
// not.
func TestCallerComesBackToAKeptAgentWhileTheServerIsAway(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	leg := o.leg("anna").uuid
	o.cti("sched_hangup +3600 " + leg) // the CTI's own
	o.cti("uuid_setvar " + mary.uuid + " nwayacd_keep_agent 4")
	o.cti("uuid_transfer " + mary.uuid + " menu")
	mary.reaches("playback silence_stream://4000")
	o.isKeptUntilALimit(leg, 2) // the limit that the CTI set, and nwayacd's
	o.isTalking("anna")
	o.srv.kill()
	o.cti("uuid_bridge " + mary.uuid + " " + leg)
	o.talk("mary", "anna").goesOn()
	for _, name := range []string{"execute_on_pre_bridge_nwayacd_1", "execute_on_blind_transfer_nwayacd_1"} {
		if hook := o.ear.api("uuid_getvar " + leg + " " + name); hook != "_undef_" {
			t.Errorf("the leg has %s=%s", name, hook)
		}
	}
	if left := o.ear.api("sched_del " + leg); left != "+OK Deleted: 1" {
		t.Errorf("the CTI's schedule for the leg: %s", left)
	}
	o.srv.start()
	o.isTalking("anna")
	mary.ends()
	mary.visits("group_number=110 outcome=answered agent=anna")
}

func TestAgentWhoIsKeptIsFreeWhenTheTimeIsOver(t *testing.T) {
	each(t, map[string]func(o *office, mary *guest){
		"the seconds are over":     func(*office, *guest) {},
		"the caller hangs up":      func(o *office, mary *guest) { o.bye(mary.line) },
		"the agent's leg hangs up": func(o *office, _ *guest) { o.bye(o.in("anna")) },
	}, func(t *testing.T, end func(o *office, mary *guest)) {
		o := openOffice(t, twoGroups)
		mary := o.talksToAnna()
		o.cti("uuid_setvar " + mary.uuid + " nwayacd_keep_agent 4")
		o.cti("uuid_transfer " + mary.uuid + " menu")
		mary.reaches("playback silence_stream://4000")
		o.isKeptUntilALimit(o.leg("anna").uuid, 1)
		o.isTalking("anna")
		end(o, mary)
		o.becomes("anna", "reged up idle ready")
		if d, err := o.desk["anna"].Find(o.soon(), func(v desk.View) bool { return v.State == desk.Over }); err != nil {
			t.Errorf("anna's leg %v: %v", d, err)
		}
		if mary.line.View().State == desk.Answered {
			mary.stays()
			o.bye(mary.line)
		}
		o.cleanAfter()
	})
}

func TestWaitingCallIsMovedToAnotherGroup(t *testing.T) {
	o := openOffice(t, twoGroups)
	o.srv.must("nway_busy " + o.ext["anna"])
	o.srv.must("nway_busy " + o.ext["carl"])
	mary := o.phones("mary", "110")
	mary.story("queue add")
	paul := o.phones("paul", "120") // came later than mary, and to the other group
	paul.story("queue add")
	o.srv.must("nwayacd " + mary.uuid + " 120")
	mary.sentTo = "120"
	mary.order("queue add", "queue remove", "queue add")
	mary.stays()
	o.srv.must("nway_ready " + o.ext["carl"])
	o.talk("mary", "carl").goesOn()
	paul.story("queue add")
	o.bye(mary.line)
	o.talk("paul", "carl")
	paul.ends()
	mary.visits("group_number=110 outcome=moved", "group_number=120 outcome=answered agent=carl came_from=110")
}

func TestTalkingCallIsMovedToAnotherGroup(t *testing.T) {
	o := openOffice(t, twoGroups)
	mary := o.talksToAnna()
	o.srv.must("nwayacd " + mary.uuid + " 120")
	mary.sentTo = "120"
	o.isFree("anna")
	o.talk("mary", "carl").goesOn()
	mary.order("transfered 120", "hangup anna", "queue remove", "queue add", "queue remove carl")
	mary.ends()
	mary.visits("group_number=110 outcome=answered agent=anna transferred_to=120 transfer_kind=blind",
		"group_number=120 outcome=answered agent=carl came_from=110")
}

// house is the gateway that leads back into the same switch, to the phones.
const house = "house"

func TestAgentLeavesAThreeWayTalk(t *testing.T) {
	o := openOffice(t, twoGroups)
	o.colleague("paula", desk.Answers(usual))
	mary := o.talksToAnna()
	mary.isInTalk("anna")
	o.srv.must("nway_threeway " + mary.uuid + " " + o.ext["paula"] + " " + house)
	paula := o.in("paula")
	time.Sleep(time.Second) // in which all three talk
	o.bye(o.in("anna"))
	o.isFree("anna")
	o.talk("mary", "paula").isHeardOn()
	if v := paula.View(); v.State != desk.Answered {
		t.Errorf("paula's call ended: %+v", v)
	}
	mary.order("transfered paula", "hangup anna")
	mary.ends()
	mary.visits("group_number=110 outcome=answered agent=anna transferred_to=paula transfer_kind=attended")
}

// The second socket line of the dialplan is for a caller whose server died. A caller whose talk is
// over is not queued again, whatever party they talked with at the end.
func TestSecondLineDoesNotQueueACallerWhoseTalkIsOver(t *testing.T) {
	passOn := map[string]func(o *office, mary *guest){
		"an attended transfer": func(o *office, _ *guest) {
			held := o.in("anna")
			o.ok(held.Hold(o.soon()))
			consult := o.consults("anna", o.ext["paula"])
			o.talk("anna", "paula")
			o.ok(held.ReferReplacing(o.soon(), consult))
			o.talk("mary", "paula")
			o.hangsUpBoth(held, consult)
		},
		"a three-way talk": func(o *office, mary *guest) {
			mary.isInTalk("anna")
			o.srv.must("nway_threeway " + mary.uuid + " " + o.ext["paula"] + " " + house)
			o.in("paula")
			o.bye(o.in("anna"))
		},
	}
	each(t, map[string]string{"hangup": "", "dialplan": "set handed_back=true"}, func(t *testing.T, reached string) {
		each(t, passOn, func(t *testing.T, passOn func(o *office, mary *guest)) {
			f := twoGroups
			if reached != "" {
				f.config = settings{"acd.after-talk": `"dialplan"`}
			}
			o := openOffice(t, f)
			o.colleague("paula", desk.Answers(usual))
			mary := o.phones("mary", "110*2")
			o.talk("mary", "anna")
			o.isTalking("anna")
			passOn(o, mary)
			o.isFree("anna")
			o.talk("mary", "paula").isHeardOn()
			o.bye(o.in("paula"))
			if reached != "" {
				mary.reaches(reached)
			}
			o.ok(mary.line.IsOver(o.soon()))
			if went := slices.Contains(mary.channel().executed, "set handed_back=true"); went != (reached != "") {
				t.Errorf("the dialplan went on: %q", mary.channel().executed)
			}
			o.isFree("anna")
			o.cleanAfter()
			mary.visits("group_number=110 outcome=answered agent=anna transferred_to=paula transfer_kind=attended")
		})
	})
}

// A CTI sends caller and agent to other places in one command.
func TestCTISendsCallerAndAgentElsewhere(t *testing.T) {
	each(t, map[string]string{
		"-both": "uuid_transfer %s -both menu XML inbound", "dual": "uuid_dual_transfer %s menu lot/XML/inbound",
	}, func(t *testing.T, line string) {
		o := openOffice(t, twoGroups)
		mary := o.talksToAnna()
		leg := o.in("anna")
		o.cti(fmt.Sprintf(line, mary.uuid))
		o.becomes("anna", "reged up idle ready")
		mary.reaches("playback silence_stream://4000")
		mary.stays()
		mary.isLeftAlone()
		mary.order("transfered menu", "hangup anna", "queue remove")
		if v := leg.View(); v.State != desk.Answered {
			t.Errorf("anna's leg ended: %+v", v)
		}
		o.bye(leg)
		mary.ends()
		mary.visits("group_number=110 outcome=answered agent=anna transferred_to=menu transfer_kind=blind")
	})
}

// A waiting caller whom a CTI takes leaves the line at once. The server does not touch that channel
// any more.
func TestCTITakesAWaitingCaller(t *testing.T) {
	each(t, elsewhere, func(t *testing.T, place place) {
		o := openOffice(t, twoGroups)
		o.srv.must("nway_busy " + o.ext["anna"])
		mary := o.phones("mary", "110", desk.Header{Name: "X-program", Value: o.program()})
		mary.story("queue add")
		o.cti("uuid_transfer " + mary.uuid + " " + o.own(place.number))
		mary.reaches(place.reached)
		o.lineIsEmpty()
		mary.stays()
		mary.isLeftAlone()
		mary.ends()
		mary.visits("group_number=110 outcome=taken")
	})
}
