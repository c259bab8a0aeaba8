package queue

import (
	"fmt"
	"testing"
	"time"

	"nwayacd/agent"
)

// The decisions are measured alone, from the event that makes one possible to its effects. Between
// two batches the floor gets its state back, and that time does not count. The rounds measure both.

// batch is how many decisions are made between two stops of the timer.
const batch = 500

// house returns a floor of 100 groups. Each agent is in one group and logged out. The waiting
// callers are spread evenly.
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

// rush is a floor with 10,000 waiting callers and no available agent, because all agents talk.
type rush struct {
	*testing.B
	floor *Floor
	talks []*Lease
	now   time.Time

	watched bool
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

// restore has the n-th agent answer its offer, and the caller of its talk join its line again.
func (r *rush) restore(n int, offer *Lease) {
	old := r.talks[n]
	r.talks[n] = offer
	r.floor.Answer(offer, r.now)
	r.floor.Leave(old.Call, r.now)
	arriveAt(r.B, r.floor, old.Call, old.Group, r.now)
	r.floor.Tick(r.now)
	r.floor.TakeEffects()
}

// decide measures only the end of a talk.
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
			if r.watched {
				r.floor.TakeChanged()
			}
			r.StartTimer()
		}
		offers = append(offers, r.end(next))
		next = (next + 1) % len(r.talks)
	}
}

// BenchmarkDecisionAgentFree is the decision for an agent whose talk ends: which of 10,000 waiting
// callers is next, and the offer.
func BenchmarkDecisionAgentFree(b *testing.B) {
	eachSize(b, func(b *testing.B, agents int) {
		newRush(b, agents, func(a int) []string { return []string{groupOf(a)} }).decide()
	})
}

// BenchmarkDecisionWhileWatched is the same while a screen reads what changes. Its readings, every
// 200 ms, are in BenchmarkTakeChanged.
func BenchmarkDecisionWhileWatched(b *testing.B) {
	eachSize(b, func(b *testing.B, agents int) {
		r := newRush(b, agents, func(a int) []string { return []string{groupOf(a)} })
		r.floor.Watch()
		r.floor.TakeChanged()
		r.watched = true
		r.decide()
	})
}

// BenchmarkTakeChanged reads what 40 changes of agents left, as after 200 ms of 200 changes a
// second. It is the time for which a screen keeps the floor from deciding.
func BenchmarkTakeChanged(b *testing.B) {
	f := lull(b, Cyclic, 1_000)
	f.Watch()
	f.TakeChanged()
	n := 0
	for b.Loop() {
		b.StopTimer()
		for range 40 {
			n++
			f.SetOutside(extensionOf(n%1_000), n%2, nine)
		}
		f.TakeEffects()
		b.StartTimer()
		if c := f.TakeChanged(); len(c.Agents) != 40 {
			b.Fatalf("%d rows", len(c.Agents))
		}
	}
}

// BenchmarkDecisionAgentOfGroups is the same for an agent of several groups, whose lines are
// compared.
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

// lull returns a floor whose agents are all available, in group 100. 10,000 callers wait in other
// groups, which have no agents.
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

// BenchmarkDecisionCallerReady is the decision for a caller whose welcome is over: which of the
// available agents, by each mode, and the offer.
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

// BenchmarkRoundAgentFree is a whole round of an agent while 10,000 callers wait. The talk ends,
// the next caller is offered and answered, and the caller before leaves. Another caller joins, so
// that the line stays as long.
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

// BenchmarkRoundCall is a whole call that finds 10,000 available agents, by each mode. It joins, is
// offered, is answered, and hangs up.
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

// BenchmarkFigures is how long Figures holds up the floor. There are 100 groups, with available and
// ringing agents, and 10,000 waiting callers.
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
