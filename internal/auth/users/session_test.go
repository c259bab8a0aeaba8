package users_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
	"nwayacd/queue"
)

func TestASessionLastsTwelveHoursAfterTheLastRequestAndAWeekAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		idle, used := login(t, b, "boss", "10.0.0.1"), login(t, b, "boss", "10.0.0.1")
		for range 13 {
			time.Sleep(time.Hour)
			expectSession(t, b, used, true)
		}
		expectSession(t, b, idle, false)
		for range 7*24 - 14 {
			time.Sleep(time.Hour)
			expectSession(t, b, used, true)
		}
		time.Sleep(time.Hour)
		expectSession(t, b, used, false)
	})
}

func TestARequestIsWrittenEveryFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		cookie := login(t, b, "boss", "10.0.0.1")
		before := len(r.writes)
		for range 60 {
			time.Sleep(30 * time.Second)
			expectSession(t, b, cookie, true)
		}
		if n := len(r.writes) - before; n != 6 {
			t.Errorf("60 requests in half an hour made %d writes, want 6", n)
		}
	})
}

func TestRightsEnd(t *testing.T) {
	ctx := t.Context()
	role, disabled, groups, other := auth.Read, true, []string{"120"}, users.HashPassword("another long password")
	for situation, end := range map[string]func(b *users.Book, cookie string) error{
		"logout": func(b *users.Book, cookie string) error { return b.Logout(ctx, cookie, netip.Addr{}) },
		"a new role": func(b *users.Book, _ string) error {
			return b.ChangeUser(ctx, auth.UserUpdate{Name: "anna", Role: &role})
		},
		"new groups": func(b *users.Book, _ string) error {
			return b.ChangeUser(ctx, auth.UserUpdate{Name: "anna", Groups: &groups})
		},
		"disabled": func(b *users.Book, _ string) error {
			return b.ChangeUser(ctx, auth.UserUpdate{Name: "anna", Disabled: &disabled})
		},
		"removed": func(b *users.Book, _ string) error { return b.RemoveUser(ctx, "anna") },
		"a new password": func(b *users.Book, _ string) error {
			_, err := b.SetPassword(ctx, "anna", other)
			return err
		},
		"an edit in the database": func(b *users.Book, _ string) error {
			b.Edit(func() []queue.Change {
				return []queue.Change{{Auth: &auth.Change{User: &auth.UserUpdate{Name: "anna", Role: &role}}}}
			})
			return nil
		},
		"a reload without the user": func(b *users.Book, _ string) error {
			b.Reload(func() queue.Snapshot { return queue.Snapshot{} })
			return nil
		},
	} {
		t.Run(situation, func(t *testing.T) {
			b, r := newBook(t)
			cookie, boss := login(t, b, "anna", "10.0.0.1"), login(t, b, "boss", "10.0.0.1")
			actor, _ := b.Session(cookie)
			bossActor, _ := b.Session(boss)
			stream, stop := b.While(ctx, actor)
			defer stop()
			bossStream, stopBoss := b.While(ctx, bossActor)
			defer stopBoss()
			if stream.Err() != nil {
				t.Fatal("the stream ends before anything happens")
			}
			if err := end(b, cookie); err != nil {
				t.Fatal(err)
			}
			if !errors.Is(context.Cause(stream), users.ErrRightsEnded) {
				t.Errorf("the stream goes on: %v", context.Cause(stream))
			}
			expectSession(t, b, cookie, false)
			expectSession(t, restarted(r), cookie, false)
			if late, stop := b.While(ctx, actor); !errors.Is(context.Cause(late), users.ErrRightsEnded) {
				t.Error("a stream that comes later goes on")
			} else {
				stop()
			}
			if situation != "a reload without the user" && bossStream.Err() != nil {
				t.Error("the stream of somebody else ended")
			}
		})
	}
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		cookie := login(t, b, "boss", "10.0.0.1")
		actor, _ := b.Session(cookie)
		stream, stop := b.While(t.Context(), actor)
		defer stop()
		time.Sleep(6 * time.Hour)
		expectSession(t, b, cookie, true)
		time.Sleep(12*time.Hour - time.Second)
		if stream.Err() != nil {
			t.Error("the stream ended before the session")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !errors.Is(context.Cause(stream), users.ErrRightsEnded) {
			t.Error("the stream goes on after the session")
		}
	})
}

// A client of the command port logs in without a session (userauth).
func TestAnotherPasswordEndsALoginWithoutASession(t *testing.T) {
	const next = "another long password"
	for who, change := range map[string]func(b *users.Book) error{
		"the user": func(b *users.Book) error {
			self, err := b.Login(t.Context(), "anna", password, from("10.0.0.2"))
			if err != nil {
				return err
			}
			return b.ChangePassword(t.Context(), self, password, next)
		},
		"an administrator": func(b *users.Book) error {
			_, err := b.SetPassword(t.Context(), "anna", users.HashPassword(next))
			return err
		},
		"a program in the database": func(b *users.Book) error {
			other := users.HashPassword(next)
			b.Edit(func() []queue.Change {
				return []queue.Change{{Auth: &auth.Change{User: &auth.UserUpdate{Name: "anna", Password: &other}}}}
			})
			return nil
		},
	} {
		t.Run(who, func(t *testing.T) {
			b, _ := newBook(t)
			actor, err := b.Login(t.Context(), "anna", password, from("10.0.0.1"))
			if err != nil {
				t.Fatal(err)
			}
			client, stop := b.While(t.Context(), actor)
			defer stop()
			if client.Err() != nil {
				t.Fatal("the login ends before anything happens")
			}
			if err := change(b); err != nil {
				t.Fatal(err)
			}
			if !errors.Is(context.Cause(client), users.ErrRightsEnded) {
				t.Errorf("the login goes on: %v", context.Cause(client))
			}
			if _, err := b.Begin(t.Context(), actor, "browser"); !errors.Is(err, users.ErrWrong) {
				t.Errorf("a session begins with the old password: %v", err)
			}
		})
	}
}

func TestAPersonChangesThePassword(t *testing.T) {
	b, _ := newBook(t)
	if _, err := b.SetPassword(t.Context(), "anna", hash()); err != nil {
		t.Fatal(err)
	}
	mine, other := login(t, b, "anna", "10.0.0.1"), login(t, b, "anna", "10.0.0.2")
	actor, _ := b.Session(mine)
	if !actor.MustChange {
		t.Error("a password that somebody else gave must be changed")
	}
	actor.Source = "10.0.0.1"
	const next = "another long password"
	if err := b.ChangePassword(t.Context(), actor, "wrong horse battery", next); !errors.Is(err, users.ErrWrong) {
		t.Errorf("with a wrong old password: %v", err)
	}
	for _, bad := range []string{"short", "anna", password, "with a\ncontrol character"} {
		if err := b.ChangePassword(t.Context(), actor, password, bad); err == nil {
			t.Errorf("the new password %q is accepted", bad)
		}
	}
	if err := b.ChangePassword(t.Context(), actor, password, next); err != nil {
		t.Fatal(err)
	}
	if actor, ok := b.Session(mine); !ok || actor.MustChange {
		t.Errorf("own session: %+v, %v", actor, ok)
	}
	expectSession(t, b, other, false)
	if _, err := b.Login(t.Context(), "anna", password, from("10.0.0.1")); !errors.Is(err, users.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := b.Login(t.Context(), "anna", next, from("10.0.0.1")); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

func TestALinkLogsInOnceAndWithinTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		link := func() string {
			key, err := b.MakeLink("boss")
			if err != nil {
				t.Fatal(err)
			}
			return key
		}
		good, late := link(), link()
		cookie, err := b.Enter(t.Context(), good, from("10.0.0.1"), "browser")
		if err != nil {
			t.Fatal(err)
		}
		expectSession(t, b, cookie, true)
		time.Sleep(10*time.Minute + time.Second)
		for what, key := range map[string]string{"used": good, "late": late, "empty": "", "made up": "nwa_x"} {
			if _, err := b.Enter(t.Context(), key, from("10.0.0.1"), "browser"); !errors.Is(err, users.ErrLink) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestAWallEntersWithItsTokenAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		key := addToken(t, b, auth.Token{Name: "wall", Role: auth.Wall, Groups: []string{"110"}})
		reader := addToken(t, b, auth.Token{Name: "reader", Role: auth.Read})
		if _, err := b.Enter(t.Context(), reader, from("10.0.0.1"), ""); !errors.Is(err, users.ErrLink) {
			t.Errorf("a token of another role enters: %v", err)
		}
		first, err := b.Enter(t.Context(), key, from("10.0.0.1"), "")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(29 * 24 * time.Hour)
		expectSession(t, b, first, true)
		time.Sleep(24 * time.Hour)
		expectSession(t, b, first, false)
		second, err := b.Enter(t.Context(), key, from("10.0.0.1"), "")
		if err != nil {
			t.Fatal(err)
		}
		if actor, ok := restarted(r).Session(second); !ok || actor.Name != "token:wall" || actor.Role != auth.Wall {
			t.Errorf("%+v, %v", actor, ok)
		}
		if err := b.RemoveToken(t.Context(), "wall"); err != nil {
			t.Fatal(err)
		}
		expectSession(t, b, second, false)
	})
}
