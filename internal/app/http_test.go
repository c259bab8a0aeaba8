package app

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/conf"
)

func TestAServerAnswersOnItsHTTPPort(t *testing.T) {
	c := conf.Default()
	c.Database.DataDir = t.TempDir()
	c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.HTTP.Token = "right"
	d, err := Start(t.Context(), c, zerolog.Nop(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	ask := func(method, path, token, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+d.HTTP.String()+path,
			strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		answer, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	for _, step := range []struct {
		method, path, token, body string
		status                    int
		has                       string
	}{
		{"GET", "/readyz", "", "", 200, `"ok":true`},
		{"GET", "/api/v1/version", "wrong", "", 401, ""},
		{"GET", "/api/v1/version", "right", "", 200, "SQLite"},
		{"PUT", "/api/v1/blacklist/139", "right", "{}", 201, ""},
		{"GET", "/api/v1/blacklist", "right", "", 200, `"139"`},
		{"POST", "/api/v1/agents", "right", `{"extension":"1000","password":"p"}`, 201, ""},
		{"GET", "/api/v1/cdrs", "right", "", 200, `"items":[]`},
		{"GET", "/metrics", "wrong", "", 401, ""},
		{"GET", "/metrics", "right", "", 200, "\nnwayacd_database_up 1\n"},
	} {
		if status, text := ask(step.method, step.path, step.token, step.body); status != step.status ||
			!strings.Contains(text, step.has) {
			t.Errorf("%s %s: %d %s", step.method, step.path, status, text)
		}
	}
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
}
