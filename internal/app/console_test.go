package app

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/internal/auth"
	"nwayacd/internal/testcert"
)

func TestAUserLogsInToTheConsole(t *testing.T) {
	c := conf.Default()
	c.Database.DataDir = t.TempDir()
	c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	d, err := Start(t.Context(), c, zerolog.Nop(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	password, err := d.users.AddUser(t.Context(), auth.User{
		Name: "anna", Role: auth.Supervisor, Groups: []string{"110"}, MustChange: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	answered := func(answer *http.Response, err error) (int, string) {
		t.Helper()
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
	base := "http://" + d.HTTP.String()
	if status, text := answered(client.Get(base)); status != 200 || !strings.Contains(text, `action="/ui/login"`) {
		t.Errorf("the first page: %d %s", status, text)
	}
	form := url.Values{"name": {"anna"}, "password": {password}, "next": {"/ui/desk"}}
	if status, text := answered(client.PostForm(base+"/ui/login", form)); status != 200 ||
		!strings.Contains(text, `action="/ui/password"`) {
		t.Errorf("after the login with a password that was made: %d %s", status, text)
	}
	form = url.Values{"old": {password}, "new": {"a sentence of my own"}, "again": {"a sentence of my own"}}
	if status, text := answered(client.PostForm(base+"/ui/password", form)); status != 200 ||
		!strings.Contains(text, `id="desk"`) {
		t.Errorf("after the choice of a password: %d %s", status, text)
	}
	if status, text := answered(client.Get(base + "/api/v1/me")); status != 200 ||
		!strings.Contains(text, `"supervisor"`) {
		t.Errorf("me: %d %s", status, text)
	}
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
}

// The tests of the console show what the cookie looks like. This one shows that the server tells
// the console who speaks TLS with a trusted proxy.
func TestTheCookieOfASessionIsSecureUnderTLS(t *testing.T) {
	ca, dir := testcert.NewCA(t), t.TempDir()
	cert, key := filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")
	ca.Issue(t, cert, key, time.Now().Add(time.Hour), "127.0.0.1")
	proxy := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	for name, situation := range map[string]struct {
		tls     bool
		proxies []netip.Prefix
		proto   string
		secure  bool
	}{
		"TLS with the server":         {true, nil, "", true},
		"TLS with a trusted proxy":    {false, proxy, "https", true},
		"a trusted proxy without TLS": {false, proxy, "http", false},
		"a stranger's header":         {false, nil, "https", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := conf.Default()
			c.Database.DataDir = t.TempDir()
			c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
			c.HTTP.Token, c.HTTP.TrustedProxies = "right", situation.proxies
			if situation.tls {
				c.HTTP.TLS = conf.Certificate{Cert: cert, Key: key}
			}
			d, err := Start(t.Context(), c, zerolog.Nop(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Stop()
			got := loginCookie(t, d, ca, situation.tls, situation.proto)
			name := map[bool]string{true: "__Host-nwayacd", false: "nwayacd"}[situation.secure]
			if got.Name != name || got.Secure != situation.secure || !got.HttpOnly ||
				got.SameSite != http.SameSiteStrictMode || got.Path != "/" || got.Domain != "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// loginCookie returns the cookie of a session that begins.
func loginCookie(t *testing.T, d *Daemon, ca *testcert.CA, withTLS bool, proto string) *http.Cookie {
	t.Helper()
	password, err := d.users.AddUser(t.Context(), auth.User{Name: "anna", Role: auth.Admin})
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"name": {"anna"}, "password": {password}}
	scheme := map[bool]string{true: "https://", false: "http://"}[withTLS]
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, scheme+d.HTTP.String()+"/ui/login",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if proto != "" {
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
		r.Header.Set("X-Forwarded-Proto", proto)
	}
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: ca.Client()}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	cookies := answer.Cookies()
	if answer.StatusCode != http.StatusSeeOther || len(cookies) != 2 || cookies[1].Name != cookies[0].Name+"-device" {
		t.Fatalf("%s with the cookies %v", answer.Status, cookies)
	}
	return cookies[0]
}
