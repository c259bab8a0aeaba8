package api

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// rested returns an agent on duty after two missed offers in a row.
func rested(until time.Time) *queue.AgentView {
	v := &queue.AgentView{Agent: agent.Agent{
		Profile: agent.Profile{Extension: "1000"}, Presence: agent.Presence{Registered: true, Up: true, Idle: true},
		Rest: agent.Rest{Misses: 2, Cause: queue.MissBusy, Until: until},
	}}
	return v
}

func TestARestIsShownWithItsCauseAndEnd(t *testing.T) {
	until := time.Date(2026, 3, 2, 9, 0, 30, 0, time.UTC)
	row := rowOfAgent(rested(until))
	if row.CallState != "ready" || row.Available || row.RestCause != "busy" ||
		row.RestUntil != "2026-03-02T09:00:30Z" || row.Misses != 2 {
		t.Errorf("in the list: %+v", row)
	}
}

func TestAfterTheRestOnlyTheMissesAreShown(t *testing.T) {
	row := rowOfAgent(rested(time.Time{}))
	if !row.Available || row.RestCause != "" || row.RestUntil != "" || row.Misses != 2 {
		t.Errorf("in the list: %+v", row)
	}
}
