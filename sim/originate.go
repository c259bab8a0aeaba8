package sim

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

const defaultTimeout = 60 * time.Second

// leg is one outbound leg to be made.
type leg struct {
	vars    [][2]string
	dial    string
	timeout time.Duration
	then    []Action // what it runs once answered
	caller  *channel // the leg's originator, with the application bridge
	join    *talk    // what it takes part in once answered, instead of then
}

func (l *leg) get(name string) string {
	for _, v := range l.vars {
		if sameName(v[0], name) {
			return v[1]
		}
	}
	return ""
}

// originate is the api command: {vars}DIAL &app(arg)|EXT [DIALPLAN] [CONTEXT] [NAME] [NUMBER] [TIMEOUT].
// It answers when the leg has answered or failed.
func (s *Switch) originate(arg string) string {
	args := separate(arg, ' ')
	if len(args) < 2 {
		return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n"
	}
	vars, dial, ok := brackets(args[0])
	if !ok || dial == "" {
		return "-ERR DESTINATION_OUT_OF_ORDER\n"
	}
	l := &leg{vars: s.expandAll(vars), dial: dial, then: s.destination(args[1:])}
	l.timeout = defaultTimeout
	if len(args) > 6 {
		l.timeout = seconds(args[6], l.timeout)
	}
	l.timeout = seconds(l.get("originate_timeout"), l.timeout)
	c, cause := s.ring(l)
	if cause != "" {
		return "-ERR " + cause + "\n"
	}
	return "+OK " + c.uuid + "\n"
}

func (s *Switch) expandAll(vars [][2]string) [][2]string {
	for i := range vars {
		vars[i][1] = expand(vars[i][1], s.global)
	}
	return vars
}

// destination is what the answered leg runs: &app(arg), a chain `inline` or an extension.
func (s *Switch) destination(args []string) []Action {
	what := args[0]
	if app, found := strings.CutPrefix(what, "&"); found {
		name, data, _ := strings.Cut(app, "(")
		return []Action{{App: name, Data: strings.TrimSuffix(data, ")")}}
	}
	if len(args) > 1 && strings.EqualFold(args[1], "inline") {
		return inline(what)
	}
	if plan, ok := s.route(what); ok {
		return plan
	}
	return []Action{{App: "hangup", Data: "NO_ROUTE_DESTINATION"}}
}

func seconds(text string, otherwise time.Duration) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	return otherwise
}

// ring makes the leg, lets it ring and waits for how that ends: the answered
// leg, or the cause it failed for.
func (s *Switch) ring(l *leg) (*channel, string) {
	p, cause := s.locate(l.dial)
	if cause != "" {
		return nil, cause
	}
	c := s.newLeg(l, p)
	s.originated(p.ext)
	if !s.enter(c, func() step { return c.ringing(p, l) }) {
		return nil, "DESTINATION_OUT_OF_ORDER" // as with a UUID that is in use
	}
	limit := time.NewTimer(l.timeout)
	defer limit.Stop()
	var cancelled <-chan struct{}
	if l.caller != nil {
		cancelled = l.caller.ctx.Done()
	}
	select {
	case <-c.answered:
	case <-c.ctx.Done():
	case <-limit.C:
		c.cancel("NO_ANSWER")
	case <-cancelled:
		c.cancel("ORIGINATOR_CANCEL")
	}
	if c.isAnswered() { // even when it died right after
		s.answers.Add(1)
		return c, ""
	}
	<-c.gone // at once: a leg that rings has nothing to leave
	return nil, c.hangupCause()
}

// cancel hangs up a leg unless it has answered in the same moment.
func (c *channel) cancel(cause string) {
	if !c.isAnswered() {
		c.hangup(cause)
	}
}

// originated counts a leg before it exists, and whether its phone has a live one already.
func (s *Switch) originated(ext string) {
	s.originates.Add(1)
	if ext == "" {
		return
	}
	s.mu.Lock()
	for _, other := range s.channels {
		if other.ext == ext && other.outbound && other.hangupCause() == "" {
			s.doubleOffers.Add(1)
			break
		}
	}
	s.mu.Unlock()
	if s.opt.OnOriginate != nil {
		s.opt.OnOriginate(ext, time.Now())
	}
}

func (s *Switch) newLeg(l *leg, p destinationPhone) *channel {
	uuid := l.get("origination_uuid")
	if uuid == "" {
		uuid = s.newUUID()
	}
	c := newChannel(s, uuid, p.channelName)
	c.outbound, c.ext = true, p.ext
	c.talk, c.dies = p.behaviour.Talk, p.behaviour.Do == DiesOnBridge
	c.dialled = p.number
	c.callerID, c.callerName = l.get("origination_caller_id_number"), l.get("origination_caller_id_name")
	if l.caller != nil {
		c.callerID, c.callerName = cmp.Or(c.callerID, l.caller.callerID), cmp.Or(c.callerName, l.caller.callerName)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sipVariables("")
	if p.user {
		c.setVarLocked("dialed_user", p.ext)
		c.setVarLocked("dialed_domain", s.opt.Domain)
	}
	for _, v := range l.vars {
		c.setVarLocked(v[0], v[1])
	}
	return c
}

// ringing is the leg's life up to its answer.
func (c *channel) ringing(p destinationPhone, l *leg) step {
	c.setState("CS_INIT")
	c.fire("CHANNEL_OUTGOING")
	c.setState("CS_ROUTING")
	c.fire("CHANNEL_ORIGINATE")
	c.setState("CS_CONSUME_MEDIA")
	c.setDeaf(true)
	defer c.setDeaf(false)
	b := p.behaviour
	c.ringReady()
	if b.Do == Misses {
		<-c.ctx.Done()
		return nil
	}
	t := time.NewTimer(b.After)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.ctx.Done():
		return nil
	}
	if b.Do == Refuses {
		c.hangup(causeOr(b.Cause, "USER_BUSY"))
		return nil
	}
	c.answer()
	if b.Do == AnswersAndDies {
		c.phoneLeaves()
		return nil
	}
	return c.afterAnswer(l)
}

func (c *channel) afterAnswer(l *leg) step {
	if app := c.getVar("execute_on_answer"); app != "" {
		name, data, found := strings.Cut(app, "::")
		if !found {
			name, data, _ = strings.Cut(app, " ")
		}
		c.execute(name, data, "")
	}
	if l.join != nil {
		return l.join.follow(c)
	}
	return c.ordered(c.route(l.then))
}
