package acd

import (
	"context"
	"strconv"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// A talk whose server died, or lost the call's connection and the link, before it could write the talk down is known to its FreeSWITCH alone: a leg that
// bears our mark is bridged with a caller whose place is kept. The link that finds it adopts it: from then on it is a talk that goes on without us.

// timesVariable is on the caller's channel: the number of the offer that rings or rang last, as nway_transfer_times has it in events.
const timesVariable = "nway_transfer_times"

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
	if leg == nil || caller == nil {
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
			Answered: timeOf(leg, "Caller-Channel-Answered-Time"), Bridged: timeOf(leg, "Caller-Channel-Bridged-Time"),
		},
	}
	t.CDR.Offers, _ = strconv.Atoi(caller.Get("variable_" + timesVariable))
	t.Offer = queue.OfferRecord{
		Call: s.caller, Agent: s.extension, Leg: s.uuid, Number: t.CDR.Offers,
		Transfer: caller.Get("variable_nway_transfer_ext") == s.extension,
		Offered:  timeOf(leg, "Caller-Channel-Created-Time"), Answered: t.CDR.Answered,
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
	if cdr.Bridged.IsZero() {
		cdr.Bridged = t.CDR.Bridged
	}
	t.CDR, t.Offer.Group = cdr, cdr.Group
	if was.leg == t.CDR.Leg {
		t.Offer.Leg = "" // the offer has its record
	}
	return t
}
