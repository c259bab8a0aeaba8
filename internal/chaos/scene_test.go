package chaos

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nwayacd/internal/testlab"
	"nwayacd/sim"
)

const (
	group     = "110"
	agents    = 12
	callEvery = 100 * time.Millisecond
	talk      = 100 * time.Millisecond

	truth = 15 * time.Second // 5 s on a machine with nothing else to do; a scene logs what it took

	httpToken      = "right-token-of-http"
	directoryToken = "right-token-of-directory"
	password       = "right-password-of-control"
)

// patience is how long a test waits for what must happen.
var patience = time.Minute

// scene is one server, one FreeSWITCH and its callers.
type scene struct {
	*testing.T
	srv        *testlab.Server
	process    *testlab.Process
	sw         *sim.Switch
	db         *database        // nil = SQLite
	freeswitch string           // the address of its event socket
	more       testlab.Settings // of the configuration
	console    *testlab.Client
	watched    atomic.Pointer[testlab.Server] // whose ports are asked

	calling   sync.WaitGroup // the callers, and what lets them in
	stopCalls context.CancelFunc
	stopUse   context.CancelFunc // of the secrets
	mu        sync.Mutex
	uuids     []string        // of all callers
	talked    map[string]bool // the channels that were bridged
	lost      []string        // the callers without a talk, and what happened to them
	// outcome is a condition on the records, in SQL, which each caller meets once.
	outcome string
	damaged int // records that were damaged, or that only the log has
}

// begin starts a server with agents on the database, and lets callers in.
func begin(t *testing.T, db *database) *scene {
	t.Helper()
	s := prepare(t, db)
	s.start()
	s.staff()
	s.callersCome()
	return s
}

// prepare writes the configuration, and starts the FreeSWITCH.
func prepare(t *testing.T, db *database) *scene {
	t.Helper()
	srv, err := testlab.NewServer(suite.program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{
		T: t, srv: srv, db: db, talked: map[string]bool{}, outcome: `outcome = 'answered'`,
		console: &testlab.Client{Address: srv.Control, Password: password},
	}
	t.Cleanup(s.console.Close)
	s.sw = sim.New(sim.Options{Seed: 1, PlayTime: playTime, OnEvent: s.happens})
	t.Cleanup(s.sw.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { s.sw.Serve(ctx, ln) })
	t.Cleanup(func() { stop(); serving.Wait() })
	s.freeswitch = ln.Addr().String()
	s.watched.Store(s.srv)
	s.configure(s.srv)
	return s
}

// playTime returns how long a file lasts. Hold music does not end.
func playTime(file string) time.Duration {
	if strings.HasPrefix(file, "local_stream:") {
		return -1
	}
	return 20 * time.Millisecond
}

// happens notes the talks.
func (s *scene) happens(e sim.ChannelEvent) {
	if e.Name != "CHANNEL_BRIDGE" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.talked[e.UUID], s.talked[e.Peer] = true, true
}

func (s *scene) configure(srv *testlab.Server) {
	s.Helper()
	settings := testlab.Settings{
		"http.token": testlab.Quote(httpToken), "http.directory-token": testlab.Quote(directoryToken),
		"control.password": testlab.Quote(password), "server.drain-seconds": "2",
		"log.level": `"debug"`,
	}
	maps.Copy(settings, s.more)
	if s.db != nil {
		settings["database.dbstring"] = testlab.Quote(s.db.dsn)
	}
	err := srv.Configure(settings,
		testlab.Switch{Name: "fs1", Address: s.freeswitch, Password: "ClueCon", DialString: "user/{ext}"})
	if err != nil {
		s.Fatal(err)
	}
	s.dialplan(srv.Socket)
}

// dialplan leads callers to the first of the servers that takes calls. Without one
// they try again.
func (s *scene) dialplan(sockets ...string) {
	var addresses []string
	for _, socket := range sockets {
		addresses = append(addresses, socket+"/nwayacd/"+group)
	}
	s.sw.Extension(group, sim.Plan("set socket_resume=true",
		"socket "+strings.Join(addresses, "|")+" async full", "sleep 200", "transfer "+group)...)
}

// start starts the server, and returns when it takes calls.
func (s *scene) start() {
	s.Helper()
	var err error
	if s.process, err = s.srv.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(s.process.Kill)
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	for _, port := range []string{s.srv.Socket, s.srv.Control, s.srv.HTTP} {
		if err := s.srv.Await(ctx, s.process, port); err != nil {
			s.Fatal(err)
		}
	}
}

// staff makes the group and its agents.
func (s *scene) staff() {
	s.Helper()
	s.must("nway_add_group " + group + " 2")
	for i := range agents {
		extension := fmt.Sprint(1000 + i)
		s.sw.Agent(extension, sim.Behaviour{After: 10 * time.Millisecond})
		s.must("nway_add_ext " + extension + " secret")
		s.must("nway_login " + extension + " " + group)
	}
}

// do sends a command, and returns its reply.
func (s *scene) do(command string) string {
	s.Helper()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	reply, err := s.console.Do(ctx, command)
	if err != nil {
		s.Fatalf("%s: %v", command, err)
	}
	return reply
}

// noError ends the test if err is not nil.
func (s *scene) noError(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) must(command string) {
	s.Helper()
	if reply := s.do(command); !strings.HasPrefix(reply, "+OK") {
		s.Fatalf("%s: %s", command, reply)
	}
}

// callersCome lets callers in, and uses all secrets, until judge ends that.
func (s *scene) callersCome() {
	ctx, stop := context.WithCancel(context.Background())
	s.Cleanup(func() { stop(); s.sw.Close(); s.calling.Wait() })
	s.calling.Go(func() {
		arrival := time.NewTicker(callEvery)
		defer arrival.Stop()
		for {
			s.calls()
			select {
			case <-arrival.C:
			case <-ctx.Done():
				return
			}
		}
	})
	s.stopCalls = stop
	s.secretsWork()
}

// calls lets one caller in. The caller hangs up after a talk.
func (s *scene) calls() {
	call := s.sw.Call(sim.CallOptions{
		Number: "13800000000", Dialled: group, Talk: talk,
		Dialplan: sim.Plan("transfer " + group),
	})
	s.mu.Lock()
	s.uuids = append(s.uuids, call.UUID())
	s.mu.Unlock()
	s.calling.Go(func() { // ends with the call, which the switch's Close ends at the latest
		<-call.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.talked[call.UUID()] {
			s.lost = append(s.lost, fmt.Sprintf("%s: %s, %v", call.UUID(), call.Cause(), call.Actions()))
		}
	})
}

// serves waits until n callers more have come and gone.
func (s *scene) serves(n int) {
	s.Helper()
	before := s.gone()
	s.eventually(fmt.Sprint(n, " callers more were served"), patience, func() bool { return s.gone() >= before+n })
}

// gone returns how many callers have come and gone.
func (s *scene) gone() int {
	live := 0
	for _, c := range s.sw.Channels() {
		if c.Direction == "inbound" {
			live++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uuids) - live
}

// callersGo lets no more callers in, and waits until all have gone.
func (s *scene) callersGo() {
	s.Helper()
	s.stopUse()
	s.stopCalls()
	s.eventually("all callers were served", patience, func() bool { return len(s.sw.Channels()) == 0 })
}

// judge ends the calls and the server, and checks that no caller and no record was lost.
func (s *scene) judge() {
	s.Helper()
	s.callersGo()
	s.shutDown()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, who := range s.lost {
		s.Errorf("a caller talked to no agent: %s", who)
	}
	// A damaged record may be the end of a talk, which is then recorded again.
	if n, twice := s.db.missing(s.T, s.srv.DataDir(), s.uuids, s.outcome); n > s.damaged || twice > s.damaged {
		s.Errorf("of %d callers %d records are missing and %d have theirs twice; %d were damaged", len(s.uuids), n,
			twice, s.damaged)
	}
	s.Logf("%d callers", len(s.uuids))
}

// shutDown ends the server as an operator does.
func (s *scene) shutDown() {
	s.Helper()
	s.stopUse()
	s.process.Signal(syscall.SIGTERM)
	select {
	case <-s.process.Done():
	case <-time.After(patience):
		s.Fatal("SIGTERM has no effect")
	}
	if err := s.process.Err(); err != nil {
		s.Errorf("the server ended with %v\n%s", err, s.srv.LastWords())
	}
}

// kill ends the server as a crash does.
func (s *scene) kill() {
	s.stopUse()
	s.process.Kill()
}

func (s *scene) eventually(what string, limit time.Duration, true func() bool) {
	s.Helper()
	for deadline := time.Now().Add(limit); !true(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("not within %s: %s\n%s", limit, what, s.srv.LastWords())
		}
	}
}
