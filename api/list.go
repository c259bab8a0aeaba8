package api

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"nwayacd/acd"
	"nwayacd/queue"
)

// extensionRow is an agent in nway_list_exts. Its words are those of the database.
type extensionRow struct {
	Extension string   `json:"extension"`
	Name      string   `json:"name"`
	RegState  string   `json:"reg_state"`
	SeatState string   `json:"seat_state"`
	Status    string   `json:"seat_status"`
	CallState string   `json:"call_state"`
	Available bool     `json:"available"`
	Locked    bool     `json:"locked"`
	DND       bool     `json:"dnd"`
	Outside   int      `json:"outside_calls"`
	JobNumber string   `json:"job_number"`
	Progress  int      `json:"progress_seconds"` // 0 = the configured time
	Groups    []string `json:"groups"`
	Call      string   `json:"call_uuid"`
	Since     string   `json:"since"`      // RFC 3339: when call_state began
	RestCause string   `json:"rest_cause"` // "" = the agent does not rest
	RestUntil string   `json:"rest_until"` // RFC 3339
	Misses    int      `json:"misses"`     // in a row

	PauseReason string `json:"pause_reason"`
	PausedSince string `json:"paused_since"` // RFC 3339; "" = not paused
	LoginSince  string `json:"login_since"`  // RFC 3339; "" = logged out
}

// groupRow is a group in nway_list_groups.
type groupRow struct {
	Group     string   `json:"group"`
	Name      string   `json:"name"`
	Mode      int      `json:"mode"`
	ModeName  string   `json:"mode_name"`
	Cursor    string   `json:"current_ext_number"`
	Ring      int      `json:"group_callout_timeout"` // seconds
	Members   []string `json:"members"`
	Available int      `json:"available"`
	Waiting   int      `json:"waiting"`
	Talking   int      `json:"talking"`
	Longest   string   `json:"longest_wait"` // seconds; "" = no caller is in the line
	Prefix    string   `json:"caller_prefix"`
}

// callRow is a call in nway_list_calls.
type callRow struct {
	UUID    string `json:"uuid"`
	Caller  string `json:"caller"`
	Dialled string `json:"dialled"`
	Group   string `json:"group"`
	VIP     bool   `json:"vip"`
	Phase   string `json:"phase"`
	Agent   string `json:"agent"`   // the agent that rings or talks
	Switch  string `json:"switch"`  // FreeSWITCH's host name
	Seconds int    `json:"seconds"` // since the call arrived
	Phased  int    `json:"phase_seconds"`
}

func listExtensions(ctx context.Context, s Server, args []string) (string, error) {
	views, viewer := s.ACD.Dispatcher.Agents(), s.Viewer(ctx)
	rows := make([]extensionRow, 0, len(views))
	for i := range views {
		if viewer.Agent(&views[i]) {
			rows = append(rows, rowOfAgent(&views[i]))
		}
	}
	return list(args, rows, extensionHeader, func(r extensionRow) []string {
		return []string{
			r.Extension, r.Name, r.RegState, r.SeatState, r.Status, r.CallState, strconv.FormatBool(r.Available),
			r.JobNumber, strings.Join(r.Groups, ","), r.Call, r.RestCause, r.RestUntil, strconv.Itoa(r.Misses),
			r.PauseReason, r.PausedSince, r.LoginSince,
		}
	})
}

func listCalls(ctx context.Context, s Server, args []string) (string, error) {
	now, viewer := time.Now(), s.Viewer(ctx)
	rows := []callRow{}
	for _, v := range s.ACD.CallViews() {
		if v, shown := viewer.Call(v); shown {
			rows = append(rows, rowOfCall(&v, now))
		}
	}
	return list(args, rows, callHeader, func(r callRow) []string {
		return []string{
			r.UUID, r.Caller, r.Dialled, r.Group, strconv.FormatBool(r.VIP), r.Phase, r.Agent, r.Switch,
			strconv.Itoa(r.Seconds), strconv.Itoa(r.Phased),
		}
	})
}

func rowOfCall(v *acd.CallView, now time.Time) callRow {
	return callRow{
		UUID: v.UUID, Caller: v.Caller, Dialled: v.Dialled, Group: v.Group, VIP: v.VIP,
		Phase: string(v.Phase), Agent: v.Agent, Switch: v.Switch,
		Seconds: int(now.Sub(v.Arrived) / time.Second), Phased: int(now.Sub(v.PhaseFrom) / time.Second),
	}
}

const (
	callHeader      = "uuid|caller|dialled|group|vip|phase|agent|switch|seconds|phase_seconds"
	extensionHeader = "extension|name|reg_state|seat_state|seat_status|call_state|available|job_number|groups|" +
		"call_uuid|rest_cause|rest_until|misses|pause_reason|paused_since|login_since"
	groupHeader = "group|name|mode|current_ext_number|members|available|waiting|talking|longest_wait"
)

func rowOfAgent(v *queue.AgentView) extensionRow {
	cause, until := RestOf(v)
	reg, seat, status := StatesOf(v)
	return extensionRow{
		Extension: v.Extension, Name: v.Name, RegState: reg, SeatState: seat, Status: status,
		CallState: v.Call.String(), Available: v.Available(), Locked: v.Locked, DND: v.DND, Outside: v.Outside,
		JobNumber: v.JobNumber, Progress: int(v.Progress / time.Second), Groups: v.Groups,
		Call: v.CallUUID, Since: stamp(v.Since),
		RestCause: cause, RestUntil: stamp(until), Misses: v.Rest.Misses,
		PauseReason: v.PauseReason, PausedSince: stamp(v.PausedSince), LoginSince: stamp(v.LoginSince),
	}
}

// StatesOf returns the database's words for three facts: whether the agent's phone is registered,
// whether the agent is logged in, and whether the agent is idle.
func StatesOf(v *queue.AgentView) (reg, seat, status string) {
	return word(v.Registered, "reged", "unreg"), word(v.Up, "up", "down"), word(v.Idle, "idle", "busy")
}

// RestOf returns why and until when the agent rests. It returns "" and the zero time if the agent
// does not rest.
func RestOf(v *queue.AgentView) (cause string, until time.Time) {
	if v.Rest.Active() {
		cause = string(v.Rest.Cause)
	}
	return cause, v.Rest.Until
}

func listGroups(ctx context.Context, s Server, args []string) (string, error) {
	views, now, viewer := s.ACD.Dispatcher.Groups(), time.Now(), s.Viewer(ctx)
	rows := make([]groupRow, 0, len(views))
	for _, v := range views {
		v, shown := viewer.Group(v)
		if !shown {
			continue
		}
		rows = append(rows, groupRow{
			Group: v.Number, Name: v.Name, Mode: int(v.Mode), ModeName: v.Mode.String(), Cursor: v.Cursor,
			Ring: int(v.RingTimeout / time.Second), Members: v.Members, Available: v.Available,
			Waiting: v.Waiting, Talking: v.Talking, Longest: wait(v.Oldest, now), Prefix: v.CallerPrefix,
		})
	}
	return list(args, rows, groupHeader, func(r groupRow) []string {
		return []string{
			r.Group, r.Name, strconv.Itoa(r.Mode), r.Cursor, strings.Join(r.Members, ","), strconv.Itoa(r.Available),
			strconv.Itoa(r.Waiting), strconv.Itoa(r.Talking), r.Longest,
		}
	})
}

// list prints rows as JSON if args has a word. Otherwise it prints them as FreeSWITCH prints its
// own lists: a header, a line for each row, and +OK.
func list[T any](args []string, rows []T, header string, cells func(T) []string) (string, error) {
	if len(args) > 0 {
		text, err := json.Marshal(rows)
		return string(text), err
	}
	var b strings.Builder
	b.WriteString(header + "\n")
	for _, r := range rows {
		line := cells(r)
		for i := range line {
			line[i] = Plain(line[i])
		}
		b.WriteString(strings.Join(line, "|") + "\n")
	}
	b.WriteString("\n+OK")
	return b.String(), nil
}

// Plain returns the text with a space for each | and control character, so that it cannot break the
// table it is printed in.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '|' || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

func word(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// wait returns the whole seconds from since to now, or "" if since is zero.
func wait(since, now time.Time) string {
	if since.IsZero() {
		return ""
	}
	return strconv.FormatInt(int64(now.Sub(since)/time.Second), 10)
}
