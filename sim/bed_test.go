package sim

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"nwayacd/esl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bed is a switch and the far ends of the connections it dials.
type bed struct {
	t     *testing.T
	s     *Switch
	conns chan net.Conn // dialled by the switch
	down  map[string]bool
	mu    sync.Mutex
	open  []*esl.Connection
	ends  []net.Conn
	wg    sync.WaitGroup
}

// inBubble runs a situation on a switch under synctest's clock.
func inBubble(t *testing.T, opt Options, situation func(b *bed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bed{t: t, conns: make(chan net.Conn, 1000), down: map[string]bool{}}
		opt.Dial = b.dial
		b.s = New(opt)
		situation(b)
		b.s.Close()
		for _, c := range b.open {
			c.Close()
		}
		for _, c := range b.ends {
			c.Close()
		}
		b.wg.Wait()
	})
}

func (b *bed) dial(_ context.Context, addr string) (net.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down[addr] {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	b.ends = append(b.ends, theirs)
	b.conns <- theirs
	return ours, nil
}

func (b *bed) refuse(addr string, refused bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down[addr] = refused
}

// acd is the far end of one connection. It has the commands to send and the events received so far.
type acd struct {
	*esl.Connection
	t     *testing.T
	reply *esl.Event // to connect
	mu    sync.Mutex
	seen  []*esl.Event
}

func (b *bed) listen(nc net.Conn) *acd {
	a := &acd{t: b.t}
	a.Connection = esl.NewConnection(nc, esl.Options{OnEvent: a.note})
	b.mu.Lock()
	b.open = append(b.open, a.Connection)
	b.mu.Unlock()
	return a
}

// accept takes the next connection the switch dialled, as an ACD does.
func (b *bed) accept() *acd {
	b.t.Helper()
	synctest.Wait()
	select {
	case nc := <-b.conns:
		a := b.listen(nc)
		a.reply = a.send(esl.Raw("connect")).Event()
		a.send(esl.Raw("myevents"))
		a.send(esl.Raw("event plain BACKGROUND_JOB"))
		a.send(esl.Raw("linger 30"))
		return a
	default:
		b.t.Fatal("the switch opened no connection")
		return nil
	}
}

// client logs in to the inbound port.
func (b *bed) client() *acd {
	b.t.Helper()
	ours, theirs := net.Pipe()
	b.wg.Go(func() { b.s.ServeConn(context.Background(), ours) })
	a := &acd{t: b.t}
	c, err := esl.Login(context.Background(), theirs, "ClueCon", esl.Options{OnEvent: a.note})
	if err != nil {
		b.t.Fatal(err)
	}
	a.Connection = c
	b.mu.Lock()
	b.open = append(b.open, c)
	b.mu.Unlock()
	return a
}

func (a *acd) note(e *esl.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = append(a.seen, e)
}

func (a *acd) send(cmd esl.Command) esl.Reply {
	a.t.Helper()
	replies, err := a.Do(context.Background(), cmd)
	if err != nil {
		a.t.Fatalf("%v: %v", cmd, err)
	}
	synctest.Wait()
	return replies[0]
}

// api runs an api command and returns what it printed.
func (a *acd) api(line string) string {
	a.t.Helper()
	return a.send(esl.API(line)).Text()
}

func (a *acd) execute(app, arg string) {
	a.t.Helper()
	a.send(esl.Execute(app, arg, esl.ExecuteOptions{}))
}

// events lists the events received, without the state changes: "CHANNEL_EXECUTE playback".
func (a *acd) events() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for _, e := range a.seen {
		switch name := e.Name(); name {
		case "CHANNEL_STATE", "CHANNEL_CALLSTATE":
		case "":
			names = append(names, e.Get("Content-Disposition"))
		case "BACKGROUND_JOB":
			names = append(names, name+" "+strings.TrimSpace(e.Body()))
		default:
			names = append(names, strings.TrimSpace(name+" "+e.Get("Application")))
		}
	}
	return names
}

func (a *acd) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = nil
}

// last returns the latest event of that name.
func (a *acd) last(name string) *esl.Event {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := len(a.seen) - 1; i >= 0; i-- {
		if a.seen[i].Name() == name {
			return a.seen[i]
		}
	}
	a.t.Fatalf("no %s was seen", name)
	return nil
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func is(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func has(t *testing.T, events []string, want ...string) {
	t.Helper()
	at := 0
	for _, e := range events {
		if at < len(want) && e == want[at] {
			at++
		}
	}
	if at < len(want) {
		t.Errorf("%q does not come in its order in %q", want[at], events)
	}
}

const toACD = "socket acd:8084/nwayacd/110 async full"
