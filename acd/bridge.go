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
	bridgeLimit = 3 * time.Second        // from uuid_bridge's +OK to CHANNEL_BRIDGE
	askPause    = 50 * time.Millisecond  // the first pause between two questions whether an ordered bridge is up
	reportLimit = 250 * time.Millisecond // from FreeSWITCH's answer that a bridge is not up to the report that it was

	// parkAfterTalk is how long FreeSWITCH keeps a caller parked after a talk if this process has
	// ended by then. FreeSWITCH hangs the caller up afterwards.
	parkAfterTalk = 3 * time.Second

	// parkUnbridged is the same for a caller whom FreeSWITCH could not bridge with the agent. It is
	// longer, because that caller is still to be served. It may take replyLimit to notice that the
	// call's connection is half-open, and bridgeLimit and exitLimit until the order to come back.
	parkUnbridged = 20 * time.Second
)

// bridgeState is what is known of a bridge that was ordered with uuid_bridge.
type bridgeState uint8

const (
	bridgeDown    bridgeState = iota // it is not up
	bridgePending                    // FreeSWITCH is about to make it
	bridgeUp                         // it is up
	bridgeUnknown                    // FreeSWITCH could not be asked
	bridgeUnmade                     // it is not up, and the agent is not to blame
)

// offerVariable is a variable of the caller's channel and of the leg. It has the number of the last
// offer that rang, with transferMark behind it if that offer was a transfer.
const offerVariable = "nwayacd_offer"

const transferMark = ":transfer"

func offerWord(o *Offer) string {
	if o.Transfer {
		return strconv.Itoa(o.Number) + transferMark
	}
	return strconv.Itoa(o.Number)
}

// bridge bridges the caller with the leg. If it returns bridgeDown, the leg or the caller had gone.
// The caller is then in custody bridging if FreeSWITCH parked them, and in the custody of before
// otherwise. The same holds if it returns bridgeUnmade.
func (c *call) bridge(ctx context.Context, l *leg) bridgeState {
	if ctx.Err() != nil {
		return bridgeDown
	}
	c.dropSignals()
	ch := c.channel()
	ch.become(bridging)
	replies := c.do(
		c.breakAll(), // otherwise files that are queued would play into the talk
		c.talkVariables(),
		esl.API("uuid_bridge "+c.uuid()+" "+l.uuid),
	)
	c.music = holdMusic{prompted: c.music.prompted, busyAt: c.music.busyAt}
	if replies != nil && !replies[2].OK() {
		c.waitAgain(ch)
		return bridgeDown
	}
	if replies != nil {
		if stands, reported := c.joined(ctx, bridgeLimit, true); reported {
			return stands
		}
	}
	return c.ask(ctx, l)
}

// waitAgain undoes what was set for a bridge that FreeSWITCH refused. The events that came
// meanwhile are handled as if the caller had waited.
func (c *call) waitAgain(ch *channel) {
	ch.become(inSocket)
	c.replaySignals()
	c.tell(c.setVariables("park_after_bridge=", "park_timeout=", "uuid_bridge_park_on_cancel=",
		"uuid_bridge_continue_on_cancel=", cleanHook+"=", overHook+"="), c.waitingVariables())
}

// joined waits until FreeSWITCH reports what became of the bridge. reported is false if it reported
// nothing in the given time. Events about the caller after the bridge are left for the talk.
//
// A CHANNEL_PARK that may be older than the order ends the wait if untilParked is true, so that
// FreeSWITCH is asked. Otherwise it is dropped.
func (c *call) joined(ctx context.Context, limit time.Duration, untilParked bool) (stands bridgeState, reported bool) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	s := c.await(ctx, func(s signal) bool {
		h, ok := s.(happened)
		return ok && h.what != legHungUp && h.what != legParked &&
			(untilParked || h.what != callerTransferred || !h.parked)
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
		// CHANNEL_UNBRIDGE comes only after CHANNEL_BRIDGE, so the report of that was lost. If
		// CHANNEL_PARK is all that was reported, too little is known of a talk to hang the caller
		// up after it. The caller waits again.
		if h.held && !h.parked {
			c.record.Bridged = time.Now()
			c.signal(h)
			return bridgeUp, true
		}
	case callerTransferred:
		if h.parked { // CHANNEL_PARK without a bridge, or of an earlier moment, over a slow link
			return bridgeUnknown, false
		}
		c.end(errTaken)
	default:
		c.end(errTaken)
	}
	return bridgeDown, true
}

// ask polls FreeSWITCH until the ordered bridge is up or has failed, for at most bridgeLimit. A
// talk must not end only because our view of the call is lost. If the bridge is up, the record has
// the time since when.
//
// FreeSWITCH's reports may come later than its answers, because the two may have talked already. So
// its answer that the bridge is not up counts if no report comes in reportLimit.
func (c *call) ask(ctx context.Context, l *leg) bridgeState {
	limit := time.Now().Add(bridgeLimit)
	var down time.Time // until when a report is awaited after the first answer that the bridge is not up
	for pause := askPause; ; pause *= 2 {
		reports := ctx
		switch why := context.Cause(ctx); {
		case viewLost(why): // the link may report it nevertheless
			reports = context.WithoutCancel(ctx)
		case why != nil:
			return bridgeDown // the caller is gone, or was taken
		}
		wait := pause
		switch stands := c.bridgeNow(l); stands {
		case bridgePending:
		case bridgeDown: // FreeSWITCH did not get the order, or the two have talked
			if down.IsZero() {
				down = time.Now().Add(reportLimit)
			}
			wait = time.Until(down)
		default:
			return stands
		}
		wait = min(wait, time.Until(limit)) // the last question is at the limit
		// If no time is left, what is queued counts nevertheless.
		if stands, reported := c.joined(reports, wait, false); reported {
			return stands
		}
		if wait <= 0 {
			return bridgeUnmade
		}
	}
}

// viewLost reports whether only our own view of the call ended: the connection is lost, or this
// process shuts down.
func viewLost(why error) bool {
	_, hungUp := isHangup(why)
	return why != nil && !hungUp && !errors.Is(why, errTaken) && !errors.Is(why, errReturned)
}

// bridgeNow asks FreeSWITCH once for the state of the bridge.
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

// sentElsewhere returns the number to which the agent's phone transferred the caller before the
// bridge was up, or "" if it did not. FreeSWITCH reports neither a bridge nor its end then. The
// signs are that the hook of a transfer has run and that the caller has another destination.
func (c *call) sentElsewhere() string {
	caller := c.dump(c.uuid())
	if caller == nil || caller.Get("Unique-ID") == "" || caller.Get("variable_"+transferHook) != "" {
		return ""
	}
	if group := c.orderedTo.Load(); group != nil {
		return *group
	}
	if to := destination(caller.Get("Caller-Destination-Number")); to != destination(c.who().dialled) && to != c.group {
		return to
	}
	return ""
}

// dump returns uuid_dump of a channel. The event has no headers if the channel is gone. It is nil
// if FreeSWITCH could not be asked.
func (c *call) dump(uuid string) *esl.Event {
	replies := c.query(esl.API("uuid_dump " + uuid))
	if replies == nil {
		return nil
	}
	return dumped(replies[0])
}

// query sends commands that only ask, over the call's own connection while that lives, otherwise
// over the link. It returns nil if FreeSWITCH could not be asked.
//
// An order over the link needs a proof of the caller's connection, and a question needs none. A
// channel that is gone cannot prove anything.
func (c *call) query(questions ...esl.Command) []esl.Reply {
	if c.channel().alive() {
		if replies := c.do(questions...); replies != nil {
			return replies
		}
	}
	conn := c.server.connTo(c.channel().at())
	if conn == nil {
		return nil
	}
	limited, stop := context.WithTimeout(context.Background(), linkLimit)
	defer stop()
	replies, err := conn.Do(limited, questions...)
	if err != nil {
		conn.Close() // the link reconnects, and reads the state again
		return nil
	}
	return replies
}

// bridgedWith reports whether the channel is bridged with the other one. FreeSWITCH sets bridge_to
// while a bridge is up (switch_ivr_multi_threaded_bridge).
func bridgedWith(channel *esl.Event, other string) bool {
	return channel.Get("variable_bridge_to") == other
}

// dumped returns the channel in the reply to uuid_dump. The event has no headers if the channel is
// gone.
func dumped(r esl.Reply) *esl.Event {
	channel, err := esl.ParseEvent(r.Event().Body())
	if err != nil {
		return esl.NewEvent("")
	}
	return channel
}

// Headers that have a time, in microseconds since 1970.
const (
	createdTime  = "Caller-Channel-Created-Time"
	answeredTime = "Caller-Channel-Answered-Time"
	bridgedTime  = "Caller-Channel-Bridged-Time"
)

// timeOf returns the time in a header that has microseconds since 1970. It returns the present if
// there is none, as is the case just after a bridge.
func timeOf(channel *esl.Event, header string) time.Time {
	us, err := strconv.ParseInt(channel.Get(header), 10, 64)
	if err != nil || us <= 0 {
		return time.Now()
	}
	return time.UnixMicro(us)
}

// leaveOpen ends the call without knowing whether its bridge is up, and therefore hangs up nothing.
// When the link is up again, it recovers the talk or kills the leg. Until then the leg keeps its
// agent unavailable. If the caller comes back, the place is still there.
func (c *call) leaveOpen(l *leg, why error) ending {
	if why == nil {
		why = errSilent
	}
	if at := c.server.linkOf(c.channel().at().Name); at != nil {
		c.server.channels.noteExternal(at, l.uuid, l.offer.Agent.Extension)
		signalOne(at.stateChanged) // starts the time after which the link drops external calls
		if conn := at.conn.Load(); conn != nil {
			conn.Close() // it is up again, and may have reported the leg's end before the leg was noted
		}
	}
	c.leg.Store(nil)
	c.server.channels.removeLeg(l)
	record := l.ended(queue.OfferMissed, why.Error())
	return lost{orFailed(c.record.Outcome), why, &record}
}
