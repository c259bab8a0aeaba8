package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"
)

// withJobs makes these the jobs of both databases until the test ends.
func withJobs(t *testing.T, jobs ...job) {
	t.Helper()
	ofPostgres, ofSQLite := postgres.jobs, embedded.jobs
	t.Cleanup(func() { postgres.jobs, embedded.jobs = ofPostgres, ofSQLite })
	postgres.jobs, embedded.jobs = jobs, jobs
}

// filled is a job that gives each of the first n CDRs one more offer.
func filled(n int, before func(rows int)) job {
	return job{
		name: "filled",
		step: func(ctx context.Context, tx *transaction, position string, rows int) (string, bool, error) {
			before(rows)
			from, _ := strconv.Atoi(position)
			to := min(from+rows, n)
			_, err := tx.ExecContext(ctx,
				fmt.Sprintf(`UPDATE nwayacd_cdr SET offers = offers + 1 WHERE id > %d AND id <= %d`, from, to))
			return strconv.Itoa(to), to == n, err
		},
	}
}

func withCDRs(t *testing.T, o Options, n int) {
	t.Helper()
	withJobs(t)
	s, stop := run(t, o)
	for i := range n {
		s.Write(cdr(fmt.Sprint("u", i)))
	}
	flush(t, s)
	stop()
}

func jobsDone(t *testing.T, s *Store) {
	t.Helper()
	eventually(t, "the jobs are done", func() bool {
		return len(s.Status().Jobs) == 0 && count(t, s, `SELECT count(*) FROM nwayacd_job WHERE done`) == len(s.db.jobs)
	})
}

func TestOldRowsAreFilledOnceThoughTheServerStopsMeanwhile(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		withCDRs(t, o, 1000)
		second := make(chan struct{}, 100)
		all := filled(1000, func(int) { second <- struct{}{} })
		step := all.step
		all.step = func(ctx context.Context, tx *transaction, position string, _ int) (string, bool, error) {
			return step(ctx, tx, position, 100)
		}
		withJobs(t, all)
		for range 2 {
			_, stop := run(t, o)
			<-second
			<-second // so one step at least is committed
			stop()
		}
		s, _ := run(t, o)
		jobsDone(t, s)
		if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr WHERE offers = 1`); n != 1000 {
			t.Errorf("%d of 1000 rows were filled once", n)
		}
	})
}

func TestAStepThatTakesTooLongIsTriedWithFewerRows(t *testing.T) {
	o := postgresOptions(t)
	withCDRs(t, o, 1000)
	slow := filled(1000, func(int) {})
	least := fewestRows
	step := slow.step
	slow.step = func(ctx context.Context, tx *transaction, position string, rows int) (string, bool, error) {
		least = min(least, rows)
		pause := fmt.Sprintf(`SELECT pg_sleep(%g)`, 0.0016*float64(rows)) // 1.6 s for the first step
		if _, err := tx.ExecContext(ctx, pause); err != nil {
			return "", false, err
		}
		return step(ctx, tx, position, 20*rows)
	}
	withJobs(t, slow)
	s, _ := run(t, o)
	jobsDone(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr WHERE offers = 1`); n != 1000 || least > fewestRows/2 {
		t.Errorf("%d of 1000 rows, and steps of %d rows or more", n, least)
	}
}

func TestAJobHoldsUpNoChange(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		began, goOn := make(chan struct{}), make(chan struct{})
		withJobs(t, job{
			name: "stuck",
			step: func(ctx context.Context, _ *transaction, position string, _ int) (string, bool, error) {
				if position == "1" {
					return "2", true, nil
				}
				close(began)
				<-goOn
				<-ctx.Done() // it uses all of its time
				return "1", false, nil
			},
		})
		s, _ := run(t, o)
		<-began
		s.Write(cdr("u1"))
		wrote := time.Now()
		close(goOn)
		flush(t, s)
		if took := time.Since(wrote); took > stepLimit+5*time.Second {
			t.Errorf("a change was applied after %s", took)
		}
	})
}

func TestAJobThatFailsIsTriedAgainAndHoldsUpNoOther(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		repaired := make(chan struct{})
		withJobs(t, job{
			name: "failing",
			step: func(context.Context, *transaction, string, int) (string, bool, error) {
				select {
				case <-repaired:
					return "", true, nil
				default:
					return "", false, errors.New("not yet")
				}
			},
		}, job{name: "nwayacd_cdr_caller", index: `ON nwayacd_cdr (caller)`})
		s, _ := run(t, o)
		eventually(t, "the other job is done, and the fault is told", func() bool {
			st := s.Status()
			return len(st.Jobs) == 1 && st.Jobs[0] == "failing" && st.JobFault == "failing: not yet"
		})
		close(repaired)
		jobsDone(t, s)
		if fault := s.Status().JobFault; fault != "" {
			t.Error(fault)
		}
	})
}

func TestMigrateFinishesTheJobs(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		withCDRs(t, o, 1000)
		withJobs(t, filled(1000, func(int) {}), job{name: "nwayacd_cdr_caller", index: `ON nwayacd_cdr (caller)`})
		var done []string
		for range 2 {
			if err := FinishJobs(within(t), o, func(name string) { done = append(done, name) }); err != nil {
				t.Fatal(err)
			}
		}
		if fmt.Sprint(done) != "[filled nwayacd_cdr_caller]" {
			t.Error(done)
		}
	})
}

const indexIsValid = `SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('nwayacd_remember_caller') AND indisvalid`

// The transaction of another program is what makes PostgreSQL's CREATE INDEX wait.
func TestAnIndexIsBuiltWhileOthersWrite(t *testing.T) {
	o := postgresOptions(t)
	s, stop := run(t, o)
	jobsDone(t, s)
	stop()
	db := openSQL(t, o.DSN)
	exec(t, db, `DROP INDEX nwayacd_remember_caller; DELETE FROM nwayacd_job`)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO cf_call_remember (call_number) VALUES ('138')`); err != nil {
		t.Fatal(err)
	}
	s, stop = run(t, o)
	building := `SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND datname = current_database()`
	eventually(t, "the index is begun", func() bool { return count(t, s, building) == 1 })
	seq := s.Write(cdr("u1"))
	flush(t, s)
	if status := s.Status(); len(status.Jobs) == 0 || !status.Up || s.applied.Get() < seq {
		t.Errorf("%+v", status)
	}
	stop() // the index is left unfinished
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	s, _ = run(t, o)
	jobsDone(t, s)
	if count(t, s, indexIsValid) != 1 {
		t.Error("there is no index")
	}
}

func TestAnIndexThatWasNotFinishedIsBuiltAgain(t *testing.T) {
	o := postgresOptions(t)
	s, stop := run(t, o)
	jobsDone(t, s)
	stop()
	db := openSQL(t, o.DSN)
	exec(t, db, `INSERT INTO cf_call_remember (call_number) VALUES ('138'), ('138')`)
	exec(t, db, `DROP INDEX nwayacd_remember_caller`)
	exec(t, db, `DELETE FROM nwayacd_job`)
	if _, err := db.Exec(`CREATE UNIQUE INDEX CONCURRENTLY nwayacd_remember_caller ON cf_call_remember (call_number)`); err == nil {
		t.Fatal("the index is unique")
	}
	s, _ = run(t, o)
	jobsDone(t, s)
	if count(t, s, indexIsValid) != 1 {
		t.Error("there is no index")
	}
}

// TestAnIndexAndATruncateWaitForEachOther makes the deadlock: the build of the index waits for the
// end of a transaction, which then waits for the table.
func TestAnIndexAndATruncateWaitForEachOther(t *testing.T) {
	o := postgresOptions(t)
	withJobs(t)
	_, stop := run(t, o)
	stop()
	withJobs(t, job{name: "test_truncated", index: `ON call_vip_number (phone_number)`})
	db := openSQL(t, o.DSN)
	operator, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Rollback()
	// so that it is the build that the database ends; and the snapshot for which the build waits
	for _, statement := range []string{`SET LOCAL deadlock_timeout = '1min'`, `SELECT count(*) FROM ext_group`} {
		if _, err := operator.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	built := make(chan error, 1)
	go func() { built <- FinishJobs(within(t), o, func(string) {}) }() // ends by within
	eventually(t, "the build waits", func() bool {
		const waiting = `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
			WHERE NOT l.granted AND a.query LIKE 'CREATE INDEX CONCURRENTLY test_truncated%'`
		n := 0
		if err := db.QueryRow(waiting).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 0
	})
	_, err = operator.ExecContext(t.Context(), `TRUNCATE call_vip_number`)
	if err != nil && !isDeadlock(err) { // on a busy machine the database may have seen the build wait first
		t.Fatal(err)
	}
	operator.Rollback()
	if err := <-built; err != nil {
		t.Fatal(err)
	}
	valid := false
	if err := db.QueryRow(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'test_truncated'::regclass`).Scan(&valid); err != nil ||
		!valid {
		t.Errorf("the index is valid: %v, %v", valid, err)
	}
}
