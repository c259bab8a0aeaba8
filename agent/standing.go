package agent

// Standing is all states of an agent in one word, as a wallboard counts: each agent has exactly one.
type Standing uint8

// The standings. Their words are those of the columns call_state, seat_status and seat_state where these have one.
const (
	StandingReady       Standing = iota // available: may be offered a call now
	StandingRing                        // an offer
	StandingTalking                     // also a call out
	StandingTyping                      // wrap-up
	StandingNoAnswer                    // missed an offer and noanswer-to-ready is off, or missed max-misses in a row
	StandingRest                        // available, but for a rest after a missed offer
	StandingBusy                        // logged in, and not idle
	StandingUnavailable                 // ready, and yet not to be called: not registered, locked, do-not-disturb, or on a call outside the ACD
	StandingDown                        // not logged in
	Standings           = iota          // how many there are
)

var standingNames = [Standings]string{"ready", "ring", "talking", "typing", "noanswer", "rest", "busy", "unavailable", "down"}

// String is the standing's word.
func (s Standing) String() string { return standingNames[s] }

// Standing tells the agent's standing. What it does for the ACD counts before what it is asked to be: an agent who went busy in a wrap-up is
// typing until that ends.
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
