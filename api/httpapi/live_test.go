package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/api/live"
)

// followLive makes the port follow the floor, and opens the stream with that query.
func (b *browser) followLive(query string, headers ...string) (*http.Response, *bufio.Scanner) {
	b.t.Helper()
	if b.http.Live == nil {
		b.http.Live = live.New(b.http.Server.ACD.Dispatcher, live.NewFigures(time.UTC))
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { b.http.Live.Run(ctx) })
		b.t.Cleanup(func() { stop(); running.Wait() })
	}
	r, err := http.NewRequestWithContext(b.t.Context(), "GET", b.base+apiPrefix+"/live"+query, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { answer.Body.Close() })
	return answer, bufio.NewScanner(answer.Body)
}

// frame returns the next frame of that name, and its id.
func (b *browser) frame(in *bufio.Scanner, name string) (id string, data map[string]any) {
	b.t.Helper()
	event := ""
	for in.Scan() {
		field, value, _ := strings.Cut(in.Text(), ": ")
		switch {
		case field == "id":
			id = value
		case field == "event":
			event = value
		case field == "data" && event == name:
			if err := json.Unmarshal([]byte(value), &data); err != nil {
				b.t.Fatal(err)
			}
			return id, data
		}
	}
	b.t.Fatalf("the stream ended without %s: %v", name, in.Err())
	return "", nil
}

func TestTheLiveStreamHasTheFloorAndItsChanges(t *testing.T) {
	b, _ := web(t, "right")
	answer, in := b.followLive("")
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != eventMIME {
		t.Fatalf("%s %s", answer.Status, answer.Header.Get("Content-Type"))
	}
	id, all := b.frame(in, "snapshot")
	if len(all["groups"].([]any)) != 1 || len(all["agents"].([]any)) != 1 {
		t.Errorf("%v", all)
	}
	if err := b.http.Server.ACD.Dispatcher.Login(t.Context(), "1000", []string{"110"}); err != nil {
		t.Fatal(err)
	}
	if _, changed := b.frame(in, "delta"); len(changed["agents"].([]any)) != 1 {
		t.Errorf("%v", changed)
	}
	_, again := b.followLive("", "Last-Event-ID", id)
	if _, changed := b.frame(again, "delta"); len(changed["agents"].([]any)) != 1 {
		t.Errorf("after the first event: %v", changed)
	}
	_, other := b.followLive("?groups=120,130")
	if _, none := b.frame(other, "snapshot"); len(none["groups"].([]any))+len(none["agents"].([]any)) != 0 {
		t.Errorf("of other groups: %v", none)
	}
	if _, tick := b.frame(other, "tick"); tick["at"].(float64) < 1e12 {
		t.Errorf("%v", tick)
	}
}

func TestTheLiveStreamNeedsTheToken(t *testing.T) {
	b, _ := web(t, "right")
	b.token = "wrong"
	if answer, _ := b.followLive(""); answer.StatusCode != 401 {
		t.Errorf("%s", answer.Status)
	}
}

func TestTheLiveStreamSaysThatTheServerStops(t *testing.T) {
	b, _ := web(t, "")
	stopping, stop := context.WithCancel(context.Background())
	defer stop()
	_, first := b.followLive("")
	b.frame(first, "snapshot")
	b.http.stopping = stopping
	_, in := b.followLive("")
	b.frame(in, "snapshot")
	stop()
	if _, bye := b.frame(in, "bye"); bye["why"] != "stopping" {
		t.Errorf("%v", bye)
	}
}
