package acd

import (
	"context"
	"errors"
	"time"

	"nwayacd/queue"
)

// wait keeps the caller company until there is an agent to ring for it; a nil offer comes with the story's ending.
func (c *call) wait(ctx context.Context) (*Offer, ending) {
	ctx, stop := c.whileWaiting(ctx)
	defer stop()
	c.place.open()
	repeat := time.NewTicker(max(c.settings.BusyRepeat, time.Second))
	defer repeat.Stop()
	if c.settings.BusyRepeat <= 0 {
		repeat.Stop()
	}
	for ctx.Err() == nil {
		if o := c.place.take(); o != nil {
			return o, ending{}
		}
		c.playHold()
		select {
		case <-c.place.bell:
		case s := <-c.signals:
			c.noteMusic(s)
		case <-repeat.C:
			c.repeatBusy()
		case <-c.place.stranded:
			return nil, ending{outcome: queue.Returned, reason: "group removed", handBack: true, variable: returnedInvalid}
		case <-ctx.Done():
		}
	}
	return nil, c.endingOf(context.Cause(ctx))
}

// whileWaiting is the part of the call's context that ends also when we shut down or the caller has waited max-wait-seconds.
func (c *call) whileWaiting(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	stopDrain := context.AfterFunc(c.server.drain, func() { end(errDrain) })
	stopTimer := func() {}
	if c.settings.MaxWait > 0 {
		ctx, stopTimer = context.WithDeadlineCause(ctx, c.place.Since.Add(c.settings.MaxWait), errWaited)
	}
	return ctx, func() {
		stopDrain()
		stopTimer()
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
		return ending{outcome: queue.Returned, reason: cause.Error(), handBack: true}
	case errors.Is(cause, errTaken):
		return ending{outcome: queue.Taken}
	default:
		return ending{outcome: queue.Failed, reason: cause.Error(), keep: true}
	}
}
