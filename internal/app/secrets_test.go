package app

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

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
