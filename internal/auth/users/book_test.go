package users_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"sync"
	"testing"
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
