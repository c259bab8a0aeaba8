package acd

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
	"nwayacd/sim"
)

// The harness of this package's tests is in these files:
//   - harness_test.go has the call centre: a server, a simulated FreeSWITCH and their callers.
//   - harness_moment_test.go has the moments in the life of a call for which a test waits.
//   - harness_want_test.go has the checks.
//   - harness_record_test.go has what the tests look at: the journal, the events, the log.
//   - harness_wire_test.go has the connections between the two, and what can go wrong with them.

// shift is what a test decides about its call centre before it opens.
type shift struct {
	unlinked bool // no link to the switch is configured
	settings Settings
	snapshot queue.Snapshot
	dial     string // the switch's dial string; "" = the default
	localIP  string // the switch's address in server_ip
}

// ordinary is a shift of group 110, mode sequence, with these agents logged in, and with prompts
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

// twoGroups is a shift of group 110 with agent 1000 and group 120 with agent 1001.
func twoGroups() shift {
	s := ordinary("1000", "1001")
	s.snapshot.Groups = append(s.snapshot.Groups, queue.Group{Number: "120", RingTimeout: queue.DefaultRingTimeout})
	s.snapshot.Members[1].Group = "120"
	return s
}

// centre is a call centre in a synctest bubble. It has a server, a simulated FreeSWITCH that is
// joined to it by pipes, and records of what both did.
type centre struct {
	*testing.T
	server  *Server
	sw      *sim.Switch
	journal *memoryJournal
	cti     *ctiLog
	stall   *stall // delays what the switch writes to the connections of calls
	cut     func() // ends the time that a shutdown leaves to talks
	stop    func()

	shift  shift
	life   *life                 // the life of the server that runs now
	socket atomic.Pointer[pipes] // the server's port for calls
	sims   *pipes                // the switch's event socket
	wires  *wires                // all connections between server and switch
	log    logBook
}

// open opens a call centre in a bubble and runs the test in it. A goroutine that is left in the
// bubble at the end is an error.
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
		T: t, journal: &memoryJournal{}, cti: &ctiLog{of: map[string][]string{}},
		shift: s, sims: newPipes(), wires: &wires{}, stall: &stall{},
	}
	c.sw = sim.New(sim.Options{
		Seed: 1, Swallow: c.wires.swallows, PlayTime: playTime,
		Dial: func(ctx context.Context, _ string) (net.Conn, error) { return c.socket.Load().dial(ctx) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.sw.Serve(ctx, c.sims) })
	c.boot(s.snapshot)
	c.listen(ctx)
	c.stop = func() {
		c.sw.Close()
		c.life.end()
		cancel()
		c.cti.conn.Close()
		running.Wait()
	}
	for _, a := range s.snapshot.Agents {
		c.sw.Agent(a.Extension, sim.Behaviour{Do: sim.Answers, After: answerTime})
	}
	synctest.Wait()
	return c
}

// playTime is how long the switch plays a file. Music is endless.
func playTime(file string) time.Duration {
	switch file {
	case "hold.wav":
		return -1
	case "short.wav":
		return 300 * time.Millisecond
	case "tune.wav":
		return 3 * time.Second
	}
	return welcomeTime
}

// listen connects the CTI to the switch.
func (c *centre) listen(ctx context.Context) {
	c.Helper()
	nc, err := c.sims.dial(ctx)
	if err != nil {
		c.Fatal(err)
	}
	c.cti.conn, err = esl.Login(ctx, nc, "ClueCon", esl.Options{OnEvent: c.cti.hear})
	if err != nil {
		c.Fatal(err)
	}
	if _, err := c.cti.conn.Send(ctx, esl.Raw("event plain CUSTOM nwayacd::queue nwayacd::info")); err != nil {
		c.Fatal(err)
	}
}

// life is one life of the centre's server. What the server writes after its death is lost.
type life struct {
	*memoryJournal
	dead atomic.Bool
	end  func() // stops the server, and waits until it has stopped
}

func (l *life) Write(changes ...queue.Change) uint64 {
	if l.dead.Load() {
		return 0
	}
	return l.memoryJournal.Write(changes...)
}

// boot starts a server that loads the snapshot.
func (c *centre) boot(s queue.Snapshot) {
	socket := newPipes()
	socket.wrap = func(nc net.Conn) net.Conn { return c.stall.on(c.wires.wrap(nc)) }
	c.socket.Store(socket)
	c.life = &life{memoryJournal: c.journal}
	c.server = New(Options{
		Settings: c.shift.settings, Journal: c.life, Identity: "test",
		Log: zerolog.New(io.MultiWriter(zerolog.NewTestWriter(c), &c.log)).Level(zerolog.WarnLevel),
		Switches: []Switch{{
			Name: "sim", Address: "pipe", Password: "ClueCon",
			DialString: c.shift.dial, LocalIP: c.shift.localIP,
		}},
		Dial: func(ctx context.Context) (net.Conn, error) {
			nc, err := c.sims.dial(ctx)
			if err != nil {
				return nil, err
			}
			return c.wires.wrap(nc), nil
		},
	}, s)
	if c.shift.unlinked {
		c.server.links = nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.server.Run(ctx) })
	serving, cut := context.WithCancel(ctx)
	c.cut = cut
	running.Go(func() { c.server.Serve(serving, socket) })
	c.life.end = func() {
		cancel()
		running.Wait()
	}
}

// dies is the sudden death of the server. From then on it sends nothing and writes nothing.
func (c *centre) dies() {
	c.life.dead.Store(true)
	c.socket.Load().Close()
	c.wires.cut()
	c.life.end()
}

// comesBack starts the server again, with what the journal has.
func (c *centre) comesBack() { c.boot(c.journal.snapshot(c.shift.snapshot)) }

// restartsWith lets the server die, and come back with the first n changes of its journal.
func (c *centre) restartsWith(n int) {
	c.dies()
	c.journal.forgetBehind(n)
	c.after(time.Second)
	c.comesBack()
	c.after(linkTime)
}

// caller lets a caller in, whose channel has the uuid "call-" and the number.
func (c *centre) caller(number string) *sim.Call {
	socket := socketTo("110")
	return c.sw.Call(sim.CallOptions{
		UUID: "call-" + number, Number: number, Dialled: "110",
		Dialplan: sim.Plan("set socket_resume=true", socket, "sleep 1000", socket, "park"),
	})
}

// socketTo is the line of a dialplan that leads into a group.
func socketTo(group string) string { return "socket 10.0.0.5:8084/nwayacd/" + group + " async full" }

// asks lets a channel arrive whose dialplan asks for a route, and then parks.
func (c *centre) asks(uuid, number, user, path string) *sim.Call {
	return c.sw.Call(sim.CallOptions{
		UUID: uuid, Number: number, User: user, Dialled: "*1",
		Dialplan: sim.Plan("socket 10.0.0.5:8084/"+path+" async full", "park"),
	})
}

// edit changes tables of the database as another program does.
func (c *centre) edit(changes ...queue.Change) {
	c.server.Dispatcher.Edit(func() []queue.Change { return changes })
}

// api sends a command to the switch and returns its reply.
func (c *centre) api(line string) string {
	c.Helper()
	replies, err := c.cti.conn.Do(c.Context(), esl.API(line))
	if err != nil {
		c.Fatal(err)
	}
	return replies[0].Text()
}

// agentHangsUp ends the caller's talk from the agent's side.
func agentHangsUp(c *centre, call *sim.Call) {
	c.Helper()
	c.api("uuid_kill " + call.Bridged())
}

// killAll hangs up every channel of the switch.
func (c *centre) killAll() {
	for _, channel := range c.sw.Channels() {
		c.cti.conn.API(c.Context(), "uuid_kill "+channel.UUID)
	}
}

// served is the call that the server serves for a caller's channel, or nil.
func (c *centre) served(uuid string) *call { return c.server.channels.caller(uuid) }

// placeOf is since when the caller has a place in the line.
func (c *centre) placeOf(uuid string) time.Time {
	c.Helper()
	call := c.served(uuid)
	if call == nil {
		c.Fatalf("no call %s is served", uuid)
	}
	return call.place.Since
}

// breakConnection closes the call connection of a caller's channel, if the call is still served.
func (c *centre) breakConnection(uuid string) {
	if call := c.served(uuid); call != nil {
		call.channel().conn.Close()
	}
}

// breakLink closes the link, if it is up. The server makes it again.
func (c *centre) breakLink() {
	if conn := c.server.links[0].conn.Load(); conn != nil {
		conn.Close()
	}
}

// loseLink closes the link, and the switch accepts no other.
func (c *centre) loseLink() {
	c.sims.Close()
	c.breakLink()
}

// unlinked lets time pass in which the link is broken whenever it comes up.
func (c *centre) unlinked(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); c.after(time.Millisecond) {
		c.breakLink()
	}
}
