package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// standing returns the leases that are not over.
func (n *naive) standing() (all []*nLease) {
	for _, c := range n.calls {
		for _, l := range []*nLease{c.lease, c.next} {
			if l != nil && !l.over {
				all = append(all, l)
			}
		}
	}
	return all
}

// due returns the time of the next deadline, or zero if there is none.
func (n *naive) due() (next time.Time) {
	consider := func(t time.Time) {
		if t.After(n.now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, c := range n.calls {
		for _, h := range c.held {
			consider(h.until)
		}
	}
	for _, l := range n.standing() {
		if !l.answered {
			consider(l.expires)
		}
	}
	for _, a := range n.agents {
		if a.here && a.state == agent.Typing {
			consider(a.wrapUpEnds)
		}
		if a.here {
			consider(a.restEnds)
		}
	}
	for _, a := range n.absent {
		consider(a.until)
	}
	return next
}

// tick does what is due now. If several offers expire at the same instant, the floor may choose
// their order.
func (n *naive) tick(expired []*Lease) {
	n.t.Helper()
	for _, a := range n.agents {
		if !a.restEnds.After(n.now) {
			a.restEnds = time.Time{}
		}
	}
	n.settle(nil) // agents who may be offered a missed call again, or whose rest is over
	for _, a := range n.agents {
		if a.here && a.state == agent.Typing && a.wrapUpEnds.Equal(n.now) {
			a.state = agent.Ready
			n.settle(nil)
		}
	}
	n.dropAbsent(func(a *nAbsent) bool { return !n.now.Before(a.until) })
	for _, real := range expired {
		if i := slices.IndexFunc(n.standing(),
			func(l *nLease) bool { return l.real == real && l.expires.Equal(n.now) }); i >= 0 {
			n.miss(n.standing()[i], Miss{})
		}
	}
	for _, l := range n.standing() {
		if !l.answered && !l.expires.After(n.now) {
			n.t.Fatalf("the offer of %s to %s should have expired", l.call.uuid, l.agent.ext)
		}
	}
}
