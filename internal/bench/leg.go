package bench

import (
	"strings"
	"time"
)

// leg is an agent's leg. What changes of it is guarded by its caller's lock.
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

// originate takes `originate {vars}CONTACT &park()` or `…user/EXT …`, rings the agent's phone, and
// measures how long it took to come to this.
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

// measure notes the offer. Where a caller waited and an agent was free at the same time, it is how
// long that lasted: from the later of the two, the agent's being free and the caller's beginning to
// wait. A caller who never had to wait: the time since it was due to arrive.
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

// dialledExtension is whose phone `user/EXT &park()` means, or the contact of EXT that the switch
// has told of; "" if it is neither.
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

// answer is the agent picking up.
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

// refuse is a missed offer.
func (l *leg) refuse() {
	if l.die("USER_BUSY", "variable_proto_specific_hangup_cause: sip%3A486\n") {
		l.sw.counts.missed.Add(1)
	}
}

// talkOver is the end of a talk: every third caller of a churn hangs up, else the agent does.
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

// byPhone is what mod_sofia notes of a leg whose phone sent a BYE.
const byPhone = "variable_sip_term_status: 200\n"

// die ends the leg, whoever ended it, and tells; more is what its hang-up says besides. False = it
// was over.
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
		c.wait(time.Now()) // on: its music goes on
	}
	c.mu.Unlock()
	l.sw.dropLeg(l)
	l.phone.hungUp(l) // before the event: the next offer may come at once
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
