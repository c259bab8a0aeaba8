package top

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
	refresh   = time.Second            // for the clocks, and for what no event tells
	redraw    = 200 * time.Millisecond // least time between two looks
	lookLimit = 10 * time.Second       // for one look
	maxReply  = 64 << 20               // bytes: thousands of agents
)

// Feed looks at the floor through the command port. It belongs to one goroutine at a time.
//
// It asks again at each event, and once a second: a view for people, whose clocks move, is the one
// place where we poll.
type Feed struct {
	address, password string
	shown             chan View // each look
	bell              chan struct{}
	last              View
	tenures           map[string]tenure // by extension
}

// tenure is how long an agent has been in a state, as far as we saw.
type tenure struct {
	state string
	since time.Time // zero: since before we looked
}

func newFeed(c conf.Control) *Feed {
	address := c.DialAddress()
	return &Feed{
		address: address, password: string(c.Password),
		shown: make(chan View), bell: make(chan struct{}, 1), tenures: map[string]tenure{}, last: View{Server: address},
	}
}

func (f *Feed) options() esl.Options { return esl.Options{Limits: esl.Limits{MaxBody: maxReply}} }

// once is one look, over a connection of its own.
func (f *Feed) once(ctx context.Context) (View, error) {
	ctx, stop := context.WithTimeout(ctx, lookLimit)
	defer stop()
	conn, err := esl.Dial(ctx, f.address, f.password, f.options())
	if err != nil {
		return View{}, err
	}
	defer conn.Close()
	return f.look(ctx, conn)
}

// follow shows look after look until ctx is done; a lost connection is made again.
func (f *Feed) follow(ctx context.Context) {
	link := esl.Link{
		Address: f.address, Password: f.password, Options: f.options(),
		OnEvent: func(*esl.Event) { f.ring() },
		Session: f.session,
		Down: func(err error) {
			f.last.Trouble = err.Error()
			f.show(ctx)
		},
	}
	link.Keep(ctx) // returns ctx's cause, and nothing else
}

// ring asks for a new look; one that nobody has begun yet will do.
func (f *Feed) ring() {
	select {
	case f.bell <- struct{}{}:
	default:
	}
}

func (f *Feed) session(ctx context.Context, conn *esl.Connection) error {
	if err := conn.Post(esl.Raw("event plain CUSTOM nwayacd::queue nwayacd::info nwayacd::agent")); err != nil {
		return err
	}
	for {
		began := time.Now()
		if _, err := f.look(ctx, conn); err != nil {
			return err
		}
		f.show(ctx)
		// A floor of thousands takes the server a while to tell: at most a fifth of the time it
		// does that for us.
		if err := f.rest(ctx, max(redraw, 4*time.Since(began))); err != nil {
			return err
		}
	}
}

// rest waits at least so long, and then for an event or the next tick of the clocks.
func (f *Feed) rest(ctx context.Context, least time.Duration) error {
	gap, tick := time.NewTimer(least), time.NewTimer(max(least, refresh))
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

func (f *Feed) show(ctx context.Context) {
	select {
	case f.shown <- f.last:
	case <-ctx.Done():
	}
}

// The rows of the lists, as far as they are shown.
type (
	groupRow struct {
		Group, Name                 string
		Mode                        string `json:"mode_name"`
		Members                     []string
		Available, Waiting, Talking int
	}
	callRow struct {
		UUID, Caller, Group, Phase, Agent string
		VIP                               bool
		Seconds                           int
		PhaseSeconds                      int `json:"phase_seconds"`
	}
	agentRow struct {
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
func (f *Feed) look(ctx context.Context, conn *esl.Connection) (View, error) {
	ctx, stop := context.WithTimeout(ctx, lookLimit)
	defer stop()
	var groups []groupRow
	var calls []callRow
	var agents []agentRow
	lists := []struct {
		command string
		rows    any
	}{{"nway_list_groups json", &groups}, {"nway_list_calls json", &calls}, {"nway_list_exts json", &agents}}
	for _, l := range lists {
		text, err := conn.API(ctx, l.command)
		if err != nil {
			return View{}, err
		}
		if err := json.Unmarshal([]byte(text), l.rows); err != nil {
			return View{}, fmt.Errorf("%s on %s: %w", l.command, f.address, err)
		}
	}
	f.last = f.view(time.Now(), groups, calls, agents)
	return f.last, nil
}

func (f *Feed) view(now time.Time, groups []groupRow, calls []callRow, agents []agentRow) View {
	v := View{Server: f.address, At: now}
	callers := map[string]string{}
	for _, c := range calls {
		callers[c.UUID] = c.Caller
		state, waits := phases[c.Phase]
		switch {
		case waits:
			v.Callers = append(v.Callers, Caller{
				Number: c.Caller, Group: c.Group, State: state, Agent: c.Agent, VIP: c.VIP,
				Wait: time.Duration(c.Seconds) * time.Second, For: time.Duration(c.PhaseSeconds) * time.Second,
			})
		case c.Phase == "talk":
			v.Talking++
		}
	}
	for _, g := range groups {
		v.Groups = append(v.Groups, Group{
			Number: g.Group, Name: g.Name, Mode: g.Mode, Members: len(g.Members), Available: g.Available,
			Waiting: g.Waiting, Talking: g.Talking,
		})
	}
	tenures := make(map[string]tenure, len(agents))
	for _, a := range agents {
		held := f.tenure(&a, now)
		tenures[a.Extension] = held
		v.Agents = append(v.Agents, Agent{
			Extension: a.Extension, Name: a.Name, State: held.state, Caller: callers[a.Call], Groups: a.Groups,
			For: held.length(now), Rest: a.rest(now),
		})
	}
	f.tenures = tenures
	return v
}

// phases are the phases in which a caller waits for an agent, in the words of the screen.
var phases = map[string]string{"greet": "greeting", "wait": "waiting", "ring": "ringing"}

// tenure is the state the agent is in and since when. The server stamps the moves of call_state;
// when an agent went busy or off, it is only we who may have seen it.
func (f *Feed) tenure(a *agentRow, now time.Time) tenure {
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

// state is what keeps the agent from a call, in one word of states; or ready.
func (a *agentRow) state() string {
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
func (a *agentRow) rest(now time.Time) string {
	if a.state() != "rest" {
		return ""
	}
	until, err := time.Parse(time.RFC3339, a.RestUntil)
	if err != nil {
		return a.RestCause
	}
	return fmt.Sprintf("%s %ds", a.RestCause, max(0, int(math.Ceil(until.Sub(now).Seconds()))))
}
