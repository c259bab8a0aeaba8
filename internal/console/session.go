package console

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
)

// cookieName is the name of the cookie of a session. Under TLS the browser takes care that no other
// host and no page without TLS can set it.
func (c *Console) cookieName(r *http.Request) string {
	if c.Secure(r) {
		return "__Host-nwayacd"
	}
	return "nwayacd"
}

// How long a browser keeps the cookie. The server ends the session earlier.
const (
	userCookie = 7 * 24 * time.Hour
	wallCookie = 30 * 24 * time.Hour

	deviceLasts = 180 * 24 * time.Hour // of a browser in which somebody has logged in
)

// deviceCookie is the name of the cookie by which the server knows a browser that logged a user in
// before. It gives no right. The login of that user in that browser goes on while others at the
// same address try passwords.
func (c *Console) deviceCookie(r *http.Request) string { return c.cookieName(r) + "-device" }

// setCookie gives the browser the key of a session, or takes it away if key is "".
func (c *Console) setCookie(w http.ResponseWriter, r *http.Request, key string, lasts time.Duration) {
	c.writeCookie(w, r, c.cookieName(r), key, lasts)
}

func (c *Console) writeCookie(w http.ResponseWriter, r *http.Request, name, value string, lasts time.Duration) {
	cookie := &http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: c.Secure(r), MaxAge: int(lasts / time.Second),
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// Actor returns the user or token whose session a request has. shown reports whether there is a
// cookie of a session, and ok whether the session is valid.
func (c *Console) Actor(r *http.Request) (a auth.Actor, shown, ok bool) {
	cookie, err := r.Cookie(c.cookieName(r))
	if err != nil {
		return auth.Actor{}, false, false
	}
	a, ok = c.Users.Session(cookie.Value)
	a.Source, a.Way = sourceOf(r).String(), auth.WayConsole
	return a, true, ok
}

// viewer is the user or token that looks at a page. The zero value has not logged in.
type viewer struct {
	auth.Actor
	Shown    string // the name without what kind of actor it is
	IsToken  bool   // the session was begun with the token of a wall, and has no password
	language string
}

func (c *Console) viewer(r *http.Request) (v viewer, ok bool) {
	if v.Actor, _, ok = c.Actor(r); !ok {
		return viewer{}, false
	}
	kind, name, _ := strings.Cut(v.Name, ":")
	v.Shown, v.IsToken = name, kind == "token"
	if !v.IsToken {
		u, _ := c.Users.User(name)
		v.language = u.Language
	}
	return v, true
}

// sourceOf returns the address of the client.
func sourceOf(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// nextPage returns the page to go to after the login. Only our own pages count, because anybody can
// make a link with another address.
func nextPage(asked string) string {
	u, err := url.Parse(asked)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || strings.ContainsAny(asked, "\\\x00\r\n\t") ||
		!strings.HasPrefix(path.Clean(u.Path)+"/", Prefix) || !strings.HasPrefix(asked, Prefix) {
		return Prefix
	}
	return asked
}

// login is the form of the login page.
func (c *Console) login(w http.ResponseWriter, r *http.Request) {
	name, next := strings.ToLower(strings.TrimSpace(r.PostFormValue("name"))), nextPage(r.PostFormValue("next"))
	device := ""
	if cookie, err := r.Cookie(c.deviceCookie(r)); err == nil {
		device = cookie.Value
	}
	actor, err := c.Users.LoginOn(r.Context(), device, name, r.PostFormValue("password"), sourceOf(r))
	var key string
	if err == nil {
		key, err = c.Users.Begin(r.Context(), actor, r.UserAgent())
	}
	if err != nil {
		status, said := c.refusal(r, viewer{}, err)
		c.render(w, r, status, viewer{}, "login", loginData{Next: next, Name: name, Said: said})
		return
	}
	c.setCookie(w, r, key, userCookie)
	c.writeCookie(w, r, c.deviceCookie(r), c.Users.Device(name), deviceLasts)
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// refusal returns the status and the sentence for a login, a key or a password that was refused.
func (c *Console) refusal(r *http.Request, v viewer, err error) (status int, said string) {
	words := c.look(r, v).words.Login
	if slow, is := errors.AsType[users.SlowError](err); is {
		return http.StatusTooManyRequests, fill(words.Wait, seconds(slow.Wait))
	}
	switch {
	case errors.Is(err, users.ErrWrong), errors.Is(err, users.ErrLink):
		return http.StatusForbidden, words.Wrong
	case errors.Is(err, users.ErrBusy):
		return http.StatusServiceUnavailable, words.Busy
	}
	if r.Context().Err() == nil {
		c.Log.Error().Err(err).Stringer("client", sourceOf(r)).Msg("a login could not be carried out")
	}
	return http.StatusServiceUnavailable, words.Trouble
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// enter begins a session with the key that the page had behind the # of its address.
func (c *Console) enter(w http.ResponseWriter, r *http.Request) {
	key, err := c.Users.Enter(r.Context(), r.PostFormValue("key"), sourceOf(r), r.UserAgent())
	if err != nil {
		status, said := c.refusal(r, viewer{}, err)
		http.Error(w, said, status)
		return
	}
	lasts := userCookie
	if a, _ := c.Users.Session(key); a.Role == auth.Wall {
		lasts = wallCookie
	}
	c.setCookie(w, r, key, lasts)
	w.WriteHeader(http.StatusNoContent)
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(c.cookieName(r)); err == nil {
		if err := c.Users.Logout(r.Context(), cookie.Value, sourceOf(r)); err != nil {
			c.Log.Error().Err(err).Msg("a session could not be ended")
		}
	}
	c.setCookie(w, r, "", 0)
	http.Redirect(w, r, Prefix+"login", http.StatusSeeOther)
}

// setPassword changes the viewer's own password.
func (c *Console) setPassword(w http.ResponseWriter, r *http.Request) {
	v, ok := c.viewer(r)
	if !ok {
		c.toLogin(w, r)
		return
	}
	if status, said := c.changePassword(r, v); status != http.StatusOK {
		c.render(w, r, status, v, "password", passwordData{Must: v.MustChange, Said: said})
		return
	}
	// the old one ended with the old password
	c.writeCookie(w, r, c.deviceCookie(r), c.Users.Device(v.Shown), deviceLasts)
	if v.MustChange {
		http.Redirect(w, r, Prefix, http.StatusSeeOther)
		return
	}
	c.render(w, r, http.StatusOK, v, "password", passwordData{Done: true})
}

func (c *Console) changePassword(r *http.Request, v viewer) (status int, said string) {
	words := c.look(r, v).words.Password
	old, password := r.PostFormValue("old"), r.PostFormValue("new")
	switch {
	case v.IsToken:
		return http.StatusForbidden, words.NoPassword
	case password != r.PostFormValue("again"):
		return http.StatusUnprocessableEntity, words.Differ
	case password == old || users.CheckNewPassword(v.Shown, password) != nil:
		return http.StatusUnprocessableEntity, words.Unfit
	}
	err := c.Users.ChangePassword(r.Context(), v.Actor, old, password)
	switch {
	case err == nil:
		return http.StatusOK, ""
	case errors.Is(err, users.ErrWrong):
		return http.StatusForbidden, words.OldWrong
	}
	return c.refusal(r, v, err)
}
