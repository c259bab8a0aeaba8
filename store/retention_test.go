package store

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/internal/figures"
	"nwayacd/queue"
)

const oneDay = 24 * time.Hour

// recordsOf are one record of each kind, so many days before moment.
func recordsOf(daysAgo int) []queue.Change {
	at := moment.Add(-time.Duration(daysAgo) * oneDay)
	uuid := fmt.Sprint("u", daysAgo)
	return []queue.Change{
		{CDR: &queue.CDR{
			UUID: uuid, Group: "110", Outcome: queue.Answered, Arrived: at, Answered: at, Bridged: at, Ended: at.Add(time.Minute),
		}},
		{Offer: &queue.OfferRecord{
			Call: uuid, Group: "110", Agent: "1000", Number: 1, Offered: at, Answered: at, Ended: at.Add(time.Minute),
			Outcome: queue.OfferAnswered, Arrived: at,
		}},
		{AgentLog: &agent.LogEntry{Extension: "1000", At: at, Standing: agent.StandingBusy.String(), Reason: "lunch"}},
		{AgentLog: &agent.LogEntry{Extension: "1000", At: at.Add(time.Minute), Standing: agent.StandingDown.String()}},
		{Auth: &auth.Change{Audit: &auth.Entry{At: at, Actor: "local", Action: "nway_busy"}}},
	}
}

// rowsOf counts the rows of these tables.
func rowsOf(t *testing.T, s *Store, tables ...string) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, table := range tables {
		all[strings.TrimPrefix(table, "nwayacd_")] = count(t, s, `SELECT count(*) FROM `+table)
	}
	return all
}

// keep makes the store delete as if the time were moment.
func keep(t *testing.T, s *Store, r Retention) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it pauses for as long as it works
	defer cancel()
	if err := s.deleteOnce(ctx, r, moment); err != nil {
		t.Fatal(err)
	}
}

func TestOldRowsAreDeletedByTheKeyOfTheirTable(t *testing.T) {
	dated := []string{
		"nwayacd_cdr", "nwayacd_offer", "nwayacd_agent_log", "nwayacd_interval", "nwayacd_agent_interval",
		"nwayacd_pause_interval", "nwayacd_audit",
	}
	others := []string{"nwayacd_rejected", "nwayacd_agent_open", "nwayacd_talk", "callin_queue", "cf_call_remember"}
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		for _, days := range []int{400, 31, 29, 0} {
			s.Write(recordsOf(days)...)
		}
		flush(t, s)
		const old = `'2001-01-01T00:00:00Z'`
		for _, statement := range []string{
			`INSERT INTO nwayacd_rejected (journal, seq, change, error, at) VALUES ('j', 1, '{}', '', ` + old + `)`,
			`INSERT INTO nwayacd_agent_open (extension, standing, at) VALUES ('1001', 'ready', ` + old + `)`,
			`INSERT INTO nwayacd_talk (call_uuid, server, talk) VALUES ('u', 's', '{}')`,
			`INSERT INTO callin_queue (call_uuid, call_time) VALUES ('u', ` + old + `)`,
			`INSERT INTO cf_call_remember (call_number, insert_time) VALUES ('139', ` + old + `)`,
		} {
			exec(t, s.db.DB, statement)
		}
		there := rowsOf(t, s, others...)
		expect := func(what string, cdrs, logs, intervals, paused, audits int) {
			t.Helper()
			want := map[string]int{
				"cdr": cdrs, "offer": cdrs, "agent_log": logs, "interval": intervals, "agent_interval": paused,
				"pause_interval": intervals, "audit": audits,
			}
			if got := rowsOf(t, s, dated...); !maps.Equal(got, want) {
				t.Errorf("%s: %v are left, want %v", what, got, want)
			}
			if got := rowsOf(t, s, others...); !maps.Equal(got, there) {
				t.Errorf("%s: of the others %v are left, want %v", what, got, there)
			}
		}
		keep(t, s, Retention{})
		expect("for ever", 4, 8, 4, 8, 4)
		keep(t, s, Retention{Records: 30 * oneDay})
		expect("records for 30 days", 2, 4, 4, 8, 4)
		keep(t, s, Retention{Audit: oneDay})
		expect("the audit log for a day", 2, 4, 4, 8, 1)
		keep(t, s, Retention{Figures: 365 * oneDay})
		expect("figures for a year", 2, 4, 3, 6, 1)
		if got, want := s.Status().Deleted, (map[string]uint64{"record": 8, "figure": 4, "audit": 3}); !maps.Equal(got, want) {
			t.Errorf("counted %v, want %v", got, want)
		}
	})
}

func TestOldRowsAreDeletedAtTheStartAndWhenTheKeyChanges(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		s.Write(recordsOf(0)...)
		recent := cdr("recent")
		recent.CDR.Arrived = time.Now().Add(-2 * oneDay)
		s.Write(recent)
		flush(t, s)
		stop()
		o.Retention.Records = 3 * oneDay
		s, _ = run(t, o)
		eventually(t, "the old record is deleted", func() bool { return count(t, s, `SELECT count(*) FROM nwayacd_cdr`) == 1 })
		s.SetRetention(Retention{Records: oneDay})
		eventually(t, "the other one, too", func() bool { return count(t, s, `SELECT count(*) FROM nwayacd_cdr`) == 0 })
	})
}

func TestManyRowsAreDeletedInSteps(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s := open(t, o)
		var steps, largest atomic.Int64
		s.db.log = func(statement, parameter string) {
			var before string
			var most int64
			if strings.HasPrefix(statement, "DELETE FROM nwayacd_cdr") {
				fmt.Sscan(parameter, &before, &most)
				largest.Store(max(largest.Load(), most))
				steps.Add(1)
			}
		}
		start(t, s)
		exec(t, s.db.DB, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7000)
			INSERT INTO nwayacd_cdr (call_uuid, outcome, arrived) SELECT 'u', 'answered', '2001-01-01T00:00:00Z' FROM n`)
		keep(t, s, Retention{Records: oneDay})
		if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		if steps.Load() < 3 || largest.Load() > 5000 {
			t.Errorf("%d steps, the largest of %d rows", steps.Load(), largest.Load())
		}
	})
}

func TestAStepHasABound(t *testing.T) {
	most, steps := 0, 0
	err := inSteps(t.Context(), nil, 1000, func(_ context.Context, rows int) (bool, error) {
		most = max(most, rows)
		steps++
		return steps == 10, nil
	})
	if err != nil || most != 1000 {
		t.Errorf("steps of %d rows, and %v", most, err)
	}
}

// Another session holds an old row, so the deleter waits for it.
func TestADeletionThatIsHeldUpHoldsUpNoChange(t *testing.T) {
	o := postgresOptions(t)
	withCDRs(t, o, 10)
	tx, err := openSQL(t, o.DSN).Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`SELECT 1 FROM nwayacd_cdr FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	o.Retention.Records = oneDay
	s, _ := run(t, o)
	eventually(t, "a step waits for the row", func() bool {
		return count(t, s, `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DELETE FROM nwayacd_cdr%'
			AND wait_event_type = 'Lock' AND datname = current_database()`) == 1
	})
	began := time.Now()
	s.Write(queue.Change{AgentLog: &agent.LogEntry{Extension: "1000", At: time.Now()}})
	flush(t, s)
	if took := time.Since(began); took > stepLimit+5*time.Second {
		t.Errorf("a change was applied after %s", took)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	s.SetRetention(Retention{Records: 2 * oneDay}) // and not in ten minutes
	eventually(t, "the rows are deleted", func() bool { return count(t, s, `SELECT count(*) FROM nwayacd_cdr`) == 0 })
}

// half is a shift whose records are deleted up to a quarter hour in its middle. An agent who did
// nothing but wait was logged in all the time.
func half(t *testing.T, s *Store) (until time.Time) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	sh := shift{random: rand.New(rand.NewPCG(seed, 1))}
	sh.work("1000", moment, moment.Add(6*time.Hour))
	sh.calls(100, moment)
	patient := agent.LogEntry{Extension: "2000", At: moment, Standing: agent.StandingReady.String()}
	home := agent.LogEntry{Extension: "2000", At: moment.Add(6 * time.Hour), Standing: agent.StandingDown.String()}
	s.Write(queue.Change{AgentLog: &patient})
	s.Write(sh.changes...)
	s.Write(queue.Change{AgentLog: &home})
	flush(t, s)
	until = figures.QuarterOf(moment.Add(3 * time.Hour))
	if err := s.deleteOnce(within(t), Retention{Records: oneDay}, moment.Add(3*time.Hour+oneDay)); err != nil {
		t.Fatal(err)
	}
	return until
}

func TestFiguresWhoseRecordsAreGoneAreKept(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		jobsDone(t, s)
		until := half(t, s)
		written := figureRows(t, s)
		err := RebuildFigures(within(t), o, moment, moment.Add(9*time.Hour), nil)
		if err == nil || !strings.Contains(err.Error(), "from before "+until.Format(time.RFC3339)+" were deleted") {
			t.Errorf("figures of deleted records were made again: %v", err)
		}
		if after := figureRows(t, s); !sameRows(written, after) {
			t.Errorf("after a rebuild that was refused\n%v\nthey were\n%v", after, written)
		}
		if err := RebuildFigures(within(t), o, until, moment.Add(9*time.Hour), nil); err != nil {
			t.Fatal(err)
		}
		if after := figureRows(t, s); !sameRows(written, after) {
			t.Errorf("made again from the records that are left\n%v\nthey were\n%v", after, written)
		}
	})
}

// A step of the deleter may be the last before a server ends, so some old records are left.
func TestTheJobThatMakesFiguresOfOldRecordsKeepsThoseOfDeletedOnes(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		jobsDone(t, s)
		half(t, s)
		s.Write(cdr("left"))
		flush(t, s)
		written := figureRows(t, s)
		exec(t, s.db.DB, `DELETE FROM nwayacd_job WHERE name = '`+figuresOfBefore.name+`'`)
		if err := FinishJobs(within(t), o, func(string) {}); err != nil {
			t.Fatal(err)
		}
		if after := figureRows(t, s); !sameRows(written, after) {
			t.Errorf("after the job\n%v\nthey were\n%v", after, written)
		}
	})
}
