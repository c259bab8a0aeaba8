package main

import (
	"fmt"
	"slices"
	"time"

	desk "nwayacd/internal/phone"
)

// What the telephones of an agent saw of offers, and whether the agent was offered nothing after
// those that it missed.

// officeRests differ, so that a rest of the wrong kind is seen.
var officeRests = rests{busy: 2, reject: 3, noAnswer: 1, unreachable: 4}

// longestRest is the bound of a rest after many misses in a row.
const longestRest = 5 * time.Minute

// ring is one offer, as the telephones of the agent saw it.
type ring struct {
	caller     string
	views      []desk.View // of each telephone
	contacts   []*desk.Contact
	began, end time.Time // end is zero while a telephone still has the call
}

// rings are the offers of an agent, in their order.
func (w *seat) rings() (all []ring) {
	for _, d := range w.phone.Dialogs() {
		if v := d.View(); !v.Outgoing {
			all = withCall(all, d.Contact(), v)
		}
	}
	return all
}

// withCall adds a call of one telephone to the last offer, or as a new one. All telephones of one
// offer are called in the same moment, but one may have refused before the next one rings.
func withCall(all []ring, on *desk.Contact, v desk.View) []ring {
	if n := len(all); n == 0 || !all[n-1].takes(on, v) {
		all = append(all, ring{caller: v.Number, began: v.Began})
	}
	all[len(all)-1].add(on, v)
	return all
}

// together is how far apart the calls of one offer may be at the telephones. Those of one telephone
// are closer, if FreeSWITCH has two registrations of it for a moment.
const (
	together = 2 * time.Second
	doubled  = 50 * time.Millisecond
)

func (r *ring) takes(on *desk.Contact, v desk.View) bool {
	if slices.Contains(r.contacts, on) {
		return v.Number == r.caller && v.Began.Sub(r.began) < doubled
	}
	return r.end.IsZero() || v.Began.Before(r.end) || v.Number == r.caller && v.Began.Sub(r.began) < together
}

func (r *ring) add(on *desk.Contact, v desk.View) {
	over := len(r.views) == 0 || !r.end.IsZero()
	r.views, r.contacts = append(r.views, v), append(r.contacts, on)
	switch {
	case v.State != desk.Over || !over:
		r.end = time.Time{}
	case v.Ended.After(r.end):
		r.end = v.Ended
	}
}

// answered reports whether a telephone took the call.
func (r *ring) answered() bool {
	return slices.ContainsFunc(r.views, func(v desk.View) bool { return v.Code == 200 })
}

// talked reports whether the call was taken, and not dropped at once.
func (r *ring) talked() bool {
	return slices.ContainsFunc(r.views, func(v desk.View) bool {
		return v.Code == 200 && v.Ended.Sub(v.Began) > 2*time.Second
	})
}

// rest is the least that an agent must rest after the first miss of that kind. Of several
// telephones the strongest refusal counts, but the shortest of their rests is never too long.
func (r *ring) rest() time.Duration {
	least := longestRest
	for _, v := range r.views {
		least = min(least, time.Duration(restAfter(v))*time.Second)
	}
	return least
}

func restAfter(v desk.View) int {
	switch o := officeRests; {
	case !v.ByUs, v.Code == 480: // whether it rang or not
		return min(o.noAnswer, o.unreachable)
	case v.Code == 486, v.Code == 600:
		return o.busy
	case v.Code == 603:
		return o.reject
	default:
		return o.unreachable
	}
}

// inRow is the rest after so many misses in a row.
func inRow(rest time.Duration, misses int) time.Duration {
	for ; misses > 1 && rest < longestRest; misses-- {
		rest *= 2
	}
	return min(rest, longestRest)
}

// clockSlack is by how much a rest may seem shorter to the phones.
const clockSlack = 200 * time.Millisecond

// checksRests checks that after a miss the agent is offered nothing until the rest is over. The
// phones see both ends later than nwayacd does, so a busy machine makes no rest shorter.
func (b *office) checksRests(w *seat, all []ring) {
	misses := 0
	for i := range all[:max(0, len(all)-1)] {
		r, next := &all[i], &all[i+1]
		if i > 0 && (w.stirredWithin(all[i-1].end, r.began) || b.srv.diedIn(all[i-1].began, r.began)) {
			misses = 0
		}
		if !b.isMiss(r) {
			misses = 0
			continue
		}
		misses++
		if w.stirredWithin(r.began, next.began) || b.srv.diedIn(r.began, next.began) {
			continue
		}
		b.figures.Rests++
		want := inRow(r.rest(), misses)
		if rested := next.began.Sub(r.end); rested < want-clockSlack {
			b.tells("offered while it rests", fmt.Sprintf(
				"%s missed %s (miss %d in a row) and was called %s later for %s, and not %s later: %+v",
				w.number, r.caller, misses, rested, next.caller, want, r.views), b.guestOf(r.caller))
		}
	}
}

// isMiss reports whether the offer was certainly missed: no telephone answered, and the caller
// stayed, without a deed that concerned them.
func (b *office) isMiss(r *ring) bool {
	g := b.guestOf(r.caller)
	if g == nil || r.end.IsZero() || r.answered() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !g.over.IsZero() && g.over.Before(r.end.Add(2*time.Second)) {
		return false
	}
	return !slices.ContainsFunc(g.touched, func(s span) bool {
		return s.from.Before(r.end.Add(time.Second)) && s.to.After(r.began)
	})
}

// backAt is when the agent can be called again at the latest, if nothing else changes its state. It
// adds the rest after all offers that may have been misses, and the wrap-up. It returns false while
// a telephone has a call.
func (w *seat) backAt() (at time.Time, ok bool) {
	all, misses := w.rings(), 0
	for _, r := range all {
		switch {
		case r.end.IsZero():
			return at, false
		case r.talked():
			misses = 0
		default:
			misses++
		}
		at = r.end
	}
	for _, d := range w.phone.Dialogs() {
		v := d.View()
		if v.State != desk.Over {
			return at, false
		}
		if v.Ended.After(at) {
			at = v.Ended
		}
	}
	o := officeRests
	longest := time.Duration(max(o.busy, o.reject, o.noAnswer, o.unreachable)) * time.Second
	return at.Add(inRow(longest, misses) + backSlack), true
}

// backSlack is the wrap-up, the remains of a phone's call on FreeSWITCH, and the delays of a busy
// machine.
const backSlack = 8 * time.Second
