package report

import (
	"math"

	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// Number is a figure that may be empty: nothing is divided by zero. An empty one is null in JSON.
type Number struct {
	Value float64
	Some  bool
}

// MarshalJSON writes the number, or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Some {
		return []byte("null"), nil
	}
	return appendNumber(nil, n.Value), nil
}

// ratio divides. It returns no number if the divisor is not positive.
func ratio(a, b int64, unit float64) Number {
	if b <= 0 {
		return Number{}
	}
	return Number{rounded(float64(a) / float64(b) * unit), true}
}

// rounded keeps three digits behind the point.
func rounded(x float64) float64 { return math.Round(x*1000) / 1000 }

// seconds returns a time in milliseconds in seconds.
func seconds(ms int64) Number { return Number{float64(ms) / 1000, true} }

const (
	percent   = 100
	inSeconds = 0.001 // of milliseconds
)

// ServiceLevel returns the service level in percent by one of the formulas.
func ServiceLevel(c *figures.Calls, formula queue.Formula) Number {
	in, of := c.Level(formula)
	return ratio(in, of, percent)
}

// SpeedOfAnswer returns the average speed of answer (ASA) in seconds.
func SpeedOfAnswer(c *figures.Calls) Number {
	return ratio(c[figures.WaitAnswered], c[figures.Answered], inSeconds)
}

// TimeToAbandon returns the average wait of those who abandoned, in seconds.
func TimeToAbandon(c *figures.Calls) Number {
	return ratio(c[figures.WaitAbandoned], c[figures.Abandoned], inSeconds)
}

// HandlingTime returns the average handling time (AHT) of a group in seconds.
func HandlingTime(c *figures.Calls) Number {
	return ratio(c[figures.Talk]+c[figures.WrapUp], c[figures.Answered], inSeconds)
}

// AgentHandlingTime returns the average handling time of an agent in seconds.
func AgentHandlingTime(a *figures.Agent) Number {
	return ratio(a[figures.TalkTime]+a[figures.WrapUpTime], a[figures.OffersAnswered], inSeconds)
}

// Occupancy returns which part of an agent's time for calls was used, in percent.
func Occupancy(a *figures.Agent) Number {
	used := a[figures.RingTime] + a[figures.TalkTime] + a[figures.WrapUpTime]
	return ratio(used, used+a[figures.ReadyTime], percent)
}
