package api_test

import (
	"fmt"
	"strings"
	"testing"

	"nwayacd/acd"
	"nwayacd/agent"
	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

func viewerOf(t *testing.T, s api.Server, name string) api.Viewer {
	t.Helper()
	actor, _ := s.Users.Authenticate("nwa_" + name)
	return s.Viewer(auth.With(t.Context(), actor))
}

func TestWhoSeesWhichAgents(t *testing.T) {
	s, _ := apitest.Office()
	for name, want := range map[string]string{
		"wall": "[]", "read": "[1000 1002]", "agent": "[1000]", "supervisor": "[1000 1002 1003]",
		"admin": "[1000 1001 1002 1003]", "nobody": "[]",
	} {
		seen := []string{}
		for _, a := range s.ACD.Dispatcher.Agents() {
			if viewerOf(t, s, name).Agent(&a) {
				seen = append(seen, a.Extension)
			}
		}
		if fmt.Sprint(seen) != want {
			t.Errorf("%s sees %v, want %s", name, seen, want)
		}
	}
}

func TestWhoSeesWhichGroupsAndMembers(t *testing.T) {
	s, _ := apitest.Office()
	for name, want := range map[string]string{
		"wall": "110[] ", "read": "110[1000 1002] ", "agent": "110[1000] ", "supervisor": "110[1000 1002] ",
		"admin": "110[1000 1002] 120[1001 1002] ", "nobody": "",
	} {
		var seen strings.Builder
		for _, g := range s.ACD.Dispatcher.Groups() {
			if cut, shown := viewerOf(t, s, name).Group(g); shown {
				seen.WriteString(cut.Number + fmt.Sprint(cut.Members) + " ")
			}
		}
		if seen.String() != want {
			t.Errorf("%s sees %s, want %s", name, seen.String(), want)
		}
	}
}

// seen returns the number that the actor sees, or "nothing".
func seen(number string, shown bool) string {
	if !shown {
		return "nothing"
	}
	return number
}

func TestWhoSeesWhichCallsAndEvents(t *testing.T) {
	s, _ := apitest.Office()
	for _, c := range []struct {
		group, agent string
		want         map[string]string // number that is seen
	}{
		{"110", "1000", map[string]string{
			"wall": "nothing", "read": "139", "agent": "139", "supervisor": "139", "admin": "139", "nobody": "nothing",
		}},
		{"110", "", map[string]string{
			"wall": "nothing", "read": "139", "agent": "nothing", "supervisor": "139", "admin": "139",
		}},
		{"120", "1002", map[string]string{
			"wall": "nothing", "read": "nothing", "agent": "nothing", "supervisor": api.Hidden, "admin": "139",
		}},
		{"120", "1001", map[string]string{
			"wall": "nothing", "read": "nothing", "agent": "nothing", "supervisor": "nothing", "admin": "139",
		}},
		{"120", "", map[string]string{"read": "nothing", "agent": "nothing", "supervisor": "nothing", "admin": "139"}},
	} {
		for name, want := range c.want {
			viewer := viewerOf(t, s, name)
			call, shown := viewer.Call(acd.CallView{Caller: "139", Group: c.group, Agent: c.agent})
			if got := seen(call.Caller, shown); got != want {
				t.Errorf("call of %s with %s: %s sees %s, want %s", c.group, c.agent, name, got, want)
			}
			for _, e := range eventsOf(c.group, c.agent) {
				cut, shown := viewer.Event(e)
				if got := seen(cut.Get("nway_queue_caller")+cut.Get("nway_callin"), shown); got != want {
					t.Errorf("%s of %s with %s: %s sees %s, want %s", e.Subclass, c.group, c.agent, name, got, want)
				}
				if e.Get("nway_queue_caller")+e.Get("nway_callin") != "139" {
					t.Fatal("the event of the others was changed")
				}
			}
		}
	}
}

func eventsOf(group, extension string) []acd.Event {
	return []acd.Event{
		{Subclass: "nwayacd::queue", Headers: []esl.Header{
			{Name: "nway_queue_caller", Value: "139"},
			{Name: "nway_queue_extension", Value: extension},
			{Name: "nway_queue_group", Value: group},
		}},
		{Subclass: "nwayacd::info", Headers: []esl.Header{
			{Name: "nway_callin", Value: "139"},
			{Name: "nway_callout", Value: extension},
			{Name: "nway_group", Value: group},
		}},
	}
}

func TestWhoSeesWhichEventsOfAgents(t *testing.T) {
	s, _ := apitest.Office()
	l := s.ACD.Events.Listen(0)
	defer l.Close()
	for _, extension := range []string{"1000", "1001"} {
		if err := s.ACD.Dispatcher.Logout(t.Context(), extension); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []map[string]bool{
		{"wall": false, "read": true, "agent": true, "supervisor": true, "admin": true, "nobody": false},
		{"wall": false, "read": false, "agent": false, "supervisor": false, "admin": true, "nobody": false},
	} {
		e, err := l.Next(t.Context())
		if err != nil || e.Get("nway_agent_status") != "nway_agent_"+string(agent.StatusLogout) {
			t.Fatal(e, err)
		}
		for name, want := range want {
			if _, shown := viewerOf(t, s, name).Event(e); shown != want {
				t.Errorf("%s sees that %s logs out: %t", name, e.Get("nway_agent_extension"), shown)
			}
		}
	}
}
