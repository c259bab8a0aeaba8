package sim

import "strings"

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

// broadcast is switch_ivr_broadcast. It sends a file, or APP::ARGUMENTS, to the channel as a locked
// message. Negative loops repeat it for ever.
func (c *channel) broadcast(what string, loops int) {
	app, data, found := strings.Cut(what, "::")
	if !found {
		app, data = "playback", what
	}
	c.post(&message{command: "execute", app: app, data: data, lock: true, loops: loops})
}

// stopBroadcast ends what plays, and its repetition. Messages in the queue stay
// (switch_channel_stop_broadcast).
func (c *channel) stopBroadcast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = c.lastPlay
	c.kick()
}

// stopAfterBridge is what the originator's thread does when it has left a bridge. The other side
// may be elsewhere by then, and then FreeSWITCH breaks what it hears there
// (switch_ivr_multi_threaded_bridge).
func (c *channel) stopAfterBridge() {
	c.mu.Lock()
	c.stopped = c.lastPlay
	c.mu.Unlock()
	c.stopBroadcast()
}
