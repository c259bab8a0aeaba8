package acd

import (
	"cmp"
	"context"
	"errors"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// How long a talk may stay in each passing place before FreeSWITCH is asked for the state.
const (
	legOverPause   = 250 * time.Millisecond // from the leg's hang-up to an event of the caller
	legOverLimit   = 3 * time.Second        // the same, after the hold music was ended
	hooksLimit     = time.Minute            // from the first hook to the park: a hook of the dialplan may take its time
	callerOffLimit = 300 * time.Millisecond // from the caller's hang-up to the leg's, which follows by itself
	callerFreeTime = time.Second            // from the moment when the caller was parked or taken to the leg's hang-up
	movingLimit    = 3 * time.Second        // from the event that the caller will be bridged anew to that bridge
)

// talk is what a call's goroutine knows while it follows caller and leg. talkMoves says what each
// event does. enter acts on it.
type talk struct {
	*call
	leg   *leg
	timer *time.Timer
	due   time.Time // when the timer fires; zero if it does not

	unheld []string    // channels whose phones held the talk, and do so no more
	quiet  *time.Timer // fires unheldPause after the last of these

	to         string             // number to which the caller was transferred
	kind       queue.TransferKind // how the caller was transferred
	cause      string             // FreeSWITCH's cause for the end
	digit      string             // the mark that the caller gave
	callerGone bool               // the caller's channel is over
	next       *Offer             // of the agent to whom a command transfers the caller
	legGone    bool               // the leg is over
	legEnd     hangUp             // how the leg ended
	callerEnd  hangUp             // how the caller's channel ended
	legParked  bool
	connected  bool // the caller's phone connected the leg with its other call
	sentOn     bool // FreeSWITCH reported that the caller was transferred
	attended   bool // the leg's phone connected the caller with its other call
	held       bool // the talk is over, and FreeSWITCH parks the caller for us
	kept       bool // the leg was parked because its agent is kept
	unsettled  bool // the caller is back, and FreeSWITCH did not answer what was set for that
	broken     bool // the music of a hold was ended
	cleaned    bool // our first hook was seen to have run, and not yet what the others led to
	stranded   bool // whoever the caller was to be bridged with is gone, and the caller hears nothing
	failed     bool // FreeSWITCH could not bridge the two, because the leg had gone
	far        bool // the leg goes on without its agent, at another FreeSWITCH
}

// talk bridges the caller with the agent, and follows both until they part. If the ending is nil,
// the caller waits again: the leg was gone before the bridge, or a command transfers the call. The
// context is the call's from then on.
func (c *call) talk(ctx context.Context, l *leg) (context.Context, ending) {
	c.orderedTo.Store(nil)
	c.awaitSuccessor(ctx)
	c.sayJobNumber(ctx, l)
	stands := c.bridge(ctx, l)
	why := context.Cause(ctx)
	switch {
	case stands == bridgeUp:
		c.beginTalk(l)
		return c.follow(ctx, l)
	case stands == bridgeUnknown && (why == nil || viewLost(why)):
		return ctx, c.leaveOpen(l, why)
	case why != nil && !viewLost(why):
		return ctx, c.leftBeforeBridge(l, why)
	case c.sentElsewhere() != "":
		return ctx, c.leftBeforeBridge(l, errTaken)
	case why != nil:
		// Not on our own connection, because the command might arrive late there, after the order
		// for the bridge.
		c.server.kill(l, c.channel().at())
		c.missed(l, why.Error())
	case stands == bridgeUnmade:
		c.endLeg(l) // the agent may wait there, and must not be bridged any more
		c.missed(l, errNotBridged.Error())
	default:
		c.endLeg(l) // it may be parked, and no talk will begin
		c.missed(l, "DIED_BEFORE_BRIDGE")
	}
	if c.channel().is() != bridging {
		return ctx, nil
	}
	return c.recall(ctx)
}

// errNotBridged is the cause of an offer that the agent answered if no bridge was seen.
var errNotBridged = errors.New("FreeSWITCH did not report a bridge in time")

// leftBeforeBridge ends a call whose caller left after the agent's answer and before the bridge.
func (c *call) leftBeforeBridge(l *leg, why error) ending {
	c.endLeg(l)
	c.record.bridged(l, time.Time{})
	c.reportAnswer(l)
	t := &talk{call: c, leg: l, cause: why.Error()}
	if gone, hungUp := isHangup(why); hungUp {
		t.callerGone, t.cause = true, gone.cause
		c.record.HungUpBy = queue.CallerSide
	}
	if to := c.sentElsewhere(); to != "" {
		t.passedOn(to, queue.TransferBlind)
		c.channel().become(takenBlind)
	}
	t.finish()
	switch {
	case t.callerGone && t.cause == attendedTransfer: // and the caller who takes over did not come
		return callerGone{queue.Consult, t.cause}
	case t.callerGone:
		return callerGone{c.record.Outcome, t.cause}
	}
	return taken{outcome: c.record.Outcome, reason: t.cause}
}

// follow follows a talk that is up until it is over, and returns what comes next.
func (c *call) follow(ctx context.Context, l *leg) (context.Context, ending) {
	if ctx.Err() != nil && c.serving.Err() == nil { // the connection was lost as the bridge was made
		ctx = c.renew()
	}
	t := &talk{call: c, leg: l, timer: time.NewTimer(never), quiet: time.NewTimer(never)}
	defer t.timer.Stop()
	defer t.quiet.Stop()
	c.readRest(t.take) // the caller may have been transferred already
	t.leaveToLink()
	for {
		if t.stranded || t.failed {
			return t.fetch(ctx)
		}
		if c.channel().is().over() {
			break
		}
		select {
		case s := <-c.signals:
			t.take(s)
		case <-t.timer.C:
			t.due = time.Time{}
			t.look()
		case <-t.quiet.C:
			t.endHoldMusic()
		case <-c.place.bell:
			if c.place.transferWaits() && c.channel().is() == talking {
				return t.passOn(ctx)
			}
		case <-ctx.Done():
			return ctx, t.cutShort(context.Cause(ctx))
		}
	}
	t.finish()
	return ctx, t.ending(ctx)
}

// beginTalk announces that the talk is up.
func (c *call) beginTalk(l *leg) {
	ch := c.channel()
	ch.become(talking)
	c.record.bridged(l, c.record.Bridged)
	c.reportAnswer(l)
	c.place.bridged(c.talkSoFar(l))
	commands := append(c.dialplanVariables(), c.keepHooks(l)...)
	commands = append(commands, c.startRecording(l)...)
	c.tell(commands...)
	c.exitHeld()
	c.enterTalk(l)
}

// enterTalk makes the link free the agent as soon as the agent's phone hangs up.
func (c *call) enterTalk(l *leg) {
	l.talkPlace.Store(c.place)
	c.entered(PhaseTalk, l.offer.Agent.Extension).Send()
	if l.ctx.Err() != nil { // the link reported the end before the talk was known
		c.signal(happened{what: legHungUp, byPhone: l.endedByAgent()})
	}
}

// lookIn sets when FreeSWITCH is asked, unless the event that is awaited comes before.
func (t *talk) lookIn(d time.Duration) {
	t.due = time.Now().Add(d)
	t.timer.Reset(d)
}

// stopTimer stops the timer of lookIn, because no event is awaited.
func (t *talk) stopTimer() {
	t.due = time.Time{}
	t.timer.Stop()
}

// take handles a signal of the talk.
func (t *talk) take(s signal) {
	switch s := s.(type) {
	case happened:
		if s.caller == "" || s.caller == t.uuid() { // otherwise of a consulting call that is over
			t.on(s)
		}
	case lookAgain:
		t.look()
		t.leaveToLink()
	case phoneHold:
		t.noteHold(s)
	case unseen:
		if !t.channel().alive() { // otherwise the call's own connection follows the talk
			t.giveUp(s.why)
		}
	case lostSight:
		if why := t.server.outOfSight(t.channel().at()); why != nil {
			t.giveUp(why)
		}
	case executed:
		t.noteMusic(s)
	case successor:
		s.accepted <- false
	}
}

// leaveToLink ends the call's own connection if the link can follow the talk. Its end does no harm
// during the bridge. Later it could end the application to which the caller goes on (docs/wire.md).
// If the channel has a later connection, the caller is in such an application already.
func (t *talk) leaveToLink() {
	if ch := t.channel(); ch.is() == talking && ch.alive() && t.followed() && !t.server.channels.hasLater(ch) {
		t.noteUnsent(ch.exit())
	}
}

// on handles a happening. talkMoves says at which place the channels are afterwards.
func (t *talk) on(h happened) {
	t.note(h)
	was := t.channel().is()
	is := t.after(was, h)
	if is == agentEnded && !t.callerGone && t.keepWithThird() {
		return
	}
	if is != was {
		t.log.Debug().Stringer("from", was).Stringer("to", is).Msg("custody")
		t.channel().become(is)
		t.stopTimer()
		t.enter(is, h)
	}
	if t.connected && t.channel().is() == legAway && !t.callerGone {
		t.connected = false
		t.send(esl.API("uuid_kill " + t.uuid())) // FreeSWITCH keeps the channel of the consulting call parked
	}
}

// after returns the place of the channels after the happening. If caller and leg were both sent
// elsewhere, a program transferred them together. Then the talk is over, and the leg is not touched
// any more. A caller whose phone connected the leg with its other call was not taken. If the party
// of that other call hung up before FreeSWITCH bridged the two, the talk has ended on the agent's
// side.
func (t *talk) after(was custody, h happened) custody {
	is := was.after(h.what)
	switch {
	case is == legAway && t.bothSentOn() && !h.inbound:
		return takenBlind
	case is == takenBlind && (h.what == legHungUp || h.attended) && t.connected && t.kind == queue.NoTransfer:
		return agentEnded
	}
	return is
}

// bothSentOn reports whether a leg that is with another channel was sent there together with the
// caller. The leg of a kept agent does not count, because it may be with others meanwhile.
func (t *talk) bothSentOn() bool { return t.sentOn && !t.kept }

// note stores what the record of the talk needs of an event. An end may be reported more than once,
// by events and by a look that found nothing but that the channel is gone.
func (t *talk) note(h happened) {
	switch h.what {
	case legHungUp:
		t.legGone, t.attended = true, t.attended || h.attended
		t.legEnd = t.legEnd.or(h)
		if t.cause == "" {
			t.cause = h.cause
		}
	case legParked:
		t.legParked = true
	case callerFreed:
		t.held = t.held || h.held
		t.failed = t.failed || h.failed
	case callerHungUp:
		t.callerGone, t.digit = true, cmp.Or(t.digit, h.digit)
		t.connected = t.connected || h.attended || h.cause == attendedTransfer
		t.callerEnd = t.callerEnd.or(h)
		if t.cause == "" {
			t.cause = h.cause
		}
	case callerTransferred, callerReturned:
		if h.attended { // the event of the leg's new bridge says with whom
			t.connected = true
			return
		}
		t.sentOn = t.sentOn || !h.parked
		t.noteTransfer(h)
	case callerRebridged, callerBridged:
		if t.kind == queue.NoTransfer { // after a transfer, a bridge of the caller is not part of this talk
			t.passedOn(t.numberOf(h), queue.TransferAttended)
		}
	case legBridged:
		if !t.bothSentOn() || h.inbound {
			t.passedOn(t.numberOf(h), queue.TransferByCaller)
		}
	case bridgedTogether:
		t.connected = false
		t.passedOn("", queue.NoTransfer)
	case farTransferred, farBridged:
		t.passedOnFar(h)
	}
}

// noteTransfer stores the destination to which the caller was transferred. Later events of the same
// kind are about what happens to the caller there, so they are not stored. One exception is the
// group to which a caller comes back, because its name says more than a number of the dialplan.
//
// If a command transfers the caller, the destination is that of the command. The event may have the
// old number.
func (t *talk) noteTransfer(h happened) {
	if group := t.orderedTo.Load(); group != nil && h.what == callerTransferred {
		h.number, h.cause = *group, ""
	}
	kind := queue.TransferBlind
	if h.cause == attendedTransfer || t.kind == queue.TransferAttended {
		kind = queue.TransferAttended
	}
	if t.kind == queue.NoTransfer || t.kind == queue.TransferByCaller && !h.parked || h.what == callerReturned {
		t.passedOn(h.number, kind)
	}
}

func (t *talk) passedOn(to string, kind queue.TransferKind) { t.to, t.kind = to, kind }

// enter does what is needed at the place at which the channels are now.
func (t *talk) enter(is custody, h happened) {
	switch is {
	case talking:
		t.orderedTo.Store(nil)
		t.bridgedAgain()
	case legOver:
		t.lookIn(legOverPause)
	case callerFree:
		t.lookIn(callerFreeTime)
	case callerOver:
		t.lookIn(callerOffLimit)
	case callerAway:
		t.lookIn(callerFreeTime)
		if t.legParked {
			t.on(happened{what: legParked})
		}
	case callerMoving:
		t.lookIn(movingLimit)
	case legKept:
		t.keepAgent()
	case legAway:
		if h.what == legBridged && h.inbound {
			t.onLegBridgedInbound(h)
		}
	}
}

// cutShort returns the ending if the call's context ends during the talk.
func (t *talk) cutShort(why error) ending {
	if errors.Is(why, errRestarted) {
		t.giveUp(why)
		t.finish()
		return taken{outcome: t.record.Outcome, reason: why.Error()}
	}
	return followedNoMore{}
}

// talkSoFar returns what the floor keeps of the talk with that leg.
func (c *call) talkSoFar(l *leg) queue.Talk {
	ch := c.channel()
	return queue.Talk{
		Server: c.server.options.Identity, Link: ch.at().Name, CoreUUID: ch.core,
		CDR: c.record.CDR, Offer: l.record, NeverQueued: c.neverQueued.Load(),
	}
}

// reportAnswer reports how long the caller waited for the first agent.
func (c *call) reportAnswer(l *leg) {
	if report := c.server.options.OnAnswer; report != nil && c.record.Answered.Equal(l.record.Answered) {
		report(c.group, c.record.Answered.Sub(c.record.Arrived))
	}
}

// endLeg ends a leg that is up. It uses the link if the call's own connection does not answer. It
// returns false if it is unknown whether the leg is gone.
func (c *call) endLeg(l *leg) (gone bool) {
	return c.do(l.kill()) != nil || c.server.kill(l, c.channel().at())
}

// legUUID returns the uuid of the leg that rings or talks, or "" if there is none.
func (c *call) legUUID() string {
	if l := c.leg.Load(); l != nil {
		return l.channel()
	}
	return ""
}
