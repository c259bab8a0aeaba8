package live

import (
	"testing"
	"testing/synctest"
	"time"

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
			s.end(queue.CDR{UUID: "u4", Group: "110", Outcome: outcome, Arrived: time.Now()})
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
				t.Errorf("at %v: today %v, recent %v; should be %v, %v", time.Now().UTC(), today, recent, c.today, c.recent)
			}
		}
	})
}

func TestServiceLevelByEachFormula(t *testing.T) {
	c := Counts{Answered: 70, AnsweredIn: 50, Abandoned: 30, AbandonedIn: 20, AbandonedShort: 10}
	for formula, want := range map[string]float64{
		"short-excluded": 100 * 50. / 90, "all": 50, "answered": 100 * 50. / 70, "abandoned-counts": 70, "late-abandoned": 62.5,
	} {
		if got, is := c.ServiceLevel(formula); !is || got != want {
			t.Errorf("%s: %v, should be %v", formula, got, want)
		}
	}
	none := Counts{Abandoned: 1, AbandonedShort: 1}
	if level, is := none.ServiceLevel("short-excluded"); is {
		t.Errorf("of nothing: %v", level)
	}
}
