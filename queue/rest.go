package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// MissCause is why an agent missed an offer. See package agent.
type MissCause = agent.MissCause

// These are the causes of package agent, for callers of Floor.Miss.
const (
	MissNone        = agent.MissNone
	MissBusy        = agent.MissBusy
	MissReject      = agent.MissReject
	MissNoAnswer    = agent.MissNoAnswer
	MissUnreachable = agent.MissUnreachable
)

// Miss is what is known of an offer that the agent's side did not answer.
type Miss struct {
	Cause        MissCause
	Unregistered bool // FreeSWITCH knows no phone for the extension
}

// longestRest bounds a rest, however many misses came before it.
const longestRest = 5 * time.Minute

// rest returns how long an agent rests after a miss of that cause. It doubles with each miss in a
// row.
func (s *Settings) rest(cause MissCause, misses int) time.Duration {
	var rest time.Duration
	switch cause {
	case MissNone:
	case MissBusy:
		rest = s.RestBusy
	case MissReject:
		rest = s.RestReject
	case MissNoAnswer:
		rest = s.RestNoAnswer
	case MissUnreachable:
		rest = s.RestUnreachable
	}
	for ; misses > 1 && rest < longestRest; misses-- {
		rest *= 2
	}
	return min(rest, longestRest)
}

// countMiss counts the miss of the lease's agent and starts its rest. It returns the move that ends
// the lease.
//
// An agent whom the miss takes out (noanswer) does not rest, because nway_ready would end the rest
// as well. If the miss is not the agent's fault (MissNone), nothing is counted. The setting
// noanswer-to-ready = false takes the agent out nevertheless.
func (f *Floor) countMiss(l *Lease, cause MissCause, now time.Time) agent.Move {
	out := !f.settings.NoAnswerToReady
	if i := slices.Index(agent.MissCauses[:], cause); i >= 0 {
		f.misses[i]++
		if slot := f.slots[l.Agent.Extension]; slot != nil && slot.lease == l {
			misses := slot.Rest.Misses + 1
			most := slot.MaxMisses.Or(f.settings.MaxMisses)
			out = out || most > 0 && misses >= most
			slot.Rest = agent.Rest{Misses: misses, Cause: cause}
			if rest := f.settings.rest(cause, misses); rest > 0 && !out {
				slot.Rest.Until = now.Add(rest)
				f.deadlines.add(deadline{at: slot.Rest.Until, rest: slot})
			}
		}
	}
	return either(out, agent.MissOut, agent.Miss)
}

// endMissRow ends the row of misses of the agent who answered the lease.
func (f *Floor) endMissRow(l *Lease) {
	if l == nil || !l.answered {
		return
	}
	if slot := f.slots[l.Agent.Extension]; slot != nil && slot.lease == l {
		f.endRest(slot)
	}
}

// EndRest ends a rest and the row of misses before it, because a phone of the extension registered
// again.
func (f *Floor) EndRest(extension string, now time.Time) {
	if slot := f.slots[extension]; slot != nil {
		f.endRest(slot)
		f.settle(now)
	}
}

func (f *Floor) endRest(slot *agentSlot) {
	if slot.Rest == (agent.Rest{}) {
		return
	}
	slot.Rest = agent.Rest{}
	f.updateAvailability(slot)
}

// endRestTime ends a rest whose time is over. The row of misses goes on: the next rest is longer.
func (f *Floor) endRestTime(slot *agentSlot) {
	slot.Rest.Until = time.Time{}
	f.updateAvailability(slot)
}
