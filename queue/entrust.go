package queue

import (
	"time"

	"nwayacd/agent"
)

// Bridged says that the bridge of an answered call stands: what a restart finds of the call is from now on its talk, and its place no more.
func (f *Floor) Bridged(t Talk) {
	f.keep(Change{Talk: &t})
	if c := f.calls[t.CDR.UUID]; c != nil {
		f.unlist(c)
	}
}

// Forsake is Withdraw where nobody can say whether the agent's phone still rings: the agent is not free before the lease runs out, when FreeSWITCH
// has ended the leg by itself.
func (f *Floor) Forsake(l *Lease, now time.Time) {
	if l.over || l.answered {
		return
	}
	l.forsaken = true
	f.part(l)
	f.settle(now)
}

// Lapse is Leave for a caller who may come back: the place is kept for a while, as after a restart. One who was in a talk has
// none to keep: false. One who does not come back is among Effects.Forgotten.
func (f *Floor) Lapse(uuid string, now time.Time) (kept bool) {
	if c := f.calls[uuid]; c != nil && c.listed {
		c.listed = false // the row stays: the server may die before the caller is back
		f.expect(uuid, c.since, now)
		kept = true
	}
	f.Leave(uuid, now)
	return kept
}

// Entrust is Leave for a call whose talk goes on without us: the agent stays in it until EndTalk.
func (f *Floor) Entrust(uuid string, now time.Time) {
	if c := f.calls[uuid]; c != nil && c.lease != nil && c.lease.answered {
		c.lease = nil
	}
	f.Leave(uuid, now)
}

// Adopt is what Load does with a talk, for one that was found at its FreeSWITCH and that nobody had written down: the place that was kept for its caller is
// over, and its agent is in it until EndTalk. False: no place is kept for the caller, or the agent is gone, or has an offer or a call.
func (f *Floor) Adopt(t Talk, now time.Time) bool {
	d := f.desks[t.CDR.Agent]
	if _, kept := f.former[t.CDR.UUID]; !kept || d == nil || d.lease != nil {
		return false
	}
	delete(f.former, t.CDR.UUID)
	delete(f.held, d.Extension)
	f.engage(d, t.lease(d.Profile), now)
	f.keep(Change{Talk: &t})
	f.keep(Change{Left: &t.CDR.UUID})
	if l := f.lines[t.CDR.Group]; l != nil {
		f.remember(t.CDR.Caller, l, d, now)
	}
	return true
}

// lease is that of the talk's agent.
func (t *Talk) lease(who agent.Profile) *Lease {
	return &Lease{
		Call: t.CDR.UUID, Group: t.CDR.Group, Agent: who, Number: t.CDR.Offers, Transfer: t.Offer.Transfer,
		Offered: t.Offer.Offered, answered: true,
	}
}

// EndTalk is End for a talk that goes on without a call of ours: entrusted, or of an earlier life. Nothing happens where the agent is not in it.
func (f *Floor) EndTalk(extension, uuid string, now time.Time) {
	l := f.orphans[extension]
	if d := f.desks[extension]; d != nil {
		l = d.lease
	}
	if l != nil && l.answered && l.Call == uuid {
		f.End(l, now)
	}
}
