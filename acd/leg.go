package acd

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// legParkTimeout is how long an agent's leg waits to be bridged before FreeSWITCH hangs it up. It
// also ends a leg that answers after this process has ended. It is longer than the job number
// takes.
const legParkTimeout = 10 * time.Second

// legEndLimit is how long the call waits for the event of a leg's end over the link.
// mod_event_socket looks for events every 20 ms.
const legEndLimit = 200 * time.Millisecond

// leg is the agent's side of one offer. It has a channel for each telephone while they ring, and
// then only the channel of the telephone that answered.
type leg struct {
	offer  *Offer
	uuid   string // of the telephone that answered; before that, of the first telephone
	job    string // Job-UUID of the originate
	record queue.OfferRecord
	news   chan struct{} // has a token if an event about a telephone came

	mu     sync.Mutex
	phones []*phone // fixed from the start
	winner *phone   // the telephone that answered, as the job says; nil before

	ctx       context.Context // ends when a link reports that the leg is gone
	cancel    context.CancelFunc
	talkPlace atomic.Pointer[Place] // place of the caller with whom the agent talks; nil before

	doubt struct { // the timer of watchOver
		mu    sync.Mutex
		timer *time.Timer
		over  bool
	}

	agentHungUp atomic.Bool // the link reported that the agent's phone hung up, so the phone is free
}

func newLeg(o *Offer, ways []way) *leg {
	l := &leg{offer: o, job: newUUID(), news: make(chan struct{}, 1)}
	for _, w := range ways {
		l.phones = append(l.phones, &phone{way: w, uuid: newUUID()})
	}
	l.uuid = l.phones[0].uuid
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.record = queue.OfferRecord{
		Call: o.Call, Group: o.Group, Agent: o.Agent.Extension, Leg: l.uuid,
		Number: o.Number, Transfer: o.Transfer, Offered: o.Offered, Visit: o.Visit, Arrived: o.Arrived,
	}
	return l
}

// originate returns the command that calls the agent for c. Its job ends when a telephone answers
// or all of them failed.
func (l *leg) originate(c *call) esl.Command {
	return esl.BgAPI(l.job, "originate "+l.variables(c)+l.dialString()+" &park()")
}

// dialString returns the dial strings of all telephones. If there are several, each has its uuid
// before it.
func (l *leg) dialString() string {
	if len(l.phones) == 1 {
		return l.phones[0].dial
	}
	parts := make([]string, len(l.phones))
	for i, p := range l.phones {
		vars := "origination_uuid=" + p.uuid
		if p.elsewhere {
			vars += "," + farHeader + "=" + p.uuid
		}
		parts[i] = "[" + vars + "]" + p.dial
	}
	return strings.Join(parts, ",")
}

// variables returns the variables with which the leg's channels are made. The caller's number is
// the caller id. presence_data names this server and the caller, so a restarted server recognises
// its legs in `show channels`.
func (l *leg) variables(c *call) string {
	o, s := l.offer, c.settings
	vars := make([]esl.Header, 0, 32)
	// esl.Vars leaves out what is empty.
	set := func(name, value string) { vars = append(vars, esl.Header{Name: name, Value: value}) }
	if len(l.phones) == 1 {
		set("origination_uuid", l.uuid)
		if l.phones[0].elsewhere {
			set(farHeader, l.uuid)
		}
	}
	set("originate_timeout", strconv.Itoa(int(o.RingTimeout/time.Second)))
	set("ignore_early_media", "true")
	set("park_timeout", strconv.Itoa(int(legParkTimeout/time.Second)))
	set("presence_data", l.mark(c.server.options.Identity))
	set("hold_hangup_xfer_exten", "park:inline") // otherwise a hang-up during a hold ends the caller's call
	set("origination_caller_id_number", c.who().shown())
	set("origination_caller_id_name", l.callerName(c))
	set("nway_callin", c.who().shown())
	set("nway_callout", o.Agent.Extension)
	set("nway_group", c.group)
	set("nway_caller_uuid", c.uuid())
	set(offerVariable, offerWord(o))
	if !s.FollowForward {
		set("outbound_redirect_fatal", "true")
	}
	vars = append(vars, l.userVariables(c)...)
	vars = append(vars, l.autoAnswer(s)...)
	if o.Agent.Video {
		set("absolute_codec_string", s.VideoCodecs)
	}
	if s.ASR != "" {
		set("execute_on_answer", strings.ReplaceAll(s.ASR, "$1", c.uuid()))
	}
	return esl.Vars(append(vars, c.who().exported...)...)
}

// callerName returns the name that the telephones show. mod_sofia drops what precedes a colon or a
// slash and what follows an @ (mod_sofia.c, switch_sanitize_number). Then it decodes the escapes of
// a URL (mod_sofia.h, check_decode).
//
// So these characters are escaped. The % is escaped too, because otherwise a name could put a line
// end into the INVITE.
func (l *leg) callerName(c *call) string {
	name := c.shownName()
	for _, p := range l.phones {
		if !strings.HasPrefix(p.dial, "sofia/") && !strings.HasPrefix(p.dial, "user/") {
			return name
		}
	}
	return sofiaEscape.Replace(name)
}

var sofiaEscape = strings.NewReplacer("%", "%25", ":", "%3A", "/", "%2F", "@", "%40")

// userVariables returns the variables that user/EXT and the dial-string of FreeSWITCH's own
// directory set. A contact that is dialled directly gets them from here.
func (l *leg) userVariables(c *call) []esl.Header {
	extension, domain := l.offer.Agent.Extension, c.dialDomain()
	notDirect := func(p *phone) bool { return !strings.HasPrefix(p.dial, "sofia/") || p.elsewhere || p.open }
	if slices.ContainsFunc(l.phones, notDirect) {
		return nil
	}
	return []esl.Header{
		{Name: "dialed_user", Value: extension},
		{Name: "dialed_domain", Value: domain},
		{Name: "presence_id", Value: extension + "@" + domain},
		{Name: "sip_invite_domain", Value: domain},
	}
}

// autoAnswer returns the variables that make the telephone answer by itself. If there are several
// telephones, it returns none, because the agent chooses one.
//
// Another FreeSWITCH would understand the NOTIFY of sip_auto_answer as an order to transfer the
// call to the extension auto_answer (sofia.c). So it gets only the header.
func (l *leg) autoAnswer(s *Settings) []esl.Header {
	if !s.AutoAnswer || len(l.phones) > 1 {
		return nil
	}
	vars := []esl.Header{
		{Name: "sip_auto_answer", Value: "true"},
		{Name: "sip_h_Call-Info", Value: "<sip:127.0.0.1>;answer-after=0"},
	}
	if l.phones[0].elsewhere {
		vars = append(vars, esl.Header{Name: "sip_auto_answer_suppress_notify", Value: "true"})
	}
	return vars
}

// presenceMark is how the presence_data of our legs begins: nwayacd:SERVER:CALLER-UUID:EXTENSION.
const presenceMark = "nwayacd:"

// marked is what presence_data says about a leg of ours. It is the zero value for any other
// channel.
type marked struct{ server, caller, extension string }

func (l *leg) mark(server string) string {
	return presenceMark + server + ":" + l.offer.Call + ":" + l.offer.Agent.Extension
}

func readMark(presence string) marked {
	rest, ours := strings.CutPrefix(presence, presenceMark)
	parts := strings.SplitN(rest, ":", 3)
	if !ours || len(parts) != 3 {
		return marked{}
	}
	return marked{parts[0], parts[1], parts[2]}
}

// dialable removes from an extension or address what has another meaning in a dial string.
func dialable(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ,|'\"\\{}[]<>()^&$:@;\t\r\n", r) {
			return -1
		}
		return r
	}, s)
}

// kill returns the command that ends the leg, whether it rings or talks.
func (l *leg) kill() esl.Command { return esl.API("uuid_kill " + l.uuid) }

// ended completes the offer's record and returns it.
func (l *leg) ended(outcome queue.OfferOutcome, cause string) queue.OfferRecord {
	l.cancel()
	r := &l.record
	r.Outcome, r.Cause = outcome, cause
	r.Answered, r.Ended = lengthKept(r.Offered, r.Answered), lengthKept(r.Offered, time.Now())
	return *r
}

// lengthKept returns a time that is as long after begin as the monotonic clock says, and not before
// it. So a clock that is set between the two changes no length. A zero time stays zero.
func lengthKept(begin, t time.Time) time.Time {
	if t.IsZero() || begin.IsZero() {
		return t
	}
	return begin.Add(max(0, t.Sub(begin)))
}

// awaitEnd waits until a link has reported that the leg is gone, for at most legEndLimit. The link
// may be down.
func (l *leg) awaitEnd() {
	limit := time.NewTimer(legEndLimit)
	defer limit.Stop()
	select {
	case <-l.ctx.Done():
	case <-limit.C:
	}
}

// onGone handles the link's report that the leg is gone. byPhone is true if the agent's phone hung
// up. In that case the agent of a talk is free at once, before the call's goroutine handles the
// end.
func (l *leg) onGone(byPhone bool) {
	if l.ctx.Err() != nil {
		return // reported before
	}
	l.agentHungUp.Store(byPhone) // first, so that a call whose talk is over can read why
	if place := l.talkPlace.Load(); byPhone && place != nil {
		place.endEarly(l.offer)
	}
	l.cancel()
}

// endedByAgent reports whether the link has reported that the agent's phone ended the leg.
func (l *leg) endedByAgent() bool { return l.agentHungUp.Load() }

// channel returns the uuid of the telephone that answered. Before that, it is the uuid of the first
// one.
func (l *leg) channel() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.uuid
}
