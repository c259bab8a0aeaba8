package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"nwayacd/internal/auth"
)

// withUsers serves a port whose users and tokens are those of the book.
func withUsers(t *testing.T) (*browser, *archive) {
	return web(t, "secret", func(p *Port) { p.Server.Users, p.Server.Audit = p.Server.Book, p.Server.Book })
}

func field(t *testing.T, text, name string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	value, _ := all[name].(string)
	return value
}

func TestUsersOverHTTP(t *testing.T) {
	b, _ := withUsers(t)
	var made string
	for _, step := range []struct {
		method, path, body string
		status             int
		has                string
	}{
		{"PUT", "/users/anna", `{"role":"supervisor","groups":["110"],"language":"zh"}`, 200, `"must_change":true`},
		{"GET", "/users/anna", "", 200, `"groups":["110"]`},
		{"GET", "/users", "", 200, `"name":"anna"`},
		{"GET", "/users/nosuch", "", 404, "no such user"},
		{"PUT", "/users/anna", `{"role":"agent"}`, 422, "needs an extension"},
		{"PUT", "/users/anna", `{"role":"root"}`, 422, ""},
		{"PUT", "/users/Anna", `{"role":"read"}`, 422, ""},
		{"PUT", "/users/anna", `{"role":"read","password":"short"}`, 422, "10 to 128 bytes"},
		{"PUT", "/users/anna", `{"role":"read"}`, 200, `"groups":[]`},
		{"DELETE", "/users/nosuch", "", 404, "no such user"},
	} {
		answer, text := b.ask(step.method, apiPrefix+step.path, step.body)
		if answer.StatusCode != step.status || !strings.Contains(text, step.has) {
			t.Errorf("%s %s %s: %d %s", step.method, step.path, step.body, answer.StatusCode, text)
		}
		if strings.Contains(text, "argon2id") {
			t.Errorf("%s %s shows the hash", step.method, step.path)
		}
		if made == "" {
			made = field(t, text, "password")
		} else if step.body == `{"role":"read"}` && field(t, text, "password") != "" {
			t.Error("the user got another password, which nothing asked for")
		}
	}
	if _, err := b.http.Server.Users.Login(t.Context(), "anna", made, netip.Addr{}); err != nil {
		t.Errorf("the password that was made: %v", err)
	}
	if answer, text := b.ask("DELETE", apiPrefix+"/users/anna", ""); answer.StatusCode != 204 {
		t.Error(answer.StatusCode, text)
	}
}

func TestTokensOverHTTP(t *testing.T) {
	b, _ := withUsers(t)
	_, text := b.ask("PUT", apiPrefix+"/tokens/crm", `{"role":"read","groups":["110"]}`)
	key := field(t, text, "key")
	crm := *b
	crm.token = key
	if answer, text := crm.ask("GET", apiPrefix+"/me", ""); answer.StatusCode != 200 ||
		!strings.Contains(text, `"name":"crm","kind":"token","role":"read"`) {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if answer, _ := crm.ask("GET", apiPrefix+"/tokens", ""); answer.StatusCode != http.StatusForbidden {
		t.Errorf("a reader sees the tokens: %d", answer.StatusCode)
	}
	if _, text := b.ask("GET", apiPrefix+"/tokens", ""); !strings.Contains(text, `"created_by":"http"`) ||
		strings.Contains(text, key) {
		t.Error(text)
	}
	answer, text := b.ask("PUT", apiPrefix+"/tokens/crm", `{"role":"read","disabled":true}`)
	if answer.StatusCode != 200 || field(t, text, "key") != "" {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if answer, _ := crm.ask("GET", apiPrefix+"/me", ""); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("a disabled token: %d", answer.StatusCode)
	}
	if answer, text := b.ask("DELETE", apiPrefix+"/tokens/crm", ""); answer.StatusCode != 204 {
		t.Error(answer.StatusCode, text)
	}
}

func TestSessionsOverHTTP(t *testing.T) {
	b, _ := withUsers(t)
	book := b.http.Server.Book
	if _, err := book.AddUser(t.Context(), auth.User{Name: "anna", Role: auth.Admin}); err != nil {
		t.Fatal(err)
	}
	cookie, err := book.Begin(t.Context(), auth.Actor{Name: "user:anna", Source: "10.0.0.1"}, "Firefox")
	if err != nil {
		t.Fatal(err)
	}
	_, text := b.ask("GET", apiPrefix+"/sessions", "")
	var list struct{ Items []sessionShown }
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Items) != 1 ||
		list.Items[0].User != "anna" || list.Items[0].Browser != "Firefox" || strings.Contains(text, cookie) {
		t.Fatalf("%s, %v", text, err)
	}
	path := apiPrefix + "/sessions/" + list.Items[0].ID
	for _, want := range []int{204, 404} {
		if answer, text := b.ask("DELETE", path, ""); answer.StatusCode != want {
			t.Error(answer.StatusCode, text)
		}
	}
	if _, valid := book.Session(cookie); valid {
		t.Error("the session goes on")
	}
}

func TestTheAuditLogOverHTTP(t *testing.T) {
	b, records := withUsers(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	records.audit = []auth.Entry{{
		At: at, Actor: "user:anna", Role: auth.Admin, Way: auth.WayHTTP, Action: "nway_busy", Object: "1000",
		Outcome: auth.OK, Detail: map[string]string{"a": "b"},
	}}
	const query = "?actor=user:anna&object=1000&limit=7&cursor=44&from=2026-01-01T00:00:00Z"
	answer, text := b.ask("GET", apiPrefix+"/audit"+query, "")
	if answer.StatusCode != 200 || !strings.Contains(text, `"actor":"user:anna"`) ||
		!strings.Contains(text, `"next":9`) ||
		!strings.Contains(text, `"detail":{"a":"b"}`) {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	want := auth.Search{
		Before: 44, From: at.Add(-27*time.Hour - 4*time.Minute - 5*time.Second), Actor: "user:anna", Object: "1000",
		Limit: 7,
	}
	if !records.audited.From.Equal(want.From) {
		t.Errorf("from %s", records.audited.From)
	}
	if records.audited.From = want.From; records.audited != want {
		t.Errorf("asked for %+v", records.audited)
	}
	records.away = errors.New("gone")
	if answer, _ := b.ask("GET", apiPrefix+"/audit", ""); answer.StatusCode != 503 {
		t.Errorf("without the database: %d", answer.StatusCode)
	}
}
