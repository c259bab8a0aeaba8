package queue

import "nwayacd/agent"

var playReasons = []string{"", "lunch", "break"}

// command gives an agent one of the simple commands.
func (p *play) command(d dice) {
	a, which, reason := p.someAgent(d), d.IntN(5), playReasons[d.IntN(len(playReasons))]
	p.note("command %d %s to %s", which, reason, a.ext)
	var err error
	p.step(func() {
		switch which {
		case 0:
			err = p.f.Logout(a.ext, p.now)
		case 1:
			err = p.f.Pause(a.ext, reason, p.now)
		default:
			err = p.f.Ready(a.ext, p.now)
		}
		p.same("command", err == nil, a.here)
	}, func() {
		if a.here {
			p.obey(a, which, reason)
		}
		p.m.settle(nil)
	})
}

func (p *play) obey(a *nAgent, which int, reason string) {
	switch {
	case which == 0 && a.lease != nil:
		a.deferred = agent.LogoutDeferred
		if a.idle {
			a.unpause()
		}
	case which == 0:
		p.m.logout(a)
	case which == 1 && a.lease != nil && a.idle:
		a.deferred, a.reason = agent.BusyDeferred, reason
	case which == 1:
		a.pause(reason, p.now)
		a.deferred = agent.NothingDeferred
	default:
		a.deferred = agent.NothingDeferred
		a.unpause()
		a.fresh()
		if a.lease == nil {
			a.state = agent.Ready
		}
	}
}
