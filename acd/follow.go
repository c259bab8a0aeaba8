package acd

import (
	"context"
	"strconv"
	"strings"

	"nwayacd/esl"
	"nwayacd/queue"
)

// A talk goes on if this process ends, and is then found again: in the journal, or at its
// FreeSWITCH by a link if it was never written down. A recovered talk is followed by the same code
// as any other.

// recoverTalks makes calls of the talks that an earlier life of this server left. Run follows them.
func (s *Server) recoverTalks() {
	for _, t := range s.Dispatcher.talks() {
		if c := s.recovered(t); c != nil {
			s.recoveredCalls = append(s.recoveredCalls, c)
		}
	}
}

// followAnew follows a talk that is on the floor, in a goroutine of its own, as long as Run runs.
func (s *Server) followAnew(t queue.Talk) {
	s.followMu.Lock()
	defer s.followMu.Unlock()
	if s.followed || s.life.Err() != nil {
		return // the next process finds the talk in the journal
	}
	if c := s.recovered(t); c != nil {
		s.follow(c)
	}
}

// endFollowing waits for the goroutines of followed talks. None begins after it.
func (s *Server) endFollowing() {
	s.followMu.Lock()
	s.followed = true
	s.followMu.Unlock()
	s.following.Wait()
}

func (s *Server) follow(c *call) {
	s.following.Go(func() { // ends with the talk, or with Run
		defer c.release()
		c.goOn(c.renew())
	})
}

// recovered returns the call of a talk that is on the floor, nil if there is no such talk or it is
// followed already.
func (s *Server) recovered(t queue.Talk) *call {
	place, offer, ok := s.Dispatcher.resume(t.CDR.UUID)
	if !ok {
		return nil
	}
	c := newCall(s, s.life)
	ch := newChannel()
	ch.uuid, ch.core = t.CDR.UUID, t.CoreUUID
	ch.proof.Store(true)
	ch.isAt(s.switchNamed(t.Link))
	ch.become(talking)
	ch.call.Store(c)
	c.where.Store(ch)
	c.isFor(caller{number: t.CDR.Caller, name: t.CDR.CallerName, dialled: t.CDR.Dialled})
	c.group, c.place = t.CDR.Group, place
	c.record.CDR, c.record.talked = t.CDR, true
	c.log = s.log.With().Str("uuid", ch.uuid).Str("caller", c.who.shown()).Str("group", c.group).Logger()
	l := newLeg(offer, []way{{}})
	l.uuid, l.phones[0].uuid, l.winner, l.record = t.CDR.Leg, t.CDR.Leg, l.phones[0], t.Offer
	c.leg.Store(l)
	if _, ok := s.channels.seat(c, 0); !ok {
		place.abandon()
		return nil
	}
	s.channels.addLeg(c, l)
	c.enterTalk(l)
	return c
}

// goOn is the story of a call from the talk on.
func (c *call) goOn(ctx context.Context) {
	var end ending
	defer func() { c.leave(end) }()
	if c.server.linkOf(c.channel().at().Name) == nil {
		c.signal(unseen{errUnlinked})
	} else {
		c.signal(lookAgain{}) // without effect while the link is down, which looks again when it comes up
	}
	ctx, end = c.follow(ctx, c.leg.Load())
	for end == nil {
		ctx, end = c.nextTalk(ctx)
	}
}

// recoverTalk follows the talk of a leg of ours with partner. It returns false if that is not a
// caller whose place is kept, if the agent has something else, or if the two are not bridged yet.
func (l *link) recoverTalk(ctx context.Context, conn *esl.Connection, s suspect, partner string) bool {
	if _, kept := l.server.Dispatcher.keepsPlace(partner); !kept || s.caller != partner {
		return false
	}
	answers, err := conn.Do(ctx, esl.API("uuid_dump "+s.uuid), esl.API("uuid_dump "+partner))
	if err != nil {
		return false
	}
	leg, caller := dumped(answers[0]), dumped(answers[1])
	if !bridgedWith(leg, partner) {
		if caller.Get("Unique-ID") == "" {
			conn.Post(esl.API("uuid_kill " + s.uuid)) // it was to be bridged with a caller who is gone
		}
		return false
	}
	t, ok := l.server.Dispatcher.recover(l.talkOf(s, leg, caller))
	if !ok {
		return false
	}
	l.server.channels.dropExternal(s.uuid)
	l.server.followAnew(t)
	l.log.Info().Str("uuid", partner).Str("agent", s.extension).Msg("a talk that was never written down is recovered from FreeSWITCH")
	return true
}

// talkOf is what the two channels say of their talk.
func (l *link) talkOf(s suspect, leg, caller *esl.Event) queue.Talk {
	now := l.current()
	t := queue.Talk{
		Server: l.server.options.Identity, Link: l.at.Name, CoreUUID: now.CoreUUID,
		CDR: queue.CDR{
			UUID: s.caller, Dialled: sanitize(caller.Get("Caller-Destination-Number")), Switch: now.Hostname,
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
