package app

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/internal/auth"
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
	if status, text := answered(client.Get(base + "/api/v1/me")); status != 200 || !strings.Contains(text, `"supervisor"`) {
		t.Errorf("me: %d %s", status, text)
	}
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
}
