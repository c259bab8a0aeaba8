package app

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// stranger is a name that does harm if it becomes markup.
const stranger = `"></title><script>alert(1)</script><svg onload='x()'>&]]>`

// storyJSON is what the tests read from the story of a call.
type storyJSON struct {
	Visits []struct {
		Visit                             int
		Group, Caller                     string
		Name                              string `json:"caller_name"`
		CameFrom                          string `json:"came_from"`
		Arrived, Answered, Bridged, Ended time.Time
	}
	Offers []struct {
		Visit                    int
		Agent, Outcome           string
		Offered, Answered, Ended time.Time
	}
}

// drawnStory is what the tests read from the picture of a call.
type drawnStory struct {
	Data  string `xml:"metadata"`
	Chart struct {
		Role  string `xml:"role,attr"`
		Title string `xml:"title"`
		About string `xml:"desc"`
		Texts []struct {
			Class string `xml:"class,attr"`
			Text  string `xml:",chardata"`
			Whole string `xml:"title"`
		} `xml:"text"`
		Spans []struct {
			X     float64 `xml:"x,attr"`
			Y     float64 `xml:"y,attr"`
			Width float64 `xml:"width,attr"`
			Class string  `xml:"class,attr"`
			Title string  `xml:"title"`
		} `xml:"rect"`
	} `xml:"g"`
}

// mark is a span of the picture: its lane from above, and its time.
type mark struct {
	lane         int
	class, title string
	from, to     time.Time
}

// englishSpans and chineseSpans are the words of spans by their class.
var (
	englishSpans = map[string]string{
		"span-wait": "waiting", "span-talk": "talk", "span-ring": "ringing", "span-missed": "not answered",
		"span-agent": "agent in the talk",
	}
	chineseSpans = map[string]string{
		"span-wait": "等待", "span-talk": "通话", "span-ring": "振铃", "span-missed": "未接", "span-agent": "座席通话",
	}
)

// marks returns the spans that the story should have, and the objects of its lanes.
func (s *storyJSON) marks(words map[string]string) (all []mark, lanes []string) {
	add := func(class string, from, to time.Time) {
		seconds := int(to.Sub(from).Seconds())
		title := fmt.Sprintf("%s %d:%02d", words[class], seconds/60, seconds%60)
		all = append(all, mark{len(lanes) - 1, class, title, from, to})
	}
	ended := time.Time{} // of the visit before
	for number := range 3 {
		for _, v := range s.Visits {
			if v.Visit != number {
				continue
			}
			lanes = append(lanes, v.Group)
			from, answered := v.Arrived, v.Ended
			if v.CameFrom != "" && ended.After(from) {
				from = ended
			}
			if !v.Bridged.IsZero() {
				answered = v.Answered
			}
			add("span-wait", from, answered)
			if answered != v.Ended {
				add("span-talk", answered, v.Ended)
			}
			ended = v.Ended
		}
		for _, o := range s.Offers {
			if o.Visit != number {
				continue
			}
			lanes = append(lanes, o.Agent)
			if o.Outcome == "answered" {
				add("span-ring", o.Offered, o.Answered)
				add("span-agent", o.Answered, o.Ended)
			} else {
				add("span-missed", o.Offered, o.Ended)
			}
		}
	}
	return all, lanes
}

// TestThePictureOfACallIsItsStory holds every mark against the JSON that the same role gets.
func TestThePictureOfACallIsItsStory(t *testing.T) {
	a := newArchive(t)
	a.writeCall()
	name := stranger
	err := cmp.Or(a.floor.SetAgent(t.Context(), agent.Update{Extension: "1002", Name: &name}),
		a.floor.SetGroup(t.Context(), queue.GroupUpdate{Number: "110", Name: &name}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		role        auth.Role
		query       string
		title, noon string
		words       map[string]string
		lanes       string
	}{
		{
			auth.Admin, "", "The call on a line of time", "12:00:00", englishSpans,
			"110 1000 1002 120 1001",
		},
		{
			auth.Supervisor, "&language=zh&zone=Asia/Shanghai", "通话时间线", "20:00:00", chineseSpans,
			"110 1000 1002",
		},
		{auth.Read, "", "The call on a line of time", "12:00:00", englishSpans, "110 1000 1002"},
		{auth.Agent, "", "The call on a line of time", "", englishSpans, "1000"},
	} {
		told := a.get(c.role, "/calls/c/story")
		var drawn drawnStory
		text := a.get(c.role, "/calls/c/story?format=svg"+c.query)
		if err := xml.Unmarshal(text, &drawn); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "<script") || strings.Contains(string(text), "<svg onload") {
			t.Errorf("%s: a name is markup: %s", c.role, text)
		}
		var of, in storyJSON
		if cmp.Or(json.Unmarshal(told, &of), json.Unmarshal([]byte(drawn.Data), &in)) != nil ||
			!slices.Equal(of.Visits, in.Visits) || !slices.Equal(of.Offers, in.Offers) {
			t.Errorf("%s: the picture is of\n%s\nthe story is\n%s", c.role, drawn.Data, told)
		}
		drawn.isOf(t, c.role, &of, c.words, c.lanes)
		if got := drawn.Chart.Title; got != c.title || drawn.Chart.Role != "img" {
			t.Errorf("%s: the picture is called %q", c.role, got)
		}
		if c.noon != "" && !slices.Contains(drawn.texts("mark-text"), c.noon) {
			t.Errorf("%s: no %s on the axis: %q", c.role, c.noon, drawn.texts("mark-text"))
		}
	}
}

// isOf fails the test unless the picture has exactly the marks of the story.
func (d *drawnStory) isOf(t *testing.T, role auth.Role, s *storyJSON, words map[string]string, lanes string) {
	t.Helper()
	want, objects := s.marks(words)
	if got := strings.Join(objects, " "); got != lanes {
		t.Errorf("%s: the story is about %s, want %s", role, got, lanes)
	}
	titles := d.texts("lane-title")
	if len(titles) != len(objects) {
		t.Fatalf("%s: the lanes are %q", role, titles)
	}
	for i, object := range objects {
		if !strings.Contains(titles[i], object) || !strings.Contains(d.Chart.About, titles[i]) {
			t.Errorf("%s: lane %d is %q, of %s, in %q", role, i, titles[i], object, d.Chart.About)
		}
		if known := object == "110" || object == "1002"; strings.Contains(titles[i], stranger) != known {
			t.Errorf("%s: lane %d is %q", role, i, titles[i])
		}
	}
	if got := d.marks(want); !slices.Equal(got, want) {
		t.Errorf("%s: the picture has\n%v\nwant\n%v", role, got, want)
	}
	for _, m := range want {
		if !strings.Contains(d.Chart.About, m.title) {
			t.Errorf("%s: no %q in the description %q", role, m.title, d.Chart.About)
		}
	}
	if len(s.Visits) > 0 && !strings.HasPrefix(d.Chart.About, s.Visits[0].Name+" "+s.Visits[0].Caller) {
		t.Errorf("%s: the caller is not in %q", role, d.Chart.About)
	}
}

// texts returns the texts of a class, whole also if they are cut off.
func (d *drawnStory) texts(class string) (all []string) {
	for _, text := range d.Chart.Texts {
		if text.Class == class {
			all = append(all, cmp.Or(text.Whole, text.Text))
		}
	}
	return all
}

// marks returns the spans of the picture. The scale is from the begin of the first to the end of
// the last one.
func (d *drawnStory) marks(want []mark) (all []mark) {
	left, right := math.Inf(1), 0.0
	var begin, end time.Time
	for _, m := range want {
		if begin.IsZero() || m.from.Before(begin) {
			begin = m.from
		}
		if m.to.After(end) {
			end = m.to
		}
	}
	for _, s := range d.Chart.Spans {
		if s.Title != "" { // else it is of the legend
			left, right = min(left, s.X), max(right, s.X+s.Width)
		}
	}
	at := func(x float64) time.Time {
		passed := (x - left) / (right - left) * float64(end.Sub(begin))
		return begin.Add(time.Duration(passed).Round(100 * time.Millisecond))
	}
	top := 0.0
	for _, s := range d.Chart.Spans {
		if s.Title == "" {
			continue
		}
		if all == nil {
			top = s.Y
		}
		all = append(all, mark{int((s.Y - top) / 40), s.Class, s.Title, at(s.X), at(s.X + s.Width)})
	}
	return all
}
