package console

import (
	"net/http"
	"strconv"
	"strings"
)

// The cookies in which a browser keeps how pages look. They are no secrets.
const (
	languageCookie = "nwayacd-language"
	themeCookie    = "nwayacd-theme"
	lookAge        = 365 * 24 * 3600 // seconds
)

// look is how a page looks for one viewer.
type look struct {
	language string // "en" or "zh"
	theme    string // "light", "dark", or "" = as the system has it
	words    *Words
}

// look returns the look that was chosen in this browser, else the language of the user, else the
// first one that the browser asks for.
func (c *Console) look(r *http.Request, v viewer) look {
	l := look{language: cookieOf(r, languageCookie), theme: cookieOf(r, themeCookie)}
	if languages[l.language] == nil {
		l.language = v.language
	}
	if languages[l.language] == nil {
		l.language = accepted(r.Header.Get("Accept-Language"))
	}
	if l.theme != "light" && l.theme != "dark" {
		l.theme = ""
	}
	l.words = languages[l.language]
	return l
}

func cookieOf(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// accepted returns the language of ours with the highest weight in an Accept-Language header.
func accepted(header string) string {
	best, language := 0.0, "en"
	for part := range strings.SplitSeq(header, ",") {
		tag, weight, _ := strings.Cut(strings.TrimSpace(part), ";q=")
		q, err := strconv.ParseFloat(weight, 64)
		if err != nil {
			q = 1
		}
		name, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if languages[name] != nil && q > best {
			best, language = q, name
		}
	}
	return language
}

// setLook keeps a language or a theme in the browser, and shows the page again.
func (c *Console) setLook(w http.ResponseWriter, r *http.Request) {
	if language := r.PostFormValue("language"); languages[language] != nil {
		c.keepLook(w, r, languageCookie, language)
	}
	if theme := r.PostFormValue("theme"); theme == "light" || theme == "dark" || theme == "auto" {
		c.keepLook(w, r, themeCookie, theme)
	}
	http.Redirect(w, r, nextPage(r.PostFormValue("next")), http.StatusSeeOther)
}

func (c *Console) keepLook(w http.ResponseWriter, r *http.Request, name, value string) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/ui/", MaxAge: lookAge, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: c.Secure(r),
	})
}
