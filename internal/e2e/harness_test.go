package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nwayacd/esl"
)

// settings are what a situation changes of the configuration: "section.key" to the value as TOML
// writes it.
type settings map[string]string

// server is one nwayacd of its own: process, ports, configuration, data-dir.
type server struct {
	t        testing.TB
	dir      string
	conf     string
	socket   string // host:port of the calls' port
	control  string // host:port of the command port
	web      string // host:port of the HTTP port
	program  string
	log      *os.File
	cmd      *exec.Cmd
	over     chan struct{} // closed when the process is gone
	exit     error         // of the process; valid when over is closed
	commands *esl.Connection
}

// newServer writes the configuration; nothing runs yet.
func newServer(t testing.TB, sw switchboard, db *database, f floor) *server {
	port := freePorts(3)
	srv := &server{
		t: t, dir: t.TempDir(),
		socket: fmt.Sprintf("127.0.0.1:%d", port[0]), control: fmt.Sprintf("127.0.0.1:%d", port[1]),
		web: fmt.Sprintf("127.0.0.1:%d", port[2]), program: suite.program,
	}
	if f.asShipped {
		srv.program = shipped(t)
	}
	all := settings{
		"prompts.hold-music":   `"silence_stream://-1"`,
		"database.dbstring":    fmt.Sprintf("%q", db.dsn),
		"database.data-dir":    fmt.Sprintf("%q", srv.dataDir()),
		"server.listen":        fmt.Sprintf("%q", srv.socket),
		"server.drain-seconds": "5",
		"control.listen":       fmt.Sprintf("%q", srv.control),
		"http.listen":          fmt.Sprintf("%q", srv.web),
		"log.level":            `"debug"`,
		"log.format":           `"json"`,
	}
	maps.Copy(all, f.config)
	srv.conf = filepath.Join(srv.dir, "nwayacd.toml")
	text := all.toml() + fmt.Sprintf("[[freeswitch]]\nname = \"fs\"\naddress = %q\npassword = %q\ndial-string = %q\n",
		sw.address(), password, f.dial(sw))
	if f.other != nil {
		text += sw.(*freeswitch).reaches(f.other) +
			fmt.Sprintf("[[freeswitch]]\nname = \"other\"\naddress = %q\npassword = %q\ndial-string = %q\n",
				f.other.address(), password, f.dial(sw)) + f.other.reaches(sw.(*freeswitch))
	}
	if err := os.WriteFile(srv.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return srv
}

func (srv *server) dataDir() string { return filepath.Join(srv.dir, "data") }

func (s settings) toml() string {
	var text strings.Builder
	section := ""
	for _, name := range slices.Sorted(maps.Keys(s)) {
		in, key, _ := strings.Cut(name, ".")
		if in != section {
			fmt.Fprintf(&text, "[%s]\n", in)
			section = in
		}
		fmt.Fprintf(&text, "%s = %s\n", key, s[name])
	}
	return text.String()
}

// migrate makes the tables, so that rows can be there before the server is.
func (srv *server) migrate() {
	srv.t.Helper()
	if out, err := exec.Command(srv.program, "migrate", "-c", srv.conf).CombinedOutput(); err != nil {
		srv.t.Fatalf("nwayacd migrate: %v\n%s", err, out)
	}
}

// start runs `nwayacd serve` and returns when it takes commands and calls, and is linked to its
// switch. The command port is open before the port for calls is.
func (srv *server) start() {
	srv.t.Helper()
	before := len(srv.logged())
	var err error
	if srv.log, err = os.OpenFile(srv.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		srv.t.Fatal(err)
	}
	srv.cmd = exec.Command(srv.program, "serve", "-c", srv.conf)
	srv.cmd.Stdout, srv.cmd.Stderr = srv.log, srv.log
	srv.cmd.SysProcAttr = dieWithParent()
	if err := srv.cmd.Start(); err != nil {
		srv.t.Fatal(err)
	}
	srv.over = make(chan struct{})
	go func() { // ends with the process; stop and kill wait for it
		srv.exit = srv.cmd.Wait()
		srv.log.Close()
		close(srv.over)
	}()
	eventually(srv.t, 20*time.Second, "nwayacd takes commands", srv.connect)
	eventually(srv.t, 10*time.Second, "nwayacd serves calls and is linked to the switch", func() bool {
		log := srv.logged()[before:]
		return bytes.Contains(log, []byte(`"message":"serving"`)) && bytes.Contains(log, []byte(`"linked to FreeSWITCH"`))
	})
}

func (srv *server) connect() bool {
	select {
	case <-srv.over:
		srv.t.Fatalf("nwayacd ended while it started: %v\n%s", srv.exit, srv.logged())
	default:
	}
	conn, err := esl.Dial(srv.t.Context(), srv.control, "any", esl.Options{})
	srv.commands = conn
	return err == nil
}

func (srv *server) logFile() string { return filepath.Join(srv.dir, "nwayacd.log") }

func (srv *server) logged() []byte {
	text, _ := os.ReadFile(srv.logFile())
	return text
}

// command runs one command and returns its reply.
func (srv *server) command(line string) string {
	srv.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 15*time.Second)
	defer stop()
	replies, err := srv.commands.Do(ctx, esl.API(line))
	if err != nil {
		srv.t.Fatalf("%s: %v", line, err)
	}
	return replies[0].Text()
}

// must runs a command that has to succeed.
func (srv *server) must(line string) {
	srv.t.Helper()
	if reply := srv.command(line); !strings.HasPrefix(reply, "+OK") {
		srv.t.Fatalf("%s: %s", line, reply)
	}
}

// terminate sends SIGTERM and does not wait.
func (srv *server) terminate() {
	if err := srv.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		srv.t.Error(err)
	}
}

// kill ends the process as a crash would.
func (srv *server) kill() {
	srv.cmd.Process.Kill()
	<-srv.over
	srv.commands.Close()
	srv.cmd = nil
}

// stop ends the process in order and says what was wrong with it: an exit code (66 is the race
// detector's), or a panic of a call.
func (srv *server) stop() {
	srv.t.Helper()
	if srv.cmd == nil {
		return
	}
	srv.terminate()
	select {
	case <-srv.over:
	case <-time.After(20 * time.Second):
		srv.t.Error("nwayacd did not end within 20 s of SIGTERM")
		srv.cmd.Process.Signal(syscall.SIGQUIT)
		<-srv.over
	}
	if srv.commands != nil {
		srv.commands.Close()
	}
	if srv.exit != nil {
		srv.t.Errorf("nwayacd ended with %v", srv.exit)
	}
	for _, bad := range []string{"DATA RACE", "panic"} {
		if bytes.Contains(srv.logged(), []byte(bad)) {
			srv.t.Errorf("nwayacd's log has %q", bad)
		}
	}
	srv.cmd = nil
}

// lastPort is the last port given out. The range lies below the one from which the system takes
// ports for outgoing connections.
var lastPort atomic.Int64

const firstPort, portCount = 11000, 7000

// portBase keeps two runs at the same time apart.
var portBase = rand.IntN(portCount)

// freePorts are TCP ports that nobody listens on now and no other test is given.
func freePorts(n int) (free []int) {
	for tries := 0; len(free) < n && tries < portCount; tries++ {
		port := firstPort + (portBase+int(lastPort.Add(1)))%portCount
		if ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			ln.Close()
			free = append(free, port)
		}
	}
	return free
}

// eventually waits until something is so, looking often; it ends the test when it is not so in
// time.
func eventually(t testing.TB, limit time.Duration, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// keepLog copies a log to the folder that NWAYACD_E2E_LOGS names, if it does.
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
