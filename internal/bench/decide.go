package bench

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"nwayacd/queue"
)

// Sizes of the floors whose decisions are timed.
var decideSizes = []int{100, 1_000, 10_000, 100_000}

const (
	decideGroups  = 100
	decideCallers = 10_000
	decideRounds  = 200_000 // decisions of each kind
)

// Decision is the cost of a decision on a floor of that size, with 100 groups and 10,000 callers
// waiting.
type Decision struct {
	Agents int `json:"agents"`
	// Free is the time from the end of a talk until the next caller is offered. Arrival is the time
	// from a caller's arrival in the line until an agent is offered.
	Free, Arrival Cost
}

// Cost is the cost of one kind of decision, in nanoseconds. It includes the reading of the clock.
type Cost struct {
	Mean float64 `json:"mean-ns"`
	P50  int64   `json:"p50-ns"`
	P99  int64   `json:"p99-ns"`
}

// Decide times the decisions of package queue at each size.
func Decide(ctx context.Context) (all []Decision, err error) {
	for _, agents := range decideSizes {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		d := Decision{Agents: agents}
		if d.Free, err = decideFree(agents, decideRounds); err != nil {
			return nil, err
		}
		if d.Arrival, err = decideArrival(agents, decideRounds); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// newFloor returns a floor with agents who are not logged in, and callers waiting in all groups
// from first on.
func newFloor(agents, callers, first int, now time.Time) (*queue.Floor, error) {
	f := queue.NewFloor(queue.Settings{Reoffer: 5 * time.Second, NoAnswerToReady: true}, 1)
	for g := range decideGroups {
		if err := f.AddGroup(groupNumber(g), queue.Cyclic, now); err != nil {
			return nil, err
		}
	}
	for c := range callers {
		g := first + c%(decideGroups-first)
		if err := join(f, "caller-"+strconv.Itoa(c), g, now.Add(time.Duration(c))); err != nil {
			return nil, err
		}
	}
	for a := range agents {
		if err := f.AddAgent(extension(a), ""); err != nil {
			return nil, err
		}
	}
	f.TakeEffects()
	return f, nil
}

func join(f *queue.Floor, uuid string, g int, now time.Time) error {
	if _, err := f.Join(queue.Arrival{UUID: uuid, Caller: uuid, Group: groupNumber(g), Since: now}); err != nil {
		return err
	}
	f.Open(uuid, now)
	return nil
}

// decideFree times decisions on a floor on which every agent talks. One talk after another ends,
// and its agent gets the next caller. The line keeps its length.
func decideFree(agents, rounds int) (Cost, error) {
	now := time.Now()
	f, err := newFloor(agents, decideCallers+agents, 0, now)
	if err != nil {
		return Cost{}, err
	}
	talks := make([]*queue.Lease, 0, agents)
	for a := range agents {
		if err := f.Login(extension(a), []string{groupNumber(a % decideGroups)}, now); err != nil {
			return Cost{}, err
		}
		for _, l := range f.TakeEffects().Offers {
			f.Answer(l, now)
			talks = append(talks, l)
		}
	}
	f.TakeEffects()
	group := map[string]int{}
	for g := range decideGroups {
		group[groupNumber(g)] = g
	}
	return timed(rounds, func(i int) (time.Duration, error) {
		now = now.Add(time.Millisecond)
		l := talks[i%len(talks)]
		began := time.Now()
		f.End(l, now)
		offers := f.TakeEffects().Offers
		took := time.Since(began)
		if len(offers) != 1 {
			return 0, fmt.Errorf("bench: an agent became free and was offered %d calls", len(offers))
		}
		talks[i%len(talks)] = offers[0]
		f.Answer(offers[0], now)
		f.Leave(l.Call, now)
		err := join(f, l.Call, group[l.Group], now)
		f.Tick(now)
		f.TakeEffects()
		return took, err
	})
}

// decideArrival times the arrival of a caller in a group whose agents are all free. In the other
// groups callers wait for agents who are not logged in.
func decideArrival(agents, rounds int) (Cost, error) {
	now := time.Now()
	f, err := newFloor(agents, decideCallers, 1, now)
	if err != nil {
		return Cost{}, err
	}
	for a := range agents {
		if err := f.Login(extension(a), []string{groupNumber(0)}, now); err != nil {
			return Cost{}, err
		}
	}
	f.TakeEffects()
	return timed(rounds, func(int) (time.Duration, error) {
		now = now.Add(time.Millisecond)
		began := time.Now()
		err := join(f, "new", 0, now)
		offers := f.TakeEffects().Offers
		took := time.Since(began)
		if err == nil && len(offers) != 1 {
			err = fmt.Errorf("bench: a caller came and %d agents were offered the call", len(offers))
		}
		if err != nil {
			return 0, err
		}
		f.Answer(offers[0], now)
		f.Leave("new", now)
		f.Tick(now)
		f.TakeEffects()
		return took, nil
	})
}

// timed runs the rounds. Each returns how long its decision took.
func timed(rounds int, round func(i int) (time.Duration, error)) (c Cost, err error) {
	h := newNanoseconds()
	for i := range rounds {
		took, err := round(i)
		if err != nil {
			return c, err
		}
		h.RecordValue(min(took.Nanoseconds(), h.HighestTrackableValue())) // in range
	}
	return Cost{Mean: h.Mean(), P50: h.ValueAtQuantile(50), P99: h.ValueAtQuantile(99)}, nil
}

// WriteDecisions prints them as a table.
func WriteDecisions(to io.Writer, all []Decision) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "agents\tagent free: mean ns\tp50\tp99\tcaller comes: mean ns\tp50\tp99\t\n")
	for _, d := range all {
		fmt.Fprintf(w, "%d\t%.0f\t%d\t%d\t%.0f\t%d\t%d\t\n", d.Agents, d.Free.Mean, d.Free.P50, d.Free.P99,
			d.Arrival.Mean, d.Arrival.P50, d.Arrival.P99)
	}
	return w.Flush()
}

// PlotDecisions draws them over the number of agents.
func PlotDecisions(to io.Writer, all []Decision) error {
	chart := func(title string, of func(Decision) Cost) Chart {
		c := Chart{
			Title: title, X: "agents", Y: "µs", LogX: true,
			Series: []Series{{Name: "mean"}, {Name: "p50"}, {Name: "p99"}},
		}
		for _, d := range all {
			cost, x := of(d), float64(d.Agents)
			for i, ns := range []float64{cost.Mean, float64(cost.P50), float64(cost.P99)} {
				c.Series[i].Points = append(c.Series[i].Points, Point{x, ns / 1000})
			}
		}
		return c
	}
	return WriteSVG(to, "The cost of a decision",
		fmt.Sprintf("%d groups, %d callers waiting; agents on a logarithmic axis", decideGroups, decideCallers),
		[]Chart{
			chart("An agent becomes free: the next caller is offered", func(d Decision) Cost { return d.Free }),
			chart("A caller comes: a free agent is offered", func(d Decision) Cost { return d.Arrival }),
		})
}
