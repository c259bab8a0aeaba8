package metrics

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"nwayacd/acd"
	"nwayacd/agent"
	"nwayacd/queue"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// watched has the metrics of a server, with figures that a test sets.
type watched struct {
	*Metrics
	figures acd.Figures
	links   []acd.LinkState
	store   StoreStatus
	log     LogStatus
}

func watch(groups ...queue.GroupFigures) *watched {
	w := &watched{Metrics: New(Build{Version: "1.0", Commit: "abc"})}
	w.figures.Floor.Groups = groups
	w.Watch(Sources{
		Figures: func() acd.Figures { return w.figures }, Links: func() []acd.LinkState { return w.links },
		Store: func() StoreStatus { return w.store }, Panics: func() uint64 { return 1 },
		Log: func() LogStatus { return w.log }, Beyond: func() uint64 { return 4 },
	})
	return w
}

func (w *watched) scrape(t testing.TB) string {
	t.Helper()
	answer := httptest.NewRecorder()
	w.Handler(zerolog.New(zerolog.NewTestWriter(t))).
		ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.Code != http.StatusOK {
		t.Fatalf("status %d, %v: %s", answer.Code, err, text)
	}
	return string(text)
}

// has checks that the scrape has these lines.
func (w *watched) has(t *testing.T, lines ...string) {
	t.Helper()
	text := w.scrape(t)
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			name, _, _ = strings.Cut(name, " ")
			t.Errorf("%s is not there, but\n%s", line, grep(text, name))
		}
	}
}

func grep(text, name string) (found string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, name) {
			found += line
		}
	}
	return found
}

func TestNamesAndUnitsFollowThePrometheusConventions(t *testing.T) {
	w := watch(queue.GroupFigures{Number: "110"})
	w.links = []acd.LinkState{{Name: "fs1"}}
	problems, err := testutil.GatherAndLint(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestThePresentStateIsShown(t *testing.T) {
	w := watch(queue.GroupFigures{
		Number: "110", Name: "Sales", Waiting: 3, Talking: 2, LongestWait: 1500 * time.Millisecond, Starved: 1,
		StarvedFor: 2 * time.Second, Members: queue.Standings{agent.StandingTyping: 4},
	})
	w.figures.Floor.Agents = queue.Standings{agent.StandingReady: 7, agent.StandingDown: 9}
	w.figures.Floor.Agents[agent.StandingRest] = 2
	w.figures.Floor.Resting = map[queue.MissCause]int{queue.MissBusy: 2}
	w.figures.Floor.Misses = map[queue.MissCause]uint64{queue.MissUnreachable: 8}
	w.figures.Phases, w.figures.Draining = map[acd.Phase]int{"wait": 3}, true
	w.figures.Accepted, w.figures.Refused, w.figures.Panics = 12, 5, 2
	w.links = []acd.LinkState{{Name: "fs1", Up: true, Since: nine}, {Name: "fs2", Since: nine}}
	w.store = StoreStatus{
		DiskUp: true, Pending: 11, PendingBytes: 2048, LimitBytes: 4096, Oldest: 3 * time.Second, Applied: 100,
		Statements: 20, GivenUp: 1, Dropped: 6,
		Stopped: true, Rejected: 4, Damaged: 5, Jobs: 2,
		Deleted: map[string]uint64{"audit": 7},
	}
	w.has(t,
		`nwayacd_callers_waiting{group="110"} 3`, `nwayacd_callers_talking{group="110"} 2`,
		`nwayacd_longest_wait_seconds{group="110"} 1.5`, `nwayacd_callers_waiting_in_vain{group="110"} 1`,
		`nwayacd_waiting_in_vain_seconds{group="110"} 2`, `nwayacd_group_agents{group="110",state="typing"} 4`,
		`nwayacd_group_agents{group="110",state="ready"} 0`, `nwayacd_group_info{group="110",name="Sales"} 1`,
		`nwayacd_agents{state="ready"} 7`, `nwayacd_agents{state="down"} 9`,
		`nwayacd_agents{state="rest"} 2`, `nwayacd_agents_resting{cause="busy"} 2`,
		`nwayacd_agents_resting{cause="noanswer"} 0`, `nwayacd_misses_total{cause="unreachable"} 8`,
		`nwayacd_misses_total{cause="reject"} 0`, `nwayacd_calls{phase="wait"} 3`, `nwayacd_calls{phase="talk"} 0`,
		`nwayacd_draining 1`, `nwayacd_connections_total 12`, `nwayacd_connections_refused_total 5`,
		`nwayacd_panics_total 3`, `nwayacd_connections_beyond_limit_total 4`,
		`nwayacd_freeswitch_up{switch="fs1"} 1`, `nwayacd_freeswitch_up{switch="fs2"} 0`,
		`nwayacd_database_up 0`, `nwayacd_journal_up 1`, `nwayacd_journal_pending_changes 11`,
		`nwayacd_journal_pending_bytes 2048`, `nwayacd_journal_limit_bytes 4096`, `nwayacd_journal_oldest_seconds 3`,
		`nwayacd_journal_applied_total 100`, `nwayacd_database_statements_total 20`,
		`nwayacd_journal_given_up_total{kind="record"} 1`, `nwayacd_journal_given_up_total{kind="state"} 6`,
		`nwayacd_journal_stopped 1`, `nwayacd_journal_rejected_total 4`, `nwayacd_journal_damaged_total 5`,
		`nwayacd_database_jobs 2`, `nwayacd_database_deleted_total{kind="audit"} 7`,
	)
	for _, name := range []string{
		"nwayacd_build_info{", "go_goroutines ", "process_resident_memory_bytes ",
		"process_start_time_seconds ",
	} {
		if !strings.Contains(w.scrape(t), "\n"+name) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestEventsAreCounted(t *testing.T) {
	w := watch(queue.GroupFigures{Number: "110"})
	w.Offered(150 * time.Microsecond)
	w.Answered("110", 12*time.Second)
	w.OfferEnded(queue.OfferRecord{Group: "110", Outcome: queue.OfferMissed})
	w.CallEnded(queue.CDR{
		Group: "110", Outcome: queue.Answered, Arrived: nine, Bridged: nine.Add(12 * time.Second),
		Ended: nine.Add(52 * time.Second),
	})
	w.CallEnded(queue.CDR{Group: "110", Outcome: queue.Abandoned, Arrived: nine, Ended: nine.Add(4 * time.Second)})
	w.CallEnded(queue.CDR{Outcome: queue.Abandoned, Arrived: nine, Ended: nine.Add(time.Second)}) // a call out
	w.has(t,
		`nwayacd_free_to_offer_seconds_bucket{le="0.0001"} 0`, `nwayacd_free_to_offer_seconds_bucket{le="0.00025"} 1`,
		`nwayacd_answer_wait_seconds_bucket{group="110",le="10"} 0`,
		`nwayacd_answer_wait_seconds_bucket{group="110",le="15"} 1`, `nwayacd_answer_wait_seconds_sum{group="110"} 12`,
		`nwayacd_abandon_wait_seconds_bucket{group="110",le="5"} 1`,
		`nwayacd_abandon_wait_seconds_count{group="110"} 1`, `nwayacd_talk_seconds_sum{group="110"} 40`,
		`nwayacd_talk_seconds_count{group="110"} 1`, `nwayacd_calls_ended_total{group="110",outcome="abandoned"} 1`,
		`nwayacd_calls_ended_total{group="",outcome="abandoned"} 1`,
		`nwayacd_offers_total{group="110",outcome="noanswer"} 1`,
	)
}

func TestAServiceLevelCanBePromisedAtTheUsualLimits(t *testing.T) {
	text := watch(queue.GroupFigures{Number: "110"}).scrape(t)
	for _, limit := range []string{"10", "15", "20", "30", "60"} {
		line := `nwayacd_answer_wait_seconds_bucket{group="110",le="` + limit + `"} 0`
		if !strings.Contains(text, line) {
			t.Errorf("no bucket ends at %s s", limit)
		}
	}
}

func TestAGroupHasItsSeriesBeforeTheFirstCallAndLosesThemWhenItIsRemoved(t *testing.T) {
	w := watch(queue.GroupFigures{Number: "110"})
	w.has(t, `nwayacd_calls_ended_total{group="110",outcome="timeout"} 0`,
		`nwayacd_offers_total{group="110",outcome="answered"} 0`,
		`nwayacd_abandon_wait_seconds_count{group="110"} 0`)
	w.figures.Floor.Groups = []queue.GroupFigures{{Number: "120"}}
	text := w.scrape(t)
	if strings.Contains(text, `group="110"`) || !strings.Contains(text, `nwayacd_talk_seconds_count{group="120"} 0`) {
		t.Errorf("after 120 replaced 110:\n%s", grep(text, "nwayacd_"))
	}
}

func TestAnyTextOfAGroupOrASwitchIsALabel(t *testing.T) {
	hostile := []string{"a\"b\\c\nd", "客服", "", "\xff\xfe", `{group="x"}`, strings.Repeat("9", 5000)}
	var groups []queue.GroupFigures
	for _, text := range hostile {
		groups = append(groups, queue.GroupFigures{Number: text, Name: text})
	}
	w := watch(groups...)
	for _, text := range hostile {
		w.links = append(w.links, acd.LinkState{Name: text})
		w.Answered(text, time.Second)
		w.OfferEnded(queue.OfferRecord{Group: text, Outcome: queue.OfferExpired})
		w.CallEnded(queue.CDR{Group: text, Outcome: queue.Abandoned, Arrived: nine, Ended: nine})
	}
	w.has(t, `nwayacd_callers_waiting{group="a\"b\\c\nd"} 0`, `nwayacd_callers_waiting{group="客服"} 0`,
		`nwayacd_callers_waiting{group="\"\\xff\\xfe\""} 0`,
		`nwayacd_answer_wait_seconds_count{group="\"\\xff\\xfe\""} 1`)
}

// BenchmarkScrape scrapes 100 groups. The number of agents and callers does not matter here.
// BenchmarkFigures of package queue measures the part for which the floor is locked.
func BenchmarkScrape(b *testing.B) {
	var groups []queue.GroupFigures
	for i := range 100 {
		groups = append(groups,
			queue.GroupFigures{Number: string(rune('A'+i/10)) + string(rune('0'+i%10)), Name: "a group"})
	}
	w := watch(groups...)
	b.ReportAllocs()
	for b.Loop() {
		b.ReportMetric(float64(len(w.scrape(b))), "bytes/scrape")
	}
}

func TestALogThatCannotBeWrittenIsCounted(t *testing.T) {
	w := watch()
	w.has(t, `nwayacd_log_up 1`)
	w.log = LogStatus{DroppedLines: 7, DroppedRecords: 2, Faulty: true}
	w.has(t, `nwayacd_log_up 0`, `nwayacd_log_dropped_total{kind="line"} 7`,
		`nwayacd_log_dropped_total{kind="record"} 2`)
}
