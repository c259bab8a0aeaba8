package top

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/internal/app"
	"nwayacd/internal/app/apptest"
)

// streamed returns the server with the address of its live stream.
func streamed(d *app.Daemon) Server {
	return Server{
		Address: d.Control.String(), Password: apptest.Password, HTTP: HTTP{URL: "http://" + d.HTTP.String()},
	}
}

func TestTopShowsTheLiveStream(t *testing.T) {
	d := serving(t)
	from, view, err := open(t.Context(), streamed(d))
	if err != nil {
		t.Fatal(err)
	}
	if _, is := from.(*Stream); !is {
		t.Fatalf("the floor comes from %T", from)
	}
	if len(view.Groups) != 1 ||
		view.Groups[0] != (Group{Number: "110", Name: "110", Mode: "cyclic", Members: 1, Available: 1}) {
		t.Errorf("groups %+v", view.Groups)
	}
	if len(view.Agents) != 1 || view.Agents[0].Extension != "1000" || view.Agents[0].State != "ready" {
		t.Errorf("agents %+v", view.Agents)
	}
}

func TestTopReadsTheListsIfTheStreamIsRefused(t *testing.T) {
	d := serving(t)
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	for _, url := range []string{refusing.URL, "http://127.0.0.1:1"} {
		server := streamed(d)
		server.HTTP.URL = url
		from, view, err := open(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := from.(*Feed); !is || len(view.Agents) != 1 {
			t.Errorf("the floor comes from %T: %+v", from, view)
		}
	}
}

func TestTopFollowsTheLiveStream(t *testing.T) {
	d := serving(t)
	stream := newStream(streamed(d))
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	var following sync.WaitGroup
	defer following.Wait()
	defer stop()
	following.Go(func() { stream.follow(ctx) })
	await := func(state string) Agent { return shownIn(ctx, t, stream.shown, state) }
	await("ready")
	if err := d.Dispatcher().Busy(t.Context(), "1000"); err != nil {
		t.Fatal(err)
	}
	if a := await("busy"); a.For < 0 || a.For > 2*time.Second {
		t.Errorf("busy for %v", a.For)
	}
}

func TestTopSaysThatTheLiveStreamIsLost(t *testing.T) {
	ended := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "event: snapshot\ndata: {\"groups\":[{\"number\":\"110\"}]}\n\n")
	}))
	defer ended.Close()
	stream := newStream(Server{HTTP: HTTP{URL: ended.URL}})
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	var following sync.WaitGroup
	defer following.Wait()
	defer stop()
	following.Go(func() { stream.follow(ctx) })
	for {
		select {
		case v := <-stream.shown:
			if len(v.Groups) == 1 && strings.Contains(v.Trouble, "ended the stream") {
				return
			}
		case <-ctx.Done():
			t.Fatal("the loss is never shown")
		}
	}
}

func TestTopWithAWrongTokenReadsTheLists(t *testing.T) {
	guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, "event: snapshot\ndata: {}\n\n")
	}))
	defer guarded.Close()
	for token, refused := range map[string]bool{"right": false, "wrong": true, "": true} {
		_, err := newStream(Server{HTTP: HTTP{URL: guarded.URL, Token: token}}).lookOnce(t.Context())
		if errors.Is(err, errNoStream) != refused || (err != nil) != refused {
			t.Errorf("with the token %q: %v", token, err)
		}
	}
}

func TestWhatTheRowsOfTheStreamBecome(t *testing.T) {
	s := newStream(Server{Address: "here"})
	now := time.UnixMilli(1_700_000_000_000)
	for _, e := range [][2]string{
		{"tick", `{"at":1}`},
		{"snapshot", `{"groups":[{"number":"110","mode":"cyclic","waiting":1,"talking":1,
				"agents":{"ready":1,"logged_in":2,"down":1}}],
			"agents":[{"extension":"1000","state":"unavailable","registered":true,"dnd":true},
				{"extension":"999","state":"rest","rest_cause":"busy","rest_until":1700000012000}],
			"calls":[{"uuid":"a","number":"139","group":"110","state":"ring","agent":"999",
				"since":1699999990000,"state_since":1699999998000},
				{"uuid":"b","state":"talk"},{"uuid":"c","state":"wait"}]}`},
		{"delta", `{"gone":{"calls":["c"]}}`},
	} {
		if err := s.take(e[0], []byte(e[1])); err != nil {
			t.Fatal(err)
		}
	}
	s.ahead = 0
	v := s.view(now)
	if len(v.Callers) != 1 || v.Callers[0] != (Caller{
		Number: "139", Group: "110", State: "ringing", Agent: "999", Wait: 10 * time.Second, For: 2 * time.Second,
	}) || v.Talking != 1 {
		t.Errorf("callers %+v", v.Callers)
	}
	if len(v.Groups) != 1 || v.Groups[0] != (Group{
		Number: "110", Mode: "cyclic", Members: 3, Available: 1, Waiting: 1, Talking: 1,
	}) {
		t.Errorf("groups %+v", v.Groups)
	}
	if len(v.Agents) != 2 || v.Agents[0].Rest != "busy 12s" || v.Agents[1].State != "dnd" || v.Agents[1].For >= 0 {
		t.Errorf("agents %+v", v.Agents)
	}
}
