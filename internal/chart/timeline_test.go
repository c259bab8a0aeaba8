package chart

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func span(from, to, kind int, text string) Span {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	return Span{at(from), at(to), kind, text}
}

func TestSpansAreWhereTheirTimeIs(t *testing.T) {
	long := strings.Repeat("long ", 9)
	kinds := []Series{{Name: "waiting", Class: "c-wait"}, {Name: "talk", Class: "c-talk"}}
	all := drawn(t, &Document{Charts: []Chart{&Timeline{
		Head: Head{Title: "Call"}, Kinds: kinds, Zone: time.FixedZone("", 5*3600+1800),
		Lanes: []Lane{
			{"first", []Span{span(5, 55, 0, "0:50"), span(55, 105, 1, "0:50")}},
			{long, []Span{span(55, 56, 1, "0:01"), span(60, 60, 1, "0:00"), span(60, 65, 1, "0:05")}},
		},
	}}})
	second := (width - laneLeft - laneRight) / 100
	var got []string
	for _, e := range slices.Concat(of(all, "rect", "c-wait"), of(all, "rect", "c-talk")) {
		if e.number("width") == swatch {
			continue // of the legend
		}
		from := (e.number("x") - laneLeft) / second
		lane := (e.number("y") - 7 - laneTop) / laneHeight
		got = append(got, e.attributes["class"]+" "+strings.Join(
			[]string{number(lane), number(from), number(e.number("width") / second)}, " "))
	}
	want := []string{"c-wait 0 0 50", "c-talk 0 50 50", "c-talk 1 50 1", "c-talk 1 55 0.21", "c-talk 1 55 5"}
	if !slices.Equal(got, want) { // one without a length is still seen
		t.Errorf("spans %q", got)
	}
	titles := texts(all, "title")
	want = []string{"Call", "waiting 0:50", "talk 0:50", long, "talk 0:01", "talk 0:00", "talk 0:05"}
	if !slices.Equal(titles, want) {
		t.Errorf("titles %q", titles)
	}
	want = []string{
		"Call", "17:30:15", "17:30:30", "17:30:45", "17:31:00", "17:31:15", "17:31:30", "17:31:45", "first",
		"waiting 0:50", "talk 0:50", "long long long long lon…", "0:05", "waiting", "talk",
	}
	if got := texts(all, "text"); !slices.Equal(got, want) {
		t.Errorf("texts %q", got)
	}
}

func TestMarksAreRoundAndFew(t *testing.T) {
	zone := time.FixedZone("", -(3*3600 + 1800))
	for length, want := range map[time.Duration]string{
		time.Second: "08:30:00 08:30:01", 40 * time.Minute: "08:30:00 08:40:00 08:50:00 09:00:00 09:10:00",
		10 * time.Hour: "10:00:00 12:00:00 14:00:00 16:00:00 18:00:00",
	} {
		var got []string
		for _, at := range marks(noon, noon.Add(length), zone) {
			got = append(got, at.In(zone).Format(time.TimeOnly))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", length, got)
		}
	}
	if n := len(marks(noon, noon.AddDate(3, 0, 0), zone)); n > mostMarks+1 {
		t.Errorf("%d marks of three years", n)
	}
}

func TestATimelineWithoutLanesIsAPicture(t *testing.T) {
	drawn(t, &Document{Charts: []Chart{&Timeline{Zone: time.UTC}}})
}
