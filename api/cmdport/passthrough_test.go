package cmdport

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

// farFreeSWITCH is a FreeSWITCH behind a command port. It records the requests and answers each as
// script says.
type farFreeSWITCH struct {
	address string
	script  func(request *esl.Request) (frames string, hangUp bool)

	mu          sync.Mutex
	connections int
	requests    []string
}

func far(t *testing.T, script func(*esl.Request) (string, bool)) *farFreeSWITCH {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &farFreeSWITCH{address: ln.Addr().String(), script: script}
	var serving sync.WaitGroup
	serving.Go(func() { // ends with the listener
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { f.serve(nc) }) // ends with the port's side of the connection
		}
	})
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	return f
}

func (f *farFreeSWITCH) serve(nc net.Conn) {
	defer nc.Close()
	in := esl.NewReader(nc, esl.Limits{})
	io.WriteString(nc, "Content-Type: auth/request\n\n")
	if r, err := in.ReadCommand(); err != nil || r.Line != "auth ClueCon" {
		io.WriteString(nc, "Content-Type: command/reply\nReply-Text: -ERR invalid\n\n")
		return
	}
	io.WriteString(nc, "Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
	f.mu.Lock()
	f.connections++
	f.mu.Unlock()
	for {
		r, err := in.ReadCommand()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.requests = append(f.requests, string(requestFrame(r)))
		f.mu.Unlock()
		frames, hangUp := f.script(r)
		io.WriteString(nc, frames)
		if hangUp {
			return
		}
	}
}

// through serves a port in front of it.
func (f *farFreeSWITCH) through(t *testing.T) string {
	t.Helper()
	return f.audited(t, nil)
}

// audited is through with an audit log.
func (f *farFreeSWITCH) audited(t *testing.T, audit api.Audit) string {
	t.Helper()
	s, _ := apitest.Server()
	s.Audit = audit
	return served(t, &Port{
		Server: s, Password: auth.NewSecret("secret"), Log: zerolog.Nop(),
		PassThrough: &PassThrough{Name: "lab", Address: f.address, Password: auth.NewSecret("ClueCon")},
	})
}

func frameOf(kind, body string) string {
	return fmt.Sprintf("Content-Length: %d\nContent-Type: %s\n\n%s", len(body), kind, body)
}

const (
	okReply    = "Content-Type: command/reply\nReply-Text: +OK 100%25 [x]\nJob-UUID: theirs\n\n"
	answerUp   = "Content-Type: api/response\nContent-Length: 3\n\nUP\n"
	theirEvent = "Event-Name: CHANNEL_ANSWER\nUnique-ID: 5fa9\nvariable_a: nwayacd%25\n\n"
	ourEvent   = "Event-Subclass: nwayacd%3A%3Aagent\nEvent-Name: CUSTOM\n\n"
)

func TestOtherRequestsGoToFreeSWITCHAndTheAnswersComeBackInOrder(t *testing.T) {
	f := far(t, func(r *esl.Request) (string, bool) {
		switch verb, _, _ := strings.Cut(r.Line, " "); verb {
		case "api":
			return frameOf("text/event-plain", theirEvent) + frameOf("text/event-plain", ourEvent) + answerUp, false
		case "event":
			return okReply + frameOf("text/event-json", `{"Event-Subclass":"nwayacd::agent"}`) +
				frameOf("text/event-xml",
					"<event><headers><Event-Subclass>nwayacd%3A%3Aagent</Event-Subclass></headers></event>") +
				frameOf("text/event-json", `{"Event-Name":"HEARTBEAT","x":"nwayacd::agent"}`), false
		}
		return okReply, false
	})
	d := dial(t, f.through(t), "secret")
	io.WriteString(d.nc,
		"event plain ALL\n\napi status\n\napi nway_busy 1000\n\nbgapi originate a b\nJob-UUID: theirs\n\n"+
			"sendmsg 5fa9\ncall-command: execute\nContent-Length: 5\n\na: b\n"+
			"api nwayacd_version\n\nmyevents 5fa9\n\nfilter a b\n\n")
	var got []string
	for range 11 {
		e := d.read()
		got = append(got, e.Raw("Reply-Text")+e.Body())
	}
	ours := func(text string) bool { return strings.Contains(text, "nway_agent_busy") }
	if n := slices.IndexFunc(got, ours); n < 0 {
		t.Error("our own event is missing")
	} else if !strings.Contains(got[n], "Event-Name: CUSTOM") {
		t.Error(got[n])
	}
	got = slices.DeleteFunc(got, ours)
	want := []string{
		"+OK 100%25 [x]", `{"Event-Name":"HEARTBEAT","x":"nwayacd::agent"}`, theirEvent, "UP\n", "+OK 1000 busy\n",
		"+OK 100%25 [x]", "+OK 100%25 [x]", "+OK nwayacd 1.2.3, commit abc, go1.26, SQLite 3\n", "+OK 100%25 [x]",
		"+OK 100%25 [x]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	d.say("exit", "+OK bye")
	f.mu.Lock()
	defer f.mu.Unlock()
	passed := []string{
		"event plain ALL\n\n", "api status\n\n", "bgapi originate a b\nJob-UUID: theirs\n\n",
		"sendmsg 5fa9\ncall-command: execute\nContent-Length: 5\n\na: b\n", "myevents 5fa9\n\n", "filter a b\n\n",
	}
	if !slices.Equal(f.requests, passed) {
		t.Errorf("passed on\n%q\nwant\n%q", f.requests, passed)
	}
}

func TestEachClientHasItsOwnConnectionToFreeSWITCH(t *testing.T) {
	f := far(t, func(*esl.Request) (string, bool) { return answerUp, false })
	address := f.through(t)
	for n := range 3 {
		d := dial(t, address, "secret")
		d.say("api nway_list_exts", "extension|")
		if f.mu.Lock(); f.connections != n {
			t.Errorf("%d connections for our own commands", f.connections-n)
		}
		f.mu.Unlock()
		d.say("api status", "UP")
		d.say("api status", "UP")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.connections != 3 {
		t.Errorf("%d connections for 3 clients", f.connections)
	}
}

func TestAClientWhoseFreeSWITCHDiesIsDisconnected(t *testing.T) {
	f := far(t, func(*esl.Request) (string, bool) { return "", true })
	d := dial(t, f.through(t), "secret")
	io.WriteString(d.nc, "api status\n\n")
	if e := d.read(); e.Get("Content-Type") != esl.ContentDisconnect {
		t.Errorf("%s", e.Get("Content-Type"))
	}
	d.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := d.in.ReadFrame(); err == nil {
		t.Error("still connected")
	}
}

func TestWithoutItsFreeSWITCHTheRestOfThePortWorks(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &farFreeSWITCH{address: ln.Addr().String()}
	ln.Close()
	d := dial(t, f.through(t), "secret")
	d.say("api status", "-ERR FreeSWITCH lab cannot be reached")
	d.say("event plain CHANNEL_ANSWER", "-ERR FreeSWITCH lab cannot be reached")
	d.say("api nway_list_exts", "extension|")
	d.say("bgapi nway_list_exts", "+OK Job-UUID: ")
}

func TestAFreeSWITCHThatRefusesThePasswordIsNotReached(t *testing.T) {
	f := far(t, func(*esl.Request) (string, bool) { return okReply, false })
	s, _ := apitest.Server()
	d := dial(t,
		served(t,
			&Port{
				Server: s, Password: auth.NewSecret("x"), Log: zerolog.Nop(),
				PassThrough: &PassThrough{Name: "lab", Address: f.address, Password: auth.NewSecret("wrong")},
			}), "x")
	d.say("api status", "-ERR FreeSWITCH lab cannot be reached")
}

func TestTheAuditLogHasWhatIsPassedOnWithoutSecrets(t *testing.T) {
	f := far(t, func(r *esl.Request) (string, bool) {
		switch {
		case strings.Contains(r.Line, "uuid_kill"):
			return frameOf(esl.ContentAPI, "-ERR No such channel: hush\n"), false
		case strings.HasPrefix(r.Line, "api"):
			return answerUp, false
		case strings.HasPrefix(r.Line, "sendevent"):
			return "", true
		}
		return okReply, false
	})
	const uuid = "5fa9e6a2-31b4-4a0e-b8a4-6f1c2d3e4f50"
	audit := &apitest.Audit{}
	d := dial(t, f.audited(t, audit), "secret")
	for _, request := range []string{
		"api status", "event plain ALL", "api show channels", "filter a b", "api nway_list_exts",
		"api uuid_kill " + uuid + " hush", "bgapi originate {sip_auth_password=hush}user/1000 &park",
		"api Global_Setvar default_password=hush", "api hush=1",
		"sendmsg " + uuid + "\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: password=hush",
		"sendevent SEND_INFO\nlocal-user: hush",
	} {
		io.WriteString(d.nc, request+"\n\n")
		d.read()
	}
	d.nc.Close()
	want := []string{
		"uuid_kill failed FreeSWITCH's answer is -ERR or -USAGE map[hidden:4 bytes request:api uuid:" + uuid + "]",
		"originate ok  map[hidden:39 bytes request:bgapi]",
		"global_setvar ok  map[hidden:21 bytes request:api]",
		"*** ok  map[request:api]",
		"set ok  map[request:sendmsg uuid:" + uuid + "]",
		"send_info failed " + errUpstream.Error() + ": EOF map[request:sendevent]",
	}
	var got []string
	for deadline := time.Now().Add(10 * time.Second); len(got) < len(want) && time.Now().Before(deadline); {
		for _, e := range audit.Take() {
			if e.Action == "pass-through" && e.Actor == "control" {
				got = append(got, fmt.Sprint(e.Object, " ", e.Outcome, " ", e.Reason, " ", e.Detail))
			}
			if strings.Contains(fmt.Sprint(e), "hush") {
				t.Errorf("the audit log has a secret: %+v", e)
			}
		}
		time.Sleep(time.Millisecond)
	}
	if !slices.Equal(got, want) {
		t.Errorf("entries\n%q\nwant\n%q", got, want)
	}
}

func TestTheAuditLogHasWhatFreeSWITCHDidNotGet(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, audit := &farFreeSWITCH{address: ln.Addr().String()}, &apitest.Audit{}
	ln.Close()
	d := dial(t, f.audited(t, audit), "secret")
	d.say("api reloadxml", "-ERR FreeSWITCH lab cannot be reached")
	d.say("api nwayacd_version", "+OK") // after the entry of the request before
	last := audit.Take()
	if len(last) == 0 {
		t.Fatal("no entry")
	}
	if e := last[len(last)-1]; e.Object != "reloadxml" || e.Outcome != auth.Failed ||
		!strings.Contains(e.Reason, "cannot be reached") {
		t.Errorf("%+v", e)
	}
}
