package sim

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const defaultTimeout = 60 * time.Second

// leg is one outbound leg to be made.
type leg struct {
	vars    [][2]string // of all legs
	dial    string      // of one, or of several, separated by commas
	timeout time.Duration
	then    []Action // what it runs once answered
	caller  *channel // the leg's originator, with the application bridge
	join    *talk    // the talk in which it takes part once answered, instead of then
}

func (l *leg) get(name string) string {
	for _, v := range l.vars {
		if sameName(v[0], name) {
			return v[1]
		}
	}
	return ""
}

// originate is the api command: {vars}DIAL &app(arg)|EXT [DIALPLAN] [CONTEXT] [NAME] [NUMBER]
// [TIMEOUT]. It replies when the leg has answered or failed.
func (s *Switch) originate(arg string) string {
	args := separate(arg, ' ')
	if len(args) < 2 {
		return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] " +
			"[<cid_num>] [<timeout_sec>]\n"
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
		vars[i][1] = s.expand(vars[i][1])
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

// ring makes the legs, lets them ring and waits for the result. It returns the leg that answered
// first, or the cause for which the last leg failed.
func (s *Switch) ring(l *leg) (*channel, string) {
	made, cause := s.makeLegs(l)
	if len(made) == 0 {
		return nil, cause
	}
	limit := time.NewTimer(l.timeout)
	defer limit.Stop()
	cancelled := make(chan string, 2)
	if l.caller != nil {
		defer context.AfterFunc(l.caller.ctx, func() {
			if l.caller.getVar("holding_uuid") == "" { // else somebody is in its place
				cancelled <- "ORIGINATOR_CANCEL"
			}
		})()
	}
	winner, cause := race(made, limit.C, cancelled)
	if winner != nil { // even if it died right after
		s.answers.Add(1)
		return winner, ""
	}
	for _, c := range made {
		<-c.gone // at once: a leg that rings has nothing to leave
	}
	return nil, cause
}

// makeLegs makes a leg to each telephone to which the dial string leads. If several have the same
// origination_uuid, all but the first are refused, as by FreeSWITCH ("Duplicate UUID").
func (s *Switch) makeLegs(l *leg) (made []*channel, cause string) {
	called := map[string]bool{}
	number := s.originateNumber.Add(1)
	for _, part := range l.split() {
		phones, why := s.locateAll(part.dial)
		if why != "" {
			cause = why
			continue
		}
		for _, p := range phones {
			c := s.newLeg(part, p)
			c.originate = number
			s.originated(p.ext, !called[p.ext])
			called[p.ext] = true
			if !s.enter(c, func() step { return c.ringing(p, part) }) {
				cause = "DESTINATION_OUT_OF_ORDER" // as with a UUID that is in use
				continue
			}
			made = append(made, c)
		}
	}
	return made, cause
}

// split returns the legs of a dial string DIAL,[a=1,b=2]DIAL, each with the common variables and
// its own.
func (l *leg) split() (parts []*leg) {
	depth, begin := 0, 0
	add := func(dial string) {
		part := *l
		if own, rest, found := strings.Cut(dial, "]"); found && strings.HasPrefix(own, "[") {
			part.vars, dial = slices.Concat(assignments(own[1:]), l.vars), rest
		}
		part.dial = dial
		parts = append(parts, &part)
	}
	for i := range len(l.dial) {
		switch b := l.dial[i]; {
		case b == '[':
			depth++
		case b == ']':
			depth--
		case b == ',' && depth == 0:
			add(l.dial[begin:i])
			begin = i + 1
		}
	}
	add(l.dial[begin:])
	return parts
}

// race waits until one leg answers and ends the others, or until all are gone or cancelled.
func race(made []*channel, limit <-chan time.Time, cancelled <-chan string) (winner *channel, cause string) {
	over := make(chan *channel, len(made))
	var watching sync.WaitGroup
	defer watching.Wait()
	for _, c := range made {
		watching.Go(func() { // ends with the leg's ringing
			select {
			case <-c.answered:
			case <-c.ctx.Done():
			}
			over <- c
		})
	}
	cancelAll := func(cause string) {
		for _, c := range made {
			c.cancel(cause)
		}
	}
	for left := len(made); left > 0; {
		select {
		case c := <-over:
			left--
			if c.isAnswered() && winner == nil {
				winner = c
				cancelAll("LOSE_RACE")
			} else if c.isAnswered() { // in the same moment
				c.hangup("LOSE_RACE")
			}
			cause = cmp.Or(c.hangupCause(), cause)
		case <-limit:
			cancelAll("NO_ANSWER")
		case why := <-cancelled:
			cancelAll(why)
		}
	}
	return winner, cause
}

// cancel hangs up a leg unless it has answered in the same moment.
func (c *channel) cancel(cause string) {
	if !c.isAnswered() {
		c.hangup(cause)
	}
}

// originated counts a leg before it exists. At the first leg of an originate to an extension it
// also counts whether the extension has a live leg already.
func (s *Switch) originated(ext string, first bool) {
	s.originates.Add(1)
	if ext == "" || !first {
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
	c.outbound, c.ext, c.device = true, p.ext, p.device
	c.talk, c.late = p.behaviour.Talk, p.behaviour.Late
	c.dies, c.diesLater = p.behaviour.Do == DiesOnBridge, p.behaviour.Do == DiesInBridge
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
	b := c.forwarded(p.behaviour)
	switch {
	case b.Early:
		c.preAnswer()
	case !b.Quiet:
		c.ringReady()
	}
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
	if b.Do == Refuses || b.Do == Forwards {
		c.refused(b)
		return nil
	}
	c.answer()
	if b.Do == AnswersAndDies {
		c.phoneLeaves()
		return nil
	}
	return c.afterAnswer(l)
}

// forwarded is the behaviour of the phone to which a 302 leads, if the 302 is followed.
func (c *channel) forwarded(b Behaviour) Behaviour {
	if b.Do != Forwards || isTrue(c.getVar("outbound_redirect_fatal")) {
		return b
	}
	to, _ := c.s.registered(b.To)
	return to
}

// refused ends the leg as the phone's final answer demands. A SIP number sets its cause, and the
// variable with the number.
func (c *channel) refused(b Behaviour) {
	code := b.Code
	if b.Do == Forwards {
		code = 302
	}
	if code != 0 {
		c.setVar("proto_specific_hangup_cause", "sip:"+strconv.Itoa(code))
	}
	c.hangup(causeOr(b.Cause, causeOfSIP(code)))
}

// causeOfSIP is the cause that mod_sofia makes of a final answer.
func causeOfSIP(code int) string {
	switch {
	case code == 302:
		return "REQUESTED_CHAN_UNAVAIL"
	case code == 404:
		return "UNALLOCATED_NUMBER"
	case code == 408:
		return "RECOVERY_ON_TIMER_EXPIRE"
	case code == 480:
		return "NO_USER_RESPONSE"
	case code == 488:
		return "INCOMPATIBLE_DESTINATION"
	case code == 603:
		return "CALL_REJECTED"
	case code >= 500 && code < 600:
		return "NORMAL_TEMPORARY_FAILURE"
	}
	return "USER_BUSY"
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
