package sim

import (
	"strconv"
	"strings"
	"time"

	"nwayacd/esl"
)

// application runs on a channel until it ends. It returns the response for
// CHANNEL_EXECUTE_COMPLETE, in which "" stands for `_none_`.
type application func(c *channel, data string) (response string)

var applications map[string]application

func init() { // the table and the applications refer to each other
	applications = map[string]application{
		"answer":              func(c *channel, _ string) string { c.answer(); return "" },
		"pre_answer":          func(c *channel, _ string) string { c.preAnswer(); return "" },
		"ring_ready":          func(c *channel, _ string) string { c.ringReady(); return "" },
		"playback":            (*channel).playback,
		"endless_playback":    (*channel).endlessPlayback,
		"play_and_get_digits": (*channel).playAndGetDigits,
		"read":                (*channel).readDigits,
		"sleep":               (*channel).sleepApp,
		"set":                 (*channel).setApp,
		"multiset":            (*channel).multiset,
		"multiunset":          (*channel).multiunset,
		"export":              (*channel).export,
		"unset":               func(c *channel, data string) string { c.setVar(data, ""); return "" },
		"execute_extension":   (*channel).executeExtension,
		"intercept":           (*channel).intercept,
		"conference":          func(c *channel, _ string) string { c.answer(); c.idle(wait{}); return "" },
		"valet_park":          func(c *channel, _ string) string { c.preAnswer(); c.idle(wait{}); return "" },
		"hangup": func(c *channel, data string) string {
			c.hangup(causeOr(data, "NORMAL_CLEARING"))
			return ""
		},
		"transfer":            (*channel).transferApp,
		"park":                func(c *channel, _ string) string { c.park(); return "" },
		"break":               func(c *channel, _ string) string { c.breakPlaying(true); return "" },
		"socket":              (*channel).socket,
		"bridge":              (*channel).bridgeApp,
		"three_way":           (*channel).threeWay,
		"record_session":      (*channel).recordSession,
		"stop_record_session": (*channel).stopRecordSession,
		"event":               (*channel).eventApp,
		"echo":                func(c *channel, _ string) string { c.answer(); c.idle(wait{}); return "" },
		"eval":                nothing,
		"info":                nothing,
		"log":                 nothing,
		"start_dtmf":          nothing,
		"flush_dtmf":          nothing,
		"sched_hangup":        (*channel).schedHangupApp,
		"sched_cancel":        (*channel).schedCancel,
		"dsr":                 nothing,
		"detect_speech":       nothing,
	}
}

func nothing(*channel, string) string { return "" }

func (c *channel) ringReady() {
	c.mu.Lock()
	c.progressed, c.callState = time.Now(), "RINGING"
	c.mu.Unlock()
	c.fire("CHANNEL_PROGRESS")
	c.fire("CHANNEL_CALLSTATE")
}

// transferApp is the dialplan's transfer: EXTENSION [DIALPLAN] [CONTEXT].
func (c *channel) transferApp(data string) string {
	if args := separate(data, ' '); len(args) > 0 {
		c.reroute(args)
	}
	return ""
}

func (c *channel) sleepApp(data string) string {
	ms, _ := strconv.Atoi(strings.TrimSpace(data))
	play := c.beginBreakable()
	defer c.endBreakable()
	c.sleep(time.Duration(ms)*time.Millisecond, play)
	return ""
}

// setApp is set_function. The values _undef_ and none unset the variable.
func (c *channel) setApp(data string) string {
	name, value, found := strings.Cut(data, "=")
	if !found {
		return ""
	}
	if value == "_undef_" {
		value = ""
	}
	c.setVar(strings.TrimSpace(name), value)
	return ""
}

func (c *channel) multiset(data string) string {
	for _, pair := range several(data) {
		c.setApp(pair)
	}
	return ""
}

func (c *channel) multiunset(data string) string {
	for _, name := range several(data) {
		c.setVar(name, "")
	}
	return ""
}

// several splits the argument of multiset and multiunset at spaces, or at the X of ^^X.
func several(data string) []string {
	separator := " "
	if rest, own := strings.CutPrefix(data, "^^"); own && rest != "" {
		separator, data = rest[:1], rest[1:]
	}
	return strings.Split(data, separator)
}

// executeExtension runs another extension's actions and returns. It stops if another program has
// taken the channel meanwhile (switch_core_session_execute_exten).
func (c *channel) executeExtension(data string) string {
	args := separate(data, ' ')
	if len(args) == 0 {
		return ""
	}
	var plan []Action
	if len(args) > 1 && strings.EqualFold(args[1], "inline") {
		plan = inline(args[0])
	} else {
		plan, _ = c.s.route(args[0])
	}
	for _, action := range plan {
		if c.interrupted() {
			break
		}
		c.execute(action.App, action.Data, "")
	}
	return ""
}

func (c *channel) export(data string) string {
	pair := strings.TrimPrefix(data, "nolocal:")
	name, _, _ := strings.Cut(pair, "=")
	c.setApp(pair)
	exported := c.getVar("export_vars")
	if exported != "" {
		name = exported + "," + name
	}
	c.setVar("export_vars", name)
	return ""
}

func (c *channel) threeWay(uuid string) string {
	other := c.s.find(uuid)
	if other == nil {
		return ""
	}
	c.idle(wait{other: other.ctx.Done()})
	return ""
}

func (c *channel) recordSession(path string) string {
	file, _, _ := strings.Cut(path, " ")
	c.mu.Lock()
	c.recording = append(c.recording, file)
	c.mu.Unlock()
	c.fire("RECORD_START", esl.Header{Name: "Record-File-Path", Value: file})
	return ""
}

func (c *channel) stopRecordSession(path string) string {
	c.stopRecording(path)
	return ""
}

// stopRecording ends one recording, or "all". It returns false if there is no such recording.
func (c *channel) stopRecording(path string) bool {
	c.mu.Lock()
	var stopped, kept []string
	for _, file := range c.recording {
		if file == path || path == "all" {
			stopped = append(stopped, file)
		} else {
			kept = append(kept, file)
		}
	}
	c.recording = kept
	c.mu.Unlock()
	for _, file := range stopped {
		c.fire("RECORD_STOP", esl.Header{Name: "Record-File-Path", Value: file})
	}
	return len(stopped) > 0
}

// eventApp is the dialplan's event application. It fires a CUSTOM event made of name=value pairs.
func (c *channel) eventApp(data string) string {
	e := event{name: "CUSTOM", channel: c.uuid}
	for pair := range strings.SplitSeq(data, ",") {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case sameName(name, "Event-Subclass"):
			e.subclass = value
		case sameName(name, "Event-Name"):
			e.name = value
		case value != "":
			e.headers = append(e.headers, esl.Header{Name: name, Value: value})
		}
	}
	c.s.fire(e, c.describe)
	return ""
}
