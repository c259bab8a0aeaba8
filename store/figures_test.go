package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// TestTheFiguresOfAVisit counts one of each kind.
func TestTheFiguresOfAVisit(t *testing.T) {
	at := time.Date(2026, 3, 4, 9, 14, 59, 0, time.UTC) // a second before the end of a quarter hour
	visit := func(wait time.Duration, outcome queue.Outcome, cause string) queue.Change {
		return queue.Change{CDR: &queue.CDR{
			UUID: fmt.Sprint(outcome, cause, wait), Group: "110", Outcome: outcome, Cause: cause, Arrived: at,
			Ended: at.Add(wait), ServiceLevel: 10, Short: 3,
		}}
	}
	answered := func(wait time.Duration) queue.Change {
		c := visit(wait+time.Minute, queue.Answered, "")
		c.CDR.Answered, c.CDR.Bridged = at.Add(wait), at.Add(wait+time.Second)
		return c
	}
	outward := answered(time.Second)
	outward.CDR.Direction = queue.Outbound
	talk := &queue.OfferRecord{
		Call: "u1", Group: "110", Agent: "1000", Number: 1, Offered: at.Add(time.Second), Answered: at.Add(5 * time.Second),
		Ended: at.Add(65 * time.Second), Outcome: queue.OfferAnswered, Arrived: at, Hold: 7 * time.Second,
	}
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		s.Write(
			answered(10*time.Second), answered(11*time.Second), outward,
			visit(3*time.Second, queue.Abandoned, ""), visit(4*time.Second, queue.Abandoned, ""),
			visit(90*time.Second, queue.Abandoned, ""), visit(2*time.Second, queue.Answered, ""), // before the bridge
			visit(time.Minute, queue.TimedOut, ""), visit(time.Second, queue.Taken, ""), visit(time.Second, queue.Moved, ""),
			visit(time.Second, queue.Consult, ""), visit(time.Second, queue.Failed, ""),
			visit(time.Second, queue.Returned, "group removed"),
			visit(time.Hour, queue.Returned, queue.CauseShutdown), visit(0, queue.Returned, queue.CauseFull),
			visit(9*time.Second, queue.Refused, ""),
			queue.Change{Offer: talk},
			queue.Change{WrapUp: &queue.WrapUp{Agent: "1000", Offered: talk.Offered, Length: 20 * time.Second, Ended: "hand"}},
		)
		flush(t, s)
		want := map[string]int64{
			"offered": 12, "answered": 2, "answered_in": 1, "abandoned": 4, "abandoned_in": 3, "abandoned_short": 2,
			"left_timeout": 1, "left_taken": 1, "left_moved": 1, "left_consult": 1, "left_error": 2, "returned": 1,
			"refused_full": 1, "refused_blacklisted": 1, "wait_answered_ms": 21000, "wait_abandoned_ms": 99000,
			"wait_longest_ms": 90000, "talks": 1, "talk_ms": 60000, "hold_ms": 7000, "wrap_up_ms": 20000,
		}
		row := "110 2026-03-04T09:00:00Z"
		if got := figureRows(t, s)["nwayacd_interval"]; len(got) != 1 || !maps.Equal(got[row], want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
		if got, want := figureRows(t, s)["nwayacd_agent_interval"]["1000 2026-03-04T09:15:00Z 110"],
			(map[string]int64{"offers": 1, "answered": 1}); !maps.Equal(got, want) {
			t.Errorf("the agent: got %v, want %v", got, want)
		}
		if n := count(t, s,
			`SELECT count(*) FROM nwayacd_offer WHERE wrap_up_ms = 20000 AND wrap_up_ended = 'hand' AND hold_ms = 7000`); n != 1 {
			t.Error("the wrap-up is not in the offer's row")
		}
	})
}

// TestAVisitCountsByTheLimitsOfItsArrival has visits that were answered after 25 s, and abandoned
// after 7 s. Some have limits, as of a group that has its own, and some have none.
func TestAVisitCountsByTheLimitsOfItsArrival(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		for group, limits := range map[string][2]int{"110": {30, 10}, "120": {10, 3}, "130": {}} {
			answered := queue.CDR{
				UUID: "a" + group, Group: group, Outcome: queue.Answered, Arrived: moment, Answered: moment.Add(25 * time.Second),
				Bridged: moment.Add(25 * time.Second), Ended: moment.Add(time.Minute), ServiceLevel: limits[0], Short: limits[1],
			}
			abandoned := queue.CDR{
				UUID: "b" + group, Group: group, Outcome: queue.Abandoned, Arrived: moment, Ended: moment.Add(7 * time.Second),
				ServiceLevel: limits[0], Short: limits[1],
			}
			s.Write(queue.Change{CDR: &answered}, queue.Change{CDR: &abandoned})
		}
		flush(t, s)
		for _, when := range []string{"as written", "made again"} {
			got := figureRows(t, s)["nwayacd_interval"]
			for group, want := range map[string][2]int64{"110": {1, 1}, "120": {0, 0}, "130": {0, 0}} {
				row := got[group+" 2026-03-04T05:00:00Z"]
				if in := [2]int64{row["answered_in"], row["abandoned_short"]}; row["offered"] != 2 || in != want {
					t.Errorf("%s: group %s has %v, want %v in time and short", when, group, row, want)
				}
			}
			if _, err := s.db.Exec(`DELETE FROM nwayacd_interval`); err != nil {
				t.Fatal(err)
			}
			rebuild(t, o)
		}
		if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr WHERE group_number = '110' AND sl_seconds = 30 AND short_seconds = 10`); n != 2 {
			t.Errorf("%d rows have their limits", n)
		}
		if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr WHERE group_number = '130' AND sl_seconds = 20 AND short_seconds = 5`); n != 2 {
			t.Errorf("%d rows have the defaults", n)
		}
	})
}

// TestAWrapUpFromBeforeARestartIsThatOfTheLastTalk has no time of the offer.
func TestAWrapUpFromBeforeARestartIsThatOfTheLastTalk(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		for i := range 3 {
			at := moment.Add(time.Duration(i) * time.Minute)
			s.Write(queue.Change{Offer: &queue.OfferRecord{
				Call: fmt.Sprint("u", i), Group: "110", Agent: "1000", Number: 1, Offered: at, Answered: at,
				Ended: at.Add(time.Second), Outcome: []queue.OfferOutcome{"answered", "answered", "noanswer"}[i], Arrived: at,
			}})
		}
		s.Write(queue.Change{WrapUp: &queue.WrapUp{Agent: "1000", Length: time.Second, Ended: queue.WrapUpByItself}})
		flush(t, s)
		if n := count(t, s, `SELECT count(*) FROM nwayacd_offer WHERE wrap_up_ms = 1000 AND call_uuid = 'u1'`); n != 1 {
			t.Error("the row of the last talk has no wrap-up")
		}
		// the next one is of a talk whose row is not written yet
		s.Write(queue.Change{WrapUp: &queue.WrapUp{Agent: "1000", Length: 2 * time.Second, Ended: queue.WrapUpByItself}})
		flush(t, s)
		written := figureRows(t, s)
		rebuild(t, o)
		if again := figureRows(t, s); !sameRows(written, again) {
			t.Errorf("made again\n%v\nthey were\n%v", again, written)
		}
	})
}

// shift makes the changes of some hours, and what the figures of the agents' time must be.
type shift struct {
	random  *rand.Rand
	changes []queue.Change
	spans   []span
}

// span is some time of an agent in one standing.
type span struct {
	extension string
	open      figures.Open
	end       time.Time
}

// work is the log of an agent from start to end.
func (s *shift) work(extension string, start, end time.Time) {
	words := []string{
		"ready", "ring", "talking", "typing", "noanswer", "rest", "busy", "unavailable", "down",
		agent.NoServer,
	}
	reasons, groups := []string{"", "lunch", "break"}, []string{"", "110", "120"}
	last := figures.Open{}
	for at := start; at.Before(end); {
		next := figures.Open{Standing: words[s.random.IntN(len(words))], At: at}
		switch next.Standing {
		case "busy":
			next.Reason = reasons[s.random.IntN(3)]
		case "ring", "talking", "typing":
			next.Group = groups[s.random.IntN(3)]
			if next.Standing == "talking" && next.Group != "" && s.random.IntN(3) == 0 {
				next.Reason = agent.Holding
			}
		}
		s.changes = append(s.changes, queue.Change{AgentLog: &agent.LogEntry{
			Extension: extension, Status: "", At: at, Standing: next.Standing, Reason: next.Reason, Group: next.Group,
		}})
		if last.Standing != "" {
			s.spans = append(s.spans, span{extension, last, at})
		}
		last = next
		at = at.Add(time.Duration(s.random.Int64N(int64(40 * time.Minute)))).Truncate(time.Microsecond)
	}
	s.changes = append(s.changes, queue.Change{AgentLog: &agent.LogEntry{
		Extension: extension, Status: agent.StatusLogout, At: end, Standing: "down",
	}})
	s.spans = append(s.spans, span{extension, last, end})
}

// calls are visits with offers and wrap-ups.
func (s *shift) calls(n int, start time.Time) {
	outcomes := []queue.Outcome{queue.Answered, queue.Answered, queue.Abandoned, queue.TimedOut, queue.Moved, queue.Refused}
	for i := range n {
		at := start.Add(time.Duration(s.random.Int64N(int64(5 * time.Hour)))).Truncate(time.Microsecond)
		wait := time.Duration(s.random.Int64N(int64(40 * time.Second)))
		agent, group := fmt.Sprint(1000+s.random.IntN(3)), fmt.Sprint(110+10*s.random.IntN(2))
		c := queue.CDR{
			UUID: fmt.Sprint("u", i), Group: group, Outcome: outcomes[s.random.IntN(len(outcomes))], Arrived: at,
			Ended: at.Add(wait), ServiceLevel: s.random.IntN(3) * 10, Short: s.random.IntN(10), Visit: 1,
		}
		o := queue.OfferRecord{
			Call: c.UUID, Group: group, Agent: agent, Number: 1, Offered: at.Add(wait / 2), Ended: at.Add(wait),
			Outcome: queue.OfferMissed, Arrived: at, Visit: 1,
		}
		if c.Outcome == queue.Answered {
			c.Answered, c.Bridged = at.Add(wait), at.Add(wait+time.Second)
			c.Ended = at.Add(wait + time.Duration(s.random.Int64N(int64(time.Hour))))
			o.Answered, o.Ended, o.Outcome, o.Hold = c.Answered, c.Ended, queue.OfferAnswered, time.Second
		}
		s.changes = append(s.changes, queue.Change{Offer: &o}, queue.Change{CDR: &c})
		if c.Outcome == queue.Answered && s.random.IntN(2) == 0 {
			s.changes = append(s.changes, queue.Change{WrapUp: &queue.WrapUp{
				Agent: agent, Offered: o.Offered, Length: time.Duration(s.random.IntN(90)) * time.Second, Ended: "itself",
			}})
		}
	}
}

func TestTheFiguresOfAShiftAreThoseOfItsRecords(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		s, _ := run(t, o)
		jobsDone(t, s)
		sh := shift{random: rand.New(rand.NewPCG(seed, 1))}
		for extension := range 3 {
			sh.work(fmt.Sprint(1000+extension), moment, moment.Add(6*time.Hour))
		}
		sh.calls(200, moment)
		for changes := range slices.Chunk(sh.changes, 25) {
			s.Write(changes...)
			flush(t, s)
		}
		written := figureRows(t, s)
		if got, want := written["nwayacd_agent_interval"], sh.expected(); !sameTimes(got, want) {
			t.Errorf("the agents' time is\n%v\nwant\n%v", got, want)
		}
		if n := count(t, s, `SELECT count(*) FROM nwayacd_agent_open`); n != 0 {
			t.Errorf("%d agents who have logged out are counted on", n)
		}
		expectCalls(t, s, written["nwayacd_interval"])
		rebuild(t, o)
		if again := figureRows(t, s); !sameRows(written, again) {
			t.Errorf("made again\n%v\nthey were\n%v", again, written)
		}
	})
}

// expected are the times of the agents, by the row and the column.
func (s *shift) expected() map[string]map[string]int64 {
	columns := map[string]string{
		"ready": "ready_ms", "ring": "ring_ms", "talking": "talk_ms", "typing": "wrap_up_ms", "noanswer": "missed_ms",
		"rest": "rest_ms", "busy": "paused_ms", "unavailable": "unavailable_ms",
	}
	rows := map[string]map[string]int64{}
	for _, sp := range s.spans {
		column := columns[sp.open.Standing]
		if sp.open.Standing == "talking" && sp.open.Group == "" {
			column = "outbound_ms"
		}
		if column == "" {
			continue
		}
		for quarter := moment.Truncate(15 * time.Minute); quarter.Before(sp.end); quarter = quarter.Add(15 * time.Minute) {
			from, to := max(quarter.UnixMilli(), sp.open.At.UnixMilli()),
				min(quarter.Add(15*time.Minute).UnixMilli(), sp.end.UnixMilli())
			if to <= from {
				continue
			}
			key := strings.TrimSpace(sp.extension + " " + quarter.Format(time.RFC3339) + " " + sp.open.Group)
			if rows[key] == nil {
				rows[key] = map[string]int64{}
			}
			rows[key][column] += to - from
			rows[key]["logged_in_ms"] += to - from
			if sp.open.Reason == agent.Holding {
				rows[key]["hold_ms"] += to - from
			}
		}
	}
	return rows
}

// sameTimes compares the columns of times.
func sameTimes(got, want map[string]map[string]int64) bool {
	times := map[string]map[string]int64{}
	for key, row := range got {
		only := maps.Clone(row)
		maps.DeleteFunc(only, func(column string, _ int64) bool { return !strings.HasSuffix(column, "_ms") })
		if len(only) > 0 {
			times[key] = only
		}
	}
	return maps.EqualFunc(times, want, maps.Equal)
}

func sameRows(a, b map[string]map[string]map[string]int64) bool {
	return maps.EqualFunc(a, b, func(a, b map[string]map[string]int64) bool { return maps.EqualFunc(a, b, maps.Equal) })
}

// expectCalls compares the sums of the groups' figures with what SQL says of the records.
func expectCalls(t *testing.T, s *Store, rows map[string]map[string]int64) {
	t.Helper()
	sums := map[string]int64{}
	for _, row := range rows {
		for column, n := range row {
			sums[column] += n
		}
	}
	for column, query := range map[string]string{
		"offered":  `SELECT count(*) FROM nwayacd_cdr WHERE outcome <> 'blacklisted'`,
		"answered": `SELECT count(*) FROM nwayacd_cdr WHERE bridged IS NOT NULL`, "abandoned": `SELECT count(*) FROM nwayacd_cdr WHERE outcome = 'abandoned'`,
		"left_timeout": `SELECT count(*) FROM nwayacd_cdr WHERE outcome = 'timeout'`,
		"talks":        `SELECT count(*) FROM nwayacd_offer WHERE outcome = 'answered'`,
		"talk_ms":      `SELECT COALESCE(sum(talk_ms), 0) FROM nwayacd_offer`, "hold_ms": `SELECT COALESCE(sum(hold_ms), 0) FROM nwayacd_offer`,
		"wrap_up_ms": `SELECT COALESCE(sum(wrap_up_ms), 0) FROM nwayacd_offer`,
	} {
		if want := count(t, s, query); sums[column] != int64(want) {
			t.Errorf("%s is %d, the records have %d", column, sums[column], want)
		}
	}
}

// TestQuarterHoursThatPassChangeNothing counts up to each quarter hour while the agents work.
func TestQuarterHoursThatPassChangeNothing(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		sh := shift{random: rand.New(rand.NewPCG(7, 1))}
		sh.work("1000", moment, moment.Add(3*time.Hour))
		for i, c := range sh.changes {
			s.Write(c)
			flush(t, s)
			end := moment.Add(4 * time.Hour)
			if i+1 < len(sh.changes) {
				end = sh.changes[i+1].AgentLog.At
			}
			for quarter := figures.QuarterOf(c.AgentLog.At); quarter.Before(end); quarter = quarter.Add(figures.Quarter) {
				err := s.db.transact(within(t), func(tx *transaction) error { return s.db.moveOpenSpans(within(t), tx, quarter) })
				if err != nil {
					t.Fatal(err)
				}
			}
			if i == len(sh.changes)/2 {
				before := figureRows(t, s)
				rebuild(t, o)
				if again := figureRows(t, s); !sameRows(before, again) {
					t.Errorf("made again while the agent works\n%v\nthey were\n%v", again, before)
				}
			}
		}
		if got, want := figureRows(t, s)["nwayacd_agent_interval"], sh.expected(); !sameTimes(got, want) {
			t.Errorf("got\n%v\nwant\n%v", got, want)
		}
	})
}

// rebuild makes all figures again, as the subcommand does.
func rebuild(t *testing.T, o Options) {
	t.Helper()
	if err := RebuildFigures(within(t), o, moment, moment.Add(9*time.Hour), nil); err != nil {
		t.Fatal(err)
	}
}

// figureRows reads the figures that are not zero, by table, row and column.
func figureRows(t *testing.T, s *Store) map[string]map[string]map[string]int64 {
	t.Helper()
	all := map[string]map[string]map[string]int64{}
	for _, table := range figureTables {
		all[table.name] = map[string]map[string]int64{}
		rows, err := s.db.Query(`SELECT ` + strings.Join(slices.Concat(table.key, table.columns), ", ") + ` FROM ` + table.name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = collect(rows, func(scan func(...any) error) (struct{}, error) {
			keys, values := make([]text, len(table.key)), make([]int64, len(table.columns))
			var start stamp
			var into []any
			for i := range keys {
				into = append(into, &keys[i])
			}
			into[1] = &start
			for i := range values {
				into = append(into, &values[i])
			}
			err := scan(into...)
			keys[1] = text(start.UTC().Format(time.RFC3339))
			words := make([]string, len(keys))
			for i, key := range keys {
				words[i] = string(key)
			}
			row := map[string]int64{}
			for i, n := range values {
				if n != 0 {
					row[table.columns[i]] = n
				}
			}
			if len(row) > 0 {
				all[table.name][strings.TrimSpace(strings.Join(words, " "))] = row
			}
			return struct{}{}, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
