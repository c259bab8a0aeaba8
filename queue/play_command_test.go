package queue

import "nwayacd/agent"

// command gives an agent one of the simple commands.
func (p *play) command(d dice) {
	a, which := p.someAgent(d), d.IntN(5)
	p.note("command %d to %s", which, a.ext)
	var err error
	p.step(func() {
		switch which {
		case 0:
			err = p.f.Logout(a.ext, p.now)
		case 1:
			err = p.f.Busy(a.ext, p.now)
		default:
			err = p.f.Ready(a.ext, p.now)
		}
		p.same("command", err == nil, a.here)
	}, func() {
		if a.here {
			p.obey(a, which)
		}
		p.m.settle(nil)
	})
}

func (p *play) obey(a *nAgent, which int) {
	switch {
	case which <= 1 && a.lease != nil:
		a.deferred = either(which == 0, agent.LogoutDeferred, agent.BusyDeferred)
	case which == 0:
		p.m.logout(a)
	case which == 1:
		a.idle = false
	default:
		a.idle, a.deferred = true, agent.NothingDeferred
		a.fresh()
		if a.lease == nil {
			a.state = agent.Ready
		}
	}
}
