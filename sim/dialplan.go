package sim

import (
	"slices"
	"strings"
)

// Plan makes a dialplan of lines such as "set socket_resume=true" or
// "socket 10.0.0.5:8084/nwayacd/110 async full".
func Plan(lines ...string) []Action {
	plan := make([]Action, 0, len(lines))
	for _, line := range lines {
		app, data, _ := strings.Cut(line, " ")
		plan = append(plan, Action{App: app, Data: data})
	}
	return plan
}

// inline reads the dialplan `inline`: APP:DATA,APP:DATA, or with another separator
// m:SEPARATOR:APP:DATA….
func inline(chain string) []Action {
	separator := byte(',')
	if strings.HasPrefix(chain, "m:") && len(chain) > 4 && chain[3] == ':' {
		separator, chain = chain[2], chain[4:]
	}
	var plan []Action
	for _, part := range separate(chain, separator) {
		app, data, _ := strings.Cut(part, ":")
		plan = append(plan, Action{App: strings.TrimSpace(app), Data: data})
	}
	return plan
}

// route sends the channel through a new dialplan.
func (c *channel) route(plan []Action) step {
	return func() step {
		c.plan = slices.Clone(plan)
		c.setState("CS_ROUTING")
		c.mu.Lock()
		if strings.EqualFold(c.dialplan, "inline") && c.rdnis != "" { // inline_dialplan_hunt gives the number back
			c.dialled, c.rdnis = c.rdnis, ""
		}
		c.mu.Unlock()
		return c.execution
	}
}

// execution is the state CS_EXECUTE. It runs the rest of the dialplan, action by action. At its end
// FreeSWITCH hangs up.
func (c *channel) execution() step {
	c.setState("CS_EXECUTE")
	for len(c.plan) > 0 && !c.interrupted() {
		action := c.plan[0]
		c.plan = c.plan[1:]
		if c.call != nil {
			c.call.did(action)
		}
		c.execute(action.App, action.Data, "")
		if c.isReset() {
			return c.stranded()
		}
	}
	return c.ordered(nil)
}

// stranded is a channel in an application other than socket when its connection ended. It stays in
// CS_RESET for ever.
func (c *channel) stranded() step {
	c.setState("CS_RESET")
	c.clearReset()
	return c.ordered(c.limbo)
}
