package queue

import (
	"time"

	"nwayacd/agent"
)

// fresh forgets what the agent missed.
func (a *nAgent) fresh() { a.misses, a.cause, a.restEnds = 0, MissNone, time.Time{} }

// spoke forgets what an agent missed who answered.
func (n *naive) spoke(l *nLease) {
	if l != nil && l.answered && l.agent.lease == l {
		l.agent.fresh()
	}
}

// missed is what becomes of an agent by a miss.
func (n *naive) missed(a *nAgent, cause MissCause) agent.CallState {
	firsts := map[MissCause]time.Duration{
		MissBusy: n.rules.RestBusy, MissReject: n.rules.RestReject, MissNoAnswer: n.rules.RestNoAnswer, MissUnreachable: n.rules.RestUnreachable,
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
