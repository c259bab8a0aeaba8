package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// loginAny logs some agent in to some groups.
func (p *play) loginAny(d dice) { p.login(d, p.someAgent(d)) }

func (p *play) login(d dice, a *nAgent) {
	var numbers []string
	into, known := make([]bool, len(p.m.groups)), a.here
	for i, g := range p.m.groups {
		if d.IntN(2) == 0 {
			numbers, into[i], known = append(numbers, g.number), true, known && g.here
		}
	}
	p.note("%s logs into %v", a.ext, numbers)
	p.step(
		func() { p.same("login", p.f.Login(a.ext, numbers, p.now) == nil, known) },
		func() {
			if known {
				a.registered, a.up, a.deferred = true, true, agent.NothingDeferred
				a.unpause()
				a.fresh()
				if a.lease == nil {
					a.state = agent.Ready
				}
				p.m.members[slices.Index(p.m.agents, a)] = into
			}
			p.m.settle(nil)
		},
	)
}

func (p *play) register(d dice) {
	a, on := p.someAgent(d), d.IntN(2) == 0
	p.note("%s registered: %v", a.ext, on)
	p.step(func() { _ = p.f.SetRegistered(a.ext, on, p.now) }, func() {
		if a.here {
			a.registered = on
			if on {
				a.fresh()
			}
		}
		p.m.settle(nil)
	})
}

// phone is a registration event of FreeSWITCH, perhaps of another telephone.
func (p *play) phone(d dice) {
	a, which := p.someAgent(d), d.IntN(3)
	p.note("the phone of %s: %d", a.ext, which)
	p.step(func() {
		if which == 0 {
			p.f.EndRest(a.ext, p.now)
		} else {
			p.f.Registration(a.ext, which == 1, "", p.now)
		}
	}, func() {
		if which == 0 || which == 1 && !a.registered {
			a.fresh()
		}
		if which > 0 && a.here {
			a.registered = which == 1
		}
		p.m.settle(nil)
	})
}

func (p *play) outside(d dice) {
	a, calls := p.someAgent(d), max(0, d.IntN(4)-1)
	p.note("%s has %d calls outside", a.ext, calls)
	p.step(func() { p.f.SetOutside(a.ext, calls, p.now) }, func() {
		a.outside = calls // also known of an extension that is no agent yet
		p.m.settle(nil)
	})
}

// hire adds an extension by command.
func (p *play) hire(a *nAgent) {
	p.note("%s is added", a.ext)
	p.step(func() { p.same("add agent", p.f.AddAgent(a.ext, "secret") == nil, !a.here) }, func() {
		if !a.here {
			p.appear(a, true)
		}
	})
}

// appear makes an agent as if it were new. An offer or a call from before its removal is still
// there.
func (p *play) appear(a *nAgent, idle bool) {
	*a = nAgent{ext: a.ext, here: true, idle: idle, outside: a.outside}
	for _, l := range p.m.standing() {
		if l.agent == a && !l.loose {
			a.lease, a.state = l, either(l.answered, agent.Talking, agent.Ring)
		}
	}
}

func (p *play) addOrRemoveAgent(d dice) {
	a, command := p.someAgent(d), d.IntN(2) == 0
	switch {
	case !a.here && command:
		p.hire(a)
	case !a.here:
		p.note("the row of %s is inserted", a.ext)
		p.edit(Change{AgentAdded: &NewAgent{Extension: a.ext}}, func() { p.appear(a, false) })
	case d.IntN(4) > 0: // seldom: else the floor would be empty
	case command:
		p.note("%s is removed", a.ext)
		p.step(func() { p.same("remove agent", p.f.RemoveAgent(a.ext) == nil, a.lease == nil) }, func() {
			if a.lease == nil {
				p.vanish(a)
			}
		})
	default:
		p.note("the row of %s is deleted", a.ext)
		p.edit(Change{AgentRemoved: &a.ext}, func() { p.vanish(a) })
	}
}

func (p *play) vanish(a *nAgent) {
	a.here, a.lease = false, nil
	clear(p.m.members[slices.Index(p.m.agents, a)])
}

// edit is an edit by another program.
func (p *play) edit(c Change, model func()) {
	p.t.Helper()
	if p.ledger != nil {
		p.ledger.outside(c)
	}
	p.step(func() { p.f.Edit(c, p.now) }, func() {
		model()
		p.m.settle(nil)
	})
}

func (p *play) editAgent(d dice) {
	a, which, on := p.someAgent(d), d.IntN(9), d.IntN(2) == 0
	u := agent.Update{Extension: a.ext}
	state := agent.CallState(d.IntN(5))
	deferred := agent.Deferred(d.IntN(3))
	var field *bool
	switch which {
	case 0:
		u.Up, field = &on, &a.up
	case 1:
		u.Idle, field = &on, &a.idle
	case 2:
		on = on && d.IntN(3) == 0
		u.Locked, field = &on, &a.locked
	case 3:
		on = on && d.IntN(3) == 0
		u.DND, field = &on, &a.dnd
	case 4:
		u.WithoutState, field = &on, &a.withoutState
	case 5:
		u.Deferred = &deferred
	case 6:
		u.Registered, field = &on, &a.registered
	default:
		u.Call = &state
	}
	p.note("the row of %s is edited: %d %v %v %q", a.ext, which, on, state, deferred)
	p.edit(Change{Agent: &u}, func() {
		was := a.idle
		switch {
		case !a.here:
		case field != nil:
			if on && !*field && (which <= 1 || which == 6) { // as if logged in, made ready, registered
				a.fresh()
			}
			*field = on
			if which == 1 {
				a.idle = was
				p.idleEdit(a, on)
			}
		case which == 5:
			p.deferredEdit(a, deferred)
		case a.lease == nil && a.state != state:
			a.state, a.wrapUpEnds = state, p.now.Add(p.m.rules.Recover)
			if state == agent.Ready {
				a.fresh()
			}
		}
	})
}

// idleEdit is an edit of seat_status.
func (p *play) idleEdit(a *nAgent, idle bool) {
	switch {
	case !idle:
		a.pause(a.reason, p.now)
	case a.deferred == agent.BusyDeferred:
		a.idle, a.pausedSince = true, time.Time{}
	default:
		a.unpause()
	}
}

// deferredEdit is a deferred busy or logout in the agent's row. It counts as if a command had asked
// for it.
func (p *play) deferredEdit(a *nAgent, deferred agent.Deferred) {
	switch deferred {
	case agent.NothingDeferred:
		a.deferred = deferred
		if a.idle {
			a.unpause()
		}
	case agent.BusyDeferred:
		if a.lease != nil { // also if the agent is busy already
			a.deferred = deferred
		} else {
			a.pause(a.reason, p.now)
		}
	case agent.LogoutDeferred:
		p.obey(a, 0, "")
	}
}

func (p *play) editMember(d dice) {
	a, g, in := d.IntN(len(p.m.agents)), d.IntN(len(p.m.groups)), d.IntN(3) > 0
	m := &Member{p.m.groups[g].number, p.m.agents[a].ext}
	p.note("%v joined: %v", *m, in)
	p.edit(either(in, Change{MemberJoined: m}, Change{MemberLeft: m}), func() { p.m.members[a][g] = in })
}

func (p *play) editGroup(d dice) {
	g, a := p.someGroup(d), p.someAgent(d)
	u := GroupUpdate{Number: g.number, Cursor: &a.ext}
	p.note("the pointer of %s is put to %s", g.number, a.ext)
	p.edit(Change{Group: &u}, func() {
		if g.here {
			g.cursor = a.ext
		}
	})
}

func (p *play) addOrRemoveGroup(d dice) {
	g, command := p.someGroup(d), d.IntN(2) == 0
	switch {
	case !g.here && command:
		p.note("%s is added", g.number)
		p.step(func() { p.same("add group", p.f.AddGroup(g.number, g.mode, p.now) == nil, true) }, func() {
			g.here, g.cursor = true, ""
			g.life++
		})
		p.edit(Change{Group: &GroupUpdate{Number: g.number, RingTimeout: &g.ring}}, func() {})
	case !g.here:
		p.note("the row of %s is inserted", g.number)
		p.edit(Change{GroupAdded: &Group{Number: g.number, Mode: g.mode, RingTimeout: g.ring}}, func() {
			g.here, g.cursor = true, ""
			g.life++
		})
	case d.IntN(4) > 0:
	case command:
		p.note("%s is removed", g.number)
		_, waiting, _ := p.counted(g)
		p.step(func() { p.same("remove group", p.f.RemoveGroup(g.number) == nil, waiting == 0) }, func() {
			if waiting == 0 {
				g.here = false
				for i := range p.m.members {
					p.m.members[i][slices.Index(p.m.groups, g)] = false
				}
			}
		})
	default:
		p.note("the row of %s is deleted", g.number)
		p.edit(Change{GroupRemoved: &g.number}, func() { p.deleted(g) })
	}
}

// deleted sends back the callers of a group who have no agent.
func (p *play) deleted(g *nGroup) {
	g.here = false
	for _, c := range p.m.calls {
		if c.group == g && c.life == g.life && (c.phase == waiting || c.phase == greeting) {
			p.m.sendBack(c)
		}
	}
}

func (p *play) configure(d dice) {
	p.m.rules.NoAnswerToReady, p.m.rules.TypingAuto = d.IntN(4) > 0, d.IntN(2) == 0
	p.m.rules.MaxMisses = playMaxMisses[d.IntN(len(playMaxMisses))]
	p.step(func() { p.f.Configure(p.m.rules) }, func() {})
}

func (p *play) wait(d dice) {
	p.pass([...]time.Duration{time.Second, 5 * time.Second, 21 * time.Second, 40 * time.Second}[d.IntN(4)])
}

// acts returns everything that can happen, and how often it does.
func (p *play) acts() map[string]act {
	return map[string]act{
		"join": {4, p.join}, "open": {4, p.open}, "call": {8, p.call}, "leave": {3, p.leave},
		"lose the connection": {2, p.loseConnection},
		"stay":                {3, p.stay}, "recover a talk": {2, p.recoverTalk},
		"restart a switch": {1, p.restartSwitch}, "take over": {2, p.takeOver},
		"move": {3, p.move}, "restart": {1, p.restart},
		"answer": {10, p.answer}, "bridge": {10, p.bridge}, "miss": {8, p.miss}, "end": {10, p.end},
		"transfer": {4, p.transfer},
		"login":    {6, p.loginAny}, "command": {8, p.command}, "register": {3, p.register}, "phone": {3, p.phone},
		"outside":    {3, p.outside},
		"edit agent": {4, p.editAgent}, "edit member": {3, p.editMember}, "edit group": {1, p.editGroup},
		"agent": {2, p.addOrRemoveAgent}, "group": {1, p.addOrRemoveGroup}, "configure": {1, p.configure},
		"wait": {8, p.wait},
	}
}

type act struct {
	weight int
	do     func(dice)
}
