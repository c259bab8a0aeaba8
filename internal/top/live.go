package top

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"nwayacd/internal/wait"
)

const (
	silence   = 5 * time.Second // without an event; there is a tick every 2 s
	tryAgain  = time.Second     // after the stream was lost
	mostFrame = 64 << 20        // bytes: enough for thousands of agents
)

// HTTP is the HTTP port that has the live stream.
type HTTP struct {
	URL   string // https://HOST:PORT
	Token string // "" = none is needed
	TLS   *tls.Config
}

var errNoStream = errors.New("the HTTP port has no live stream for this client")

// Stream reads the floor from the live stream. It reads no lists. The clocks on the screen move
// between two frames. Only one goroutine at a time may use it.
type Stream struct {
	client *http.Client
	http   HTTP
	shown  chan View // receives each view
	rows   liveRows
	ahead  time.Duration // of the server's clock before ours
	last   View
}

// The rows of the live stream, with the fields that are shown. Times are milliseconds since 1970.
type (
	liveRows struct {
		groups map[string]liveGroup
		agents map[string]liveAgent
		calls  map[string]liveCall
	}
	liveGroup struct {
		Number, Name, Mode string
		Waiting, Talking   int
		Agents             map[string]int
	}
	liveAgent struct {
		Extension, Name, State string
		Since                  int64
		Caller                 string
		RestCause              string `json:"rest_cause"`
		RestUntil              int64  `json:"rest_until"`
		Registered             bool
		Locked, DND            bool
		Outside                int
		Groups                 []string
	}
	liveCall struct {
		UUID, Group, Number, State, Agent string
		VIP                               bool
		Since                             int64
		StateSince                        int64 `json:"state_since"`
	}
	liveFrame struct {
		At     int64 // of a tick
		Groups []liveGroup
		Agents []liveAgent
		Calls  []liveCall
		Gone   struct{ Groups, Agents, Calls []string }
	}
)

func newStream(server Server) *Stream {
	return &Stream{
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: server.HTTP.TLS}},
		http:   server.HTTP, shown: make(chan View), last: View{Server: server.Address},
	}
}

// lookOnce reads the first snapshot. The error is errNoStream if the port refuses the stream.
func (s *Stream) lookOnce(ctx context.Context) (View, error) {
	ctx, stop := context.WithTimeout(ctx, lookLimit)
	defer stop()
	defer s.client.CloseIdleConnections()
	in, end, err := s.connect(ctx)
	if err != nil {
		return View{}, err
	}
	defer end()
	for {
		event, data, err := in.next()
		if err != nil {
			return View{}, err
		}
		if err := s.take(event, data); err != nil {
			return View{}, err
		}
		if event == "snapshot" {
			return s.view(time.Now()), nil
		}
	}
}

func (s *Stream) views() <-chan View { return s.shown }

// follow sends view after view until ctx is done. It connects again if the stream is lost.
func (s *Stream) follow(ctx context.Context) {
	defer s.client.CloseIdleConnections()
	for ctx.Err() == nil {
		err := s.session(ctx)
		s.last.Trouble = err.Error()
		s.show(ctx, s.last)
		wait.Pause(ctx, tryAgain, nil)
	}
}

// session follows one connection. It returns why that ended.
func (s *Stream) session(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(silence, func() { cancel(fmt.Errorf("the server has said nothing for %s", silence)) })
	defer quiet.Stop()
	in, end, err := s.connect(ctx)
	if err != nil {
		return cause(ctx, err)
	}
	reads := make(chan frameRead)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer end()
	defer cancel(nil)
	reading.Go(func() { in.readTo(ctx, reads) }) // ends with the connection
	clocks := time.NewTicker(refresh)
	defer clocks.Stop()
	for {
		select {
		case r := <-reads:
			quiet.Reset(silence)
			if r.err == nil {
				r.err = s.take(r.event, r.data)
			}
			if r.err != nil {
				return cause(ctx, r.err)
			}
		case <-clocks.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if s.rows.groups != nil {
			s.show(ctx, s.view(time.Now()))
		}
	}
}

// cause returns why ctx ended if it has, otherwise err.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (s *Stream) show(ctx context.Context, v View) {
	s.last = v
	select {
	case s.shown <- v:
	case <-ctx.Done():
	}
}

// connect opens the stream. The error is errNoStream if the port refuses it.
func (s *Stream) connect(ctx context.Context) (in *events, end func(), err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.http.URL+"/api/v1/live", nil)
	if err != nil {
		return nil, nil, err
	}
	if s.http.Token != "" {
		request.Header.Set("Authorization", "Bearer "+s.http.Token)
	}
	answer, err := s.client.Do(request) //nolint:bodyclose // the second result closes it
	if err != nil {
		return nil, nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, nil, fmt.Errorf("%w: %s", errNoStream, answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, mostFrame)
	return &events{lines}, func() { answer.Body.Close() }, nil
}

// events reads server-sent events.
type events struct{ lines *bufio.Scanner }

// frameRead is one event, or why there are no more.
type frameRead struct {
	event string
	data  []byte
	err   error
}

// readTo sends event after event, until the stream or ctx ends.
func (e *events) readTo(ctx context.Context, reads chan<- frameRead) {
	for {
		event, data, err := e.next()
		select {
		case reads <- frameRead{event, data, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (e *events) next() (name string, data []byte, err error) {
	for e.lines.Scan() {
		field, value, _ := bytes.Cut(e.lines.Bytes(), []byte(": "))
		switch string(field) {
		case "event":
			name = string(value)
		case "data":
			return name, bytes.Clone(value), nil
		}
	}
	return "", nil, errors.Join(errors.New("the server has ended the stream"), e.lines.Err())
}

// take takes over one event.
func (s *Stream) take(event string, data []byte) error {
	var f liveFrame
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("a frame of the live stream: %w", err)
	}
	switch event {
	case "tick":
		s.ahead = time.Until(time.UnixMilli(f.At))
	case "snapshot":
		s.rows = liveRows{map[string]liveGroup{}, map[string]liveAgent{}, map[string]liveCall{}}
		s.rows.put(&f)
	case "delta":
		s.rows.put(&f)
	}
	return nil
}

func (r *liveRows) put(f *liveFrame) {
	for _, number := range f.Gone.Groups {
		delete(r.groups, number)
	}
	for _, extension := range f.Gone.Agents {
		delete(r.agents, extension)
	}
	for _, uuid := range f.Gone.Calls {
		delete(r.calls, uuid)
	}
	for _, g := range f.Groups {
		r.groups[g.Number] = g
	}
	for _, a := range f.Agents {
		r.agents[a.Extension] = a
	}
	for _, c := range f.Calls {
		r.calls[c.UUID] = c
	}
}

// view returns the floor as it is at that time of our clock.
func (s *Stream) view(at time.Time) View {
	now := at.Add(s.ahead)
	v := View{Server: s.last.Server, At: at}
	for _, uuid := range slices.SortedFunc(maps.Keys(s.rows.calls), byNumber) {
		c := s.rows.calls[uuid]
		state, waits := phases[c.State]
		switch {
		case waits:
			v.Callers = append(v.Callers, Caller{
				Number: c.Number, Group: c.Group, State: state, Agent: c.Agent, VIP: c.VIP,
				Wait: since(c.Since, now), For: since(c.StateSince, now),
			})
		case c.State == "talk":
			v.Talking++
		}
	}
	for _, number := range slices.SortedFunc(maps.Keys(s.rows.groups), byNumber) {
		g := s.rows.groups[number]
		v.Groups = append(v.Groups, Group{
			Number: g.Number, Name: g.Name, Mode: g.Mode, Members: g.Agents["logged_in"] + g.Agents["down"],
			Available: g.Agents["ready"], Waiting: g.Waiting, Talking: g.Talking,
		})
	}
	for _, extension := range slices.SortedFunc(maps.Keys(s.rows.agents), byNumber) {
		a := s.rows.agents[extension]
		v.Agents = append(v.Agents, Agent{
			Extension: a.Extension, Name: a.Name, State: a.state(), Caller: a.Caller, Groups: a.Groups,
			For: since(a.Since, now), Rest: restText(a.RestCause, time.UnixMilli(a.RestUntil), now),
		})
	}
	return v
}

// byNumber orders numbers by their value, because most have the same length or no leading zeros.
func byNumber(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// since returns the time since a moment, below 0 if that is unknown.
func since(at int64, now time.Time) time.Duration {
	if at == 0 {
		return -1
	}
	return max(0, now.Sub(time.UnixMilli(at)))
}

// state returns the agent's state, with the reason if the agent is unavailable.
func (a *liveAgent) state() string {
	switch {
	case a.State != "unavailable":
		return a.State
	case a.Outside > 0:
		return "outside"
	case !a.Registered:
		return "unreg"
	case a.Locked:
		return "locked"
	case a.DND:
		return "dnd"
	}
	return a.State
}
