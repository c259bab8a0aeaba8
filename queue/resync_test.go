package queue

import (
	"reflect"
	"testing"

	"nwayacd/agent"
)

// rewritten is a floor that has nothing of another one but what its Resync wrote.
func rewritten(f *Floor, whole bool, base Snapshot) *Floor {
	f.TakeEffects()
	f.Resync(whole, "a")
	fresh := NewFloor(plain, 1)
	fresh.Load(base, nine)
	for _, c := range f.TakeEffects().Changes {
		if m := c.Membership; m != nil {
			for number := range fresh.groupsOf(m.Extension) {
				fresh.leaveGroup(m.Extension, number)
			}
			for _, number := range m.Groups {
				fresh.joinGroup(m.Extension, number)
			}
		}
		fresh.Edit(c, nine)
	}
	return fresh
}

func TestAResyncWritesTheWholeFloor(t *testing.T) {
	snapshot := Snapshot{
		Agents: []agent.Agent{
			atWork("1000", agent.Ready, nine), atWork("1001", agent.NoAnswer, nine),
			{
				Profile:  agent.Profile{Extension: "1002", Name: "Li", JobNumber: "7", Survey: true},
				Presence: agent.Presence{Locked: true},
			},
		},
		Groups:    []Group{sales, {Number: "120", RingTimeout: DefaultRingTimeout, Prompts: Prompts{Busy: "b"}}},
		Members:   []Member{{"110", "1000"}, {"120", "1000"}, {"110", "1001"}},
		Blacklist: []Blacklisted{{Number: "666", Group: "110"}},
		VIPs:      []VIP{{"888", "110"}},
	}
	s := restarted(t, plain, snapshot)
	s.calls("a", "138", "120")
	s.rings("a", "1000")
	s.calls("b", "139", "110")
	fresh := rewritten(s.f, true, Snapshot{})
	for _, lists := range []bool{
		reflect.DeepEqual(fresh.VIPs(), s.f.VIPs()),
		reflect.DeepEqual(fresh.Blacklist(), s.f.Blacklist()),
	} {
		if !lists {
			t.Error("the lists differ")
		}
	}
	if got, want := fresh.Agents(), s.f.Agents(); !sameAgents(got, want) {
		t.Errorf("agents\n got %+v\nwant %+v", got, want)
	}
	for number, l := range s.f.lines {
		if got := fresh.lines[number]; got == nil || got.Group != l.Group {
			t.Errorf("group %s is %+v, want %+v", number, got, l.Group)
		}
	}
	s.f.Resync(true, "a")
	waiting := 0
	for _, c := range s.f.TakeEffects().Changes {
		if c.Waiting != nil {
			waiting++
		}
	}
	if waiting != 2 {
		t.Errorf("%d places were written, want 2", waiting)
	}
}

func TestAResyncOfTheStateLeavesAloneWhatOthersMayEdit(t *testing.T) {
	snapshot := Snapshot{
		Agents: []agent.Agent{atWork("1000", agent.Ready, nine)}, Groups: []Group{sales},
		Members: []Member{{"110", "1000"}},
	}
	s := restarted(t, plain, snapshot)
	if err := s.f.Busy("1000", s.now); err != nil {
		t.Fatal(err)
	}
	edited := snapshot
	edited.Agents = []agent.Agent{atWork("1000", agent.Ready, nine)}
	edited.Agents[0].Name, edited.Members = "edited", nil
	fresh := rewritten(s.f, false, edited)
	slot := fresh.slots["1000"]
	if slot.Name != "edited" || slot.Idle || len(slot.groups) != 1 {
		t.Errorf("%+v in %v", slot.Agent, slot.groups)
	}
}

func sameAgents(a, b []AgentView) bool {
	for i := range a {
		if i >= len(b) || a[i].Profile != b[i].Profile || a[i].Presence != b[i].Presence || a[i].Call != b[i].Call ||
			!reflect.DeepEqual(a[i].Groups, b[i].Groups) {
			return false
		}
	}
	return len(a) == len(b)
}

func TestAResyncWritesThePlacesInLineAndTheKeptOnes(t *testing.T) {
	s := restarted(t, plain,
		Snapshot{Groups: []Group{sales}, Waiting: []Waiting{{UUID: "former", Group: "110", Since: nine}}})
	s.calls("waits", "138", "110")
	s.calls("lapses", "139", "110")
	s.calls("leaves", "137", "110")
	s.losesConnection("lapses", Absent{})
	s.f.Leave("leaves", s.now)
	s.f.TakeEffects()
	s.f.Resync(false, "a")
	var still []string
	for _, c := range s.f.TakeEffects().Changes {
		if c.StillWaiting != nil {
			still = c.StillWaiting.UUIDs
		}
	}
	if want := []string{"former", "lapses", "waits"}; !reflect.DeepEqual(still, want) {
		t.Errorf("places are kept of %v, want %v", still, want)
	}
}

func TestAResyncWritesTheTalksAndTheAbsent(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.calls("talks", "138", "110")
	s.talks("talks", "1000")
	s.calls("is absent", "139", "110")
	place := s.ledger.waiting()["is absent"]
	s.losesConnection("is absent", Absent{})
	s.f.Resync(false, "a")
	var talks []Talk
	var places []Waiting
	still := StillTalking{}
	for _, c := range s.f.TakeEffects().Changes {
		switch {
		case c.Talk != nil:
			talks = append(talks, *c.Talk)
		case c.Waiting != nil:
			places = append(places, asKept(*c.Waiting))
		case c.StillTalking != nil:
			still = *c.StillTalking
		}
	}
	if len(talks) != 1 || !reflect.DeepEqual(talks[0], s.ledger.talks()["talks"]) ||
		!reflect.DeepEqual(still, StillTalking{"a", []string{"talks"}}) {
		t.Errorf("talks %+v, still %+v", talks, still)
	}
	if !reflect.DeepEqual(places, []Waiting{place}) {
		t.Errorf("places %+v, want %+v", places, place)
	}
}

func TestAnEmptyDatabaseGetsTheTalksToo(t *testing.T) {
	s := Snapshot{Talks: []Talk{{Server: "a", CDR: CDR{UUID: "u1"}}}}
	if all := s.Changes(); len(all) != 1 || all[0].Talk == nil || all[0].Talk.CDR.UUID != "u1" {
		t.Errorf("%+v", all)
	}
}

func TestWhoLeftTheLineUntoldIsReportedOnce(t *testing.T) {
	s := restarted(t, plain, Snapshot{Groups: []Group{sales, {Number: "120"}}, Waiting: []Waiting{
		{UUID: "gone", Group: "110", Since: nine},
		{UUID: "back", Group: "110", Since: nine},
		{UUID: "elsewhere", Group: "110", Since: nine},
	}})
	s.look()
	s.calls("back", "138", "110")
	s.losesConnection("back", Absent{}) // whose call has said so itself
	if p, err := s.f.Join(Arrival{UUID: "elsewhere", Group: "120", Since: s.now}); err != nil || !p.Untold ||
		p.CameFrom != "110" {
		t.Errorf("who came back to another group has the place %+v, %v", p, err)
	}
	s.pass(2 * absentGrace)
	var names []string
	for _, w := range s.notBack {
		names = append(names, w.UUID)
	}
	if !reflect.DeepEqual(names, []string{"gone"}) {
		t.Errorf("did not come back: %v", names)
	}
}
