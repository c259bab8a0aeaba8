package story

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/queue"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

var view = View{
	Texts: Texts{
		Title: "TITLE", Group: "group", Anonymous: "anonymous", Wait: "wait", Talk: "talk", Ring: "ring",
		Missed: "missed", Agent: "in talk",
	},
	Zone: time.UTC, Group: map[string]string{"110": "Sales", "120": "120"},
	Agent: func(extension string) string { return "agent " + extension },
}

func visit(number int, group, from string, arrived, answered, bridged, ended int) queue.VisitRecord {
	c := queue.CDR{Visit: number, Group: group, CameFrom: from, Arrived: at(arrived), Ended: at(ended)}
	if answered > 0 {
		c.Answered = at(answered)
	}
	if bridged > 0 {
		c.Bridged = at(bridged)
	}
	return queue.VisitRecord{CDR: c}
}

func offer(visit int, outcome queue.OfferOutcome, offered, answered, ended int) queue.OfferRecord {
	o := queue.OfferRecord{Visit: visit, Agent: fmt.Sprint(1000 + visit), Outcome: outcome}
	o.Offered, o.Ended = at(offered), at(ended)
	if answered > 0 {
		o.Answered = at(answered)
	}
	return o
}

func TestLanesOfACall(t *testing.T) {
	for name, test := range map[string]struct {
		visits []queue.VisitRecord
		offers []queue.OfferRecord
		want   []string
	}{
		"another group: the time of arrival is kept": {
			[]queue.VisitRecord{visit(1, "110", "", 0, 0, 0, 30), visit(2, "120", "110", 0, 40, 41, 50)},
			nil,
			[]string{"group 110 Sales: wait 0-30", "group 120: wait 30-40, talk 40-50"},
		},
		"an agent answered, and the caller was gone": {
			[]queue.VisitRecord{visit(1, "110", "", 0, 10, 0, 12)},
			[]queue.OfferRecord{offer(1, queue.OfferExpired, 5, 10, 12), offer(1, queue.OfferMissed, 1, 0, 4)},
			[]string{
				"group 110 Sales: wait 0-12", "↳ agent 1001: missed 5-10, in talk 10-12", "↳ agent 1001: missed 1-4",
			},
		},
		"a transfer bridges again": {
			[]queue.VisitRecord{visit(1, "110", "", 0, 10, 90, 99)},
			nil,
			[]string{"group 110 Sales: wait 0-10, talk 10-99"},
		},
		"a visit is hidden, and an old one has no number": {
			[]queue.VisitRecord{visit(0, "110", "", 0, 0, 0, 9), visit(3, "130", "120", 20, 0, 0, 29)},
			[]queue.OfferRecord{
				offer(3, queue.OfferMissed, 21, 0, 22), offer(2, queue.OfferMissed, 11, 0, 12),
				offer(0, queue.OfferMissed, 1, 0, 2),
			},
			[]string{
				"group 110 Sales: wait 0-9", "↳ agent 1000: missed 1-2", "↳ agent 1002: missed 11-12",
				"group 130: wait 20-29", "↳ agent 1003: missed 21-22",
			},
		},
		"an end before the begin, as a clock set back makes it": {
			[]queue.VisitRecord{visit(1, "110", "", 9, 0, 0, 3)}, nil, []string{"group 110 Sales: wait 9-9"},
		},
	} {
		kinds, got := view.kinds(), []string(nil)
		for _, lane := range view.lanes(test.visits, test.offers) {
			var spans []string
			for _, s := range lane.Spans {
				from, to := s.From.Sub(noon).Seconds(), s.To.Sub(noon).Seconds()
				spans = append(spans, fmt.Sprintf("%s %v-%v", kinds[s.Kind].Name, from, to))
			}
			got = append(got, lane.Title+": "+strings.Join(spans, ", "))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

func TestThePictureSaysWhatItShows(t *testing.T) {
	var out bytes.Buffer
	if err := WriteSVG(&out, []queue.VisitRecord{visit(1, "110", "", 0, 10, 10, 75)}, nil, &view); err != nil {
		t.Fatal(err)
	}
	var picture struct {
		About string `xml:"g>desc"`
	}
	if err := xml.Unmarshal(out.Bytes(), &picture); err != nil {
		t.Fatal(err)
	}
	if want := "anonymous; group 110 Sales: wait 0:10, talk 1:05"; picture.About != want {
		t.Errorf("%q, want %q", picture.About, want)
	}
	out.Reset()
	if err := WriteSVG(&out, nil, nil, &view); err != nil || strings.Contains(out.String(), "<g") {
		t.Errorf("without records: %v, %s", err, out.String())
	}
}
