package top

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/internal/app"
	"nwayacd/internal/app/apptest"
	"nwayacd/queue"
)

// serving starts a server with group 110, in which agent 1000 is logged in.
func serving(t *testing.T) *app.Daemon {
	t.Helper()
	d := apptest.Start(t)
	floor := d.Dispatcher()
	for _, err := range []error{
		floor.AddGroup(t.Context(), "110", queue.Cyclic), floor.AddAgent(t.Context(), "1000", "x"),
		floor.Login(t.Context(), "1000", []string{"110"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestTopShowsTheFloorOfARunningServer(t *testing.T) {
	d := serving(t)
	feed := newFeed(Server{Address: d.Control.String(), Password: apptest.Password})
	view, err := feed.lookOnce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(view.Groups) != 1 ||
		view.Groups[0] != (Group{Number: "110", Name: "110", Mode: "cyclic", Members: 1, Available: 1}) {
		t.Errorf("groups %+v", view.Groups)
	}
	if len(view.Agents) != 1 || view.Agents[0].Extension != "1000" || view.Agents[0].State != "ready" {
		t.Errorf("agents %+v", view.Agents)
	}
}

func TestTopWithAWrongPasswordShowsNothing(t *testing.T) {
	feed := newFeed(Server{Address: serving(t).Control.String(), Password: "guess"})
	if _, err := feed.lookOnce(t.Context()); err == nil || strings.Contains(err.Error(), "guess") {
		t.Errorf("%v", err)
	}
}

// shownIn waits until the only agent is shown in that state.
func shownIn(ctx context.Context, t *testing.T, shown <-chan View, state string) Agent {
	t.Helper()
	for {
		select {
		case v := <-shown:
			if len(v.Agents) == 1 && v.Agents[0].State == state {
				return v.Agents[0]
			}
		case <-ctx.Done():
			t.Fatal("the agent is never shown in the state", state)
		}
	}
}

func TestTopFollowsTheFloor(t *testing.T) {
	d := serving(t)
	feed := newFeed(Server{Address: d.Control.String(), Password: apptest.Password})
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	var following sync.WaitGroup
	defer following.Wait()
	defer stop()
	following.Go(func() { feed.follow(ctx) })
	await := func(state string) Agent { return shownIn(ctx, t, feed.shown, state) }
	await("ready")
	if err := d.Dispatcher().Busy(t.Context(), "1000"); err != nil {
		t.Fatal(err)
	}
	if a := await("busy"); a.For < 0 || a.For > 2*time.Second {
		t.Errorf("busy for %v", a.For)
	}
	if err := d.Dispatcher().Logout(t.Context(), "1000"); err != nil {
		t.Fatal(err)
	}
	await("down")
}

func TestTopShowsThatTheConnectionIsLostAndConnectsAgain(t *testing.T) {
	d := serving(t)
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := relay.Addr().String()
	relay.Close() // from now on no server answers
	feed := newFeed(Server{Address: address, Password: apptest.Password})
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	var following sync.WaitGroup
	defer following.Wait()
	defer stop()
	following.Go(func() { feed.follow(ctx) })
	select {
	case v := <-feed.shown:
		if !strings.Contains(v.Trouble, "refused") {
			t.Errorf("trouble %q", v.Trouble)
		}
	case <-ctx.Done():
		t.Fatal("no view is shown")
	}
	back, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	following.Go(func() { passOn(ctx, back, d.Control.String()) })
	for {
		select {
		case v := <-feed.shown:
			if v.Trouble == "" && len(v.Agents) == 1 {
				return
			}
		case <-ctx.Done():
			t.Fatal("the connection does not come back")
		}
	}
}

// passOn relays one client to another address, until ctx is done.
func passOn(ctx context.Context, ln net.Listener, to string) {
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	client, err := ln.Accept()
	if err != nil {
		return
	}
	server, err := net.Dial("tcp", to)
	if err != nil {
		client.Close()
		return
	}
	var copying sync.WaitGroup
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		copying.Go(func() { _, _ = pair[1].(*net.TCPConn).ReadFrom(pair[0]) })
	}
	<-ctx.Done()
	client.Close()
	server.Close()
	copying.Wait()
}

func TestWhatTheListsBecome(t *testing.T) {
	feed := newFeed(Server{Address: "127.0.0.1:8022"})
	now := time.Date(2026, 1, 31, 14, 5, 9, 0, time.UTC)
	agent := agentRow{
		Extension: "1000", RegState: "reged", SeatState: "up", CallState: "talking", Call: "u2",
		Since: "2026-01-31T14:05:00Z",
	}
	calls := []callRow{
		{UUID: "u1", Caller: "139", Group: "110", Phase: "ring", Agent: "1001", Seconds: 30, PhaseSeconds: 2},
		{UUID: "u2", Caller: "138", Group: "110", Phase: "talk", Agent: "1000"},
		{UUID: "u3", Phase: "leave"},
	}
	v := feed.view(now, nil, calls, []agentRow{agent})
	if len(v.Callers) != 1 || v.Callers[0].State != "ringing" || v.Callers[0].Wait != 30*time.Second || v.Talking != 1 {
		t.Errorf("callers %+v, %d talking", v.Callers, v.Talking)
	}
	if a := v.Agents[0]; a.State != "talking" || a.Caller != "138" || a.For != 9*time.Second {
		t.Errorf("agent %+v", a)
	}
	for n, c := range []struct {
		change func(*agentRow)
		state  string
		after  time.Duration
	}{
		{func(a *agentRow) { a.CallState = "ready" }, "busy", 0},
		{func(a *agentRow) {}, "busy", time.Second},
		{func(a *agentRow) { a.Available = true }, "ready", 0},
		{func(a *agentRow) { a.Available = false; a.Outside = 1 }, "outside", 0},
		{func(a *agentRow) { a.Outside = 0; a.SeatState = "down" }, "down", 0},
		{func(a *agentRow) { a.SeatState = "up"; a.RegState = "unreg" }, "unreg", 0},
	} {
		now = now.Add(time.Second)
		c.change(&agent)
		if a := feed.view(now, nil, nil, []agentRow{agent}).Agents[0]; a.State != c.state || a.For != c.after {
			t.Errorf("%s: %s for %v, want %s for %v", fmt.Sprint(n), a.State, a.For, c.state, c.after)
		}
	}
}

func TestTopShowsWhyAnAgentRestsAndHowMuchLonger(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 18, 500_000_000, time.UTC)
	row := agentRow{
		Extension: "1000", RegState: "reged", SeatState: "up", Status: "idle", CallState: "ready",
		RestCause: "busy", RestUntil: "2026-03-02T09:00:30Z",
	}
	busy, gone := row, row
	busy.Status, gone.RegState = "busy", "unreg"
	for _, c := range []struct {
		row         agentRow
		state, rest string
	}{{row, "rest", "busy 12s"}, {busy, "busy", ""}, {gone, "unreg", ""}} {
		v := newFeed(Server{}).view(now, nil, nil, []agentRow{c.row})
		if a := v.Agents[0]; a.State != c.state || a.Rest != c.rest {
			t.Errorf("%q %q, want %q %q", a.State, a.Rest, c.state, c.rest)
		}
	}
}
