package queue

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// mirror is a screen that learns the floor from TakeChanged alone.
type mirror struct {
	floor  *Floor
	groups map[string]GroupRow
	agents map[string]AgentRow
	calls  map[string]CallRow
	steps  int
}

const (
	comparedSteps = 2000 // of a play, each of which compares the mirror with the whole floor
	comparedEvery = 64   // later steps; the long plays would take minutes otherwise
)

// follow takes over what has changed, and compares the mirror with the whole floor.
func (m *mirror) follow(t failer, f *Floor) {
	if m.floor != f { // the first step, or a restart
		*m = mirror{floor: f}
		f.Watch()
	}
	if c := f.TakeChanged(); c.Whole {
		m.groups, m.agents, m.calls = map[string]GroupRow{}, map[string]AgentRow{}, map[string]CallRow{}
		m.put(c)
	} else {
		m.put(c)
	}
	if f.HasChanged() {
		t.Fatalf("after TakeChanged there is more: %+v", f.watch)
	}
	if m.steps++; m.steps > comparedSteps && m.steps%comparedEvery != 0 {
		return
	}
	all := mirror{groups: map[string]GroupRow{}, agents: map[string]AgentRow{}, calls: map[string]CallRow{}}
	all.put(f.wholeFloor())
	for _, same := range []bool{
		compareRows(t, m.groups, all.groups), compareRows(t, m.agents, all.agents), compareRows(t, m.calls, all.calls),
	} {
		if !same {
			t.Fatalf("a row changed and was not noted")
		}
	}
}

func (m *mirror) put(c Changed) {
	for _, number := range c.GoneGroups {
		delete(m.groups, number)
	}
	for _, extension := range c.GoneAgents {
		delete(m.agents, extension)
	}
	for _, uuid := range c.GoneCalls {
		delete(m.calls, uuid)
	}
	for _, r := range c.Groups {
		m.groups[r.Number] = r
	}
	for _, r := range c.Agents {
		m.agents[r.Extension] = r
	}
	for _, r := range c.Calls {
		m.calls[r.UUID] = r
	}
}

func compareRows[R any](t failer, got, want map[string]R) bool {
	t.Helper()
	for key, row := range want {
		if !reflect.DeepEqual(got[key], row) {
			t.Fatalf("%s is %+v, should be %+v", key, got[key], row)
		}
	}
	return len(got) == len(want)
}

func TestOnlyWhatChangedIsNoted(t *testing.T) {
	f := NewFloor(plain, 1)
	f.Watch()
	for _, number := range []string{"110", "120"} {
		must(t, f.AddGroup(number, Sequence, nine))
	}
	for _, extension := range []string{"1000", "1001", "1002"} {
		must(t, f.AddAgent(extension, ""))
	}
	if c := f.TakeChanged(); !c.Whole || len(c.Groups) != 2 || len(c.Agents) != 3 {
		t.Fatalf("first: %+v", c)
	}
	if f.HasChanged() {
		t.Fatal("nothing has happened, and there is a change")
	}
	must(t, f.Login("1001", []string{"120"}, nine))
	c := f.TakeChanged()
	if c.Whole || len(c.Agents) != 1 || c.Agents[0].Extension != "1001" || len(c.Groups) != 1 ||
		c.Groups[0].Number != "120" || len(c.Calls) != 0 {
		t.Errorf("after a login: %+v", c)
	}
	must(t, f.RemoveAgent("1001"))
	if c := f.TakeChanged(); !slices.Equal(c.GoneAgents, []string{"1001"}) || len(c.Agents) != 0 {
		t.Errorf("after the agent has gone: %+v", c)
	}
}

func TestMoreChangesThanCanBeNotedAreTheWholeFloor(t *testing.T) {
	f := NewFloor(plain, 1)
	must(t, f.AddGroup("110", Sequence, nine))
	f.Watch()
	f.TakeChanged()
	for n := range maxWatched + 1 {
		uuid := strings.Repeat("u", 1+n%7) + uuidOf(n)
		if _, err := f.Join(Arrival{UUID: uuid, Group: "110", Since: nine}); err != nil {
			t.Fatal(err)
		}
		f.Leave(uuid, nine)
	}
	if c := f.TakeChanged(); !c.Whole || len(c.Groups) != 1 || len(c.Calls)+len(c.GoneCalls) != 0 {
		t.Errorf("whole %v, %d groups, %d calls, %d gone", c.Whole, len(c.Groups), len(c.Calls), len(c.GoneCalls))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
