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

// askPause is the first pause between two questions whether a bridge stands that was ordered.
const askPause = 50 * time.Millisecond

// ask asks for the bridge of which nothing is said, until FreeSWITCH has made it or not, but no longer than that may take: a talk is not ended because we
// cannot hear it. Where the two are together, the CDR says since when; where they are apart and the caller is parked, the call is out of its socket application.
func (c *call) ask(ctx context.Context, l *leg) standing {
	limit := time.NewTimer(bridgeLimit)
	defer limit.Stop()
	for pause := askPause; ; pause *= 2 {
		if why := context.Cause(ctx); why != nil && !lostSight(why) {
			return apart // the caller is gone, or somebody has them
		}
		switch stands := c.standsNow(ctx, l); {
		case stands == apart && ctx.Err() != nil:
			caller := c.dump(ctx, c.uuid)
			c.detached = c.detached || caller != nil && caller.Get("Channel-State") == "CS_PARK"
			return apart
		case stands != ordered:
			return stands
		}
		select {
		case <-time.After(pause):
		case <-limit.C:
			return apart // FreeSWITCH does not bring it about
		}
	}
}

// standsNow asks once.
func (c *call) standsNow(ctx context.Context, l *leg) standing {
	switch channel := c.dump(ctx, l.uuid); {
	case channel == nil:
		return unknown
	case bridgedWith(channel, c.uuid):
		c.detached = true
		c.cdr.Bridged = timeOf(channel, bridgedTime)
		return together
	case channel.Get("variable_bridge_uuid") == c.uuid: // set before the two are brought together (switch_ivr_bridge.c, switch_ivr_uuid_bridge)
		return ordered
	}
	return apart
}

// dump is what FreeSWITCH says of a channel, nothing where that is gone: on the call's own connection while that lives, else over the link. nil: nobody
// could be asked.
func (c *call) dump(ctx context.Context, uuid string) *esl.Event {
	question := esl.API("uuid_dump " + uuid)
	if ctx.Err() == nil {
		if replies := c.do(question); replies != nil {
			return dumped(replies[0])
		}
	}
	conn := c.server.connTo(c.at)
	if conn == nil {
		return nil
	}
	limited, stop := context.WithTimeout(context.Background(), linkLimit)
	defer stop()
	replies, err := conn.Do(limited, question)
	if err != nil {
		conn.Close() // the link is made anew, and sees what is there
		return nil
	}
	return dumped(replies[0])
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

// adopt takes over the talk of a leg of ours with partner. False: that is not a caller whose place is kept, the agent has something else, or the two are not
// bridged, or not yet.
func (l *link) adopt(ctx context.Context, conn *esl.Connection, s suspect, partner string) bool {
	if _, kept := l.server.Dispatcher.expects(partner); !kept || s.caller != partner {
		return false
	}
	answers, err := conn.Do(ctx, esl.API("uuid_dump "+s.uuid), esl.API("uuid_dump "+partner))
	if err != nil {
		return false
	}
	leg, caller := dumped(answers[0]), dumped(answers[1])
	if !bridgedWith(leg, partner) {
		if caller.Get("Unique-ID") == "" {
			conn.Post(esl.API("uuid_kill " + s.uuid)) // it was to be bridged with somebody who is gone
		}
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

// dumped is the channel that uuid_dump shows, without a header where it is gone.
func dumped(r esl.Reply) *esl.Event {
	channel, err := esl.ParseEvent(r.Event().Body())
	if err != nil {
		return esl.NewEvent("")
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
