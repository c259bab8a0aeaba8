package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// element is an element of a picture, with the text that is directly in it.
type element struct {
	tag        string
	attributes map[string]string
	text       string
	parent     *element
}

// number returns an attribute as a number.
func (e *element) number(name string) float64 {
	x, err := strconv.ParseFloat(e.attributes[name], 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

// drawn writes the picture and reads it back as a browser does.
func drawn(t *testing.T, d *Document) (all []*element) {
	t.Helper()
	var out bytes.Buffer
	if err := d.Write(&out); err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(&out)
	var open *element
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = &element{token.Name.Local, map[string]string{}, "", open}
			for _, a := range token.Attr {
				open.attributes[a.Name.Local] = a.Value
			}
			all = append(all, open)
		case xml.CharData:
			open.text += string(token)
		case xml.EndElement:
			open = open.parent
		}
	}
}

// of returns the elements with a tag and a class.
func of(all []*element, tag, class string) (some []*element) {
	for _, e := range all {
		if e.tag == tag && e.attributes["class"] == class {
			some = append(some, e)
		}
	}
	return some
}

func texts(all []*element, tag string) (some []string) {
	for _, e := range all {
		if e.tag == tag {
			some = append(some, e.text)
		}
	}
	return some
}

func values(sizes ...float64) (all []Value) {
	for _, size := range sizes {
		all = append(all, Value{Size: size, Text: number(size), None: size < 0})
	}
	return all
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.02 }

func TestBarsStandOnEachOther(t *testing.T) {
	all := drawn(t, &Document{Charts: []Chart{&Bars{
		Head: Head{Title: "Calls", Places: []string{"Mon", "Tue"}}, Mark: number,
		Series: []Series{{"answered", "c-1", values(30, 10)}, {"abandoned", "c-2", values(10, 0)}},
	}}})
	// The axis ends at 40, so a unit is a 40th of the plot.
	unit := (plotBottom - plotTop) / 40
	answered, abandoned := of(all, "rect", "c-1"), of(all, "rect", "c-2")
	if len(answered) != 3 || len(abandoned) != 2 { // the legend has one of each
		t.Fatalf("%d and %d rectangles; a zero has none", len(answered), len(abandoned))
	}
	first, second, above := answered[0], answered[1], abandoned[0]
	if !near(first.number("height"), 30*unit) || !near(second.number("height"), 10*unit) ||
		!near(above.number("height"), 10*unit) {
		t.Errorf("heights %v %v %v", first.attributes, second.attributes, above.attributes)
	}
	if !near(first.number("y")+first.number("height"), plotBottom) ||
		!near(above.number("y")+above.number("height"), first.number("y")) ||
		above.attributes["x"] != first.attributes["x"] {
		t.Errorf("%v does not stand on %v", above.attributes, first.attributes)
	}
	said := strings.Join(texts(all, "title"), "|")
	if said != "Calls|Mon: answered 30|Tue: answered 10|Mon: abandoned 10" {
		t.Errorf("titles %s", said)
	}
	if marks := strings.Join(texts(all, "text"), " "); marks != "Calls 0 10 20 30 40 Mon Tue answered abandoned" {
		t.Errorf("texts %s", marks)
	}
}

func TestALineHasAGapWithoutAValue(t *testing.T) {
	all := drawn(t, &Document{Charts: []Chart{&Line{
		Head:   Head{Title: "Level", Note: "goal 80 %", About: "75 %", Places: []string{"1", "2", "3", "4"}},
		Values: values(100, 50, -1, 0), Goal: Value{Size: 80},
	}}})
	path := of(all, "path", "level-line")[0].attributes["d"]
	if strings.Count(path, "M") != 2 || strings.Count(path, "L") != 1 {
		t.Errorf("path %s", path)
	}
	dots := of(all, "circle", "dot")
	if len(dots) != 3 || !near(dots[0].number("cy"), plotTop) || !near(dots[1].number("cy"), (plotTop+plotBottom)/2) ||
		!near(dots[2].number("cy"), plotBottom) {
		t.Errorf("%d dots", len(dots))
	}
	goal := of(all, "line", "goal-line")
	if len(goal) != 1 || !near(goal[0].number("y1"), plotBottom-0.8*(plotBottom-plotTop)) {
		t.Errorf("goal %v", goal)
	}
	without := drawn(t, &Document{Charts: []Chart{&Line{Goal: Value{None: true}, Values: values(-1)}}})
	for tag, class := range map[string]string{"line": "goal-line", "path": "level-line", "circle": "dot"} {
		if len(of(without, tag, class)) != 0 {
			t.Errorf("there is a %s without a value", class)
		}
	}
}

// Who cannot see the picture gets its name and what it shows.
func TestAChartHasANameAndADescription(t *testing.T) {
	line := func(title string) Chart {
		return &Line{Head: Head{Title: title, About: "of " + title}, Goal: Value{None: true}}
	}
	all := drawn(t, &Document{Charts: []Chart{line("first"), line("second")}, Data: []byte(`{"a":"<&>"}`)})
	byID, images := map[string]string{}, 0
	for _, e := range all {
		byID[e.attributes["id"]] = e.text
	}
	for _, e := range all {
		if e.attributes["role"] == "img" {
			title := []string{"first", "second"}[images]
			images++
			if byID[e.attributes["aria-labelledby"]] != title || byID[e.attributes["aria-describedby"]] != "of "+title {
				t.Errorf("chart %d: %v", images, e.attributes)
			}
		}
	}
	if images != 2 || all[0].attributes["viewBox"] != "0 0 1200 554" {
		t.Errorf("%d charts in %s", images, all[0].attributes["viewBox"])
	}
	if data := texts(all, "metadata"); len(data) != 1 || data[0] != `{"a":"<&>"}` {
		t.Errorf("metadata %q", data)
	}
}

func TestATextIsNoMarkupAndNothingHasAStyle(t *testing.T) {
	const evil = `"><script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>` +
		`<b style='x' onload="y">&]]>` + "\x00\x1b"
	var out bytes.Buffer
	d := &Document{Data: []byte(evil), Styles: []string{evil}, Charts: []Chart{&Bars{
		Head: Head{Title: evil, Note: evil, About: evil, Places: []string{evil}},
		Mark: func(float64) string { return evil }, Series: []Series{{evil, evil, []Value{{Size: 1, Text: evil}}}},
	}, &Line{Head: Head{Title: evil, Places: []string{evil}}, Values: []Value{{Size: 1, Text: evil}}}, &Timeline{
		Head: Head{Title: evil, Note: evil, About: evil}, Kinds: []Series{{Name: evil, Class: evil}}, Zone: time.UTC,
		Lanes: []Lane{{evil, []Span{{From: noon, To: noon.Add(time.Hour), Text: evil}}}},
	}}}
	all := drawn(t, d)
	for _, e := range all {
		if !strings.Contains(" svg metadata g title desc text tspan rect line path circle ", " "+e.tag+" ") {
			t.Errorf("element %s", e.tag)
		}
		for name := range e.attributes {
			if name == "style" || strings.HasPrefix(name, "on") {
				t.Errorf("%s has %s", e.tag, name)
			}
		}
	}
	err := d.Write(&out)
	if text := out.String(); err != nil || strings.Contains(text, "<script") || strings.Contains(text, `style='`) {
		t.Errorf("%v: %s", err, text)
	}
	if !strings.Contains(strings.Join(texts(all, "title"), ""), `<script xmlns="http`) {
		t.Error("the text is not there at all")
	}
}

func TestAxesEndAtRoundNumbers(t *testing.T) {
	for size, want := range map[float64]float64{
		0: 4, 3: 4, 4: 4, 5: 6, 7: 8, 9: 12, 11: 12, 13: 20, 99: 120, 120: 120, 121: 200, 3900: 4000, 8001: 12000,
	} {
		if got := RoundUp(size); got != want {
			t.Errorf("%v ends at %v, want %v", size, got, want)
		}
	}
}

// A name is cut off only if it is very long.
func TestTheNamesOfHoursAreWhole(t *testing.T) {
	hours := make([]string, 48)
	for i := range hours {
		hours[i] = "01-05 " + strconv.Itoa(10+i%12) + ":00 +02:00"
	}
	texts := strings.Join(texts(drawn(t, &Document{Charts: []Chart{&Line{Head: Head{Places: hours}}}}), "text"), "|")
	if strings.Contains(texts, "…") || !strings.Contains(texts, "|01-05 10:00 +02:00") {
		t.Errorf("names %s", texts)
	}
}

// Many places have few names, and none runs into the next one.
func TestNamesFitBelowTheAxis(t *testing.T) {
	places := make([]string, 100)
	for i := range places {
		places[i] = strings.Repeat("很长的名字 ", 9) + strconv.Itoa(i)
	}
	all := drawn(t, &Document{Charts: []Chart{&Bars{Head: Head{Places: places}, Mark: number, Series: []Series{
		{"一", "c", values(1)},
	}}}})
	var last, lastWide float64
	names := 0
	for _, e := range all {
		if e.attributes["text-anchor"] != "middle" {
			continue
		}
		names++
		wide := textWidth(e.text, textSize)
		if names > 1 && e.number("x")-wide/2 < last+lastWide/2 {
			t.Errorf("%q runs into the name before", e.text)
		}
		last, lastWide = e.number("x"), wide
	}
	if names < 5 || names > mostNames {
		t.Errorf("%d names", names)
	}
}

func TestTheLegendGoesOnInTheNextLine(t *testing.T) {
	b := &Bars{Head: Head{Places: []string{"a"}}}
	for range 9 {
		b.Series = append(b.Series, Series{Name: strings.Repeat("name ", 8)})
	}
	lines := legendOf(b.Series)
	if len(lines) < 2 {
		t.Fatalf("%d lines", len(lines))
	}
	entries := 0
	for _, line := range lines {
		entries += len(line)
		for _, e := range line {
			if e.x+swatch+6+textWidth(e.name, textSize) > width {
				t.Errorf("%q ends beyond the picture", e.name)
			}
		}
	}
	if entries != 9 {
		t.Errorf("%d entries", entries)
	}
}
