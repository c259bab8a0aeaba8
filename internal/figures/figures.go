// Package figures says what is counted of the records, and in which quarter hour. docs/figures.md
// has the same for readers.
//
// It is pure: it knows no clock, no database and no report. Package store writes what it counts,
// and package internal/report reads that.
package figures

import (
	"maps"
	"time"
)

// Quarter is the length of an interval.
const Quarter = 15 * time.Minute

// QuarterOf returns the begin of the quarter hour of UTC in which the time is.
func QuarterOf(t time.Time) time.Time { return t.UTC().Truncate(Quarter) }

// Call is one of the figures of a group: an index of Calls.
type Call int

// The figures of a group. They are the columns of nwayacd_interval, in order.
const (
	Offered Call = iota
	Answered
	AnsweredIn
	Abandoned
	AbandonedIn
	AbandonedShort
	LeftTimeout
	LeftKey
	LeftEmpty
	LeftClosed
	LeftCallback
	LeftMoved
	LeftTaken
	LeftConsult
	LeftError
	RefusedFull
	RefusedClosed
	RefusedEmpty
	RefusedBlacklisted
	Returned
	WaitAnswered
	WaitAbandoned
	WaitLongest
	Talks
	Talk
	Hold
	WrapUp
	callFigures int = iota
)

// CallColumns are the columns of nwayacd_interval that have the figures of Calls.
var CallColumns = [...]string{
	"offered", "answered", "answered_in", "abandoned", "abandoned_in", "abandoned_short", "left_timeout", "left_key",
	"left_empty", "left_closed", "left_callback", "left_moved", "left_taken", "left_consult", "left_error",
	"refused_full", "refused_closed", "refused_empty", "refused_blacklisted", "returned", "wait_answered_ms",
	"wait_abandoned_ms", "wait_longest_ms", "talks", "talk_ms", "hold_ms", "wrap_up_ms",
}

// Calls has the figures of a group in a time. Waits and lengths are in milliseconds.
type Calls [callFigures]int64

// Add adds the figures of another group or time.
func (c *Calls) Add(other *Calls) {
	longest := max(c[WaitLongest], other[WaitLongest])
	for i, n := range other {
		c[i] += n
	}
	c[WaitLongest] = longest
}

// Left returns how many visits were offered and ended neither answered nor abandoned.
func (c *Calls) Left() int64 { return c.sum(LeftTimeout, LeftError) }

// Refused returns how many callers were never in the line.
func (c *Calls) Refused() int64 { return c.sum(RefusedFull, RefusedBlacklisted) }

// sum adds up the figures from the first to the last one.
func (c *Calls) sum(first, last Call) (n int64) {
	for f := first; f <= last; f++ {
		n += c[f]
	}
	return n
}

// Work is one of the figures of an agent: an index of Agent.
type Work int

// The figures of an agent. They are the columns of nwayacd_agent_interval, in order.
const (
	ReadyTime Work = iota
	UnavailableTime
	RestTime
	RingTime
	TalkTime
	HoldTime
	OutboundTime
	WrapUpTime
	MissedTime
	PausedTime
	LoggedInTime
	Offers
	OffersAnswered
	Misses
	Withdrawn
	workFigures int = iota
)

// WorkColumns are the columns of nwayacd_agent_interval that have the figures of Agent.
var WorkColumns = [...]string{
	"ready_ms", "unavailable_ms", "rest_ms", "ring_ms", "talk_ms", "hold_ms", "outbound_ms", "wrap_up_ms", "missed_ms",
	"paused_ms", "logged_in_ms", "offers", "answered", "misses", "withdrawn",
}

// Agent has the figures of an agent in a time. Times are in milliseconds.
type Agent [workFigures]int64

// Add adds the figures of another group or time.
func (a *Agent) Add(other *Agent) {
	for i, n := range other {
		a[i] += n
	}
}

// Pause has the pauses of an agent for one reason.
type Pause struct {
	Time  int64 // milliseconds
	Times int64 // pauses that began
}

// CallKey says what Calls are about.
type CallKey struct {
	Group string
	Start time.Time
}

// AgentKey says what the figures of an Agent are about. The group is "" for time without a group.
type AgentKey struct {
	Extension string
	Start     time.Time
	Group     string
}

// PauseKey says what a Pause is about.
type PauseKey struct {
	Extension string
	Start     time.Time
	Reason    string
}

// Set collects figures. Its zero value is empty.
type Set struct {
	Calls  map[CallKey]*Calls
	Agents map[AgentKey]*Agent
	Pauses map[PauseKey]*Pause
}

// Empty reports whether nothing was counted.
func (s *Set) Empty() bool { return len(s.Calls)+len(s.Agents)+len(s.Pauses) == 0 }

// Within drops the figures of quarter hours that do not begin in [from, to).
func (s *Set) Within(from, to time.Time) {
	out := func(start time.Time) bool { return start.Before(from) || !start.Before(to) }
	maps.DeleteFunc(s.Calls, func(k CallKey, _ *Calls) bool { return out(k.Start) })
	maps.DeleteFunc(s.Agents, func(k AgentKey, _ *Agent) bool { return out(k.Start) })
	maps.DeleteFunc(s.Pauses, func(k PauseKey, _ *Pause) bool { return out(k.Start) })
}

func (s *Set) calls(group string, at time.Time) *Calls {
	return entry(&s.Calls, CallKey{group, QuarterOf(at)})
}

func (s *Set) agent(extension, group string, at time.Time) *Agent {
	return entry(&s.Agents, AgentKey{extension, QuarterOf(at), group})
}

func (s *Set) pause(extension, reason string, at time.Time) *Pause {
	return entry(&s.Pauses, PauseKey{extension, QuarterOf(at), reason})
}

func entry[K comparable, V any](all *map[K]*V, key K) *V {
	one := (*all)[key]
	if one == nil {
		if *all == nil {
			*all = map[K]*V{}
		}
		one = new(V)
		(*all)[key] = one
	}
	return one
}
