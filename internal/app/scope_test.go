package app

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// TestEachRoleFindsItsRecords searches in calls of two groups and three agents.
func TestEachRoleFindsItsRecords(t *testing.T) {
	a := newArchive(t)
	at := instant(t, "2026-10-15T12:00:00Z")
	for i, c := range []queue.CDR{
		{UUID: "own", Group: "110", Agent: "1000"},
		{UUID: "shared", Group: "110", Agent: "1002"},
		{UUID: "other", Group: "120", Agent: "1001"},
		{UUID: "far", Group: "120", Agent: "1000"},
	} {
		c.Visit, c.Outcome, c.Arrived = 1, queue.Answered, at.Add(time.Duration(i)*time.Minute)
		c.Answered, c.Bridged, c.Ended = c.Arrived, c.Arrived, c.Arrived.Add(time.Second)
		a.store.Write(queue.Change{CDR: &c})
	}
	for _, c := range []struct {
		role  auth.Role
		query string
		want  []string
	}{
		{auth.Admin, "", []string{"far", "other", "shared", "own"}},
		{auth.Supervisor, "", []string{"shared", "own"}},
		{auth.Read, "", []string{"shared", "own"}},
		{auth.Agent, "", []string{"far", "own"}},
		{auth.Admin, "?group=120", []string{"far", "other"}},
		{auth.Supervisor, "?group=120", nil},
		{auth.Read, "?agent=1001", nil},
		{auth.Agent, "?agent=1002", nil},
		{auth.Agent, "?group=120", []string{"far"}},
	} {
		var found struct{ Items []struct{ UUID string } }
		if err := json.Unmarshal(a.get(c.role, "/cdrs"+c.query), &found); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, item := range found.Items {
			got = append(got, item.UUID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s finds with %q %v, want %v", c.role, c.query, got, c.want)
		}
	}
}

// TestEachRoleGetsItsReports asks for groups and agents, also for those of others by name.
func TestEachRoleGetsItsReports(t *testing.T) {
	a := newArchive(t)
	a.writeOctober()
	const of = "step=month&zone=Europe/Berlin&from=2026-10-10T12:00:00Z&to=2026-10-10T13:00:00Z"
	for _, c := range []struct {
		role  auth.Role
		query string
		want  []string
	}{
		{auth.Read, "", []string{"110 10"}},
		{auth.Read, "&groups=120", nil},
		{auth.Supervisor, "&groups=110,120", []string{"110 10"}},
		{auth.Agent, "", nil},
		{auth.Agent, "&groups=110", nil},
		{auth.Read, "&by=agent", []string{"1000 4", "1002 1"}},
		{auth.Agent, "&by=agent", []string{"1000 4"}},
		{auth.Agent, "&by=agent&groups=120", nil},
	} {
		columns := "group offered"
		if strings.Contains(c.query, "by=agent") {
			columns = "extension offers"
		}
		a.want(c.role, of+c.query, columns, slices.Concat(c.want, c.want)...) // the rows, and the totals
	}
}
