package acd

import (
	"context"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// A channel that comes to the socket port may belong to a call that is here already:
//   - A caller who must wait again after a talk was recalled, and is back.
//   - A phone connected the caller of its other call with a group that it had called. The caller
//     takes over what that consulting call has.

// consultVariable is set on a caller whom a phone connected with the group it had called: the uuid
// of the consulting call's channel.
const consultVariable = "nwayacd_consult"

// successor asks a call to go on with another connection, either of its own caller or of a caller
// who takes over.
type successor struct {
	arrival
	ctx      context.Context // of the connection; it has ended if the caller hung up meanwhile
	accepted chan bool       // gets one answer; has room for it
}

// onFloor returns what the floor needs to know about the arrival's caller.
func (a arrival) onFloor() queue.Arrival {
	return queue.Arrival{
		UUID: a.ch.uuid, Caller: a.who.number, Name: a.who.name,
		Visit: a.visit.number + 1, CameFrom: a.visit.group, Since: a.at,
	}
}

// rejoin gives the connection to the call to which it belongs, and returns when the connection is
// over. It returns false if the arrival is a call of its own. arriving would then be that call.
func (s *Server) rejoin(ctx context.Context, arriving *call, a arrival) bool {
	c := s.channels.caller(a.ch.uuid)
	if c == nil || c.channel().is() != recalled || a.ch.order < c.channel().order || !s.mayTakeOver(a, c.channel()) {
		if c = s.consulting(a); c == nil {
			return false
		}
		if arriving.sentBack(ctx, a.consult, c.groupNow()) {
			return true
		}
	}
	next := successor{arrival: a, ctx: ctx, accepted: make(chan bool, 1)}
	c.signal(next)
	if !next.isAccepted(c) {
		return false
	}
	a.ch.awaitEnd(arriving.serving)
	return true
}

// isAccepted waits for the answer of the call, and reports whether the call took the connection. If
// the call took it and ended at once, the connection is no call of its own.
func (next successor) isAccepted(c *call) bool {
	select {
	case accepted := <-next.accepted:
		return accepted
	case <-c.gone:
	}
	select {
	case accepted := <-next.accepted:
		return accepted
	default:
		return false
	}
}

// sentBack recalls a caller who takes over the place of a consulting call, if another connection of
// the channel is held open. The reason is that of reconnectAlone. The place waits for the caller.
//
// It returns false if the connection is the only one, or if FreeSWITCH does not have the order.
func (c *call) sentBack(ctx context.Context, consult, group string) bool {
	if !c.server.channels.isHeld(c.uuid()) {
		return false
	}
	ch := c.channel()
	ch.become(released)
	c.enterGroup(group)
	c.tell(c.setVariables(consultVariable + "=" + consult)) // the end of the caller's last visit has unset it
	limited, stop := context.WithTimeoutCause(ctx, recallLimit, errSilent)
	defer stop()
	if !c.orderBack(limited, ch) {
		return false
	}
	ch.awaitEnd(c.serving)
	return true
}

// consulting returns the call whose place the arrival takes over, or nil if there is none. A visit
// that the arriving caller has here ends first.
//
// If the group refuses the caller, the caller takes over no place in it. The consulting call ends,
// and the arrival is a call of its own, which is refused.
func (s *Server) consulting(a arrival) *call {
	if a.consult == "" || a.consult == a.ch.uuid {
		return nil
	}
	c := s.channels.caller(a.consult)
	if c == nil || c.channel().is() != inSocket || !s.mayTakeOver(a, c.channel()) {
		return nil
	}
	if earlier := s.channels.caller(a.ch.uuid); earlier != nil {
		earlier.returned(a.ch, c.groupNow(), attendedTransfer)
		select {
		case <-earlier.gone:
		case <-time.After(visitLimit):
			return nil
		}
	}
	if s.Dispatcher.blacklisted(queue.Arrival{Caller: a.who.number, Group: c.groupNow(), Since: a.at}, a.who.dialled) {
		c.end(hangup{attendedTransfer})
		return nil
	}
	return c
}

// awaitEnd blocks until the connection is over, or until this process ends its calls.
func (ch *channel) awaitEnd(serving context.Context) {
	select {
	case <-ch.conn.Done():
	case <-serving.Done():
	}
}

// succeed gives another caller the place of this consulting call, with its time of arrival and the
// agent who rings for it.
func (c *call) succeed(next successor) {
	was, before, ref := c.channel(), c.record, c.ref()
	if was.is() != inSocket || c.place == nil || !c.server.channels.moveCall(c, next.ch) {
		next.accepted <- false
		return
	}
	c.tell(ref.queueEvent(queueRemove, ""))
	c.server.Dispatcher.takeOver(c.place, next.onFloor())
	before.ended(queue.Consult, attendedTransfer)
	c.server.keepCDR(before.CDR)
	c.switchCaller(next)
	c.record.Arrived, c.record.Group, c.record.VIP = before.Arrived, c.group, c.place.VIP
	if shown := c.view.Load(); shown != nil {
		c.show(shown.Phase, shown.Agent, shown.PhaseFrom)
	}
	// held, because the job of the agent's leg belongs to this connection
	c.server.channels.holdOpen(next.ch.uuid, was.conn)
	c.tell(append([]esl.Command{c.waitingVariables(), c.setVariables(consultVariable + "="), answer},
		c.comesIn()...)...)
	if l := c.leg.Load(); l != nil {
		l.record.Call, l.record.Visit = c.uuid(), c.record.Visit
		c.record.offered(l.offer.Number)
		c.tell(c.queueEvent(queueRemove, l.offer.Agent.Extension), c.infoEvent(statusCallout, l.offer, l.offer.Number))
		if !l.record.Answered.IsZero() {
			c.tell(c.infoEvent(statusAnswered, l.offer, l.offer.Number))
		}
	}
	c.tell(c.startMusic()...)
	c.log.Info().Str("consult", was.uuid).Msg("a caller takes over the place of a consulting call")
}

// awaitSuccessor waits for the caller who takes over this consulting call, whose own channel is
// over. Without that, an agent who answers meanwhile would be connected with no one.
func (c *call) awaitSuccessor(ctx context.Context) {
	for c.successorTimer.Load() != nil && ctx.Err() == nil {
		select {
		case s := <-c.signals:
			c.noteAside(s)
		case <-ctx.Done():
		}
	}
}

// switchCaller makes the arrival's caller and channel those of the call.
func (c *call) switchCaller(next successor) {
	c.take(next.arrival)
	c.record.recall = time.Now() // the caller came by wayIn, an inline dialplan of ours
	c.music = holdMusic{prompted: c.music.prompted, busyAt: c.music.busyAt}
	c.reattach(next)
	if timer := c.successorTimer.Swap(nil); timer != nil {
		timer.Stop()
	}
}
