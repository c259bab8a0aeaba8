package queue

import (
	"fmt"
	"testing"
	"time"
)

// house is a floor of 100 groups with that many agents, each in one of them, and so many callers waiting, evenly spread.
func house(b *testing.B, mode Mode, agents, callers int) *Floor {
	b.Helper()
	f := NewFloor(plain, 1)
	for g := range 100 {
		if err := f.AddGroup(groupOf(g), mode, nine); err != nil {
			b.Fatal(err)
		}
	}
	for c := range callers {
		uuid := fmt.Sprintf("caller-%d", c)
		if _, err := f.Join(Arrival{UUID: uuid, Caller: uuid, Group: groupOf(c), Since: nine.Add(time.Duration(c))}); err != nil {
			b.Fatal(err)
		}
		f.Open(uuid, nine)
	}
	for a := range agents {
		if err := f.AddAgent(extensionOf(a), ""); err != nil {
			b.Fatal(err)
		}
	}
	f.Take()
	return f
}

func groupOf(i int) string     { return fmt.Sprint(100 + i%100) }
func extensionOf(i int) string { return fmt.Sprint(100_000 + i) }

func eachSize(b *testing.B, run func(b *testing.B, agents int)) {
	for _, agents := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) { run(b, agents) })
	}
}

// BenchmarkAgentFree is a whole round of an agent while 10,000 callers wait: the talk ends, the next caller is offered and answered, and
// a caller joins so that the line stays as long. All agents are on calls.
func BenchmarkAgentFree(b *testing.B) {
	eachSize(b, func(b *testing.B, agents int) {
		f := house(b, Cyclic, agents, 10_000+agents)
		talks := make([]*Lease, 0, agents)
		for a := range agents {
			if err := f.Login(extensionOf(a), []string{groupOf(a)}, nine); err != nil {
				b.Fatal(err)
			}
			for _, l := range f.Take().Offers {
				f.Answer(l, nine)
				talks = append(talks, l)
			}
		}
		f.Take()
		now, next := nine, 0
		b.ReportAllocs()
		for b.Loop() {
			now = now.Add(time.Millisecond)
			l := talks[next%len(talks)]
			f.End(l, now)
			offer := f.Take().Offers[0]
			f.Answer(offer, now)
			talks[next%len(talks)] = offer
			f.Leave(l.Call, now)
			if _, err := f.Join(Arrival{UUID: l.Call, Group: l.Group, Since: now}); err != nil {
				b.Fatal(err)
			}
			f.Open(l.Call, now)
			f.Tick(now)
			f.Take()
			next++
		}
	})
}

// BenchmarkCallArrives is a call that finds free agents, by each mode: it joins, is offered, and hangs up. In the other 99 groups
// 10,000 callers wait for agents who are not there.
func BenchmarkCallArrives(b *testing.B) {
	for mode := Sequence; mode <= RememberCyclic; mode++ {
		b.Run(mode.String(), func(b *testing.B) {
			eachSize(b, func(b *testing.B, agents int) { arrive(b, mode, agents) })
		})
	}
}

func arrive(b *testing.B, mode Mode, agents int) {
	f := house(b, mode, agents, 10_000)
	for c := 0; c < 10_000; c += 100 { // group 100 has no caller waiting
		f.Leave(fmt.Sprintf("caller-%d", c), nine)
	}
	for a := range agents {
		if err := f.Login(extensionOf(a), []string{groupOf(0)}, nine); err != nil {
			b.Fatal(err)
		}
	}
	f.Take()
	now := nine
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		if _, err := f.Join(Arrival{UUID: "new", Caller: "138", Group: groupOf(0), Since: now}); err != nil {
			b.Fatal(err)
		}
		f.Open("new", now)
		f.Answer(f.Take().Offers[0], now)
		f.Leave("new", now)
		f.Tick(now)
		f.Take()
	}
}

// BenchmarkAgentOfAllGroups is an agent of all 100 groups who becomes ready while 10,000 callers wait: all lines are compared.
func BenchmarkAgentOfAllGroups(b *testing.B) {
	f := house(b, Sequence, 1, 10_000)
	var all []string
	for g := range 100 {
		all = append(all, groupOf(g))
	}
	if err := f.Login(extensionOf(0), all, nine); err != nil {
		b.Fatal(err)
	}
	now := nine
	l := f.Take().Offers[0]
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		f.Leave(l.Call, now)
		offer := f.Take().Offers[0]
		if _, err := f.Join(Arrival{UUID: l.Call, Group: l.Group, Since: now}); err != nil {
			b.Fatal(err)
		}
		f.Open(l.Call, now)
		f.Tick(now)
		f.Take()
		l = offer
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
		f.Take()
		b.ReportAllocs()
		for b.Loop() {
			if len(f.Figures(nine).Groups) != 100 {
				b.Fatal("a group is missing")
			}
		}
	})
}
