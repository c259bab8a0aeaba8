package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	desk "nwayacd/internal/phone"
)

// Callers with numbers that the network should have refused. They come over SIP, as hostile ones
// do.
var hostileNumbers = map[string]string{
	"newline":         "139\r\nContent-Length: 0\r\n\r\napi shutdown",
	"quotes":          `139'"',x=\'y`,
	"expansion":       "${system(touch %s)}",
	"braces":          "1}sofia/gateway/outside/1{x=1",
	"second dial":     "1:_:[x=1]loopback/666/agents",
	"separators":      "1;nway_acd=999|2,3^^:4",
	"percent":         "%0A%27%00%zz",
	"not UTF-8":       "139\xff\xfe\x80",
	"5,000 digits":    strings.Repeat("7", 5000),
	"spaces and more": " ( 139 ) \t+86 <sip:x@y> ",
}

func TestCallersWithHostileNumbersGetAnAgent(t *testing.T) {
	t.Parallel()
	fs := realSwitch(t)
	const own = "77%d" // the situation's own group: there is no number to know the call by
	f := floor{groups: []groupRow{{number: own, mode: 5}}, agents: []agentRow{{name: "anna", groups: own}}}
	w := open(t, fs, f)
	dest := w.own(own)
	for what, number := range hostileNumbers {
		number = strings.ReplaceAll(number, "%s", filepath.Join(fs.Dir, "expanded"))
		user := strings.ReplaceAll(url.QueryEscape(number), "+", "%20")
		fs.sips.dial(t, user, dest, fs, desk.Header{Name: "X-acd", Value: w.srv.Socket})
		var leg *channel
		eventually(t, patience, what+": anna's phone is called and answers", func() bool {
			leg = w.leg("anna")
			return leg != nil && leg.peer != ""
		})
		w.becomes("anna", "reged up idle talking")
		caller := leg.peer
		if got := w.ear.api("uuid_getvar " + leg.uuid + " nway_caller_uuid"); got != caller {
			t.Errorf("%s: nway_caller_uuid is %q, not %s", what, got, caller)
		}
		t.Logf("%s: the agent saw %.60q", what, leg.number)
		w.ear.api("uuid_kill " + caller)
		w.becomes("anna", "reged up idle ready")
		want := []string{
			"queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
			"queue remove",
		}
		expectStory(t, what, w.named(want), func() []string { return w.ear.story(caller) })
		eventually(t, patience, what+": a CDR", func() bool {
			row := w.db.row("SELECT outcome, group_number FROM nwayacd_cdr WHERE call_uuid = ?", caller)
			return row != nil && row[0] == "answered" && row[1] == dest
		})
	}
	w.cleanAfter()
	if _, err := os.Stat(filepath.Join(fs.Dir, "expanded")); err == nil {
		t.Error("a caller's number was expanded: it ran a program")
	}
}
