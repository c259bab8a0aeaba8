package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nwayacd/esl"
)

// hooks are the variables with which a caller is safe after a talk and free after a transfer.
const hooks = "socket_resume=;park_after_bridge=true;park_timeout=3;uuid_bridge_park_on_cancel=true;" +
	"execute_on_blind_transfer_nwayacd=multiunset " + hooked + ";" +
	"execute_on_post_bridge_nwayacd_1=multiunset " + hooked + ";" +
	"execute_on_post_bridge_nwayacd_2=execute_extension set:park_after_bridge=true,set:park_timeout=3," +
	"set:nwayacd_over=true inline"

const hooked = "park_after_bridge park_timeout uuid_bridge_park_on_cancel socket_resume transfer_after_bridge " +
	"inline_destination nwayacd_over execute_on_blind_transfer_nwayacd execute_on_post_bridge_nwayacd_1 " +
	"execute_on_post_bridge_nwayacd_2"

// watcher is a client of the inbound port that subscribed to the channels' events.
type watcher struct {
	*acd
	since time.Time
}

func (b *bed) watch() *watcher {
	w := &watcher{b.client(), time.Now()}
	w.send(esl.Raw("event plain CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE " +
		"CHANNEL_UNBRIDGE CHANNEL_PARK CHANNEL_UNPARK CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_HANGUP CHANNEL_DESTROY"))
	return w
}

// restart drops what was seen, and counts from now on.
func (w *watcher) restart() {
	w.forget()
	w.since = time.Now()
}

// story lists what was seen since, as "MILLISECONDS UUID EVENT …".
func (w *watcher) story() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, e := range w.seen {
		micro, _ := strconv.ParseInt(e.Get("Event-Date-Timestamp"), 10, 64)
		at := time.UnixMicro(micro).Sub(w.since).Milliseconds()
		line := fmt.Sprint(at, " ", e.Get("Unique-ID"), " ", strings.TrimPrefix(e.Name(), "CHANNEL_"))
		switch e.Name() {
		case "CHANNEL_UNBRIDGE", "CHANNEL_PARK":
			line += " over=" + e.Get("variable_nwayacd_over")
			fallthrough
		case "CHANNEL_BRIDGE":
			line += " other=" + e.Get("Other-Leg-Unique-ID")
		case "CHANNEL_HANGUP":
			line += " " + e.Get("Hangup-Cause")
			if e.Get("variable_sip_term_status") != "" {
				line += " by phone"
			}
		case "CHANNEL_DESTROY", "CHANNEL_UNPARK":
			continue
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// talking lets a caller be bridged with the agent's leg, the hooks set.
func (b *bed) talking(agent Behaviour, opt CallOptions) (*Call, *acd, *watcher) {
	call, a := b.answered(agent, opt)
	w := b.watch()
	is(b.t, "set", a.api("uuid_setvar_multi caller "+hooks), "+OK")
	is(b.t, "bridge", a.api("uuid_bridge caller agent"), "+OK agent")
	pass(time.Second)
	w.restart()
	return call, a, w
}

// untouched checks that none of the hooks is left on a channel.
func untouched(t *testing.T, c *Call) {
	t.Helper()
	for name := range strings.SplitSeq(hooked, " ") {
		is(t, name, c.Var(name), "")
	}
}

// lastOf is the latest event of that name of one channel.
func (w *watcher) lastOf(uuid, name string) *esl.Event {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range slices.Backward(w.seen) {
		if e.Name() == name && e.Get("Unique-ID") == uuid {
			return e
		}
	}
	w.t.Fatalf("no %s of %s was seen", name, uuid)
	return nil
}
