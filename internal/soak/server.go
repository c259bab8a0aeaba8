package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server is nwayacd: one configuration, one data-dir, and one process after another.
type server struct {
	program, dir string
	socket       string // host:port of the calls' port
	control      string // of the command port
	http         string

	mu     sync.Mutex // guards what follows
	cmd    *exec.Cmd  // nil while none runs
	over   chan struct{}
	exit   error
	born   time.Time
	deaths []time.Time // when a process ended
	rss    memory
	asked  bool // its end was asked for
}

// memory is what the processes took, in bytes.
type memory struct{ First, Max, Last, Idle int64 }

// rests are the times, in seconds, for which an agent rests after a miss of each cause.
type rests struct{ busy, reject, noAnswer, unreachable int }

func newServer(program, dir, db string, rest rests, switches ...string) (*server, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	srv := &server{
		program: program, dir: dir,
		socket: local(ports[0]), control: local(ports[1]), http: local(ports[2]),
	}
	var text strings.Builder
	fmt.Fprintf(&text, `[acd]
typing-auto = true
recover-seconds = 1
reoffer-seconds = 1
rest-busy-seconds = %d
rest-reject-seconds = %d
rest-noanswer-seconds = %d
rest-unreachable-seconds = %d
busy-repeat-seconds = 5
[prompts]
hold-music = "silence_stream://-1,1400"
default-agent-welcome = "silence_stream://100,1400"
default-agent-busy = "silence_stream://200,1400"
default-agent-transfer = "silence_stream://100,1400"
[database]
dbstring = %q
data-dir = %q
[server]
listen = %q
drain-seconds = 3
[control]
listen = %q
[http]
listen = %q
[log]
level = "info"
format = "json"
`, rest.busy, rest.reject, rest.noAnswer, rest.unreachable, db, filepath.Join(dir, "data"),
		srv.socket, srv.control, srv.http)
	for i, address := range switches {
		fmt.Fprintf(&text, "[[freeswitch]]\nname = \"fs%d\"\naddress = %q\npassword = %q\n", i+1, address, password)
	}
	return srv, os.WriteFile(srv.conf(), []byte(text.String()), 0o600)
}

func local(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func (s *server) conf() string    { return filepath.Join(s.dir, "nwayacd.toml") }
func (s *server) logFile() string { return filepath.Join(s.dir, "nwayacd.log") }

// migrate makes the tables.
func (s *server) migrate(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, s.program, "migrate", "-c", s.conf()).CombinedOutput(); err != nil {
		return fmt.Errorf("nwayacd migrate: %w\n%s", err, out)
	}
	return nil
}

// start runs a process; over is closed when it is gone.
func (s *server) start() (over chan struct{}, err error) {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(s.program, "serve", "-c", s.conf()) //nolint:noctx // it ends by signals
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	over = make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd, s.over, s.born, s.asked = cmd, over, time.Now(), false
	go func() { // ends with the process; stop waits for it
		err := cmd.Wait()
		log.Close()
		s.mu.Lock()
		s.cmd, s.exit = nil, err
		s.deaths = append(s.deaths, time.Now())
		s.mu.Unlock()
		close(over)
	}()
	return over, nil
}

// signal sends one to the process, where there is one, and returns what is closed when it is gone.
func (s *server) signal(sig syscall.Signal) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return s.over
	}
	s.cmd.Process.Signal(sig)
	return s.over
}

// demand is signal for one that ends the process.
func (s *server) demand(sig syscall.Signal) chan struct{} {
	s.mu.Lock()
	s.asked = true
	s.mu.Unlock()
	return s.signal(sig)
}

// exited says how the last process ended, how long it lived, and whether its end was asked for.
func (s *server) exited() (how error, lived time.Duration, asked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exit, time.Since(s.born), s.asked
}

func (s *server) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// settling is how long a process lives before its memory is compared.
const settling = 10 * time.Second

// weigh looks at the memory of the process every second until ctx is done.
func (s *server) weigh(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.weighOnce()
		case <-ctx.Done():
			return
		}
	}
}

func (s *server) weighOnce() {
	pid := s.pid()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if pid == 0 || err != nil || len(fields) < 2 {
		return
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	bytes := pages * int64(os.Getpagesize())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rss.Last = bytes
	s.rss.Max = max(s.rss.Max, bytes)
	if s.rss.First == 0 && time.Since(s.born) > settling {
		s.rss.First = bytes
	}
}

func (s *server) weight() memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rss
}

// logged are the lines of the log that have the word, at most so many.
func (s *server) logged(word string, most int) (lines []string) {
	file, err := os.Open(s.logFile())
	if err != nil {
		return []string{err.Error()}
	}
	defer file.Close()
	scan := bufio.NewScanner(file)
	scan.Buffer(nil, 8<<20)
	for scan.Scan() && len(lines) < most {
		if bytes.Contains(scan.Bytes(), []byte(word)) {
			lines = append(lines, scan.Text())
		}
	}
	return lines
}

// freePorts are TCP ports that nobody listens on, below those that the system gives out by itself.
func freePorts(n int) (free []int, err error) {
	for port := 11000 + os.Getpid()%7000; len(free) < n && port < 20000; port++ {
		if ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", local(port)); err == nil {
			ln.Close()
			free = append(free, port)
		}
	}
	if len(free) < n {
		return nil, errors.New("soak: no ports are free")
	}
	return free, nil
}
