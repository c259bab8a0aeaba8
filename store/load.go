package store

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

// reader turns rows into the types of package queue. An unknown value becomes a harmless one, with
// a warning.
type reader struct{ log zerolog.Logger }

// account is an agent with the password of its phone.
type account struct {
	agent.Agent
	password string
}

func (r reader) agent(scan func(...any) error) (account, error) {
	var ext, password, server, reg, seat, status, call, deferred, reason, by text
	var since, paused, login, until stamp
	settings := make([]text, len(agent.Settings))
	err := scan(append([]any{
		&ext, &password, &server, &reg, &seat, &status, &call, &since, &deferred, &reason, &by, &paused, &login, &until,
	}, places(settings)...)...)
	if err != nil {
		return account{}, err
	}
	w := r.row("call_extension", ext.trimmed())
	a := agent.Agent{
		Profile: agent.Profile{Extension: ext.trimmed(), Server: server.trimmed()},
		Presence: agent.Presence{
			Registered: w.word("reg_state", reg, "reged", "unreg"), Up: w.word("seat_state", seat, "up", "down"),
			Idle: w.idle(status),
		},
		Pause: agent.Pause{PauseReason: reason.trimmed(), PauseBy: by.trimmed(), PausedSince: paused.Time},
		Since: since.Time, LoginSince: login.Time, WrapUpUntil: until.Time,
	}
	readSettings(w, agent.Settings, &a, settings)
	if a.Call, err = agent.ParseCallState(call.trimmed()); err != nil {
		w.warn("call_state", call)
	}
	if a.Deferred, err = agent.ParseDeferred(deferred.trimmed()); err != nil {
		w.warn("deferred", deferred)
	}
	return account{a, string(password)}, nil
}

func (r reader) group(scan func(...any) error) (queue.Group, error) {
	var number, cursor text
	settings := make([]text, len(queue.GroupSettings))
	if err := scan(append([]any{&number, &cursor}, places(settings)...)...); err != nil {
		return queue.Group{}, err
	}
	g := queue.Group{Number: number.trimmed(), Cursor: cursor.trimmed()}
	readSettings(r.row("ext_group", g.Number), queue.GroupSettings, &g, settings)
	return g, nil
}

// places returns where to scan each column.
func places(columns []text) []any {
	all := make([]any, len(columns))
	for i := range columns {
		all[i] = &columns[i]
	}
	return all
}

// readSettings sets all settings of a row by their columns. It warns of unknown values.
func readSettings[T, U any](w rowReader, all setting.Table[T, U], of *T, columns []text) {
	for i := range all {
		if !all[i].Read(of, string(columns[i])) {
			w.warn(all[i].Column, columns[i])
		}
	}
}

func (r reader) reason(scan func(...any) error) (queue.Reason, error) {
	var code, name, paid, position, active text
	err := scan(&code, &name, &paid, &position, &active)
	w := r.row("nwayacd_reason", code.trimmed())
	n, ok := position.integer()
	if !ok && position != "" {
		w.warn("position", position)
	}
	return queue.Reason{
		Code: code.trimmed(), Name: string(name), Paid: w.flag("paid", paid), Position: int(n),
		Active: w.flag("active", active),
	}, err
}

func (r reader) member(scan func(...any) error) (queue.Member, error) {
	var group, ext text
	err := scan(&group, &ext)
	return queue.Member{Group: group.trimmed(), Extension: ext.trimmed()}, err
}

func (r reader) blacklisted(scan func(...any) error) (queue.Blacklisted, error) {
	var category, number, dialled, group text
	var expires stamp
	err := scan(&category, &number, &dialled, &group, &expires)
	n, ok := category.integer()
	if !ok && category != "" {
		r.row("call_blacklist", number.trimmed()).warn("category", category)
		n = -1 // no category of the ACD
	}
	return queue.Blacklisted{
		Category: int(n), Number: number.trimmed(), Dialled: dialled.trimmed(), Group: group.trimmed(),
		Expires: expires.Time,
	}, err
}

func (r reader) vip(scan func(...any) error) (queue.VIP, error) {
	var number, group text
	err := scan(&number, &group)
	return queue.VIP{Number: number.trimmed(), Group: group.trimmed()}, err
}

func (r reader) memory(scan func(...any) error) (queue.Memory, error) {
	var caller, group, ext text
	var at stamp
	err := scan(&caller, &group, &ext, &at)
	return queue.Memory{Caller: caller.trimmed(), Group: group.trimmed(), Agent: ext.trimmed(), At: at.Time}, err
}

func (r reader) waiting(scan func(...any) error) (queue.Waiting, error) {
	var uuid, caller, group, kind, place, name, visit, from text
	var at stamp
	err := scan(&uuid, &caller, &group, &kind, &place, &at, &name, &visit, &from)
	w := queue.Waiting{
		UUID: uuid.trimmed(), Caller: string(caller), Group: group.trimmed(), VIP: kind.trimmed() == "1",
		Since: at.Time,
		Name:  string(name), Visit: 1, CameFrom: from.trimmed(),
	}
	if n, ok := visit.integer(); ok {
		w.Visit = max(int(n), 1)
	}
	if ns, ok := place.integer(); ok { // rows of the module have none
		w.Since = time.Unix(0, ns)
	}
	return w, err
}

// talk reads a talk, and whether the record of its offer is written.
func (r reader) talk(scan func(...any) error) (queue.Talk, error) {
	var whole, recorded text
	var t queue.Talk
	if err := scan(&whole, &recorded); err != nil {
		return t, err
	}
	if err := json.Unmarshal([]byte(whole), &t); err != nil {
		r.row("nwayacd_talk", "").warn("talk", whole)
		return queue.Talk{}, nil
	}
	t.OfferRecorded = t.OfferRecorded || slices.Contains(strings.Fields(string(recorded)), t.Offer.Leg)
	return t, nil
}

// working reads what an agent does, as the last entry of the agent's log says.
func (r reader) working(scan func(...any) error) (agent.LogEntry, error) {
	var l agent.LogEntry
	var at stamp
	err := scan(&l.Extension, &l.Standing, &l.Reason, &l.Group, &at)
	l.At = at.Time
	return l, err
}

// rowReader warns of values in one row.
type rowReader struct {
	log        zerolog.Logger
	table, key string
}

func (r reader) row(table, key string) rowReader { return rowReader{r.log, table, key} }

func (r rowReader) warn(column string, value text) {
	r.log.Warn().Str("table", r.table).Str("row", r.key).Str("column", column).Str("value", string(value)).
		Msg("the database has an unknown value")
}

func (r rowReader) flag(column string, value text) bool {
	switch strings.ToLower(value.trimmed()) {
	case "t", "true", "1", "y", "yes", "on":
		return true
	case "f", "false", "0", "n", "no", "off", "":
		return false
	}
	if n, ok := value.integer(); ok {
		return n != 0
	}
	r.warn(column, value)
	return false
}

// word reports whether the column says yes, in upper or lower case.
func (r rowReader) word(column string, value text, yes, no string) bool {
	switch strings.ToLower(value.trimmed()) {
	case yes:
		return true
	case no, "":
	default:
		r.warn(column, value)
	}
	return false
}

// idle reads seat_status. An empty column is idle, as its default says. An unknown word is busy.
func (r rowReader) idle(value text) bool {
	switch strings.ToLower(value.trimmed()) {
	case "idle", "ready", "":
		return true
	case "busy":
	default:
		r.warn("seat_status", value)
	}
	return false
}
