package sim

import (
	"regexp"
	"slices"
	"strings"

	"nwayacd/esl"
)

// myEvents are the only events that the command myevents switches on.
var myEvents = []string{
	"CHANNEL_ANSWER", "CHANNEL_APPLICATION", "CHANNEL_BRIDGE", "CHANNEL_CREATE", "CHANNEL_DATA", "CHANNEL_DESTROY",
	"CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_ORIGINATE",
	"CHANNEL_UUID", "CHANNEL_OUTGOING", "CHANNEL_PARK", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_STATE",
	"CHANNEL_UNBRIDGE", "CHANNEL_UNPARK", "DETECTED_SPEECH", "DTMF", "NOTALK", "TALK",
}

// otherEvents are the other events that FreeSWITCH has (switch_types.h). They tell a name from a
// stray word.
var otherEvents = []string{
	"CUSTOM", "CLONE", "CHANNEL_CALLSTATE", "CHANNEL_PROGRESS", "CHANNEL_HOLD", "CHANNEL_UNHOLD", "API", "LOG",
	"INBOUND_CHAN", "OUTBOUND_CHAN", "STARTUP", "SHUTDOWN", "PUBLISH", "UNPUBLISH", "SESSION_CRASH", "MODULE_LOAD",
	"MODULE_UNLOAD", "PRESENCE_IN", "PRESENCE_OUT", "PRESENCE_PROBE", "MESSAGE", "MESSAGE_WAITING", "MESSAGE_QUERY",
	"ROSTER", "CODEC", "BACKGROUND_JOB", "PRIVATE_COMMAND", "HEARTBEAT", "TRAP", "ADD_SCHEDULE", "DEL_SCHEDULE",
	"EXE_SCHEDULE", "RE_SCHEDULE", "RELOADXML", "NOTIFY", "PHONE_FEATURE", "SEND_MESSAGE", "RECV_MESSAGE",
	"REQUEST_PARAMS", "GENERAL", "COMMAND", "SESSION_HEARTBEAT", "CLIENT_DISCONNECTED", "SERVER_DISCONNECTED",
	"SEND_INFO", "RECV_INFO", "RECV_RTCP_MESSAGE", "CALL_SECURE", "NAT", "RECORD_START", "RECORD_STOP",
	"PLAYBACK_START", "PLAYBACK_STOP", "CALL_UPDATE", "FAILURE", "SOCKET_DATA", "MEDIA_BUG_START", "MEDIA_BUG_STOP",
	"CALL_SETUP_REQ", "CALL_SETUP_RESULT", "CALL_DETAIL", "DEVICE_STATE", "SHUTDOWN_REQUESTED", "CALL_SETUP_RESULT",
	"ALL",
}

// subscription is what one listener asked for. Its listener's lock guards it.
type subscription struct {
	on      bool // LFLAG_EVENTS
	mine    bool // LFLAG_MYEVENTS
	all     bool
	names   map[string]bool
	customs map[string]bool
	nixed   map[string]bool // removed after ALL
	filters []esl.Header
}

func eventName(word string) (string, bool) {
	name := strings.ToUpper(word)
	return name, slices.Contains(myEvents, name) || slices.Contains(otherEvents, name)
}

// add is the command `event`, whose format is already removed. After CUSTOM all words are
// subclasses. It returns how many names it found.
func (s *subscription) add(words []string) (known int) {
	for i, word := range words {
		name, ok := eventName(word)
		if !ok {
			continue
		}
		known++
		switch name {
		case "ALL":
			s.all, s.nixed = true, nil
		case "CUSTOM":
			s.addCustoms(words[i+1:])
			set(&s.names, name)
			s.on = true
			return known
		default:
			set(&s.names, name)
			delete(s.nixed, name)
		}
	}
	s.on = s.on || known > 0
	return known
}

func (s *subscription) addCustoms(subclasses []string) {
	for _, subclass := range subclasses {
		set(&s.customs, subclass)
	}
}

// nix is the command `nixevent`.
func (s *subscription) nix(words []string) (known int) {
	for i, word := range words {
		name, ok := eventName(word)
		if !ok {
			continue
		}
		known++
		switch name {
		case "ALL":
			s.all, s.names, s.nixed = false, nil, nil
		case "CUSTOM":
			for _, subclass := range words[i+1:] {
				delete(s.customs, subclass)
			}
			return known
		default:
			delete(s.names, name)
			set(&s.nixed, name)
		}
	}
	return known
}

func (s *subscription) clear() {
	*s = subscription{filters: s.filters, mine: s.mine}
}

// wants reports whether the listener subscribed to the event. It does not check whose event it is,
// because the bus asks only listeners that it concerns.
func (s *subscription) wants(e *event) bool {
	if !s.on {
		return false
	}
	if s.all {
		return !s.nixed[e.name]
	}
	return s.names[e.name] && (e.name != "CUSTOM" || e.subclass == "" || s.customs[e.subclass])
}

// passes applies the filters as event_handler of mod_event_socket does. One match is enough, and a
// match of a filter that begins with - excludes the event.
func (s *subscription) passes(e *event) bool {
	if len(s.filters) == 0 {
		return true
	}
	pass := false
	for _, f := range s.filters {
		value, ok := e.get(f.Name)
		if !ok {
			continue
		}
		wanted := strings.TrimLeft(f.Value, "+- ")
		positive := !strings.HasPrefix(strings.TrimSpace(f.Value), "-")
		switch {
		case pass && positive:
		case !matches(wanted, value):
		case positive:
			pass = true
		default:
			return false
		}
	}
	return pass
}

func matches(wanted, value string) bool {
	if pattern, ok := strings.CutPrefix(wanted, "/"); ok {
		re, err := regexp.Compile(strings.TrimSuffix(pattern, "/"))
		return err == nil && re.MatchString(value)
	}
	return strings.EqualFold(wanted, value)
}

func set(m *map[string]bool, key string) {
	if *m == nil {
		*m = map[string]bool{}
	}
	(*m)[key] = true
}
