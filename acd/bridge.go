package acd

import (
	"context"
	"errors"
	"strconv"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

const (
	bridgeLimit = 3 * time.Second       // from uuid_bridge's +OK to CHANNEL_BRIDGE
	askPause    = 50 * time.Millisecond // the first pause between two questions whether an ordered bridge is up

	// parkAfterTalk is how long a caller whose talk is over stays parked if this process is gone by
	// then.
	parkAfterTalk = 3 * time.Second
)

// bridgeState is what is known of a bridge that was ordered.
type bridgeState uint8

const (
	bridgeDown    bridgeState = iota // it is not up
	bridgePending                    // FreeSWITCH is about to make it
	bridgeUp                         // it is up
	bridgeUnknown                    // FreeSWITCH could not be asked
)

// offerVariable is on the caller's channel: the number of the last offer that rang, and whether
// that was a transfer.
const offerVariable = "nwayacd_offer"

const transferMark = ":transfer"

func offerWord(o *Offer) string {
	if o.Transfer {
		return strconv.Itoa(o.Number) + transferMark
	}
	return strconv.Itoa(o.Number)
}

// bridge joins caller and leg. If the bridge is down afterwards, the leg or the caller was gone. A
// caller whom FreeSWITCH parked is then still in the custody bridging, any other in that of before.
func (c *call) bridge(ctx context.Context, l *leg) bridgeState {
	if ctx.Err() != nil {
		return bridgeDown
	}
	c.dropSignals()
	ch := c.channel()
	ch.become(bridging)
	replies := c.do(
		c.breakAll(), // what is still queued to play would play into the talk
		c.talkVariables(),
		esl.API("uuid_bridge "+c.uuid()+" "+l.uuid),
	)
	c.music = holdMusic{prompted: c.music.prompted, busyAt: c.music.busyAt}
	switch {
	case replies == nil:
		return c.ask(ctx, l)
	case !replies[2].OK():
		c.waitAgain(ch)
		return bridgeDown
	}
	switch stands, told := c.joined(ctx); {
	case told:
		return stands
	default:
		return c.ask(ctx, l)
	}
}

// waitAgain takes back what was set for a bridge that FreeSWITCH refused. The events of the
// meantime count as if the caller had waited.
func (c *call) waitAgain(ch *channel) {
	ch.become(inSocket)
	c.replaySignals()
	c.tell(c.setVariables("park_after_bridge=", "park_timeout=", "uuid_bridge_park_on_cancel=", "uuid_bridge_continue_on_cancel=",
		cleanHook+"=", overHook+"="), c.waitingVariables())
}

// joined waits until FreeSWITCH reports what became of the bridge. told is false if it reported
// nothing. Events about the caller after the bridge are left for the talk.
func (c *call) joined(ctx context.Context) (stands bridgeState, reported bool) {
	ctx, stop := context.WithTimeout(ctx, bridgeLimit)
	defer stop()
	s := c.await(ctx, func(s signal) bool {
		h, ok := s.(happened)
		return ok && h.what != legHungUp && h.what != legParked
	})
	h, ok := s.(happened)
	if !ok {
		return bridgeUnknown, false
	}
	switch h.what {
	case bridgedTogether:
		c.record.Bridged = time.Now()
		return bridgeUp, true
	case callerHungUp:
		c.end(hangup{h.cause})
	case callerReturned:
		c.end(errReturned)
	case callerFreed:
	case callerTransferred:
		if h.parked { // without a bridge, or as the socket application began: a link is behind
			return bridgeUnknown, false
		}
		c.end(errTaken)
	default:
		c.end(errTaken)
	}
	return bridgeDown, true
}

// ask polls FreeSWITCH until the ordered bridge is up or has failed, for at most bridgeLimit:
// losing our view of a call must not end its talk. If the bridge is up, the record says since when.
func (c *call) ask(ctx context.Context, l *leg) bridgeState {
	limit := time.NewTimer(bridgeLimit)
	defer limit.Stop()
	for pause := askPause; ; pause *= 2 {
		if why := context.Cause(ctx); why != nil && !viewLost(why) {
			return bridgeDown // the caller is gone, or somebody has them
		}
		if stands := c.bridgeNow(l); stands != bridgePending {
			return stands
		}
		select {
		case <-time.After(pause):
		case <-limit.C:
			return bridgeDown // FreeSWITCH does not bring it about
		}
	}
}

// viewLost reports whether it is only our own view of the call that ended: the connection, or our
// time to shut down.
func viewLost(why error) bool {
	_, hungUp := isHangup(why)
	return why != nil && !hungUp && !errors.Is(why, errTaken) && !errors.Is(why, errReturned)
}

// bridgeNow asks once.
func (c *call) bridgeNow(l *leg) bridgeState {
	switch channel := c.dump(l.uuid); {
	case channel == nil:
		return bridgeUnknown
	case bridgedWith(channel, c.uuid()):
		c.record.Bridged = timeOf(channel, bridgedTime)
		return bridgeUp
	case channel.Get("variable_bridge_uuid") == c.uuid(): // set before the bridge (switch_ivr_uuid_bridge)
		return bridgePending
	}
	return bridgeDown
}

// sentElsewhere is where the agent's phone transferred the caller before the bridge was up, "" if
// it did not: the hook of a transfer has run, and the caller's destination is another one.
// FreeSWITCH reports neither a bridge nor its end then.
func (c *call) sentElsewhere() string {
	caller := c.dump(c.uuid())
	if caller == nil || caller.Get("Unique-ID") == "" || caller.Get("variable_"+transferHook) != "" {
		return ""
	}
	if to := destination(caller.Get("Caller-Destination-Number")); to != destination(c.who.dialled) && to != c.group {
		return to
	}
	return ""
}

// dump returns uuid_dump of a channel, over the call's own connection while it lives, else over the
// link. The event has no headers if the channel is gone. It is nil if FreeSWITCH could not be
// asked.
func (c *call) dump(uuid string) *esl.Event {
	question := esl.API("uuid_dump " + uuid)
	if c.channel().alive() {
		if replies := c.do(question); replies != nil {
			return dumped(replies[0])
		}
	}
	conn := c.server.connTo(c.channel().at())
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

// bridgedWith reports whether the two channels talk: bridge_to is set as long as a bridge is up
// (switch_ivr_multi_threaded_bridge).
func bridgedWith(channel *esl.Event, other string) bool {
	return channel.Get("variable_bridge_to") == other
}

// dumped is the channel that uuid_dump shows, without a header if it is gone.
func dumped(r esl.Reply) *esl.Event {
	channel, err := esl.ParseEvent(r.Event().Body())
	if err != nil {
		return esl.NewEvent("")
	}
	return channel
}

// The headers that say when, in microseconds since 1970.
const (
	createdTime  = "Caller-Channel-Created-Time"
	answeredTime = "Caller-Channel-Answered-Time"
	bridgedTime  = "Caller-Channel-Bridged-Time"
)

// timeOf reads a header that has microseconds since 1970. It returns the present if there is none,
// which is so just after a bridge.
func timeOf(channel *esl.Event, header string) time.Time {
	us, err := strconv.ParseInt(channel.Get(header), 10, 64)
	if err != nil || us <= 0 {
		return time.Now()
	}
	return time.UnixMicro(us)
}

// leaveOpen ends the call without knowing whether its bridge is up, and therefore hangs up nothing.
// When the link reconnects it recovers the talk or kills the leg. Until then the leg keeps its
// agent unavailable. A caller who comes back finds their place.
func (c *call) leaveOpen(l *leg, why error) ending {
	if why == nil {
		why = errSilent
	}
	if at := c.server.linkOf(c.channel().at().Name); at != nil {
		c.server.channels.noteExternal(at, l.uuid, l.offer.Agent.Extension)
		signalOne(at.stateChanged) // so that it is not believed for ever
		if conn := at.conn.Load(); conn != nil {
			conn.Close() // it came up meanwhile, and may have reported the leg's end before that was noted
		}
	}
	c.leg.Store(nil)
	c.server.channels.removeLeg(l)
	return lost{orFailed(c.record.Outcome), why, l.ended(queue.OfferMissed, why.Error()).Offer}
}
