package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nwayacd/internal/auth"
)

func TestLoginGivesACookieAndLogoutEndsTheSession(t *testing.T) {
	b := visit(t)
	answer, _ := b.post("/ui/login", "name", " Supervisor ", "password", password, "next", "/ui/desk?group=110")
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || to != "/ui/desk?group=110" {
		t.Fatalf("login: %d to %q", answer.StatusCode, to)
	}
	c := b.cookie("nwayacd")
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge <= 0 || c.Secure {
		t.Fatalf("cookie without TLS: %+v", c)
	}
	if answer, _ := b.get("/ui/desk"); answer.StatusCode != http.StatusOK {
		t.Errorf("desk after the login: %d", answer.StatusCode)
	}
	if answer, _ := b.post("/ui/logout"); answer.Header.Get("Location") != "/ui/login" || b.cookie("nwayacd") != nil {
		t.Errorf("logout: to %q, cookie %v", answer.Header.Get("Location"), b.cookie("nwayacd"))
	}
	b.client.Jar.SetCookies(nil, []*http.Cookie{{Name: "nwayacd", Value: c.Value}})
	if answer, _ := b.get("/ui/desk"); answer.StatusCode != http.StatusSeeOther {
		t.Errorf("the cookie works after the logout: %d", answer.StatusCode)
	}
}

// TestABrowserThatLoggedInBeforeIsNotHeldUp tries wrong passwords from the address of the browser.
func TestABrowserThatLoggedInBeforeIsNotHeldUp(t *testing.T) {
	b := visit(t)
	b.post("/ui/login", "name", "supervisor", "password", password)
	b.post("/ui/logout")
	known := b.cookie("nwayacd-device")
	if known == nil || !known.HttpOnly || known.SameSite != http.SameSiteStrictMode || known.MaxAge <= 0 {
		t.Fatalf("the cookie of the browser: %+v", known)
	}
	b.client.Jar = &jar{held: map[string]*http.Cookie{}}
	for range 6 {
		b.post("/ui/login", "name", "supervisor", "password", "not the password")
	}
	if answer, _ := b.post("/ui/login", "name", "supervisor", "password", password); answer.StatusCode != 429 {
		t.Errorf("another browser: %d", answer.StatusCode)
	}
	b.client.Jar.SetCookies(nil, []*http.Cookie{known})
	if answer, _ := b.get("/ui/desk"); answer.StatusCode != http.StatusSeeOther {
		t.Errorf("the cookie of the browser logs in by itself: %d", answer.StatusCode)
	}
	answer, _ := b.post("/ui/login", "name", "supervisor", "password", password)
	if answer.StatusCode != http.StatusSeeOther || b.cookie("nwayacd") == nil {
		t.Errorf("the browser that logged in before: %d", answer.StatusCode)
	}
	const next = "another long password"
	b.post("/ui/password", "old", password, "new", next, "again", next)
	b.post("/ui/logout")
	answer, _ = b.post("/ui/login", "name", "supervisor", "password", next)
	if answer.StatusCode != http.StatusSeeOther {
		t.Errorf("the browser in which the password was changed: %d", answer.StatusCode)
	}
}

func TestUnderTLSTheCookieIsOfThisHostAlone(t *testing.T) {
	b := visit(t)
	b.console.Secure = func(*http.Request) bool { return true }
	b.post("/ui/login", "name", "admin", "password", password)
	if c := b.cookie("__Host-nwayacd"); c == nil || !c.Secure || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie under TLS: %+v", c)
	}
	if b.cookie("nwayacd") != nil || b.cookie("nwayacd-device") != nil {
		t.Error("there is a cookie that a page without TLS could set")
	}
}

func TestAWrongPasswordIsRefusedAndNotRepeated(t *testing.T) {
	b := visit(t)
	answer, text := b.post("/ui/login", "name", `anna"><b>`, "password", "not the password", "next", "/ui/desk")
	if answer.StatusCode != http.StatusForbidden || !strings.Contains(text, english.Login.Wrong) {
		t.Errorf("%d: %s", answer.StatusCode, text)
	}
	if strings.Contains(text, "not the password") || strings.Contains(text, "<b>") {
		t.Error("the page has the password, or markup of the name")
	}
	if b.cookie("nwayacd") != nil {
		t.Error("there is a cookie")
	}
	for range 5 {
		b.post("/ui/login", "name", "admin", "password", "not the password")
	}
	answer, text = b.post("/ui/login", "name", "admin", "password", "not the password")
	if answer.StatusCode != http.StatusTooManyRequests || !strings.Contains(text, "Try again in 5 s") {
		t.Errorf("the seventh try: %d", answer.StatusCode)
	}
}

func TestALinkBeginsOneSession(t *testing.T) {
	b := visit(t)
	key, err := b.console.Users.MakeLink("admin")
	if err != nil {
		t.Fatal(err)
	}
	if answer, _ := b.post("/ui/session", "key", key); answer.StatusCode != http.StatusNoContent {
		t.Fatalf("first use: %d", answer.StatusCode)
	}
	if answer, _ := b.get("/ui/desk"); answer.StatusCode != http.StatusOK {
		t.Errorf("desk: %d", answer.StatusCode)
	}
	if answer, _ := b.post("/ui/session", "key", key); answer.StatusCode != http.StatusForbidden {
		t.Errorf("second use: %d", answer.StatusCode)
	}
}

func TestTheKeyOfAWallWorksAgain(t *testing.T) {
	b := visit(t)
	hall := auth.Token{Name: "hall", Role: auth.Wall, Groups: []string{"110"}}
	key, err := b.console.Users.AddToken(t.Context(), hall)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if answer, _ := b.post("/ui/session", "key", key); answer.StatusCode != http.StatusNoContent {
			t.Fatalf("%d", answer.StatusCode)
		}
	}
	if c := b.cookie("nwayacd"); c.MaxAge != 30*24*3600 {
		t.Errorf("the cookie of a wall lasts %d s", c.MaxAge)
	}
	for path, status := range map[string]int{"/ui/wall": 200, "/ui/desk": 403, "/ui/agent": 403} {
		if answer, _ := b.get(path); answer.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, answer.StatusCode, status)
		}
	}
}

func TestLoginLeadsToOwnPagesOnly(t *testing.T) {
	for next, want := range map[string]string{
		"/ui/desk":               "/ui/desk",
		"/ui/desk?group=1&q=a/b": "/ui/desk?group=1&q=a/b",
		"":                       "/ui/",
		"/ui":                    "/ui/",
		"/api/v1/agents":         "/ui/",
		"https://evil.example/":  "/ui/",
		"//evil.example/ui/":     "/ui/",
		"/\\evil.example/ui/":    "/ui/",
		"/ui/../docs":            "/ui/",
		"/ui/%2e%2e/docs":        "/ui/",
		"/ui/\n/x":               "/ui/",
		"javascript:alert(1)":    "/ui/",
		"/uix/":                  "/ui/",
	} {
		if got := nextPage(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

func TestAUserWithAGivenPasswordMustChooseOne(t *testing.T) {
	b := visit(t)
	b.post("/ui/login", "name", "new", "password", password)
	if answer, _ := b.get("/ui/agent"); answer.Header.Get("Location") != "/ui/password" {
		t.Fatalf("agent's page: %d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	const better = "a sentence of my own"
	for _, c := range []struct {
		old, password, again string
		status               int
		said                 string
	}{
		{"wrong, wrong", better, better, 403, english.Password.OldWrong},
		{password, better, "another one", 422, english.Password.Differ},
		{password, "short", "short", 422, english.Password.Unfit},
		{password, password, password, 422, english.Password.Unfit},
	} {
		answer, text := b.post("/ui/password", "old", c.old, "new", c.password, "again", c.again)
		if answer.StatusCode != c.status || !strings.Contains(text, c.said) {
			t.Errorf("%+v: %d", c, answer.StatusCode)
		}
	}
	if answer, _ := b.post("/ui/password", "old", password, "new", better, "again", better); answer.StatusCode != 303 {
		t.Fatalf("a good password: %d", answer.StatusCode)
	}
	if answer, _ := b.get("/ui/agent"); answer.StatusCode != 200 {
		t.Errorf("agent's page after it: %d", answer.StatusCode)
	}
}

func TestTheActorOfARequestIsThatOfItsSession(t *testing.T) {
	b := visit(t).as("supervisor")
	r := httptest.NewRequest(http.MethodGet, "/api/v1/me", nil)
	if _, shown, ok := b.console.Actor(r); shown || ok {
		t.Error("a request without a cookie has an actor")
	}
	r.AddCookie(b.cookie("nwayacd"))
	a, shown, ok := b.console.Actor(r)
	if !shown || !ok || a.Role != auth.Supervisor || a.Name != "user:supervisor" || a.Way != auth.WayConsole ||
		a.Source != "192.0.2.1" {
		t.Errorf("%v %v %+v", shown, ok, a)
	}
	r = httptest.NewRequest(http.MethodGet, "/api/v1/me", nil)
	r.AddCookie(&http.Cookie{Name: "nwayacd", Value: "made up"})
	if _, shown, ok := b.console.Actor(r); !shown || ok {
		t.Errorf("a made-up cookie: shown %v, valid %v", shown, ok)
	}
}
