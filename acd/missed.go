package acd

import (
	"strings"
	"time"

	"nwayacd/queue"
)

// missStrength orders the causes of a miss. If there are several telephones, the strongest cause
// counts.
var missStrength = map[queue.MissCause]int{
	queue.MissUnreachable: 1, queue.MissNoAnswer: 2, queue.MissBusy: 3, queue.MissReject: 4,
}

// miss returns why a telephone that is gone did not take the call.
func (p *phone) miss() queue.MissCause {
	switch {
	case p.cause == lostRace:
		return queue.MissNone
	case p.answered: // and hung up before the talk
		return queue.MissNoAnswer
	}
	return causeOfMiss(p.code, p.cause, p.rang)
}

// causeOfMiss decides by SIP's status code, and by FreeSWITCH's cause if there is none. rang is
// true if the telephone rang before. Then 480 and an end without an answer mean that the agent did
// not answer. Otherwise the agent cannot have heard the telephone.
func causeOfMiss(code int, cause string, rang bool) queue.MissCause {
	switch {
	case code == 603 || code == 607 || code == 608:
		return queue.MissReject
	case code == 486 || code == 600:
		return queue.MissBusy
	case rang && (code == 0 || code == 480 || code == 487) && rangOut(cause):
		return queue.MissNoAnswer
	case code != 0:
		return queue.MissUnreachable
	}
	if m := missCause(cause); m != queue.MissNoAnswer {
		return m
	}
	return queue.MissUnreachable
}

// rangOut reports whether the cause is one of ringing without an answer.
func rangOut(cause string) bool {
	switch cause {
	case "NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT", "PROGRESS_TIMEOUT", "ORIGINATOR_CANCEL",
		"NORMAL_CLEARING":
		return true
	}
	return false
}

// missOf returns why the leg failed, and FreeSWITCH's cause. jobCause is the cause of the whole
// originate, which is the cause of only one telephone. Without a link no better cause is known.
func (c *call) missOf(l *leg, jobCause string) (m queue.Miss, cause string) {
	if l.wasAnswered() { // what came between the answer and the bridge is the cause
		return missOf(jobCause), jobCause
	}
	if unregistered(jobCause) {
		if c.hasContact(l.offer.Agent.Extension) { // the directory failed
			return queue.Miss{}, jobCause
		}
		return queue.Miss{Cause: queue.MissUnreachable, Unregistered: true}, jobCause
	}
	if !c.sawAll(l) {
		return missOf(jobCause), jobCause
	}
	l.awaitPhones()
	if m.Cause, cause = l.strongest(); cause == "" { // there was no channel, or the link is silent
		return missOf(jobCause), jobCause
	}
	if len(l.phones) == 1 {
		cause = jobCause
	}
	return m, cause
}

// wasAnswered reports whether FreeSWITCH said that a telephone took the call.
func (l *leg) wasAnswered() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.winner != nil
}

// strongest returns the cause that counts among those of all telephones, and FreeSWITCH's cause for
// it.
func (l *leg) strongest() (strongest queue.MissCause, cause string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.phones {
		if m := p.miss(); p.gone && missStrength[m] > missStrength[strongest] {
			strongest, cause = m, p.cause
		}
	}
	return strongest, cause
}

// awaitPhones waits until the link has reported the end of all channels, for at most legEndLimit.
// The link is up to 20 ms behind the job.
func (l *leg) awaitPhones() {
	limit := time.NewTimer(legEndLimit)
	defer limit.Stop()
	for {
		l.mu.Lock()
		all := l.allGone()
		l.mu.Unlock()
		if all {
			return
		}
		select {
		case <-l.news:
		case <-limit.C:
			return
		}
	}
}

// hasContact reports whether a telephone of the extension is registered with any FreeSWITCH. The
// caller's FreeSWITCH is asked, because what its link knows may be a moment old.
func (c *call) hasContact(extension string) bool {
	who := subscriber{extension, c.dialDomain()}
	if who.askable() {
		if replies := c.do(who.question()); replies != nil {
			if list, known := readContacts(replies[0].Text()); known && list != nil {
				return true
			}
		}
	}
	at := c.server.registeredAt(extension)
	return at != nil && at.at.Name != c.channel().at().Name
}

// dialDomain returns the domain in which user/… looks for an extension on the caller's FreeSWITCH.
func (c *call) dialDomain() string {
	if _, domain, found := strings.Cut(c.channel().at().DialString, "user/{ext}@"); found {
		return domain
	}
	if link := c.server.linkOf(c.channel().at().Name); link != nil {
		return link.current().Domain
	}
	return ""
}
