package store

import (
	"slices"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// TestFiguresAreReadAsTheyWereWritten reads them for some groups and a time.
func TestFiguresAreReadAsTheyWereWritten(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		start := figures.QuarterOf(moment)
		for i, group := range []string{"110", "120", "110"} {
			at := start.Add(time.Duration(i) * figures.Quarter)
			s.Write(
				queue.Change{CDR: &queue.CDR{UUID: "u", Group: group, Outcome: queue.Abandoned, Arrived: at, Ended: at.Add(time.Second)}},
				queue.Change{Offer: &queue.OfferRecord{
					Call: "u", Group: group, Agent: "1000", Offered: at, Ended: at, Outcome: queue.OfferMissed, Arrived: at,
				}},
				queue.Change{AgentLog: &agent.LogEntry{Extension: "1000", At: at, Standing: "busy", Reason: group}},
			)
		}
		s.Write(queue.Change{AgentLog: &agent.LogEntry{Extension: "1000", At: start.Add(time.Hour), Standing: "down"}})
		flush(t, s)
		var calls []figures.CallKey
		err := s.CallFigures(within(t), start, start.Add(2*figures.Quarter), []string{"110"},
			func(k figures.CallKey, c *figures.Calls) {
				if c[figures.AbandonedShort] != 1 || c[figures.WaitAbandoned] != 1000 {
					t.Errorf("%v: %v", k, *c)
				}
				calls = append(calls, k)
			})
		if want := []figures.CallKey{{Group: "110", Start: start}}; err != nil || !slices.Equal(calls, want) {
			t.Errorf("%v %v", calls, err)
		}
		offers, paused := int64(0), int64(0)
		err = s.AgentFigures(within(t), start, start.Add(time.Hour), []string{"120"}, func(k figures.AgentKey, a *figures.Agent) {
			offers, paused = offers+a[figures.Offers], paused+a[figures.PausedTime]
		})
		if err != nil || offers != 1 || paused != time.Hour.Milliseconds() {
			t.Errorf("%d offers, %d ms, %v", offers, paused, err)
		}
		pauses := map[string]figures.Pause{}
		err = s.PauseFigures(within(t), start, start.Add(time.Hour), func(k figures.PauseKey, p figures.Pause) {
			sum := pauses[k.Reason]
			pauses[k.Reason] = figures.Pause{Time: sum.Time + p.Time, Times: sum.Times + p.Times}
		})
		if err != nil || pauses["120"] != (figures.Pause{Time: 900_000, Times: 1}) || pauses["110"].Times != 2 {
			t.Errorf("%v %v", pauses, err)
		}
		log, err := s.AgentLog(within(t), "1000", start.Add(time.Minute), start.Add(figures.Quarter))
		if err != nil || len(log) != 1 || log[0].Reason != "120" {
			t.Errorf("%v %v", log, err)
		}
	})
}
