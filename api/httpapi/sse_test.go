package httpapi

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// listener is a client of the event stream.
type listener struct {
	*browser
	answer *http.Response
	in     *bufio.Scanner
}

type eventHeard struct {
	id, name string
	headers  map[string]string
}

// follow opens the stream and returns when the first line has come.
func (b *browser) follow(lastID string) *listener {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), "GET", b.base+apiPrefix+"/events", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatalf("%s, %s", answer.Status, answer.Header.Get("Content-Type"))
	}
	l := &listener{b, answer, bufio.NewScanner(answer.Body)}
	if line, err := l.line(); err != nil || !strings.HasPrefix(line, "retry:") {
		b.t.Fatalf("the first line is %q, %v", line, err)
	}
	return l
}

func (l *listener) line() (string, error) {
	for l.in.Scan() {
		if l.in.Text() != "" {
			return l.in.Text(), nil
		}
	}
	return "", net.ErrClosed
}

// next returns the next event.
func (l *listener) next() (e eventHeard) {
	l.t.Helper()
	for {
		line, err := l.line()
		if err != nil {
			l.t.Fatal(err, l.in.Err())
		}
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.headers); err != nil {
				l.t.Fatal(err)
			}
			return e
		}
	}
}

// login causes an event: nway_agent_login.
func (b *browser) login(extension string) {
	b.t.Helper()
	if err := b.http.Server.ACD.Dispatcher.Login(b.t.Context(), extension, []string{"110"}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) busy(extension string) {
	b.t.Helper()
	if err := b.http.Server.ACD.Dispatcher.Busy(b.t.Context(), extension); err != nil {
		b.t.Fatal(err)
	}
}

func TestAnEventIsStreamedWithItsHeaders(t *testing.T) {
	b, _ := web(t, "")
	l := b.follow("")
	b.login("1000")
	e := l.next()
	if e.name != "nwayacd::agent" || e.id == "" || e.headers["nway_agent_extension"] != "1000" ||
		e.headers["nway_agent_status"] != "nway_agent_login" || e.headers["nway_queue_time"] == "" {
		t.Errorf("%+v", e)
	}
}

func TestAStreamResumesAfterTheLastEvent(t *testing.T) {
	b, _ := web(t, "")
	l := b.follow("")
	b.login("1000")
	last := l.next()
	l.answer.Body.Close()
	b.busy("1000") // while no stream is open
	again := b.follow(last.id)
	if e := again.next(); e.headers["nway_agent_status"] != "nway_agent_busy" || e.id == last.id {
		t.Errorf("the event that was missed in between: %+v", e)
	}
	b.login("1000")
	if e := again.next(); e.headers["nway_agent_status"] != "nway_agent_login" {
		t.Errorf("then: %+v", e)
	}
}

func TestAStreamThatCannotResumeBeginsWithLost(t *testing.T) {
	b, _ := web(t, "")
	first := b.follow("")
	b.login("1000")
	old := first.next().id
	for range 10_000 { // more than the server keeps
		b.busy("1000")
	}
	for _, id := range []string{old, "otherlife-7", "nonsense"} {
		l := b.follow(id)
		if e := l.next(); e.name != eventLost {
			t.Errorf("after %s: %+v", id, e)
		}
		b.login("1000")
		if e := l.next(); e.headers["nway_agent_status"] != "nway_agent_login" {
			t.Errorf("after %s, then: %+v", id, e)
		}
	}
}

func TestASlowListenerIsCutOffAndDelaysNoOther(t *testing.T) {
	b, _ := web(t, "")
	slow, err := net.Dial("tcp", strings.TrimPrefix(b.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if err := slow.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Write([]byte("GET " + apiPrefix + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	for b.http.streams.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	deadline := time.Now().Add(30 * time.Second)
	for n := 0; b.http.streams.Load() > 0; n++ { // the client reads nothing, so the stream must end by itself
		if time.Now().After(deadline) {
			t.Fatal("the stream of a slow listener does not end")
		}
		b.busy("1000")
		if n%1000 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

func TestStreamsAreBounded(t *testing.T) {
	b, _ := web(t, "")
	b.http.streams.Store(int32(b.http.bounds().Total / 2))
	defer b.http.streams.Store(0)
	if answer, text := b.ask("GET", apiPrefix+"/events", ""); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
}
