package acd

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
	"nwayacd/sim"
)

// centre is a call centre in a synctest bubble. It has a server, a simulated FreeSWITCH that is
// connected by pipes, and everything that was recorded.
type centre struct {
	*testing.T
	server *Server
	sw     *sim.Switch
	kept   *ledger
	heard  *eventLog
	stall  *stall // of the calls' connections
	cut    func() // ends the time that talks have to end
	stop   func()

	shift  shift
	life   *life                 // the server process that runs now
	socket atomic.Pointer[pipes] // its port for calls
	sims   *pipes                // the switch's event socket
	wires  *wires                // all connections between the two
	log    logBook
}

// logBook stores the lines that the server logs, from warnings up.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logBook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(line))
	return len(line), nil
}

// wantNotLogged checks that no line has that message.
func (c *centre) wantNotLogged(message string) {
	c.Helper()
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	for _, line := range c.log.lines {
		if strings.Contains(line, message) {
			c.Errorf("logged: %s", line)
		}
	}
}

// ledger is a Journal in memory.
type ledger struct {
	mu      sync.Mutex
	changes []queue.Change
}

func (l *ledger) Write(changes ...queue.Change) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes, changes...)
	return uint64(len(l.changes))
}

func (l *ledger) Sync(context.Context, uint64) error { return nil }

func (l *ledger) cdrs() (all []queue.CDR) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.changes {
		if c.CDR != nil {
			all = append(all, *c.CDR)
		}
	}
	return all
}

func (l *ledger) offers() (all []queue.OfferRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.changes {
		if c.Offer != nil {
			all = append(all, *c.Offer)
		}
	}
	return all
}

// waiting returns the uuids that have a row among the waiting.
func (l *ledger) waiting() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := map[string]bool{}
	for _, c := range l.changes {
		if c.Waiting != nil {
			rows[c.Waiting.UUID] = true
		}
		if c.Left != nil {
			delete(rows, *c.Left)
		}
	}
	return rows
}

// eventLog has the events that a CTI gets from FreeSWITCH. It stores "WORD EXTENSION" of queue and
// info events, in order, by the caller's uuid.
type eventLog struct {
	mu   sync.Mutex
	of   map[string][]string
	conn *esl.Connection
}

func (l *eventLog) onEvent(e *esl.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var uuid, line string
	switch e.Subclass() {
	case "nwayacd::queue":
		uuid, line = e.Get("nway_queue_uuid"), e.Get("nway_queue_operate")[len("nway_"):]
		if ext := e.Get("nway_queue_extension"); ext != "" {
			line += " " + ext
		}
	case "nwayacd::info":
		uuid, line = e.Get("nway_caller_uuid"),
			e.Get("nway_callstatus")+" "+e.Get("nway_callout")+" "+e.Get("nway_transfer_times")
	default:
		return
	}
	l.of[uuid] = append(l.of[uuid], line)
}

func (l *eventLog) call(uuid string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.of[uuid]...)
}

// pipes is a listener whose connections are made by dial.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
	once   sync.Once
	wrap   func(net.Conn) net.Conn // wraps what Accept returns; nil = nothing
}

func newPipes() *pipes { return &pipes{made: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.made <- theirs:
		return ours, nil
	case <-p.closed:
	case <-ctx.Done():
	}
	return nil, net.ErrClosed
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case nc := <-p.made:
		if p.wrap != nil {
			nc = p.wrap(nc)
		}
		return nc, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// shift is what a test sets in the centre before it opens.
type shift struct {
	settings Settings
	snapshot queue.Snapshot
	dial     string // the switch's dial string; "" = the default
	localIP  string // its address in server_ip
}

// ordinary is a shift of group 110 in mode sequence, with these agents logged in, and with prompts
// that last a second.
func ordinary(extensions ...string) shift {
	s := shift{settings: Settings{
		Floor:   queue.Settings{Reoffer: 5 * time.Second, NoAnswerToReady: true},
		Prompts: Prompts{Welcome: "welcome.wav", Busy: "busy.wav", Transfer: "transfer.wav", Hold: "hold.wav"},
	}}
	s.snapshot.Groups = []queue.Group{{Number: "110", RingTimeout: queue.DefaultRingTimeout}}
	for _, ext := range extensions {
		s.snapshot.Agents = append(s.snapshot.Agents, agent.Agent{
			Profile:  agent.Profile{Extension: ext},
			Presence: agent.Presence{Registered: true, Up: true, Idle: true},
		})
		s.snapshot.Members = append(s.snapshot.Members, queue.Member{Group: "110", Extension: ext})
	}
	return s
}

// open runs the test in a bubble with an open centre. It is an error if a goroutine is left at the
// end.
func open(t *testing.T, s shift, test func(c *centre)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := start(t, s)
		defer c.stop()
		test(c)
	})
}

func start(t *testing.T, s shift) *centre {
	c := &centre{
		T: t, kept: &ledger{}, heard: &eventLog{of: map[string][]string{}}, shift: s, sims: newPipes(),
		wires: &wires{}, stall: &stall{},
	}
	c.sw = sim.New(sim.Options{
		Seed: 1, Swallow: c.wires.swallows,
		Dial: func(ctx context.Context, _ string) (net.Conn, error) { return c.socket.Load().dial(ctx) },
		PlayTime: func(file string) time.Duration {
			switch file {
			case "hold.wav":
				return -1
			case "short.wav":
				return 300 * time.Millisecond
			case "tune.wav":
				return 3 * time.Second
			}
			return time.Second
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.sw.Serve(ctx, c.sims) })
	c.boot(s.snapshot)
	nc, err := c.sims.dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c.heard.conn, err = esl.Login(ctx, nc, "ClueCon", esl.Options{OnEvent: c.heard.onEvent})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.heard.conn.Send(ctx, esl.Raw("event plain CUSTOM nwayacd::queue nwayacd::info")); err != nil {
		t.Fatal(err)
	}
	c.stop = func() {
		c.sw.Close()
		c.life.end()
		cancel()
		c.heard.conn.Close()
		running.Wait()
	}
	for _, a := range s.snapshot.Agents {
		c.sw.Agent(a.Extension, sim.Behaviour{Do: sim.Answers, After: time.Second})
	}
	synctest.Wait()
	return c
}

// caller lets a caller in.
func (c *centre) caller(number string) *sim.Call {
	socket := "socket 10.0.0.5:8084/nwayacd/110 async full"
	return c.sw.Call(sim.CallOptions{
		UUID: "call-" + number, Number: number, Dialled: "110",
		Dialplan: sim.Plan("set socket_resume=true", socket, "sleep 1000", socket, "park"),
	})
}

// after lets time pass, and then waits until all goroutines are idle.
func (c *centre) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (c *centre) agent(extension string) queue.AgentView {
	c.Helper()
	for _, a := range c.server.Dispatcher.Agents() {
		if a.Extension == extension {
			return a
		}
	}
	c.Fatalf("no agent %s", extension)
	return queue.AgentView{}
}

func (c *centre) wantState(extension string, want agent.CallState) {
	c.Helper()
	if got := c.agent(extension).Call; got != want {
		c.Errorf("agent %s is %v, want %v", extension, got, want)
	}
}

func (c *centre) wantEvents(uuid string, want ...string) {
	c.Helper()
	got := c.heard.call(uuid)
	if len(got) == len(want) {
		same := true
		for i := range got {
			same = same && got[i] == want[i]
		}
		if same {
			return
		}
	}
	c.Errorf("events of %s:\n got  %q\n want %q", uuid, got, want)
}

// wantRest checks that nothing of any call is left: no channel, no place, no row, no agent with an
// offer. It returns the CDRs.
func (c *centre) wantRest() []queue.CDR {
	c.Helper()
	if left := c.sw.Channels(); len(left) > 0 {
		c.Errorf("channels left: %+v", left)
	}
	if rows := c.kept.waiting(); len(rows) > 0 {
		c.Errorf("rows left among the waiting: %v", rows)
	}
	if n := c.server.Calls(); n > 0 {
		c.Errorf("%d calls are still served", n)
	}
	for _, a := range c.server.Dispatcher.Agents() {
		if a.CallUUID != "" || a.Call == agent.Ring || a.Call == agent.Talking {
			c.Errorf("agent %s is stuck: %v, call %q", a.Extension, a.Call, a.CallUUID)
		}
	}
	if n := c.sw.Counts().DoubleOffers; n > 0 {
		c.Errorf("%d double offers", n)
	}
	return c.kept.cdrs()
}

// breaks cuts the connection of a caller's channel, if the call is still there.
func (c *centre) breaks(uuid string) {
	if call := c.server.channels.caller(uuid); call != nil {
		call.channel().conn.Close()
	}
}
