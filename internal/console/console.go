// Package console is the floor in a browser: the pages under /ui/, for the wall, the supervisor,
// the agent and the administrator. It owns the pages, their words in each language, and the cookie
// of a session. It decides nothing: what a page does goes through the JSON API, and what it shows
// comes from there.
package console

import (
	"html/template"
	"net/http"

	"github.com/rs/zerolog"

	"nwayacd/internal/auth/users"
)

// Prefix is the start of the path of every page.
const Prefix = "/ui/"

// Options are what a console needs.
type Options struct {
	Users   *users.Book
	Release string
	Log     zerolog.Logger
	// Secure reports whether the client speaks TLS; nil = r.TLS is set.
	Secure func(*http.Request) bool
}

// Console answers the requests under Prefix. The handler of the whole port must protect it from
// unsafe requests of other origins.
type Console struct {
	Options
	pages   map[string]*template.Template // by name
	handler http.Handler
}

// New returns a console. It panics if a page that is built in has a fault.
func New(o Options) *Console {
	if o.Secure == nil {
		o.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	c := &Console{Options: o, pages: mustPages()}
	mux := http.NewServeMux()
	for _, p := range pages {
		mux.HandleFunc("GET "+p.path, c.show(p))
	}
	mux.HandleFunc("GET /ui/{$}", c.home)
	mux.HandleFunc("GET /ui/login", c.loginPage)
	mux.HandleFunc("POST /ui/login", c.login)
	mux.HandleFunc("POST /ui/logout", c.logout)
	mux.HandleFunc("POST /ui/session", c.enter)
	mux.HandleFunc("GET /ui/enter", c.enterPage)
	mux.HandleFunc("POST /ui/password", c.setPassword)
	mux.HandleFunc("POST /ui/look", c.setLook)
	mux.HandleFunc("GET /ui/words/{file}", serveWords)
	mux.HandleFunc("GET /ui/web/", serveAsset)
	mux.HandleFunc("/ui/", c.unknown)
	c.handler = withHeaders(http.MaxBytesHandler(mux, maxForm))
	return c
}

// ServeHTTP answers a request under Prefix.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// maxForm is how large a form may be.
const maxForm = 16 << 10
