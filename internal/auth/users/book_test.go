package users_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
	"nwayacd/queue"
)

// recorder is a journal that keeps what a database would have.
type recorder struct {
	mu      sync.Mutex
	writes  [][]auth.Change
	rows    auth.Snapshot
	entries []auth.Entry
	broken  error // what Sync returns
}

func (r *recorder) Write(changes ...queue.Change) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var one []auth.Change
	for _, c := range changes {
		text, _ := json.Marshal(c) // as the journal keeps it
		var kept queue.Change
		if err := json.Unmarshal(text, &kept); err != nil {
			panic(err)
		}
		one = append(one, *kept.Auth)
		r.rows.Apply(kept.Auth)
		if kept.Auth.Audit != nil {
			r.entries = append(r.entries, *kept.Auth.Audit)
		}
	}
	r.writes = append(r.writes, one)
	return uint64(len(r.writes))
}

func (r *recorder) Sync(context.Context, uint64) error { return r.broken }

func (r *recorder) last() []auth.Change { return r.writes[len(r.writes)-1] }

const password = "correct horse battery"

// hash is that of password. It is made once, because it takes long.
var hash = sync.OnceValue(func() string { return users.HashPassword(password) })

// newBook returns a book with one user of each kind: boss, anna, and gone, which is disabled.
func newBook(t *testing.T) (*users.Book, *recorder) {
	t.Helper()
	r := &recorder{}
	b := users.New(r, zerolog.New(zerolog.NewTestWriter(t)), auth.Snapshot{})
	for _, u := range []auth.User{
		{Name: "boss", Role: auth.Admin},
		{Name: "anna", Role: auth.Supervisor, Groups: []string{"110"}},
		{Name: "gone", Role: auth.Admin, Disabled: true},
	} {
		u.Password = hash()
		if _, err := b.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return b, r
}

// restarted returns a book with what the journal kept.
func restarted(r *recorder) *users.Book { return users.New(r, zerolog.Nop(), r.rows.Clone()) }

// from returns an address.
func from(text string) netip.Addr { return netip.MustParseAddr(text) }

func login(t *testing.T, b *users.Book, name, source string) (cookie string) {
	t.Helper()
	actor, err := b.Login(t.Context(), name, password, from(source))
	if err != nil {
		t.Fatal(err)
	}
	cookie, err = b.Begin(t.Context(), actor, "browser")
	if err != nil {
		t.Fatal(err)
	}
	return cookie
}

func expectSession(t *testing.T, b *users.Book, cookie string, want bool) {
	t.Helper()
	if _, ok := b.Session(cookie); ok != want {
		t.Errorf("the session is valid: %v, want %v", ok, want)
	}
}

func TestAUserWhoLogsInIsWhoTheRowSays(t *testing.T) {
	b, r := newBook(t)
	cookie := login(t, b, "Anna", "10.0.0.1")
	for _, b := range []*users.Book{b, restarted(r)} {
		actor, ok := b.Session(cookie)
		if !ok || actor.Name != "user:anna" || actor.Role != auth.Supervisor || !actor.HasGroup("110") ||
			actor.HasGroup("120") || actor.Session == "" {
			t.Errorf("%+v, %v", actor, ok)
		}
	}
	for _, s := range r.rows.Sessions {
		if s.Hash == cookie {
			t.Error("the journal has the cookie itself")
		}
	}
}

func TestNobodyLogsInWithoutTheRightPassword(t *testing.T) {
	b, _ := newBook(t)
	for _, try := range []struct{ name, password string }{
		{"anna", "wrong horse battery"},
		{"nosuch", password},
		{"gone", password},
		{"anna", ""},
		{"", password},
		{"anna\x00", password},
		{"anna", password + "\x00"},
	} {
		if _, err := b.Login(t.Context(), try.name, try.password, from("10.0.0.1")); !errors.Is(err, users.ErrWrong) {
			t.Errorf("%q with %q: %v", try.name, try.password, err)
		}
	}
}

// TestAnUnknownNameCostsAsMuch compares the shortest of several times.
func TestAnUnknownNameCostsAsMuch(t *testing.T) {
	b, _ := newBook(t)
	shortest := func(name string) time.Duration {
		least := time.Hour
		for range 4 {
			began := time.Now()
			b.Login(t.Context(), name, "wrong horse battery", from("10.0.0.1"))
			least = min(least, time.Since(began))
		}
		return least
	}
	// without the work, it would be a thousandth
	if known, unknown := shortest("anna"), shortest("nosuch"); unknown < known/10 {
		t.Errorf("a known name takes %s, an unknown one %s", known, unknown)
	}
}

func TestAfterFiveWrongPasswordsATryEachFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		login(t, b, "anna", "10.0.0.1") // so that the limit for strangers does not count
		try := func(password string) error {
			_, err := b.Login(t.Context(), "anna", password, from("10.0.0.1"))
			return err
		}
		for i := range 5 {
			if err := try("wrong horse battery"); !errors.Is(err, users.ErrWrong) {
				t.Fatalf("try %d: %v", i+1, err)
			}
		}
		for range 3 {
			expectSlow(t, try(password), 5*time.Second)
			time.Sleep(4900 * time.Millisecond)
			expectSlow(t, try(password), 100*time.Millisecond)
			time.Sleep(100 * time.Millisecond)
			if err := try("wrong horse battery"); !errors.Is(err, users.ErrWrong) {
				t.Fatalf("the try after 5 seconds: %v", err)
			}
		}
		if _, err := b.Login(t.Context(), "anna", password, from("10.0.0.2")); err != nil {
			t.Errorf("the same name from another source: %v", err)
		}
		time.Sleep(5 * time.Second)
		if err := try(password); err != nil {
			t.Fatalf("the right password when its time has come: %v", err)
		}
		if err := try("wrong horse battery"); !errors.Is(err, users.ErrWrong) {
			t.Errorf("the first wrong one after a right one: %v", err)
		}
	})
}

func expectSlow(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	slow, is := errors.AsType[users.SlowError](err)
	if !is || (slow.Wait-wait).Abs() > 10*time.Millisecond {
		t.Errorf("%v, want a wait of %s", err, wait)
	}
}

func TestANameTakesTenTriesAMinuteFromStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		login(t, b, "anna", "10.0.0.1")
		time.Sleep(time.Minute)
		for _, b := range []*users.Book{b, restarted(r)} {
			for i := range 10 {
				source := fmt.Sprint("10.1.0.", i)
				_, err := b.Login(t.Context(), "anna", "wrong horse battery", from(source))
				if !errors.Is(err, users.ErrWrong) {
					t.Fatalf("stranger %d: %v", i+1, err)
				}
			}
			_, err := b.Login(t.Context(), "anna", password, from("10.2.0.1"))
			expectSlow(t, err, 6*time.Second)
			if _, err := b.Login(t.Context(), "anna", password, from("10.0.0.1")); err != nil {
				t.Errorf("from where the name has logged in before: %v", err)
			}
			time.Sleep(6 * time.Second)
			if _, err := b.Login(t.Context(), "anna", password, from("10.2.0.1")); err != nil {
				t.Errorf("a stranger with the right password, 6 seconds later: %v", err)
			}
			time.Sleep(time.Minute)
		}
	})
}

// A try costs a core some 30 ms also if the name is made up, and a client can make up any number.
func TestASourceTakesSixtyWrongTriesAMinuteOfNamesThatItNeverLoggedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBook(t)
		const office = "10.0.0.1"
		login(t, b, "anna", office)
		for i := range 60 {
			if i == 30 { // right ones count for nothing
				login(t, b, "boss", office)
			}
			_, err := b.Login(t.Context(), fmt.Sprint("nobody", i), password, from(office))
			if !errors.Is(err, users.ErrWrong) {
				t.Fatalf("try %d: %v", i+1, err)
			}
		}
		_, err := b.Login(t.Context(), "nobody", password, from(office))
		expectSlow(t, err, time.Second)
		if _, err := b.Login(t.Context(), "anna", password, from(office)); err != nil {
			t.Errorf("a name that has logged in from there: %v", err)
		}
		if _, err := b.Login(t.Context(), "nobody", password, from("10.0.0.2")); !errors.Is(err, users.ErrWrong) {
			t.Errorf("another source: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := b.Login(t.Context(), "nobody", password, from(office)); !errors.Is(err, users.ErrWrong) {
			t.Errorf("a second later: %v", err)
		}
	})
}

// TestPasswordsAreLookedAtOneByOne sends 64 from one source and 64 from many.
func TestPasswordsAreLookedAtOneByOne(t *testing.T) {
	b, _ := newBook(t)
	for _, many := range []struct {
		source func(i int) string
		most   int
	}{
		{func(int) string { return "10.0.0.1" }, 1 + 4},
		{func(i int) string { return fmt.Sprint("10.0.1.", i) }, 1 + 16},
	} {
		var all sync.WaitGroup
		errs := make(chan error, 64)
		begin := make(chan struct{})
		for i := range 64 {
			all.Go(func() {
				<-begin
				_, err := b.Login(t.Context(), "nosuch"+many.source(i), "wrong horse battery", from(many.source(i)))
				errs <- err
			})
		}
		close(begin)
		all.Wait()
		close(errs)
		count := map[error]int{}
		for err := range errs {
			if _, slow := errors.AsType[users.SlowError](err); slow {
				err = users.ErrBusy
			}
			count[err]++
		}
		// those that come while others leave are looked at, too
		if count[users.ErrWrong] == 0 || count[users.ErrBusy] < 64-2*many.most {
			t.Errorf("%v, and at most %d may be under way", count, many.most)
		}
	}
}

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

func TestAnEntryGoesWithItsChange(t *testing.T) {
	b, r := newBook(t)
	ctx := auth.With(t.Context(), auth.Actor{
		Name: "user:boss", Role: auth.Admin, Source: "10.0.0.1", Way: auth.WayHTTP,
	})
	ctx = auth.WithOrder(ctx, &auth.Order{
		Action: "nway_user", Object: "new\r\n", Detail: map[string]string{"password": auth.Masked},
	})
	if _, err := b.AddUser(ctx, auth.User{Name: "new", Role: auth.Read, Password: hash()}); err != nil {
		t.Fatal(err)
	}
	b.Conclude(ctx, auth.OK, "")
	if last := r.last(); len(last) != 2 || last[0].UserAdded == nil || last[1].Audit == nil {
		t.Fatalf("one write has %+v", last)
	}
	if len(r.entries) != 1 {
		t.Fatalf("%d entries", len(r.entries))
	}
	e := r.entries[0]
	if e.Actor != "user:boss" || e.Role != auth.Admin || e.Source != "10.0.0.1" || e.Way != auth.WayHTTP ||
		e.Object != "new  " || e.Outcome != auth.OK || e.Detail["password"] != auth.Masked || e.At.IsZero() {
		t.Errorf("%+v", e)
	}
}

func TestRefusalsAreWrittenOnceAMinuteForEachSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		refuse := func(source string) {
			ctx := auth.With(t.Context(), auth.Actor{Name: "http", Source: source})
			b.Conclude(auth.WithOrder(ctx, &auth.Order{Action: "reload"}), auth.Refused, "the file has a fault")
		}
		for range 100 {
			refuse("10.0.0.1")
			time.Sleep(100 * time.Millisecond)
		}
		refuse("10.0.0.2")
		if len(r.entries) != 2 {
			t.Errorf("%d entries of two sources, want 2", len(r.entries))
		}
		time.Sleep(time.Minute)
		refuse("10.0.0.1")
		if got := r.entries[len(r.entries)-1].Detail["more-like-it"]; got != "99" {
			t.Errorf("%q refusals were not written, want 99", got)
		}
	})
}

func TestEveryFailureIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBook(t)
		ctx := auth.With(t.Context(), auth.Actor{Name: "http", Source: "10.0.0.1"})
		b.Conclude(auth.WithOrder(ctx, &auth.Order{Action: "nway_threeway"}), auth.Refused, "not in a talk")
		for range 3 {
			b.Conclude(auth.WithOrder(ctx, &auth.Order{Action: "nway_threeway"}), auth.Failed, "no link")
		}
		if len(r.entries) != 4 || r.entries[3].Outcome != auth.Failed || r.entries[3].Reason != "no link" {
			t.Errorf("%+v", r.entries)
		}
	})
}
