package console

import (
	"html"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEachRoleSeesItsPages(t *testing.T) {
	may := map[string][]string{
		"/ui/wall":     {"read", "agent", "supervisor", "admin", "li"},
		"/ui/desk":     {"read", "supervisor", "admin", "li"},
		"/ui/agent":    {"agent", "li"}, // those with an extension
		"/ui/records":  {"read", "supervisor", "admin", "li"},
		"/ui/reports":  {"read", "supervisor", "admin", "li"},
		"/ui/admin":    {"admin"},
		"/ui/password": {"read", "agent", "supervisor", "admin", "li"},
	}
	for _, p := range pages {
		if may[p.path] == nil {
			t.Errorf("this test has no line for %s", p.path)
		}
	}
	for _, name := range []string{"read", "agent", "supervisor", "admin", "li"} {
		b := visit(t).as(name)
		for path, roles := range may {
			answer, text := b.get(path, "Accept-Language", "en")
			want := http.StatusForbidden
			if slices.Contains(roles, name) {
				want = http.StatusOK
			}
			if answer.StatusCode != want {
				t.Errorf("%s for %s: %d, want %d", path, name, answer.StatusCode, want)
			}
			linked := strings.Contains(text, `<a href="`+path+`"`)
			if path != "/ui/password" && path != "/ui/wall" && linked != (want == http.StatusOK) {
				t.Errorf("%s for %s: in the navigation: %v", path, name, linked)
			}
		}
	}
}

func TestHomeIsThePageOfTheWork(t *testing.T) {
	for name, home := range map[string]string{
		"read": "/ui/desk", "agent": "/ui/agent", "supervisor": "/ui/desk", "admin": "/ui/desk",
	} {
		if answer, _ := visit(t).as(name).get("/ui/"); answer.Header.Get("Location") != home {
			t.Errorf("%s: to %q", name, answer.Header.Get("Location"))
		}
	}
}

func TestWithoutASessionPagesLeadToTheLogin(t *testing.T) {
	b := visit(t)
	const login = "/ui/login?next=%2Fui%2Fdesk%3Fgroup%3D110"
	if answer, _ := b.get("/ui/desk?group=110"); answer.Header.Get("Location") != login {
		t.Errorf("desk: %d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	// The module of the wall begins the session, with the key behind the #.
	if answer, _ := b.get("/ui/wall"); answer.StatusCode != http.StatusOK {
		t.Errorf("wall: %d", answer.StatusCode)
	}
	if answer, _ := b.get("/ui/nothing"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("a page that does not exist: %d", answer.StatusCode)
	}
}

func TestEveryAnswerHasTheHeadersThatProtectIt(t *testing.T) {
	b := visit(t).as("admin")
	for _, path := range []string{
		"/ui/", "/ui/login", "/ui/enter", "/ui/wall", "/ui/desk", "/ui/nothing", "/ui/words/en.json",
		"/ui/web/css/base.css", "/ui/web/js/worker.js", "/ui/web/page/layout.html", "/ui/web/js/nothing.js",
	} {
		answer, _ := b.get(path)
		for header, want := range map[string]string{
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; script-src 'self'; " +
				"style-src 'self'; connect-src 'self'; img-src 'self'; worker-src 'self'; base-uri 'none'; " +
				"form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; " +
				"trusted-types nwayacd",
		} {
			if got := answer.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q", path, header, got)
			}
		}
	}
	if answer, _ := b.get("/ui/web/page/layout.html"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("a template can be read: %d", answer.StatusCode)
	}
}

func TestMarkupInNamesIsText(t *testing.T) {
	const evil = `<script>alert(1)</script>"'&`
	b := visit(t).as("admin")
	for name := range b.console.pages {
		w := &recorder{}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/ui/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := viewer{Shown: evil}
		v.Role, v.Extension = "admin", evil
		b.console.render(w, r, http.StatusOK, v, name, dataOf(name, evil))
		if strings.Contains(w.text.String(), "<script>alert") || strings.Contains(w.text.String(), evil) {
			t.Errorf("%s: markup goes through", name)
		}
		if !strings.Contains(html.UnescapeString(w.text.String()), evil) {
			t.Errorf("%s: the text is not there at all", name)
		}
	}
}

// dataOf returns data for a page, in which each text is the same.
func dataOf(page, text string) any {
	switch page {
	case "login":
		return loginData{Next: text, Name: text, Said: text}
	case "password":
		return passwordData{Said: text}
	}
	return messageData{Heading: text, Text: text, Link: text, LinkText: text}
}

type recorder struct{ text strings.Builder }

func (r *recorder) Header() http.Header               { return http.Header{} }
func (r *recorder) WriteHeader(int)                   {}
func (r *recorder) Write(content []byte) (int, error) { return r.text.Write(content) }

// What the policy forbids has no effect in a browser, and a module must not turn text into markup.
func TestTheFilesKeepToThePolicy(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		".js": regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|` +
			`DOMParser|setHTML|createContextualFragment|srcdoc|javascript:|https?://(?:[^w]|w[^w])|setTimeout\("`),
		".html": regexp.MustCompile(`style=|<style|\bon[a-z]+=|javascript:|<script(?: type="module")?>|` +
			`https?://|<iframe|<object`),
		".css": regexp.MustCompile(`@import|https?://|expression\(`),
		".svg": regexp.MustCompile(`style=|<script|\bon[a-z]+=`),
	}
	seen := map[string]int{}
	err := fs.WalkDir(web, "web", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := web.ReadFile(name)
		if err != nil {
			return err
		}
		kind := path.Ext(name)
		seen[kind]++
		if forbidden[kind] == nil {
			t.Errorf("%s: a kind of file that this test does not know", name)
		} else if found := forbidden[kind].Find(content); found != nil {
			t.Errorf("%s has %q", name, found)
		}
		if lines := strings.Count(string(content), "\n"); kind != ".html" && lines > 400 {
			t.Errorf("%s has %d lines", name, lines)
		}
		return nil
	})
	if err != nil || seen[".js"] < 10 || seen[".html"] < 8 {
		t.Errorf("%v, seen %v", err, seen)
	}
}
