package bench

import (
	"strings"
	"time"
)

// leg is an agent's leg. Its caller's lock guards what changes of it.
type leg struct {
	sw             *Switch
	caller         *caller
	channel        channel
	uuid           string
	job            string
	phone          *phone
	timer          *time.Timer // until it answers, then until the talk is over
	answered, gone bool
}

// originate takes `originate {vars}CONTACT &park()` or `…user/EXT …`. It rings the agent's phone,
// and measures how long the offer took.
func (c *caller) originate(out []byte, line, job string, came time.Time) []byte {
	command, found := strings.CutPrefix(line, "originate {")
	vars, dial, braces := strings.Cut(command, "}")
	ext := dialledExtension(dial)
	uuid := variable(vars, "origination_uuid")
	p := c.sw.phones[ext]
	if !found || !braces || uuid == "" || p == nil {
		return appendReply(out, c.sw.counts.mistake(line))
	}
	l := &leg{
		sw: c.sw, caller: c, uuid: uuid, job: job, phone: p,
		channel: newChannel(&c.sw.events, uuid, c.number, ext, "sofia/internal/"+ext, true),
	}
	l.channel.text = "Channel-Presence-Data: " + variable(vars, "presence_data") + "\n" + l.channel.text
	c.measure(l, came)
	ringing := l.channel.event(nil, "CHANNEL_CREATE", "")
	c.sw.tellLink(l.channel.event(ringing, "CHANNEL_PROGRESS", "")) // the phone's 180
	then := l.answer
	if c.sw.load.Miss > 0 && c.sw.chance(c.sw.load.Miss) {
		then = l.refuse
	}
	c.mu.Lock()
	c.waitNoMore()
	c.leg = l
	l.timer = time.AfterFunc(c.sw.load.Ring, then)
	c.sw.addLeg(l)
	c.mu.Unlock()
	return appendReply(out, "+OK Job-UUID: "+job+"\nJob-UUID: "+job)
}

// measure records the latency of the offer. If a caller waited while an agent was free, it is how
// long both were so: since the agent was free or the caller began to wait, whichever was later. For
// a caller who never had to wait, it is the time since the caller was due.
func (c *caller) measure(l *leg, came time.Time) {
	c.sw.counts.offers.Add(1)
	free, login, double := l.phone.offered(l)
	if double {
		c.sw.counts.doubles.Add(1)
	}
	c.mu.Lock()
	held, waited, first := c.held, c.waited, !c.offered
	c.offered = true
	c.mu.Unlock()
	f := c.sw.figures
	f.readLateness.record(time.Since(came))
	switch {
	case held.IsZero() || free.IsZero():
	case held.After(free):
		f.freeToOffer.record(came.Sub(held))
	case login:
		f.loginToOffer.record(came.Sub(free))
	default:
		f.freeToOffer.record(came.Sub(free))
	}
	if first {
		f.wait.record(came.Sub(c.due))
		if !waited {
			f.enterToOffer.record(came.Sub(c.due))
		}
	}
}

// dialledExtension returns the extension of the phone in `user/EXT &park()`, or of the contact that
// the switch has listed. It returns "" if the text is neither.
func dialledExtension(dial string) string {
	dial, _, _ = strings.Cut(dial, " ")
	if ext, user := strings.CutPrefix(dial, "user/"); user {
		return ext
	}
	contact, ours := strings.CutPrefix(dial, contactStart)
	ext, whole := strings.CutSuffix(contact, contactEnd)
	if !ours || !whole {
		return ""
	}
	return ext
}

// variable is the value of name='…' in the braces before a dial string.
func variable(vars, name string) string {
	_, rest, _ := strings.Cut(vars, name+"='")
	value, _, _ := strings.Cut(rest, "'")
	return value
}

// answer lets the agent answer.
func (l *leg) answer() {
	c := l.caller
	c.mu.Lock()
	if l.gone {
		c.mu.Unlock()
		return
	}
	l.answered = true
	c.mu.Unlock()
	answered := l.channel.event(nil, "CHANNEL_ANSWER", "")
	l.sw.tellLink(l.channel.event(answered, "CHANNEL_PARK", ""))
	c.wire.send(c.channel.jobDone(nil, l.job, "+OK "+l.uuid+"\n"))
}

// refuse ends an offer as missed.
func (l *leg) refuse() {
	if l.die("USER_BUSY", "variable_proto_specific_hangup_cause: sip%3A486\n") {
		l.sw.counts.missed.Add(1)
	}
}

// talkOver ends a talk. Every third caller of a churn hangs up, or else the agent does.
func (l *leg) talkOver() {
	c := l.caller
	if l.sw.load.Scenario == Churn && l.sw.chance(1./3) {
		c.hangUp()
		return
	}
	c.mu.Lock()
	talks := c.bridged && !l.gone
	c.mu.Unlock()
	if talks {
		l.die("NORMAL_CLEARING", byPhone)
	}
}

// byPhone is the header that mod_sofia adds for a leg whose phone sent a BYE.
const byPhone = "variable_sip_term_status: 200\n"

// die ends the leg, whoever ended it, and reports it. more are further headers of its hang-up. It
// returns false if the leg was over.
func (l *leg) die(cause, more string) bool {
	c := l.caller
	c.mu.Lock()
	if l.gone {
		c.mu.Unlock()
		return false
	}
	l.gone = true
	l.timer.Stop()
	bridged := c.bridged
	c.bridged = false
	if c.leg == l {
		c.leg = nil
	}
	rang := !l.answered
	if rang && !c.over.Load() {
		c.wait(time.Now()) // so that its music continues
	}
	c.mu.Unlock()
	l.sw.dropLeg(l)
	l.phone.hungUp(l) // before the event, because the next offer may come at once
	hangup := l.channel.event(nil, "CHANNEL_HANGUP", "Hangup-Cause: "+cause+"\n"+more)
	if bridged {
		l.phone.freed(false)
	}
	l.sw.tellLink(hangup)
	switch {
	case rang:
		c.wire.send(c.channel.jobDone(nil, l.job, "-ERR "+cause+"\n"))
	case bridged && !c.over.Load():
		time.AfterFunc(c.sw.withinFrame(), func() { c.parted(l.uuid) })
	}
	l.sw.tellLink(l.channel.event(nil, "CHANNEL_DESTROY", ""))
	return true
}
