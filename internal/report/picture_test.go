package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/figures"
)

// texts are words that cannot be taken for each other.
var texts = Texts{
	Calls: "CALLS", Level: "LEVEL", Work: "WORK", Other: "other", Goal: "goal {0} %", Goals: "goals {0}",
	Figures: map[string]string{"answered": "ANSWERED", "abandoned": "ABANDONED", "agent_answered": "no"},
}

// picture is what the tests read from a picture.
type picture struct {
	charts []drawnChart
	data   map[string]json.RawMessage
}

type drawnChart struct {
	Title   string   `xml:"title"`
	About   string   `xml:"desc"`
	Texts   []string `xml:"text"`
	Figures []string `xml:"rect>title"`
	Dots    []string `xml:"circle>title"`
}

func drawnAs(t *testing.T, r *Report, v *View) (p picture) {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteSVG(&out, v); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Data   []byte       `xml:"metadata"`
		Charts []drawnChart `xml:"g"`
	}
	if err := xml.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	var asJSON bytes.Buffer
	if err := r.WriteJSON(&asJSON); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read.Data, asJSON.Bytes()) {
		t.Errorf("the metadata is not the report: %s", read.Data)
	}
	if err := json.Unmarshal(read.Data, &p.data); err != nil {
		t.Fatal(err)
	}
	p.charts = read.Charts
	return p
}

func octoberView(t *testing.T, aims ...int) *View {
	return &View{
		Texts: texts, Aims: aims, Now: moment(t, "2027-01-01T00:00:00Z"), Name: func(of string) string { return of },
	}
}

// TestThePictureHasTheFiguresOfTheTable adds up the rows of the JSON, and compares every step.
func TestThePictureHasTheFiguresOfTheTable(t *testing.T) {
	berlin := zoneNamed(t, "Europe/Berlin")
	from, to := moment(t, "2026-10-01T00:00:00+02:00"), moment(t, "2026-11-01T00:00:00+01:00")
	for _, step := range []Step{Hour, Day, Week, Month} {
		r := made(t, october(t), Query{Step: step, Zone: berlin, From: from, To: to, Groups: []string{"110"}})
		p := drawnAs(t, r, octoberView(t, 80))
		var rows []map[string]any
		if err := json.Unmarshal(p.data["rows"], &rows); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, series := range []string{"answered", "abandoned", "other"} {
			for _, row := range rows {
				n := number(row[series])
				if series == "other" {
					n = number(row["offered"]) - number(row["answered"]) - number(row["abandoned"])
				}
				if n > 0 {
					name := map[string]string{"other": "other"}[series]
					if name == "" {
						name = strings.ToUpper(series)
					}
					want = append(want, fmt.Sprintf("%s %v", name, n))
				}
			}
		}
		if got := withoutPlaces(p.charts[0].Figures); got != strings.Join(want, "|") {
			t.Errorf("%s: %s\nwant %s", step, got, strings.Join(want, "|"))
		}
		want = nil
		for _, row := range rows {
			if level, is := row["service_level"].(float64); is {
				want = append(want, strconv.FormatFloat(float64(int(level*10))/10, 'f', 1, 64)+" %")
			}
		}
		if got := withoutPlaces(p.charts[1].Dots); got != strings.Join(want, "|") || len(want) == 0 {
			t.Errorf("%s: levels %s\nwant %s", step, got, strings.Join(want, "|"))
		}
		if about := p.charts[0].About; step != Week && about != "ANSWERED 4, ABANDONED 3, other 2" {
			t.Errorf("%s: %s", step, about) // the weeks begin in September, and end in November
		}
	}
}

func number(x any) float64 { f, _ := x.(float64); return f }

// withoutPlaces returns the figures of titles, without the names of their places.
func withoutPlaces(titles []string) string {
	var all []string
	for _, title := range titles {
		_, figure, _ := strings.Cut(title, ": ")
		all = append(all, figure)
	}
	return strings.Join(all, "|")
}

func TestTheStepsOfAPictureHaveTheirNames(t *testing.T) {
	berlin := zoneNamed(t, "Europe/Berlin")
	r := made(t, october(t), Query{
		Step: Hour, Zone: berlin, From: moment(t, "2026-10-25T00:00:00+02:00"),
		To: moment(t, "2026-10-25T06:00:00+01:00"),
	})
	p := drawnAs(t, r, octoberView(t, 80, 90))
	got := strings.Join(p.charts[0].Figures, "|")
	want := "10-25 02:00 +02:00: ANSWERED 1|10-25 02:00 +01:00: ANSWERED 1|10-25 02:00 +02:00: ABANDONED 2|" +
		"10-25 02:00 +01:00: other 1"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if names := strings.Join(p.charts[0].Texts, " "); !strings.Contains(names, "10-25 00:00 +02:00") {
		t.Errorf("the first hour, without a call, is not on the axis: %s", names)
	}
	if about := p.charts[1].About; about != "33.3 %, goals 80 %, 90 %" {
		t.Errorf("level: %s", about)
	}
	for step, want := range map[Step]string{Day: "2026-10-25: ANSWERED 2", Month: "2026-10: ANSWERED 4"} {
		r := made(t, october(t), Query{Step: step, Zone: berlin, From: r.From, To: r.To, Groups: []string{"110"}})
		if got := drawnAs(t, r, octoberView(t)).charts[0].Figures[0]; got != want {
			t.Errorf("%s: %s", step, got)
		}
	}
}

// No step after now is drawn, so the picture of a running day does not end with hours of nothing.
func TestThePictureEndsNow(t *testing.T) {
	r := made(t, october(t), Query{
		Step: Hour, Zone: time.UTC, From: moment(t, "2026-10-25T00:00:00Z"), To: moment(t, "2026-10-26T00:00:00Z"),
	})
	v := octoberView(t)
	v.Now = moment(t, "2026-10-25T03:30:00Z")
	if n := len(r.begins(v.Now)); n != 4 {
		t.Errorf("%d steps", n)
	}
}

func TestThePictureOfAgents(t *testing.T) {
	s := &source{}
	at := moment(t, "2026-03-04T09:00:00Z")
	for extension, minutes := range map[string]int{"1000": 90, "1001": 3} {
		open := figures.Open{}
		for i, standing := range []string{"ready", "talking", "down"} {
			open = s.Entry(open, &agent.LogEntry{
				Extension: extension, At: at.Add(time.Duration(i*minutes) * time.Minute),
				Standing: standing, Group: "110",
			})
		}
	}
	r := made(t, s, Query{ByAgent: true, Step: Day, Zone: time.UTC, From: at, To: at.Add(4 * time.Hour)})
	v := octoberView(t)
	v.Name = func(of string) string { return of + " <Li>" }
	p := drawnAs(t, r, v)
	want := "1000 <Li>: talk_seconds 1:30:00|1001 <Li>: talk_seconds 3:00|" +
		"1000 <Li>: ready_seconds 1:30:00|1001 <Li>: ready_seconds 3:00"
	if got := strings.Join(p.charts[0].Figures, "|"); got != want || len(p.charts) != 1 {
		t.Errorf("%s\nwant %s", got, want)
	}
	if about := p.charts[0].About; !strings.HasPrefix(about, "talk_seconds 1:33:00, wrap_up_seconds 0:00, ") {
		t.Error(about)
	}
	if texts := strings.Join(p.charts[0].Texts, " "); !strings.Contains(texts, "WORK 0 h 1 h 2 h 3 h 4 h 1000 <Li> ") {
		t.Error(texts)
	}
}

func TestAPictureOfNothingHasNoChart(t *testing.T) {
	at := moment(t, "2026-03-04T09:00:00Z")
	for _, byAgent := range []bool{false, true} {
		r := made(t, &source{}, Query{ByAgent: byAgent, Step: Day, Zone: time.UTC, From: at, To: at.Add(time.Hour)})
		if p := drawnAs(t, r, octoberView(t)); len(p.charts) != 0 {
			t.Errorf("by agent %t: %d charts", byAgent, len(p.charts))
		}
	}
	many := &source{}
	for i := range MostPlaces + 1 {
		many.calls("110", at.Add(time.Duration(i)*figures.Quarter), "b1")
	}
	r := made(t, many, Query{Step: Quarter, Zone: time.UTC, From: at, To: at.AddDate(1, 0, 0)})
	if p := drawnAs(t, r, octoberView(t)); len(p.charts) != 0 {
		t.Errorf("%d charts of too many steps", len(p.charts))
	}
}
