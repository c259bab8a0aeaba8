package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// stream is what the HTTP port sends for one call.
const stream = `retry: 2000

id: b-1
event: nwayacd::queue
data: {"nway_queue_operate":"nway_queue_add","nway_queue_caller":"5551234","nway_queue_group":"110","nway_status_time":"0"}

: keep-alive

id: b-2
event: nwayacd::agent
data: {"nway_agent_extension":"1000","nway_agent_status":"nway_agent_ring","nway_queue_time":"0"}

id: b-3
event: nwayacd::info
data: {"nway_callstatus":"answered","nway_callin":"5551234","nway_callout":"1000","nway_queue_time":"3"}

id: b-4
event: nwayacd::queue
data: {"nway_queue_operate":"nway_queue_remove","nway_queue_caller":"5551234","nway_queue_group":"110","nway_status_time":"9"}

`

func TestEventsBecomeLinesAndALostStreamIsResumed(t *testing.T) {
	var resumed []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/events" || r.Header.Get("Authorization") != "Bearer t" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		resumed = append(resumed, r.Header.Get("Last-Event-ID"))
		w.Header().Set("Content-Type", "text/event-stream")
		if len(resumed) == 1 {
			fmt.Fprint(w, stream)
			return
		}
		fmt.Fprint(w, "event: nwayacd::lost\ndata: {}\n\n")
	}))
	defer server.Close()
	var out bytes.Buffer
	c := client{url: server.URL, token: "t", out: &out}
	for range 2 {
		if err := c.follow(t.Context()); err == nil || !strings.Contains(err.Error(), "ended the stream") {
			t.Fatalf("the end of the stream: %v", err)
		}
	}
	at := func(seconds int64) string { return time.Unix(seconds, 0).Format(time.TimeOnly) }
	want := at(0) + " 5551234 waits in 110\n" + at(3) + " 5551234 talks to 1000\n" + at(9) + " 5551234 is gone\n" +
		"events were missed: read /api/v1/calls and /api/v1/agents again\n"
	if out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
	}
	if fmt.Sprint(resumed) != "[ b-4]" {
		t.Errorf("asked to resume after %q, want first nothing, then b-4", resumed)
	}
	c.token = "wrong"
	if err := c.follow(t.Context()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("with a wrong token: %v", err)
	}
}
