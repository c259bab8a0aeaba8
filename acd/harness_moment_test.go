package acd

import (
	"testing/synctest"
	"time"

	"nwayacd/agent"
)

// The times of an ordinary shift.
const (
	welcomeTime = time.Second // for which the welcome plays
	answerTime  = time.Second // for which an agent's telephone rings before the agent answers

	welcomeOver = welcomeTime              // since the call: the first offer
	answerAt    = welcomeOver + answerTime // since the call: the agent answers
)

// The times that tests wait, if no event says when it is enough.
const (
	// momentLimit is how long a test waits for a moment. It is longer than a welcome and an answer
	// take, and shorter than the time after which a call is offered again.
	momentLimit = 4 * time.Second

	// settleTime is longer than what a hang-up or a command sets off takes to come to its end.
	settleTime = time.Second

	// beforeRetry is how long a server is away that comes back before the caller's dialplan calls
	// our port again.
	beforeRetry = 500 * time.Millisecond

	// linkTime is longer than a link needs to come up and to look twice at FreeSWITCH's channels.
	linkTime = 10 * time.Second
)

// after lets time pass, and then everything come to rest.
func (c *centre) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// settle lets come to its end what the last step of the test set off.
func (c *centre) settle() { c.after(settleTime) }

// settleAll lets everything come to its end that is under way, also what has a limit of a minute,
// such as the place of an absent caller.
func (c *centre) settleAll() { c.after(time.Minute) }

// until waits for a moment. It fails the test if the moment does not come within momentLimit.
func (c *centre) until(moment string, isNow func() bool) {
	c.Helper()
	const step = 5 * time.Millisecond
	for end := time.Now().Add(momentLimit); ; time.Sleep(step) {
		synctest.Wait()
		switch {
		case isNow():
			return
		case time.Now().After(end):
			c.Fatalf("it did not happen within %v that %s; calls: %+v", momentLimit, moment, c.server.CallViews())
		}
	}
}

// untilWaiting waits until the caller waits for an agent.
func (c *centre) untilWaiting(uuid string) {
	c.Helper()
	c.until(uuid+" waits", func() bool { return c.phaseOf(uuid) == PhaseWait })
}

// untilRinging waits until an agent's telephone rings for the caller.
func (c *centre) untilRinging(uuid string) {
	c.Helper()
	c.until("a telephone rings for "+uuid, func() bool { return c.phaseOf(uuid) == PhaseRing })
}

// untilTalking waits until the caller talks with an agent.
func (c *centre) untilTalking(uuid string) {
	c.Helper()
	c.until(uuid+" talks", func() bool { return c.phaseOf(uuid) == PhaseTalk })
}

// phaseOf is the phase in which the server lists a caller, or noPhase.
func (c *centre) phaseOf(uuid string) Phase {
	for _, v := range c.server.CallViews() {
		if v.UUID == uuid {
			return v.Phase
		}
	}
	return noPhase
}

// talking reports whether any agent talks.
func (c *centre) talking() bool {
	for _, a := range c.server.Dispatcher.Agents() {
		if a.Call == agent.Talking {
			return true
		}
	}
	return false
}
