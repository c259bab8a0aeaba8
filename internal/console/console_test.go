package console

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
	"nwayacd/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forgetful is a journal that keeps nothing.
type forgetful struct{}

func (forgetful) Write(...queue.Change) uint64       { return 1 }
func (forgetful) Sync(context.Context, uint64) error { return nil }

const password = "correct horse battery"

// hash is that of password. It is made once, because it takes long.
var hash = sync.OnceValue(func() string { return users.HashPassword(password) })

// people are the users of the tests. Their names are their roles, but for the last two.
var people = []auth.User{
	{Name: "read", Role: auth.Read, Groups: []string{"110"}},
	{Name: "agent", Role: auth.Agent, Extension: "1000"},
	{Name: "supervisor", Role: auth.Supervisor, Groups: []string{"110"}},
	{Name: "admin", Role: auth.Admin},
	{Name: "new", Role: auth.Agent, Extension: "1001", MustChange: true},
	{Name: "li", Role: auth.Supervisor, Extension: "1002", Groups: []string{"110"}, Language: "zh"},
}

// browser is a browser with a console of its own.
type browser struct {
	t       *testing.T
	console *Console
	client  *http.Client
	base    string
}

// visit returns a browser in which nobody has logged in.
func visit(t *testing.T) *browser {
	t.Helper()
	book := users.New(forgetful{}, zerolog.Nop(), auth.Snapshot{})
	for _, u := range people {
		u.Password = hash()
		if _, err := book.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	console := New(Options{Users: book, Release: "1.2.3", Log: zerolog.Nop()})
	server := httptest.NewServer(console)
	t.Cleanup(server.Close)
	client := server.Client()
	client.Jar = &jar{held: map[string]*http.Cookie{}}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t, console, client, server.URL}
}

// jar keeps cookies whatever their path, so that a test sees each of them.
type jar struct{ held map[string]*http.Cookie }

func (j *jar) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		if j.held[c.Name] = c; c.MaxAge < 0 {
			delete(j.held, c.Name)
		}
	}
}

func (j *jar) Cookies(*url.URL) (all []*http.Cookie) {
	for _, c := range j.held {
		all = append(all, &http.Cookie{Name: c.Name, Value: c.Value})
	}
	return all
}

func (b *browser) cookie(name string) *http.Cookie { return b.client.Jar.(*jar).held[name] }

// as begins a session of the user without a password.
func (b *browser) as(name string) *browser {
	b.t.Helper()
	link, err := b.console.Users.MakeLink(name)
	if err != nil {
		b.t.Fatal(err)
	}
	key, err := b.console.Users.Enter(b.t.Context(), link, netip.Addr{}, "")
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(nil, []*http.Cookie{{Name: "nwayacd", Value: key}})
	return b
}

func (b *browser) get(path string, headers ...string) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(r)
}

// post sends a form.
func (b *browser) post(path string, fields ...string) (*http.Response, string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (b *browser) do(r *http.Request) (*http.Response, string) {
	b.t.Helper()
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer, string(text)
}
