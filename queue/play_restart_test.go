package queue

import (
	"slices"
	"strings"
	"time"

	"nwayacd/agent"
)

// snapshot is the database as a new server finds it.
func (b *ledger) snapshot() Snapshot {
	s := b.kept.Clone()
	slices.SortFunc(s.Agents, func(a, b agent.Agent) int { return strings.Compare(a.Extension, b.Extension) })
	slices.SortFunc(s.Waiting, func(a, b Waiting) int { return strings.Compare(a.UUID, b.UUID) })
	slices.SortFunc(s.Talks, func(a, b Talk) int { return strings.Compare(a.CDR.UUID, b.CDR.UUID) })
	return s // the order of the others is of no account
}

// restart is a server that dies, and one that starts after it.
func (p *play) restart(dice) {
	if p.ledger == nil {
		return
	}
	p.note("the server dies, and another one starts")
	s := p.ledger.snapshot()
	s.VIPs = []VIP{{"888", "110"}, {Number: "999"}}
	for _, w := range s.Waiting {
		p.ledger.away[w.UUID] = true
	}
	p.f = NewFloor(p.m.rules, uint64(p.serial))
	for _, a := range p.m.agents {
		p.f.SetOutside(a.ext, a.outside, p.now)
	}
	p.step(func() {
		p.f.Load(s, p.now)
		p.f.Tick(p.now) // wrap-ups that are over
	}, func() { p.restarted(s) })
}

func (p *play) restarted(s Snapshot) {
	p.t.Helper()
	p.m.calls, p.m.absent, p.m.nowAvailable = nil, nil, nil
	clear(p.m.counted)
	for _, a := range p.m.agents {
		a.lease = nil
		a.fresh()
	}
	for _, t := range s.Talks {
		if !t.Requeued {
			p.goesOn(t, s)
		}
	}
	for _, w := range s.Waiting {
		p.waited(w)
	}
	for _, t := range s.Talks {
		if t.Requeued {
			p.waitedAgain(t)
		}
	}
	for _, a := range p.m.agents {
		if a.here && a.lease == nil {
			p.startsAnew(a)
		}
	}
}

// goesOn is a talk that the restart found. The agent is in it if it is the agent's newest talk.
func (p *play) goesOn(t Talk, s Snapshot) {
	p.t.Helper()
	c := p.resumed(t, t.CDR.Arrived)
	a, newest := c.lease.agent, true
	for _, other := range s.Talks {
		newest = newest && (other.Requeued || other.CDR.Agent != t.CDR.Agent ||
			!other.Offer.Answered.After(t.Offer.Answered))
	}
	c.lease.loose = !newest || a.here && a.state != agent.Talking
	if !c.lease.loose && a.here {
		a.lease = c.lease
	}
}

// waited is a caller who waited when the server died, and was not in a talk.
func (p *play) waited(w Waiting) {
	if t, talked := p.m.talks[w.UUID]; talked && !t.Requeued {
		return
	}
	p.m.absent = append(p.m.absent, &nAbsent{
		uuid: w.UUID, caller: w.Caller, visit: visit{w.Name, w.Visit, w.CameFrom},
		group: w.Group, vip: w.VIP, since: w.Since, until: p.now.Add(time.Minute), untold: true,
		cdr: CDR{
			UUID: w.UUID, Caller: w.Caller, CallerName: w.Name, Group: w.Group, VIP: w.VIP, Visit: w.Visit,
			CameFrom: w.CameFrom,
			Arrived:  w.Since, Ended: p.now, Outcome: Failed,
			Cause: "waited when the server died, and did not come back",
		},
	})
}

// waitedAgain is a caller who waited and had talked before.
func (p *play) waitedAgain(t Talk) {
	cdr := t.CDR
	cdr.Ended, cdr.Cause = p.now, "waited when the server died, and did not come back"
	i := slices.IndexFunc(p.m.absent, func(a *nAbsent) bool { return a.uuid == cdr.UUID })
	if i < 0 {
		p.m.closes(cdr)
		return
	}
	p.m.absent[i].cdr = cdr
}

// startsAnew is an agent whose call, if there was one, is over.
func (p *play) startsAnew(a *nAgent) {
	switch a.state {
	case agent.Ring, agent.Talking:
		a.state = agent.Ready
	case agent.Typing:
		a.wrapUpEnds = p.ledger.kept.agent(a.ext).Since.Add(p.m.rules.Recover)
		if !p.now.Before(a.wrapUpEnds) {
			a.state = agent.Ready
		}
	}
	switch a.deferred {
	case agent.BusyDeferred:
		a.pause(a.reason, p.now)
	case agent.LogoutDeferred:
		p.m.logout(a)
	}
	a.deferred = agent.NothingDeferred
}
