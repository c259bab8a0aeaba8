package e2e

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

// settings are the changes of a situation to the configuration.
type settings = testlab.Settings

// server is one nwayacd of its own: ports, configuration, data-dir, one process after another.
type server struct {
	*testlab.Server
	t        testing.TB
	process  *testlab.Process // nil while none runs
	born     int              // the length of the log when the process was started
	commands testlab.Client
}

// newServer writes the configuration and starts nothing.
func newServer(t testing.TB, sw switchboard, db *database, f floor) *server {
	program := suite.program
	if f.asShipped {
		program = shipped(t)
	}
	lab, err := testlab.NewServer(program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	all := settings{
		"prompts.hold-music":   `"silence_stream://-1"`,
		"database.dbstring":    testlab.Quote(db.dsn),
		"server.drain-seconds": "5",
		"log.level":            `"debug"`,
	}
	maps.Copy(all, f.config)
	switches := []testlab.Switch{{Name: "fs", Address: sw.address(), Password: password, DialString: f.dial(sw)}}
	if f.other != nil {
		first := sw.(*freeswitch)
		switches = []testlab.Switch{
			first.reaches(f.other, "fs", f.dial(sw)),
			f.other.reaches(first, "other", f.dial(sw)),
		}
	}
	if err := lab.Configure(all, switches...); err != nil {
		t.Fatal(err)
	}
	return &server{Server: lab, t: t, commands: testlab.Client{Address: lab.Control, Password: "any"}}
}

// migrate makes the tables, so that rows can be there before the server is.
func (srv *server) migrate() {
	srv.t.Helper()
	if err := srv.Migrate(context.Background()); err != nil {
		srv.t.Fatal(err)
	}
}

// startLimit is how long a server may take until it accepts commands.
const startLimit = time.Minute

// start runs `nwayacd serve` and returns when it accepts commands and calls, and is linked to its
// switch. The command port is open before the port for calls is.
func (srv *server) start() {
	srv.t.Helper()
	srv.born = len(srv.Log())
	var err error
	if srv.process, err = srv.Start(); err != nil {
		srv.t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(srv.t.Context(), startLimit)
	defer stop()
	if err := srv.Await(ctx, srv.process, srv.Control); err != nil {
		srv.t.Fatalf("nwayacd takes no commands: %v", err)
	}
	eventually(srv.t, startLimit, "nwayacd serves calls and is linked to the switch", func() bool {
		return srv.logged("serving") && srv.logged("linked to FreeSWITCH")
	})
}

// logged reports whether the process that runs has logged a line with this message.
func (srv *server) logged(message string) bool {
	return bytes.Contains(srv.Log()[srv.born:], []byte(`"message":"`+message+`"`))
}

// looksAgain waits until the link has compared the server's calls with FreeSWITCH's channels for
// the second time, which it does once, two seconds after it came up.
func (srv *server) looksAgain() {
	srv.t.Helper()
	eventually(srv.t, patience, "the link has looked at the channels again", func() bool {
		return srv.logged("the second look at the channels is over")
	})
}

// command runs one command and returns its reply.
func (srv *server) command(line string) string {
	srv.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 15*time.Second)
	defer stop()
	reply, err := srv.commands.Do(ctx, line)
	if err != nil {
		srv.t.Fatalf("%s: %v", line, err)
	}
	return reply
}

// must runs a command that has to succeed.
func (srv *server) must(line string) {
	srv.t.Helper()
	if reply := srv.command(line); !strings.HasPrefix(reply, "+OK") {
		srv.t.Fatalf("%s: %s", line, reply)
	}
}

// terminate sends SIGTERM and does not wait.
func (srv *server) terminate() { srv.process.Signal(syscall.SIGTERM) }

// kill ends the process as a crash would.
func (srv *server) kill() {
	srv.process.Kill()
	srv.commands.Close()
	srv.process = nil
}

// endLimit is how long a server may take to end. One that hangs takes for ever; one on a machine
// without a free processor ends late.
const endLimit = time.Minute

// stop ends the process in order. It reports a bad exit code (66 is the race detector's) and a
// panic of a call.
func (srv *server) stop() {
	srv.t.Helper()
	if srv.process == nil {
		return
	}
	if err := srv.process.Stop(endLimit); err != nil {
		srv.t.Errorf("the end of nwayacd: %v\n%s", err, srv.Goroutines())
	}
	srv.commands.Close()
	for _, bad := range []string{"DATA RACE", "panic"} {
		if bytes.Contains(srv.Log(), []byte(bad)) {
			srv.t.Errorf("nwayacd's log has %q", bad)
		}
	}
	srv.process = nil
}

// eventually looks often whether something is so, and returns as soon as it is. It ends the test if
// it is not so within the limit.
func eventually(t testing.TB, limit time.Duration, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// keepLog copies a log to the folder that NWAYACD_E2E_LOGS names, if it is set.
func keepLog(from, name string) {
	to := os.Getenv("NWAYACD_E2E_LOGS")
	if to == "" {
		return
	}
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(filepath.Join(to, strings.ReplaceAll(name, "/", "_")), text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
}
