package phone

import "time"

// Behaviour is what a phone does with a call that comes in.
type Behaviour struct {
	// Silent means that the phone sends no answer at all.
	Silent bool
	// Provisional are the answers that the phone gives at once: 180, 183.
	Provisional []int
	// Ring is how long the phone rings before it decides.
	Ring time.Duration
	// Code is the final answer; 0 means that the phone rings until PickUp, a timeout or a CANCEL.
	Code int
	// Forward is the destination of a 302, a number or a whole SIP address.
	Forward string
	// HangsUp means that the phone hangs up when it has talked for Talk.
	HangsUp bool
	// Talk is how long the phone talks before it hangs up; 0 means not at all.
	Talk time.Duration
}

var ringing = []int{180}

// Answers is a phone that answers after some time.
func Answers(after time.Duration) Behaviour {
	return Behaviour{Provisional: ringing, Ring: after, Code: 200}
}

// AnswersFor is a phone that answers after some time, and hangs up after it has talked for so long.
func AnswersFor(after, talk time.Duration) Behaviour {
	return Behaviour{Provisional: ringing, Ring: after, Code: 200, HangsUp: true, Talk: talk}
}

// RingsForever is a phone that no one picks up.
func RingsForever() Behaviour { return Behaviour{Provisional: ringing} }

// Refuses is a phone that answers with a code from 300 on after it has rung. It does not ring first
// if the time is 0.
func Refuses(code int, after time.Duration) Behaviour {
	b := Behaviour{Code: code, Ring: after}
	if after > 0 {
		b.Provisional = ringing
	}
	return b
}

// Forwards is a phone that answers every call with 302 and another number.
func Forwards(to string) Behaviour { return Behaviour{Code: 302, Forward: to} }

// SaysNothing is a phone that sends no answer to an INVITE.
func SaysNothing() Behaviour { return Behaviour{Silent: true} }
