package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	desk "nwayacd/internal/phone"
)

// Contacts, not extensions, are registered. An agent may have a phone on the desk and another one
// in a browser.

// only has anna alone in group 110.
var only = floor{agents: []agentRow{{name: "anna"}}}

// device registers one more contact of an agent's phone, with its own behaviour.
func (o *office) device(name, transport string, b desk.Behaviour) *desk.Contact {
	o.t.Helper()
	c, err := o.desk[name].Register(o.soon(), transport)
	o.ok(err)
	// The link receives the event and asks for the contacts. Nothing shows when it has them.
	time.Sleep(500 * time.Millisecond)
	c.Takes(b)
	return c
}

// dialogOn waits until a device of that person has a call of which the condition is true.
func (o *office) dialogOn(c *desk.Contact, is func(desk.View) bool) *desk.Dialog {
	o.t.Helper()
	var found *desk.Dialog
	eventually(o.t, patience, "a device of "+c.Number()+" has the call", func() bool {
		for _, d := range c.Phone().Dialogs() {
			if d.Contact() == c && is(d.View()) {
				found = d
				return true
			}
		}
		return false
	})
	return found
}

func TestAllDevicesRingAndTheOthersAreCancelledAsAnsweredElsewhere(t *testing.T) {
	each(t, map[string]string{"UDP": "udp", "TCP": "tcp", "WebSocket": "ws"}, func(t *testing.T, transport string) {
		o := openOffice(t, only)
		o.desk["anna"].Takes(desk.Answers(time.Second)) // her first device
		second := o.device("anna", transport, desk.RingsForever())
		mary := o.phones("mary", "110")
		other := o.dialogOn(second, func(v desk.View) bool { return v.State == desk.Ringing })
		o.talk("mary", "anna").goesOn()
		o.ok(other.IsOver(o.soon()))
		reason := other.View().Reason
		if !strings.Contains(reason, "cause=200") || !strings.Contains(reason, "completed elsewhere") {
			t.Errorf("the device that did not answer got the reason %q", reason)
		}
		o.isTalking("anna")
		mary.ends()
		o.isFree("anna")
	})
}

// A browser's media is DTLS, which these phones do not have. Over WebSocket they only ring and
// refuse.
func TestTheSecondDeviceAnswers(t *testing.T) {
	each(t, map[string]string{"UDP": "udp", "TCP": "tcp"}, func(t *testing.T, transport string) {
		o := openOffice(t, only)
		o.desk["anna"].Takes(desk.RingsForever())
		second := o.device("anna", transport, desk.Answers(200*time.Millisecond))
		mary := o.phones("mary", "110")
		o.dialogOn(second, func(v desk.View) bool { return v.State == desk.Answered })
		o.talk("mary", "anna").goesOn()
		o.bye(o.in("anna"))
		o.isFree("anna")
		o.ok(mary.line.IsOver(o.soon()))
		o.cleanAfter()
	})
}

func TestDeviceThatIsDeadCostsNothing(t *testing.T) {
	o := openOffice(t, only)
	dead := o.device("anna", "udp", desk.Answers(0))
	dead.SwitchOff()
	mary := o.phones("mary", "110")
	began := time.Now()
	o.talk("mary", "anna")
	if took := time.Since(began); took > promptly {
		t.Errorf("the device that lives answered %s after the call came", took)
	}
	mary.ends()
}

func TestAgentIsRegisteredAsLongAsOneDeviceIs(t *testing.T) {
	o := openOffice(t, only)
	second := o.device("anna", "tcp", desk.Answers(usual))
	first := o.desk["anna"].Contacts()[0]
	o.ok(first.Unregister(o.soon()))
	o.staysReady("anna")
	mary := o.phones("mary", "110")
	o.talk("mary", "anna")
	mary.ends()
	o.ok(second.Unregister(o.soon()))
	o.becomes("anna", "unreg up idle ready")
	o.ok(first.Refresh(o.soon()))
	o.becomes("anna", "reged up idle ready")
}

// staysReady checks for a while that the agent stays registered and ready.
func (o *office) staysReady(agent string) {
	o.t.Helper()
	o.becomes(agent, "reged up idle ready")
	for until := time.Now().Add(time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if have := o.agent(agent); have.String() != "reged up idle ready" {
			o.t.Fatalf("%s did not stay ready: %s", agent, have)
		}
	}
}

// A page that reloads registers over a new WebSocket. The old one's registration ends later.
func TestPageReloads(t *testing.T) {
	o := openOffice(t, only)
	o.ok(o.desk["anna"].Contacts()[0].Unregister(o.soon()))
	for range 3 {
		page := o.device("anna", "ws", desk.Refuses(480, 0))
		o.becomes("anna", "reged up idle ready")
		next := o.device("anna", "ws", desk.Refuses(480, 0))
		page.Cut()
		o.staysReady("anna")
		next.Cut()
	}
}

// Auto-answer is for one device, because two would both answer.
func TestAutoAnswerIsForASingleDevice(t *testing.T) {
	each(t, map[string]int{"one": 1, "two": 2}, func(t *testing.T, devices int) {
		o := openOffice(t, only)
		if devices == 2 {
			o.device("anna", "udp", desk.RingsForever())
		}
		mary := o.phones("mary", "110")
		o.talk("mary", "anna")
		info := o.in("anna").Header("Call-Info")
		if strings.Contains(info, "answer-after=0") != (devices == 1) {
			t.Errorf("with %d devices Call-Info is %q", devices, info)
		}
		mary.ends()
	})
}

// A phone with auto-answer answers by itself.
func TestPhonePicksUpByItself(t *testing.T) {
	f := only
	f.onTalk = true
	o := openOffice(t, f)
	o.desk["anna"].Takes(desk.RingsForever())
	mary := o.phones("mary", "110")
	o.talk("mary", "anna").goesOn()
	mary.ends()
}

// The agent sees the caller's number, and the name in UTF-8 if there is one. The number is not
// shown twice.
func TestAgentSeesWhoCalls(t *testing.T) {
	each(t, map[string]string{"a name": "Zoë Müller 张", "no name": ""}, func(t *testing.T, name string) {
		o := openOffice(t, only)
		mary := o.phonesAs("mary", name, "110")
		o.talk("mary", "anna")
		v := o.in("anna").View()
		if shown := v.Name == name || name == "" && v.Name == mary.number; v.Number != mary.number || !shown {
			t.Errorf("anna's phone shows %q <%s>, not %q <%s>", v.Name, v.Number, name, mary.number)
		}
		mary.ends()
	})
}

func TestAgentSeesTheGroupBeforeTheName(t *testing.T) {
	f := only
	f.rows = []row{{statement: "UPDATE ext_group SET caller_prefix = 'Sales: ' WHERE group_number = '110'"}}
	o := openOffice(t, f)
	mary := o.phonesAs("mary", "Zoë", "110")
	o.talk("mary", "anna")
	if v := o.in("anna").View(); v.Number != mary.number || v.Name != "Sales: Zoë" {
		t.Errorf("anna's phone shows %q <%s>", v.Name, v.Number)
	}
	mary.ends()
}

func TestDialplanHandsVariablesToTheAgentsPhone(t *testing.T) {
	o := openOffice(t, only)
	mary := o.phones("mary", "110*export", desk.Header{Name: "X-Order", Value: "17, urgent"})
	o.talk("mary", "anna")
	leg := o.in("anna")
	order, alert := leg.Header("X-Order"), leg.Header("Alert-Info")
	if order != "17, urgent" || !strings.Contains(alert, "http://ring/vip") {
		t.Errorf("anna's phone got X-Order %q, Alert-Info %q", order, alert)
	}
	mary.ends()
}

func TestHoldByEitherSideLosesNoCaller(t *testing.T) {
	o := openOffice(t, only)
	mary := o.talksToAnna()
	for _, side := range []*desk.Dialog{o.in("anna"), mary.line} {
		o.ok(side.Hold(o.soon()))
		mary.stays()
		o.isTalking("anna")
		o.ok(side.Unhold(o.soon()))
		o.talk("mary", "anna").goesOn()
	}
	mary.ends()
	mary.cdr("outcome=answered", "agent=anna", "hung_up_by=caller")
}

// Each talk has a recording of its own.
func TestRecordingsOfOneCallAreNotOverwritten(t *testing.T) {
	f := twoGroups
	recorded := map[string]string{"is_record": "1"}
	f.agents = []agentRow{{name: "anna", set: recorded}, {name: "carl", groups: "120", set: recorded}}
	o := openOffice(t, f)
	mary := o.talksToAnna()
	o.srv.must("nwayacd_transfer " + mary.uuid + " " + o.ext["carl"])
	o.talk("mary", "carl")
	mary.isInTalk("carl")
	o.srv.must("nwayacd_transfer " + mary.uuid + " " + o.ext["anna"])
	o.talk("mary", "anna")
	mary.ends()
	eventually(t, patience, "each offer has its recording", func() bool {
		const query = "SELECT DISTINCT recording FROM nwayacd_offer WHERE call_uuid = ? AND recording <> ''"
		return len(o.db.rows(query, mary.uuid)) == 3
	})
	all := o.db.row("SELECT recordings FROM nwayacd_cdr WHERE call_uuid = ?", mary.uuid)
	if n := strings.Count(strings.Join(all, ""), ".wav"); n != 3 {
		t.Errorf("the CDR names %d recordings: %v", n, all)
	}
}

// The directory does not have anna for a while, as if the server behind mod_xml_curl were away. Her
// phone is registered all the same.
func TestDirectoryThatIsAwayUnregistersNoAgent(t *testing.T) {
	o := openOffice(t, floor{
		agents: []agentRow{{name: "anna", ext: unlisted}}, config: settings{"acd.reoffer-seconds": "1"},
	})
	mary := o.phones("mary", "110")
	mary.order("queue add", "queue remove anna", "callout anna")
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if reg := o.agent("anna").Reg; reg != "reged" {
			t.Fatalf("anna counts as %s, and her phone is registered", reg)
		}
	}
	mary.ends()
}

// Hold music may be any file. It is one playback, however long the caller waits.
func TestHoldMusicThatIsAFileIsOnePlayback(t *testing.T) {
	file := filepath.Join(t.TempDir(), "music.wav")
	if err := os.WriteFile(file, quiet(1200*time.Millisecond), 0o644); err != nil {
		t.Fatal(err)
	}
	f := only
	f.config = settings{"prompts.hold-music": fmt.Sprintf("%q", file)}
	o := openOffice(t, f)
	o.srv.must("nway_busy " + o.ext["anna"])
	mary := o.phones("mary", "110")
	mary.plays(file)
	mary.stays()
	mary.stays()
	// FreeSWITCH reports each round of the one playback. A playback that is nested in the one
	// before adds its own rounds.
	if n, most := mary.plays(file), int(2*longerThanPark/(1200*time.Millisecond))+1; n > most {
		t.Errorf("the music began %d times within %s, want %d at most", n, 2*longerThanPark, most)
	}
	if silent := time.Since(mary.line.View().HeardAt); silent > time.Second {
		t.Errorf("mary has heard nothing for %s", silent)
	}
	o.srv.must("nway_ready " + o.ext["anna"])
	o.talk("mary", "anna").goesOn()
	mary.ends()
}

// plays waits until a file is played to the caller, by any application, and counts how often one
// was begun.
func (g *guest) plays(file string) (n int) {
	g.o.t.Helper()
	eventually(g.o.t, patience, g.name+" hears "+file, func() bool {
		n = 0
		for _, line := range g.channel().executed {
			n += strings.Count(line, file)
		}
		return n > 0
	})
	return n
}

// quiet is a WAV file with silence.
func quiet(lasting time.Duration) []byte {
	const rate = 8000
	samples := make([]byte, 2*rate*int(lasting.Milliseconds())/1000)
	head := []byte("RIFF")
	head = binary.LittleEndian.AppendUint32(head, uint32(36+len(samples)))
	head = append(head, "WAVEfmt "...)
	for _, field := range []uint32{16, 1 | 1<<16, rate, 2 * rate, 2 | 16<<16} { // PCM, mono, 16 bits
		head = binary.LittleEndian.AppendUint32(head, field)
	}
	head = append(head, "data"...)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(samples)))
	return append(head, samples...)
}
