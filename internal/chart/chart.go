// Package chart draws charts as SVG: stacked bars, a line in percent with a goal, and spans of time
// in lanes. It does not know what they are about.
//
// Every text is escaped, because names come from strangers. Colours are classes of the page's style
// sheet, so a picture fits the theme of the page. It has no style attribute: the policy of the pages
// gives these no effect.
package chart

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// Document is a picture with charts, one below the other.
type Document struct {
	Charts []Chart
	// Data is what the charts were drawn from. It is in the picture as its metadata.
	Data []byte
	// Styles are the addresses of the style sheets for a picture that is opened by itself.
	Styles []string
}

// Chart is a Bars, a Line or a Timeline.
type Chart interface {
	head() *Head
	height() float64
	draw(*picture)
}

// Head is what every chart has.
type Head struct {
	Title string
	Note  string // beside the title
	// About says what the chart shows, for those who cannot see it.
	About  string
	Places []string // the names on the horizontal axis
}

func (h *Head) head() *Head { return h }

// Value is a figure at one place.
type Value struct {
	Size float64
	Text string // the figure as the page shows it elsewhere
	None bool   // there is no figure at this place
}

// Series is a part of each bar.
type Series struct {
	Name, Class string
	Values      []Value // at most one for each place
}

// Bars are stacked bars, the first series at the bottom. A place without a value has no bar.
type Bars struct {
	Head
	Series []Series
	// Mark returns the text of a mark on the vertical axis.
	Mark func(size float64) string
}

// Line is a line in percent. It has a gap where there is no value.
type Line struct {
	Head
	Values []Value
	Goal   Value
}

// The measures of a picture, in its own units.
const (
	width      = 1200.0
	left       = 52.0 // of the plot
	right      = 10.0
	titleSize  = 15.0 // of letters
	textSize   = 12.0
	plotTop    = 36.0
	plotBottom = 238.0
	axisHeight = 28.0
	lineHeight = 20.0 // of the legend
	gap        = 22.0 // below a chart
	widest     = 90.0 // of a bar
	thinnest   = 0.5  // of a part of a bar that is not zero
	mostNames  = 12   // on the horizontal axis
	widestName = 160.0
	between    = 10.0 // two names
)

// Write writes the picture.
func (d *Document) Write(to io.Writer) error {
	p := &picture{}
	for _, style := range d.Styles {
		p.instruction(style)
	}
	all := 0.0
	for _, c := range d.Charts {
		all += c.height()
	}
	all = max(0, all-gap)
	p.open("svg", "xmlns", "http://www.w3.org/2000/svg", "class", "chart",
		"viewBox", "0 0 "+number(width)+" "+number(all))
	if len(d.Data) > 0 {
		p.say("metadata", string(d.Data))
	}
	top := 0.0
	for i, c := range d.Charts {
		id := "chart-" + strconv.Itoa(i+1)
		p.open("g", "role", "img", "aria-labelledby", id+"-title", "aria-describedby", id+"-about",
			"transform", "translate(0 "+number(top)+")")
		p.caption(c.head(), id)
		c.draw(p)
		p.close("g")
		top += c.height()
	}
	p.close("svg")
	_, err := to.Write(p.text.Bytes())
	return err
}

// caption writes the title of a chart, what it is about, and the note beside the title.
func (p *picture) caption(h *Head, id string) {
	p.say("title", h.Title, "id", id+"-title")
	p.say("desc", h.About, "id", id+"-about")
	p.open("text", "x", 0, "y", titleSize, "class", "chart-title")
	p.escape(h.Title)
	if h.Note != "" { // it is right behind the title, however wide that is
		p.say("tspan", h.Note, "dx", textSize, "class", "mark-text")
	}
	p.close("text")
}

// Clock returns a time as 0:05, 12:34 or 1:02:03, as the pages show it.
func Clock(d time.Duration) string {
	s := max(0, int64(d/time.Second))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// RoundUp returns a round number that is not below the size. Its quarters are round, too.
func RoundUp(size float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(4, size))))
	for _, factor := range []float64{1.2, 2, 4, 6, 8} {
		if factor*power >= max(4, size) {
			return factor * power
		}
	}
	return 12 * power
}

func (b *Bars) height() float64 {
	return plotBottom + axisHeight + lineHeight*float64(len(legendOf(b.Series))) + gap
}

func (l *Line) height() float64 { return plotBottom + axisHeight + gap }

func (b *Bars) draw(p *picture) {
	sums := make([]float64, len(b.Places))
	for _, s := range b.Series {
		for i, v := range s.Values {
			sums[i] += v.Size
		}
	}
	highest := 0.0
	for _, sum := range sums {
		highest = max(highest, sum)
	}
	f := newPlot(p, RoundUp(highest), b.Places)
	f.axes(b.Mark)
	clear(sums) // from here on, where the next part of each bar begins
	for _, s := range b.Series {
		for i, v := range s.Values {
			if v.None || v.Size <= 0 {
				continue
			}
			f.part(i, sums[i], v, s)
			sums[i] += v.Size
		}
	}
	p.legend(legendOf(b.Series), plotBottom+axisHeight)
}

// part draws the part of a bar that begins at a size.
func (f *plot) part(place int, below float64, v Value, s Series) {
	wide := min(f.slot*0.7, widest)
	high := max(thinnest, f.y(below)-f.y(below+v.Size))
	f.p.open("rect", "x", f.x(place)-wide/2, "y", f.y(below)-high, "width", wide, "height", high, "class", s.Class)
	f.p.say("title", f.places[place]+": "+s.Name+" "+v.Text)
	f.p.close("rect")
}

func (l *Line) draw(p *picture) {
	f := newPlot(p, 100, l.Places)
	f.axes(func(size float64) string { return number(size) + " %" })
	if !l.Goal.None {
		y := f.y(l.Goal.Size)
		p.empty("line", "x1", left, "x2", width-right, "y1", y, "y2", y, "class", "goal-line")
	}
	path, open := "", false
	for i, v := range l.Values {
		if v.None {
			open = false
			continue
		}
		step := "M"
		if open {
			step = "L"
		}
		path += step + number(f.x(i)) + " " + number(f.y(v.Size))
		open = true
	}
	if path != "" {
		p.empty("path", "d", path, "class", "level-line")
	}
	for i, v := range l.Values {
		if v.None {
			continue
		}
		p.open("circle", "cx", f.x(i), "cy", f.y(v.Size), "r", 3, "class", "dot")
		p.say("title", l.Places[i]+": "+v.Text)
		p.close("circle")
	}
}
