package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
)

// diary reads the log of an agent from a floor's changes.
type diary struct {
	*testing.T
	f      *Floor
	log    []agent.LogEntry
	wraps  []WrapUp
	offers []OfferRecord
}

func (d *diary) look() Effects {
	out := d.f.TakeEffects()
	for _, c := range out.Changes {
		switch {
		case c.AgentLog != nil:
			d.log = append(d.log, *c.AgentLog)
		case c.WrapUp != nil:
			d.wraps = append(d.wraps, *c.WrapUp)
		case c.Offer != nil:
			d.offers = append(d.offers, *c.Offer)
		}
	}
	return out
}

// wants compares the entries since the last call: STANDING REASON GROUP of each.
func (d *diary) wants(extension string, want ...string) {
	d.Helper()
	d.look()
	var got []string
	for _, l := range d.log {
		if l.Extension == extension {
			got = append(got, l.Standing+" "+l.Reason+" "+l.Group)
		}
	}
	d.log = nil
	if !slices.Equal(got, want) {
		d.Errorf("the log of %s is %q, want %q", extension, got, want)
	}
}

// working returns a floor with the group 110 and an agent who is logged in.
func working(t *testing.T, settings Settings) (*diary, time.Time) {
	now := nine
	f := NewFloor(settings, 1)
	f.Begin(now)
	d := &diary{T: t, f: f}
	if err := f.AddGroup("110", Sequence, now); err != nil {
		t.Fatal(err)
	}
	if err := f.AddAgent("1000", ""); err != nil {
		t.Fatal(err)
	}
	f.OrderedBy("user:li")
	if err := f.Login("1000", []string{"110"}, now); err != nil {
		t.Fatal(err)
	}
	f.OrderedBy("")
	d.look()
	if by := d.log[len(d.log)-1].By; by != "user:li" {
		t.Errorf("the login is by %q", by)
	}
	d.wants("1000", "ready  ")
	return d, now
}

// offered lets a caller join, and returns the offer to the agent.
func (d *diary) offered(uuid string, now time.Time) *Lease {
	d.Helper()
	if _, err := d.f.Join(Arrival{UUID: uuid, Group: "110", Since: now}); err != nil {
		d.Fatal(err)
	}
	d.f.Open(uuid, now)
	offers := d.look().Offers
	if len(offers) != 1 {
		d.Fatalf("%d offers", len(offers))
	}
	return offers[0]
}

func TestTheLogOfAnAgentHasEachStanding(t *testing.T) {
	d, now := working(t, Settings{
		TypingAuto: true, Recover: 30 * time.Second, NoAnswerToReady: true, RestNoAnswer: 5 * time.Second,
	})
	f := d.f
	later := func(seconds int) time.Time {
		now = now.Add(time.Duration(seconds) * time.Second)
		f.Begin(now)
		return now
	}
	f.SetOutside("1000", 1, later(1))
	d.wants("1000", "unavailable  ")
	f.SetOutside("1000", 0, later(1))
	d.wants("1000", "ready  ")
	l := d.offered("a", later(1))
	f.Answer(l, later(5))
	f.Hold(l, true, later(10))
	d.look()
	f.Hold(l, true, later(1)) // reported twice
	d.look()
	f.Hold(l, false, later(7))
	d.look()
	f.Ended(CDR{UUID: "a", Group: "110", Leg: "leg"})
	f.End(l, later(20))
	f.OfferEnded(l, OfferRecord{Call: "a", Agent: "1000", Group: "110", Offered: l.Offered, Outcome: OfferAnswered})
	f.Leave("a", now)
	d.wants("1000", "ring  110", "talking  110", "talking hold 110", "talking  110", "typing  110")
	if got := d.offers[0].Hold; got != 8*time.Second {
		t.Errorf("held for %s", got)
	}
	f.Tick(later(30))
	d.wants("1000", "ready  ")
	want := WrapUp{Agent: "1000", Offered: l.Offered, Length: 30 * time.Second, Ended: WrapUpByItself}
	if len(d.wraps) != 1 || d.wraps[0] != want {
		t.Errorf("wrap-ups %+v, want %+v", d.wraps, want)
	}
	l = d.offered("b", later(1))
	f.Miss(l, Miss{Cause: MissNoAnswer}, later(15))
	d.wants("1000", "ring  110", "rest  ")
	f.Leave("b", later(1))
	f.Tick(later(5))
	d.wants("1000", "ready  ")
	_ = f.Busy("1000", later(1))
	d.wants("1000", "busy  ")
	_ = f.Ready("1000", later(1))
	_, out := f.Engage("1000", "out", later(1))
	f.End(out, later(10))
	_ = f.Logout("1000", later(5))
	d.wants("1000", "ready  ", "talking  ", "typing  ", "down  ")
	if len(d.wraps) != 1 {
		t.Errorf("the wrap-up after a call out belongs to an offer: %+v", d.wraps)
	}
	_ = f.Login("1000", []string{"110"}, later(1))
	if err := f.RemoveAgent("1000"); err != nil {
		t.Fatal(err)
	}
	d.wants("1000", "ready  ", "down  ")
}

func TestAWrapUpThatEndsBeforeTheRecordOfItsOfferIsInIt(t *testing.T) {
	d, now := working(t, Settings{TypingAuto: true})
	l := d.offered("a", now)
	d.f.Answer(l, now)
	d.f.End(l, now.Add(time.Minute))
	_ = d.f.Ready("1000", now.Add(67*time.Second))
	got, _ := d.f.OfferEnded(l, OfferRecord{Call: "a", Agent: "1000"})
	d.look()
	if len(d.wraps) != 0 || got.WrapUp != 7*time.Second || got.WrapUpEnded != WrapUpByHand {
		t.Errorf("the record has %s %q, and there are %+v", got.WrapUp, got.WrapUpEnded, d.wraps)
	}
}

// TestTheLogGoesOnAfterARestart starts soon, and long after the last sign of life.
func TestTheLogGoesOnAfterARestart(t *testing.T) {
	on := func(extension string, call agent.CallState, up bool) agent.Agent {
		return agent.Agent{
			Profile:  agent.Profile{Extension: extension},
			Presence: agent.Presence{Registered: true, Up: up, Idle: true}, Call: call, Since: nine.Add(-time.Hour),
		}
	}
	last := func(extension, standing, group string) agent.LogEntry {
		return agent.LogEntry{Extension: extension, Standing: standing, Group: group, At: nine.Add(-time.Hour)}
	}
	for pause, want := range map[time.Duration]map[string][]string{
		30 * time.Second: {"1000": nil, "1001": nil, "1002": {"down  "}, "1003": {"ready  "}, "1004": {"down  "}},
		time.Hour: {
			"1000": {"no-server  ", "ready  "}, "1001": {"no-server  ", "typing  110"}, "1002": {"no-server  "},
			"1003": {"ready  "}, "1004": {"no-server  "},
		},
	} {
		f := NewFloor(Settings{}, 1)
		f.Load(Snapshot{
			Agents: []agent.Agent{
				on("1000", agent.Ready, true), on("1001", agent.Typing, true), on("1002", agent.Ready, false),
				on("1003", agent.Ready, true),
			},
			Working: []agent.LogEntry{
				last("1000", "ready", ""), last("1001", "typing", "110"), last("1002", "ready", ""),
				last("1004", "ready", ""),
			},
			Seen: nine.Add(-pause),
		}, nine)
		d := &diary{T: t, f: f}
		d.look()
		entries := d.log
		for _, l := range entries {
			at := nine
			if l.Standing == agent.NoServer {
				at = nine.Add(-pause)
			}
			if !l.At.Equal(at) {
				t.Errorf("after %s: %s of %s at %s", pause, l.Standing, l.Extension, l.At)
			}
		}
		for extension, words := range want {
			d.log = entries
			d.wants(extension, words...)
		}
	}
}

func TestPositionsInALine(t *testing.T) {
	f := NewFloor(Settings{}, 1)
	f.Edit(Change{GroupAdded: &Group{Number: "110"}}, nine)
	f.Edit(Change{GroupAdded: &Group{Number: "120"}}, nine)
	f.Edit(Change{VIPAdded: &VIP{Number: "1", Group: "110"}}, nine)
	join := func(uuid, caller string, second int) {
		t.Helper()
		since := nine.Add(time.Duration(second) * time.Second)
		if _, err := f.Join(Arrival{UUID: uuid, Caller: caller, Group: "110", Since: since}); err != nil {
			t.Fatal(err)
		}
		f.Open(uuid, nine)
	}
	leave := func(uuid string, visit, first, last int) {
		t.Helper()
		f.Ended(CDR{UUID: uuid, Visit: visit})
		f.Leave(uuid, nine)
		cdr := f.TakeEffects().Ended[0]
		if cdr.PositionFirst != first || cdr.PositionLast != last {
			t.Errorf("%s was at %d and %d, want %d and %d", uuid, cdr.PositionFirst, cdr.PositionLast, first, last)
		}
	}
	for i := range 5 {
		join(fmt.Sprint("c", i), "", i)
	}
	join("vip", "1", 9)
	leave("c2", 1, 3, 4) // the VIP has come before
	leave("vip", 1, 1, 1)
	leave("c4", 1, 5, 4)
	if _, err := f.Move("c3", "120", nine); err != nil {
		t.Fatal(err)
	}
	f.Ended(CDR{UUID: "c3", Visit: 1})
	if cdr := f.TakeEffects().Ended[0]; cdr.PositionFirst != 4 || cdr.PositionLast != 3 {
		t.Errorf("the visit before the move: %d and %d", cdr.PositionFirst, cdr.PositionLast)
	}
	leave("c3", 2, 1, 1)
}
