package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ask gets a page of the HTTP port. The status is 0 if there is no answer.
func (srv *server) ask(path string) (status int, page string) {
	srv.t.Helper()
	r, err := http.NewRequestWithContext(srv.t.Context(), http.MethodGet, "http://"+srv.HTTP+path, nil)
	if err != nil {
		srv.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+httpToken)
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		srv.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// httpToken is sent with every request. Only servers whose configuration has it ask for it.
const httpToken = "let-me-see"

// measures waits until /metrics has all these lines.
func (w *world) measures(when string, lines ...string) {
	w.t.Helper()
	var page, missing string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		missing = ""
		_, page = w.srv.ask("/metrics")
		for _, line := range lines {
			if !strings.Contains(page, "\n"+line+"\n") {
				missing += "\n  " + line
			}
		}
		if missing == "" {
			return
		}
	}
	w.t.Errorf("%s, /metrics lacks%s\n%s", when, missing, page)
}

func TestMetricsFollowTheCalls(t *testing.T) {
	f := floor{agents: []agentRow{{name: "anna"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.measures("before anybody called",
			`nwayacd_callers_waiting{group="110"} 0`, `nwayacd_agents{state="ready"} 1`,
			`nwayacd_freeswitch_up{switch="fs"} 1`, `nwayacd_database_up 1`,
			`nwayacd_calls_ended_total{group="110",outcome="answered"} 0`)
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		john := w.arrives("john")
		w.measures("while mary talks and john waits",
			`nwayacd_callers_waiting{group="110"} 1`, `nwayacd_callers_talking{group="110"} 1`,
			`nwayacd_calls{phase="talk"} 1`, `nwayacd_calls{phase="wait"} 1`,
			`nwayacd_group_agents{group="110",state="talking"} 1`, `nwayacd_agents{state="talking"} 1`,
			`nwayacd_free_to_offer_seconds_count 1`, `nwayacd_answer_wait_seconds_count{group="110"} 1`,
			`nwayacd_connections_total 2`)
		john.hangsUp()
		john.cdr("outcome=abandoned")
		mary.hangsUp()
		mary.cdr("outcome=answered")
		w.becomes("anna", "reged up idle ready")
		w.measures("when both have gone",
			`nwayacd_callers_waiting{group="110"} 0`, `nwayacd_callers_talking{group="110"} 0`,
			`nwayacd_longest_wait_seconds{group="110"} 0`, `nwayacd_calls{phase="talk"} 0`,
			`nwayacd_calls{phase="wait"} 0`, `nwayacd_calls{phase="leave"} 0`,
			`nwayacd_calls_ended_total{group="110",outcome="answered"} 1`,
			`nwayacd_calls_ended_total{group="110",outcome="abandoned"} 1`,
			`nwayacd_abandon_wait_seconds_count{group="110"} 1`, `nwayacd_talk_seconds_count{group="110"} 1`,
			`nwayacd_offers_total{group="110",outcome="answered"} 1`, `nwayacd_agents{state="ready"} 1`,
			`nwayacd_callers_waiting_in_vain{group="110"} 0`, `nwayacd_panics_total 0`,
			`nwayacd_journal_pending_changes 0`)
	})
}

func TestMetricsAreShownToWhoHasTheToken(t *testing.T) {
	f := floor{config: settings{"http.token": `"another"`}}
	onBoth(t, f, func(t *testing.T, w *world) {
		if status, page := w.srv.ask("/metrics"); status != http.StatusUnauthorized ||
			strings.Contains(page, "nwayacd_callers") {
			t.Errorf("with a wrong token: %d %s", status, page)
		}
	})
}

func TestAServerThatDrainsTellsLoadBalancersSo(t *testing.T) {
	f := floor{agents: []agentRow{{name: "anna"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		if status, page := w.srv.ask("/readyz"); status != http.StatusOK {
			t.Errorf("readyz before: %d %s", status, page)
		}
		mary := w.arrives("mary")
		mary.isInTalk("anna")
		w.srv.terminate()
		var status int
		var page string
		eventually(t, patience, "readyz says draining", func() bool {
			status, page = w.srv.ask("/readyz")
			return status == http.StatusServiceUnavailable && strings.Contains(page, "draining")
		})
		w.measures("while it drains", "nwayacd_draining 1", `nwayacd_calls{phase="talk"} 1`)
		mary.hangsUp()
		select {
		case <-w.srv.process.Done():
		case <-time.After(patience):
			t.Errorf("still there after the last talk: %d %s", status, page)
		}
	})
}
