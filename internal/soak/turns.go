package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The turns of callers. The agents of a group are offered the callers in the order in which they
// came.

// Bounds of what is compared.
const (
	cameApart = 2 * time.Second // two callers came in this order for certain
	settled   = time.Second     // a caller has been in the line for so long, without an offer
)

// turn is the stay of one caller in the line of the only group that they called. Nobody but the
// phones of agents concerned them.
type turn struct {
	c      *caller
	came   time.Time // into the line
	left   time.Time // it, for a talk or for good
	offers []legSeen
}

// checkTurns checks that no agent was offered a caller while an earlier one waited in the same
// group. Only times are compared in which nothing that calls need had been broken since the earlier
// one came.
func (s *soak) checkTurns() {
	for _, turns := range s.turns() {
		for _, t := range turns {
			for _, offer := range t.offers {
				if offer.uuid == offer.offer { // the first telephone of the offer
					s.checkTurn(t, offer, turns)
				}
			}
		}
	}
}

// concernsCalls reports whether calls are affected if the place is broken. The server needs no
// database for them, and strangers at its ports must not matter.
func concernsCalls(place string) bool {
	return !strings.Contains(place, "database") && place != "ports"
}

// checkTurn compares the caller of an offer with all others that waited as it was made.
func (s *soak) checkTurn(t turn, offer legSeen, turns []turn) {
	for _, other := range turns {
		after := t.came.Sub(other.came)
		if after.Abs() < cameApart || !other.waitsAt(offer) {
			continue
		}
		first := t.came.Add(-max(after, 0))
		if s.breaker.wasBroken(first.Add(-calmAfter), offer.born, concernsCalls) {
			continue
		}
		s.figures.Turns++
		if after > 0 {
			s.violate("caller passed over", fmt.Sprintf("%s was offered %s at %.3f s, who came to group %s %s after %s",
				offer.extension, t.c.uuid, offer.born.Sub(s.began).Seconds(), t.c.entered[0],
				after.Round(time.Millisecond), other.c.uuid), other.c)
		}
	}
}

// waitsAt reports whether the caller could have been offered instead. A caller whom this agent has
// just missed is not offered to it again at once.
func (t *turn) waitsAt(offer legSeen) bool {
	at := offer.born
	if at.Sub(t.came) < settled || t.left.Sub(at) < settled {
		return false
	}
	return !slices.ContainsFunc(t.offers, func(o legSeen) bool {
		missed := o.extension == offer.extension && at.Sub(o.over) < restBound
		return o.born.Before(at.Add(settled)) && (o.over.Add(settled).After(at) || missed)
	})
}

// turns are the turns of all callers by group, in the order in which they came.
func (s *soak) turns() map[string][]turn {
	offers := map[string][]legSeen{}
	s.watch.mu.Lock()
	for _, l := range s.watch.all {
		offers[l.caller] = append(offers[l.caller], l)
	}
	s.watch.mu.Unlock()
	all := map[string][]turn{}
	for _, c := range s.callers() {
		if c.kind != wantsAgent || c.moved || !c.acted.IsZero() || len(c.entered) != 1 || len(s.watch.deedsOf(c)) > 0 {
			continue
		}
		t := turn{c: c, came: c.takenIn, left: c.over, offers: offers[c.uuid]}
		if !c.bridged.IsZero() {
			t.left = c.bridged
		}
		all[c.entered[0]] = append(all[c.entered[0]], t)
	}
	for _, turns := range all {
		slices.SortFunc(turns, func(a, b turn) int { return a.came.Compare(b.came) })
	}
	return all
}
