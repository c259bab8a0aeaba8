package acd

import (
	"context"
	"strconv"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// A talk whose server died, or lost the call's connection and the link, before it could write the talk down is known to its FreeSWITCH alone: a leg that
// bears our mark is bridged with a caller whose place is kept. The link that finds it adopts it: from then on it is a talk that goes on without us.

// offerVariable is on the caller's channel: the number of the offer that rings or rang last, and whether that was a transfer.
const offerVariable = "nwayacd_offer"

const transferMark = ":transfer"

func offerWord(o *Offer) string {
	if o.Transfer {
		return strconv.Itoa(o.Number) + transferMark
	}
	return strconv.Itoa(o.Number)
}

// standing is what is known of a bridge that was ordered.
type standing uint8

const (
	apart    standing = iota // it does not stand
	ordered                  // FreeSWITCH is about to make it
	together                 // it stands
	unknown                  // nobody could be asked
)

// standing asks over the link to its switch for the bridge of the leg with its caller, until FreeSWITCH has made it or not, but no longer than that may
// take. since is when the two were bridged.
func (s *Server) standing(l *leg, at Switch) (stands standing, since time.Time) {
	ctx, stop := context.WithTimeout(context.Background(), bridgeLimit)
	defer stop()
	for pause := askPause; ; pause *= 2 {
		if stands, since = s.standsNow(ctx, l, at); stands != ordered {
			return stands, since
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return unknown, since
		}
	}
}

// askPause is the first pause between two questions whether a bridge stands that was ordered.
const askPause = 50 * time.Millisecond

func (s *Server) standsNow(ctx context.Context, l *leg, at Switch) (standing, time.Time) {
	conn := s.connTo(at)
	if conn == nil {
		return unknown, time.Time{}
	}
	answers, err := conn.Do(ctx, esl.API("uuid_dump "+l.uuid))
	if err != nil {
		conn.Close() // the link is made anew, and sees what is there
		return unknown, time.Time{}
	}
	switch channel := dumped(answers[0]); {
	case channel == nil:
		return apart, time.Time{}
	case bridgedWith(channel, l.offer.Call):
		return together, timeOf(channel, bridgedTime)
	case channel.Get("variable_bridge_uuid") == l.offer.Call: // set before the two are brought together (switch_ivr_bridge.c, switch_ivr_uuid_bridge)
		return ordered, time.Time{}
	}
	return apart, time.Time{}
}

// bridgedWith reports whether the two channels talk: bridge_to is set as long as a bridge stands (switch_ivr_bridge.c, switch_ivr_multi_threaded_bridge).
func bridgedWith(channel *esl.Event, other string) bool {
	return channel.Get("variable_bridge_to") == other
}

// The headers that say when, in microseconds since 1970.
const (
	createdTime  = "Caller-Channel-Created-Time"
	answeredTime = "Caller-Channel-Answered-Time"
	bridgedTime  = "Caller-Channel-Bridged-Time"
)

// adopt takes over the talk of a leg of ours with partner. False: that is not a caller whose place is kept, the agent has something else, or one of the
// channels is gone.
func (l *link) adopt(ctx context.Context, conn *esl.Connection, s suspect, partner string) bool {
	if s.caller != partner || !l.server.Dispatcher.expects(partner) {
		return false
	}
	answers, err := conn.Do(ctx, esl.API("uuid_dump "+s.uuid), esl.API("uuid_dump "+partner))
	if err != nil {
		return false
	}
	leg, caller := dumped(answers[0]), dumped(answers[1])
	if leg == nil || caller == nil || !bridgedWith(leg, partner) {
		return false
	}
	t, ok := l.server.Dispatcher.adopt(l.talkOf(s, leg, caller))
	if !ok {
		return false
	}
	l.server.talks.add(t)
	l.outside.forget(l, s.uuid)
	l.log.Info().Str("uuid", partner).Str("agent", s.extension).Msg("a talk that nobody had written down goes on without us")
	return true
}

// dumped is the channel that uuid_dump shows; nil where it is gone.
func dumped(r esl.Reply) *esl.Event {
	channel, err := esl.ParseEvent(r.Event().Body())
	if err != nil || channel.Get("Unique-ID") == "" {
		return nil
	}
	return channel
}

// talkOf is what the two channels say of their talk.
func (l *link) talkOf(s suspect, leg, caller *esl.Event) queue.Talk {
	now := l.current()
	t := queue.Talk{
		Server: l.server.options.Identity, Link: l.at.Name, CoreUUID: now.CoreUUID,
		CDR: queue.CDR{
			UUID: s.caller, Dialled: tame(caller.Get("Caller-Destination-Number")), Switch: now.Hostname,
			Agent: s.extension, Leg: s.uuid, Outcome: queue.Answered,
			Answered: timeOf(leg, answeredTime), Bridged: timeOf(leg, bridgedTime),
		},
	}
	number, transfer := strings.CutSuffix(caller.Get("variable_"+offerVariable), transferMark)
	t.CDR.Offers, _ = strconv.Atoi(number)
	t.Offer = queue.OfferRecord{
		Call: s.caller, Agent: s.extension, Leg: s.uuid, Number: t.CDR.Offers, Transfer: transfer,
		Offered: timeOf(leg, createdTime), Answered: t.CDR.Answered,
	}
	if t.Offer.Transfer {
		t.CDR.Outcome = queue.Transferred
	}
	return t
}

// timeOf reads a header that has microseconds since 1970: now where it has none, which a channel that was just bridged may not.
func timeOf(channel *esl.Event, header string) time.Time {
	us, err := strconv.ParseInt(channel.Get(header), 10, 64)
	if err != nil || us <= 0 {
		return time.Now()
	}
	return time.UnixMicro(us)
}

// adopt makes the talk one that goes on without us, with what the CDR of its call has so far, and returns it whole. False: no place is kept for
// its caller, or its agent has an offer or a call.
func (d *Dispatcher) adopt(t queue.Talk) (whole queue.Talk, ok bool) {
	d.do(func(now time.Time) {
		lapsed, kept := d.lapsed[t.CDR.UUID]
		if !kept {
			return
		}
		whole = lapsed.complete(t)
		if ok = d.floor.Adopt(whole, now); ok {
			delete(d.lapsed, t.CDR.UUID)
			d.talks[t.CDR.UUID] = whole
		}
	})
	return whole, ok
}

// complete adds what is known of the call to what its channels say of the talk.
func (was lapse) complete(t queue.Talk) queue.Talk {
	cdr := was.cdr
	cdr.Ended, cdr.HungUpBy, cdr.Cause = time.Time{}, queue.NoSide, ""
	cdr.Dialled, cdr.Switch = or(cdr.Dialled, t.CDR.Dialled), or(cdr.Switch, t.CDR.Switch)
	cdr.Outcome, cdr.Agent, cdr.Leg, cdr.Offers = t.CDR.Outcome, t.CDR.Agent, t.CDR.Leg, max(cdr.Offers, t.CDR.Offers)
	if cdr.Answered.IsZero() {
		cdr.Answered = t.CDR.Answered
	}
	cdr.Bridged = t.CDR.Bridged
	t.CDR, t.Offer.Group = cdr, cdr.Group
	return t
}
