package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
)

func TestEachAnswerIsProtectedInABrowser(t *testing.T) {
	floor, _ := apitest.Server()
	port := &Port{
		Server: floor, Database: &archive{}, Token: auth.NewSecret("right"), Console: pages{}, Log: zerolog.Nop(),
	}
	handler := port.Handler(t.Context())
	for _, c := range []struct {
		method, target, token, origin string
		status                        int
	}{
		{"GET", "/api/v1/calls", "right", "", http.StatusOK},
		{"GET", "/api/v1/calls", "", "", http.StatusUnauthorized},
		{"GET", "/api/v1/calls/x", "right", "", http.StatusNotFound},
		{"POST", "/api/v1/reload", "right", "http://elsewhere", http.StatusForbidden},
		{"GET", "/", "", "", http.StatusFound},
		{"GET", "/ui/../x", "", "", http.StatusTemporaryRedirect},
		{"GET", "/none", "", "", http.StatusNotFound},
		{"GET", "/healthz", "", "", http.StatusOK},
		{"GET", "/docs", "", "", http.StatusOK},
		{"POST", "/freeswitch/directory", "", "", http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(c.method, "http://127.0.0.1"+c.target, nil)
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.target, w.Code, c.status)
		}
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store",
		} {
			if has := w.Result().Header.Get(header); has != want {
				t.Errorf("%s %s: %s is %q, want %q", c.method, c.target, header, has, want)
			}
		}
		if w.Result().Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s %s: there is no policy", c.method, c.target)
		}
	}
}
