package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
)

func TestAClockThatWasSetBackKeepsNobodyInWrapUp(t *testing.T) {
	s := restarted(t, writtenUp(), Snapshot{
		Agents: []agent.Agent{
			atWork("1000", agent.Typing, nine.Add(24*time.Hour)), atWork("1001", agent.Typing, nine.Add(-24*time.Hour)),
		},
		Groups: []Group{sales},
	})
	s.pass(0)
	s.state("1001", agent.Ready) // a clock that was set forward ends it early
	s.pass(plain.Recover - time.Second)
	s.state("1000", agent.Typing)
	s.pass(2 * time.Second)
	s.state("1000", agent.Ready)
}

func TestAnAgentOfAnotherProgramIsInWrapUpNoLongerThanTheSetting(t *testing.T) {
	s := begin(t, writtenUp())
	future := atWork("1000", agent.Typing, nine.Add(24*time.Hour))
	s.edit(Change{AgentAdded: &NewAgent{Extension: "1000"}})
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Call: &future.Call, Since: &future.Since}})
	s.pass(plain.Recover + time.Second)
	s.state("1000", agent.Ready)
}

func TestAPlaceInTheFutureIsNotBehindEverybodyElse(t *testing.T) {
	day := 24 * time.Hour
	s := restarted(t, plain, Snapshot{
		Groups: []Group{sales}, Members: []Member{{"110", "1000"}},
		Agents: []agent.Agent{{
			Profile: agent.Profile{Extension: "1000"}, Presence: agent.Presence{Registered: true, Idle: true},
		}},
		Waiting: []Waiting{
			{UUID: "second", Group: "110", Since: nine.Add(day)},
			{UUID: "first", Group: "110", Since: nine.Add(day - time.Minute)},
		},
	})
	for _, uuid := range []string{"second", "first"} {
		if p := s.joins(uuid, "", "110"); p.Since.After(nine) {
			t.Errorf("the place of %s is at %s", uuid, p.Since)
		}
		s.open(uuid)
	}
	s.pass(time.Second)
	s.calls("new", "", "110")
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Up: new(true)}})
	s.rings("first", "1000")
}
