package agent

// Standing is the state of an agent in one word, as a wallboard counts it. Each agent has exactly
// one.
type Standing uint8

// The standings. Their words are those of the columns call_state, seat_status and seat_state, if a
// column has one.
const (
	StandingReady    Standing = iota // available: may be offered a call now
	StandingRing                     // an offer
	StandingTalking                  // also a call out
	StandingTyping                   // wrap-up
	StandingNoAnswer                 // missed an offer and noanswer-to-ready is off, or missed max-misses in a row
	StandingRest                     // available, but for a rest after a missed offer
	StandingBusy                     // logged in, and not idle
	// ready, and not to be called: not registered, locked, do-not-disturb, or in an external call.
	StandingUnavailable
	StandingDown        // not logged in
	Standings    = iota // how many there are
)

var standingNames = [Standings]string{
	"ready", "ring", "talking", "typing", "noanswer", "rest", "busy", "unavailable",
	"down",
}

// String returns the standing's word.
func (s Standing) String() string { return standingNames[s] }

// Standing returns the agent's standing. What the agent does for the ACD counts more than a busy
// that was asked for. An agent who went busy in a wrap-up is typing until that ends.
func (a *Agent) Standing() Standing {
	switch {
	case a.Call == Ring:
		return StandingRing
	case a.Call == Talking:
		return StandingTalking
	case !a.Up && !a.WithoutState:
		return StandingDown
	case a.Call == Typing:
		return StandingTyping
	case a.Call == NoAnswer:
		return StandingNoAnswer
	case !a.Idle && !a.WithoutState:
		return StandingBusy
	case !a.availableButForRest():
		return StandingUnavailable
	case a.Rest.Active():
		return StandingRest
	}
	return StandingReady
}
