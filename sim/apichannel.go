package sim

import (
	"encoding/json"
	"strings"

	"nwayacd/esl"
)

func (s *Switch) uuidBridge(arg string) string {
	args := separate(arg, ' ')
	if len(args) < 2 {
		return "-USAGE: <uuid>\n"
	}
	for _, other := range args[1:min(len(args), 3)] {
		if s.bridge(s.find(args[0]), s.find(other)) {
			return "+OK " + other + "\n"
		}
	}
	return "-ERR Invalid uuid\n"
}

func (s *Switch) uuidBreak(arg string) string {
	uuid, flags, _ := strings.Cut(arg, " ")
	c := s.find(uuid)
	if c == nil {
		return noChannel
	}
	all := strings.Contains(flags, "all")
	c.breakPlaying(all)
	if strings.Contains(flags, "both") {
		if peer := c.talksTo(); peer != nil {
			peer.breakPlaying(all)
		}
	}
	return done
}

func (s *Switch) uuidKill(arg string) string {
	uuid, cause, _ := strings.Cut(arg, " ")
	c := s.find(uuid)
	if c == nil {
		return noChannel
	}
	c.hangup(causeOr(cause, "NORMAL_CLEARING"))
	return done
}

func (s *Switch) uuidAnswer(uuid string) string {
	c := s.find(uuid)
	if c == nil {
		return noChannel
	}
	c.answer()
	return done
}

func (s *Switch) uuidSetvar(arg string) string {
	args := separate(arg, ' ')
	if len(args) != 2 && len(args) != 3 {
		return "-USAGE: <uuid> <var> [value]\n"
	}
	c := s.find(args[0])
	if c == nil {
		return noChannel
	}
	value := ""
	if len(args) == 3 {
		value = args[2]
	}
	c.setVar(args[1], value)
	return done
}

func (s *Switch) uuidSetvarMulti(arg string) string {
	uuid, list, found := strings.Cut(arg, " ")
	if !found {
		return "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"
	}
	c := s.find(uuid)
	if c == nil {
		return noChannel
	}
	for _, pair := range separate(list, ';') {
		name, value, _ := strings.Cut(pair, "=")
		c.setVar(name, value)
	}
	return done
}

func (s *Switch) uuidGetvar(arg string) string {
	args := separate(arg, ' ')
	if len(args) < 2 {
		return "-USAGE: <uuid> <var>\n"
	}
	c := s.find(args[0])
	if c == nil {
		return noChannel
	}
	if value := c.getVar(args[1]); value != "" {
		return value
	}
	return "_undef_"
}

func (s *Switch) uuidExists(uuid string) string {
	if s.find(uuid) != nil {
		return "true"
	}
	return "false"
}

func (s *Switch) uuidDump(arg string) string {
	uuid, format, _ := strings.Cut(arg, " ")
	c := s.find(uuid)
	if c == nil {
		return noChannel
	}
	e := event{name: "CHANNEL_DATA", channel: uuid}
	headers := c.describe(s.stamp(&e))
	switch format {
	case "json":
		fields := map[string]string{}
		for _, h := range headers {
			fields[h.Name] = h.Value
		}
		text, _ := json.Marshal(fields) // strings always marshal
		return string(text)
	case "plain":
		return plainText(headers)
	}
	return string(appendEncoded(nil, headers))
}

func plainText(headers []esl.Header) string {
	var text strings.Builder
	for _, h := range headers {
		text.WriteString(h.Name + ": " + h.Value + "\n")
	}
	return text.String()
}

// uuidTransfer is UUID [-bleg|-both] DESTINATION [DIALPLAN] [CONTEXT].
func (s *Switch) uuidTransfer(arg string) string {
	args := separate(arg, ' ')
	if len(args) < 2 || len(args) > 5 {
		return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
	}
	c := s.find(args[0])
	if c == nil {
		return noChannel
	}
	which, args := "", args[1:]
	if strings.HasPrefix(args[0], "-") {
		which, args = args[0], args[1:]
	}
	if len(args) == 0 || !c.up() {
		return "-ERR\n"
	}
	peer := c.talksTo()
	switch {
	case which == "-bleg" && peer != nil:
		s.transfer(peer, args)
	case which == "-both" && peer != nil:
		s.transfer(peer, args)
		s.transfer(c, args)
	default:
		s.transfer(c, args)
	}
	return done
}

// transfer sends a channel into a new dialplan, out of all that it runs.
func (s *Switch) transfer(c *channel, args []string) {
	c.settle()
	c.reroute(args)
}

func (c *channel) reroute(args []string) {
	plan := c.s.destination(args)
	if len(args) < 2 || !strings.EqualFold(args[1], "inline") {
		c.mu.Lock()
		c.dialled = args[0]
		c.mu.Unlock()
	}
	c.redirect(c.route(plan))
}

func (s *Switch) uuidPark(uuid string) string {
	c := s.find(uuid)
	if c == nil {
		return noChannel
	}
	c.redirect(c.parked)
	return done
}

func (s *Switch) uuidRecord(arg string) string {
	args := separate(arg, ' ')
	if len(args) < 3 {
		return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
	}
	c := s.find(args[0])
	if c == nil {
		return "-ERR Cannot locate session!\n"
	}
	switch args[1] {
	case "start":
		if !c.hasMedia() {
			return "-ERR Cannot record session!\n"
		}
		c.recordSession(args[2])
	case "stop":
		if !c.stopRecording(args[2]) {
			return "-ERR Cannot stop record session!\n"
		}
	case "mask", "unmask":
	default:
		return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
	}
	return "+OK Success\n"
}

// uuidHold is [off|toggle] UUID; loopback channels cannot be held.
func (s *Switch) uuidHold(arg string) string {
	args := separate(arg, ' ')
	if len(args) == 0 {
		return "-USAGE: [off|toggle] <uuid> [<display>]\n"
	}
	off := args[0] == "off"
	if off || args[0] == "toggle" {
		args = args[1:]
	}
	if len(args) == 0 {
		return "-USAGE: [off|toggle] <uuid> [<display>]\n"
	}
	if c := s.find(args[0]); c != nil && strings.HasPrefix(c.name, "sofia/") && c.hold(!off) {
		return "+OK Success\n"
	}
	return "-ERR Operation failed\n"
}

func (c *channel) hold(on bool) bool {
	c.mu.Lock()
	if c.answeredAt.IsZero() || c.cause != "" || on == (c.callState == "HELD") { // a second time is refused
		c.mu.Unlock()
		return false
	}
	name := "CHANNEL_UNHOLD"
	c.callState = "ACTIVE"
	if on {
		name, c.callState = "CHANNEL_HOLD", "HELD"
	}
	c.mu.Unlock()
	c.fire(name)
	c.fire("CHANNEL_CALLSTATE")
	return true
}

func (c *channel) talksTo() *channel {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peer
}
