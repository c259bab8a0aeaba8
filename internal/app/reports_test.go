package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/acd"
	"nwayacd/agent"
	"nwayacd/api/apitest"
	"nwayacd/api/httpapi"
	"nwayacd/internal/auth"
	"nwayacd/internal/console"
	"nwayacd/internal/report/reporttest"
	"nwayacd/queue"
	"nwayacd/store"
)

// archive is the HTTP port of an office over a store whose records the test writes.
type archive struct {
	*testing.T
	store *store.Store
	floor *acd.Dispatcher
	base  string
	calls int
}

func newArchive(t *testing.T) *archive {
	o := store.Options{DataDir: t.TempDir(), AutoMigrate: true, Log: zerolog.New(zerolog.NewTestWriter(t))}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	office, _ := apitest.Office()
	port := &httpapi.Port{
		Server: office, Database: s, Log: zerolog.Nop(), Token: auth.NewSecret(""),
		ReportTexts: console.ReportTexts, StoryTexts: console.StoryTexts,
	}
	web := httptest.NewServer(port.Handler(ctx))
	t.Cleanup(func() {
		cancel()
		web.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &archive{T: t, store: s, floor: office.ACD.Dispatcher, base: web.URL}
}

// get returns the answer to a GET of somebody with that role. All that was written is in the
// database then.
func (a *archive) get(role auth.Role, path string) []byte {
	a.Helper()
	ctx, cancel := context.WithTimeout(a.Context(), time.Minute)
	defer cancel()
	if _, err := a.store.Visits(ctx, time.Now(), time.Now()); err != nil { // waits until all is applied
		a.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/api/v1"+path, http.NoBody)
	if err != nil {
		a.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer nwa_"+string(role))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	defer answer.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		a.Fatalf("%s: %s %s %v", path, answer.Status, text, err)
	}
	return text
}

// visits writes visits of a group that arrive at a time. A word says how each went, and its number
// is the wait in seconds.
//
//	a10  answered: a talk of a minute with 5 s of hold, and a wrap-up of 20 s
//	x10  the same, and then agent 1002 gets the caller by command
//	b3   abandoned
//	t    a timeout after a minute
//	m    moved
//	r    blacklisted
//	o5   a call out
func (a *archive) visits(group, at, how string) {
	for word := range strings.FieldsSeq(how) {
		a.calls++
		arrived, seconds := instant(a.T, at), 0
		if len(word) > 1 {
			seconds, _ = strconv.Atoi(word[1:])
		}
		wait := time.Duration(seconds) * time.Second
		c := queue.CDR{
			UUID: fmt.Sprint("call-", a.calls), Group: group, Arrived: arrived, Ended: arrived.Add(wait), Visit: 1,
			ServiceLevel: 20, Short: 5,
		}
		switch word[0] {
		case 'a', 'x', 'o':
			c.Outcome, c.Answered, c.Bridged = queue.Answered, c.Ended, c.Ended
			c.Ended = c.Answered.Add(time.Minute)
			if word[0] == 'o' {
				c.Direction = queue.Outbound
				break
			}
			a.offer(&c, map[string]string{"110": "1000", "120": "1002"}[group], c.Answered)
			if word[0] == 'x' {
				a.offer(&c, "1002", c.Ended.Add(5*time.Second))
				c.Outcome, c.Ended = queue.Transferred, c.Ended.Add(65*time.Second)
			}
		case 'b':
			c.Outcome = queue.Abandoned
		case 't':
			c.Outcome, c.Ended = queue.TimedOut, arrived.Add(time.Minute)
		case 'm':
			c.Outcome, c.Ended = queue.Moved, arrived.Add(5*time.Second)
		case 'r':
			c.Outcome = queue.Refused
		}
		a.store.Write(queue.Change{CDR: &c})
	}
}

// offer writes an offer of the visit that is answered at a time.
func (a *archive) offer(c *queue.CDR, extension string, answered time.Time) {
	c.Offers++
	a.store.Write(queue.Change{Offer: &queue.OfferRecord{
		Call: c.UUID, Group: c.Group, Agent: extension, Number: c.Offers, Visit: c.Visit, Arrived: c.Arrived,
		Offered: answered.Add(-time.Second), Answered: answered, Ended: answered.Add(time.Minute),
		Outcome: queue.OfferAnswered, Hold: 5 * time.Second,
		WrapUp: 20 * time.Second, WrapUpEnded: queue.WrapUpByItself,
	}})
}

// log writes what an agent did from a time on: a word of a standing, a group or a reason, and for
// how many minutes.
func (a *archive) log(extension, from string, did ...[3]string) {
	at := instant(a.T, from)
	for _, d := range append(did, [3]string{"down", "", "0"}) {
		l := agent.LogEntry{Extension: extension, At: at, Standing: d[0], Group: d[1]}
		if d[0] == "busy" {
			l.Group, l.Reason = "", d[1]
		}
		a.store.Write(queue.Change{AgentLog: &l})
		minutes, _ := strconv.Atoi(d[2])
		at = at.Add(time.Duration(minutes) * time.Minute)
	}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// writeOctober writes a month whose figures were worked out by hand. In Berlin, the clock is set
// back on the 25th at 03:00.
func (a *archive) writeOctober() {
	a.visits("110", "2026-09-30T23:59:59+02:00", "a1 a1")       // the month before
	a.visits("110", "2026-10-01T00:00:00+02:00", "a10 b3 r o5") // the first moment
	a.visits("110", "2026-10-15T12:00:00+02:00", "x10")         // two talks
	a.visits("110", "2026-10-25T02:30:00+02:00", "a20 b4 b90")  // the first hour at 2
	a.visits("110", "2026-10-25T02:30:00+01:00", "a21 t")       // the second one
	a.visits("110", "2026-10-31T23:59:50+01:00", "a30 m")       // answered in November
	a.visits("120", "2026-10-31T23:59:50+01:00", "a2")          // to where it was moved
	a.visits("110", "2026-11-01T00:00:00+01:00", "a1 b1 a1")    // the month after
	a.log("1002", "2026-10-15T10:00:00+02:00",
		[3]string{"talking", "120", "10"}, [3]string{"talking", "110", "20"}, [3]string{"busy", "lunch", "40"})
	a.log("1001", "2026-10-15T10:00:00+02:00", [3]string{"talking", "120", "30"})
}

// want compares some columns of each row of the report in each form. The totals are the last rows.
func (a *archive) want(role auth.Role, query, columns string, want ...string) {
	a.Helper()
	for _, form := range reporttest.Forms {
		rows := reporttest.Rows(a.T, form, a.get(role, "/reports?"+query+"&format="+form))
		if got := reporttest.Columns(rows, columns); !slices.Equal(got, want) {
			a.Errorf("%s as %s:\n%s\nwant\n%s", query, form, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestAMonthIsReportedAsItWas(t *testing.T) {
	a := newArchive(t)
	a.writeOctober()
	const october = "step=month&zone=Europe/Berlin&from=2026-10-10T12:00:00Z&to=2026-10-10T13:00:00Z"
	const columns = "start group offered answered answered_in abandoned abandoned_in abandoned_short service_level " +
		"asa_seconds time_to_abandon_seconds aht_seconds longest_wait_seconds left_timeout left_moved " +
		"refused_blacklisted talks talk_seconds hold_seconds wrap_up_seconds left refused"
	of110 := "110 10 5 3 3 2 2 50 18.2 32.333 96 90 1 1 1 6 360 30 120 2 1"
	of120 := "120 1 1 1 0 0 0 100 2  80 2 0 0 0 1 60 5 20 0 0"
	a.want(auth.Admin, october, columns,
		"2026-10-01T00:00:00+02:00 "+of110, "2026-10-01T00:00:00+02:00 "+of120, "total "+of110, "total "+of120)
	a.want(auth.Supervisor, october, columns, "2026-10-01T00:00:00+02:00 "+of110, "total "+of110)

	a.want(auth.Admin, "step=hour&zone=Europe/Berlin&from=2026-10-24T22:00:00Z&to=2026-10-25T23:00:00Z",
		"start answered abandoned left_timeout",
		"2026-10-25T02:00:00+02:00 1 2 0", "2026-10-25T02:00:00+01:00 1 0 1", "total 2 2 1")
	a.want(auth.Admin, "step=day&groups=110&zone=Europe/Berlin&from=2026-10-31T12:00:00Z&to=2026-11-01T12:00:00Z",
		"start offered answered left_moved talk_seconds",
		"2026-10-31T00:00:00+01:00 2 1 1 60", "2026-11-01T00:00:00+01:00 3 2 0 120", "total 5 3 1 180")
}

// TestASupervisorsReportOfAgents has the work for the supervisor's groups only.
func TestASupervisorsReportOfAgents(t *testing.T) {
	a := newArchive(t)
	a.writeOctober()
	const query = "by=agent&step=month&zone=Europe/Berlin&from=2026-10-10T12:00:00Z&to=2026-10-10T13:00:00Z"
	const columns = "extension offers answered talk_seconds paused_seconds logged_in_seconds"
	// The offer that was answered in November is of November.
	own := []string{"1000 4 4 0 0 0", "1002 1 1 1200 2400 3600"}
	a.want(auth.Supervisor, query, columns, slices.Concat(own, own)...)
	all := []string{"1000 4 4 0 0 0", "1001 0 0 1800 0 1800", "1002 2 2 1800 2400 4200"}
	a.want(auth.Admin, query, columns, slices.Concat(all, all)...)
}

// writeCall writes a call with two visits, a missed offer, a hold and a transfer. It returns when
// the call began.
func (a *archive) writeCall() time.Time {
	start := instant(a.T, "2026-10-15T12:00:00Z")
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	offer := func(
		visit, number, offered, answered, ended int, group, extension string, o queue.OfferRecord,
	) queue.Change {
		o.Call, o.Visit, o.Number, o.Group, o.Agent = "c", visit, number, group, extension
		o.Offered, o.Ended = at(offered), at(ended)
		if answered > 0 {
			o.Answered = at(answered)
		}
		return queue.Change{Offer: &o}
	}
	logged := func(seconds int, standing, reason string) queue.Change {
		return queue.Change{AgentLog: &agent.LogEntry{
			Extension: "1002", At: at(seconds), Standing: standing, Reason: reason, Group: "110",
		}}
	}
	a.store.Write(
		logged(12, "ring", ""), logged(14, "talking", ""),
		logged(20, "talking", agent.Holding), logged(27, "talking", ""),
		logged(40, "typing", ""), logged(60, "ready", ""),
		offer(1, 1, 2, 0, 12, "110", "1000", queue.OfferRecord{Outcome: queue.OfferMissed, Cause: "NO_ANSWER"}),
		offer(1, 2, 12, 14, 40, "110", "1002", queue.OfferRecord{
			Outcome: queue.OfferAnswered, Hold: 7 * time.Second,
			WrapUp: 20 * time.Second, WrapUpEnded: queue.WrapUpByHand,
		}),
		queue.Change{CDR: &queue.CDR{
			UUID: "c", Visit: 1, Group: "110", Caller: "139", CallerName: stranger, Outcome: queue.Answered,
			Arrived: at(0), Answered: at(14), Bridged: at(14), Ended: at(40),
			TransferKind: queue.TransferBlind, TransferredTo: "120",
		}},
		offer(2, 1, 42, 45, 90, "120", "1001", queue.OfferRecord{Outcome: queue.OfferAnswered}),
		queue.Change{CDR: &queue.CDR{
			UUID: "c", Visit: 2, CameFrom: "110", Group: "120", Caller: "139", Outcome: queue.Answered, Arrived: at(41),
			Answered: at(45), Bridged: at(45), Ended: at(90),
		}},
	)
	return start
}

func TestTheStoryOfACall(t *testing.T) {
	a := newArchive(t)
	start := a.writeCall()
	want := []string{
		"0 arrived 1 110", "2 offered 1 110 1000", "12 missed 1 110 1000 NO_ANSWER", "12 offered 1 110 1002",
		"14 answered 1 110 1002", "20 hold 1 110 1002", "27 unhold 1 110 1002", "40 transferred 1 110 blind 120",
		"40 ended 1 110 answered", "40 talk-ended 1 110 1002", "41 arrived 2 120 110", "42 offered 2 120 1001",
		"45 answered 2 120 1001", "60 wrap-up-ended 1 110 1002 hand",
		"90 ended 2 120 answered", "90 talk-ended 2 120 1001",
	}
	a.wantStory(auth.Admin, start, want, 2)
	own := slices.DeleteFunc(slices.Clone(want), func(moment string) bool { return strings.Contains(moment, " 2 120") })
	a.wantStory(auth.Supervisor, start, own, 1)
}

func (a *archive) wantStory(role auth.Role, start time.Time, want []string, visits int) {
	a.Helper()
	var shown struct {
		Visits, Offers []any
		Moments        []struct {
			At                         time.Time
			Visit                      int
			What, Group, Agent, Detail string
		}
	}
	if err := json.Unmarshal(a.get(role, "/calls/c/story"), &shown); err != nil {
		a.Fatal(err)
	}
	var got []string
	for _, m := range shown.Moments {
		seconds := int(m.At.Sub(start).Seconds())
		words := fmt.Sprint(seconds, " ", m.What, " ", m.Visit, " ", m.Group, " ", m.Agent, " ", m.Detail)
		got = append(got, strings.Join(strings.Fields(words), " "))
	}
	if !slices.Equal(got, want) || len(shown.Visits) != visits {
		a.Errorf("%s: %d visits\n%s\nwant\n%s", role, len(shown.Visits), strings.Join(got, "\n"),
			strings.Join(want, "\n"))
	}
}
