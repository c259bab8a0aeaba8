package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFiftyCallersForFiveAgents(t *testing.T) {
	const callers = 50
	var f floor
	for i := range 5 {
		talk := time.Duration(250+30*i) * time.Millisecond
		f.agents = append(f.agents, agentRow{name: fmt.Sprintf("agent%d", i), phone: answersFor(talk)})
	}
	onBoth(t, f, func(t *testing.T, w *world) {
		var all []*call
		for i := range callers {
			c := w.arrives(fmt.Sprintf("caller%02d", i))
			eventually(t, patience, c.name+" is in the line", func() bool { return len(w.ear.story(c.uuid)) > 0 })
			if i%7 == 3 { // some hang up first
				go c.hangUpWhenTalking(150 * time.Millisecond)
			}
			all = append(all, c)
		}
		for _, c := range all {
			eventually(t, time.Minute, c.name+"'s call is over", func() bool { return c.channel().gone })
			ext := strings.TrimPrefix(w.ear.story(c.uuid)[1], "queue remove ")
			c.story("queue add", "queue remove "+ext, "callout "+ext+" 1", "answered "+ext+" 1", "hangup "+ext+" 1",
				"queue remove")
			c.cdr("outcome=answered", "offers=1", "agent="+ext)
		}
		w.cleanAfter()
		w.servedInOrder(all)
		for _, twice := range w.ear.atOnce() {
			t.Error(twice)
		}
	})
}

// hangUpWhenTalking waits for the talk, and a while longer.
func (c *call) hangUpWhenTalking(later time.Duration) {
	for deadline := time.Now().Add(time.Minute); c.channel().peer == "" && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(later)
	c.hangsUp()
}

// servedInOrder compares the order in which calls were offered with the order of their arrival.
func (w *world) servedInOrder(calls []*call) {
	w.t.Helper()
	eventually(w.t, patience, "all offers are in the database", func() bool {
		return len(w.db.rows("SELECT 1 FROM nwayacd_offer")) >= len(calls)
	})
	var order []string
	for _, r := range w.db.rows(
		"SELECT o.call_uuid FROM nwayacd_offer o JOIN nwayacd_cdr c ON c.call_uuid = o.call_uuid ORDER BY " +
			"o.offered, c.arrived") {
		order = append(order, r[0])
	}
	for i, c := range calls {
		if order[i] != c.uuid {
			w.t.Fatalf("the offer no. %d was not %s's", i, c.name)
		}
	}
}

// atOnce lists agents who had two live legs at the same time, by FreeSWITCH's clock.
func (e *ear) atOnce() (twice []string) {
	legs := locked(e, func() (legs []channel) {
		for _, ch := range e.channels {
			if !ch.inbound {
				legs = append(legs, *ch)
			}
		}
		return legs
	})
	slices.SortFunc(legs, func(a, b channel) int {
		return cmp.Or(strings.Compare(a.dest, b.dest), a.created.Compare(b.created))
	})
	for i := 1; i < len(legs); i++ {
		one, next := legs[i-1], legs[i]
		if e.isAgent(one.dest) && one.dest == next.dest && next.created.Before(one.hungUp) {
			twice = append(twice,
				fmt.Sprintf("%s had a second leg %s before the first was over", one.dest, one.hungUp.Sub(next.created)))
		}
	}
	return twice
}

// isAgent distinguishes an agent's extension from the number that callers dial.
func (e *ear) isAgent(number string) bool { return e.mine(number) && number != group }
