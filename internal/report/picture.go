package report

import (
	"bytes"
	"cmp"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"nwayacd/internal/chart"
	"nwayacd/internal/figures"
)

// Texts are the words of the charts in one language. {0} stands for a value.
type Texts struct {
	Calls, Level, Work string // the titles of the charts
	Other              string // visits that ended neither answered nor abandoned
	Goal, Goals        string // of one group, and of groups that differ
	// Figures are the titles of the report's columns. A column that means another thing for agents
	// has "agent_" before it there.
	Figures map[string]string
}

// title returns the title of a column.
func (t *Texts) title(column string, byAgent bool) string {
	if title := t.Figures["agent_"+column]; byAgent && title != "" {
		return title
	}
	return cmp.Or(t.Figures[column], column)
}

// View says how a report is drawn.
type View struct {
	Texts
	Name   func(extension string) string // what shows an agent
	Aims   []int                         // the goals of the groups, in percent
	Now    time.Time                     // no step after it is drawn
	Styles []string                      // the addresses of the style sheets
}

// MostPlaces is how many steps, or agents, a chart has at most. If there are more, there is no
// chart.
const MostPlaces = 2000

// WriteSVG writes the charts of the report as one picture, with the report as JSON in its metadata.
// So a page that shows both has them of the same moment. Figures in the charts have the form that
// they have in the table of the page.
func (r *Report) WriteSVG(to io.Writer, v *View) error {
	var data bytes.Buffer
	if err := r.WriteJSON(&data); err != nil {
		return err
	}
	doc := chart.Document{Data: data.Bytes(), Styles: v.Styles}
	if r.ByAgent {
		doc.Charts = r.agentCharts(v)
	} else {
		doc.Charts = r.groupCharts(v)
	}
	return doc.Write(to)
}

// groupCharts are the visits of each step by their end, and the service level of each step.
func (r *Report) groupCharts(v *View) []chart.Chart {
	begins := r.begins(v.Now)
	if len(r.Rows) == 0 || len(begins) > MostPlaces {
		return nil
	}
	places, sums := r.namesOf(begins), make([]figures.Calls, len(begins))
	for i := range r.Rows {
		at, _ := slices.BinarySearchFunc(begins, r.Rows[i].Start, time.Time.Compare)
		sums[at].Add(&r.Rows[i].Calls)
	}
	count := func(title, class string, of func(*figures.Calls) int64) part {
		s := chart.Series{Name: title, Class: class}
		for i := range sums {
			n := of(&sums[i])
			s.Values = append(s.Values, chart.Value{Size: float64(n), Text: strconv.FormatInt(n, 10)})
		}
		return part{s, strconv.FormatInt(of(&r.Total.Calls), 10)}
	}
	figure := func(f figures.Call) func(*figures.Calls) int64 {
		return func(c *figures.Calls) int64 { return c[f] }
	}
	calls := barsOf(v.Calls, places, []part{
		count(v.title("answered", false), "c-answered", figure(figures.Answered)),
		count(v.title("abandoned", false), "c-abandoned", figure(figures.Abandoned)),
		count(v.Other, "c-other", (*figures.Calls).Left),
	})
	calls.Mark = decimal
	return []chart.Chart{calls, r.levelChart(v, places, sums)}
}

func (r *Report) levelChart(v *View, places []string, sums []figures.Calls) *chart.Line {
	total := percentOf(ServiceLevel(&r.Total.Calls, r.Formula))
	line := &chart.Line{Goal: chart.Value{None: true}}
	line.Head = chart.Head{Title: v.Level, Places: places, About: total.Text}
	for i := range sums {
		line.Values = append(line.Values, percentOf(ServiceLevel(&sums[i], r.Formula)))
	}
	goals := slices.Compact(slices.Sorted(slices.Values(v.Aims)))
	switch len(goals) {
	case 0:
		return line
	case 1:
		line.Goal = chart.Value{Size: float64(goals[0])}
		line.Note = filled(v.Goal, strconv.Itoa(goals[0]))
	default:
		var shown []string
		for _, goal := range goals {
			shown = append(shown, strconv.Itoa(goal)+" %")
		}
		line.Note = filled(v.Goals, strings.Join(shown, ", "))
	}
	line.About += ", " + line.Note
	return line
}

// shares are the parts of an agent's time. Together they are the time logged in.
var shares = []struct {
	column, class string
	of            figures.Work
}{
	{"talk_seconds", "c-talk", figures.TalkTime},
	{"wrap_up_seconds", "c-wrap", figures.WrapUpTime},
	{"ring_seconds", "c-ring", figures.RingTime},
	{"outbound_seconds", "c-outbound", figures.OutboundTime},
	{"ready_seconds", "c-ready", figures.ReadyTime},
	{"paused_seconds", "c-paused", figures.PausedTime},
	{"rest_seconds", "c-rest", figures.RestTime},
	{"missed_seconds", "c-missed", figures.MissedTime},
	{"unavailable_seconds", "c-unavailable", figures.UnavailableTime},
}

const (
	minute   = 60_000.0 // milliseconds
	hour     = 60 * minute
	longFrom = 2 * hour // from here on, the axis has hours
)

// agentCharts are what each agent did in the whole time.
func (r *Report) agentCharts(v *View) []chart.Chart {
	if len(r.Totals) == 0 || len(r.Totals) > MostPlaces {
		return nil
	}
	var places []string
	most := int64(0)
	for i := range r.Totals {
		places = append(places, v.Name(r.Totals[i].Of))
		most = max(most, r.Totals[i].Work[figures.LoggedInTime])
	}
	unit, name := minute, " min"
	if most >= longFrom {
		unit, name = hour, " h"
	}
	var parts []part
	for _, share := range shares {
		s := chart.Series{Name: v.title(share.column, true), Class: share.class}
		for i := range r.Totals {
			ms := r.Totals[i].Work[share.of]
			s.Values = append(s.Values, chart.Value{Size: float64(ms) / unit, Text: clockOf(ms)})
		}
		parts = append(parts, part{s, clockOf(r.Total.Work[share.of])})
	}
	bars := barsOf(v.Work, places, parts)
	bars.Mark = func(size float64) string { return decimal(size) + name }
	return []chart.Chart{bars}
}

// part is a series, and the figure of all its places together.
type part struct {
	chart.Series
	total string
}

func barsOf(title string, places []string, parts []part) *chart.Bars {
	bars := &chart.Bars{Head: chart.Head{Title: title, Places: places}}
	var about []string
	for _, p := range parts {
		bars.Series = append(bars.Series, p.Series)
		about = append(about, p.Name+" "+p.total)
	}
	bars.About = strings.Join(about, ", ")
	return bars
}

// begins returns when the steps of the charts begin, in order. Steps in which nothing happened are
// among them, unless there are too many.
func (r *Report) begins(now time.Time) (all []time.Time) {
	end := r.To
	if now.Before(end) {
		end = now
	}
	steps := newSteps(r.Step, r.Zone)
	for at := r.From; at.Before(end) && len(all) <= MostPlaces; at = steps.after(at) {
		all = append(all, at)
	}
	if len(all) > MostPlaces {
		all = nil
	}
	for i := range r.Rows {
		all = append(all, r.Rows[i].Start)
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// namesOf returns the name of each step, as short as its length allows. The offset is a part of it
// if the clock is changed within the report, because an hour may be there twice then.
func (r *Report) namesOf(begins []time.Time) (names []string) {
	form := "01-02 15:04"
	switch r.Step {
	case Month:
		form = "2006-01"
	case Week, Day:
		form = time.DateOnly
	case Quarter, Hour:
		offset := func(t time.Time) string { return t.In(r.Zone).Format("-07:00") }
		if slices.ContainsFunc(begins, func(t time.Time) bool { return offset(t) != offset(r.From) }) {
			form += " -07:00"
		}
	}
	for _, at := range begins {
		names = append(names, at.In(r.Zone).Format(form))
	}
	return names
}

// percentOf returns a share as the page shows it. It is rounded down, so that no level seems to
// reach a goal that it does not.
func percentOf(n Number) chart.Value {
	if !n.Some {
		return chart.Value{None: true, Text: "–"}
	}
	return chart.Value{Size: n.Value, Text: strconv.FormatFloat(math.Floor(n.Value*10)/10, 'f', 1, 64) + " %"}
}

func clockOf(ms int64) string { return chart.Clock(time.Duration(ms) * time.Millisecond) }

// decimal returns a number with at most one digit behind the point.
func decimal(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

func filled(text, value string) string { return strings.ReplaceAll(text, "{0}", value) }
