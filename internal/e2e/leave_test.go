package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCallerLeavesWhileWaiting(t *testing.T) {
	onBoth(t, floor{}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.hears("silence_stream://-1")
		eventually(t, patience, "callin_queue has mary", func() bool {
			row := w.db.row("SELECT callin_number, callin_group, callin_type FROM callin_queue WHERE call_uuid = ?",
				mary.uuid)
			return slices.Equal(row, []string{mary.number, group, "0"})
		})
		mary.hangsUp()
		mary.story("queue add", "queue remove")
		mary.cdr("outcome=abandoned", "agent=", "offers=0", "vip="+w.db.no())
		w.cleanAfter()
	})
}

// no is how the database shows a false boolean.
func (d *database) no() string {
	if d.postgres() {
		return "false"
	}
	return "0"
}

func TestAgentHangsUp(t *testing.T) {
	f := floor{agents: []agentRow{{name: "anna", phone: answersFor(200 * time.Millisecond)}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.isGone()
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
			"queue remove")
		mary.cdr("outcome=answered", "agent=anna", "hung_up_by=agent", "cause=NORMAL_CLEARING")
		if cause := mary.channel().cause; cause != "NORMAL_CLEARING" {
			t.Errorf("mary's channel ended with %s", cause)
		}
		w.cleanAfter()
	})
}

func TestCallerIsAskedForAMarkAfterTheTalk(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna", set: map[string]string{"use_custom_value": "1"}}},
		config: settings{"prompts.survey": `"silence_stream://400"`},
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.talksTo("anna")
		w.hangsUp("anna")
		eventually(t, patience, "mary is asked", func() bool {
			return slices.ContainsFunc(mary.channel().executed, func(line string) bool {
				return strings.HasPrefix(line, "play_and_get_digits")
			})
		})
		w.becomes("anna", "reged up idle ready")
		// Digits before the prompt begins do not count, and no event shows its beginning.
		time.Sleep(100 * time.Millisecond)
		w.sw.press(t, mary.far, "4")
		mary.isGone()
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1", "hangup anna 1",
			"queue remove")
		mary.cdr("outcome=answered", "agent=anna", "hung_up_by=agent", "survey=4")
		w.cleanAfter()
	})
}

// jobNumbers adds prompts: prefix 120, the digits 110 to 119, suffix 130, each so many milliseconds
// long.
func jobNumbers(s settings) settings {
	s["prompts.jn-prefix"], s["prompts.jn-suffix"] = `"silence_stream://120"`, `"silence_stream://130"`
	for digit := range 10 {
		s[fmt.Sprintf("prompts.jn-%d", digit)] = fmt.Sprintf(`"silence_stream://11%d"`, digit)
	}
	return s
}

func TestJobNumberIsHeardBeforeTheTalk(t *testing.T) {
	f := floor{
		agents: []agentRow{{name: "anna", set: map[string]string{"say_job_number": "1", "job_number": "102"}}},
		config: jobNumbers(settings{}),
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		said := "file_string://silence_stream://120!silence_stream://111!silence_stream://110!" +
			"silence_stream://112!silence_stream://130"
		mary.hears(said)
		if with := mary.with(); with != "" {
			t.Errorf("mary talks to %s already", with)
		}
		mary.story("queue add", "queue remove anna", "callout anna 1", "answered anna 1")
		mary.talksTo("anna")
		if heard := mary.heard(); heard[len(heard)-1] != said {
			t.Errorf("mary heard %v", heard)
		}
		mary.hangsUp()
		w.cleanAfter()
	})
}

func TestCallTakenByAnotherLeavesTheLine(t *testing.T) {
	onBoth(t, floor{}, func(t *testing.T, w *world) {
		mary := w.arrives("mary")
		mary.hears("silence_stream://-1")
		if reply := w.ear.api("uuid_transfer " + mary.uuid +
			" 'set:taken=true,playback:silence_stream://-1' inline"); !strings.HasPrefix(reply, "+OK") {
			t.Fatal(reply)
		}
		mary.story("queue add", "queue remove")
		mary.cdr("outcome=taken", "agent=")
		eventually(t, patience, "socket_resume is gone", func() bool { return mary.variable("socket_resume") == "" })
		if mary.variable("taken") != "true" || mary.channel().gone {
			t.Error("mary is not where she was taken")
		}
		mary.hangsUp()
		w.cleanAfter()
	})
}
