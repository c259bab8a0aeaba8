package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
)

// FuzzHTTPRequest checks that no method, path or body causes a fault of this server.
func FuzzHTTPRequest(f *testing.F) {
	for _, r := range [][3]string{
		{"POST", "/api/v1/groups", `{"group":"120","mode":2}`},
		{"PATCH", "/api/v1/groups/110/prompts", `{"welcome":"w.wav"}`},
		{"POST", "/api/v1/agents", `{"extension":"1001","password":"p"}`},
		{"POST", "/api/v1/agents/1000/login", `{"groups":["110"]}`},
		{"PUT", "/api/v1/blacklist/139", `{"group":"110"}`},
		{"GET", "/api/v1/cdrs?limit=5&from=2026-01-01T00:00:00Z", ""},
		{"GET", "/api/v1/calls/5fa9", ""},
		{"POST", "/freeswitch/directory", "section=directory&user=1000&domain=d"},
	} {
		f.Add(r[0], r[1], r[2])
	}
	s, _ := apitest.Server()
	s.Reload = func() (string, error) { return "", nil }
	p := &Port{Server: s, Database: &archive{passwords: map[string]string{}}, Log: zerolog.Nop()}
	handler := p.Handler(f.Context())
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if strings.HasPrefix(path, apiPrefix+"/events") || strings.HasPrefix(path, apiPrefix+"/live") {
			return // a stream does not end
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		if path == "/freeswitch/directory" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if answer.Code == http.StatusInternalServerError {
			t.Errorf("%s %q %q: %s", method, path, body, answer.Body)
		}
	})
}

// FuzzLastEventID checks that a stream resumes only after an id of the running server.
func FuzzLastEventID(f *testing.F) {
	for _, id := range []string{"", "life-7", "life-", "life--1", "-7", "other-7", "life-99999999999999999999"} {
		f.Add(id)
	}
	p := &Port{instance: "life"}
	f.Fuzz(func(t *testing.T, id string) {
		if after, known := p.afterID(id); after > 0 && (!known || !strings.HasPrefix(id, "life-")) {
			t.Errorf("%q resumes after %d", id, after)
		}
	})
}
