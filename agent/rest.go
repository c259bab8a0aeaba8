package agent

import "time"

// MissCause is why an agent missed an offer.
type MissCause string

// The causes of a miss. The configuration (rest-busy-seconds), the lists and the metrics use the
// same words.
const (
	MissNone        MissCause = ""            // not the agent's fault: it does not count
	MissBusy        MissCause = "busy"        // the phone says that it is busy, or is on do-not-disturb
	MissReject      MissCause = "reject"      // somebody pressed "decline"
	MissNoAnswer    MissCause = "noanswer"    // it rang without an answer
	MissUnreachable MissCause = "unreachable" // it did not even ring
)

// MissCauses are the causes that count.
var MissCauses = [...]MissCause{MissBusy, MissReject, MissNoAnswer, MissUnreachable}

// Rest is an agent's rest after missed offers. It is in memory only, so each agent starts without
// one after a restart.
type Rest struct {
	Misses int       // in a row
	Cause  MissCause // of the last of these misses
	Until  time.Time // the agent is offered nothing before; zero = it does not rest
}

// Active reports whether the agent rests.
func (r *Rest) Active() bool { return !r.Until.IsZero() }
