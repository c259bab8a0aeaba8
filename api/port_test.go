package api

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"nwayacd/acd"
	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nowhere is a Journal that keeps nothing.
type nowhere struct{}

func (nowhere) Write(...queue.Change) uint64       { return 0 }
func (nowhere) Sync(context.Context, uint64) error { return nil }

func server() Server {
	s := acd.New(acd.Options{Journal: nowhere{}, Log: zerolog.Nop()}, queue.Snapshot{
		Groups: []queue.Group{{Number: "110", Mode: queue.Cyclic}},
		Agents: []agent.Agent{{Profile: agent.Profile{Extension: "1000", Name: "Ann|a"}}},
	})
	return Server{Dispatcher: s.Dispatcher, Reload: func() (string, error) { return "read again", nil }}
}

func TestCommands(t *testing.T) {
	s := server()
	long := strings.Repeat("1", 10_000)
	for _, c := range []struct{ line, reply string }{
		{"nway_add_group 120 0", "+OK group 120 added, mode sequence"},
		{"nway_add_group 120 0", "-ERR group 120: exists already"},
		{"nway_add_group 121", "-USAGE: nway_add_group GROUP MODE"},
		{"nway_add_group 121 6", "-ERR mode 6 is not 0 to 5"},
		{"nway_add_group 121 x", `-ERR mode "x" is not a number from 0 to 5`},
		{"nway_add_group 1;2 0", `-ERR group "1;2": 1 to 32 letters, digits or _.+*#- are allowed`},
		{"nway_add_ext 1001 secret", "+OK extension 1001 added"},
		{"nway_add_ext 1001 secret", "-ERR extension 1001: exists already"},
		{"nway_add_ext 1'or'1 x", `-ERR extension "1'or'1": 1 to 32 letters, digits or _.+*#- are allowed`},
		{"nway_login 1001 110,120", "+OK 1001 logged in to 110,120"},
		{"nway_login 1001 110,999", "-ERR group 999: no such group"},
		{"nway_login 9 110", "-ERR extension 9: no such extension"},
		{"nway_login 1001", "-USAGE: nway_login EXT GROUP[,GROUP…]"},
		{"nway_login 1001 110 120", "-USAGE: nway_login EXT GROUP[,GROUP…]"},
		{"nway_busy 1001", "+OK 1001 busy"},
		{"nway_ready 1001", "+OK 1001 ready"},
		{"nway_ready", "-USAGE: nway_ready EXT"},
		{"nway_logout 1001", "+OK 1001 logged out"},
		{"nway_logout 9", "-ERR extension 9: no such extension"},
		{"nwayacd_transfer nobody 1001", "-ERR nobody: no such call"},
		{"nway_list_exts yaml", "-USAGE: nway_list_exts [json]"},
		{"nway_reload", "+OK read again"},
		{"nway_reload now", "-USAGE: nway_reload"},
		{"originate user/1000", "-ERR originate command not found"},
		{"", "-ERR no command"},
		{"nway_login 1001\t110", "-ERR control characters in the command"},
		{"nway_login 1001 " + long, "-ERR a command has at most 4096 characters, this one 10016"},
	} {
		if got := Run(t.Context(), s, c.line); got != c.reply {
			t.Errorf("%.60s\n got  %s\n want %s", c.line, got, c.reply)
		}
	}
}

func TestARefusedLoginChangesNothing(t *testing.T) {
	s := server()
	before := Run(t.Context(), s, "nway_list_exts")
	if reply := Run(t.Context(), s, "nway_login 1000 110,999"); !strings.HasPrefix(reply, "-ERR") {
		t.Fatal(reply)
	}
	if after := Run(t.Context(), s, "nway_list_exts"); after != before {
		t.Errorf("before %s\nafter %s", before, after)
	}
}

func TestListsHoldWhateverIsInAName(t *testing.T) {
	s := server()
	want := extensionHeader + "\n1000|Ann a|unreg|down|busy|ready|false|||\n\n+OK"
	if got := Run(t.Context(), s, "nway_list_exts"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	want = groupHeader + "\n110||2|||0|0|0|\n\n+OK"
	if got := Run(t.Context(), s, "nway_list_groups"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// port serves a command port until the test ends and returns its address.
func port(t *testing.T, password string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Port{Server: server(), Password: password, Log: zerolog.Nop()}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { p.Serve(ctx, ln) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
	})
	return ln.Addr().String()
}

func TestAnESLClientManagesTheServer(t *testing.T) {
	conn, err := esl.Dial(t.Context(), port(t, "secret"), "secret", esl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if reply, err := conn.API(t.Context(), "nway_login 1000 110"); err != nil || reply != "+OK 1000 logged in to 110" {
		t.Errorf("%q, %v", reply, err)
	}
	if _, err := conn.API(t.Context(), "nway_login 1000 999"); err == nil || !strings.Contains(err.Error(), "no such group") {
		t.Errorf("an unknown group: %v", err)
	}
	if replies, err := conn.Do(t.Context(), esl.Raw("whatever")); err != nil || replies[0].Text() != "-ERR command not found" {
		t.Errorf("an unknown request: %v, %v", replies, err)
	}
	if replies, err := conn.Do(t.Context(), esl.Raw("exit")); err != nil || replies[0].Text() != "+OK bye" {
		t.Errorf("exit: %v, %v", replies, err)
	}
	select {
	case <-conn.Done():
	case <-time.After(5 * time.Second):
		t.Error("the connection is still open after exit")
	}
}

func TestAWrongPasswordGetsNothing(t *testing.T) {
	if _, err := esl.Dial(t.Context(), port(t, "secret"), "guess", esl.Options{}); err == nil {
		t.Fatal("let in")
	}
}

func TestNothingIsServedBeforeThePassword(t *testing.T) {
	nc, err := net.Dial("tcp", port(t, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	in := esl.NewReader(nc, esl.Limits{})
	if f, err := in.ReadFrame(); err != nil || f.Get("Content-Type") != esl.ContentAuth {
		t.Fatal(f, err)
	}
	nc.Write([]byte("api nway_list_exts\n\n"))
	if f, err := in.ReadFrame(); err != nil || f.Get("Reply-Text") != "-ERR command not found" {
		t.Errorf("%v, %v", f.Get("Reply-Text"), err)
	}
}

func TestGreeted(t *testing.T) {
	if err := Greeted(t.Context(), port(t, "")); err != nil {
		t.Error(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	if err := Greeted(t.Context(), address); err == nil {
		t.Error("nobody is there")
	}
}
