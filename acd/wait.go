package acd

import (
	"cmp"
	"context"
	"errors"
	"time"

	"nwayacd/queue"
)

// wait keeps the caller company until there is an agent to ring for it; a nil offer comes with the story's ending.
func (c *call) wait(ctx context.Context) (*Offer, ending) {
	ctx, stop := c.unlessDraining(ctx)
	defer stop()
	if c.settings.MaxWait > 0 && c.cdr.Outcome == "" && c.fetched.IsZero() { // who has talked to an agent is never sent away for having waited
		limited, stop := context.WithDeadlineCause(ctx, c.place.Since.Add(c.settings.MaxWait), errWaited)
		defer stop()
		ctx = limited
	}
	if ctx.Err() == nil {
		c.place.open()
	}
	repeat := c.untilBusyPrompt()
	defer repeat.Stop()
	for entered := false; ctx.Err() == nil; {
		if o := c.place.take(); o != nil {
			return o, ending{}
		}
		if !entered {
			entered = true
			c.entered("wait", "").Send()
		}
		c.playHold()
		select {
		case <-c.place.bell:
		case s := <-c.signals:
			c.noteMusic(s)
		case <-repeat.C:
			c.repeatBusy()
			repeat = c.untilBusyPrompt()
		case <-c.place.stranded:
			return nil, ending{outcome: queue.Returned, reason: "group removed", handBack: true, variable: returnedInvalid}
		case <-ctx.Done():
		}
	}
	return nil, c.endingOf(context.Cause(ctx))
}

// fetchedLately is for how long the connection that a fetched caller had before may take them from us: not longer than FreeSWITCH needs to end it.
const fetchedLately = 2 * time.Second

// never is longer than any call.
const never = 365 * 24 * time.Hour

// untilBusyPrompt runs until the busy prompt is due again, busy-repeat-seconds after the last time, whatever happened meanwhile.
func (c *call) untilBusyPrompt() *time.Timer {
	if c.settings.BusyRepeat <= 0 {
		return time.NewTimer(never)
	}
	if c.music.busyAt.IsZero() {
		c.music.busyAt = time.Now()
	}
	return time.NewTimer(time.Until(c.music.busyAt.Add(c.settings.BusyRepeat)))
}

// unlessDraining is the part of the call's context that ends also when we shut down.
func (c *call) unlessDraining(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.server.drain, func() { end(errDrain) })
	return ctx, func() {
		stop()
		end(nil)
	}
}

// endingOf says how the story ends by what ended the wait.
func (c *call) endingOf(cause error) ending {
	outcome := queue.Abandoned
	if c.cdr.Outcome != "" { // there was a talk
		outcome = c.cdr.Outcome
	}
	if gone, ok := errors.AsType[hangup](cause); ok {
		return ending{outcome: outcome, reason: gone.cause}
	}
	switch {
	case errors.Is(cause, errWaited):
		return ending{outcome: queue.TimedOut, handBack: true, variable: returnedTimeout}
	case errors.Is(cause, errDrain):
		return ending{outcome: queue.Returned, reason: cause.Error(), handBack: true, place: true}
	case errors.Is(cause, errTaken):
		return ending{outcome: queue.Taken, keep: time.Since(c.fetched) < fetchedLately}
	case errors.Is(cause, errRestarted):
		return ending{outcome: cmp.Or(c.cdr.Outcome, queue.Failed), reason: cause.Error()}
	default:
		return ending{outcome: cmp.Or(c.cdr.Outcome, queue.Failed), reason: cause.Error(), keep: true}
	}
}
