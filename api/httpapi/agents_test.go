package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// rested returns an agent on duty after two missed offers in a row.
func rested(until time.Time) queue.AgentView {
	return queue.AgentView{Agent: agent.Agent{
		Profile: agent.Profile{Extension: "1000"}, Presence: agent.Presence{Registered: true, Up: true, Idle: true},
		Rest: agent.Rest{Misses: 2, Cause: queue.MissBusy, Until: until},
	}}
}

func TestARestIsShownWithItsCauseAndEnd(t *testing.T) {
	text, err := json.Marshal(showAgent(rested(time.Date(2026, 3, 2, 9, 0, 30, 0, time.UTC))))
	if want := `"rest_cause":"busy","rest_until":"2026-03-02T09:00:30Z","misses":2`; err != nil ||
		!strings.Contains(string(text), want) {
		t.Errorf("%s %v, want %s", text, err, want)
	}
}

func TestAfterTheRestOnlyTheMissesAreShown(t *testing.T) {
	text, err := json.Marshal(showAgent(rested(time.Time{})))
	if err != nil || strings.Contains(string(text), "rest_") || !strings.Contains(string(text), `"misses":2`) {
		t.Errorf("%s %v", text, err)
	}
}

func TestARefusalDoesNotShowThePasswordItWasSent(t *testing.T) {
	b, _ := web(t, "")
	for _, body := range []string{
		`{"extension":"10!02","password":"zebra"}`, `{"password":"zebra"}`, `{"extension":7,"password":"zebra"}`,
		`{"extension":"1002","password":"zebra","more":"zebra"}`, `{"extension":"1002","password":["zebra"]}`,
		`["zebra"]`, `{"extension":"1002","password":"zebra zebra"}`, `zebra`, `{"password":"zebra"`,
	} {
		answer, text := b.ask("POST", apiPrefix+"/agents", body)
		if answer.StatusCode < 400 || answer.StatusCode > 499 || strings.Contains(text, "zebra") {
			t.Errorf("%s: %d %s", body, answer.StatusCode, text)
		}
	}
}
