package bench

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Chart is one line chart. Points that a logarithmic axis cannot show are left out.
type Chart struct {
	Title, X, Y string // Y is the unit
	LogX, LogY  bool
	Series      []Series
}

// Series is one line of a chart.
type Series struct {
	Name   string
	Points []Point
}

// Point is one value of a series.
type Point struct{ X, Y float64 }

// Sizes are in pixels.
const (
	chartWidth, chartHeight               = 460, 300
	marginLeft, marginRight               = 64, 20
	marginTop, marginBottom               = 58, 46
	headHeight, columns, wantedTicks, gap = 64, 2, 5, 12
)

// palette is that of Okabe and Ito, whose colours people with any colour vision can distinguish.
var palette = []string{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"}

// WriteSVG draws the charts, two in a row, under a title.
func WriteSVG(to io.Writer, title, subtitle string, charts []Chart) error {
	charts = slices.DeleteFunc(slices.Clone(charts), func(c Chart) bool { return len(c.visible()) == 0 })
	inRow := min(columns, max(1, len(charts)))
	rows := (len(charts) + inRow - 1) / inRow
	width, height := inRow*(chartWidth+gap)+gap, headHeight+rows*(chartHeight+gap)
	var b strings.Builder
	fmt.Fprintf(&b,
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" `+
			`font-family="Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#f6f7f9"/>`+"\n")
	fmt.Fprintf(&b, `<text x="%d" y="28" font-size="17" font-weight="600" fill="#1b1f24">%s</text>`+"\n", gap+6,
		html.EscapeString(title))
	fmt.Fprintf(&b, `<text x="%d" y="48" font-size="11.5" fill="#5b6470">%s</text>`+"\n", gap+6,
		html.EscapeString(subtitle))
	for i, c := range charts {
		x, y := gap+i%inRow*(chartWidth+gap), headHeight+i/inRow*(chartHeight+gap)
		fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n", x, y)
		c.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(to, b.String())
	return err
}

// visible returns the series with points that can be shown, and those points from left to right.
func (c Chart) visible() (all []Series) {
	for _, s := range c.Series {
		var points []Point
		for _, p := range s.Points {
			if !math.IsNaN(p.Y) && (!c.LogX || p.X > 0) && (!c.LogY || p.Y > 0) {
				points = append(points, p)
			}
		}
		slices.SortFunc(points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
		if len(points) > 0 {
			all = append(all, Series{s.Name, points})
		}
	}
	return all
}

func (c Chart) draw(b *strings.Builder) {
	series := c.visible()
	x, y := c.axes(series)
	fmt.Fprintf(b, `<rect width="%d" height="%d" rx="6" fill="#fff" stroke="#e2e5ea"/>`+"\n", chartWidth, chartHeight)
	fmt.Fprintf(b, `<text x="16" y="24" font-size="13" font-weight="600" fill="#1b1f24">%s</text>`+"\n",
		html.EscapeString(c.Title))
	c.drawGrid(b, x, y)
	at := 16.0
	for i, s := range series {
		color := palette[i%len(palette)]
		if len(series) > 1 {
			fmt.Fprintf(b,
				`<line x1="%.0f" x2="%.0f" y1="40" y2="40" stroke="%s" stroke-width="2.5"/>`+
					`<text x="%.0f" y="44" font-size="11" fill="#3a424d">%s</text>`+"\n",
				at, at+14, color, at+19, html.EscapeString(s.Name))
			at += 34 + 6.1*float64(len([]rune(s.Name)))
		}
		drawLine(b, s.Points, x, y, color)
	}
}

func drawLine(b *strings.Builder, points []Point, x, y axis, color string) {
	var path, dots strings.Builder
	for i, p := range points {
		px, py := x.place(p.X), y.place(p.Y)
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], px, py)
		fmt.Fprintf(&dots, `<circle cx="%.1f" cy="%.1f" r="2.8" fill="%s"/>`, px, py, color)
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round"/>%s`+"\n",
		path.String(), color, dots.String())
}

func (c Chart) drawGrid(b *strings.Builder, x, y axis) {
	bottom := chartHeight - marginBottom
	for _, v := range y.ticks {
		py := y.place(v)
		fmt.Fprintf(b,
			`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#e8ebef"/>`+
				`<text x="%d" y="%.1f" font-size="10.5" text-anchor="end" fill="#5b6470">%s</text>`+"\n",
			marginLeft, chartWidth-marginRight, py, py, marginLeft-7, py+3.7, short(v))
	}
	for _, v := range x.ticks {
		px := x.place(v)
		fmt.Fprintf(b,
			`<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#c9ced6"/>`+
				`<text x="%.1f" y="%d" font-size="10.5" text-anchor="middle" fill="#5b6470">%s</text>`+"\n",
			px, px, bottom, bottom+4, px, bottom+16, short(v))
	}
	fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%d" y2="%d" stroke="#c9ced6"/>`+"\n", marginLeft, chartWidth-marginRight,
		bottom, bottom)
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="11" text-anchor="middle" fill="#3a424d">%s</text>`+"\n",
		(marginLeft+chartWidth-marginRight)/2, chartHeight-11, html.EscapeString(c.X))
	middle := (marginTop + bottom) / 2
	fmt.Fprintf(b,
		`<text x="15" y="%d" font-size="11" text-anchor="middle" fill="#3a424d" `+
			`transform="rotate(-90 15 %d)">%s</text>`+"\n",
		middle, middle, html.EscapeString(c.Y))
}

// axis maps values to pixels.
type axis struct {
	low, high float64 // the values at its ends
	from, to  float64 // their pixels
	log       bool
	ticks     []float64
}

func (c Chart) axes(series []Series) (x, y axis) {
	var xs, ys []float64
	for _, s := range series {
		for _, p := range s.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	x, y = newAxis(xs, c.LogX, false), newAxis(ys, c.LogY, true)
	x.from, x.to = marginLeft+8, chartWidth-marginRight-8
	y.from, y.to = chartHeight-marginBottom, marginTop
	return x, y
}

// newAxis spans the values. round makes it end at ticks, and makes a linear one begin at zero.
func newAxis(values []float64, log, round bool) axis {
	a := axis{low: slices.Min(values), high: slices.Max(values), log: log}
	switch {
	case log && round:
		a.low, a.high = math.Pow(10, math.Floor(math.Log10(a.low))), math.Pow(10, math.Ceil(math.Log10(a.high)))
	case round:
		a.low = min(0, a.low)
	}
	if a.high <= a.low {
		a.high = a.low + max(1, math.Abs(a.low))
		if log {
			a.high = 10 * a.low
		}
	}
	if log {
		a.ticks = logTicks(a.low, a.high)
		return a
	}
	step := niceStep((a.high - a.low) / wantedTicks)
	if round {
		a.high = step * math.Ceil(a.high/step-1e-9)
	}
	for n := math.Ceil(a.low/step - 1e-9); n*step <= a.high+step*1e-9; n++ {
		a.ticks = append(a.ticks, n*step)
	}
	return a
}

// niceStep is the next of 1, 2, 5, 10 and so on.
func niceStep(rough float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if rough <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logTicks returns the powers of ten, with 2 and 5 between them if there are few.
func logTicks(low, high float64) (ticks []float64) {
	between := []float64{1}
	if math.Log10(high/low) < 2.5 {
		between = []float64{1, 2, 5}
	}
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high*1.001; power *= 10 {
		for _, m := range between {
			if v := m * power; v >= low*0.999 && v <= high*1.001 {
				ticks = append(ticks, v)
			}
		}
	}
	return ticks
}

func (a axis) place(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log10(v), math.Log10(low), math.Log10(high)
	}
	return a.from + (v-low)/(high-low)*(a.to-a.from)
}

// short is a number as a tick shows it: 1k, 0.05, 2.5M.
func short(v float64) string {
	suffix := ""
	switch {
	case math.Abs(v) >= 1e6:
		v, suffix = v/1e6, "M"
	case math.Abs(v) >= 1e4:
		v, suffix = v/1e3, "k"
	}
	return strconv.FormatFloat(v+0, 'g', 4, 64) + suffix // no -0
}
