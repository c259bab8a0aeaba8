package app

import (
	"encoding/xml"
	"strings"
	"testing"

	"nwayacd/internal/auth"
)

// drawnReport is what the tests read from the picture of a report.
type drawnReport struct {
	Data   string `xml:"metadata"`
	Charts []struct {
		Title   string   `xml:"title"`
		About   string   `xml:"desc"`
		Note    string   `xml:"text>tspan"`
		Figures []string `xml:"rect>title"`
		Levels  []string `xml:"circle>title"`
	} `xml:"g"`
}

// TestThePictureOfAReportHasItsFigures compares it with the JSON that the same role gets.
func TestThePictureOfAReportHasItsFigures(t *testing.T) {
	a := newArchive(t)
	a.writeOctober()
	const october = "step=month&zone=Europe/Berlin&from=2026-10-10T12:00:00Z&to=2026-10-10T13:00:00Z"
	for _, c := range []struct {
		role                      auth.Role
		query                     string
		title, about, figures, of string
	}{
		{
			auth.Admin, october, "Calls by outcome", "Answered 6, Abandoned 3, left in another way 2",
			"2026-10: Answered 6|2026-10: Abandoned 3|2026-10: left in another way 2", "2026-10: 57.1 %",
		},
		{
			auth.Supervisor, october + "&language=zh", "来电结果", "已接 5, 放弃 3, 其他方式离开 2",
			"2026-10: 已接 5|2026-10: 放弃 3|2026-10: 其他方式离开 2", "2026-10: 50.0 %",
		},
	} {
		asJSON := strings.Replace(c.query, "&language=zh", "", 1)
		want := string(a.get(c.role, "/reports?"+asJSON))
		d := a.picture(c.role, c.query)
		if d.Data != want || len(d.Charts) != 2 {
			t.Fatalf("%s: %d charts, made from\n%s\nwant\n%s", c.role, len(d.Charts), d.Data, want)
		}
		calls, levels := d.Charts[0], strings.Join(d.Charts[1].Levels, "|")
		figures := strings.Join(calls.Figures, "|")
		if calls.Title != c.title || calls.About != c.about || figures != c.figures || levels != c.of {
			t.Errorf("%s: %+v, levels %s", c.role, calls, levels)
		}
		// The goal of the groups is the default, and beside the title.
		if note := d.Charts[1].Note; !strings.Contains(note, "80") {
			t.Errorf("%s: no goal in %q", c.role, note)
		}
	}
}

// TestThePictureOfAgentsShowsThoseOfTheRole has the same agents as the report.
func TestThePictureOfAgentsShowsThoseOfTheRole(t *testing.T) {
	a := newArchive(t)
	a.writeOctober()
	const query = "by=agent&step=month&zone=Europe/Berlin&from=2026-10-10T12:00:00Z&to=2026-10-10T13:00:00Z"
	for role, want := range map[auth.Role]string{
		auth.Supervisor: "1002: Talk 20:00|1002: Paused 40:00",
		auth.Admin:      "1001: Talk 30:00|1002: Talk 30:00|1002: Paused 40:00",
	} {
		d := a.picture(role, query)
		if got := strings.Join(d.Charts[0].Figures, "|"); got != want {
			t.Errorf("%s: %s\nwant %s", role, got, want)
		}
		if strings.Contains(d.Data, "1001") != (role == auth.Admin) {
			t.Errorf("%s: %s", role, d.Data)
		}
	}
}

func (a *archive) picture(role auth.Role, query string) (d drawnReport) {
	a.Helper()
	if err := xml.Unmarshal(a.get(role, "/reports?"+query+"&format=svg"), &d); err != nil {
		a.Fatal(err)
	}
	return d
}
