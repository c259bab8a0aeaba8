package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/esl"
)

// ear listens on the switch's event socket, as a CTI would, to nwayacd's events and to those of the
// channels. It keeps those of its own situation. It ignores the others, which share a real switch
// with it.
type ear struct {
	t    testing.TB
	mine func(number string) bool // whether a number is of a caller or agent of this situation
	conn *esl.Connection

	mu       sync.Mutex
	channels map[string]*channel
	calls    map[string][]string        // by uuid: the call's nwayacd::queue and nwayacd::info events, a line each
	agents   map[string][]string        // by extension: the agent's nwayacd::agent events
	about    map[string]map[string]bool // by uuid: "CALLER to GROUP", as in the call's events
	faults   []string
	onBridge func(ext, leg string)
}

// channel is what the events said about one channel.
type channel struct {
	uuid, name, number, dest string
	inbound                  bool
	answered                 bool
	peer                     string // uuid with which it is bridged
	executed                 []string
	created, hungUp          time.Time // by FreeSWITCH's clock; zero = not yet
	cause                    string
	byPhone                  bool // its phone hung up, as mod_sofia reports
	gone                     bool
}

const heardByEar = "event plain CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_EXECUTE " +
	"CHANNEL_HANGUP " +
	"CHANNEL_DESTROY CUSTOM nwayacd::queue nwayacd::info nwayacd::agent"

func newEar(t *testing.T, sw switchboard, mine func(string) bool, onBridge func(ext, leg string)) *ear {
	e := &ear{
		t: t, mine: mine, onBridge: onBridge, channels: map[string]*channel{}, calls: map[string][]string{},
		agents: map[string][]string{}, about: map[string]map[string]bool{},
	}
	e.listen(sw)
	t.Cleanup(func() { e.conn.Close() })
	return e
}

func (e *ear) listen(sw switchboard) {
	var err error
	if e.conn, err = esl.Dial(context.Background(), sw.address(), password, esl.Options{OnEvent: e.hear}); err != nil {
		e.t.Fatal(err)
	}
	if _, err := e.conn.Send(context.Background(), esl.Raw(heardByEar)); err != nil {
		e.t.Fatal(err)
	}
}

// listenAgain listens to a switch that has restarted. Its channels are gone, without an event.
func (e *ear) listenAgain(sw switchboard) {
	e.conn.Close()
	locked(e, func() any {
		for _, c := range e.channels {
			c.gone, c.peer = true, ""
		}
		return nil
	})
	e.listen(sw)
}

// api runs a command on the switch.
func (e *ear) api(line string) string {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	replies, err := e.conn.Do(ctx, esl.API(line))
	if err != nil {
		e.t.Fatalf("%s: %v", line, err)
	}
	return replies[0].Text()
}

func (e *ear) hear(event *esl.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if event.Name() == "CUSTOM" {
		e.hearACD(event)
		return
	}
	c := e.channels[event.Get("Unique-ID")]
	if event.Name() == "CHANNEL_CREATE" {
		c = e.meet(event)
	}
	if c == nil {
		return
	}
	switch event.Name() {
	case "CHANNEL_ANSWER":
		c.answered = true
	case "CHANNEL_EXECUTE":
		c.executed = append(c.executed, strings.TrimSpace(event.Get("Application")+" "+event.Get("Application-Data")))
	case "CHANNEL_BRIDGE":
		e.join(event.Get("Bridge-A-Unique-ID"), event.Get("Bridge-B-Unique-ID"))
	case "CHANNEL_UNBRIDGE":
		e.part(c)
	case "CHANNEL_HANGUP":
		c.hungUp, c.cause, c.byPhone = stamp(event), event.Get("Hangup-Cause"),
			event.Get("variable_sip_term_status") == "200"
		e.part(c)
	case "CHANNEL_DESTROY":
		c.gone = true
	}
}

// meet notes a channel if its number or its destination is of this situation.
func (e *ear) meet(event *esl.Event) *channel {
	c := &channel{
		uuid: event.Get("Unique-ID"), name: event.Get("Channel-Name"),
		inbound: event.Get("Call-Direction") == "inbound", number: event.Get("Caller-Caller-ID-Number"),
		dest: event.Get("Caller-Destination-Number"), created: stamp(event),
	}
	if !e.mine(c.number) && !e.mine(c.dest) {
		return nil
	}
	e.channels[c.uuid] = c
	return c
}

func (e *ear) join(a, b string) {
	one, other := e.channels[a], e.channels[b]
	if one == nil || other == nil {
		return
	}
	one.peer, other.peer = b, a
	go e.onBridge(other.dest, b) // ends with the talk, at the latest when the connection does
}

func (e *ear) part(c *channel) {
	if other := e.channels[c.peer]; other != nil {
		other.peer = ""
	}
	c.peer = ""
}

// mostLate is how far the time in an event may be from FreeSWITCH's clock on a busy machine.
const mostLate = time.Minute

func stamp(event *esl.Event) time.Time {
	us, _ := strconv.ParseInt(event.Get("Event-Date-Timestamp"), 10, 64)
	return time.UnixMicro(us)
}

// added are the headers that FreeSWITCH adds to every event.
var added = []string{
	"Event-Name", "Event-Subclass", "Core-UUID", "FreeSWITCH-Hostname", "FreeSWITCH-Switchname", "FreeSWITCH-IPv4",
	"FreeSWITCH-IPv6", "Event-Date-Local", "Event-Date-GMT", "Event-Date-Timestamp", "Event-Calling-File",
	"Event-Calling-Function", "Event-Calling-Line-Number", "Event-Sequence", "Event-UUID", "Command",
}

// specified are the headers of nwayacd's events. nway_queue_extension is there only if an agent was
// chosen, and nway_agent_reason only if a pause has a reason.
var specified = map[string][]string{
	"nwayacd::queue": {
		"nway_queue_caller", "nway_queue_uuid", "nway_queue_group", "nway_queue_operate",
		"nway_status_time",
	},
	"nwayacd::info": {
		"nway_callin", "nway_callout", "nway_group", "nway_callstatus", "nway_caller_uuid", "nway_queue_time",
		"nway_transfer_times",
	},
	"nwayacd::agent": {"nway_agent_extension", "nway_agent_status", "nway_queue_time"},
}

// hearACD adds an event of nwayacd as one line to the story of the call or the agent, and notes
// what is wrong with its headers.
func (e *ear) hearACD(event *esl.Event) {
	switch event.Subclass() {
	case "nwayacd::queue":
		if e.mine(event.Get("nway_queue_caller")) || e.channels[event.Get("nway_queue_uuid")] != nil {
			line := "queue " + strings.TrimPrefix(event.Get("nway_queue_operate"), "nway_queue_")
			e.note(e.calls, event.Get("nway_queue_uuid"), event,
				strings.TrimSpace(line+" "+event.Get("nway_queue_extension")))
		}
	case "nwayacd::info":
		if e.mine(event.Get("nway_callin")) || e.channels[event.Get("nway_caller_uuid")] != nil {
			e.note(e.calls, event.Get("nway_caller_uuid"), event,
				fmt.Sprintf("%s %s %s", event.Get("nway_callstatus"), event.Get("nway_callout"),
					event.Get("nway_transfer_times")))
		}
	case "nwayacd::agent":
		if ext := event.Get("nway_agent_extension"); e.mine(ext) {
			e.note(e.agents, ext, event, strings.TrimPrefix(event.Get("nway_agent_status"), "nway_agent_"))
		}
	}
}

func (e *ear) note(stories map[string][]string, of string, event *esl.Event, line string) {
	stories[of] = append(stories[of], line)
	if event.Subclass() != "nwayacd::agent" {
		if e.about[of] == nil {
			e.about[of] = map[string]bool{}
		}
		e.about[of][event.Get("nway_queue_caller")+event.Get("nway_callin")+" to "+event.Get("nway_queue_group")+
			event.Get("nway_group")] = true
	}
	want := slices.Clone(specified[event.Subclass()])
	if event.Get("nway_queue_operate") == "nway_queue_remove" && event.Get("nway_queue_extension") != "" {
		want = append(want, "nway_queue_extension")
	}
	if event.Get("nway_agent_status") == "nway_agent_busy" && event.Get("nway_agent_reason") != "" {
		want = append(want, "nway_agent_reason")
	}
	var have []string
	for name := range event.Headers() {
		if !slices.Contains(added, name) {
			have = append(have, name)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		e.faults = append(e.faults, fmt.Sprintf("%s %q has the headers %v, not %v", event.Subclass(), line, have, want))
	}
	at := event.Get("nway_queue_time") + event.Get("nway_status_time")
	if seconds, err := strconv.ParseInt(at, 10, 64); err != nil ||
		stamp(event).Sub(time.Unix(seconds, 0)).Abs() > mostLate {
		e.faults = append(e.faults, fmt.Sprintf("%s %q has the time %q", event.Subclass(), line, at))
	}
}

// story is the events of a call so far.
func (e *ear) story(uuid string) []string {
	return locked(e, func() []string { return slices.Clone(e.calls[uuid]) })
}

// agentStory is the events of an agent so far.
func (e *ear) agentStory(ext string) []string {
	return locked(e, func() []string { return slices.Clone(e.agents[ext]) })
}

// find returns a copy of the latest channel of which the condition is true, or nil if there is
// none.
func (e *ear) find(is func(*channel) bool) *channel {
	return locked(e, func() (found *channel) {
		for _, c := range e.channels {
			if is(c) && (found == nil || c.created.After(found.created)) {
				found = c
			}
		}
		if found != nil {
			snapshot := *found
			snapshot.executed = slices.Clone(found.executed)
			return &snapshot
		}
		return nil
	})
}

// left are the channels that are not gone.
func (e *ear) left() []string {
	return locked(e, func() (names []string) {
		for c := range maps.Values(e.channels) {
			if !c.gone {
				names = append(names, fmt.Sprintf("%s (%s, %s)", c.name, c.number, c.uuid))
			}
		}
		return names
	})
}

func locked[T any](e *ear, read func() T) T {
	e.mu.Lock()
	defer e.mu.Unlock()
	return read()
}
