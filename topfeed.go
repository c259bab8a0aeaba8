package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"nwayacd/conf"
	"nwayacd/esl"
)

const (
	topRefresh   = time.Second            // for the clocks, and for what no event tells
	topRedraw    = 200 * time.Millisecond // least time between two looks
	topLookLimit = 10 * time.Second       // for one look
	topMaxReply  = 64 << 20               // bytes: thousands of agents
)

// topFeed looks at the floor through the command port. It belongs to one goroutine at a time.
//
// It asks again at each event, and once a second: a view for people, whose clocks move, is the one place where we poll.
type topFeed struct {
	address, password string
	shown             chan topView // each look
	bell              chan struct{}
	last              topView
	tenures           map[string]tenure // by extension
}

// tenure is how long an agent has been in a state, as far as we saw.
type tenure struct {
	state string
	since time.Time // zero: since before we looked
}

func newTopFeed(c conf.Control) *topFeed {
	address := c.DialAddress()
	return &topFeed{
		address: address, password: string(c.Password),
		shown: make(chan topView), bell: make(chan struct{}, 1), tenures: map[string]tenure{}, last: topView{Server: address},
	}
}

func (f *topFeed) options() esl.Options { return esl.Options{Limits: esl.Limits{MaxBody: topMaxReply}} }

// once is one look, over a connection of its own.
func (f *topFeed) once(ctx context.Context) (topView, error) {
	ctx, stop := context.WithTimeout(ctx, topLookLimit)
	defer stop()
	conn, err := esl.Dial(ctx, f.address, f.password, f.options())
	if err != nil {
		return topView{}, err
	}
	defer conn.Close()
	return f.look(ctx, conn)
}

// follow shows look after look until ctx is done; a lost connection is made again.
func (f *topFeed) follow(ctx context.Context) {
	link := esl.Link{
		Address: f.address, Password: f.password, Options: f.options(),
		OnEvent: func(*esl.Event) { notify(f.bell) },
		Session: f.session,
		Down: func(err error) {
			f.last.Trouble = err.Error()
			f.show(ctx)
		},
	}
	link.Keep(ctx) // returns ctx's cause, and nothing else
}

func (f *topFeed) session(ctx context.Context, conn *esl.Connection) error {
	if err := conn.Post(esl.Raw("event plain CUSTOM nwayacd::queue nwayacd::info nwayacd::agent")); err != nil {
		return err
	}
	for {
		began := time.Now()
		if _, err := f.look(ctx, conn); err != nil {
			return err
		}
		f.show(ctx)
		// A floor of thousands takes the server a while to tell: at most a fifth of the time it does that for us.
		if err := f.rest(ctx, max(topRedraw, 4*time.Since(began))); err != nil {
			return err
		}
	}
}

// rest waits at least so long, and then for an event or the next tick of the clocks.
func (f *topFeed) rest(ctx context.Context, least time.Duration) error {
	gap, tick := time.NewTimer(least), time.NewTimer(max(least, topRefresh))
	defer gap.Stop()
	defer tick.Stop()
	select {
	case <-gap.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-f.bell:
	case <-tick.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func (f *topFeed) show(ctx context.Context) {
	select {
	case f.shown <- f.last:
	case <-ctx.Done():
	}
}

// The rows of the lists, as far as they are shown.
type (
	topGroupRow struct {
		Group, Name                 string
		Mode                        string `json:"mode_name"`
		Members                     []string
		Available, Waiting, Talking int
	}
	topCallRow struct {
		UUID, Caller, Group, Phase, Agent string
		VIP                               bool
		Seconds                           int
		PhaseSeconds                      int `json:"phase_seconds"`
	}
	topAgentRow struct {
		Extension, Name        string
		RegState               string `json:"reg_state"`
		SeatState              string `json:"seat_state"`
		Status                 string `json:"seat_status"`
		CallState              string `json:"call_state"`
		Available, Locked, DND bool
		Outside                int `json:"outside_calls"`
		Groups                 []string
		Call                   string `json:"call_uuid"`
		Since                  string
		RestCause              string `json:"rest_cause"`
		RestUntil              string `json:"rest_until"`
	}
)

// look asks for the lists and makes a view of them.
func (f *topFeed) look(ctx context.Context, conn *esl.Connection) (topView, error) {
	ctx, stop := context.WithTimeout(ctx, topLookLimit)
	defer stop()
	var groups []topGroupRow
	var calls []topCallRow
	var agents []topAgentRow
	lists := []struct {
		command string
		rows    any
	}{{"nway_list_groups json", &groups}, {"nway_list_calls json", &calls}, {"nway_list_exts json", &agents}}
	for _, l := range lists {
		text, err := conn.API(ctx, l.command)
		if err != nil {
			return topView{}, err
		}
		if err := json.Unmarshal([]byte(text), l.rows); err != nil {
			return topView{}, fmt.Errorf("%s on %s: %w", l.command, f.address, err)
		}
	}
	f.last = f.view(time.Now(), groups, calls, agents)
	return f.last, nil
}

func (f *topFeed) view(now time.Time, groups []topGroupRow, calls []topCallRow, agents []topAgentRow) topView {
	v := topView{Server: f.address, At: now}
	callers := map[string]string{}
	for _, c := range calls {
		callers[c.UUID] = c.Caller
		state, waits := topPhases[c.Phase]
		switch {
		case waits:
			v.Callers = append(v.Callers, topCaller{
				Number: c.Caller, Group: c.Group, State: state, Agent: c.Agent, VIP: c.VIP,
				Wait: time.Duration(c.Seconds) * time.Second, For: time.Duration(c.PhaseSeconds) * time.Second,
			})
		case c.Phase == "talk":
			v.Talking++
		}
	}
	for _, g := range groups {
		v.Groups = append(v.Groups, topGroup{
			Number: g.Group, Name: g.Name, Mode: g.Mode, Members: len(g.Members), Available: g.Available, Waiting: g.Waiting, Talking: g.Talking,
		})
	}
	tenures := make(map[string]tenure, len(agents))
	for _, a := range agents {
		held := f.tenure(&a, now)
		tenures[a.Extension] = held
		v.Agents = append(v.Agents, topAgent{
			Extension: a.Extension, Name: a.Name, State: held.state, Caller: callers[a.Call], Groups: a.Groups, For: held.length(now),
			Rest: a.rest(now),
		})
	}
	f.tenures = tenures
	return v
}

// topPhases are the phases in which a caller waits for an agent, in the words of the screen.
var topPhases = map[string]string{"greet": "greeting", "wait": "waiting", "ring": "ringing"}

// tenure is the state the agent is in and since when. The server stamps the moves of call_state; when an agent went busy or off, it is
// only we who may have seen it.
func (f *topFeed) tenure(a *topAgentRow, now time.Time) tenure {
	state := a.state()
	held, seen := f.tenures[a.Extension]
	stamp, err := time.Parse(time.RFC3339, a.Since)
	switch {
	case err == nil && state == a.CallState && (state != "ready" || !seen):
		return tenure{state, stamp}
	case !seen:
		return tenure{state: state}
	case held.state != state:
		return tenure{state, now}
	}
	return held
}

func (t tenure) length(now time.Time) time.Duration {
	if t.since.IsZero() {
		return -1
	}
	return max(0, now.Sub(t.since))
}

// state is what keeps the agent from a call, in one word of topStates; or ready.
func (a *topAgentRow) state() string {
	switch {
	case a.CallState != "ready":
		return a.CallState
	case a.Available:
		return "ready"
	case a.Outside > 0:
		return "outside"
	case a.SeatState != "up":
		return "down"
	case a.RegState != "reged":
		return "unreg"
	case a.Locked:
		return "locked"
	case a.DND:
		return "dnd"
	case a.RestCause != "" && a.Status == "idle":
		return "rest"
	}
	return "busy"
}

// rest is why the agent rests and how much longer, such as "busy 12s"; "" if something else keeps
// it from a call.
func (a *topAgentRow) rest(now time.Time) string {
	if a.state() != "rest" {
		return ""
	}
	until, err := time.Parse(time.RFC3339, a.RestUntil)
	if err != nil {
		return a.RestCause
	}
	return fmt.Sprintf("%s %ds", a.RestCause, max(0, int(math.Ceil(until.Sub(now).Seconds()))))
}
