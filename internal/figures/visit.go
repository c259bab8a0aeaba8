package figures

import (
	"cmp"
	"time"

	"nwayacd/queue"
)

// Visit counts a visit that ended. Calls out, and calls of no group, do not count.
func (s *Set) Visit(c *queue.CDR) {
	if c.Group == "" || c.Direction == queue.Outbound || c.Arrived.IsZero() {
		return
	}
	calls := s.calls(c.Group, c.Arrived)
	end := endOf(c)
	calls[end]++
	if !end.offered() {
		return
	}
	calls[Offered]++
	wait := waitOf(c)
	calls[WaitLongest] = max(calls[WaitLongest], wait.Milliseconds())
	serviceLevel, short := c.Limits()
	inTime := wait <= time.Duration(serviceLevel)*time.Second
	switch end {
	case Answered:
		calls[WaitAnswered] += wait.Milliseconds()
		calls.countIf(AnsweredIn, inTime)
	case Abandoned:
		calls[WaitAbandoned] += wait.Milliseconds()
		calls.countIf(AbandonedIn, inTime)
		calls.countIf(AbandonedShort, wait <= time.Duration(short)*time.Second)
	}
}

func (c *Calls) countIf(figure Call, is bool) {
	if is {
		c[figure]++
	}
}

// offered reports whether a visit that ended so counts as offered.
func (f Call) offered() bool { return f < RefusedFull }

// endOf returns the figure that counts how the visit ended.
func endOf(c *queue.CDR) Call {
	if !c.Bridged.IsZero() {
		return Answered
	}
	switch c.Outcome {
	case queue.Abandoned:
		return Abandoned
	case queue.Answered, queue.Transferred: // an agent answered, and was not connected with the caller
		if c.TransferKind != queue.NoTransfer {
			return LeftTaken
		}
		return Abandoned
	case queue.Refused:
		return RefusedBlacklisted
	case queue.TimedOut:
		return LeftTimeout
	case queue.Taken, queue.Dropped:
		return LeftTaken
	case queue.Consult:
		return LeftConsult
	case queue.Moved:
		return LeftMoved
	case queue.Returned:
		return returnedFor(c.Cause)
	}
	return LeftError
}

// returnedFor returns the figure of a visit that went back to the dialplan for that cause.
func returnedFor(cause string) Call {
	switch cause {
	case queue.CauseShutdown:
		return Returned
	case queue.CauseFull:
		return RefusedFull
	}
	return LeftError
}

// AnswerOf returns when the agent answered with whom the caller was connected first; zero if the
// caller was connected with none.
func AnswerOf(c *queue.CDR) time.Time {
	if c.Bridged.IsZero() {
		return time.Time{}
	}
	return cmp.Or(c.Answered, c.Bridged)
}

// waitOf returns how long the caller waited: from the arrival to the answer of the agent with whom
// the caller was connected, or to the end. It counts in microseconds, as the database does, and is
// never negative.
func waitOf(c *queue.CDR) time.Duration {
	end := cmp.Or(AnswerOf(c), c.Ended)
	if end.IsZero() {
		return 0
	}
	return max(0, end.Truncate(time.Microsecond).Sub(c.Arrived.Truncate(time.Microsecond)))
}

// Offer counts an offer that ended.
func (s *Set) Offer(o *queue.OfferRecord) {
	work := s.agent(o.Agent, o.Group, o.Offered)
	work[Offers]++
	switch o.Outcome {
	case queue.OfferAnswered:
		work[OffersAnswered]++
	case queue.OfferMissed:
		work[Misses]++
	case queue.OfferWithdrawn, queue.OfferExpired:
		work[Withdrawn]++
	}
}

// Spoken is what counts of an offer for the group of its visit. Times are in milliseconds.
type Spoken struct {
	Group   string
	Arrived time.Time // of the visit

	Answered           bool
	Talk, Hold, WrapUp int64
}

// Spoken counts the talk of an offer in the quarter hour in which the visit arrived.
func (s *Set) Spoken(o Spoken) {
	if o.Group == "" || o.Arrived.IsZero() || !o.Answered && o.WrapUp == 0 {
		return
	}
	calls := s.calls(o.Group, o.Arrived)
	calls.countIf(Talks, o.Answered)
	calls[Talk] += max(0, o.Talk)
	calls[Hold] += max(0, o.Hold)
	calls[WrapUp] += max(0, o.WrapUp)
}
