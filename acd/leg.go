package acd

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// legParkTimeout is how long an agent's leg waits to be bridged before FreeSWITCH hangs it up by itself: what is left of it when we die
// while it rings. It is longer than the job number takes.
const legParkTimeout = 10 * time.Second

// legEndLimit is how long the word of a leg's end may take over the link: mod_event_socket looks for events every 20 ms.
const legEndLimit = 200 * time.Millisecond

// leg is the agent's channel of one offer.
type leg struct {
	offer  *Offer
	uuid   string
	job    string // of the originate
	record queue.OfferRecord
	ctx    context.Context // ends when FreeSWITCH says over a link that the leg is gone
	over   context.CancelFunc
	talks  atomic.Pointer[Place] // of the caller with whom the agent talks; nil before

	byPhone atomic.Bool // it was the agent's phone that ended it, as the link told: it is free for the next call, whatever we hear later
}

func newLeg(o *Offer) *leg {
	l := &leg{offer: o, uuid: newUUID(), job: newUUID()}
	l.ctx, l.over = context.WithCancel(context.Background())
	l.record = queue.OfferRecord{
		Call: o.Call, Group: o.Group, Agent: o.Agent.Extension, Leg: l.uuid,
		Number: o.Number, Transfer: o.Transfer, Offered: o.Offered,
	}
	return l
}

// originate is the command that calls the agent for c. Its job ends when the leg answers or fails.
func (l *leg) originate(c *call) esl.Command {
	return esl.BgAPI(l.job, "originate "+l.variables(c)+l.dialString(c.at)+" &park()")
}

// variables are what the leg is born with. The caller's number is the caller id; presence_data names us and the caller, so that a
// restarted server recognises its legs in `show channels`.
func (l *leg) variables(c *call) string {
	o, s := l.offer, c.settings
	vars := []esl.Header{
		{Name: "origination_uuid", Value: l.uuid},
		{Name: "originate_timeout", Value: strconv.Itoa(int(o.RingTimeout / time.Second))},
		{Name: "ignore_early_media", Value: "true"},
		{Name: "park_timeout", Value: strconv.Itoa(int(legParkTimeout / time.Second))},
		{Name: "presence_data", Value: l.mark(c.server.options.Identity)},
		{Name: "hold_hangup_xfer_exten", Value: "park:inline"}, // else an agent who hangs up while holding takes the caller along
		{Name: "origination_caller_id_number", Value: c.shownCaller()},
		{Name: "origination_caller_id_name", Value: c.shownCaller()},
		{Name: "nway_callin", Value: c.shownCaller()},
		{Name: "nway_callout", Value: o.Agent.Extension},
		{Name: "nway_group", Value: c.group},
		{Name: "nway_caller_uuid", Value: c.uuid},
	}
	if s.AutoAnswer {
		vars = append(vars,
			esl.Header{Name: "sip_auto_answer", Value: "true"},
			esl.Header{Name: "sip_h_Call-Info", Value: "<sip:127.0.0.1>;answer-after=0"})
	}
	if o.Agent.Video {
		vars = append(vars, esl.Header{Name: "absolute_codec_string", Value: s.VideoCodecs})
	}
	if s.ASR != "" {
		vars = append(vars, esl.Header{Name: "execute_on_answer", Value: strings.ReplaceAll(s.ASR, "$1", c.uuid)})
	}
	return esl.Vars(vars...)
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

// dialString is how the agent is reached from the caller's FreeSWITCH.
func (l *leg) dialString(at Switch) string {
	extension, server := l.offer.Agent.Extension, l.offer.Agent.Server
	pattern := or(at.DialString, "user/{ext}")
	if server != "" && at.LocalIP != "" && server != at.LocalIP && at.RemoteDial != "" {
		pattern = at.RemoteDial
	}
	return strings.NewReplacer("{ext}", dialable(extension), "{ip}", dialable(server)).Replace(pattern)
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
	l.over()
	l.record.Outcome, l.record.Cause, l.record.Ended = outcome, cause, time.Now()
	record := l.record
	return queue.Change{Offer: &record}
}

// awaitEnd waits until FreeSWITCH has said over the link that the leg is gone, but not for long: the link may be down.
func (l *leg) awaitEnd() {
	limit := time.NewTimer(legEndLimit)
	defer limit.Stop()
	select {
	case <-l.ctx.Done():
	case <-limit.C:
	}
}

// left takes the link's word that the leg is gone, and whether the agent's phone ended it. Then the agent of a talk is free with that, before the call hears of it.
func (l *leg) left(byPhone bool) {
	l.byPhone.Store(byPhone) // first: a call that finds its talk over can tell why
	if place := l.talks.Load(); byPhone && place != nil {
		place.endUntold(l.offer)
	}
	l.over()
}

// phoneLeft reports whether the link has told that the agent's phone ended the leg.
func (l *leg) phoneLeft() bool { return l.byPhone.Load() }

// unregistered reports whether FreeSWITCH's cause says that it knows no phone for the agent.
func unregistered(cause string) bool {
	return cause == "SUBSCRIBER_ABSENT" || cause == "USER_NOT_REGISTERED"
}

// legs are the agents' legs that exist, by uuid: the links ask whether a channel is ours and tell when it is gone.
type legs struct {
	mu     sync.Mutex
	byUUID map[string]*leg
}

func (s *legs) add(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byUUID[l.uuid] = l
}

func (s *legs) remove(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byUUID, l.uuid)
}

func (s *legs) find(uuid string) *leg {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byUUID[uuid]
}
