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

// legParkTimeout is how long an agent's leg waits to be bridged before FreeSWITCH hangs it up by
// itself. It ends a leg that answers after this process has ended. It is longer than the job number
// takes.
const legParkTimeout = 10 * time.Second

// legEndLimit is how long the event of a leg's end may take over the link: mod_event_socket looks
// for events every 20 ms.
const legEndLimit = 200 * time.Millisecond

// leg is the agent's side of one offer: a channel for each telephone while they ring, and then the
// channel of the one that answered.
type leg struct {
	offer  *Offer
	uuid   string // of the telephone that answered; of the first one before
	job    string // of the originate
	record queue.OfferRecord
	news   chan struct{} // holds one when something was heard of a telephone

	mu     sync.Mutex
	phones []*phone // none is added later
	winner *phone   // that answered, as the job says; nil before

	ctx       context.Context // ends when FreeSWITCH says over a link that the leg is gone
	cancel    context.CancelFunc
	talkPlace atomic.Pointer[Place] // of the caller with whom the agent talks; nil before

	doubt struct { // the watch over the time that the offer stands, see watchOver
		mu    sync.Mutex
		timer *time.Timer
		over  bool
	}

	agentHungUp atomic.Bool // the link reported that the agent's phone ended it: the phone is free for the next call
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
		Number: o.Number, Transfer: o.Transfer, Offered: o.Offered, Visit: o.Visit,
	}
	return l
}

// originate is the command that calls the agent for c. Its job ends when a telephone answers or all
// failed.
func (l *leg) originate(c *call) esl.Command {
	return esl.BgAPI(l.job, "originate "+l.variables(c)+l.dialString()+" &park()")
}

// dialString is the dial strings of all telephones. If there are several, each has its uuid before
// it.
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

// variables are what the leg's channels are born with. The caller's number is the caller id.
// presence_data names this server and the caller, so that a restarted server recognises its legs in
// `show channels`.
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
	set("hold_hangup_xfer_exten", "park:inline") // else a hang-up during a hold ends the caller's call
	set("origination_caller_id_number", c.who.shown())
	set("origination_caller_id_name", l.callerName(c))
	set("nway_callin", c.who.shown())
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
	return esl.Vars(append(vars, c.who.exported...)...)
}

// callerName is the name that the telephones show. mod_sofia cuts off what stands before a colon or
// a slash and behind an @ (mod_sofia.c, switch_sanitize_number), and then decodes what is escaped
// as in a URL (mod_sofia.h, check_decode). So these are escaped for it, and the escape itself, by
// which a name could put a line end into the INVITE.
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

// userVariables are what user/EXT sets, and the dial-string of FreeSWITCH's own directory. A
// contact that is dialled itself gets them from here.
func (l *leg) userVariables(c *call) []esl.Header {
	extension, domain := l.offer.Agent.Extension, c.dialDomain()
	if slices.ContainsFunc(l.phones, func(p *phone) bool { return !strings.HasPrefix(p.dial, "sofia/") || p.elsewhere || p.open }) {
		return nil
	}
	return []esl.Header{
		{Name: "dialed_user", Value: extension},
		{Name: "dialed_domain", Value: domain},
		{Name: "presence_id", Value: extension + "@" + domain},
		{Name: "sip_invite_domain", Value: domain},
	}
}

// autoAnswer makes the telephone pick up by itself, if there is only one. Of several, the agent
// chooses. Another FreeSWITCH would take the NOTIFY of sip_auto_answer for an order to transfer the
// call to the extension auto_answer, so it gets the header alone (sofia.c).
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

// presenceMark begins the presence_data of our legs: nwayacd:SERVER:CALLER-UUID:EXTENSION.
const presenceMark = "nwayacd:"

// marked is what presence_data says of a leg of ours; the zero value for any other channel.
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

// dialable leaves of an extension or address only what cannot mean anything else in a dial string.
func dialable(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ,|'\"\\{}[]<>()^&$:@;\t\r\n", r) {
			return -1
		}
		return r
	}, s)
}

// kill is the command that ends the leg, whether it rings or talks.
func (l *leg) kill() esl.Command { return esl.API("uuid_kill " + l.uuid) }

// ended completes the offer's record.
func (l *leg) ended(outcome queue.OfferOutcome, cause string) queue.Change {
	l.cancel()
	l.record.Outcome, l.record.Cause, l.record.Ended = outcome, cause, time.Now()
	record := l.record
	return queue.Change{Offer: &record}
}

// awaitEnd waits until FreeSWITCH has reported over the link that the leg is gone, for at most
// legEndLimit: the link may be down.
func (l *leg) awaitEnd() {
	limit := time.NewTimer(legEndLimit)
	defer limit.Stop()
	select {
	case <-l.ctx.Done():
	case <-limit.C:
	}
}

// onGone takes the link's report that the leg is gone, and whether the agent's phone ended it. If
// it did, the agent of a talk is free at once, before the call hears of it.
func (l *leg) onGone(byPhone bool) {
	if l.ctx.Err() != nil {
		return // reported before
	}
	l.agentHungUp.Store(byPhone) // first: a call that finds its talk over can tell why
	if place := l.talkPlace.Load(); byPhone && place != nil {
		place.endEarly(l.offer)
	}
	l.cancel()
}

// endedByAgent reports whether the link has reported that the agent's phone ended the leg.
func (l *leg) endedByAgent() bool { return l.agentHungUp.Load() }

// channel is the uuid of the telephone that answered; of the first one before.
func (l *leg) channel() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.uuid
}
