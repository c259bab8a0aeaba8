package app

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api/cmdport"
	"nwayacd/conf"
	"nwayacd/esl"
)

// said collects everything that a server writes: its log, and every answer.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestNoSecretIsEverShown(t *testing.T) {
	secrets := map[string]string{
		"control password": "CTL-zebra-1", "http token": "HTTP-zebra-2", "freeswitch password": "FS-zebra-3",
		"agent's password": "SIP-zebra-4", "agent's password over HTTP": "SIP-zebra-5",
		"database password": "DB-zebra-6", "wrong control password": "GUESS-zebra-7", "wrong token": "GUESS-zebra-8",
		"refused agent's password": "SIP-zebra-9",
	}
	heard := &said{}
	before := zerolog.GlobalLevel()
	zerolog.SetGlobalLevel(zerolog.DebugLevel)
	t.Cleanup(func() { zerolog.SetGlobalLevel(before) })
	c := conf.Default()
	c.Database.DataDir, c.Database.OutputSQL, c.ACD.Debug = t.TempDir(), true, true
	c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.Control.Password, c.HTTP.Token = conf.Secret(secrets["control password"]), conf.Secret(secrets["http token"])
	stranger := rejecting(t) // a FreeSWITCH with another password, which repeats the one that it received
	c.FreeSWITCH = []conf.FreeSWITCH{{
		Name: "fs", Address: stranger,
		Password: conf.Secret(secrets["freeswitch password"]), DialString: "user/{ext}",
	}}
	c.Control.PassThrough = "fs"
	reload := func() (*conf.Config, error) {
		_, err := conf.Parse("f",
			[]byte("[control]\npassword = ["+secrets["control password"]+"]\n[http]\ntoken = 7"+secrets["http token"]))
		return nil, err
	}
	log := zerolog.New(heard)
	d, err := Start(t.Context(), c, log, Options{Load: reload})
	if err != nil {
		t.Fatal(err)
	}
	log.Info().Stringer("configuration", c).Interface("whole", c).
		Str("text", fmt.Sprintf("%v %+v %#v %q", c, *c, c.Control, c.FreeSWITCH)).Send()
	for _, password := range []string{secrets["wrong control password"], secrets["control password"]} {
		talkToControl(t, d.Control.String(), password, heard, []string{
			"api nway_add_ext 1000 " + secrets["agent's password"],
			"api nway_add_ext 1000 " + secrets["agent's password"],
			"api nway_add_ext 1001 '" + secrets["refused agent's password"] + " x'",
			"bgapi nway_add_ext 1! " + secrets["refused agent's password"], "api nway_list_exts",
			"api nway_list_exts json", "api nway_list_groups json", "api nway_list_calls json", "api nwayacd_version",
			"api nway_reload", "api status", "api global_getvar x", "event plain ALL", "api help",
			"api console_complete nway_add_ext 1000 ", "auth " + secrets["wrong control password"],
		})
	}
	// the wrong one comes last, because after it the port refuses tokens for a second
	for _, token := range []string{secrets["http token"], secrets["wrong token"]} {
		for _, request := range [][3]string{
			{
				"POST", "/api/v1/agents",
				`{"extension":"1002","password":"` + secrets["agent's password over HTTP"] + `"}`,
			},
			{
				"POST", "/api/v1/agents",
				`{"extension":"1002","password":"` + secrets["agent's password over HTTP"] + `"}`,
			},
			{
				"POST", "/api/v1/agents",
				`{"extension":"10!02","password":"` + secrets["refused agent's password"] + ` y"}`,
			},
			{"GET", "/api/v1/agents", ""},
			{"GET", "/api/v1/agents/1000", ""},
			{"GET", "/api/v1/groups", ""},
			{"GET", "/api/v1/cdrs", ""},
			{"GET", "/api/v1/version", ""},
			{"POST", "/api/v1/reload", ""},
			{"GET", "/readyz", ""},
			{"GET", "/healthz", ""},
			{"GET", "/metrics", ""},
			{"GET", "/openapi.json", ""},
			{"GET", "/docs", ""},
			{"GET", "/nothing?token=" + secrets["wrong token"], ""},
		} {
			askHTTP(t, d.HTTP.String(), token, heard, request)
		}
	}
	if err := d.Stop(); err != nil {
		fmt.Fprintln(heard, err)
	}
	c.Database.DSN = conf.Secret("host=127.0.0.1 port=1 user=u password=" + secrets["database password"] +
		" dbname=d sslmode=disable connect_timeout=1")
	c.Database.DataDir = t.TempDir()
	if d, err := Start(t.Context(), c, log, Options{}); err == nil {
		t.Error("there is no such database")
		d.Stop()
	} else {
		fmt.Fprintln(heard, err)
	}
	for what, secret := range secrets {
		if at := strings.Index(heard.String(), secret); at >= 0 {
			t.Errorf("the %s was shown: …%.300s", what, heard.String()[max(0, at-150):])
		}
	}
	if !strings.Contains(heard.String(), "1002") || !strings.Contains(heard.String(), "wrong password") {
		t.Errorf("there was hardly any output:\n%s", heard)
	}
}

// rejecting serves an event socket that accepts no password.
func rejecting(t *testing.T) (address string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { // ends with the listener
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			nc.SetDeadline(time.Now().Add(5 * time.Second))
			io.WriteString(nc, "Content-Type: auth/request\n\n")
			esl.NewReader(nc, esl.Limits{}).ReadCommand()
			io.WriteString(nc, "Content-Type: command/reply\nReply-Text: -ERR invalid\n\n")
			nc.Close()
		}
	})
	t.Cleanup(func() { ln.Close(); serving.Wait() })
	return ln.Addr().String()
}

// talkToControl sends lines to the command port and collects its output.
func talkToControl(t *testing.T, address, password string, to io.Writer, lines []string) {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	for _, line := range append(append([]string{"auth " + password}, lines...), "exit") {
		if _, err := io.WriteString(nc, line+"\n\n"); err != nil {
			break
		}
	}
	io.Copy(to, nc)
}

func askHTTP(t *testing.T, address, token string, to io.Writer, request [3]string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), request[0], "http://"+address+request[1],
		strings.NewReader(request[2]))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	fmt.Fprintln(to, request[0], request[1][:min(8, len(request[1]))], answer.Status, answer.Header)
	io.Copy(to, answer.Body)
}

// A reload puts new secrets in force; the old ones are good for another minute.
func TestAReloadReplacesSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fake := &passwords{}
	write("c.toml", `
		[database]
		data-dir = "`+dir+`"
		[[freeswitch]]
		name = "fs1"
		address = "`+fake.listen(t)+`"
		password-file = "switch"
		[server]
		listen = "127.0.0.1:0"
		[control]
		listen = "127.0.0.1:0"
		password-file = "control"
		[http]
		listen = "127.0.0.1:0"
		token-file = "http"`)
	for _, name := range []string{"control", "http", "switch"} {
		write(name, "first-"+name)
	}
	load := func() (*conf.Config, error) { return conf.Load(filepath.Join(dir, "c.toml")) }
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Start(t.Context(), c, zerolog.Nop(), Options{Load: load})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	isRight := func(password, token string) (both [2]bool) {
		t.Helper()
		at := cmdport.Target{Address: d.Control.String(), Password: password}
		_, err := at.Ask(t.Context(), "nwayacd_version")
		var answer bytes.Buffer
		askHTTP(t, d.HTTP.String(), token, &answer, [3]string{"GET", "/api/v1/version", ""})
		return [2]bool{err == nil, strings.Contains(answer.String(), " 200 OK ")}
	}
	fake.wait(t, "auth first-switch")
	yes, no := [2]bool{true, true}, [2]bool{}
	if got := isRight("first-control", "first-http"); got != yes {
		t.Errorf("at first: %v", got)
	}
	for _, name := range []string{"control", "http", "switch"} {
		write(name, "second-"+name)
	}
	if got := isRight("second-control", "second-http"); got != no {
		t.Errorf("before the reload: %v", got)
	}
	if report, err := d.Reload(); err != nil || strings.Contains(report, "restart") {
		t.Fatalf("%s, %v", report, err)
	}
	if got := isRight("second-control", "second-http"); got != yes {
		t.Errorf("after the reload: %v", got)
	}
	if got := isRight("first-control", "first-http"); got != yes {
		t.Errorf("the old ones, soon after the reload: %v", got)
	}
	fake.wait(t, "auth second-switch")
	write("http", "")
	if _, err := d.Reload(); err == nil || !strings.Contains(err.Error(), "http.token-file") {
		t.Errorf("an empty file: %v", err)
	}
	if got := isRight("second-control", "second-http"); got != yes {
		t.Errorf("after a reload that failed: %v", got)
	}
}

// passwords is an event socket that refuses every password and keeps them.
type passwords struct {
	heard chan string
}

func (p *passwords) listen(t *testing.T) (address string) {
	t.Helper()
	p.heard = make(chan string, 100)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { // ends with the listener
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			nc.SetDeadline(time.Now().Add(5 * time.Second))
			io.WriteString(nc, "Content-Type: auth/request\n\n")
			if request, err := esl.NewReader(nc, esl.Limits{}).ReadCommand(); err == nil {
				p.heard <- request.Line
			}
			io.WriteString(nc, "Content-Type: command/reply\nReply-Text: -ERR invalid\n\n")
			nc.Close()
		}
	})
	t.Cleanup(func() { ln.Close(); serving.Wait() })
	return ln.Addr().String()
}

// wait waits until that line has arrived.
func (p *passwords) wait(t *testing.T, line string) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case heard := <-p.heard:
			if heard == line {
				return
			}
		case <-limit:
			t.Fatalf("FreeSWITCH has not got %q", line)
		}
	}
}
