package chart

import "math"

// plot is the part of a chart between its axes.
type plot struct {
	p      *picture
	most   float64 // the size at the upper edge
	places []string
	slot   float64 // the width of a place
}

func newPlot(p *picture, most float64, places []string) *plot {
	return &plot{p, most, places, (width - left - right) / float64(max(1, len(places)))}
}

// x returns the middle of a place.
func (f *plot) x(place int) float64 { return left + f.slot*(float64(place)+0.5) }

// y returns the height of a size.
func (f *plot) y(size float64) float64 { return plotBottom - size/f.most*(plotBottom-plotTop) }

// axes draws the marks of the sizes, and the names of the places.
func (f *plot) axes(mark func(size float64) string) {
	for quarter := range 5 {
		size := f.most * float64(quarter) / 4
		y := f.y(size)
		f.p.empty("line", "x1", left, "x2", width-right, "y1", y, "y2", y, "class", "mark-line")
		f.p.say("text", mark(size), "x", left-8, "y", y+4, "text-anchor", "end", "class", "mark-text")
	}
	f.names()
}

// names writes as many names of places as have room. Very long ones are cut off.
func (f *plot) names() {
	most := 0.0
	for _, name := range f.places {
		most = max(most, textWidth(name, textSize))
	}
	most = min(most, widestName)
	every := max((len(f.places)+mostNames-1)/mostNames, int(math.Ceil((most+between)/f.slot)))
	for i := 0; i < len(f.places); i += every {
		name := shortened(f.places[i], most, textSize)
		f.p.say("text", name, "x", f.x(i), "y", plotBottom+lineHeight, "text-anchor", "middle", "class", "mark-text")
	}
}

// entry is a series in the legend.
type entry struct {
	x           float64
	name, class string
}

const swatch = 12.0 // the size of the sample of a colour

// legendOf returns the lines of the legend.
func legendOf(series []Series) (lines [][]entry) {
	x, line := 0.0, []entry(nil)
	for _, s := range series {
		wide := swatch + 6 + textWidth(s.Name, textSize) + 20
		if x+wide > width && line != nil {
			lines, x, line = append(lines, line), 0, nil
		}
		line = append(line, entry{x, s.Name, s.Class})
		x += wide
	}
	return append(lines, line)
}

func (p *picture) legend(lines [][]entry, top float64) {
	for i, line := range lines {
		y := top + lineHeight*float64(i)
		for _, e := range line {
			p.empty("rect", "x", e.x, "y", y+2, "width", swatch, "height", swatch, "rx", 2, "class", e.class)
			p.say("text", e.name, "x", e.x+swatch+6, "y", y+swatch, "class", "mark-text")
		}
	}
}

// textWidth returns about how wide a text is. The letters of Chinese are as wide as they are high.
func textWidth(text string, size float64) (wide float64) {
	for _, letter := range text {
		wide += size * letterWidth(letter)
	}
	return wide
}

func letterWidth(letter rune) float64 {
	if letter >= 0x2e80 {
		return 1
	}
	return 0.58
}

// shortened returns the text, or as much of it as fits into a width.
func shortened(text string, most, size float64) string {
	if textWidth(text, size) <= most {
		return text
	}
	wide := size // of the dots
	for i, letter := range text {
		if wide += size * letterWidth(letter); wide > most {
			return text[:i] + "…"
		}
	}
	return text
}
