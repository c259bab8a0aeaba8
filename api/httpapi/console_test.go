package httpapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
)

// pages is a console whose sessions are its map.
type pages map[string]auth.Actor

func (pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page "+r.URL.Path) }

func (p pages) Actor(r *http.Request) (a auth.Actor, shown, ok bool) {
	cookie, err := r.Cookie("nwayacd")
	if err != nil {
		return a, false, false
	}
	a, ok = p[cookie.Value]
	return a, true, ok
}

func TestTheCookieOfASessionGivesItsRole(t *testing.T) {
	console := pages{
		"anna": {Name: "user:anna", Role: auth.Read, Groups: []string{"110"}, Way: auth.WayConsole},
		"new":  {Name: "user:new", Role: auth.Admin, MustChange: true, Way: auth.WayConsole},
	}
	for _, token := range []string{"", "right"} {
		floor, _ := apitest.Server()
		port := &Port{
			Server: floor, Database: &archive{}, Token: auth.NewSecret(token), Console: console, Log: zerolog.Nop(),
		}
		handler := port.Handler(t.Context())
		for _, c := range []struct {
			method, path, session string
			status                int
			has                   string
		}{
			{"GET", "/api/v1/me", "anna", 200, `"name":"anna","kind":"user","role":"read","groups":["110"]`},
			{"GET", "/api/v1/groups", "anna", 200, ""},
			{"POST", "/api/v1/reload", "anna", 403, ""},
			{"GET", "/api/v1/me", "ended", 401, ""}, // not a local client
			{"GET", "/api/v1/me", "new", 200, `"must_change":true`},
			{"GET", "/api/v1/groups", "new", 403, "a new password first"},
			{"GET", "/ui/desk", "ended", 200, "page /ui/desk"},
			{"GET", "/ui/desk", "", 200, "page /ui/desk"},
			{"GET", "/", "", 302, `"/ui/"`},
		} {
			r := httptest.NewRequest(c.method, "http://127.0.0.1"+c.path, nil)
			if c.session != "" {
				r.AddCookie(&http.Cookie{Name: "nwayacd", Value: c.session})
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.has) {
				t.Errorf("token %q: %s %s with %q: %d %s", token, c.method, c.path, c.session, w.Code, w.Body)
			}
		}
	}
}

func TestATokenCountsMoreThanACookie(t *testing.T) {
	floor, _ := apitest.Server()
	port := &Port{
		Server: floor, Database: &archive{}, Token: auth.NewSecret("right"), Console: pages{}, Log: zerolog.Nop(),
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/api/v1/me", nil)
	r.AddCookie(&http.Cookie{Name: "nwayacd", Value: "ended"})
	r.Header.Set("Authorization", "Bearer right")
	w := httptest.NewRecorder()
	port.Handler(t.Context()).ServeHTTP(w, r)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"role":"admin"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
