package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	desk "nwayacd/internal/phone"
)

// conversation is two phones that hear each other.
type conversation struct {
	o    *office
	name string
	side [2]*desk.Dialog
}

// talk waits until two people hear each other.
func (o *office) talk(one, other string) conversation {
	o.t.Helper()
	t := conversation{o: o, name: one + " and " + other}
	for i, who := range []string{one, other} {
		number := o.desk[[]string{other, one}[i]].Number()
		ctx, stop := context.WithTimeout(o.t.Context(), patience)
		d, err := o.desk[who].Find(ctx, func(v desk.View) bool { return v.State == desk.Answered && v.Hears == number })
		stop()
		if err != nil {
			o.t.Fatalf("%s talk with each other: %v", t.name, err)
		}
		t.side[i] = d
	}
	return t
}

// goesOn watches that the two go on hearing each other for longer than anything of the talk before
// could last, and that FreeSWITCH has bridged them with each other.
func (t conversation) goesOn() {
	t.o.t.Helper()
	t.isHeardOn()
	one, other := t.o.channelOf(t.side[0]), t.o.channelOf(t.side[1])
	if bonds := t.o.bonds(t.side[0]); !slices.Contains(bonds, other) {
		t.o.t.Errorf("%s: FreeSWITCH says that %s is bridged with %v, not %s", t.name, one, bonds, other)
	}
}

// isHeardOn watches that the two go on hearing each other, whatever is between them.
func (t conversation) isHeardOn() {
	t.o.t.Helper()
	heard := [2]time.Time{time.Now(), time.Now()}
	for until := time.Now().Add(longerThanPark); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		for i, d := range t.side {
			v := d.View()
			if v.State != desk.Answered {
				left := time.Until(until).Round(time.Millisecond)
				t.o.t.Fatalf("%s: side %d was cut off %s before the end of the watch: %+v", t.name, i, left, v)
			}
			if want := t.side[1-i].Contact().Number(); v.Hears == want {
				heard[i] = time.Now()
			} else if silent := time.Since(heard[i]); silent > promptly {
				t.o.t.Fatalf("%s: side %d has not heard %s for %s, but %q", t.name, i, want, silent, v.Hears)
			}
		}
	}
}

// channelOf is the channel that FreeSWITCH has for a phone's dialog.
func (o *office) channelOf(d *desk.Dialog) (uuid string) {
	o.t.Helper()
	eventually(o.t, patience, "the table of channels lists "+d.CallID(), func() bool {
		for _, row := range o.channels() {
			if o.ear.api("uuid_getvar "+row["uuid"]+" sip_call_id") == d.CallID() {
				uuid = row["uuid"]
			}
		}
		return uuid != ""
	})
	return uuid
}

// bonds are the channels that FreeSWITCH has bridged with a phone's dialog.
func (o *office) bonds(d *desk.Dialog) []string {
	own := o.channelOf(d)
	return []string{o.ear.api("uuid_getvar " + own + " signal_bond"), o.ear.api("uuid_getvar " + own + " bridge_uuid")}
}

// stays watches that the caller's call goes on.
func (g *guest) stays() {
	g.o.t.Helper()
	g.o.ok(g.line.IsAnswered(g.o.soon()))
	for until := time.Now().Add(longerThanPark); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if v := g.line.View(); v.State != desk.Answered {
			left := time.Until(until).Round(time.Millisecond)
			g.o.t.Fatalf("%s was cut off %s before the end of the watch: %+v; executed %q", g.name, left, v,
				g.channel().executed)
		}
	}
}

// actors are variables that make a channel act by itself.
var actors = []string{
	"park_after_bridge", "park_timeout", "uuid_bridge_park_on_cancel", "socket_resume", "transfer_after_bridge",
	"nwayacd_over",
}

// isLeftAlone checks that nothing that makes FreeSWITCH act is left on the caller's channel.
func (g *guest) isLeftAlone() {
	g.o.t.Helper()
	for line := range strings.Lines(g.o.ear.api("uuid_dump " + g.uuid)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		name, isVariable := strings.CutPrefix(name, "variable_")
		ours := strings.HasPrefix(name, "execute_on_") && strings.Contains(name, "nwayacd") ||
			name == "inline_destination" && strings.Contains(value, "nwayacd") // mod_valet_parking has one of its own
		if isVariable && (ours || slices.Contains(actors, name)) && value != "" {
			g.o.t.Errorf("%s=%s is left on %s's channel", name, value, g.name)
		}
	}
}

// reaches waits until the dialplan has begun an application on the caller's channel.
func (g *guest) reaches(application string) {
	g.o.t.Helper()
	eventually(g.o.t, patience, g.name+" reaches "+application, func() bool {
		return slices.ContainsFunc(g.channel().executed, func(line string) bool {
			return strings.HasPrefix(line, application)
		})
	})
}

// visits waits for the call's rows and compares the columns "name=value" of each, in the order of
// the visits.
func (g *guest) visits(want ...string) {
	g.o.t.Helper()
	o := g.o
	eventually(o.t, patience, fmt.Sprintf("%d CDRs of %s", len(want), g.name), func() bool {
		return len(o.db.rows("SELECT call_uuid FROM nwayacd_cdr WHERE call_uuid = ?", g.uuid)) >= len(want)
	})
	for i, line := range want {
		o.record(g.uuid, i+1, line)
	}
	if all := o.db.rows("SELECT outcome FROM nwayacd_cdr WHERE call_uuid = ?", g.uuid); len(all) != len(want) {
		o.t.Errorf("%s has %d CDRs, not %d: %v", g.name, len(all), len(want), all)
	}
}

// record compares the columns "name=value" of one visit of a call. It waits for the row.
func (o *office) record(uuid string, visit int, want string) {
	o.t.Helper()
	var columns, values []string
	for pair := range strings.FieldsSeq(want) {
		column, value, _ := strings.Cut(pair, "=")
		columns = append(columns, "COALESCE(CAST("+column+" AS VARCHAR(200)), '')")
		values = append(values, or(o.ext[value], value))
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM nwayacd_cdr WHERE call_uuid = ? AND visit = ?"
	var have [][]string
	eventually(o.t, patience, fmt.Sprintf("the CDR of visit %d of %s", visit, uuid), func() bool {
		have = o.db.rows(query, uuid, visit)
		return len(have) > 0
	})
	if len(have) != 1 || !slices.Equal(have[0], values) {
		o.t.Errorf("visit %d of %s is %v, not %s", visit, uuid, have, want)
	}
}

// isFree waits until an agent is ready and has no call. That must be promptly, not after a timeout.
func (o *office) isFree(agent string) {
	o.t.Helper()
	var have agentState
	for deadline := time.Now().Add(promptly); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if have = o.agent(agent); have.String() == "reged up idle ready" && have.UUID == "" {
			return
		}
	}
	o.t.Errorf("%s is not free within %s: %q, call %q", agent, promptly, have, have.UUID)
}

// promptly is shorter than any timeout on the switch.
const promptly = 2 * time.Second

// isTalking checks that an agent is listed in a talk.
func (o *office) isTalking(agent string) {
	o.t.Helper()
	o.becomes(agent, "reged up idle talking")
}

// order checks that events of a call came in this order, with others between them or not. The
// beginning of an event identifies it: "callout anna" is one with any number of the offer.
func (g *guest) order(want ...string) {
	g.o.t.Helper()
	left := g.o.named(want)
	for deadline := time.Now().Add(promptly); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if left = missing(g.o.ear.story(g.uuid), g.o.named(want)); len(left) == 0 {
			return
		}
	}
	story := strings.Join(g.o.ear.story(g.uuid), "\n  ")
	g.o.t.Errorf("%s's events are\n  %s\nwithout, in its order, %q", g.name, story, left[0])
}

// missing are the wanted events that the story does not have in their order, from the first one on.
func missing(story, want []string) []string {
	for _, line := range story {
		if len(want) == 0 {
			break
		}
		begins := !strings.HasPrefix(line, "queue ") && strings.HasPrefix(line, want[0]+" ")
		if line == want[0] || begins {
			want = want[1:]
		}
	}
	return want
}
