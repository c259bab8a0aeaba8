package sim

import (
	"strconv"
	"strings"
	"time"
)

// park is switch_ivr_park. The channel waits for executes until it is released or hung up.
// park_timeout is read once, here, and is removed then, together with park_after_bridge.
func (c *channel) park() { c.parkFor(nil) }

// parkFor is the park of a socket application whose connection is l. It returns at once if the
// connection has sent connect and is over.
func (c *channel) parkFor(l *listener) {
	release, ok := c.beginPark(l)
	if !ok {
		return // under control already
	}
	expiry, cause := c.parkTimeout()
	c.fire("CHANNEL_PARK")
	c.changed()
	var timer <-chan time.Time
	if expiry > 0 {
		t := time.NewTimer(expiry)
		defer t.Stop()
		timer = t.C
	}
	if c.idle(wait{timer: timer, other: release}) == timeUp {
		c.hangup(cause)
	}
	c.endPark()
	c.fire("CHANNEL_UNPARK")
}

// beginPark marks the channel as under control (CF_CONTROLLED). It returns false if it was already.
func (c *channel) beginPark(l *listener) (release chan struct{}, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.release != nil || c.reset || l != nil && l.left {
		return nil, false
	}
	c.release = make(chan struct{})
	return c.release, true
}

func (c *channel) endPark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.release = nil
}

// letGo ends a park, whatever began it. Every socket connection does so when it is over.
func (c *channel) letGo(l *listener) {
	said := l.saidConnect()
	c.mu.Lock()
	defer c.mu.Unlock()
	l.left = said
	if c.release == nil {
		return
	}
	select {
	case <-c.release:
	default:
		close(c.release)
	}
}

// parkTimeout removes park_timeout, SECONDS[:CAUSE], from the channel. FreeSWITCH counts in whole
// seconds of the clock.
func (c *channel) parkTimeout() (time.Duration, string) {
	text := c.getVar("park_timeout")
	if text == "" {
		return 0, ""
	}
	c.setVar("park_timeout", "")
	c.setVar("park_after_bridge", "")
	number, cause, _ := strings.Cut(text, ":")
	seconds, _ := strconv.Atoi(number)
	if seconds < 0 {
		return 0, ""
	}
	now := time.Now()
	expiry := time.Unix(now.Unix()+int64(seconds), 0).Sub(now)
	return max(expiry, time.Millisecond), causeOr(cause, "NORMAL_CLEARING")
}

// parked is the state CS_PARK. If the end of a connection releases it, nothing continues the
// channel. It stays there, without a timeout, until a command moves it.
func (c *channel) parked() step {
	c.setState("CS_PARK")
	c.park()
	c.idle(wait{})
	if c.up() {
		c.clearReset()
	}
	return c.ordered(c.limbo)
}

// limbo is a channel in a state that is done and that nothing changes.
func (c *channel) limbo() step {
	c.idle(wait{})
	c.clearReset()
	return c.ordered(c.limbo)
}
