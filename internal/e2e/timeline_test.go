package e2e

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"
)

// timeline is what FreeSWITCH reported of one round, whichever program distributed its calls. It
// has FreeSWITCH's clock, and its order, because its clock stands still for a tick at a time.
type timeline []moment

// moment is one thing that happened in a round.
type moment struct {
	order  int64 // FreeSWITCH counts its events
	at     time.Time
	what   milestone
	caller string // number
	agent  string // extension, of called and released
}

type milestone int

const (
	entered  milestone = iota // the caller's channel executes the application that distributes calls
	called                    // an agent's leg is created for the caller
	bridged                   // the caller is bridged
	released                  // an agent's leg hangs up
	left                      // the caller's channel hangs up
)

// rested is how long an agent must have had no call to count as free for a caller who enters. The
// distributor may still keep one busy who has just hung up, and that time is the other figure.
const rested = 2 * time.Second

// pace is what a timeline shows of the program that distributed the calls.
type pace struct {
	FirstOffer []time.Duration // from entering, while an agent is free, to the leg
	// from an agent's hang-up, while callers wait for just this agent, to the agent's next leg
	IdleGap   []time.Duration
	Took      time.Duration // from the first caller to the last hang-up
	Served    int           // callers who were bridged
	Overtaken int           // agents who hung up while callers waited, all of whom other agents took
}

// replay goes through a round.
func (tl timeline) replay(agents []string) (p pace) {
	if len(tl) == 0 {
		return p
	}
	slices.SortStableFunc(tl, func(a, b moment) int { return cmp.Compare(a.order, b.order) })
	p.Took = tl[len(tl)-1].at.Sub(tl[0].at)
	f := newFloorPlan(agents)
	served := map[string]bool{}
	for _, m := range tl {
		switch m.what {
		case entered:
			f.enters(m)
		case called:
			f.isCalled(m, &p)
		case bridged:
			served[m.caller] = true
		case released:
			f.isReleased(m)
		case left:
			delete(f.waiting, m.caller)
		}
	}
	p.Served, p.Overtaken = len(served), len(f.wanted)
	return p
}

// floorPlan is the callers who wait and the agents who are free at a moment of a round.
type floorPlan struct {
	waiting map[string]time.Time // callers without a leg: since when
	prompt  map[string]bool      // callers who found more agents free than callers waiting
	free    map[string]time.Time // agents without a leg: since when
	wanted  map[string]bool      // agents who became free while more callers waited than agents were free
}

func newFloorPlan(agents []string) *floorPlan {
	f := &floorPlan{
		waiting: map[string]time.Time{}, prompt: map[string]bool{}, free: map[string]time.Time{},
		wanted: map[string]bool{},
	}
	for _, agent := range agents {
		f.free[agent] = time.Time{}
	}
	return f
}

func (f *floorPlan) enters(m moment) {
	var idle int
	for since := range maps.Values(f.free) {
		if m.at.Sub(since) >= rested {
			idle++
		}
	}
	f.prompt[m.caller] = idle > len(f.waiting)
	f.waiting[m.caller] = m.at
}

func (f *floorPlan) isCalled(m moment, p *pace) {
	if since, waits := f.waiting[m.caller]; waits && f.prompt[m.caller] {
		p.FirstOffer = append(p.FirstOffer, m.at.Sub(since))
	}
	if f.wanted[m.agent] {
		p.IdleGap = append(p.IdleGap, m.at.Sub(f.free[m.agent]))
	}
	delete(f.waiting, m.caller)
	delete(f.free, m.agent)
	delete(f.wanted, m.agent)
}

func (f *floorPlan) isReleased(m moment) {
	if len(f.waiting) > len(f.free) {
		f.wanted[m.agent] = true
	}
	f.free[m.agent] = m.at
}

func TestTimelineMeasuresOnlyWhatSomebodyWaitedFor(t *testing.T) {
	at := func(ms int, what milestone, caller, agent string) moment {
		return moment{at: time.UnixMilli(int64(10_000 + ms)), what: what, caller: caller, agent: agent}
	}
	p := timeline{
		at(0, entered, "mary", ""),
		at(5, entered, "paul", ""), // anna is free, but mary waits for her
		at(12, called, "mary", "anna"),
		at(100, bridged, "mary", "anna"),
		at(3100, released, "", "anna"), // paul waits
		at(3101, left, "mary", ""),
		at(3120, called, "paul", "anna"),
		at(3200, bridged, "paul", "anna"),
		at(6000, released, "", "anna"), // nobody waits
		at(6500, entered, "zoe", ""),   // anna has just hung up
		at(6600, called, "zoe", "anna"),
		at(6700, bridged, "zoe", "anna"),
		at(6800, entered, "karl", ""),
		at(7000, released, "", "anna"), // karl waits, but
		at(7100, left, "karl", ""),     // not for long
		at(9000, released, "", "anna"),
	}.replay([]string{"anna"})
	want := pace{
		FirstOffer: []time.Duration{12 * time.Millisecond}, IdleGap: []time.Duration{20 * time.Millisecond},
		Took: 9 * time.Second, Served: 3, Overtaken: 1,
	}
	if !slices.Equal(p.FirstOffer, want.FirstOffer) || !slices.Equal(p.IdleGap, want.IdleGap) ||
		p.Took != want.Took || p.Served != want.Served || p.Overtaken != want.Overtaken {
		t.Errorf("%+v, not %+v", p, want)
	}
}
