package figures

import (
	"time"

	"nwayacd/agent"
)

// Open is what an agent does since At. The time before At is counted. The zero value is an agent
// whose time is not counted now.
type Open struct {
	Standing string // the word of an agent.Standing
	Reason   string
	Group    string
	At       time.Time
}

// Counts reports whether the agent's time is counted.
func (o Open) Counts() bool {
	_, counts := timeOf(o)
	return counts
}

// Entry counts the time that an entry of the agent's log ends, and returns what the agent does from
// then on. An entry that changes nothing is ignored.
func (s *Set) Entry(o Open, e *agent.LogEntry) Open {
	next := Open{e.Standing, e.Reason, e.Group, e.At}
	if e.Standing == "" || o.Standing == e.Standing && o.Reason == e.Reason && o.Group == e.Group {
		return o
	}
	s.Until(e.Extension, o, e.At)
	if paused(next) && (!paused(o) || o.Reason != next.Reason) {
		s.pause(e.Extension, e.Reason, e.At).Times++
	}
	if !next.Counts() {
		return Open{}
	}
	return next
}

// Until counts the agent's time up to a moment, and returns what is open from then on. Time before
// that is counted already is not counted again.
func (s *Set) Until(extension string, o Open, to time.Time) Open {
	work, counts := timeOf(o)
	if !counts || !o.At.Before(to) {
		return o
	}
	for from := o.At; from.Before(to); {
		end := QuarterOf(from).Add(Quarter)
		if to.Before(end) {
			end = to
		}
		// The difference of whole milliseconds, so that the parts of a span add up to it.
		ms := end.UnixMilli() - from.UnixMilli()
		figures := s.agent(extension, o.Group, from)
		figures[work] += ms
		figures[LoggedInTime] += ms
		if work == TalkTime && o.Reason == agent.Holding {
			figures[HoldTime] += ms
		}
		if work == PausedTime {
			s.pause(extension, o.Reason, from).Time += ms
		}
		from = end
	}
	o.At = to
	return o
}

func paused(o Open) bool { return o.Standing == agent.StandingBusy.String() }

// timeOf returns the figure to which the time of a standing belongs.
func timeOf(o Open) (work Work, counts bool) {
	switch o.Standing {
	case agent.StandingReady.String():
		return ReadyTime, true
	case agent.StandingRing.String():
		return RingTime, true
	case agent.StandingTalking.String():
		if o.Group == "" {
			return OutboundTime, true
		}
		return TalkTime, true
	case agent.StandingTyping.String():
		return WrapUpTime, true
	case agent.StandingNoAnswer.String():
		return MissedTime, true
	case agent.StandingRest.String():
		return RestTime, true
	case agent.StandingBusy.String():
		return PausedTime, true
	case agent.StandingUnavailable.String():
		return UnavailableTime, true
	}
	return 0, false
}
