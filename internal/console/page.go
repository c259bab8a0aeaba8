package console

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"nwayacd/internal/auth"
)

// page is one page for viewers with a session.
type page struct {
	name  string // of the template, and of the module and the style if there are any
	path  string
	icon  string                // in the navigation; "" = it is not there
	title func(*Words) string   // in the navigation and the window's title
	may   func(auth.Actor) bool // whether an actor may see it
	// open pages have no data of their own. Their module begins a session with the key behind the #
	// of the address, so they are there before there is one.
	open bool
}

// pages are all pages, in the order of the navigation.
var pages = []page{
	{
		name: "wall", path: "/ui/wall", icon: "wall", title: func(w *Words) string { return w.Nav.Wall },
		may: has(auth.Wall, auth.Read, auth.Agent, auth.Supervisor, auth.Admin), open: true,
	},
	{
		name: "desk", path: "/ui/desk", icon: "desk", title: func(w *Words) string { return w.Nav.Desk },
		may: has(auth.Read, auth.Supervisor, auth.Admin),
	},
	{
		name: "agent", path: "/ui/agent", icon: "agent", title: func(w *Words) string { return w.Nav.Agent },
		may: func(a auth.Actor) bool {
			return a.Extension != "" && has(auth.Agent, auth.Supervisor, auth.Admin)(a)
		},
	},
	{
		name: "records", path: "/ui/records", icon: "records", title: func(w *Words) string { return w.Nav.Records },
		may: has(auth.Read, auth.Supervisor, auth.Admin),
	},
	{
		name: "reports", path: "/ui/reports", icon: "reports", title: func(w *Words) string { return w.Nav.Reports },
		may: has(auth.Read, auth.Supervisor, auth.Admin),
	},
	{
		name: "admin", path: "/ui/admin", icon: "admin", title: func(w *Words) string { return w.Nav.Admin },
		may: has(auth.Admin),
	},
	{
		name: "password", path: "/ui/password", title: func(w *Words) string { return w.Nav.Password },
		may: func(auth.Actor) bool { return true },
	},
}

// has returns whether an actor has one of the roles.
func has(roles ...auth.Role) func(auth.Actor) bool {
	return func(a auth.Actor) bool { return slices.Contains(roles, a.Role) }
}

// bare are the pages without the bar: they fill the screen, or there is no viewer yet.
var bare = []string{"login", "enter", "wall"}

// mustPages parses the templates by page. Each has the layout and its own file.
func mustPages() map[string]*template.Template {
	names := []string{"login", "enter", "message"} // those that are not in the table
	for _, p := range pages {
		names = append(names, p.name)
	}
	parsed := map[string]*template.Template{}
	for _, name := range names {
		parsed[name] = template.Must(template.ParseFS(web, "web/page/layout.html", "web/page/icons.html",
			"web/page/"+name+".html"))
	}
	return parsed
}

// shown is what a template gets.
type shown struct {
	W        *Words
	Page     string
	Title    string
	Language string
	Theme    string
	Next     string // the page's own address, to come back after a change of the look
	Release  string
	Viewer   viewer
	Role     string
	LoggedIn bool
	Bar      bool // the page has the bar with the navigation
	Nav      []navItem
	Data     any
}

type navItem struct {
	Path, Icon, Title string
	Current           bool
}

// loginData, passwordData and messageData are what these pages show beside the layout.
type loginData struct{ Next, Name, Said string }

type passwordData struct {
	Must bool
	Done bool
	Said string
}

type messageData struct {
	Heading, Text, Link, LinkText string
}

// render answers with a page. The page is made before the answer begins, so that a fault of a
// template is not half of a page.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, v viewer, name string, data any) {
	l := c.look(r, v)
	s := shown{
		W: l.words, Page: name, Language: l.language, Theme: l.theme, Release: c.Release, Viewer: v, Data: data,
		LoggedIn: v.Role != "", Bar: !slices.Contains(bare, name), Next: r.URL.RequestURI(),
		Role: l.words.Roles[string(v.Role)],
	}
	for _, p := range pages {
		if p.name == name {
			s.Title, s.Next = p.title(l.words), p.path
		}
		if s.LoggedIn && p.icon != "" && p.may(v.Actor) && !v.MustChange {
			s.Nav = append(s.Nav, navItem{p.path, p.icon, p.title(l.words), p.name == name})
		}
	}
	var out bytes.Buffer
	if err := c.pages[name].ExecuteTemplate(&out, "layout", s); err != nil {
		c.Log.Error().Err(err).Str("page", name).Msg("a page could not be made")
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(out.Bytes()) // fails only if the client is gone
}

// show answers with a page of the table, if the viewer may see it.
func (c *Console) show(p page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := c.viewer(r)
		switch {
		case !ok && !p.open:
			c.toLogin(w, r)
		case ok && v.MustChange && p.name != "password":
			http.Redirect(w, r, Prefix+"password", http.StatusSeeOther)
		case ok && !p.may(v.Actor):
			c.forbidden(w, r, v)
		case p.name == "password":
			c.render(w, r, http.StatusOK, v, p.name, passwordData{Must: v.MustChange})
		default:
			c.render(w, r, http.StatusOK, v, p.name, nil)
		}
	}
}

// toLogin sends the browser to the login page, which comes back to the page that was asked for.
func (c *Console) toLogin(w http.ResponseWriter, r *http.Request) {
	to := Prefix + "login"
	if r.Method == http.MethodGet && r.URL.Path != Prefix {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (c *Console) forbidden(w http.ResponseWriter, r *http.Request, v viewer) {
	words := c.look(r, v).words.Message
	c.render(w, r, http.StatusForbidden, v, "message", messageData{
		Heading: words.Forbidden, Text: fill(words.ForbiddenText, c.look(r, v).words.Roles[string(v.Role)]),
		Link: Prefix, LinkText: words.Home,
	})
}

func (c *Console) unknown(w http.ResponseWriter, r *http.Request) {
	v, _ := c.viewer(r)
	words := c.look(r, v).words.Message
	status := http.StatusNotFound
	c.render(w, r, status, v, "message", messageData{
		Heading: words.Unknown, Text: words.UnknownText, Link: Prefix, LinkText: words.Home,
	})
}

// home goes to the page with which the viewer's work begins.
func (c *Console) home(w http.ResponseWriter, r *http.Request) {
	v, ok := c.viewer(r)
	if !ok {
		c.toLogin(w, r)
		return
	}
	http.Redirect(w, r, homeOf(v.Actor), http.StatusSeeOther)
}

func homeOf(a auth.Actor) string {
	switch a.Role {
	case auth.Agent:
		return Prefix + "agent"
	case auth.Read, auth.Supervisor, auth.Admin:
		return Prefix + "desk"
	}
	return Prefix + "wall"
}

// loginPage asks for name and password. Its module asks first whether there is a session, because
// the browser does not send the cookie along a link from another site.
func (c *Console) loginPage(w http.ResponseWriter, r *http.Request) {
	next := nextPage(r.URL.Query().Get("next"))
	if _, ok := c.viewer(r); ok {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	c.render(w, r, http.StatusOK, viewer{}, "login", loginData{Next: next})
}

// enterPage has a module that begins a session with the key behind the # of its address.
func (c *Console) enterPage(w http.ResponseWriter, r *http.Request) {
	c.render(w, r, http.StatusOK, viewer{}, "enter", nil)
}
