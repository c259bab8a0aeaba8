package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"nwayacd/internal/auth"
	"nwayacd/queue"
)

var (
	annaRow = auth.User{
		Name: "anna", Password: "$argon2id$…", Role: auth.Supervisor, Groups: []string{"110", "120"}, Extension: "1000",
		Language: "zh", MustChange: true, Created: moment, Changed: moment.Add(1500 * time.Microsecond),
	}
	wallRow = auth.Token{
		Name: "wall", Hash: strings.Repeat("ab", 32), Role: auth.Wall, Groups: []string{"*"}, Created: moment,
		CreatedBy: "user:anna", Expires: moment.Add(time.Hour), LastUsed: moment.Truncate(24 * time.Hour),
	}
	sessionRow = auth.Session{
		Hash: strings.Repeat("cd", 32), User: "anna", Created: moment, Seen: moment.Add(time.Minute),
		Expires: moment.Add(12 * time.Hour), Source: "10.0.0.1", Browser: "Firefox",
	}
)

func authChange(c auth.Change) queue.Change { return queue.Change{Auth: &c} }

func addedAuth() []queue.Change {
	user, token, session := annaRow, wallRow, sessionRow
	return []queue.Change{
		authChange(auth.Change{UserAdded: &user}), authChange(auth.Change{TokenAdded: &token}),
		authChange(auth.Change{SessionAdded: &session}),
	}
}

func expectAuth(t *testing.T, got, want auth.Snapshot) {
	t.Helper()
	a, _ := json.MarshalIndent(got, "", " ")
	b, _ := json.MarshalIndent(want, "", " ")
	if string(a) != string(b) {
		t.Errorf("got %s\nwant %s", a, b)
	}
}

func TestUsersTokensAndSessionsAreKept(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, stop := run(t, o)
		s.Write(addedAuth()...)
		want := auth.Snapshot{
			Users: []auth.User{annaRow}, Tokens: []auth.Token{wallRow}, Sessions: []auth.Session{sessionRow},
		}
		flush(t, s)
		expectAuth(t, load(t, s).Auth, want)

		role, disabled, groups, later := auth.Read, true, []string{}, moment.Add(time.Hour)
		never := time.Time{}
		for _, c := range []auth.Change{
			{User: &auth.UserUpdate{Name: "anna", Role: &role, Groups: &groups, Disabled: &disabled, Changed: &later}},
			{Token: &auth.TokenUpdate{Name: "wall", Disabled: &disabled, Expires: &never}},
			{Session: &auth.SessionUpdate{Hash: sessionRow.Hash, Seen: &later}},
		} {
			s.Write(authChange(c))
			want.Apply(&c)
		}
		flush(t, s)
		expectAuth(t, load(t, s).Auth, want)
		stop()
		expectAuth(t, reopened(t, o).Auth, want)

		s, stop = run(t, o)
		for _, c := range []auth.Change{
			{UserRemoved: &annaRow.Name}, {TokenRemoved: &wallRow.Name}, {SessionEnded: &sessionRow.Hash},
		} {
			s.Write(authChange(c))
		}
		stop()
		expectAuth(t, reopened(t, o).Auth, auth.Snapshot{})
	})
}

func TestAUserSurvivesACrashWithTheDatabaseAway(t *testing.T) {
	c := struck(t)
	o := c.options(t)
	l := viaLink(t, &o)
	var f floor
	stop := f.open(t, o)
	changes := addedAuth()
	f.s.Write(changes[0])
	flush(t, f.s)
	if err := f.s.checkpoint(within(t)); err != nil {
		t.Fatal(err)
	}
	l.sever()
	away(t, f.s)
	if err := f.s.Sync(within(t), f.s.Write(changes[1:]...)); err != nil {
		t.Fatal(err)
	}
	crashed := journalCopy(t, o.DataDir)
	l.mend()
	stop()

	l.sever()
	o.DataDir = crashed
	s := open(t, o)
	defer s.Close()
	expectAuth(t, load(t, s).Auth, auth.Snapshot{
		Users: []auth.User{annaRow}, Tokens: []auth.Token{wallRow}, Sessions: []auth.Session{sessionRow},
	})
}

func TestAnEmptyDatabaseGetsTheUsersAgain(t *testing.T) {
	o := postgresOptions(t)
	s, stop := run(t, o)
	s.Write(addedAuth()...)
	flush(t, s)
	stop()
	db := openSQL(t, o.DSN)
	exec(t, db, `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	s, stop = run(t, o)
	load(t, s)
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_user WHERE name = 'anna'`); n != 1 {
		t.Errorf("the database has the user %d times", n)
	}
	stop()
}

func TestEditsOfUsersAndTokensArrive(t *testing.T) {
	s, h, db := listening(t, postgresOptions(t))
	s.Write(addedAuth()...)
	flush(t, s)
	user, token, session := annaRow, wallRow, sessionRow
	user.Disabled, token.Role = true, auth.Read
	renamed := user
	renamed.Name = "berta"
	for _, step := range []struct {
		edit string
		want []auth.Change
	}{
		{`UPDATE nwayacd_user SET disabled = true`, []auth.Change{{UserAdded: &user}}},
		{`UPDATE nwayacd_user SET disabled = true`, nil},
		{`UPDATE nwayacd_user SET name = 'berta'`, []auth.Change{{UserRemoved: &user.Name}, {UserAdded: &renamed}}},
		{`DELETE FROM nwayacd_user`, []auth.Change{{UserRemoved: &renamed.Name}}},
		{`UPDATE nwayacd_token SET role = 'read'`, []auth.Change{{TokenAdded: &token}}},
		{`DELETE FROM nwayacd_token`, []auth.Change{{TokenRemoved: &token.Name}}},
		{`DELETE FROM nwayacd_session`, []auth.Change{{SessionEnded: &session.Hash}}},
	} {
		exec(t, db, step.edit)
		for _, c := range step.want {
			want, _ := json.Marshal(authChange(c))
			if got := h.next(t); got != string(want) {
				t.Errorf("%s\n got %s\nwant %s", step.edit, got, want)
			}
		}
	}
	h.silence(t)
}

// TestAnEditDoesNotUndoANewerChange has a row read before this server's change of another column is
// applied.
func TestAnEditDoesNotUndoANewerChange(t *testing.T) {
	var w authWrites
	password, disabled := "$argon2id$new", true
	w.add(&auth.Change{User: &auth.UserUpdate{Name: "anna", Password: &password}}, 10)
	w.add(&auth.Change{TokenRemoved: &wallRow.Name}, 11)
	w.add(&auth.Change{User: &auth.UserUpdate{Name: "other", Disabled: &disabled}}, 12)
	read, token := annaRow, wallRow
	read.Disabled = true // by the edit
	if got := w.overlaid(&auth.Change{UserAdded: &read}, 9).UserAdded; got.Password != password || !got.Disabled {
		t.Errorf("before the change is applied: %+v", got)
	}
	if got := w.overlaid(&auth.Change{TokenAdded: &token}, 9); got.TokenRemoved == nil {
		t.Errorf("a token that was removed: %+v", got)
	}
	if got := w.overlaid(&auth.Change{UserAdded: &read}, 10).UserAdded; got.Password != annaRow.Password {
		t.Errorf("after the change is applied, the row is right: %+v", got)
	}
}

func TestTheAuditLogIsReadInPages(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		var want []auth.Entry
		for i := range 25 {
			e := auth.Entry{
				At: moment.Add(time.Duration(i) * time.Second), Actor: "user:anna", Role: auth.Admin, Source: "10.0.0.1",
				Way: auth.WayHTTP, Action: "nway_busy", Object: fmt.Sprint(1000 + i%5), Outcome: auth.OK,
				Detail: map[string]string{"number": fmt.Sprint(i), "password": auth.Masked, "quote": `"'\`},
			}
			if i%2 == 1 {
				e.Actor, e.Outcome, e.Reason = "token:crm", auth.Refused, "it is not allowed"
			}
			want = append(want, e)
			s.Write(authChange(auth.Change{Audit: &e}))
		}
		flush(t, s)
		var all []auth.Entry
		for before := int64(0); ; {
			page, next, err := s.SearchAudit(within(t), auth.Search{Before: before, Limit: 10})
			if err != nil || len(page) > 10 {
				t.Fatal(len(page), err)
			}
			all = append(all, page...)
			if before = next; next == 0 {
				break
			}
		}
		for i, e := range all {
			if w := want[len(want)-1-i]; !reflect.DeepEqual(e, w) {
				t.Fatalf("entry %d\n got %+v\nwant %+v", i, e, w)
			}
		}
		if len(all) != len(want) {
			t.Errorf("%d entries, want %d", len(all), len(want))
		}
		for n, q := range map[int]auth.Search{
			12: {Actor: "token:crm"}, 5: {Object: "1003"}, 3: {Actor: "token:crm", Object: "1003"}, 0: {Action: "other"},
			7: {From: moment.Add(3 * time.Second), To: moment.Add(10 * time.Second)},
		} {
			q.Limit = 100
			if page, _, err := s.SearchAudit(within(t), q); err != nil || len(page) != n {
				t.Errorf("%+v: %d entries, %v, want %d", q, len(page), err, n)
			}
		}
	})
}

// TestAnEditByAnotherProgramIsInTheAuditLog has an edit of each kind, by a role that has no
// privilege for the log.
func TestAnEditByAnotherProgramIsInTheAuditLog(t *testing.T) {
	o := postgresOptions(t)
	s, _, db := listening(t, o)
	s.Write(addedAuth()...)
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_audit`); n != 0 {
		t.Fatalf("this server's own writes made %d entries by the trigger", n)
	}
	crm := asCRM(t, o, db)
	for _, step := range []struct{ edit, action, object, detail string }{
		{
			`UPDATE call_extension SET seat_status = 'busy', client_ip = '10.9.9.9' WHERE extension_number = '1000'`,
			"update call_extension", "1000", `{"seat_status": "busy"}`,
		},
		{`UPDATE call_extension SET client_ip = '10.9.9.8' WHERE extension_number = '1000'`, "", "", ""},
		{
			`UPDATE call_extension SET extension_pswd = 'topsecret' WHERE extension_number = '1000'`,
			"update call_extension", "1000", `{"extension_pswd": "***"}`,
		},
		{
			`UPDATE call_extension SET extension_name = E'a\nb' WHERE extension_number = '1000'`,
			"update call_extension", "1000", `{"extension_name": "a b"}`,
		},
		{
			`INSERT INTO call_vip_number (phone_number, group_number) VALUES ('139', '110')`,
			"insert call_vip_number", "139", `{"group_number": "110", "phone_number": "139"}`,
		},
		{`DELETE FROM ext_group WHERE group_number = '110'`, "delete ext_group", "110", `{}`},
		{`UPDATE nwayacd_user SET password = '$argon2id$x'`, "update nwayacd_user", "anna", `{"password": "***"}`},
		{`UPDATE nwayacd_user SET role = 'admin'`, "update nwayacd_user", "anna", `{"role": "admin"}`},
		{`DELETE FROM nwayacd_token`, "delete nwayacd_token", "wall", `{}`},
	} {
		exec(t, db, `DELETE FROM nwayacd_audit`)
		exec(t, crm, step.edit)
		page, _, err := s.SearchAudit(within(t), auth.Search{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if step.action == "" {
			if len(page) > 0 {
				t.Errorf("%s made %+v", step.edit, page)
			}
			continue
		}
		if len(page) != 1 {
			t.Errorf("%s: %d entries", step.edit, len(page))
			continue
		}
		var detail map[string]string
		if err := json.Unmarshal([]byte(step.detail), &detail); err != nil {
			t.Fatal(err)
		}
		e := page[0]
		if !strings.HasPrefix(e.Actor, "sql:nwayacd_crm") || e.Way != auth.WaySQL || e.Action != step.action ||
			e.Object != step.object || !reflect.DeepEqual(e.Detail, detail) || time.Since(e.At) > time.Minute {
			t.Errorf("%s\n%+v", step.edit, e)
		}
	}
}

// TestAnEditDoesNotFailForTheAuditLog has no table for the log.
func TestAnEditDoesNotFailForTheAuditLog(t *testing.T) {
	o := postgresOptions(t)
	s, _, db := listening(t, o)
	exec(t, db, `ALTER TABLE nwayacd_audit RENAME TO elsewhere`)
	exec(t, asCRM(t, o, db), `UPDATE call_extension SET seat_status = 'busy' WHERE extension_number = '1000'`)
	const busy = `SELECT count(*) FROM call_extension WHERE extension_number = '1000' AND seat_status = 'busy'`
	if n := count(t, s, busy); n != 1 {
		t.Error("the edit was lost")
	}
	exec(t, db, `ALTER TABLE elsewhere RENAME TO nwayacd_audit`)
}

// asCRM returns a connection of a role that may edit the tables, and nothing else.
func asCRM(t *testing.T, o Options, db *sql.DB) *sql.DB {
	t.Helper()
	var name string
	const named = `SELECT 'nwayacd_crm_' || oid FROM pg_database WHERE datname = current_database()`
	if err := db.QueryRow(named).Scan(&name); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `CREATE ROLE `+name)
	t.Cleanup(func() {
		if _, err := db.Exec(`DROP OWNED BY ` + name); err != nil {
			t.Error(err)
		}
		if _, err := db.Exec(`DROP ROLE ` + name); err != nil {
			t.Error(err)
		}
	})
	exec(t, db, `GRANT SELECT, INSERT, UPDATE, DELETE ON call_extension, ext_group, ext_group_map, call_vip_number,
		nwayacd_user, nwayacd_token TO `+name)
	exec(t, db, `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO `+name)
	exec(t, db, `REVOKE ALL ON SEQUENCE nwayacd_audit_id_seq FROM `+name)
	crm := openSQL(t, o.DSN)
	crm.SetMaxOpenConns(1)
	exec(t, crm, `SET SESSION AUTHORIZATION `+name)
	return crm
}

// TestTheAuditLogHasEveryColumnThatIsRead compares the columns whose edits have an effect with
// those that the trigger names.
func TestTheAuditLogHasEveryColumnThatIsRead(t *testing.T) {
	o := postgresOptions(t)
	s := open(t, o)
	defer s.Close()
	for table, columns := range map[string][]string{
		"call_extension": slices.Concat(keysOfMap(agentColumns), agentSettings, []string{"extension_pswd"}),
		"ext_group":      append(groupSettings, cursorColumn),
	} {
		var trigger string
		err := s.db.QueryRow(`SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'nwayacd_audit'
			AND tgrelid = $1::regclass`, table).Scan(&trigger)
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range columns {
			if !strings.Contains(trigger, "'"+column+"'") {
				t.Errorf("the trigger nwayacd_audit of %s lacks the column %s: make the trigger again in a migration "+
					"(sql/postgres/0009_people.sql has it)", table, column)
			}
		}
	}
}

func keysOfMap[V any](m map[string]V) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

// TestWhatTheJournalRefusedIsNotPutOnALaterEdit gives a user a password of an administrator while
// the journal is full. Later the user has changed it, and another program edits the row.
func TestWhatTheJournalRefusedIsNotPutOnALaterEdit(t *testing.T) {
	var w authWrites
	w.add(&auth.Change{User: &auth.UserUpdate{Name: "anna", MustChange: new(true), Password: new("old")}}, notKept)
	w.add(&auth.Change{UserAdded: &auth.User{Name: "anna", MustChange: true, Password: "old"}}, 10) // the resync
	w.add(&auth.Change{User: &auth.UserUpdate{Name: "anna", MustChange: new(false), Password: new("own")}}, 11)
	edited := auth.User{Name: "anna", Password: "own", Language: "zh"}
	for _, applied := range []uint64{10, 11, 12} {
		got := w.overlaid(&auth.Change{UserAdded: &edited}, applied).UserAdded
		if got == nil || got.MustChange || got.Password != "own" || got.Language != "zh" {
			t.Errorf("with all up to %d in the database, the edit becomes %+v", applied, got)
		}
	}
}
