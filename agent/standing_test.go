package agent

import (
	"testing"
	"time"
)

func TestEachAgentHasOneStanding(t *testing.T) {
	for _, c := range []struct {
		does string
		a    Agent
		want Standing
	}{
		{"waits for a call", on(nil), StandingReady},
		{"rings", on(func(a *Agent) { a.Call = Ring }), StandingRing},
		{"rings, and goes busy after it", on(func(a *Agent) { a.Call, a.Deferred = Ring, BusyDeferred }), StandingRing},
		{
			"talks, logged out by hand in the database", on(func(a *Agent) { a.Call, a.Up = Talking, false }),
			StandingTalking,
		},
		{"writes up", on(func(a *Agent) { a.Call = Typing }), StandingTyping},
		{"writes up, and is busy already", on(func(a *Agent) { a.Call, a.Idle = Typing, false }), StandingTyping},
		{"missed an offer", on(func(a *Agent) { a.Call = NoAnswer }), StandingNoAnswer},
		{"is busy", on(func(a *Agent) { a.Idle = false }), StandingBusy},
		{"has no phone", on(func(a *Agent) { a.Registered = false }), StandingUnavailable},
		{"is locked", on(func(a *Agent) { a.Locked = true }), StandingUnavailable},
		{"does not want to be disturbed", on(func(a *Agent) { a.DND = true }), StandingUnavailable},
		{"is on a call outside the ACD", on(func(a *Agent) { a.Outside = 1 }), StandingUnavailable},
		{"went home", on(func(a *Agent) { a.Up = false }), StandingDown},
		{"went home in a wrap-up", on(func(a *Agent) { a.Up, a.Call = false, Typing }), StandingDown},
		{
			"answers without state",
			Agent{Profile: Profile{WithoutState: true}, Presence: Presence{Registered: true}},
			StandingReady,
		},
		{"rests after a miss", resting(nil), StandingRest},
		{"rests after a miss, and is busy", resting(func(a *Agent) { a.Idle = false }), StandingBusy},
		{"rests after a miss, and has no phone", resting(func(a *Agent) { a.Registered = false }), StandingUnavailable},
		{
			"missed an offer, and rests no more", on(func(a *Agent) { a.Rest = Rest{Misses: 2, Cause: MissBusy} }),
			StandingReady,
		},
	} {
		if got := c.a.Standing(); got != c.want {
			t.Errorf("an agent who %s is %v, want %v", c.does, got, c.want)
		}
		if ready := c.a.Standing() == StandingReady; ready != c.a.Available() {
			t.Errorf("an agent who %s is ready: %v, available: %v", c.does, ready, c.a.Available())
		}
	}
}

// resting returns an agent on duty who rests, changed by change.
func resting(change func(*Agent)) Agent {
	a := on(change)
	a.Rest = Rest{Misses: 1, Cause: MissBusy, Until: time.Unix(1, 0)}
	return a
}

// on returns an agent on duty, changed by change.
func on(change func(*Agent)) Agent {
	a := Agent{Presence: Presence{Registered: true, Up: true, Idle: true}}
	if change != nil {
		change(&a)
	}
	return a
}
