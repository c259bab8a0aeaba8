package acd

import (
	"context"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// wait plays music to the caller until there is an agent to ring. If the offer is nil, it returns
// the ending of the call.
func (c *call) wait(ctx context.Context) (*Offer, ending) {
	whole := ctx
	ctx, stop := c.unlessDraining(ctx)
	defer stop()
	ctx, stopLimit := c.unlessWaitedTooLong(ctx)
	defer stopLimit()
	if ctx.Err() == nil {
		c.place.open()
	}
	repeat := c.untilBusyPrompt()
	defer repeat.Stop()
	for entered := false; ctx.Err() == nil; {
		if end := c.reconnectAlone(whole); end != nil { // an earlier connection may have answered only now
			return nil, end
		}
		if ctx.Err() != nil {
			break
		}
		if group := c.place.moving(); group != "" {
			c.move(group)
		}
		if o := c.place.take(); o != nil {
			return o, nil
		}
		if !entered {
			entered = true
			c.entered(PhaseWait, "").Send()
		}
		c.playHold(ctx)
		select {
		case <-c.place.bell:
		case s := <-c.signals:
			c.noteAside(s)
		case <-repeat.C:
			c.repeatBusy()
			repeat = c.untilBusyPrompt()
		case <-c.place.stranded:
			return nil, handedBack{outcome: queue.Returned, reason: "group removed", variable: returnedInvalid}
		case <-ctx.Done():
		}
	}
	return nil, c.endingOf(context.Cause(ctx))
}

// unlessWaitedTooLong returns a context that also ends after max-wait-seconds. That limit does not
// apply to a caller who has already talked to an agent.
func (c *call) unlessWaitedTooLong(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.settings.MaxWait <= 0 || c.record.talked {
		return ctx, func() {}
	}
	// the clock may have been set back
	remaining := min(time.Until(c.place.Since.Add(c.settings.MaxWait)), c.settings.MaxWait)
	return context.WithTimeoutCause(ctx, remaining, errWaited)
}

// never is longer than any call.
const never = 365 * 24 * time.Hour

// untilBusyPrompt returns a timer that fires when the busy prompt is due again, busy-repeat-seconds
// after it was last played.
func (c *call) untilBusyPrompt() *time.Timer {
	if c.settings.BusyRepeat <= 0 {
		return time.NewTimer(never)
	}
	if c.music.busyAt.IsZero() {
		c.music.busyAt = time.Now()
	}
	return time.NewTimer(time.Until(c.music.busyAt.Add(c.settings.BusyRepeat)))
}

// unlessDraining returns a context that also ends when the server shuts down.
func (c *call) unlessDraining(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	if c.server.Draining() {
		end(errDrain) // at once, so that no offer is taken any more
	}
	stop := context.AfterFunc(c.server.drain, func() { end(errDrain) })
	return ctx, func() {
		stop()
		end(nil)
	}
}

// move moves the waiting caller to another group, in which the caller keeps the time of arrival.
// The visit to the first group ends.
func (c *call) move(group string) {
	place, moved, err := c.place.move()
	if err != nil {
		c.log.Warn().Str("to", group).Err(err).Msg("a caller could not be moved")
	}
	if !moved {
		return
	}
	c.tell(c.queueEvent(queueRemove, ""))
	before := c.record.CDR
	c.record.passedOn(group, queue.TransferBlind)
	c.record.ended(queue.Moved, errMoved.Error())
	c.server.keepCDR(c.record.CDR)
	c.record.CDR = queue.CDR{
		UUID: before.UUID, Caller: before.Caller, CallerName: before.CallerName, Dialled: before.Dialled,
		Switch: before.Switch, Direction: before.Direction,
	}
	c.record.joins(place)
	c.enterGroup(group)
	c.record.talked = false
	c.tell(c.waitingVariables(), c.queueEvent(queueAdd, ""))
	c.entered(PhaseWait, "").Str("from", before.Group).Send()
}

// wayIn returns the actions of an inline dialplan for a caller whom a phone connects with this
// call. They lead the caller to our socket port and this call's place. If no server can be reached,
// they lead to this call's home.
func (c *call) wayIn(there string) string {
	socket := "," + resume + ",socket:" + there + "/" + routeTo(c.group) + " async full"
	way := "set:" + consultVariable + "=" + c.uuid() + socket + ",sleep:1000" + socket + ",sleep:4000" + socket
	if c.who().home != "" {
		way += ",transfer:" + c.who().home
	}
	return way
}

// waitingVariables returns the command that prepares a waiting caller for what may happen without
// us:
//   - If our connection is lost, the dialplan goes on with its next action.
//   - If a program bridges or transfers the caller, nothing of ours acts on the channel any more.
//   - If a consulting phone connects another caller with this call, that caller comes to our socket
//     port.
func (c *call) waitingVariables() esl.Command {
	c.channel().guarded.Store(true)
	variables := []string{
		keyVariable + "=" + c.channel().key,
		"socket_resume=true", "nway_acd=" + esl.Clean(c.group), visitVariable + "=" + c.visit().word(),
		placeVariable + "=", overVariable + "=", consultVariable + "=",
		recallVariable + "=",
		preBridgeHook + "=multiunset " + waitingList, transferHook + "=multiunset " + waitingList,
	}
	if there := c.server.socketAddress(c.channel()); there != "" {
		variables = append(variables, "inline_destination="+c.wayIn(there))
	}
	return c.setVariables(variables...)
}
