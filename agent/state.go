package agent

import (
	"fmt"
	"strings"
)

// CallState is what an agent does for the ACD: the column call_state.
type CallState uint8

// The states, in the order in which an agent goes through them: ready -> ring -> talking -> typing
// -> ready.
const (
	Ready    CallState = iota
	Ring               // an offer: the agent's leg is being called
	Talking            // bridged, or about to be
	Typing             // wrap-up
	NoAnswer           // missed an offer and noanswer-to-ready is off, or missed max-misses in a row
)

var callStateNames = [...]string{"ready", "ring", "talking", "typing", "noanswer"}

// String returns the word that the database and the events use.
func (s CallState) String() string {
	if int(s) < len(callStateNames) {
		return callStateNames[s]
	}
	return fmt.Sprintf("call_state(%d)", uint8(s))
}

// ParseCallState reads the column call_state, in upper or lower case. An empty column is ready.
func ParseCallState(word string) (CallState, error) {
	if word == "" {
		return Ready, nil
	}
	for i, name := range callStateNames {
		if strings.EqualFold(word, name) {
			return CallState(i), nil
		}
	}
	return Ready, fmt.Errorf("agent: call_state %q is none of %s", word, strings.Join(callStateNames[:], ", "))
}

// MarshalText writes a state as its word.
func (s CallState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *CallState) UnmarshalText(text []byte) (err error) {
	*s, err = ParseCallState(string(text))
	return err
}

// Move is something that happens to an agent's Call.
type Move uint8

// The moves. Their chart is in docs/call.md, and a test compares the two.
const (
	Offer    Move = iota // the dispatcher reserved the agent for a caller
	Answer               // the agent's leg answered
	Miss                 // the agent's leg failed, or died before the bridge; the offer goes back
	MissOut              // the same, and the agent is offered nothing any more (noanswer-to-ready, max-misses)
	Withdraw             // the offer ended without a miss: the caller left or was transferred
	WrapUp               // the talk ended and is written up (typing-auto)
	Finish               // the talk ended, and the agent is ready at once
	Recover              // ready again: by command, login, or the end of the wrap-up time
	CallOut              // the agent has a call that was not offered: it calls out (nwaycallout), or is found in a talk
)

var moveNames = [...]string{
	"offer", "answer", "miss", "miss-out", "withdraw", "wrap-up", "finish", "recover",
	"call-out",
}

// String names the move as docs/call.md does.
func (m Move) String() string { return moveNames[m] }

// none marks a move that a state does not have.
const none CallState = 255

// moves is everything that may happen: a row for a state, a column for a move.
//
// Ring and talking have Recover and CallOut only for states without an offer. Such a state is read
// from the database at start, or was written there by another program. While an offer or a call
// stands, package queue refuses these commands.
var moves = [...][9]CallState{
	//         Offer  Answer   Miss   MissOut   Withdraw WrapUp  Finish Recover CallOut
	Ready:    {Ring, none, none, none, none, none, none, none, Talking},
	Ring:     {none, Talking, Ready, NoAnswer, Ready, none, none, Ready, Talking},
	Talking:  {none, none, Ready, NoAnswer, Ready, Typing, Ready, Ready, Talking},
	Typing:   {none, none, none, none, none, none, none, Ready, Talking},
	NoAnswer: {none, none, none, none, none, none, none, Ready, Talking},
}

// Next returns the state after a move. ok is false if the state does not have the move.
func (s CallState) Next(m Move) (to CallState, ok bool) {
	to = moves[s][m]
	return to, to != none
}

// Deferred is what an agent becomes when its offer or call ends.
type Deferred uint8

// What can be deferred. The last request counts. A ready or login clears it.
const (
	NothingDeferred Deferred = iota
	BusyDeferred
	LogoutDeferred
)

var deferredNames = [...]string{"", "busy", "logout"}

// String returns "busy" or "logout", or "" if nothing is deferred.
func (d Deferred) String() string {
	if int(d) < len(deferredNames) {
		return deferredNames[d]
	}
	return fmt.Sprintf("deferred(%d)", uint8(d))
}

// ParseDeferred reads the column deferred, in upper or lower case.
func ParseDeferred(word string) (Deferred, error) {
	for i, name := range deferredNames {
		if strings.EqualFold(word, name) {
			return Deferred(i), nil
		}
	}
	return NothingDeferred, fmt.Errorf("agent: deferred %q is neither busy nor logout nor empty", word)
}

// MarshalText writes it as its word.
func (d Deferred) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Deferred) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDeferred(string(text))
	return err
}
