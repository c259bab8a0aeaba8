package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

// heard has what a store handed out of edits.
type heard struct {
	edits   chan queue.Change
	reloads chan queue.Snapshot
}

func listening(t *testing.T, o Options) (*Store, *heard, *sql.DB) {
	t.Helper()
	h := &heard{edits: make(chan queue.Change, 10000), reloads: make(chan queue.Snapshot, 100)}
	o.OnEdit = func(take func() []queue.Change) {
		for _, c := range take() {
			h.edits <- c
		}
	}
	o.OnReload = func(take func() queue.Snapshot) { h.reloads <- take() }
	s, _ := run(t, o)
	s.Write(addedAgent("1000"), addedAgent("1001"), addedGroup("110"), addedGroup("120"),
		queue.Change{Membership: &queue.Membership{Extension: "1001", Groups: []string{"120"}}})
	flush(t, s)
	return s, h, openSQL(t, o.DSN)
}

// next returns the next change as JSON.
func (h *heard) next(t *testing.T) string {
	t.Helper()
	select {
	case c := <-h.edits:
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	case <-time.After(5 * time.Second):
		t.Fatal("no edit was heard")
	}
	return ""
}

func (h *heard) silence(t *testing.T) {
	t.Helper()
	select {
	case c := <-h.edits:
		text, _ := json.Marshal(c)
		t.Errorf("heard %s", text)
	case <-h.reloads:
		t.Error("heard a reload")
	case <-time.After(150 * time.Millisecond):
	}
}

func TestEditsByOthersArriveAsChanges(t *testing.T) {
	_, h, db := listening(t, postgresOptions(t))
	for _, step := range []struct {
		edit string
		want []string
	}{
		{
			`UPDATE call_extension SET seat_state = 'UP', dnd = true WHERE extension_number = '1000'`,
			[]string{`{"Agent":{"Extension":"1000","Up":true,"DND":true}}`},
		},
		{
			`UPDATE call_extension SET deferred = 'LOGOUT' WHERE extension_number = '1000'`,
			[]string{`{"Agent":{"Extension":"1000","Deferred":"logout"}}`},
		},
		{
			`UPDATE call_extension SET deferred = '' WHERE extension_number = '1000'`,
			[]string{`{"Agent":{"Extension":"1000","Deferred":""}}`},
		},
		{
			`UPDATE call_extension SET progress_seconds = 8 WHERE extension_number = '1000'`,
			[]string{`{"Agent":{"Extension":"1000","Progress":8000000000}}`},
		},
		{
			`UPDATE call_extension SET progress_seconds = NULL WHERE extension_number = '1000'`,
			[]string{`{"Agent":{"Extension":"1000","Progress":0}}`},
		},
		{
			`UPDATE ext_group SET caller_prefix = 'Sales: ' WHERE group_number = '110'`,
			[]string{`{"Group":{"Number":"110","CallerPrefix":"Sales: "}}`},
		},
		{
			`UPDATE ext_group SET caller_prefix = NULL WHERE group_number = '110'`,
			[]string{`{"Group":{"Number":"110","CallerPrefix":""}}`},
		},
		{`UPDATE call_extension SET client_ip = '10.0.0.1' WHERE extension_number = '1000'`, nil},
		{`UPDATE call_extension SET dnd = true WHERE extension_number = '1000'`, nil},
		{
			`UPDATE call_extension SET job_number = '8001', call_state = 'TYPING' WHERE extension_number = '1000'`,
			[]string{`{"Agent":{"Extension":"1000","Call":"typing","JobNumber":"8001"}}`},
		},
		{
			`UPDATE ext_group SET group_call_mode = 0, group_callout_timeout = 33 WHERE group_number = '110'`,
			[]string{`{"Group":{"Number":"110","Mode":0,"RingTimeout":33000000000}}`},
		},
		{
			`INSERT INTO ext_group_map (id, ext_group_id, ext_group_number, ext) VALUES (0, 0, '110', '1000'), (0, 0, '110', '1000')`,
			[]string{`{"MemberJoined":{"Group":"110","Extension":"1000"}}`},
		},
		{
			`DELETE FROM ext_group_map WHERE ctid = (SELECT max(ctid) FROM ext_group_map WHERE ext = '1000')`,
			[]string{`{"MemberJoined":{"Group":"110","Extension":"1000"}}`},
		}, // the other row is still there
		{
			`UPDATE ext_group_map SET ext_group_number = '120' WHERE ext = '1000'`,
			[]string{
				`{"MemberLeft":{"Group":"110","Extension":"1000"}}`,
				`{"MemberJoined":{"Group":"120","Extension":"1000"}}`,
			},
		},
		{`DELETE FROM ext_group_map WHERE ext = '1000'`, []string{`{"MemberLeft":{"Group":"120","Extension":"1000"}}`}},
		{
			`INSERT INTO call_blacklist (category, call_number, group_number) VALUES (2, '130', '110')`,
			[]string{`{"Blacklisted":{"Category":2,"Number":"130","Group":"110"}}`},
		},
		{`DELETE FROM call_blacklist`, []string{`{"Unblacklisted":"130"}`}},
		{
			`INSERT INTO call_vip_number (phone_number, group_number) VALUES ('139', '110')`,
			[]string{`{"VIPAdded":{"Number":"139","Group":"110"}}`},
		},
		{
			`UPDATE call_vip_number SET phone_number = '138'`,
			[]string{`{"VIPRemoved":{"Number":"139","Group":"110"}}`, `{"VIPAdded":{"Number":"138","Group":"110"}}`},
		},
		{`DELETE FROM call_vip_number`, []string{`{"VIPRemoved":{"Number":"138","Group":"110"}}`}},
		{
			`INSERT INTO cf_call_remember (call_number, group_number, agent_number, insert_time) VALUES ('139', '110', '1000', '2026-01-02T03:04:05Z')`,
			[]string{`{"Remembered":{"Caller":"139","Group":"110","Agent":"1000"`},
		},
		{
			`INSERT INTO ext_group (group_number, group_name) VALUES ('130', 'new')`,
			[]string{`{"GroupAdded":{"Number":"130","Name":"new","Mode":5,"Cursor":"","RingTimeout":15000000000,`},
		},
		{`DELETE FROM ext_group WHERE group_number = '130'`, []string{`{"GroupRemoved":"130"}`}},
		{
			`INSERT INTO call_extension (extension_number, extension_pswd, seat_state) VALUES ('1002', 'pw', 'up')`,
			[]string{
				`{"AgentAdded":{"Extension":"1002","Password":"pw"}}`,
				`{"Agent":{"Extension":"1002","Registered":false,"Up":true,"Idle":true,`,
			},
		},
		{
			`UPDATE call_extension SET extension_number = '1003' WHERE extension_number = '1002'`,
			[]string{
				`{"AgentRemoved":"1002"}`, `{"AgentAdded":{"Extension":"1003","Password":"pw"}}`,
				`{"Agent":{"Extension":"1003",`,
			},
		},
		{
			`UPDATE call_extension SET extension_number = '1009' WHERE extension_number = '1001'`,
			[]string{`{"AgentRemoved":"1001"}`, `{"AgentAdded":{"Extension":"1009",`, `{"Agent":{"Extension":"1009",`},
		},
		{`DELETE FROM call_extension WHERE extension_number = '1003'`, []string{`{"AgentRemoved":"1003"}`}},
	} {
		exec(t, db, step.edit)
		for _, want := range step.want {
			if got := h.next(t); !strings.HasPrefix(got, want) {
				t.Errorf("%s\n got %s\nwant %s", step.edit, got, want)
			}
		}
		h.silence(t)
	}
}

func TestEditsThatOnlyAFullReadCanTell(t *testing.T) {
	s, h, db := listening(t, postgresOptions(t))
	jobsDone(t, s) // an index that is being built and a TRUNCATE may wait for each other
	for _, edit := range []string{
		`TRUNCATE call_vip_number`,
		`WITH x AS (SELECT 1) INSERT INTO cf_call_remember (call_number, group_number, agent_number) SELECT repeat('9', 9000), '110', '1000'`,
		`DELETE FROM cf_call_remember`,
		`ALTER TABLE call_vip_number ALTER phone_number TYPE text; INSERT INTO call_vip_number (phone_number) VALUES (repeat('1', 9000))`,
	} {
		exec(t, db, edit)
		select {
		case snap := <-h.reloads:
			if len(snap.Agents) != 2 || len(snap.Groups) != 2 {
				t.Errorf("%s: %+v", edit, snap)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: no reload", edit)
		}
	}
	exec(t, db, `DELETE FROM cf_call_remember`) // of nothing
	h.silence(t)
}

func TestOurOwnWritesAreNotEdits(t *testing.T) {
	s, h, _ := listening(t, postgresOptions(t))
	s.Write(addedAgent("1005"), queue.Change{Agent: &agent.Update{Extension: "1000", Up: new(true)}},
		queue.Change{VIPAdded: &queue.VIP{Number: "1", Group: "110"}},
		queue.Change{Blacklisted: &queue.Blacklisted{Number: "2"}},
		queue.Change{Remembered: &queue.Memory{Caller: "1", Group: "110", Agent: "1000", At: moment}},
		queue.Change{AgentRemoved: new("1001")}, queue.Change{GroupRemoved: new("120")})
	flush(t, s)
	h.silence(t)
}

// nextIsMarker makes an edit of an unrelated agent. It expects that the store hands out nothing
// before it.
func (h *heard) nextIsMarker(t *testing.T, db *sql.DB) {
	t.Helper()
	exec(t, db, `UPDATE call_extension SET job_number = 'marker' WHERE extension_number = '1001'`)
	if got, want := h.next(t), `{"Agent":{"Extension":"1001","JobNumber":"marker"}}`; got != want {
		t.Errorf("got %s, want only the marker", got)
	}
}

func TestAnEditOfAStateThatAnOwnWriteWillOverwriteIsLeftOut(t *testing.T) {
	s, h, db := listening(t, postgresOptions(t))
	if err := s.turn.lock(within(t)); err != nil { // nothing is applied
		t.Fatal(err)
	}
	s.Write(queue.Change{Agent: &agent.Update{
		Extension: "1000", Up: new(false), Call: new(agent.Ring),
		Deferred: new(agent.BusyDeferred),
	}})
	exec(t, db,
		`UPDATE call_extension SET seat_state = 'up', deferred = 'logout', call_state = 'typing', seat_status = 'busy', job_number = '7' WHERE extension_number = '1000'`)
	if got, want := h.next(t), `{"Agent":{"Extension":"1000","Idle":false,"JobNumber":"7"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	exec(t, db, `UPDATE call_extension SET call_state = 'ready' WHERE extension_number = '1000'`)
	h.nextIsMarker(t, db)
	s.turn.unlock()
	flush(t, s)
	if a := agentOf(t, load(t, s), "1000"); a.Up || a.Idle || a.Call != agent.Ring ||
		a.Deferred != agent.BusyDeferred || a.JobNumber != "7" {
		t.Errorf("the row became %+v", a)
	}
	exec(t, db, `UPDATE call_extension SET call_state = 'ready' WHERE extension_number = '1000'`)
	if got, want := h.next(t), `{"Agent":{"Extension":"1000","Call":"ready"}}`; got != want {
		t.Errorf("when nothing is pending: got %s, want %s", got, want)
	}
}

func TestAMembershipThatAnOwnWriteWillOverwriteIsLeftOut(t *testing.T) {
	s, h, db := listening(t, postgresOptions(t))
	if err := s.turn.lock(within(t)); err != nil { // nothing is applied
		t.Fatal(err)
	}
	s.Write(queue.Change{Membership: &queue.Membership{Extension: "1000", Groups: []string{"120"}}})
	exec(t, db, `INSERT INTO ext_group_map (ext_group_number, ext) VALUES ('777', '1000')`)
	h.nextIsMarker(t, db) // ours makes 1000 a member of 120 only
	s.turn.unlock()
	flush(t, s)
	for _, m := range load(t, s).Members {
		if m.Extension == "1000" && m.Group != "120" {
			t.Errorf("1000 is still a member of %s", m.Group)
		}
	}
	exec(t, db, `INSERT INTO ext_group_map (ext_group_number, ext) VALUES ('777', '1000')`)
	if got, want := h.next(t), `{"MemberJoined":{"Group":"777","Extension":"1000"}}`; got != want {
		t.Errorf("when nothing is pending: got %s, want %s", got, want)
	}
}

func TestASnapshotHasWhatIsNotAppliedYet(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s := open(t, o)
		defer s.Close()
		s.Write(addedAgent("1000"), addedGroup("110"))
		load(t, s)
		snap, applied, _, err := s.readMoment(within(t))
		if err != nil {
			t.Fatal(err)
		}
		s.Write(addedAgent("1001"), addedAgent("1002"), queue.Change{AgentRemoved: new("1002")}, addedGroup("120"),
			queue.Change{Agent: &agent.Update{Extension: "1000", Up: new(true), Deferred: new(agent.LogoutDeferred)}},
			queue.Change{Group: &queue.GroupUpdate{Number: "110", Cursor: new("1001")}},
			queue.Change{Membership: &queue.Membership{Extension: "1001", Groups: []string{"110", "120"}}},
			queue.Change{Waiting: &queue.Waiting{UUID: "u1", Group: "110", Since: moment, Visit: 1}},
			queue.Change{VIPAdded: &queue.VIP{Number: "1", Group: "110"}},
			queue.Change{Blacklisted: &queue.Blacklisted{Number: "2"}},
			queue.Change{Remembered: &queue.Memory{Caller: "1", Group: "110", Agent: "1000", At: moment}})
		if _, err := s.overlayJournal(&snap, applied); err != nil {
			t.Fatal(err)
		}
		read := load(t, s) // the same, by way of the database
		if got, want := fmt.Sprint(summary(snap)), fmt.Sprint(summary(read)); got != want {
			t.Errorf("overlay\n got %s\nwant %s", got, want)
		}
	})
}

// summary returns a snapshot as text, without the order of its rows.
func summary(snap queue.Snapshot) string {
	var lines []string
	add := func(one any) { lines = append(lines, fmt.Sprintf("%T%+v", one, one)) }
	for _, a := range snap.Agents {
		a.Since = time.Time{}
		add(a)
	}
	for _, g := range snap.Groups {
		add(g)
	}
	for _, m := range snap.Members {
		add(m)
	}
	for _, b := range snap.Blacklist {
		add(b)
	}
	for _, v := range snap.VIPs {
		add(v)
	}
	for _, m := range snap.Memories {
		m.At = m.At.UTC()
		add(m)
	}
	for _, w := range snap.Waiting {
		w.Since = w.Since.UTC()
		add(w)
	}
	for _, talk := range snap.Talks {
		add(fmt.Sprint("talk ", talk.CDR.UUID, " of ", talk.Server, " in ", talk.CDR.Group))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestABulkEditArrivesWhole(t *testing.T) {
	s, h, db := listening(t, postgresOptions(t))
	for i := range 2000 {
		s.Write(addedAgent(fmt.Sprint(5000 + i)))
	}
	flush(t, s)
	before := time.Now()
	exec(t, db, `UPDATE call_extension SET locked = true WHERE extension_number >= '5000'`)
	for range 2000 {
		h.next(t)
	}
	t.Logf("2000 edits took %s", time.Since(before))
	h.silence(t)
}

func TestPasswordsAndVersion(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		s.Write(addedAgent("1000"))
		flush(t, s)
		if password, ok, err := s.Password(within(t), "1000"); password != "secret-1000" || !ok || err != nil {
			t.Errorf("%q %v %v", password, ok, err)
		}
		if _, ok, err := s.Password(within(t), "nobody"); ok || err != nil {
			t.Errorf("%v %v", ok, err)
		}
		if v, err := s.Version(within(t)); err != nil || len(strings.Fields(v)) != 2 {
			t.Errorf("%q %v", v, err)
		}
	})
}
