package acd

import (
	"errors"
	"fmt"
	"time"

	"nwayacd/queue"
)

// ending says how a call ended. It is one of the types below. A nil ending means that the call goes
// on.
type ending interface {
	// record completes the visit's CDR.
	record(r *record)
}

type (
	// handedBack: the caller goes on in the dialplan.
	handedBack struct {
		outcome  queue.Outcome
		reason   string // for the CDR; "" = none
		variable string // value of nwayacd_outcome; "" = not set, so that the call may come again
		place    bool   // with the place, which the next server gives back to the caller
	}
	// sentAway: the call hangs the caller up.
	sentAway struct {
		outcome queue.Outcome
		cause   string
	}
	// callerGone: the caller hung up.
	callerGone struct {
		outcome queue.Outcome
		cause   string
	}
	// taken: somebody took the caller, so the channel is not touched any more.
	taken struct {
		outcome queue.Outcome
		reason  string
		bridged bool // the caller is bridged, so the end of our connection does no harm
	}
	// lost: the connection of a waiting caller is lost. The caller may come back on another one.
	lost struct {
		outcome queue.Outcome
		why     error
		// offer is the record of the last offer if it is not known whether it became a talk. It
		// counts as missed, unless a link finds the talk.
		offer *queue.OfferRecord
	}
	// followedNoMore: this process ends. The talk goes on, and the next process follows it.
	followedNoMore struct{}
	// panicked: the talk's goroutine panicked. The talk goes on, and another goroutine follows it.
	panicked struct{}
)

func (e handedBack) record(r *record) { r.ended(e.outcome, e.reason) }
func (e sentAway) record(r *record)   { r.ended(e.outcome, e.cause) }
func (e callerGone) record(r *record) { r.ended(e.outcome, e.cause) }
func (e taken) record(r *record)      { r.ended(e.outcome, e.reason) }
func (e lost) record(r *record)       { r.ended(e.outcome, e.why.Error()) }
func (followedNoMore) record(*record) {}
func (panicked) record(*record)       {}

// The causes that end a call's context, or the part of it that waits. The CDR has their text.
var (
	errTaken     = errors.New("taken over by someone outside")
	errBridged   = fmt.Errorf("%w by a bridge", errTaken)
	errWaited    = errors.New("waited max-wait-seconds")
	errDrain     = errors.New(queue.CauseShutdown)
	errCut       = errors.New("cut off by the end of the program")
	errSilent    = errors.New("FreeSWITCH did not answer")
	errReturned  = errors.New("came back on another connection")
	errPassedBy  = fmt.Errorf("%w, as an earlier one ended late", errReturned)
	errOverflow  = errors.New("more signals than the call could follow")
	errMoved     = errors.New("moved to another group")
	errRestarted = errors.New("FreeSWITCH restarted")
	errUnseen    = errors.New("ended unseen")
	errAway      = errors.New("FreeSWITCH is away")
	errUnlinked  = errors.New("no link to its FreeSWITCH is configured")
)

// hangup is the cause of the context if the caller's channel is over.
type hangup struct{ cause string }

// Error returns the text with FreeSWITCH's cause.
func (h hangup) Error() string { return "hung up: " + h.cause }

// successorLimit is how long the place of a consulting call waits for the caller who takes it over.
const successorLimit = 2 * time.Second

// endingOf returns the ending of a waiting caller for the cause that ended the wait.
func (c *call) endingOf(cause error) ending {
	talked := c.record.Outcome // "" unless there was a talk
	if gone, ok := isHangup(cause); ok {
		switch {
		case talked != "":
			return callerGone{talked, gone.cause}
		case c.dropped.Load():
			return callerGone{queue.Dropped, gone.cause}
		case gone.cause == attendedTransfer:
			return callerGone{queue.Consult, gone.cause}
		case gone.cause == "SYSTEM_SHUTDOWN" || gone.cause == "CRASH": // FreeSWITCH ended, not the caller
			return callerGone{queue.Failed, gone.cause}
		}
		return callerGone{queue.Abandoned, gone.cause}
	}
	switch {
	case errors.Is(cause, errWaited):
		return handedBack{outcome: queue.TimedOut, variable: returnedTimeout}
	case errors.Is(cause, errDrain):
		return handedBack{outcome: queue.Returned, reason: cause.Error(), place: true}
	case errors.Is(cause, errTaken):
		return taken{outcome: queue.Taken, bridged: errors.Is(cause, errBridged)}
	case errors.Is(cause, errRestarted):
		return taken{outcome: orFailed(talked), reason: cause.Error()}
	default:
		return lost{outcome: orFailed(talked), why: cause}
	}
}

func orFailed(outcome queue.Outcome) queue.Outcome {
	if outcome == "" {
		return queue.Failed
	}
	return outcome
}
