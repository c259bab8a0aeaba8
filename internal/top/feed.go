package top

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"time"

	"nwayacd/esl"
)

const (
	refresh   = time.Second            // between two looks if there is no event, for the clocks
	redraw    = 200 * time.Millisecond // shortest time between two looks
	lookLimit = 10 * time.Second       // for one look
	maxReply  = 64 << 20               // bytes: enough for thousands of agents
)

// Server is the server whose floor is shown.
type Server struct {
	// of the command port
	Address, Password string
	Dial              func(context.Context) (net.Conn, error) // nil = TCP to Address

	HTTP HTTP
}

// Feed reads the lists of the floor through the command port, for a server whose HTTP port refuses
// the live stream. Only one goroutine at a time may use it.
//
// It reads them again at each event, and once a second. This is the only place in the program that
// polls, because the clocks on the screen move without events.
type Feed struct {
	server    Server
	shown     chan View // receives the view of each look
	requested chan struct{}
	last      View
	tenures   map[string]tenure // by extension
}

// tenure is the state of an agent, and since when the agent has been in it.
type tenure struct {
	state string
	since time.Time // zero: since before the first look
}

func newFeed(server Server) *Feed {
	return &Feed{
		server: server,
		shown:  make(chan View), requested: make(chan struct{}, 1), tenures: map[string]tenure{},
		last: View{Server: server.Address},
	}
}

func (f *Feed) views() <-chan View { return f.shown }

func (f *Feed) options() esl.Options { return esl.Options{Limits: esl.Limits{MaxBody: maxReply}} }

// lookOnce makes one look over its own connection.
func (f *Feed) lookOnce(ctx context.Context) (View, error) {
	ctx, stop := context.WithTimeout(ctx, lookLimit)
	defer stop()
	conn, err := f.connect(ctx)
	if err != nil {
		return View{}, err
	}
	defer conn.Close()
	return f.look(ctx, conn)
}

func (f *Feed) connect(ctx context.Context) (*esl.Connection, error) {
	if f.server.Dial == nil {
		return esl.Dial(ctx, f.server.Address, f.server.Password, f.options())
	}
	nc, err := f.server.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return esl.Login(ctx, nc, f.server.Password, f.options())
}

// follow sends view after view until ctx is done. It connects again if the connection is lost.
func (f *Feed) follow(ctx context.Context) {
	link := esl.Link{
		Address: f.server.Address, Password: f.server.Password, Dial: f.server.Dial, Options: f.options(),
		OnEvent: func(*esl.Event) { f.requestLook() },
		Session: f.session,
		Down: func(err error) {
			f.last.Trouble = err.Error()
			f.show(ctx)
		},
	}
	link.Keep(ctx) // returns only the cause of ctx
}

// requestLook requests a new look. If one is already requested, that is enough.
func (f *Feed) requestLook() {
	select {
	case f.requested <- struct{}{}:
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
		// The server needs some time to list thousands of agents. Looks take at most a fifth of it.
		if err := f.wait(ctx, max(redraw, 4*time.Since(began))); err != nil {
			return err
		}
	}
}

// wait waits for least, and then for an event or until refresh has passed.
func (f *Feed) wait(ctx context.Context, least time.Duration) error {
	gap, tick := time.NewTimer(least), time.NewTimer(max(least, refresh))
	defer gap.Stop()
	defer tick.Stop()
	select {
	case <-gap.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-f.requested:
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

// The rows of the lists, with the columns that are shown.
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

// look reads the lists and returns the view of them.
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
			return View{}, fmt.Errorf("%s on %s: %w", l.command, f.server.Address, err)
		}
	}
	f.last = f.view(time.Now(), groups, calls, agents)
	return f.last, nil
}

func (f *Feed) view(now time.Time, groups []groupRow, calls []callRow, agents []agentRow) View {
	v := View{Server: f.server.Address, At: now}
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

// phases maps the phases in which a caller waits for an agent to the words of the screen.
var phases = map[string]string{"greet": "greeting", "wait": "waiting", "ring": "ringing"}

// tenure returns the agent's state and since when. The server reports when call_state began. When
// an agent went busy or logged out is known only if an earlier look saw the agent in another state.
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

// state returns the reason why the agent can get no call, as one word of states, or "ready".
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

// rest returns why the agent rests and how much longer, such as "busy 12s". It returns "" if the
// agent is not in the state rest.
func (a *agentRow) rest(now time.Time) string {
	if a.state() != "rest" {
		return ""
	}
	until, err := time.Parse(time.RFC3339, a.RestUntil)
	if err != nil {
		return a.RestCause
	}
	return restText(a.RestCause, until, now)
}

// restText says why an agent rests, and how much longer. It returns "" if there is no cause.
func restText(cause string, until, now time.Time) string {
	if cause == "" {
		return ""
	}
	return fmt.Sprintf("%s %ds", cause, max(0, int(math.Ceil(until.Sub(now).Seconds()))))
}
