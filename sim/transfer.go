package sim

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// transfer is switch_ivr_session_transfer. It sends a channel into a new dialplan, out of all that
// it runs.
func (s *Switch) transfer(c *channel, args []string) {
	c.settle()
	c.reroute(args)
}

// reroute is transfer from the channel's own goroutine.
func (c *channel) reroute(args []string) {
	if next := c.destined(args); next != nil {
		c.redirect(next)
	}
}

// destined prepares a transfer to EXTENSION [DIALPLAN] [CONTEXT] and returns the step to which it
// leads. It returns nil if the channel was transferred too often.
func (c *channel) destined(args []string) step {
	if !c.forwards() {
		c.hangup("EXCHANGE_ROUTING_ERROR")
		return nil
	}
	c.setVar("temp_hold_music", "")
	c.executeOn("execute_on_blind_transfer")
	args = append(args, "", "")[:3]
	plan := c.s.destination(args)
	if peer := c.talksTo(); peer != nil {
		peer.setVar("signal_bond", "")
	}
	c.setVar("signal_bond", "")
	c.mu.Lock()
	dialplan := cmp.Or(args[1], c.dialplan)
	if args[1] == "" && strings.EqualFold(dialplan, "inline") {
		dialplan = "XML"
	}
	c.rdnis, c.dialled, c.dialplan = c.dialled, args[0], dialplan
	c.profiles++
	c.otherLeg, c.otherType = nil, ""
	c.mu.Unlock()
	c.movedBy("bl_xfer", args[0]+"/"+cmp.Or(args[2], "default")+"/"+dialplan)
	return c.route(plan)
}

// forwards counts a transfer against max_forwards.
func (c *channel) forwards() bool {
	left := 70
	if text := c.getVar("max_forwards"); text != "" {
		left, _ = strconv.Atoi(text)
		left--
	}
	if left > 0 {
		c.setVar("max_forwards", strconv.Itoa(left))
	}
	return left > 0
}

// movedBy records what moved the channel, in its profile, in transfer_source and in
// transfer_history.
func (c *channel) movedBy(how, where string) {
	source := fmt.Sprintf("%d:%s:%s:%s", time.Now().Unix(), c.s.newUUID(), how, where)
	c.mu.Lock()
	c.transferred = source
	c.mu.Unlock()
	c.pushVar("transfer_history", source)
	c.setVar("transfer_source", source)
}

// intercept takes the channel of that UUID, or with -bleg the one with which it is bridged, out of
// its bridge (switch_ivr_intercept_session).
func (c *channel) intercept(data string) string {
	args := separate(data, ' ')
	bleg := len(args) > 1 && strings.EqualFold(args[0], "-bleg")
	if bleg {
		args = args[1:]
	}
	if len(args) == 0 {
		return ""
	}
	taken := c.s.find(args[0])
	if bleg && taken != nil {
		taken = taken.talksTo()
	}
	if taken == nil || taken == c {
		return ""
	}
	left := taken.partner()
	if left == c {
		left = nil
	}
	c.answer()
	taken.answer()
	if left != nil {
		left.mu.Lock()
		left.intercepted = true
		left.mu.Unlock()
		left.setVar("park_after_bridge", "true")
	}
	taken.slow(frame) // the channel that it leaves is hung up before
	c.s.arrange(c, taken, 0)
	if left != nil {
		left.hangup("PICKED_OFF")
	}
	return ""
}

// partner is the channel that signal_bond names (switch_channel_get_partner_uuid).
func (c *channel) partner() *channel {
	uuid := c.getVar("signal_bond")
	if uuid == "" {
		return nil
	}
	return c.s.find(uuid)
}
