package users_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
)

func addToken(t *testing.T, b *users.Book, token auth.Token) string {
	t.Helper()
	key, err := b.AddToken(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestATokenIsWhoItsRowSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		key := addToken(t, b, auth.Token{
			Name: "crm", Role: auth.Read, Groups: []string{"110"}, Expires: time.Now().Add(48 * time.Hour),
		})
		if actor, ok := restarted(r).Authenticate(key); !ok || actor.Name != "token:crm" || actor.Role != auth.Read {
			t.Errorf("%+v, %v", actor, ok)
		}
		for _, wrong := range []string{"", "nwa_", key[:len(key)-1], key + "x", r.rows.Tokens[0].Hash} {
			if actor, ok := b.Authenticate(wrong); ok {
				t.Errorf("%q is %s", wrong, actor.Name)
			}
		}
		before := len(r.writes)
		for range 47 {
			if _, ok := b.Authenticate(key); !ok {
				t.Fatal("the token is refused")
			}
			time.Sleep(time.Hour)
		}
		if n := len(r.writes) - before; n > 3 {
			t.Errorf("the last day of use was written %d times in two days", n)
		}
		time.Sleep(time.Hour)
		if _, ok := b.Authenticate(key); ok {
			t.Error("the token has expired and is accepted")
		}
	})
}

func TestADisabledTokenEndsAtOnce(t *testing.T) {
	b, r := newBook(t)
	key := addToken(t, b, auth.Token{Name: "crm", Role: auth.Read})
	actor, _ := b.Authenticate(key)
	stream, stop := b.While(t.Context(), actor)
	defer stop()
	disabled := true
	if err := b.ChangeToken(t.Context(), auth.TokenUpdate{Name: "crm", Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(context.Cause(stream), users.ErrRightsEnded) {
		t.Error("its stream goes on")
	}
	for _, b := range []*users.Book{b, restarted(r)} {
		if _, ok := b.Authenticate(key); ok {
			t.Error("the token is accepted")
		}
	}
}

func TestWhatIsNoUserOrTokenIsRefused(t *testing.T) {
	b, _ := newBook(t)
	for _, u := range []auth.User{
		{Name: "Upper", Role: auth.Read},
		{Name: "", Role: auth.Read},
		{Name: "x", Role: "root"},
		{Name: "x", Role: auth.Metrics},
		{Name: "x", Role: auth.Local},
		{Name: "x", Role: auth.Agent},
		{Name: "x", Role: auth.Read, Groups: []string{"a b"}},
		{Name: "x", Role: auth.Read, Language: "xx"},
		{Name: "x", Role: auth.Read, Password: "plain text password"},
		{Name: "x", Role: auth.Read, Password: strings.Replace(hash(), "m=19456", "m=4194304", 1)},
		{Name: "anna", Role: auth.Read},
	} {
		if _, err := b.AddUser(t.Context(), u); err == nil {
			t.Errorf("%+v was added", u)
		}
	}
	for _, token := range []auth.Token{
		{Name: "x", Role: auth.Dialplan}, {Name: "x", Role: auth.Local}, {Name: "x", Role: auth.Read, Hash: "abc"},
	} {
		if _, err := b.AddToken(t.Context(), token); err == nil {
			t.Errorf("%+v was added", token)
		}
	}
}

func TestAllGroupsAreTakenAway(t *testing.T) {
	b, r := newBook(t)
	var none []string
	if err := b.ChangeUser(t.Context(), auth.UserUpdate{Name: "anna", Groups: &none}); err != nil {
		t.Fatal(err)
	}
	for _, b := range []*users.Book{b, restarted(r)} {
		if u, _ := b.User("anna"); len(u.Groups) != 0 {
			t.Errorf("anna has %v", u.Groups)
		}
	}
}

func TestAMadePasswordIsTheUsers(t *testing.T) {
	b, _ := newBook(t)
	made, err := b.AddUser(t.Context(), auth.User{Name: "new", Role: auth.Read})
	if err != nil {
		t.Fatal(err)
	}
	if err := users.CheckNewPassword("new", made); err != nil {
		t.Error(err)
	}
	if _, err := b.Login(t.Context(), "new", made, from("10.0.0.1")); err != nil {
		t.Error(err)
	}
}

func TestAUserHasTwentySessionsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		actor, err := b.Login(t.Context(), "boss", password, from("10.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		var cookies []string
		for range 25 {
			cookie, err := b.Begin(t.Context(), actor, "")
			if err != nil {
				t.Fatal(err)
			}
			cookies = append(cookies, cookie)
			time.Sleep(time.Second)
		}
		for i, cookie := range cookies {
			expectSession(t, b, cookie, i >= 5)
		}
	})
}

// TestWhatWasRemovedStaysRemoved has a database come back that still has the rows.
func TestWhatWasRemovedStaysRemoved(t *testing.T) {
	b, r := newBook(t)
	addToken(t, b, auth.Token{Name: "crm", Role: auth.Read})
	stale := r.rows.Clone()
	if err := errors.Join(b.RemoveUser(t.Context(), "anna"), b.RemoveToken(t.Context(), "crm")); err != nil {
		t.Fatal(err)
	}
	r.rows = stale
	b.Resync()
	if len(r.rows.Users) != 2 || len(r.rows.Tokens) != 0 {
		t.Errorf("the database has %+v", r.rows)
	}
}
