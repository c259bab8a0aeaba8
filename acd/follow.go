package acd

import (
	"context"
	"strconv"
	"strings"

	"nwayacd/esl"
	"nwayacd/queue"
)

// A talk goes on if this process ends. The next process finds it in the journal. If it was never
// written there, a link finds it at its FreeSWITCH. A recovered talk is followed by the same code
// as any other.

// recoverTalks makes calls of the talks that an earlier process of this server left. Run follows
// them.
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
	if s.followed || s.runCtx.Err() != nil {
		return // the next process finds the talk in the journal
	}
	if c := s.recovered(t); c != nil {
		s.follow(c)
	}
}

// endFollowing waits for the goroutines of followed talks. No other one begins afterwards.
func (s *Server) endFollowing() {
	s.followMu.Lock()
	s.followed = true
	s.followMu.Unlock()
	s.following.Wait()
}

func (s *Server) follow(c *call) {
	s.following.Go(func() { // ends with the talk, or with Run
		func() {
			defer c.release()
			c.goOn(c.renew())
		}()
		s.lookAfter(c.serving, nil, c.channel())
	})
}

// recovered returns the call of a talk that is on the floor. It returns nil if there is no such
// talk, or if the talk is followed already.
func (s *Server) recovered(t queue.Talk) *call {
	place, offer, ok := s.Dispatcher.resume(t.CDR.UUID)
	if !ok {
		return nil
	}
	c := newCall(s, s.runCtx)
	ch := newChannel()
	ch.uuid, ch.core = t.CDR.UUID, t.CoreUUID
	ch.proof.Store(true)
	ch.isAt(s.switchNamed(t.Link))
	ch.become(talking)
	ch.call.Store(c)
	c.callerChannel.Store(ch)
	c.neverQueued.Store(t.NeverQueued)
	c.isFor(caller{number: t.CDR.Caller, name: t.CDR.CallerName, dialled: t.CDR.Dialled})
	c.group, c.place = t.CDR.Group, place
	c.record.CDR, c.record.talked = t.CDR, true
	c.log = s.log.With().Str("uuid", ch.uuid).Str("caller", c.who().shown()).Str("group", c.group).Logger()
	l := newLeg(offer, []way{{}})
	l.uuid, l.phones[0].uuid, l.winner, l.record = t.CDR.Leg, t.CDR.Leg, l.phones[0], t.Offer
	c.leg.Store(l)
	if _, ok := s.channels.addCall(c, 0); !ok {
		place.detach()
		return nil
	}
	s.channels.addLeg(c, l)
	c.enterTalk(l)
	return c
}

// goOn runs a call from the talk on.
func (c *call) goOn(ctx context.Context) {
	var end ending
	defer func() { c.leave(end) }()
	if c.server.linkOf(c.channel().at().Name) == nil {
		c.signal(unseen{errUnlinked})
	} else {
		c.signal(lookAgain{}) // has no effect while the link is down; it looks again when it is up
	}
	ctx, end = c.follow(ctx, c.leg.Load())
	for end == nil {
		ctx, end = c.nextTalk(ctx)
	}
}

// recoverTalk follows the talk of one of our legs with partner. It returns false if one of these is
// true:
//   - no place is kept for partner;
//   - the agent has something else;
//   - the two are not bridged yet.
func (l *link) recoverTalk(ctx context.Context, conn *esl.Connection, s foundChannel, partner string) bool {
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
			conn.Post(esl.API("uuid_kill " + s.uuid)) // it was to be bridged with a caller who has hung up
		}
		return false
	}
	t, ok := l.server.Dispatcher.recover(l.talkOf(s, leg, caller))
	if !ok {
		return false
	}
	l.server.channels.dropExternal(s.uuid)
	l.server.followAnew(t)
	l.log.Info().Str("uuid", partner).Str("agent", s.extension).Msg("recovered a talk that was not in the journal")
	return true
}

// talkOf returns the talk as the dumps of the two channels show it.
func (l *link) talkOf(s foundChannel, leg, caller *esl.Event) queue.Talk {
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
