package cmdport

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
	"nwayacd/esl"
)

// dialogue is a client that reads and writes frames itself.
type dialogue struct {
	t       *testing.T
	nc      net.Conn
	in      *esl.Reader
	pending []*esl.Event // events that came before a reply
}

func dial(t *testing.T, address, password string) *dialogue {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	d := &dialogue{t: t, nc: nc, in: esl.NewReader(nc, esl.Limits{})}
	if f := d.read(); f.Get("Content-Type") != esl.ContentAuth {
		t.Fatalf("greeted with %v", f)
	}
	d.say("auth "+password, "+OK accepted")
	return d
}

func (d *dialogue) read() *esl.Event {
	d.t.Helper()
	if len(d.pending) > 0 {
		f := d.pending[0]
		d.pending = d.pending[1:]
		return f
	}
	return d.receive()
}

func (d *dialogue) receive() *esl.Event {
	d.t.Helper()
	d.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	f, err := d.in.ReadFrame()
	if err != nil {
		d.t.Fatal(err)
	}
	return f
}

// ask sends a request and returns its reply. It keeps events that come before the reply.
func (d *dialogue) ask(request string) (reply string) {
	d.t.Helper()
	fmt.Fprint(d.nc, request+"\n\n")
	f := d.receive()
	for strings.HasPrefix(f.Get("Content-Type"), "text/event-") {
		d.pending = append(d.pending, f)
		f = d.receive()
	}
	if f.Get("Content-Type") == esl.ContentAPI {
		return strings.TrimSuffix(f.Body(), "\n")
	}
	return f.Raw("Reply-Text")
}

// say sends a request and checks how its reply begins.
func (d *dialogue) say(request, reply string) {
	d.t.Helper()
	got := d.ask(request)
	if !strings.HasPrefix(got, reply) {
		d.t.Errorf("%.80s\n got  %q\n want %q", request, got, reply)
	}
}

// event reads one event in the plain form.
func (d *dialogue) event() *esl.Event {
	d.t.Helper()
	f := d.read()
	if f.Get("Content-Type") != esl.ContentEvent {
		d.t.Fatalf("%s %s instead of an event", f.Get("Content-Type"), f.Body())
	}
	e, err := esl.ParseEvent(f.Body())
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

func TestEventsComeInFreeSWITCHsForm(t *testing.T) {
	d := dial(t, port(t, "secret"), "secret")
	d.say("event plain CUSTOM nwayacd::agent sofia::register", "+OK event listener enabled plain")
	d.say("api nway_ready 1000", "+OK")
	f := d.read()
	if !strings.Contains(f.Body(), "Event-Subclass: nwayacd%3A%3Aagent\n") ||
		!strings.Contains(f.Body(), "Event-Date-Local: ") {
		t.Errorf("%s", f.Body())
	}
	e, err := esl.ParseEvent(f.Body())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Event-Name": "CUSTOM", "Event-Subclass": "nwayacd::agent", "Event-Sequence": "1",
		"nway_agent_extension": "1000", "nway_agent_status": "nway_agent_ready",
	} {
		if e.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, e.Get(name), want)
		}
	}
	if gmt, err := time.Parse(time.RFC1123, e.Get("Event-Date-GMT")); err != nil || time.Since(gmt) > time.Minute {
		t.Errorf("Event-Date-GMT %q: %v", e.Get("Event-Date-GMT"), err)
	}
	for _, name := range []string{"Core-UUID", "FreeSWITCH-Hostname", "Event-Date-Timestamp"} {
		if e.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
}

func TestEventsAsJSONAndXML(t *testing.T) {
	d := dial(t, port(t, ""), "x")
	d.say("event json ALL", "+OK event listener enabled json")
	d.say("api nway_busy 1000", "+OK")
	d.say("api nway_ready 1000", "+OK")
	var read map[string]string
	f := d.read()
	if err := json.Unmarshal([]byte(f.Body()), &read); err != nil || f.Get("Content-Type") != "text/event-json" {
		t.Fatalf("%v: %s", err, f.Body())
	}
	if read["Event-Subclass"] != "nwayacd::agent" || read["nway_agent_extension"] != "1000" {
		t.Error(read)
	}
	d.read()
	d.say("event xml ALL", "+OK event listener enabled xml")
	d.say("bgapi nway_list_calls", "+OK Job-UUID: ")
	f = d.read()
	var event struct {
		Name string `xml:"headers>Event-Name"`
		Body string `xml:"body"`
	}
	if err := xml.Unmarshal([]byte(f.Body()), &event); err != nil || event.Name != "BACKGROUND_JOB" ||
		!strings.HasSuffix(event.Body, "+OK\n") {
		t.Errorf("%v: %+v in %s", err, event, f.Body())
	}
}

func TestJobsEndWithAnEvent(t *testing.T) {
	address := port(t, "")
	d, other := dial(t, address, "x"), dial(t, address, "x")
	other.say("event plain BACKGROUND_JOB", "+OK")
	d.say("event plain BACKGROUND_JOB", "+OK")
	d.say("bgapi nway_login 1000 999\nJob-UUID: mine", "+OK Job-UUID: mine")
	for _, client := range []*dialogue{d, other} {
		e := client.event()
		if e.Name() != "BACKGROUND_JOB" || e.Get("Job-UUID") != "mine" || e.Get("Job-Command") != "nway_login" ||
			e.Get("Job-Command-Arg") != "1000 999" || e.Body() != "-ERR group 999: no such group\n" {
			t.Errorf("%s %s %s", e.Name(), e.Get("Job-UUID"), e.Body())
		}
	}
	d.say("bgapi nwayacd_version", "+OK Job-UUID: ")
	if e := d.event(); len(e.Get("Job-UUID")) != 36 || !strings.HasPrefix(e.Body(), "+OK nwayacd") {
		t.Errorf("%s %s", e.Get("Job-UUID"), e.Body())
	}
	d.say("bgapi nway_token add crm admin", "-ERR the reply may have a secret in it")
	d.say(`bgapi "nway_user" add anna admin`, "-ERR the reply may have a secret in it")
	d.say("bgapi nwayacd_version\nJob-UUID: "+strings.Repeat("j", 200), "-ERR a Job-UUID has at most")
}

func TestAJobThatPanicsEndsItselfOnly(t *testing.T) {
	s, _ := apitest.Server()
	s.Reload = func() (string, error) { panic("reload") }
	d := dial(t, served(t, &Port{Server: s, Log: zerolog.Nop()}), "x")
	d.say("event plain BACKGROUND_JOB", "+OK")
	d.say("bgapi nway_reload", "+OK Job-UUID: ")
	if e := d.event(); e.Body() != "-ERR internal error\n" {
		t.Error(e.Body())
	}
	d.say("api nway_list_groups", "group|")
}

func TestASlowSubscriberIsCutOffAndDelaysNoOther(t *testing.T) {
	s, _ := apitest.Server()
	address := served(t, &Port{Server: s, Log: zerolog.Nop()})
	slow, quick := dial(t, address, "x"), dial(t, address, "x")
	slow.nc.(*net.TCPConn).SetReadBuffer(4096)
	slow.say("event plain ALL", "+OK")
	for range 15_000 { // two events each, far more than the sockets and the bus can buffer
		if err := s.ACD.Dispatcher.Busy(t.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
		if err := s.ACD.Dispatcher.Ready(t.Context(), "1000"); err != nil {
			t.Fatal(err)
		}
	}
	quick.say("api nway_list_exts", "extension|")
	slow.nc.SetReadDeadline(time.Now().Add(3 * writeLimit))
	for {
		if _, err := slow.in.ReadFrame(); err != nil {
			if ne, is := err.(net.Error); is && ne.Timeout() {
				t.Error("the slow subscriber was not cut off")
			}
			return
		}
	}
}

func TestRequestsThatNeedAChannelAreRefused(t *testing.T) {
	d := dial(t, port(t, ""), "x")
	for request, reply := range map[string]string{
		"sendevent CUSTOM\nEvent-Subclass: nwayacd::agent": "-ERR sendevent is not allowed",
		"sendmsg 5fa9\ncall-command: hangup":               "-ERR sendmsg needs a channel",
		"linger 30":                                        "-ERR not controlling a session",
		"myevents 5fa9":                                    "-ERR myevents needs a channel",
		"log debug":                                        "+OK log level debug",
		"nolog":                                            "-ERR not loging",
		"auth x":                                           "-ERR command not found",
		"nway_login 1000 110":                              "-ERR command not found",
		"api originate a b":                                "-ERR originate command not found",
		"api":                                              "-ERR no command",
		"API switchname":                                   "nwayacd",
		"api help":                                         "nwayacd UUID GROUP",
		"api nway_login 1000\t":                            "-ERR control characters in the command",
		"api nway_login 1000 ":                             "-USAGE: nway_login EXT GROUP[,GROUP…]",
		"api nway_login 1000 " + strings.Repeat("1", 10_000): "-ERR a command has at most 4096 characters",
	} {
		d.say(request, reply)
	}
	d.say("exit", "+OK bye")
	if f := d.read(); f.Get("Content-Type") != esl.ContentDisconnect {
		t.Errorf("%s", f.Get("Content-Type"))
	}
}

func TestCompletion(t *testing.T) {
	d := dial(t, port(t, ""), "x")
	for typed, want := range map[string]string{
		"nway_list_g":        "write=11:nway_list_groups ",
		"c=6;nway_lo":        "write=7:nway_log",
		"nway_l":             "nway_logout]",
		"nway_list_":         "nway_list_exts]",
		"nway_login ":        "write=0:1000 ",
		"nway_login 1000 1":  "write=1:110 ",
		"nway_list_exts":     "write=14:nway_list_exts ",
		"nway_list_exts ":    "write=0:json ",
		"nwayacd_version x ": "\n\n\n\n",
		"no":                 "\n\n\n\n",
		"":                   "nwayacd_transfer]",
	} {
		fmt.Fprint(d.nc, "api console_complete "+typed+"\n\n")
		if f := d.read(); !strings.Contains(f.Body(), want) || !strings.HasPrefix(f.Body(), "\n\n") {
			t.Errorf("%q: %q, want %q", typed, f.Body(), want)
		}
	}
}
