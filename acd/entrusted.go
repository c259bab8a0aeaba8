package acd

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
)

// A talk goes on when we die, shut down or lose its connection. It is then entrusted to its FreeSWITCH: no call of ours runs it, its agent stays
// talking, and the link tells how it ends. What is needed for that is kept in the journal as long as a talk lasts (queue.Talk).

// The reasons in the CDR of a talk whose end nobody saw.
var (
	errRestarted = errors.New("FreeSWITCH restarted")
	errUnseen    = errors.New("ended unseen")
	errAway      = errors.New("FreeSWITCH is away")
	errUnlinked  = errors.New("no link to its FreeSWITCH is configured")
	errNotBack   = errors.New("waited when the server died, and did not come back")
)

// entrusted are the talks that no call runs, by the caller's uuid and by the leg's.
type entrusted struct {
	mu     sync.Mutex
	byUUID map[string]*queue.Talk
}

func (e *entrusted) add(t queue.Talk) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.byUUID[t.CDR.UUID], e.byUUID[t.CDR.Leg] = &t, &t
}

// take is the talk of a channel, which is not among them any more; nil where there is none.
func (e *entrusted) take(uuid string) *queue.Talk {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.byUUID[uuid]
	if t != nil {
		delete(e.byUUID, t.CDR.UUID)
		delete(e.byUUID, t.CDR.Leg)
	}
	return t
}

// sideOf is whose channel of an entrusted talk it is; NoSide where it is none.
func (e *entrusted) sideOf(uuid string) queue.Side {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch t := e.byUUID[uuid]; {
	case t == nil:
		return queue.NoSide
	case t.CDR.UUID == uuid:
		return queue.CallerSide
	default:
		return queue.AgentSide
	}
}

// callerLeft notes who ended a talk, whose leg is returned: the talk is over for the agent when that is gone.
func (e *entrusted) callerLeft(uuid, cause string) (leg string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.byUUID[uuid]
	if t == nil {
		return ""
	}
	t.CDR.HungUpBy, t.CDR.Cause = queue.CallerSide, cause
	return t.CDR.Leg
}

// all lists the talks.
func (e *entrusted) all() (talks []queue.Talk) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for uuid, t := range e.byUUID {
		if uuid == t.CDR.UUID {
			talks = append(talks, *t)
		}
	}
	return talks
}

// at lists the talks of one FreeSWITCH.
func (e *entrusted) at(link string) []queue.Talk {
	return slices.DeleteFunc(e.all(), func(t queue.Talk) bool { return t.Link != link })
}

// resume takes over the talks that an earlier life of this server left. Those of a FreeSWITCH that is not configured any more are over for us.
func (s *Server) resume(talks []queue.Talk) {
	for _, t := range talks {
		s.talks.add(t)
		if s.linkOf(t.Link) == nil {
			s.closeTalk(t.CDR.UUID, queue.NoSide, errUnlinked.Error())
		}
	}
}

// ownTalks leaves out the talks of other servers on the same database.
func ownTalks(talks []queue.Talk, identity string) []queue.Talk {
	return slices.DeleteFunc(slices.Clone(talks), func(t queue.Talk) bool { return t.Server != identity })
}

// goingOn leaves out the talks that are over, whose callers waited again.
func goingOn(talks []queue.Talk) []queue.Talk {
	return slices.DeleteFunc(slices.Clone(talks), func(t queue.Talk) bool { return t.Parted })
}

func (s *Server) linkOf(name string) *link {
	for _, l := range s.links {
		if l.at.Name == name {
			return l
		}
	}
	return nil
}

// talkSoFar is what is kept of the talk with that leg.
func (c *call) talkSoFar(l *leg) queue.Talk {
	return queue.Talk{Server: c.server.options.Identity, Link: c.at.Name, CoreUUID: c.core, CDR: c.cdr, Offer: l.record}
}

// entrust leaves the call's talk to its FreeSWITCH. It may be over already, and that have been told before we listened for it: so the switch is
// asked.
func (s *Server) entrust(c *call, l *leg) {
	t := c.talkSoFar(l)
	s.talks.add(t)
	c.place.entrust()
	s.legs.remove(l)
	c.leg = nil
	at := s.linkOf(t.Link)
	if l.phoneLeft() { // meanwhile
		s.closeTalk(t.CDR.UUID, queue.AgentSide, "NORMAL_CLEARING")
		return
	}
	if at == nil {
		s.closeTalk(t.CDR.UUID, queue.NoSide, errUnlinked.Error())
		return
	}
	conn := at.conn.Load()
	if conn == nil {
		signalOne(at.turned) // so that it is not kept for ever
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), replyLimit)
	defer stop()
	if at.checkTalks(ctx, conn, []queue.Talk{t}) != nil {
		conn.Close() // the link is made anew, and asks again
	}
}

// checkTalks closes those of the talks whose leg is not bridged any more. Error: why nobody could be asked.
func (l *link) checkTalks(ctx context.Context, conn *esl.Connection, talks []queue.Talk) error {
	for some := range slices.Chunk(talks, lookBatch) {
		questions := make([]esl.Command, len(some))
		for i, t := range some {
			questions[i] = esl.API("uuid_getvar " + t.CDR.Leg + " bridge_uuid")
		}
		answers, err := conn.Do(ctx, questions...)
		if err != nil {
			return err
		}
		for i, t := range some {
			if !isSet(answers[i]) {
				conn.Post(esl.API("uuid_kill " + t.CDR.Leg)) // it may be parked, if the talk never came about
				l.server.closeTalk(t.CDR.UUID, queue.NoSide, l.unseen(t).Error())
			}
		}
	}
	return nil
}

// unseen says why nobody saw the talk end.
func (l *link) unseen(t queue.Talk) error {
	if now := l.current().CoreUUID; t.CoreUUID != "" && now != "" && t.CoreUUID != now {
		return errRestarted
	}
	return errUnseen
}

// hearEnd closes the entrusted talk, if there is one, whose leg hung up. Who hangs up first is told of first: where that is the caller, the leg is
// ended, and its end awaited, so that the agent's next call does not find the phone busy with this one.
func (l *link) hearEnd(e *esl.Event) {
	uuid, cause := e.Get("Unique-ID"), e.Get("Hangup-Cause")
	switch l.server.talks.sideOf(uuid) {
	case queue.CallerSide:
		leg := l.server.talks.callerLeft(uuid, cause)
		if conn := l.conn.Load(); conn != nil {
			conn.Post(esl.API("uuid_kill " + leg)) // where it fails, the link that comes up next finds the talk over
		}
	case queue.AgentSide:
		l.server.closeTalk(uuid, queue.AgentSide, cause)
	}
}

// closeTalk ends an entrusted talk: the agent goes where the end of a talk leads, the CDR is written, and the events say so. The caller who hung up
// before is who ended it. Nothing happens where it is over already.
func (s *Server) closeTalk(uuid string, by queue.Side, cause string) {
	t := s.talks.take(uuid)
	if t == nil {
		return
	}
	if t.CDR.HungUpBy == queue.NoSide {
		t.CDR.HungUpBy, t.CDR.Cause = by, cause
	}
	t.CDR.Ended = time.Now()
	t.Offer.Outcome, t.Offer.Ended = queue.OfferAnswered, t.CDR.Ended
	c := &call{server: s, uuid: t.CDR.UUID, caller: t.CDR.Caller, group: t.CDR.Group} // for its events only
	o := &Offer{Lease: &queue.Lease{Agent: agent.Profile{Extension: t.CDR.Agent}}}
	l := s.linkOf(t.Link)
	fire := func(event esl.Command) {
		if l != nil {
			l.queue(event)
		}
	}
	fire(c.infoEvent(statusHangup, o, t.Offer.Number)) // before what is said of the agent, and of their next call
	s.Dispatcher.endTalk(t)
	fire(c.queueEvent(queueRemove, ""))
	if l != nil && t.CDR.HungUpBy != queue.CallerSide {
		l.letGo(t.CDR.UUID)
	}
	s.log.Info().Str("uuid", t.CDR.UUID).Str("agent", t.CDR.Agent).Str("cause", cause).Msg("a talk that went on without us is over")
}

// closeTalksAt ends all entrusted talks of one FreeSWITCH.
func (s *Server) closeTalksAt(link string, cause error) {
	for _, t := range s.talks.at(link) {
		s.closeTalk(t.CDR.UUID, queue.NoSide, cause.Error())
	}
}

// talkView shows an entrusted talk as a call in its talk.
func talkView(t queue.Talk) CallView {
	return CallView{
		UUID: t.CDR.UUID, Caller: t.CDR.Caller, Dialled: t.CDR.Dialled, Group: t.CDR.Group, VIP: t.CDR.VIP, Switch: t.CDR.Switch,
		Phase: "talk", Agent: t.CDR.Agent, Arrived: t.CDR.Arrived, PhaseFrom: t.CDR.Bridged,
	}
}
