package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nwayacd/esl"
)

// group is the number of the group that callers dial unless the situation has another.
const group = "110"

// patience is the longest that anything may take unless the situation has its own limit.
const patience = time.Minute

// thirdParty is a situation's number outside, beyond the gateway.
const thirdParty = "88%d001"

// floor is the state before a situation begins.
type floor struct {
	mode   int // of group 110
	groups []groupRow
	agents []agentRow
	rows   []row // more rows, inserted before the server starts
	config settings
	// dialString replaces the switch's own.
	dialString string
	sip        bool // the agents' legs are SIP
	// onTalk makes the agents' SIP phones answer when the switch sends "Event: talk".
	onTalk bool
	// other is a second real switch. It calls the first one's agents by remote-dial, and the other
	// way round.
	other *freeswitch
	// ownPostgres is for a PostgreSQL that no other situation uses.
	ownPostgres bool
	asShipped   bool // the program is built without the race detector, whose memory is not the program's
}

// dial is the dial string of [[freeswitch]].
func (f floor) dial(sw switchboard) string {
	if f.sip {
		return sw.sipDialString()
	}
	return or(f.dialString, sw.dialString())
}

// groupRow is a group beside 110, or 110 itself with settings of its own.
type groupRow struct {
	number                             string
	mode                               int
	ring                               int // seconds; 0 = 15
	welcome, transfer, blacklist, busy string
}

// agentRow is an agent, logged in at first unless out is set.
type agentRow struct {
	name   string // the situation's name for the agent; extensions are different on each switch
	ext    string // "" = one is made; %d stands for the situation's number
	groups string // "" = 110
	phone  phone
	out    bool              // not logged in
	set    map[string]string // columns of call_extension
}

// row is an SQL statement. $name in an argument stands for the extension of that agent, and #name
// for the number of that caller.
type row struct {
	statement string
	args      []string
}

// world is one situation: a switch, a server, a database, people.
type world struct {
	t      *testing.T
	id     int
	sw     switchboard
	srv    *server
	db     *database
	ear    *ear
	ext    map[string]string // extension by agent's name
	phones map[string]phone  // by extension
	// noAgent are the people with an extension who are no agents.
	noAgent map[string]bool
	calls   []*call
	number  map[string]string // by caller's name
}

var worlds atomic.Int64

// open sets up a situation. Everything runs and is linked, and no caller has called.
func open(t *testing.T, sw switchboard, f floor) *world {
	t.Helper()
	w := &world{
		t: t, id: 100 + int(worlds.Add(1)), sw: sw, ext: map[string]string{}, phones: map[string]phone{},
		number: map[string]string{}, noAgent: map[string]bool{},
	}
	w.db = newDatabase(t)
	if f.ownPostgres {
		w.db = newOwnPostgres(t)
	}
	w.srv = newServer(t, sw, w.db, f)
	w.srv.migrate()
	w.db.open(w.srv.DataDir())
	for i, a := range f.agents {
		w.hire(i, a)
	}
	w.ear = newEar(t, sw, w.mine, w.talk)
	for _, a := range f.agents {
		w.phone(a.name, a.phone)
	}
	w.seed(f)
	w.db.serverRuns()
	t.Cleanup(w.close)
	w.srv.start()
	for _, a := range f.agents {
		if !a.out {
			w.srv.must("nway_login " + w.ext[a.name] + " " + w.own(or(a.groups, group)))
		}
	}
	w.settles(f)
	return w
}

// settles waits until the logins are in the database. Until then the server would overwrite another
// program's edit of the same rows.
func (w *world) settles(f floor) {
	w.t.Helper()
	for _, a := range f.agents {
		if !a.out {
			eventually(w.t, patience, a.name+"'s login is in the database", func() bool {
				return w.db.row("SELECT seat_state FROM call_extension WHERE extension_number = ?",
					w.ext[a.name])[0] == "up" &&
					w.db.rows("SELECT ext FROM ext_group_map WHERE ext = ?", w.ext[a.name]) != nil
			})
		}
	}
}

// close ends every situation, and checks that nothing of it is left.
func (w *world) close() {
	for _, c := range w.calls {
		w.ear.conn.Post(esl.API("uuid_kill " + c.far))
	}
	w.srv.stop()
	for _, c := range w.calls {
		for about := range maps.Keys(locked(w.ear, func() map[string]bool { return w.ear.about[c.uuid] })) {
			if want := c.number + " to " + c.dialled; about != want && about != c.number+" to "+c.sentTo {
				w.t.Errorf("an event of %s names a call from %s, not %s", c.name, about, want)
			}
		}
	}
	for _, fault := range locked(w.ear, func() []string { return w.ear.faults }) {
		w.t.Error(fault)
	}
	if w.t.Failed() {
		w.tellAll()
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// hire gives an agent an extension.
func (w *world) hire(i int, a agentRow) {
	ext := fmt.Sprintf("%d%02d", w.id, i)
	if a.ext != "" {
		ext = w.own(a.ext)
	}
	w.ext[a.name] = ext
}

// own replaces %d by the situation's number, so that no other situation on a shared switch has the
// number.
func (w *world) own(number string) string { return strings.ReplaceAll(number, "%d", fmt.Sprint(w.id)) }

// phone changes how an agent's phone takes its next calls.
func (w *world) phone(agent string, p phone) {
	w.t.Helper()
	if p.do == "" {
		p = answers()
	}
	locked(w.ear, func() any { w.phones[w.ext[agent]] = p; return nil })
	w.sw.phone(w.t, w.ext[agent], p)
}

// seed inserts the rows of the floor.
func (w *world) seed(f floor) {
	w.t.Helper()
	if !slices.ContainsFunc(f.groups, func(g groupRow) bool { return g.number == group }) {
		f.groups = append(f.groups, groupRow{number: group, mode: f.mode})
	}
	for _, g := range f.groups {
		if g.ring == 0 {
			g.ring = 15
		}
		w.db.exec(
			"INSERT INTO ext_group (group_number, group_call_mode, group_callout_timeout, welcome_ring, "+
				"transfer_ring, black_list_ring, busy_ring) "+
				"VALUES (?, ?, ?, ?, ?, ?, ?)", w.own(g.number), g.mode, g.ring, g.welcome, g.transfer, g.blacklist,
			g.busy)
	}
	for _, a := range f.agents {
		ext := w.ext[a.name]
		w.db.exec("INSERT INTO call_extension (extension_number, extension_name) VALUES (?, ?)", ext, a.name)
		for column, value := range a.set {
			w.db.exec("UPDATE call_extension SET "+column+" = ? WHERE extension_number = ?", value, ext)
		}
	}
	for _, r := range f.rows {
		w.insert(r)
	}
}

// insert runs a row's statement.
func (w *world) insert(r row) {
	w.t.Helper()
	args := make([]any, len(r.args))
	for i, arg := range r.args {
		switch {
		case strings.HasPrefix(arg, "$"):
			arg = w.ext[arg[1:]]
		case strings.HasPrefix(arg, "#"):
			arg = w.numberOf(arg[1:])
		}
		args[i] = arg
	}
	w.db.exec(r.statement, args...)
}

// numberOf is the caller's number, the same at every call.
func (w *world) numberOf(caller string) string {
	if w.number[caller] == "" {
		w.number[caller] = fmt.Sprintf("139%04d%04d", w.id, len(w.number))
	}
	return w.number[caller]
}

// mine reports whether a number is of a caller or an agent of this situation.
func (w *world) mine(number string) bool {
	if strings.HasPrefix(number, fmt.Sprintf("139%04d", w.id)) && len(number) == 11 {
		return true
	}
	for _, ext := range w.ext {
		if ext == number {
			return true
		}
	}
	return number == w.own("77%d") || number == w.own(thirdParty)
}

// talk ends the talk of an agent whose phone has a talk time, after that time.
func (w *world) talk(ext, leg string) {
	if p := locked(w.ear, func() phone { return w.phones[ext] }); p.do == picksUp && p.talk > 0 {
		time.Sleep(p.talk)
		w.ear.conn.Post(esl.API("uuid_kill " + leg))
	}
}

// agentState is an agent as nway_list_exts shows it.
type agentState struct {
	Extension string   `json:"extension"`
	Reg       string   `json:"reg_state"`
	Seat      string   `json:"seat_state"`
	Status    string   `json:"seat_status"`
	Call      string   `json:"call_state"`
	Available bool     `json:"available"`
	Groups    []string `json:"groups"`
	UUID      string   `json:"call_uuid"`
	Rest      string   `json:"rest_cause"`
	Misses    int      `json:"misses"`
}

func (a agentState) String() string {
	return strings.Join([]string{a.Reg, a.Seat, a.Status, a.Call}, " ")
}

// agent is the agent's state now.
func (w *world) agent(name string) agentState {
	w.t.Helper()
	var all []agentState
	if err := json.Unmarshal([]byte(w.srv.command("nway_list_exts json")), &all); err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(a agentState) bool { return a.Extension == w.ext[name] })
	if i < 0 {
		w.t.Fatalf("nway_list_exts does not list %s (%s)", name, w.ext[name])
	}
	return all[i]
}
