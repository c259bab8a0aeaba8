package api

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/rs/zerolog"
)

// FuzzCommandLine: whatever the line, there is one reply of one of the four kinds, and only what the table allows gets as far as a command.
func FuzzCommandLine(f *testing.F) {
	for _, line := range []string{
		"nway_login 1000 110", "nway_login 1000 110,120", "nway_add_ext 1001 'p w'", `nway_set_ring_group 110 "a b" - '' x`,
		"nway_set_ext_jobnumber 1000 '' true", "nwayacd_transfer 5fa9 1000", "nway_list_exts json", "nway_rm_group '110", "nway_list_calls",
		"NWAY_ADD_GROUP 1 9", "nway_threeway a b c", "nway_uuid_hold ${x}", "'", "",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := split(line)
		if err == nil && len(words) > 0 {
			if c := Find(words[0]); c != nil && c.check(words[1:]) == nil {
				wanted, _ := c.arguments()
				for i, word := range words[1:] {
					if strings.Contains(word, "${") && wanted[i].Word != secret { // which goes to phones only
						t.Fatalf("%q was let through to %s", word, c.Name)
					}
				}
			}
		}
		if strings.Contains(strings.ToLower(line), "nway_threeway") || strings.Contains(strings.ToLower(line), "nway_reload") {
			return // needs a FreeSWITCH; a configuration
		}
		s, _ := server()
		reply := Run(t.Context(), s, line)
		if strings.ContainsAny(reply, "\r\x00") || strings.HasPrefix(reply, "-ERR") && strings.ContainsFunc(reply, unicode.IsControl) {
			t.Fatalf("%q: the reply %q has control characters", line, reply)
		}
		if reply == "" {
			t.Fatalf("%q: no reply", line)
		}
	})
}

// FuzzPortSession: no bytes of a client end the port, or its session in a panic.
func FuzzPortSession(f *testing.F) {
	for _, sent := range []string{
		"auth x\n\napi nway_list_exts\n\nexit\n\n", "auth x\n\nevent plain ALL\n\nbgapi nway_login 1000 110\nJob-UUID: j\n\n",
		"auth x\n\nevent json CUSTOM nwayacd::agent\n\nfilter add Event-Name /A(/\n\nnixevent ALL\n\nnoevents\n\n",
		"auth x\n\nsendmsg\nContent-Length: 3\n\nabcapi console_complete c=3;nway_login \n\n", "...\n\n", "GET / HTTP/1.1\r\n\r\n",
	} {
		f.Add([]byte(sent))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		if strings.Contains(strings.ToLower(string(sent)), "nway_reload") {
			return
		}
		ours, theirs := net.Pipe()
		s, _ := server()
		p := &Port{Server: s, Log: zerolog.New(panics{t})}
		ctx, stop := context.WithCancel(t.Context())
		var going sync.WaitGroup
		going.Go(func() { p.Serve(ctx, &oneConnection{conn: ours, ctx: ctx}) })
		going.Go(func() { io.Copy(io.Discard, theirs) })
		theirs.SetWriteDeadline(time.Now().Add(2 * time.Second))
		theirs.Write(sent)
		theirs.Close()
		stop()
		going.Wait()
	})
}

// panics is a log that fails the test where it tells of a panic.
type panics struct{ t *testing.T }

func (p panics) Write(line []byte) (int, error) {
	if strings.Contains(string(line), `"panic"`) {
		p.t.Errorf("%s", line)
	}
	return len(line), nil
}

// FuzzHTTPRequest: no method, path or body is a fault of this server.
func FuzzHTTPRequest(f *testing.F) {
	for _, r := range [][3]string{
		{"POST", "/api/v1/groups", `{"group":"120","mode":2}`},
		{"PATCH", "/api/v1/groups/110/prompts", `{"welcome":"w.wav"}`},
		{"POST", "/api/v1/agents", `{"extension":"1001","password":"p"}`},
		{"POST", "/api/v1/agents/1000/login", `{"groups":["110"]}`},
		{"PUT", "/api/v1/blacklist/139", `{"group":"110"}`},
		{"GET", "/api/v1/cdrs?limit=5&from=2026-01-01T00:00:00Z", ""},
		{"GET", "/api/v1/calls/5fa9", ""},
		{"POST", "/freeswitch/directory", "section=directory&user=1000&domain=d"},
	} {
		f.Add(r[0], r[1], r[2])
	}
	floor, _ := server()
	floor.Reload = func() (string, error) { return "", nil }
	h := &HTTP{Server: floor, Database: &archive{passwords: map[string]string{}}, Log: zerolog.Nop()}
	handler := h.Handler(f.Context())
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if strings.HasPrefix(path, apiPrefix+"/events") {
			return // does not end
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		if path == "/freeswitch/directory" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if answer.Code == http.StatusInternalServerError {
			t.Errorf("%s %q %q: %s", method, path, body, answer.Body)
		}
	})
}

// FuzzLastEventID: only an id of this life of the server is resumed after.
func FuzzLastEventID(f *testing.F) {
	for _, id := range []string{"", "life-7", "life-", "life--1", "-7", "other-7", "life-99999999999999999999"} {
		f.Add(id)
	}
	h := &HTTP{born: "life"}
	f.Fuzz(func(t *testing.T, id string) {
		if after, known := h.afterID(id); after > 0 && (!known || !strings.HasPrefix(id, "life-")) {
			t.Errorf("%q resumes after %d", id, after)
		}
	})
}

// FuzzFilter: an event filter of a client is taken or refused, and asked of an event.
func FuzzFilter(f *testing.F) {
	for _, rest := range []string{"Event-Name CUSTOM", "add a -+ /x.*/", "delete all", "a /(/", "add", ""} {
		f.Add(rest)
	}
	f.Fuzz(func(_ *testing.T, rest string) {
		var i interest
		i.take("event", "plain ALL")
		i.take("filter", rest)
		i.in(eventCustom, "nwayacd::agent", nil)
	})
}
