package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"nwayacd/api"
	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
)

// TestAnEditOfAUserTakesEffect disables a user with SQL while a stream of the user is open. It also
// looks for the entries of the commands before.
func TestAnEditOfAUserTakesEffect(t *testing.T) {
	d, db := onPostgres(t)
	admin := auth.With(t.Context(), auth.Actor{Name: "control", Role: auth.Admin, Way: auth.WayCommand})
	for _, line := range []string{
		"nway_add_group 110 0", "nway_add_ext 1000 topsecret", "nway_login 1000 110",
		"nway_user add anna supervisor 110",
	} {
		if reply := api.Run(admin, d.commands(), line); reply[:3] != "+OK" {
			t.Fatal(line, reply)
		}
	}
	cookie, err := d.users.Begin(t.Context(), auth.Actor{Name: "user:anna"}, "browser")
	if err != nil {
		t.Fatal(err)
	}
	actor, _ := d.users.Session(cookie)
	stream, stop := d.users.While(t.Context(), actor)
	defer stop()
	if err := d.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `UPDATE nwayacd_user SET disabled = true WHERE name = 'anna'`)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-stream.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the stream goes on")
	}
	if !errors.Is(context.Cause(stream), users.ErrRightsEnded) {
		t.Error(context.Cause(stream))
	}
	if _, valid := d.users.Session(cookie); valid {
		t.Error("the session goes on")
	}
	entries, _, err := d.store.SearchAudit(t.Context(), auth.Search{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range entries {
		actions = append(actions, e.Action+" "+e.Object)
	}
	want := []string{
		"update nwayacd_user anna", "login anna", "nway_user anna", "nway_login 1000", "nway_add_ext 1000",
		"nway_add_group 110",
	}
	if len(actions) != len(want) {
		t.Fatalf("%q", actions)
	}
	for i := range want {
		if actions[i] != want[i] {
			t.Errorf("entry %d is %q, want %q", i, actions[i], want[i])
		}
	}
}

// TestAPasswordThatAPersonChangedStaysChanged edits the user, and has everything read again, while
// the user changes a password that an administrator gave.
func TestAPasswordThatAPersonChangedStaysChanged(t *testing.T) {
	const given, own = "that of the administrator", "a sentence of my own"
	d, db := onPostgres(t)
	ctx := t.Context()
	if _, err := d.users.AddUser(ctx, auth.User{Name: "anna", Role: auth.Admin}); err != nil {
		t.Fatal(err)
	}
	for n := 0; n == 0; time.Sleep(time.Millisecond) { // an edit needs the row
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM nwayacd_user`).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	for round, language := range []string{"zh", "en"} {
		if _, err := d.users.SetPassword(ctx, "anna", users.HashPassword(given)); err != nil {
			t.Fatal(err)
		}
		cookie, err := d.users.Begin(ctx, auth.Actor{Name: "user:anna"}, "browser")
		if err != nil {
			t.Fatal(err)
		}
		actor, _ := d.users.Session(cookie)
		if !actor.MustChange {
			t.Fatal("the password of an administrator need not be changed")
		}
		for _, statement := range []string{
			`UPDATE nwayacd_user SET language = '` + language + `'`, `TRUNCATE call_vip_number`,
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.users.ChangePassword(ctx, actor, given, own); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			if now, valid := d.users.Session(cookie); !valid || now.MustChange {
				t.Fatalf("round %d: the session is valid: %v, and the password must be changed: %v", round, valid,
					now.MustChange)
			}
			if u, _ := d.users.User("anna"); u.Language == language {
				break
			}
			if time.Now().After(deadline) {
				u, _ := d.users.User("anna")
				var there string
				db.QueryRow(`SELECT language || ' ' || must_change FROM nwayacd_user`).Scan(&there)
				t.Fatalf("round %d: the edit did not come: the server has %+v, the database %s", round, u, there)
			}
		}
	}
}
