package agent

import "time"

// MissCause is why an agent missed an offer.
type MissCause string

// The causes of a miss. The words are those of the configuration (rest-busy-seconds), the lists and
// the metrics.
const (
	MissNone        MissCause = ""            // not the agent's doing: it does not count
	MissBusy        MissCause = "busy"        // the phone says that it is busy, or is on do-not-disturb
	MissReject      MissCause = "reject"      // somebody pressed "decline"
	MissNoAnswer    MissCause = "noanswer"    // it rang, and nobody answered
	MissUnreachable MissCause = "unreachable" // it did not even ring
)

// MissCauses are the causes that count.
var MissCauses = [...]MissCause{MissBusy, MissReject, MissNoAnswer, MissUnreachable}

// Rest is what missed offers have brought an agent. It lives in memory only: after a restart each
// agent begins anew.
type Rest struct {
	Misses int       // in a row
	Cause  MissCause // of the last of these misses
	Until  time.Time // the agent is offered nothing before; zero = it does not rest
}

// On reports whether the agent rests.
func (r *Rest) Active() bool { return !r.Until.IsZero() }
