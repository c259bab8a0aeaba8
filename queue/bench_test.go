package queue

import (
	"fmt"
	"testing"
	"time"

	"nwayacd/agent"
)

// Decisions are measured alone, from the word that makes one possible to the effects that tell of it: the talk's end, the welcome's end. What
// puts the floor back into its state is done between two batches, outside the time; the rounds measure all of it.

// batch is how many decisions are taken between two stops of the timer.
const batch = 500

// house is a floor of 100 groups with that many agents, each in one of them and logged out, and so many callers waiting, evenly spread.
func house(b *testing.B, mode Mode, agents, callers int) *Floor {
	b.Helper()
	f := NewFloor(plain, 1)
	for g := range 100 {
		if err := f.AddGroup(groupOf(g), mode, nine); err != nil {
			b.Fatal(err)
		}
	}
	for c := range callers {
		arriveAt(b, f, uuidOf(c), groupOf(c), nine.Add(time.Duration(c)))
	}
	for a := range agents {
		if err := f.AddAgent(extensionOf(a), ""); err != nil {
			b.Fatal(err)
		}
		f.TakeEffects()
	}
	return f
}

func groupOf(i int) string     { return fmt.Sprint(100 + i%100) }
func extensionOf(i int) string { return fmt.Sprint(100_000 + i) }
func uuidOf(i int) string      { return fmt.Sprintf("5d1b9f3e-8c1a-4b52-9a53-%012d", i) }

func arriveAt(b *testing.B, f *Floor, uuid, group string, at time.Time) {
	join(b, f, uuid, group, at)
	f.Open(uuid, at)
	f.TakeEffects()
}

func join(b *testing.B, f *Floor, uuid, group string, at time.Time) {
	b.Helper()
	if _, err := f.Join(Arrival{UUID: uuid, Caller: "13900001111", Group: group, Since: at}); err != nil {
		b.Fatal(err)
	}
}

func eachSize(b *testing.B, run func(b *testing.B, agents int)) {
	for _, agents := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) { run(b, agents) })
	}
}

func eachMode(b *testing.B, run func(b *testing.B, mode Mode)) {
	for mode := Sequence; mode <= RememberCyclic; mode++ {
		b.Run("mode="+mode.String(), func(b *testing.B) { run(b, mode) })
	}
}

// rush is a floor whose agents all talk while 10,000 callers wait.
type rush struct {
	*testing.B
	floor *Floor
	talks []*Lease
	now   time.Time
}

func newRush(b *testing.B, agents int, groups func(agent int) []string) *rush {
	r := &rush{B: b, floor: house(b, Cyclic, agents, 10_000+agents), now: nine}
	for a := range agents {
		if err := r.floor.Login(extensionOf(a), groups(a), nine); err != nil {
			b.Fatal(err)
		}
		offer := r.floor.TakeEffects().Offers[0]
		r.floor.Answer(offer, nine)
		r.talks = append(r.talks, offer)
	}
	return r
}

// end ends the n-th talk and returns the offer that its agent gets.
func (r *rush) end(n int) *Lease {
	r.now = r.now.Add(time.Millisecond)
	r.floor.End(r.talks[n], r.now)
	return r.floor.TakeEffects().Offers[0]
}

// restore has the n-th agent answer its offer, and the caller of its talk join its line anew.
func (r *rush) restore(n int, offer *Lease) {
	old := r.talks[n]
	r.talks[n] = offer
	r.floor.Answer(offer, r.now)
	r.floor.Leave(old.Call, r.now)
	arriveAt(r.B, r.floor, old.Call, old.Group, r.now)
	r.floor.Tick(r.now)
	r.floor.TakeEffects()
}

// decide measures the end of a talk alone.
func (r *rush) decide() {
	size := min(batch, len(r.talks))
	offers := make([]*Lease, 0, size)
	next, first := 0, 0
	r.ReportAllocs()
	for r.Loop() {
		if len(offers) == size {
			r.StopTimer()
			for i, offer := range offers {
				r.restore((first+i)%len(r.talks), offer)
			}
			first, offers = next, offers[:0]
			r.StartTimer()
		}
		offers = append(offers, r.end(next))
		next = (next + 1) % len(r.talks)
	}
}

// BenchmarkDecisionAgentFree is the decision for an agent whose talk ends: who of the 10,000 waiting is next, and the offer.
func BenchmarkDecisionAgentFree(b *testing.B) {
	eachSize(b, func(b *testing.B, agents int) {
		newRush(b, agents, func(a int) []string { return []string{groupOf(a)} }).decide()
	})
}

// BenchmarkDecisionAgentOfGroups is the same for an agent of several groups: their lines are compared.
func BenchmarkDecisionAgentOfGroups(b *testing.B) {
	for _, groups := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			newRush(b, 1_000, func(a int) (of []string) {
				for g := range groups {
					of = append(of, groupOf(a+g))
				}
				return of
			}).decide()
		})
	}
}

// lull is a floor whose agents are all free, in group 100, while 10,000 callers wait in other groups for agents who are not there.
func lull(b *testing.B, mode Mode, agents int) *Floor {
	f := house(b, mode, agents, 10_000)
	for c := 0; c < 10_000; c += 100 { // group 100 has no caller waiting
		f.Leave(uuidOf(c), nine)
	}
	for a := range agents {
		if err := f.Login(extensionOf(a), []string{groupOf(0)}, nine); err != nil {
			b.Fatal(err)
		}
		f.TakeEffects()
	}
	return f
}

// BenchmarkDecisionCallerReady is the decision for a caller whose welcome is over: which of the free agents, by each mode, and the offer.
func BenchmarkDecisionCallerReady(b *testing.B) {
	eachMode(b, func(b *testing.B, mode Mode) {
		eachSize(b, func(b *testing.B, agents int) { decideForCallers(b, lull(b, mode, agents), min(batch, agents/2)) })
	})
}

func decideForCallers(b *testing.B, f *Floor, size int) {
	now, next := nine, size
	b.ReportAllocs()
	for b.Loop() {
		if next == size {
			b.StopTimer()
			for n := range size {
				f.Leave(callerOf(n), now)
				join(b, f, callerOf(n), groupOf(0), now)
			}
			now = now.Add(time.Minute)
			f.Tick(now)
			f.TakeEffects()
			next = 0
			b.StartTimer()
		}
		now = now.Add(time.Millisecond)
		f.Open(callerOf(next), now)
		if len(f.TakeEffects().Offers) == 0 {
			b.Fatal("no offer")
		}
		next++
	}
}

var newcomers = func() (uuids [batch]string) {
	for n := range uuids {
		uuids[n] = uuidOf(1_000_000 + n)
	}
	return uuids
}()

func callerOf(n int) string { return newcomers[n] }

// BenchmarkRoundAgentFree is a whole round of an agent while 10,000 callers wait: the talk ends, the next caller is offered and answered, the
// one before leaves, and a caller joins so that the line stays as long.
func BenchmarkRoundAgentFree(b *testing.B) {
	eachSize(b, func(b *testing.B, agents int) {
		r := newRush(b, agents, func(a int) []string { return []string{groupOf(a)} })
		next := 0
		b.ReportAllocs()
		for b.Loop() {
			r.restore(next, r.end(next))
			next = (next + 1) % agents
		}
	})
}

// BenchmarkRoundCall is a whole call that finds 10,000 free agents, by each mode: it joins, is offered, answered, and hangs up.
func BenchmarkRoundCall(b *testing.B) {
	eachMode(b, func(b *testing.B, mode Mode) {
		f, now, uuid := lull(b, mode, 10_000), nine, callerOf(0)
		b.ReportAllocs()
		for b.Loop() {
			now = now.Add(time.Millisecond)
			join(b, f, uuid, groupOf(0), now)
			f.Open(uuid, now)
			f.Answer(f.TakeEffects().Offers[0], now)
			f.Leave(uuid, now)
			f.Tick(now)
			f.TakeEffects()
		}
	})
}

// BenchmarkLoad is the start with 10,000 agents in 100 groups and 10,000 callers who waited before.
func BenchmarkLoad(b *testing.B) {
	var s Snapshot
	for g := range 100 {
		s.Groups = append(s.Groups, Group{Number: groupOf(g), Mode: RememberCyclic})
	}
	for a := range 10_000 {
		s.Agents = append(s.Agents, agent.Agent{
			Profile:  agent.Profile{Extension: extensionOf(a)},
			Presence: agent.Presence{Registered: true, Up: true, Idle: true},
		})
		s.Members = append(s.Members, Member{Group: groupOf(a), Extension: extensionOf(a)})
		s.Waiting = append(s.Waiting, Waiting{UUID: uuidOf(a), Group: groupOf(a), Since: nine})
	}
	b.ReportAllocs()
	for b.Loop() {
		f := NewFloor(plain, 1)
		f.Load(s, nine)
		f.TakeEffects()
	}
}

// BenchmarkFigures is what a watcher of the whole floor holds it up for: 100 groups, in each of which agents are free or ring beside 10,000
// callers who wait in all.
func BenchmarkFigures(b *testing.B) {
	eachSize(b, func(b *testing.B, agents int) {
		f := house(b, Cyclic, agents, 10_000)
		for a := range agents {
			if err := f.Login(extensionOf(a), []string{groupOf(a)}, nine); err != nil {
				b.Fatal(err)
			}
		}
		f.TakeEffects()
		b.ReportAllocs()
		for b.Loop() {
			if len(f.Figures(nine).Groups) != 100 {
				b.Fatal("a group is missing")
			}
		}
	})
}
