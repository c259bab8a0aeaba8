package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// uuidBroadcast is UUID FILE [aleg|bleg|both].
func (s *Switch) uuidBroadcast(arg string) string {
	args := separate(arg, ' ')
	if len(args) < 2 {
		return "-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n"
	}
	c := s.find(args[0])
	if c == nil || !c.up() {
		return "-ERR invalid uuid\n"
	}
	which := "aleg"
	if len(args) > 2 {
		which = strings.ToLower(args[2])
	}
	if peer := c.partner(); peer != nil && (strings.Contains(which, "bleg") || strings.Contains(which, "both")) {
		peer.broadcast(args[1], 1)
	}
	if strings.Contains(which, "aleg") || strings.Contains(which, "both") {
		c.broadcast(args[1], 1)
	}
	return "+OK Message sent\n"
}

// broadcast is switch_ivr_broadcast: a file, or APP::ARGUMENTS, as a locked
// message to the channel; negative loops = again and again.
func (c *channel) broadcast(what string, loops int) {
	app, data, found := strings.Cut(what, "::")
	if !found {
		app, data = "playback", what
	}
	c.post(&message{command: "execute", app: app, data: data, lock: true, loops: loops})
}

// stopBroadcast ends what plays, and what would repeat it. What is queued stays
// (switch_channel_stop_broadcast).
func (c *channel) stopBroadcast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = c.lastPlay
	c.kick()
}

// schedHangup is [+]SECONDS UUID [CAUSE].
func (s *Switch) schedHangup(arg string) string {
	args := separate(arg, ' ')
	if len(args) == 0 {
		return "-USAGE: [+]<time> <uuid> [<cause>]\n"
	}
	c := (*channel)(nil)
	if len(args) > 1 {
		c = s.find(args[1])
	}
	if c == nil {
		return noChannel
	}
	cause := ""
	if len(args) > 2 {
		cause = args[2]
	}
	c.hangupIn(args[0], causeOr(cause, "ALLOTTED_TIMEOUT"))
	return done
}

// hangupIn counts in whole seconds of the clock, as the scheduler does.
func (c *channel) hangupIn(when, cause string) {
	seconds, _ := strconv.ParseInt(strings.TrimPrefix(when, "+"), 10, 64)
	if seconds == 0 {
		c.hangup(cause)
		return
	}
	now := time.Now()
	if strings.HasPrefix(when, "+") {
		seconds += now.Unix()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == "" {
		c.sched = append(c.sched, time.AfterFunc(time.Unix(seconds, 0).Sub(now), func() { c.hangup(cause) }))
	}
}

// schedDel takes everything back that is scheduled for a channel.
func (s *Switch) schedDel(uuid string) string {
	n := 0
	if c := s.find(uuid); c != nil {
		c.mu.Lock()
		for _, t := range c.sched {
			if t.Stop() {
				n++
			}
		}
		c.sched = nil
		c.mu.Unlock()
	}
	return fmt.Sprintf("+OK Deleted: %d\n", n)
}

// schedHangupApp is the application of that name: [+]SECONDS [CAUSE].
func (c *channel) schedHangupApp(data string) string {
	if args := separate(data, ' '); len(args) > 0 {
		cause := strings.Join(args[1:min(2, len(args))], "")
		c.hangupIn(args[0], causeOr(cause, "ALLOTTED_TIMEOUT"))
	}
	return ""
}
