package sim

import (
	"slices"
	"strings"
	"time"
)

// What a channel does after its bridge (switch_ivr_bridge.c).

// frame is how often a channel with media looks what has happened.
const frame = 20 * time.Millisecond

// notice is the time until the channel's next frame, in which it sees that the bridge is over.
func (c *channel) notice() {
	c.mu.Lock()
	lag := c.lag
	c.lag = 0
	c.mu.Unlock()
	c.pause(lag)
}

// partFrom is the end of audio_bridge_thread. Each of the two channels runs it for itself. gone
// reports to the other channel that this one does not listen to it any more.
func (c *channel) partFrom(other *channel, gone func()) {
	c.executeOn("execute_on_post_bridge")
	c.setPeer(nil)
	c.holdIsOver(other)
	gone()
}

// holdIsOver ends the hold of a channel whose bridge ends. FreeSWITCH then hangs up the other side,
// unless hold_hangup_xfer_exten has a destination for it.
func (c *channel) holdIsOver(other *channel) {
	c.mu.Lock()
	held := c.held
	c.held = false
	up := c.cause == ""
	if held && up {
		c.callState = "ACTIVE"
	}
	c.mu.Unlock()
	if !held {
		return
	}
	if !other.interrupted() {
		other.stopBroadcast()
		if exten := c.getVar("hold_hangup_xfer_exten"); exten != "" {
			other.setVar("transfer_after_bridge", exten)
		} else {
			other.hangup("NORMAL_CLEARING")
		}
	}
	if up {
		c.fire("CHANNEL_UNHOLD")
	}
}

// late is what follows if the other leg was hung up before the originator looked for it.
func (t *talk) late() step {
	a := t.a
	if next := a.parkOrTransfer(); next != nil {
		return a.ordered(next)
	}
	if !a.interrupted() {
		a.hangup("DESTINATION_OUT_OF_ORDER")
	}
	return a.ordered(nil)
}

// missed is what follows if one of the two hung up while they were brought together.
func (t *talk) missed() step {
	a := t.a
	switch {
	case !a.up():
		t.stranded = true
		return nil
	case isTrue(a.getVar("uuid_bridge_continue_on_cancel")):
		return a.ordered(a.execution)
	case isTrue(a.getVar("uuid_bridge_park_on_cancel")):
		return a.ordered(a.parked)
	case !a.interrupted():
		a.hangup("ORIGINATOR_CANCEL")
	}
	return a.ordered(nil)
}

// afterBridge is the step with which the originator of a uuid_bridge continues.
func (c *channel) afterBridge(other *channel, torn bool) step {
	if !c.up() {
		return nil
	}
	c.clearReset()
	if next := c.afterTalk(other, torn); next != nil {
		return next
	}
	return c.execution
}

// afterTalk is FreeSWITCH's order for an originator: park, transfer, hang up with the other's
// cause. nil is the rest of the dialplan. A channel that was called away from the bridge skips all
// that.
func (c *channel) afterTalk(other *channel, torn bool) step {
	if torn || c.interrupted() {
		return nil
	}
	after := c.getVar("hangup_after_bridge")
	cause := causeOr(other.hangupCause(), "NORMAL_CLEARING")
	if strings.EqualFold(after, "explicit") {
		return c.end(cause)
	}
	if next := c.parkOrTransfer(); next != nil {
		return next
	}
	if isTrue(after) {
		return c.end(cause)
	}
	return nil
}

// afterFollowing is the step with which the other side continues, also after a bridge that never
// came up.
func (c *channel) afterFollowing() step {
	c.clearReset()
	if c.interrupted() {
		return nil // hung up, or there is an order
	}
	if next := c.parkOrTransfer(); next != nil {
		return next
	}
	c.mu.Lock()
	picked := c.intercepted
	c.mu.Unlock()
	switch {
	case picked:
		c.hangup("PICKED_OFF")
	case c.isAnswered():
		c.hangup("NORMAL_CLEARING")
	default:
		c.hangup("ORIGINATOR_CANCEL")
	}
	return nil
}

// parkOrTransfer applies park_after_bridge and transfer_after_bridge.
func (c *channel) parkOrTransfer() step {
	if isTrue(c.getVar("park_after_bridge")) {
		return c.parked
	}
	where := c.getVar("transfer_after_bridge")
	if where == "" {
		return nil
	}
	c.setVar("transfer_after_bridge", "")
	return c.destined(separate(where, ':'))
}

func (c *channel) end(cause string) step {
	return func() step {
		c.hangup(cause)
		return nil
	}
}

// executeOn is switch_channel_execute_on. It runs the values of the variables whose names begin
// with prefix, in the order in which they were set.
func (c *channel) executeOn(prefix string) {
	c.mu.Lock()
	vars := slices.Clone(c.vars)
	c.mu.Unlock()
	for _, v := range vars {
		if len(v.Name) < len(prefix) || !sameName(v.Name[:len(prefix)], prefix) {
			continue
		}
		for value := range strings.SplitSeq(strings.TrimPrefix(v.Value, "ARRAY::"), "|:") {
			c.executeValue(value)
		}
	}
}

// executeValue runs APP ARGUMENTS at once. It runs APP::ARGUMENTS when the channel next reads the
// messages that were sent to it.
func (c *channel) executeValue(value string) {
	app, data, found := strings.Cut(value, "::")
	if found && !strings.Contains(app, " ") {
		c.post(&message{command: "execute", app: app, data: data, lock: true, loops: 1})
		return
	}
	at := strings.IndexAny(value, " :")
	if at < 0 {
		c.execute(value, "", "")
		return
	}
	c.execute(value[:at], value[at+1:], "")
}
