package acd

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
)

// An offer rings every telephone of its agent, by one originate with a channel for each. The
// telephone that answers first gets the call. FreeSWITCH ends the others with LOSE_RACE, so that
// they show no missed call.
//
// The job of the originate reports the result. The link reports what each telephone answered.

// way is how one telephone of an agent is called.
type way struct {
	dial      string
	elsewhere bool // it is registered with another FreeSWITCH, to which the call is sent
	open      bool // it is an operator's own dial string, so it may lead to anything
}

// phone is one telephone's channel. The leg's lock guards it.
type phone struct {
	way
	uuid     string
	rang     bool // it sent 180 or 183
	answered bool
	gone     bool   // its channel is over
	cause    string // if gone: FreeSWITCH's cause and SIP's status code; 0 = none
	code     int
}

// defaultDial is the dial string for which the contacts of an extension are dialled directly.
const defaultDial = "user/{ext}"

// waysTo returns the ways to an agent's telephones from the caller's FreeSWITCH, at least one.
func (c *call) waysTo(ctx context.Context, a agent.Profile) []way {
	if a.DialString != "" {
		return []way{dialledBy(a.DialString, a)}
	}
	ways := append(c.ownWays(ctx, a), c.farWays(a)...)
	if len(ways) > 0 {
		return ways
	}
	if isFar(a, c.channel().at()) {
		return []way{farWay(a.Extension, a.Server, c.channel().at())}
	}
	return []way{dialledBy(cmp.Or(c.channel().at().DialString, defaultDial), a)}
}

// dialledBy returns the way to an agent by a dial string of the configuration or of the agent.
func dialledBy(pattern string, a agent.Profile) way {
	dial := strings.NewReplacer("{ext}", dialable(a.Extension), "{ip}", dialable(a.Server)).Replace(pattern)
	return way{dial: dial, open: !strings.HasPrefix(dial, "user/")}
}

// isFar reports whether the agent belongs to another FreeSWITCH than at, and can be called there.
func isFar(a agent.Profile, at Switch) bool {
	return a.Server != "" && at.LocalIP != "" && a.Server != at.LocalIP && at.RemoteDial != ""
}

func farWay(extension, server string, at Switch) way {
	dial := strings.NewReplacer("{ext}", dialable(extension), "{ip}", dialable(server)).Replace(at.RemoteDial)
	return way{dial: dial, elsewhere: true}
}

// ownWays returns the contacts that the agent has at the caller's FreeSWITCH. It returns none if
// there is no link, which keeps the contacts, or if the operator has configured another dial
// string.
func (c *call) ownWays(ctx context.Context, a agent.Profile) (ways []way) {
	link := c.server.linkOf(c.channel().at().Name)
	if link == nil || cmp.Or(c.channel().at().DialString, defaultDial) != defaultDial {
		return nil
	}
	state := link.current()
	if !state.Up {
		return nil
	}
	link.contacts.settle(ctx, a.Extension, state.Domain)
	for _, contact := range link.contacts.dialled(a.Extension, state.Domain) {
		ways = append(ways, way{dial: contact})
	}
	return ways
}

// farWays returns the ways to the agent's telephones at other FreeSWITCH servers.
func (c *call) farWays(a agent.Profile) (ways []way) {
	if c.channel().at().RemoteDial == "" || c.channel().at().LocalIP == "" {
		return nil
	}
	linked := false
	for _, l := range c.server.links {
		if l.at.Name == c.channel().at().Name || l.at.LocalIP == "" || l.at.LocalIP == c.channel().at().LocalIP {
			continue
		}
		linked = linked || l.at.LocalIP == a.Server
		if is, _ := l.contacts.registered(a.Extension); is {
			ways = append(ways, farWay(a.Extension, l.at.LocalIP, c.channel().at()))
		}
	}
	if !linked && isFar(a, c.channel().at()) { // the agent's server has no link
		ways = append(ways, farWay(a.Extension, a.Server, c.channel().at()))
	}
	return ways
}

// onEvent handles an event of one of the leg's channels, in the connection's reader. It returns
// true if the leg has ended with it.
func (l *leg) onEvent(e *esl.Event) (over bool) {
	uuid, name := e.Get("Unique-ID"), e.Name()
	l.mu.Lock()
	p := l.phoneOf(uuid)
	if p == nil {
		l.mu.Unlock()
		return false
	}
	switch name {
	case "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA":
		p.rang = true
	case "CHANNEL_ANSWER":
		p.answered = true
	case "CHANNEL_HANGUP", "CHANNEL_DESTROY":
		p.gone, p.cause = true, strings.Clone(e.Get("Hangup-Cause"))
		p.code = sipCode(e.Get("variable_proto_specific_hangup_cause"))
	}
	over = p.gone && (l.winner == p || l.winner == nil && p.answered && p.cause != lostRace || l.allGone())
	l.mu.Unlock()
	if over {
		l.onGone(byItsPhone(e))
	}
	signalOne(l.news)
	return over
}

// sipCode returns NNN of sip:NNN, or 0 if the word is anything else.
func sipCode(word string) (code int) {
	digits, isSIP := strings.CutPrefix(word, "sip:")
	if !isSIP || len(digits) != 3 {
		return 0
	}
	for _, r := range digits {
		if r < '0' || r > '9' {
			return 0
		}
		code = code*10 + int(r-'0')
	}
	return code
}

// phoneOf returns the telephone with that channel, or nil if there is none. The lock is held.
func (l *leg) phoneOf(uuid string) *phone {
	if i := slices.IndexFunc(l.phones, func(p *phone) bool { return p.uuid == uuid }); i >= 0 {
		return l.phones[i]
	}
	return nil
}

func (l *leg) allGone() bool {
	return !slices.ContainsFunc(l.phones, func(p *phone) bool { return !p.gone })
}

// wins makes the channel the leg's, because its telephone answered first, as the job says.
func (l *leg) wins(uuid string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.phoneOf(uuid); p != nil {
		l.winner, p.answered = p, true
		l.uuid, l.record.Leg = p.uuid, p.uuid
		if p.gone {
			l.cancel()
		}
	}
}

// channels returns the uuids of the leg's channels that may still exist: the one of the telephone
// that answered, or all if none has answered.
func (l *leg) channels() (uuids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.phones {
		if !p.gone && (l.winner == nil || l.winner == p) {
			uuids = append(uuids, p.uuid)
		}
	}
	return uuids
}

// phonesThat returns the uuids of the telephones that are not gone and for which is returns true.
func (l *leg) phonesThat(is func(*phone) bool) (uuids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.phones {
		if !p.gone && is(p) {
			uuids = append(uuids, p.uuid)
		}
	}
	return uuids
}

// lostRace is FreeSWITCH's cause for a telephone whose call was answered elsewhere.
const lostRace = "LOSE_RACE"

// kills returns the commands that end channels with a cause.
func kills(uuids []string, cause string) []esl.Command {
	commands := make([]esl.Command, len(uuids))
	for i, uuid := range uuids {
		commands[i] = esl.API(strings.TrimSuffix("uuid_kill "+uuid+" "+cause, " "))
	}
	return commands
}

// endSilent ends the telephones that have sent neither 180 nor 183 nor an answer. A 100 does not
// count, because a proxy sends it. FreeSWITCH's own leg_progress_timeout cannot do this
// (docs/wire.md).
//
// The link may be silent, so a missing event proves nothing. Therefore FreeSWITCH is asked over the
// call's own connection. If it does not answer, no telephone is ended.
func (c *call) endSilent(l *leg) {
	unheard := l.phonesThat(func(p *phone) bool { return !p.rang && !p.answered })
	questions := make([]esl.Command, len(unheard))
	for i, uuid := range unheard {
		questions[i] = esl.API("uuid_dump " + uuid)
	}
	if len(questions) == 0 {
		return
	}
	replies := c.do(questions...)
	var silent []string
	for i := range replies {
		if there := dumped(replies[i]); there.Get("Unique-ID") == "" || l.noteDump(unheard[i], there) {
			continue
		}
		silent = append(silent, unheard[i])
	}
	if len(silent) > 0 {
		c.log.Info().Str("agent", l.offer.Agent.Extension).Int("phones", len(silent)).
			Msg("ended telephones that sent no sign of life")
		c.tell(kills(silent, "NO_USER_RESPONSE")...)
	}
}

// noteDump records what uuid_dump shows of a telephone. It returns false if the telephone has sent
// no sign of life so far.
func (l *leg) noteDump(uuid string, there *esl.Event) (said bool) {
	happened := func(header string) bool { at := there.Get(header); return at != "" && at != "0" }
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.phoneOf(uuid)
	p.rang = p.rang || happened("Caller-Channel-Progress-Time") || happened("Caller-Channel-Progress-Media-Time")
	p.answered = p.answered || happened(answeredTime)
	return p.rang || p.answered
}

// endOthers ends the telephones that still ring although the agent declined the call on one of
// them.
func (c *call) endOthers(l *leg) {
	l.mu.Lock()
	declined := slices.ContainsFunc(l.phones, func(p *phone) bool { return p.gone && p.miss() == queue.MissReject })
	l.mu.Unlock()
	if declined {
		c.tell(kills(l.channels(), lostRace)...)
	}
}

// sawAll reports whether the link to the caller's FreeSWITCH has been up for the whole time of the
// offer.
func (c *call) sawAll(l *leg) bool {
	link := c.server.linkOf(c.channel().at().Name)
	if link == nil {
		return false
	}
	state := link.current()
	return state.Up && state.Since.Before(l.offer.Offered)
}

// silence returns how long the leg's telephones may be silent. It returns never if that is not
// limited.
func (c *call) silence(l *leg) time.Duration {
	limit := c.settings.Progress
	if own := l.offer.Agent.Progress; own > 0 {
		return own
	}
	if slices.ContainsFunc(l.phones, func(p *phone) bool { return p.open }) {
		limit = 0 // a gateway may take long
	}
	if limit <= 0 {
		return never
	}
	return limit
}
