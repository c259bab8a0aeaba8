package live

import (
	"testing"
	"testing/synctest"
	"time"

	"nwayacd/internal/figures"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

func TestFiguresCountEachVisitOnceFromItsAnswerOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(admin, "")
		expect := func(when, key string, want float64) {
			t.Helper()
			shown.watch(500 * time.Millisecond)
			for _, span := range []string{"today", "recent"} {
				figures := shown.rows["groups"]["110"][span].(map[string]any)
				if figures[key] != want {
					t.Errorf("%s, %s: %s is %v, should be %v", when, span, key, figures[key], want)
				}
			}
		}
		lease := s.talk("u1", "139", "110")
		expect("in the talk", "answered", 1)
		arrived := time.Now()
		s.do(func(now time.Time) error { s.floor.End(lease, now); return nil })
		s.end(queue.CDR{UUID: "u1", Group: "110", Outcome: queue.Answered, Arrived: arrived, Bridged: arrived})
		expect("after it", "answered", 1)
		expect("after it", "offered", 1)
		expect("after it", "service_level", 100)
		s.do(func(now time.Time) error { return s.floor.Busy("1000", now) })
		abandoned := func(uuid string, wait time.Duration) {
			at := time.Now()
			s.arrive(uuid, "138", "110")
			time.Sleep(wait)
			s.end(queue.CDR{UUID: uuid, Group: "110", Outcome: queue.Abandoned, Arrived: at})
		}
		abandoned("u2", time.Second)
		expect("a short abandon", "abandoned_short", 1)
		expect("a short abandon", "service_level", 100)
		abandoned("u3", 30*time.Second)
		expect("a long abandon", "abandoned", 2)
		expect("a long abandon", "service_level", 50)
		for _, outcome := range []queue.Outcome{queue.Refused, queue.Returned} {
			s.end(queue.CDR{
				UUID: "u4", Group: "110", Outcome: outcome, Cause: queue.CauseShutdown, Arrived: time.Now(),
			})
		}
		expect("refused and returned", "offered", 3)
		s.end(queue.CDR{UUID: "u5", Group: "110", Outcome: queue.TimedOut, Arrived: time.Now()})
		expect("timed out", "offered", 4)
	})
}

func TestFiguresAgeWithoutCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock of a bubble begins at midnight UTC
		s := newStage(t)
		shown := s.screen(admin, "")
		time.Sleep(23 * time.Hour)
		s.end(queue.CDR{UUID: "u1", Group: "110", Outcome: queue.Abandoned, Arrived: time.Now()})
		for _, c := range []struct {
			after         time.Duration
			today, recent float64
		}{{28 * time.Minute, 1, 1}, {5 * time.Minute, 1, 0}, {40 * time.Minute, 0, 0}} {
			shown.watch(c.after)
			g := shown.rows["groups"]["110"]
			today, recent := g["today"].(map[string]any)["abandoned"], g["recent"].(map[string]any)["abandoned"]
			if today != c.today || recent != c.recent {
				t.Errorf("at %v: today %v, recent %v; should be %v, %v", time.Now().UTC(), today, recent, c.today,
					c.recent)
			}
		}
	})
}

// TestFiguresFollowTheSettingsOfTheGroup has a visit that was answered after 25 s. By the defaults
// it would be late. It counts by what its record has, and the row shows what is in force now.
func TestFiguresFollowTheSettingsOfTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		shown := s.screen(admin, "")
		sets := func(u queue.GroupUpdate) {
			u.Number = "110"
			s.do(func(time.Time) error { return s.floor.SetGroup(u) })
			shown.watch(500 * time.Millisecond)
		}
		wants := func(when, key string, want any) {
			t.Helper()
			g := shown.rows["groups"]["110"]
			if is, own := g[key]; own && is != want {
				t.Errorf("%s: %s is %v, should be %v", when, key, is, want)
			} else if is := g["today"].(map[string]any)[key]; !own && is != want {
				t.Errorf("%s: %s of today is %v, should be %v", when, key, is, want)
			}
		}
		sets(queue.GroupUpdate{
			ServiceLevel: new(setting.Is(30 * time.Second)), ShortAbandon: new(setting.Is[time.Duration](0)),
		})
		s.do(func(now time.Time) error { return s.floor.Busy("1000", now) })
		arrived := time.Now()
		s.arrive("u1", "139", "110")
		time.Sleep(25 * time.Second)
		offers := s.do(func(now time.Time) error { return s.floor.Ready("1000", now) })
		cdr := queue.CDR{UUID: "u1", Group: "110", Outcome: queue.Answered, Arrived: arrived, ServiceLevel: 30}
		s.do(func(now time.Time) error {
			cdr.Answered, cdr.Bridged = now, now
			s.floor.Answer(offers[0], now)
			s.floor.Bridged(queue.Talk{CDR: cdr})
			return nil
		})
		shown.watch(500 * time.Millisecond)
		wants("in the talk", "answered_in", 1.)
		s.do(func(now time.Time) error { s.floor.End(offers[0], now); return nil })
		s.end(cdr)
		at := time.Now()
		s.end(queue.CDR{
			UUID: "u2", Group: "110", Outcome: queue.Abandoned, Arrived: at.Add(-time.Second), ServiceLevel: 30,
		})
		sets(queue.GroupUpdate{
			ServiceLevel: new(setting.Is(10 * time.Second)), Goal: new(setting.Is(95)), WarnWaiting: new(setting.Is(1)),
			AlertWait: new(setting.Is(time.Minute)),
		})
		wants("after it", "answered_in", 1.)
		wants("after it", "abandoned_short", 0.)
		wants("after it", "service_level", 50.)
		for key, want := range map[string]float64{
			"service_level_seconds": 10, "service_level_goal": 95, "short_abandon_seconds": 0, "warn_waiting": 1,
			"alert_waiting": 10, "warn_wait_seconds": 60, "alert_wait_seconds": 60,
		} {
			wants("as set", key, want)
		}
		sets(queue.GroupUpdate{Formula: new(setting.Is(queue.AnsweredOnly))})
		wants("of the answered", "service_level", 100.)
		wants("of the answered", "service_level_formula", string(queue.AnsweredOnly))
		sets(queue.GroupUpdate{
			Formula: &setting.Own[string]{}, ServiceLevel: &setting.Own[time.Duration]{},
			WarnWaiting: &setting.Own[int]{},
		})
		wants("by the defaults", "service_level", 50.)
		wants("by the defaults", "service_level_seconds", 20.)
		wants("by the defaults", "warn_waiting", 5.)
	})
}

// A total over groups is made of the counts, so each row has them beside the percents.
func TestTheServiceLevelComesWithItsCounts(t *testing.T) {
	var c figures.Calls
	c[figures.Answered], c[figures.AnsweredIn], c[figures.Abandoned], c[figures.AbandonedShort] = 2500, 1999, 20, 20
	got := figuresOf(&c, queue.ShortExcluded)
	if got.LevelIn != 1999 || got.LevelOf != 2500 || *got.ServiceLevel != 79.9 { // not 80
		t.Errorf("%d of %d is %v", got.LevelIn, got.LevelOf, *got.ServiceLevel)
	}
	c[figures.Answered], c[figures.AnsweredIn] = 0, 0
	if got := figuresOf(&c, queue.ShortExcluded); got.LevelOf != 0 || got.ServiceLevel != nil {
		t.Errorf("of short abandons alone: %+v", got)
	}
}

func TestVisitsThatNobodyTakesAreCountedAtOnce(t *testing.T) {
	f := NewFigures(time.UTC)
	for range mostVisits + 1 {
		f.Ended(queue.CDR{Group: "110", Outcome: queue.Abandoned, Arrived: time.Now(), Ended: time.Now()})
	}
	if len(f.pending) != 1 {
		t.Errorf("%d visits wait", len(f.pending))
	}
	g := f.look(f.take(), time.Now(), false).groups["110"]
	if n := g.recent[figures.Abandoned]; n != mostVisits+1 {
		t.Errorf("counted %d of %d", n, mostVisits+1)
	}
}
