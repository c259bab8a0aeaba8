package store

import (
	"testing"
	"time"
)

func TestAClockThatJumpsIsFollowedSlowly(t *testing.T) {
	began := time.Now()
	b := believer{time: moment}
	step := func(elapsed time.Duration, clock, want time.Time, trusts bool) {
		t.Helper()
		got, trusted := b.believe(clock, began.Add(elapsed))
		if !got.Equal(want) || trusted != trusts {
			t.Errorf("after %s a clock of %s: believed %s, trusted %v, want %s", elapsed, clock, got, trusted, want)
		}
	}
	const year = 365 * oneDay
	step(0, moment.Add(oneDay), moment.Add(oneDay), true) // the server was off
	step(oneDay, moment.Add(2*oneDay), moment.Add(2*oneDay), true)
	step(2*oneDay, moment.Add(3*oneDay+year), moment.Add(4*oneDay), false)
	step(2*oneDay, moment.Add(3*oneDay+year), moment.Add(4*oneDay), false) // a reload; no time has passed
	step(3*oneDay, moment.Add(4*oneDay+year), moment.Add(6*oneDay), false)
	step(4*oneDay, moment.Add(5*oneDay), moment.Add(5*oneDay), true) // the clock is right again
	step(5*oneDay, moment.Add(6*oneDay), moment.Add(6*oneDay), true)

	b = believer{time: moment} // a process that starts with such a clock
	step(0, moment.Add(year), moment, false)
	b = believer{} // a new database
	step(0, moment.Add(year), moment.Add(year), true)
}

// TestAServerWhoseClockIsAYearAheadDeletesNothingEarly lets the server's clock jump, and then the
// database's, too.
func TestAServerWhoseClockIsAYearAheadDeletesNothingEarly(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		now := time.Now()
		recent := cdr("recent")
		recent.CDR.Arrived = now.Add(-oneDay)
		s.Write(recent)
		flush(t, s)
		eventually(t, "the time of now is believed and kept", func() bool {
			return count(t, s, `SELECT count(*) FROM nwayacd_job WHERE name = 'retention-clock'`) == 1
		})
		stop()
		s = open(t, o) // its own goroutine that deletes does not run
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		for _, clocks := range []string{"the server's", "both"} {
			if clocks == "both" && s.db.clock != "" {
				s.db.clock = `SELECT clock_timestamp() + interval '365 days'`
			}
			s.old.believer = believer{} // as in a new process
			believed, err := s.believedTime(t.Context(), now.Add(365*oneDay))
			if err != nil {
				t.Fatal(err)
			}
			if believed.After(now.Add(oneDay)) {
				t.Errorf("a jump of %s clock: believed %s", clocks, believed)
			}
			if err := s.deleteOnce(t.Context(), Retention{Records: 30 * oneDay}, believed); err != nil {
				t.Fatal(err)
			}
			if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 1 {
				t.Errorf("a jump of %s clock: %d records are left", clocks, n)
			}
		}
	})
}
