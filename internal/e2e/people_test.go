package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/esl"
)

// call is one caller's call.
type call struct {
	w       *world
	name    string
	number  string
	dialled string
	sentTo  string // group into which a command sent it
	far     string // uuid of the caller's own end
	uuid    string // of the channel that nwayacd sees
}

// arrives lets a caller dial group 110 and returns when their channel is there.
func (w *world) arrives(name string) *call { w.t.Helper(); return w.dials(name, group) }

// dials lets a caller dial a group.
func (w *world) dials(name, dialled string) *call {
	w.t.Helper()
	return w.comes(name, dialled, "/nwayacd/"+dialled)
}

// comes lets a caller dial a number whose dialplan asks nwayacd for path.
func (w *world) comes(name, dialled, path string) *call {
	w.t.Helper()
	c := &call{w: w, name: name, number: w.numberOf(name), dialled: dialled}
	seen := func(ch *channel) bool { return ch.inbound && ch.number == c.number && ch.dest == dialled }
	var before string
	if ch := w.ear.find(seen); ch != nil {
		before = ch.uuid
	}
	c.far = w.sw.call(w.t, incoming{acd: w.srv.Socket, number: c.number, dialled: dialled, path: path})
	w.calls = append(w.calls, c)
	eventually(w.t, patience, name+" calls in", func() bool {
		ch := w.ear.find(seen)
		if ch == nil || ch.uuid == before {
			return false
		}
		c.uuid = ch.uuid
		return true
	})
	return c
}

// isSentTo sends the live channel into a group.
func (c *call) isSentTo(group string) {
	c.w.t.Helper()
	c.sentTo = group
	c.w.srv.must("nwayacd " + c.uuid + " " + group)
}

// channel is the caller's channel as nwayacd sees it.
func (c *call) channel() *channel {
	return c.w.ear.find(func(ch *channel) bool { return ch.uuid == c.uuid })
}

// speaks lets sound come from the caller for ever. On a channel in a talk, FreeSWITCH runs queued
// commands only when media comes in (switch_ivr_bridge.c, read_frame_count). A silent caller from a
// loopback sends none.
func (c *call) speaks() {
	c.w.t.Helper()
	if c.far != c.uuid {
		c.w.ear.api("uuid_broadcast " + c.far + " silence_stream://-1,1400 aleg")
		eventually(c.w.t, patience, c.name+" makes sounds", func() bool {
			far := c.w.ear.find(func(ch *channel) bool { return ch.uuid == c.far })
			return far != nil && slices.Contains(far.executed, "playback silence_stream://-1,1400")
		})
		time.Sleep(500 * time.Millisecond) // until ten frames have come; on hold none are counted
	}
}

// hangsUp lets the caller hang up.
func (c *call) hangsUp() { c.w.ear.conn.Post(esl.API("uuid_kill " + c.uuid)) }

// isGone waits until the caller's channel is over.
func (c *call) isGone() {
	c.w.t.Helper()
	eventually(c.w.t, patience, c.name+"'s call is over", func() bool { return c.channel().gone })
}

// heard lists what was played to the caller, in order.
func (c *call) heard() (files []string) {
	for _, line := range c.channel().executed {
		if file, is := strings.CutPrefix(line, "playback "); is {
			files = append(files, file)
		}
	}
	return files
}

// hears waits until a file has begun to play to the caller.
func (c *call) hears(file string) {
	c.w.t.Helper()
	eventually(c.w.t, patience, c.name+" hears "+file, func() bool { return slices.Contains(c.heard(), file) })
}

// isHandedBack waits until the dialplan continues after the second socket line.
func (c *call) isHandedBack() {
	c.w.t.Helper()
	eventually(c.w.t, patience, c.name+" is handed back to the dialplan", func() bool {
		return slices.Contains(c.channel().executed, "set handed_back=true")
	})
}

// variable is a variable of the caller's channel.
func (c *call) variable(name string) string {
	if value := c.w.ear.api("uuid_getvar " + c.uuid + " " + name); value != "_undef_" {
		return value
	}
	return ""
}

// with is the extension of the agent with whom the caller talks, or "".
func (c *call) with() string {
	peer := c.channel().peer
	if other := c.w.ear.find(func(ch *channel) bool { return ch.uuid == peer }); other != nil && peer != "" {
		return other.dest
	}
	return ""
}

// talksTo waits until the caller talks with the agent.
func (c *call) talksTo(agent string) {
	c.w.t.Helper()
	eventually(c.w.t, patience, c.name+" talks to "+agent, func() bool { return c.with() == c.w.ext[agent] })
}

// isInTalk waits until nwayacd has the talk as well. It receives the event of the bridge when the
// test does.
func (c *call) isInTalk(agent string) {
	c.w.t.Helper()
	c.talksTo(agent)
	eventually(c.w.t, patience, c.name+"'s call is listed as a talk", func() bool {
		var all []struct{ UUID, Phase string }
		if err := json.Unmarshal([]byte(c.w.srv.command("nway_list_calls json")), &all); err != nil {
			c.w.t.Fatal(err)
		}
		for _, listed := range all {
			if listed.UUID == c.uuid {
				return listed.Phase == "talk"
			}
		}
		return false
	})
}

// rings waits until the agent's phone rings for the caller.
func (c *call) rings(agent string) {
	c.w.t.Helper()
	eventually(c.w.t, patience, agent+"'s phone rings for "+c.name, func() bool {
		leg := c.w.leg(agent)
		return leg != nil && leg.number == c.number && !leg.answered
	})
}

// story waits until the events of the call are exactly these: "queue add", "queue remove anna",
// "callout anna 1".
func (c *call) story(want ...string) {
	c.w.t.Helper()
	expectStory(c.w.t, c.name, c.w.named(want), func() []string { return c.w.ear.story(c.uuid) })
}

// storyStays checks that the call has these events, and for a while gets no other.
func (c *call) storyStays(want ...string) {
	c.w.t.Helper()
	c.story(want...)
	const while = 300 * time.Millisecond
	for until := time.Now().Add(while); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		c.story(want...)
	}
}

// agentStory is the same for an agent: "login", "ring", "talking".
func (w *world) agentStory(agent string, want ...string) {
	w.t.Helper()
	expectStory(w.t, agent, want, func() []string { return w.ear.agentStory(w.ext[agent]) })
}

func expectStory(t testing.TB, whose string, want []string, told func() []string) {
	t.Helper()
	for deadline := time.Now().Add(patience); len(told()) < len(want) && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if have := told(); !slices.Equal(have, want) {
		t.Errorf("%s's events are\n  %s\nnot\n  %s", whose, strings.Join(have, "\n  "), strings.Join(want, "\n  "))
	}
}

// named replaces the agents' names in the lines of a story by their extensions.
func (w *world) named(lines []string) []string {
	named := make([]string, len(lines))
	for i, line := range lines {
		words := strings.Fields(line)
		for j, word := range words {
			words[j] = or(w.ext[word], word)
		}
		named[i] = strings.Join(words, " ")
	}
	return named
}

// leg is the agent's latest live channel that nwayacd made, or nil if there is none.
func (w *world) leg(agent string) *channel {
	return w.ear.find(func(ch *channel) bool { return !ch.inbound && ch.dest == w.ext[agent] && ch.hungUp.IsZero() })
}

// hangsUp lets the agent hang up.
func (w *world) hangsUp(agent string) {
	w.t.Helper()
	leg := w.leg(agent)
	if leg == nil {
		w.t.Fatalf("%s has no call to hang up", agent)
	}
	w.ear.conn.Post(esl.API("uuid_kill " + leg.uuid))
}

// becomes waits until nway_list_exts shows the agent as "reged up idle ready".
func (w *world) becomes(agent, want string) {
	w.t.Helper()
	var have agentState
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if have = w.agent(agent); have.String() == want {
			return
		}
	}
	w.t.Fatalf("%s is %q, not %q", agent, have, want)
}

// cdr waits for the call's row and compares the columns "name=value". It must be the only one.
func (c *call) cdr(want ...string) {
	c.w.t.Helper()
	columns := make([]string, len(want))
	values := make([]string, len(want))
	for i, pair := range want {
		columns[i], values[i], _ = strings.Cut(pair, "=")
		values[i] = or(c.w.ext[values[i]], values[i])
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM nwayacd_cdr WHERE call_uuid = ?"
	var have []string
	eventually(c.w.t, patience, "a CDR of "+c.name, func() bool {
		have = c.w.db.row(query, c.uuid)
		return have != nil
	})
	if !slices.Equal(have, values) {
		c.w.t.Errorf("%s's CDR has %v = %v, not %v", c.name, columns, have, values)
	}
}

// cleanAfter waits until the line is empty, no channel is left and every agent is free of calls.
func (w *world) cleanAfter() {
	w.t.Helper()
	eventually(w.t, patience, "no channel is left", func() bool { return len(w.ear.left()) == 0 })
	w.lineIsEmpty()
	for agent := range w.ext {
		if w.noAgent[agent] {
			continue
		}
		eventually(w.t, patience, agent+" is free of calls", func() bool {
			a := w.agent(agent)
			return a.UUID == "" && a.Call != "ring" && a.Call != "talking"
		})
	}
}

// lineIsEmpty waits until no caller has a place in the database.
func (w *world) lineIsEmpty() {
	w.t.Helper()
	eventually(w.t, patience, "callin_queue is empty", func() bool {
		return w.db.rows("SELECT call_uuid FROM callin_queue") == nil
	})
}

// trouble is in those lines of nwayacd's log that help after a failure.
var trouble = regexp.MustCompile(`"level":"(warn|error|fatal)"|"message":"missed"`)

// tellAll logs what was seen, for the analysis of a failure.
func (w *world) tellAll() {
	var text strings.Builder
	for _, c := range w.calls {
		fmt.Fprintf(&text, "%s %s %s: %s\n", c.name, c.number, c.uuid, strings.Join(w.ear.story(c.uuid), "; "))
		if ch := c.channel(); ch != nil {
			fmt.Fprintf(&text, "  executed %q, cause %q\n", ch.executed, ch.cause)
		}
	}
	for agent, ext := range w.ext {
		fmt.Fprintf(&text, "%s %s: %s\n", agent, ext, strings.Join(w.ear.agentStory(ext), "; "))
	}
	fmt.Fprintf(&text, "channels left: %v\n", w.ear.left())
	for line := range bytes.Lines(w.srv.Log()) {
		if trouble.Match(line) {
			fmt.Fprintf(&text, "nwayacd says %s", line)
		}
	}
	w.t.Log("what was seen:\n" + text.String())
	keepLog(w.srv.LogFile(), w.t.Name()+".log")
}

// channels is the table of channels that the switch lists. It lags behind (see tableCatchesUp).
func (w *world) channels() []map[string]string {
	w.t.Helper()
	var shown struct {
		Rows []map[string]string `json:"rows"`
	}
	if err := json.Unmarshal([]byte(w.ear.api("show channels as json")), &shown); err != nil {
		w.t.Fatal(err)
	}
	return shown.Rows
}
