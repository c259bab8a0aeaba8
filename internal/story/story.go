// Package story draws what the records say of one call on a line of time: its visits to groups, and
// below each the offers to agents.
package story

import (
	"cmp"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"nwayacd/internal/chart"
	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// Texts are the words of the picture in one language.
type Texts struct {
	Title, Group, Anonymous         string
	Wait, Talk, Ring, Missed, Agent string // the kinds of spans
}

// The kinds of spans.
const (
	wait = iota
	talk
	ring
	missed
	inTalk
)

func (t *Texts) kinds() []chart.Series {
	return []chart.Series{
		wait: {Name: t.Wait, Class: "span-wait"}, talk: {Name: t.Talk, Class: "span-talk"},
		ring: {Name: t.Ring, Class: "span-ring"}, missed: {Name: t.Missed, Class: "span-missed"},
		inTalk: {Name: t.Agent, Class: "span-agent"},
	}
}

// View says how a story is drawn.
type View struct {
	Texts
	Zone   *time.Location
	Group  map[string]string             // the names of groups by their number
	Agent  func(extension string) string // what shows an agent
	Data   []byte                        // the metadata of the picture
	Styles []string                      // the addresses of the style sheets
}

// WriteSVG writes the picture of a call. The visits and offers are in their order.
func WriteSVG(to io.Writer, visits []queue.VisitRecord, offers []queue.OfferRecord, v *View) error {
	doc := chart.Document{Data: v.Data, Styles: v.Styles}
	if lanes := v.lanes(visits, offers); len(lanes) > 0 {
		doc.Charts = []chart.Chart{&chart.Timeline{
			Head:  chart.Head{Title: v.Title, Note: v.Zone.String(), About: v.about(visits, lanes)},
			Lanes: lanes, Kinds: v.kinds(), Zone: v.Zone,
		}}
	}
	return doc.Write(to)
}

// lanes returns a lane for each visit, and below it one for each of its offers. The visit of an
// offer may be hidden from the viewer.
func (v *View) lanes(visits []queue.VisitRecord, offers []queue.OfferRecord) (lanes []chart.Lane) {
	rest := slices.Clone(offers)
	take := func(until int) {
		for len(rest) > 0 && rest[0].VisitNumber() <= until {
			lanes = append(lanes, v.offerLane(&rest[0]))
			rest = rest[1:]
		}
	}
	slices.SortStableFunc(rest, func(a, b queue.OfferRecord) int { return a.VisitNumber() - b.VisitNumber() })
	for i := range visits {
		take(visits[i].VisitNumber() - 1) // what is left of the visits before
		var before *queue.CDR
		if i > 0 {
			before = &visits[i-1].CDR
		}
		lanes = append(lanes, v.visitLane(&visits[i].CDR, before))
	}
	take(math.MaxInt)
	return lanes
}

// visitLane returns the wait and the talk of a visit. A caller from another group keeps the
// time of arrival there, so the lane begins as that visit ends.
func (v *View) visitLane(c, before *queue.CDR) chart.Lane {
	arrived, answered := c.Arrived, figures.AnswerOf(c)
	if c.CameFrom != "" && before != nil && before.Ended.After(arrived) {
		arrived = before.Ended
	}
	lane := chart.Lane{Title: v.Texts.Group + " " + c.Group}
	if name := v.Group[c.Group]; name != "" && name != c.Group {
		lane.Title += " " + name
	}
	lane.Spans = []chart.Span{span(arrived, cmp.Or(answered, c.Ended), wait)}
	if !answered.IsZero() {
		lane.Spans = append(lane.Spans, span(answered, c.Ended, talk))
	}
	return lane
}

// offerLane returns the ringing of an offer, and how long the agent was in the talk.
func (v *View) offerLane(o *queue.OfferRecord) chart.Lane {
	kind := missed
	if o.Outcome == queue.OfferAnswered {
		kind = ring
	}
	lane := chart.Lane{Title: "↳ " + v.Agent(o.Agent)}
	lane.Spans = []chart.Span{span(o.Offered, cmp.Or(o.Answered, o.Ended), kind)}
	if !o.Answered.IsZero() && o.Ended.After(o.Answered) {
		lane.Spans = append(lane.Spans, span(o.Answered, o.Ended, inTalk))
	}
	return lane
}

// span returns a span of time. Its text is as the page shows a time elsewhere.
func span(from, to time.Time, kind int) chart.Span {
	if to.Before(from) {
		to = from
	}
	return chart.Span{From: from, To: to, Kind: kind, Text: chart.Clock(to.Sub(from))}
}

// about says what the picture shows: the caller, and then lane by lane.
func (v *View) about(visits []queue.VisitRecord, lanes []chart.Lane) string {
	kinds, all := v.kinds(), []string(nil)
	if len(visits) > 0 {
		all = append(all, cmp.Or(strings.TrimSpace(visits[0].CallerName+" "+visits[0].Caller), v.Anonymous))
	}
	for _, lane := range lanes {
		var spans []string
		for _, s := range lane.Spans {
			spans = append(spans, kinds[s.Kind].Name+" "+s.Text)
		}
		all = append(all, lane.Title+": "+strings.Join(spans, ", "))
	}
	return strings.Join(all, "; ")
}
