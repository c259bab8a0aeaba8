package chart

import "time"

// Timeline shows spans of time in lanes, one below the other.
type Timeline struct {
	Head
	Lanes []Lane
	// Kinds are the kinds of spans, for the legend. They have no values.
	Kinds []Series
	Zone  *time.Location // of the moments on the axis
}

// Lane is a line of a Timeline.
type Lane struct {
	Title string
	Spans []Span
}

// Span is a time in a lane. Kind is its index in the kinds of the Timeline.
type Span struct {
	From, To time.Time
	Kind     int
	Text     string // how long it is
}

// The measures of a timeline.
const (
	laneLeft   = 200.0 // before it are the titles of the lanes
	laneRight  = 40.0
	laneTop    = 26.0
	laneHeight = 40.0
	spanHeight = 26.0
	titleWidth = laneLeft - 12 // of a lane's title
	laneSize   = 13.0          // of its letters
	padding    = 12.0          // beside the text in a span
	mostMarks  = 7
)

func (l *Timeline) bottom() float64 { return laneTop + laneHeight*float64(len(l.Lanes)) }

func (l *Timeline) height() float64 {
	return l.bottom() + axisHeight + lineHeight*float64(len(legendOf(l.Kinds))) + gap
}

func (l *Timeline) draw(p *picture) {
	from, to := l.ends()
	x := func(at time.Time) float64 {
		return laneLeft + at.Sub(from).Seconds()/to.Sub(from).Seconds()*(width-laneLeft-laneRight)
	}
	for _, at := range marks(from, to, l.Zone) {
		p.empty("line", "x1", x(at), "x2", x(at), "y1", laneTop, "y2", l.bottom(), "class", "mark-line")
		p.say("text", at.In(l.Zone).Format(time.TimeOnly), "x", x(at), "y", l.bottom()+lineHeight-4,
			"text-anchor", "middle", "class", "mark-text")
	}
	for i, lane := range l.Lanes {
		y := laneTop + laneHeight*float64(i)
		p.laneTitle(lane.Title, y+25)
		for _, s := range lane.Spans {
			p.span(s, l.Kinds[s.Kind], x(s.From), x(s.To), y+7)
		}
	}
	p.legend(legendOf(l.Kinds), l.bottom()+axisHeight)
}

// laneTitle writes the title of a lane. One that is cut off is whole in its tooltip.
func (p *picture) laneTitle(title string, y float64) {
	p.open("text", "x", 0, "y", y, "class", "lane-title")
	short := shortened(title, titleWidth, laneSize)
	p.escape(short)
	if short != title {
		p.say("title", title)
	}
	p.close("text")
}

// span draws a span, with as much text as it has room for.
func (p *picture) span(s Span, kind Series, from, to, y float64) {
	wide := max(2, to-from)
	whole := kind.Name + " " + s.Text
	p.open("rect", "x", from, "y", y, "width", wide, "height", spanHeight, "rx", 3, "class", kind.Class)
	p.say("title", whole)
	p.close("rect")
	for _, text := range []string{whole, s.Text} {
		if textWidth(text, textSize)+padding <= wide {
			p.say("text", text, "x", from+wide/2, "y", y+18, "text-anchor", "middle", "class", "span-text")
			return
		}
	}
}

// ends returns the first and the last moment of the spans, at least a second from each other.
func (l *Timeline) ends() (from, to time.Time) {
	for _, lane := range l.Lanes {
		for _, s := range lane.Spans {
			if from.IsZero() || s.From.Before(from) {
				from = s.From
			}
			if s.To.After(to) {
				to = s.To
			}
		}
	}
	if least := from.Add(time.Second); to.Before(least) {
		to = least
	}
	return from, to
}

// marks returns some moments between two others that are round in the zone.
func marks(from, to time.Time, zone *time.Location) (all []time.Time) {
	step := 24 * time.Hour
	for _, s := range []int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400} {
		if to.Sub(from)/mostMarks <= time.Duration(s)*time.Second {
			step = time.Duration(s) * time.Second
			break
		}
	}
	for to.Sub(from)/mostMarks > step {
		step *= 2
	}
	_, seconds := from.In(zone).Zone()
	offset := time.Duration(seconds) * time.Second
	at := from.Add(offset).Truncate(step).Add(-offset)
	for ; !at.After(to); at = at.Add(step) {
		if !at.Before(from) {
			all = append(all, at)
		}
	}
	return all
}
