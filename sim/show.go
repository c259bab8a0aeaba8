package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// snapshot is the channel as Channels lists it.
func (c *channel) snapshot() ChannelState {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := ChannelState{
		UUID: c.uuid, Name: c.name, Direction: c.direction(), Extension: c.ext, Device: c.device,
		CallState: c.callState, App: c.app, Number: c.callerID, PresenceData: c.getVarLocked("presence_data"),
		Answered: !c.answeredAt.IsZero(), Bridged: c.peer != nil,
		Created: c.created, AnsweredSince: c.answeredAt,
		Controlled: slices.ContainsFunc(c.conns, func(l *listener) bool { return !l.isFinished() }),
	}
	if c.peer != nil {
		state.Peer = c.peer.uuid
	}
	return state
}

// show is `show channels|calls|registrations [count] [as json]`.
func (s *Switch) show(arg string) string {
	words := strings.Fields(strings.ToLower(arg))
	if len(words) == 0 {
		return "-USAGE: show [registrations|channels|calls] [count] [as json]\n"
	}
	var rows table
	switch words[0] {
	case "channels", "channel":
		rows = s.channelTable()
	case "registrations":
		rows = s.registrationTable()
	case "calls":
		rows = s.channelTable()
	default:
		return "-USAGE: show [registrations|channels|calls] [count] [as json]\n"
	}
	asJSON := strings.Contains(arg, "json")
	if len(words) > 1 && words[1] == "count" {
		if asJSON {
			return fmt.Sprintf(`{"row_count":%d}`, len(rows.rows))
		}
		return fmt.Sprintf("\n%d total.\n", len(rows.rows))
	}
	if asJSON {
		return rows.json()
	}
	return rows.text()
}

// table is what `show` prints.
type table struct {
	columns []string
	rows    [][]string
}

func (t table) text() string {
	var out strings.Builder
	if len(t.rows) > 0 {
		out.WriteString(strings.Join(t.columns, ",") + "\n")
	}
	for _, row := range t.rows {
		out.WriteString(strings.Join(row, ",") + "\n")
	}
	fmt.Fprintf(&out, "\n%d total.\n", len(t.rows))
	return out.String()
}

// As in FreeSWITCH, json has no member `rows` if there are none.
func (t table) json() string {
	type answer struct {
		Count int                 `json:"row_count"`
		Rows  []map[string]string `json:"rows,omitempty"`
	}
	a := answer{Count: len(t.rows)}
	for _, row := range t.rows {
		fields := make(map[string]string, len(row))
		for i, value := range row {
			fields[t.columns[i]] = value
		}
		a.Rows = append(a.Rows, fields)
	}
	text, _ := json.Marshal(a) // strings always marshal
	return string(text)
}

var channelColumns = []string{
	"uuid", "direction", "created", "created_epoch", "name", "state", "cid_name", "cid_num", "ip_addr", "dest",
	"application", "application_data", "dialplan", "context", "read_codec", "read_rate", "read_bit_rate",
	"write_codec", "write_rate", "write_bit_rate", "secure", "hostname", "presence_id", "presence_data",
	"accountcode", "callstate", "callee_name", "callee_num", "callee_direction", "call_uuid", "sent_callee_name",
	"sent_callee_num", "initial_cid_name", "initial_cid_num", "initial_ip_addr", "initial_dest", "initial_dialplan",
	"initial_context",
}

func (s *Switch) channelTable() table {
	t := table{columns: channelColumns}
	for _, c := range s.inOrder() {
		t.rows = append(t.rows, c.row())
	}
	return t
}

func (c *channel) row() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	codec, rate, bits := "", "", ""
	if !c.answeredAt.IsZero() || !c.media.IsZero() {
		codec, rate, bits = "PCMA", "8000", "64000"
	}
	return []string{
		c.uuid, c.direction(), c.created.Format(time.DateTime), strconv.FormatInt(c.created.Unix(), 10), c.name,
		c.state, c.callerName, c.callerID, localIP, c.dialled, c.app, c.data, c.dialplan, "default", codec, rate, bits,
		codec, rate, bits, "", c.s.opt.Name, c.getVarLocked("presence_id"), c.getVarLocked("presence_data"),
		c.getVarLocked("accountcode"), c.callState, "", "", "", c.getVarLocked("call_uuid"), "", "",
		c.callerName, c.callerID, localIP, c.dialled, c.dialplan, "default",
	}
}

func (s *Switch) registrationTable() table {
	t := table{columns: []string{
		"reg_user", "realm", "token", "url", "expires", "network_ip", "network_port", "network_proto", "hostname",
		"metadata",
	}}
	expires := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	for _, d := range s.registrations() {
		t.rows = append(t.rows, []string{
			d.ext, s.domain(), d.callID(), "sofia/internal/sip:" + d.address(), expires,
			localIP, "5060", "udp", s.opt.Name, "",
		})
	}
	return t
}
