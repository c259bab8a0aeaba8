package report

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/figures"
	"nwayacd/internal/report/reporttest"
	"nwayacd/queue"
)

// source is a Source that has counted records as the store does.
type source struct{ figures.Set }

func (s *source) CallFigures(
	_ context.Context, from, to time.Time, groups []string, take func(figures.CallKey, *figures.Calls),
) error {
	for key, calls := range s.Calls {
		if !key.Start.Before(from) && key.Start.Before(to) && (groups == nil || slices.Contains(groups, key.Group)) {
			take(key, calls)
		}
	}
	return nil
}

func (s *source) AgentFigures(
	_ context.Context, from, to time.Time, groups []string, take func(figures.AgentKey, *figures.Agent),
) error {
	for key, work := range s.Agents {
		if !key.Start.Before(from) && key.Start.Before(to) &&
			(groups == nil || key.Group == "" || slices.Contains(groups, key.Group)) {
			take(key, work)
		}
	}
	return nil
}

func (s *source) PauseFigures(_ context.Context, from, to time.Time, take func(figures.PauseKey, figures.Pause)) error {
	for key, pause := range s.Pauses {
		if !key.Start.Before(from) && key.Start.Before(to) {
			take(key, *pause)
		}
	}
	return nil
}

func zoneNamed(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// calls counts visits of group 110 that arrive at a time, and how each went: a10 is answered after
// 10 s, talks for a minute with 5 s of hold, and has 20 s of wrap-up; b3 is abandoned after 3 s; t
// is a timeout after a minute, m is moved, r is blacklisted, o is a call out.
func (s *source) calls(group string, at time.Time, how string) {
	for word := range strings.FieldsSeq(how) {
		seconds, _ := strconv.Atoi(word[1:])
		wait := time.Duration(seconds) * time.Second
		c := queue.CDR{Group: group, Arrived: at, Ended: at.Add(wait)}
		switch word[0] {
		case 'a', 'o':
			c.Outcome, c.Answered, c.Bridged = queue.Answered, at.Add(wait), at.Add(wait)
			c.Ended = at.Add(wait + time.Minute)
			if word[0] == 'o' {
				c.Direction = queue.Outbound
				break
			}
			s.Spoken(figures.Spoken{
				Group: group, Arrived: at, Answered: true, Talk: 60_000, Hold: 5_000, WrapUp: 20_000,
			})
		case 'b':
			c.Outcome = queue.Abandoned
		case 't':
			c.Outcome, c.Ended = queue.TimedOut, at.Add(time.Minute)
		case 'm':
			c.Outcome, c.Ended = queue.Moved, at.Add(5*time.Second)
		case 'r':
			c.Outcome = queue.Refused
		}
		s.Visit(&c)
	}
}

// october is a month with known answers. In Berlin, the clock is set back on the 25th at 03:00.
func october(t *testing.T) *source {
	s := &source{}
	s.calls("110", moment(t, "2026-09-30T23:59:59+02:00"), "a1 a1")       // the month before
	s.calls("110", moment(t, "2026-10-01T00:00:00+02:00"), "a10 b3 r o5") // the first moment
	s.calls("110", moment(t, "2026-10-25T02:30:00+02:00"), "a20 b4 b90")  // the first hour at 2
	s.calls("110", moment(t, "2026-10-25T02:30:00+01:00"), "a21 t")       // the second one
	s.calls("110", moment(t, "2026-10-31T23:59:50+01:00"), "a30 m")       // answered in November
	s.calls("120", moment(t, "2026-10-31T23:59:50+01:00"), "a2")          // to where it was moved
	s.calls("110", moment(t, "2026-11-01T00:00:00+01:00"), "a1 b1 a1")    // the month after
	return s
}

func made(t *testing.T, s Source, q Query) *Report {
	t.Helper()
	r, err := Make(t.Context(), s, q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// forms reads the report back in each of its forms: the header, and then the rows.
func forms(t *testing.T, r *Report) map[string][][]string {
	t.Helper()
	all := map[string][][]string{}
	for form, write := range map[string]func(io.Writer) error{
		"csv": r.WriteCSV, "xlsx": r.WriteXLSX, "json": r.WriteJSON,
	} {
		var written bytes.Buffer
		if err := write(&written); err != nil {
			t.Fatal(err)
		}
		all[form] = reporttest.Rows(t, form, written.Bytes())
	}
	return all
}

// wantForms compares some columns of each row in each form.
func wantForms(t *testing.T, r *Report, columns string, want ...string) {
	t.Helper()
	for form, rows := range forms(t, r) {
		if got := reporttest.Columns(rows, columns); !slices.Equal(got, want) {
			t.Errorf("as %s:\n%s\nwant\n%s", form, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestAMonthWithAChangeOfTheClock(t *testing.T) {
	berlin := zoneNamed(t, "Europe/Berlin")
	r := made(t, october(t), Query{
		Step: Month, Zone: berlin, From: moment(t, "2026-10-10T12:00:00Z"), To: moment(t, "2026-10-10T13:00:00Z"),
	})
	wantForms(t, r, "start group offered answered answered_in abandoned abandoned_in abandoned_short service_level "+
		"asa_seconds time_to_abandon_seconds aht_seconds longest_wait_seconds left_timeout left_moved "+
		"refused_blacklisted talk_seconds hold_seconds wrap_up_seconds left refused",
		"2026-10-01T00:00:00+02:00 110 9 4 2 3 2 2 40 20.25 32.333 80 90 1 1 1 240 20 80 2 1",
		"2026-10-01T00:00:00+02:00 120 1 1 1 0 0 0 100 2  80 2 0 0 0 60 5 20 0 0",
		"total 110 9 4 2 3 2 2 40 20.25 32.333 80 90 1 1 1 240 20 80 2 1",
		"total 120 1 1 1 0 0 0 100 2  80 2 0 0 0 60 5 20 0 0")
}

// TestASumIsThatOfItsColumns gives every figure another value, and adds up the columns by name.
func TestASumIsThatOfItsColumns(t *testing.T) {
	at := moment(t, "2026-03-04T09:00:00Z")
	calls := &figures.Calls{}
	for i := range calls {
		calls[i] = 1 << i
	}
	s := &source{}
	s.Calls = map[figures.CallKey]*figures.Calls{{Group: "110", Start: at}: calls}
	r := made(t, s, Query{Step: Hour, Zone: time.UTC, From: at, To: at.Add(time.Hour)})
	for form, rows := range forms(t, r) {
		sums, is := map[string]int{}, map[string]int{}
		for i, name := range rows[0] {
			n, _ := strconv.Atoi(rows[1][i])
			is[name] = n
			kind, _, _ := strings.Cut(name, "_")
			if kind != name {
				sums[kind] += n
			}
		}
		for _, name := range []string{"left", "refused"} {
			if is[name] == 0 || is[name] != sums[name] {
				t.Errorf("%s: %s is %d, its columns are %d", form, name, is[name], sums[name])
			}
		}
	}
}

func TestTheHourThatComesTwiceIsThereTwice(t *testing.T) {
	berlin := zoneNamed(t, "Europe/Berlin")
	r := made(t, october(t), Query{
		Step: Hour, Zone: berlin, From: moment(t, "2026-10-25T00:00:00+02:00"),
		To: moment(t, "2026-10-26T00:00:00+01:00"),
	})
	wantForms(t, r, "start answered abandoned left_timeout",
		"2026-10-25T02:00:00+02:00 1 2 0", "2026-10-25T02:00:00+01:00 1 0 1", "total 2 2 1")
	day := made(t, october(t), Query{Step: Day, Zone: berlin, From: r.From, To: r.To})
	wantForms(t, day, "start answered abandoned", "2026-10-25T00:00:00+02:00 2 2", "total 2 2")
}

func TestACallOverMidnightIsOfTheDayOfItsArrival(t *testing.T) {
	r := made(t, october(t), Query{
		Step: Day, Zone: zoneNamed(t, "Europe/Berlin"), Groups: []string{"110"},
		From: moment(t, "2026-10-31T12:00:00+01:00"), To: moment(t, "2026-11-01T12:00:00+01:00"),
	})
	wantForms(t, r, "start offered answered left_moved", "2026-10-31T00:00:00+01:00 2 1 1",
		"2026-11-01T00:00:00+01:00 3 2 0",
		"total 5 3 1")
}

func TestFormulasOfTheServiceLevel(t *testing.T) {
	c := figures.Calls{}
	c[figures.AnsweredIn], c[figures.Answered] = 60, 80
	c[figures.AbandonedIn], c[figures.Abandoned], c[figures.AbandonedShort] = 10, 20, 5
	for formula, want := range map[queue.Formula]float64{
		queue.ShortExcluded: 63.158, queue.AllCounted: 60, queue.AnsweredOnly: 75, queue.AbandonsCount: 70,
		queue.LateAbandonsOnly: 66.667,
	} {
		if got := ServiceLevel(&c, formula); got != (Number{want, true}) {
			t.Errorf("%s: %v, want %v", formula, got, want)
		}
		if got := ServiceLevel(&figures.Calls{}, formula); got.Some {
			t.Errorf("%s of no calls is %v", formula, got)
		}
	}
}

func TestAgentsWithTheirPauses(t *testing.T) {
	s := &source{}
	at := moment(t, "2026-03-04T09:00:00Z")
	open := figures.Open{}
	for _, l := range []agent.LogEntry{
		{At: at, Standing: "ready"},
		{At: at.Add(5 * time.Minute), Standing: "ring", Group: "110"},
		{At: at.Add(6 * time.Minute), Standing: "talking", Group: "110"},
		{At: at.Add(12 * time.Minute), Standing: "typing", Group: "110"},
		{At: at.Add(14 * time.Minute), Standing: "busy", Reason: "=lunch"},
		{At: at.Add(44 * time.Minute), Standing: "busy"},
		{At: at.Add(54 * time.Minute), Standing: "down"},
	} {
		l.Extension = "1000"
		open = s.Entry(open, &l)
	}
	s.Offer(&queue.OfferRecord{
		Agent: "1000", Group: "110", Offered: at.Add(5 * time.Minute), Outcome: queue.OfferAnswered,
	})
	s.Offer(&queue.OfferRecord{Agent: "1001", Group: "120", Offered: at, Outcome: queue.OfferMissed})
	q := Query{ByAgent: true, Step: Hour, Zone: time.UTC, From: at, To: at.Add(time.Hour)}
	wantForms(t, made(t, s, q),
		"extension offers answered misses aht_seconds occupancy logged_in_seconds ready_seconds paused_seconds",
		"1000 1 1 0 480 64.286 3240 300 2400", "1001 1 0 1   0 0 0", "1000 1 1 0 480 64.286 3240 300 2400",
		"1001 1 0 1   0 0 0")
	q.Agent = func(extension string) bool { return extension == "1000" }
	r := made(t, s, q)
	if want := []string{"", "=lunch"}; !slices.Equal(r.Reasons, want) {
		t.Errorf("reasons %q", r.Reasons)
	}
	if got := r.Total.Pauses["=lunch"]; got != (figures.Pause{Time: 1_800_000, Times: 1}) {
		t.Errorf("lunch: %+v", got)
	}
	q.Groups = []string{"120"}
	if got := made(t, s, q).Total.Work; got[figures.TalkTime] != 0 || got[figures.ReadyTime] != 300_000 {
		t.Errorf("for another group: %v", got)
	}
}

// TestSteps compares the begin of steps with what the calendars of these zones say.
func TestSteps(t *testing.T) {
	for _, test := range []struct{ zone, step, at, want string }{
		{"Asia/Kathmandu", "hour", "2026-03-04T00:20:00Z", "2026-03-04T06:00:00+05:45"},
		{"Asia/Kolkata", "day", "2026-03-04T18:29:00Z", "2026-03-04T00:00:00+05:30"},
		{"Asia/Kolkata", "day", "2026-03-04T18:30:00Z", "2026-03-05T00:00:00+05:30"},
		{"UTC", "week", "2026-03-01T23:59:00Z", "2026-02-23T00:00:00Z"}, // a Sunday
		{"UTC", "week", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"Europe/Berlin", "week", "2026-03-29T12:00:00Z", "2026-03-23T00:00:00+01:00"},
		{"Europe/Berlin", "month", "2026-03-31T22:00:00Z", "2026-04-01T00:00:00+02:00"},
		{"Europe/Berlin", "quarter", "2026-03-31T22:14:59Z", "2026-04-01T00:00:00+02:00"},
		{"Australia/Lord_Howe", "hour", "2026-04-04T14:50:00Z", "2026-04-05T01:00:00+11:00"}, // before 02:00 -> 01:30
		{"Australia/Lord_Howe", "hour", "2026-04-04T15:10:00Z", "2026-04-05T01:30:00+10:30"},
		{"America/Havana", "day", "2026-11-01T04:30:00Z", "2026-11-01T00:00:00-04:00"}, // midnight comes twice
		{"America/Havana", "day", "2026-11-01T05:30:00Z", "2026-11-01T00:00:00-04:00"},
		{"America/Havana", "day", "2026-03-08T12:00:00Z", "2026-03-08T01:00:00-04:00"}, // there is no midnight
		{"Pacific/Apia", "day", "2011-12-31T01:00:00Z", "2011-12-31T00:00:00+14:00"},   // there was no 30th
	} {
		steps := newSteps(Step(test.step), zoneNamed(t, test.zone))
		if got := steps.start(moment(t, test.at)).Format(time.RFC3339); got != test.want {
			t.Errorf("the %s of %s in %s begins %s, want %s", test.step, test.at, test.zone, got, test.want)
		}
	}
}

// TestEveryQuarterHourIsInOneStep goes through a year of some zones.
func TestEveryQuarterHourIsInOneStep(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"} {
		for _, step := range Steps {
			steps := newSteps(step, zoneNamed(t, zone))
			last := time.Time{}
			for at := moment(t, "2026-01-01T00:00:00Z"); at.Year() < 2027; at = at.Add(figures.Quarter) {
				start := steps.start(at)
				if start.After(at) || start.Before(last) {
					t.Fatalf("%s in %s: %s begins %s, after %s", step, zone, at, start, last)
				}
				if !start.Equal(last) && !last.IsZero() && !start.Equal(at) {
					t.Fatalf("%s in %s: a step begins %s, but is first seen at %s", step, zone, start, at)
				}
				last = start
			}
		}
	}
}

func TestAReportThatIsNone(t *testing.T) {
	at := moment(t, "2026-03-04T09:00:00Z")
	empty := Query{Step: Day, Zone: time.UTC, From: at, To: at}
	if _, err := Make(t.Context(), &source{}, empty); !errors.Is(err, ErrQuery) {
		t.Error(err)
	}
	s := &source{}
	for i := range MaxSteps + 1 {
		s.calls("110", at.Add(time.Duration(i)*figures.Quarter), "b1")
	}
	_, err := Make(t.Context(), s, Query{Step: Quarter, Zone: time.UTC, From: at, To: at.AddDate(9, 0, 0)})
	if !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

func TestNamesAreNoFormulas(t *testing.T) {
	s := &source{}
	at := moment(t, "2026-03-04T09:00:00Z")
	for _, group := range []string{"=1+1", "+1", "-1", "@x", "\tx", "<b>&\"", "组\x01"} {
		s.calls(group, at, "a1")
	}
	rows := forms(t, made(t, s, Query{Step: Day, Zone: time.UTC, From: at, To: at.Add(time.Hour)}))
	for _, row := range rows["csv"][1:] {
		if strings.ContainsAny(row[1][:1], "=+-@\t\r") {
			t.Errorf("%q is a formula", row[1])
		}
	}
	if len(rows["xlsx"]) != len(rows["csv"]) {
		t.Errorf("%d rows", len(rows["xlsx"]))
	}
}
