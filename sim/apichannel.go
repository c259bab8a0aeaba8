package sim

import (
	"cmp"
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
	args := strings.SplitN(arg, " ", 3) // the value may have spaces
	if len(args) < 2 {
		return "-USAGE: <uuid> <var> [value]\n"
	}
	c := s.find(args[0])
	if c == nil {
		return noChannel
	}
	value := ""
	if len(args) == 3 {
		value = unquote(args[2], ' ')
	}
	c.setVar(args[1], value)
	return done
}

func (s *Switch) uuidSetvarMulti(arg string) string {
	const usage = "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"
	uuid, list, found := strings.Cut(arg, " ")
	if !found {
		return ""
	}
	c := s.find(uuid)
	if c == nil {
		return noChannel + usage
	}
	answer := usage
	for _, pair := range separate(list, ';') {
		name, value, _ := strings.Cut(pair, "=")
		if name == "" {
			answer = "-ERR No variable specified\n" + usage
			continue
		}
		answer = done
		if !strings.Contains(value, "${") { // refused with a line in the log, and +OK
			c.setVar(name, value)
		}
	}
	return answer
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
	return cmp.Or(c.getVar(args[1]), s.global(args[1]), "_undef_")
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
	headers := c.describe(s.stamp(&e, s.bus.last()))
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
		c.slow(frame) // it is transferred itself before it sees that the other channel was
		s.transfer(peer, args)
		s.transfer(c, args)
	default:
		s.transfer(c, args)
	}
	return done
}

// uuidDualTransfer is UUID DESTINATION[/DIALPLAN[/CONTEXT]] PEER-DESTINATION[/…].
func (s *Switch) uuidDualTransfer(arg string) string {
	args := separate(arg, ' ')
	if len(args) != 3 {
		return "-USAGE: <uuid> <A-dest-exten>[/<A-dialplan>][/<A-context>] " +
			"<B-dest-exten>[/<B-dialplan>][/<B-context>]\n"
	}
	c := s.find(args[0])
	if c == nil {
		return noChannel
	}
	if peer := c.partner(); peer != nil {
		c.slow(frame) // it is transferred itself before it sees that the other channel was
		s.transfer(peer, destinationParts(args[2]))
	}
	s.transfer(c, destinationParts(args[1]))
	return done
}

// destinationParts splits a destination of uuid_dual_transfer. A chain for inline may contain
// slashes.
func destinationParts(text string) []string {
	if chain, found := strings.CutSuffix(text, "/inline"); found {
		return []string{chain, "inline"}
	}
	return strings.SplitN(text, "/", 3)
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

// uuidHold is [off|toggle] UUID. Loopback channels cannot be held.
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

func (c *channel) talksTo() *channel {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peer
}
