// Package report makes reports of the figures of groups and agents: by hour, day, week or month of a
// time zone, with service level, averages and occupancy. docs/figures.md says what each figure is.
//
// It knows no database and no HTTP. A Source gives it the figures of quarter hours, and it returns
// rows, which it also writes as JSON, CSV and XLSX, and as charts.
package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // so that every zone is known, whatever the machine has

	"nwayacd/agent"
	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// Query says what a report is about.
type Query struct {
	ByAgent  bool // otherwise by group
	Step     Step
	From, To time.Time // To is not part of it; both are moved to the steps' begins
	Zone     *time.Location
	Formula  queue.Formula
	Groups   []string // nil = all; of agents, the groups whose work counts
	// Agent reports whether an agent is part of the report; nil = all are.
	Agent func(extension string) bool
}

// Source has the figures of quarter hours. It calls take for each, in no order. A row of an agent
// without a group is there whatever the groups are.
type Source interface {
	CallFigures(ctx context.Context, from, to time.Time, groups []string,
		take func(figures.CallKey, *figures.Calls)) error
	AgentFigures(ctx context.Context, from, to time.Time, groups []string,
		take func(figures.AgentKey, *figures.Agent)) error
	PauseFigures(ctx context.Context, from, to time.Time, take func(figures.PauseKey, figures.Pause)) error
}

// Report is a report. Its rows are in the order of time, and then of groups or agents.
type Report struct {
	Query
	Reasons []string // of pauses, in order
	Rows    []Row
	Totals  []Row // one for each group or agent, over the whole time
	Total   Row   // all together
}

// Row has the figures of a group or an agent in a step.
type Row struct {
	Start  time.Time // in the report's zone; zero for a total
	Of     string    // group or extension; "" for all together
	Calls  figures.Calls
	Work   figures.Agent
	Pauses map[string]figures.Pause // by reason
}

// MaxSteps bounds a report.
const MaxSteps = 100_000

// ErrTooLong says that a report has more than MaxSteps steps or rows.
var ErrTooLong = fmt.Errorf("the report is too long: at most %d rows; choose a shorter time or a longer step", MaxSteps)

// ErrQuery says that a query makes no sense.
var ErrQuery = errors.New("from must be before to")

// Make makes a report.
func Make(ctx context.Context, from Source, q Query) (*Report, error) {
	if !q.From.Before(q.To) {
		return nil, ErrQuery
	}
	steps := newSteps(q.Step, q.Zone)
	q.From, q.To = steps.start(q.From), steps.end(q.To)
	b := builder{steps: steps, rows: map[rowKey]*Row{}}
	r := &Report{Query: q}
	var err error
	if q.ByAgent {
		err = b.agents(ctx, from, &q)
	} else {
		err = from.CallFigures(ctx, q.From, q.To, q.Groups, func(k figures.CallKey, c *figures.Calls) {
			if row := b.row(k.Start, k.Group); row != nil {
				row.Calls.Add(c)
			}
		})
	}
	if err != nil {
		return nil, err
	}
	if b.over {
		return nil, ErrTooLong
	}
	b.finish(r)
	return r, nil
}

type rowKey struct {
	start time.Time
	of    string
}

// builder adds up quarter hours to rows.
type builder struct {
	steps *steps
	rows  map[rowKey]*Row
	over  bool
}

// row returns the row of a quarter hour, or nil if there are too many rows.
func (b *builder) row(quarter time.Time, of string) *Row {
	key := rowKey{b.steps.start(quarter), of}
	row := b.rows[key]
	if row == nil {
		if len(b.rows) >= MaxSteps {
			b.over = true
			return nil
		}
		row = &Row{Start: key.start, Of: of}
		b.rows[key] = row
	}
	return row
}

func (b *builder) agents(ctx context.Context, from Source, q *Query) error {
	shown := func(extension string) bool { return q.Agent == nil || q.Agent(extension) }
	err := from.AgentFigures(ctx, q.From, q.To, q.Groups, func(k figures.AgentKey, a *figures.Agent) {
		if !shown(k.Extension) {
			return
		}
		if row := b.row(k.Start, k.Extension); row != nil {
			row.Work.Add(a)
		}
	})
	if err != nil {
		return err
	}
	return from.PauseFigures(ctx, q.From, q.To, func(k figures.PauseKey, p figures.Pause) {
		if !shown(k.Extension) {
			return
		}
		if row := b.row(k.Start, k.Extension); row != nil {
			row.pause(k.Reason, p)
		}
	})
}

func (r *Row) pause(reason string, p figures.Pause) {
	if r.Pauses == nil {
		r.Pauses = map[string]figures.Pause{}
	}
	sum := r.Pauses[reason]
	r.Pauses[reason] = figures.Pause{Time: sum.Time + p.Time, Times: sum.Times + p.Times}
}

// add adds the figures of another row.
func (r *Row) add(other *Row) {
	r.Calls.Add(&other.Calls)
	r.Work.Add(&other.Work)
	for reason, p := range other.Pauses {
		r.pause(reason, p)
	}
}

// finish orders the rows and makes the totals.
func (b *builder) finish(r *Report) {
	totals, reasons := map[string]*Row{}, map[string]bool{}
	for _, row := range b.rows {
		r.Rows = append(r.Rows, *row)
		total := totals[row.Of]
		if total == nil {
			total = &Row{Of: row.Of}
			totals[row.Of] = total
		}
		total.add(row)
		r.Total.add(row)
		for reason := range row.Pauses {
			reasons[reason] = true
		}
	}
	byName := func(a, b Row) int { return compare(a.Of, b.Of) }
	slices.SortFunc(r.Rows, func(a, b Row) int { return cmp.Or(a.Start.Compare(b.Start), byName(a, b)) })
	for _, total := range totals {
		r.Totals = append(r.Totals, *total)
	}
	slices.SortFunc(r.Totals, byName)
	r.Reasons = slices.Sorted(maps.Keys(reasons))
}

func compare(a, b string) int {
	switch {
	case agent.Less(a, b):
		return -1
	case agent.Less(b, a):
		return 1
	}
	return 0
}
