package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"nwayacd/esl"
)

const (
	bootLimit = 60 * time.Second
	stopLimit = 3 * time.Minute // it writes all that it has not written yet
	password  = "bench"
)

// server is the one under test, a process of its own.
type server struct {
	process                      *exec.Cmd
	ended                        chan struct{} // closed when it has
	failure                      error         // of its end
	socket, control, http, pprof string
	config, log                  string
	binary                       string
	profiled                     bool
}

// newServer writes the configuration of a server whose only FreeSWITCH is at that address.
func newServer(ctx context.Context, o Options, dir, dsn, freeswitch string) (*server, error) {
	ports, err := freePorts(ctx, 4)
	if err != nil {
		return nil, err
	}
	s := &server{
		binary: o.Binary, config: filepath.Join(dir, "nwayacd.toml"), log: filepath.Join(dir, "nwayacd.log"),
		socket: ports[0], control: ports[1], http: ports[2], pprof: ports[3], profiled: o.Profile != "",
	}
	text := fmt.Sprintf(`[acd]
noanswer-to-ready = true
[database]
dbstring = %q
data-dir = %q
[[freeswitch]]
name = "bench"
address = %q
password = %q
[server]
listen = %q
drain-seconds = 1
[control]
listen = %q
password = %q
[http]
listen = %q
[log]
level = %q
format = "json"
`, dsn, filepath.Join(dir, "data"), freeswitch, password, s.socket, s.control, password, s.http, o.LogLevel)
	return s, os.WriteFile(s.config, []byte(text), 0o600)
}

// freePorts are loopback addresses that nobody listened at a moment ago.
func freePorts(ctx context.Context, n int) (addresses []string, err error) {
	for range n {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close() // when all are known: each another
		addresses = append(addresses, ln.Addr().String())
	}
	return addresses, nil
}

// start runs the server and returns when it takes calls, and how long that took.
func (s *server) start(ctx context.Context) (took time.Duration, err error) {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	args := []string{"serve", "-c", s.config}
	if s.profiled {
		args = append(args, "--pprof", s.pprof)
	}
	// stop ends it
	s.process, s.ended = exec.CommandContext(context.WithoutCancel(ctx), s.binary, args...), make(chan struct{})
	s.process.Stderr, s.process.SysProcAttr = log, apart()
	began := time.Now()
	if err := s.process.Start(); err != nil {
		return 0, fmt.Errorf("bench: the server: %w", err)
	}
	go func() { // ends with the process; stop waits for it
		s.failure = s.process.Wait()
		close(s.ended)
	}()
	if err := s.untilServing(ctx); err != nil {
		return 0, errors.Join(err, s.stop())
	}
	return time.Since(began), nil
}

const knockEvery = 2 * time.Millisecond

// untilServing returns when the socket port, the last to be opened, takes connections.
func (s *server) untilServing(ctx context.Context) error {
	ctx, stop := context.WithTimeoutCause(ctx, bootLimit, errors.New("bench: the server does not come up"))
	defer stop()
	knock := time.NewTicker(knockEvery)
	defer knock.Stop()
	for {
		nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.socket)
		if err == nil {
			return nc.Close()
		}
		select {
		case <-knock.C:
		case <-s.ended:
			return fmt.Errorf("bench: the server ended at once: %s", s.lastWords())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// lastWords are the end of the server's log.
func (s *server) lastWords() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-600):])
}

// stop ends the server as an operator would: it writes to the database what is not there yet.
func (s *server) stop() error {
	if s.process == nil {
		return nil
	}
	s.process.Process.Signal(syscall.SIGTERM) // where it is gone already, so is what follows
	limit := time.NewTimer(stopLimit)
	defer limit.Stop()
	select {
	case <-s.ended:
	case <-limit.C:
		s.process.Process.Kill()
		<-s.ended
		return fmt.Errorf("bench: the server did not stop within %s", stopLimit)
	}
	s.process = nil
	if s.failure != nil {
		return fmt.Errorf("bench: the server: %w: %s", s.failure, s.lastWords())
	}
	return nil
}

// metric reads a figure without labels off the server's /metrics; -1 where there is none.
func (s *server) metric(ctx context.Context, name string) float64 {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.http+"/metrics", nil)
	if err != nil {
		return -1
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return -1
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			if n, err := strconv.ParseFloat(value, 64); err == nil {
				return n
			}
		}
	}
	return -1
}

func (s *server) used() (usage, error) { return used(s.process.Process.Pid) }

// commander sends commands to the server's command port, some at a time.
type commander struct{ free chan *esl.Connection }

const commanders = 32 // each waits for the disk; they share its syncs. The server takes 64 connections from one address

func (s *server) commander(ctx context.Context) (*commander, error) {
	c := &commander{free: make(chan *esl.Connection, commanders)}
	for range commanders {
		conn, err := esl.Dial(ctx, s.control, password, esl.Options{})
		if err != nil {
			c.close()
			return nil, err
		}
		c.free <- conn
	}
	return c, nil
}

func (c *commander) close() {
	for len(c.free) > 0 {
		(<-c.free).Close()
	}
}

// do sends a command on a connection that is free and returns what was refused.
func (c *commander) do(ctx context.Context, line string) error {
	select {
	case conn := <-c.free:
		defer func() { c.free <- conn }()
		_, err := conn.API(ctx, line)
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// each does a command for each of n, many at a time, and returns the first refusal.
func (c *commander) each(ctx context.Context, n int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	done := make(chan struct{})
	for range commanders {
		go func() { // ends when next is closed; the loop below waits
			for i := range next {
				if err := do(i); err != nil {
					cancel(err)
				}
			}
			done <- struct{}{}
		}()
	}
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	for range commanders {
		<-done
	}
	return context.Cause(ctx)
}
