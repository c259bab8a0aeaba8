package queue

import (
	"time"

	"nwayacd/agent"
)

// fresh clears an agent's misses and its rest.
func (a *nAgent) fresh() { a.misses, a.cause, a.restEnds = 0, MissNone, time.Time{} }

// endMissRow clears the misses of an agent who answered.
func (n *naive) endMissRow(l *nLease) {
	if l != nil && l.answered && l.agent.lease == l {
		l.agent.fresh()
	}
}

// countMiss returns the state of an agent after a miss.
func (n *naive) countMiss(a *nAgent, cause MissCause) agent.CallState {
	firsts := map[MissCause]time.Duration{
		MissBusy: n.rules.RestBusy, MissReject: n.rules.RestReject, MissNoAnswer: n.rules.RestNoAnswer,
		MissUnreachable: n.rules.RestUnreachable,
	}
	if cause != MissNone {
		rest := firsts[cause]
		for range a.misses {
			rest = min(2*rest, 5*time.Minute)
		}
		a.misses, a.cause, a.restEnds = a.misses+1, cause, n.now.Add(rest)
		if n.rules.MaxMisses > 0 && a.misses >= n.rules.MaxMisses || !n.rules.NoAnswerToReady {
			a.restEnds = time.Time{}
			return agent.NoAnswer
		}
	}
	return either(n.rules.NoAnswerToReady, agent.Ready, agent.NoAnswer)
}
