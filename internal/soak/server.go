package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"nwayacd/internal/testlab"
)

// server is nwayacd, one process after another.
type server struct {
	*testlab.Server

	mu      sync.Mutex       // guards what follows
	process *testlab.Process // nil while none runs
	over    chan struct{}
	exit    error
	born    time.Time
	deaths  []time.Time // when a process ended
	rss     memory
	asked   bool // its end was asked for
}

// memory is what the processes took, in bytes.
type memory struct{ First, Max, Last, Idle int64 }

// rests are the times, in seconds, for which an agent rests after a miss of each cause.
type rests struct{ busy, reject, noAnswer, unreachable int }

func newServer(program, dir, db string, rest rests, switches ...string) (*server, error) {
	lab, err := testlab.NewServer(program, dir)
	if err != nil {
		return nil, err
	}
	var all []testlab.Switch
	for i, address := range switches {
		all = append(all, testlab.Switch{Name: fmt.Sprintf("fs%d", i+1), Address: address, Password: password})
	}
	return &server{Server: lab}, lab.Configure(testlab.Settings{
		"acd.typing-auto":                "true",
		"acd.recover-seconds":            "1",
		"acd.reoffer-seconds":            "1",
		"acd.rest-busy-seconds":          strconv.Itoa(rest.busy),
		"acd.rest-reject-seconds":        strconv.Itoa(rest.reject),
		"acd.rest-noanswer-seconds":      strconv.Itoa(rest.noAnswer),
		"acd.rest-unreachable-seconds":   strconv.Itoa(rest.unreachable),
		"acd.busy-repeat-seconds":        "5",
		"prompts.hold-music":             `"silence_stream://-1,1400"`,
		"prompts.default-agent-welcome":  `"silence_stream://100,1400"`,
		"prompts.default-agent-busy":     `"silence_stream://200,1400"`,
		"prompts.default-agent-transfer": `"silence_stream://100,1400"`,
		"database.dbstring":              testlab.Quote(db),
		"server.drain-seconds":           "3",
		"log.level":                      `"info"`,
	}, all...)
}

// start runs a process. over is closed when it is gone.
func (s *server) start() (over chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.Server.Start()
	if err != nil {
		return nil, err
	}
	over = make(chan struct{})
	s.process, s.over, s.born, s.asked = p, over, time.Now(), false
	go func() { // ends with the process; stop waits for it
		<-p.Done()
		s.mu.Lock()
		s.process, s.exit = nil, p.Err()
		s.deaths = append(s.deaths, time.Now())
		s.mu.Unlock()
		close(over)
	}()
	return over, nil
}

// signal sends a signal to the process, if there is one, and returns a channel that is closed when
// it is gone.
func (s *server) signal(sig syscall.Signal) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		s.process.Signal(sig)
		if sig == syscall.SIGKILL { // its end is noticed later, if other processes have the processors
			s.deaths = append(s.deaths, time.Now())
		}
	}
	return s.over
}

// demand is signal for a signal that ends the process.
func (s *server) demand(sig syscall.Signal) chan struct{} {
	s.mu.Lock()
	s.asked = true
	s.mu.Unlock()
	return s.signal(sig)
}

// exited returns how the last process ended, how long it lived, and whether its end was asked for.
func (s *server) exited() (how error, lived time.Duration, asked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exit, time.Since(s.born), s.asked
}

func (s *server) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.Pid()
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
	file, err := os.Open(s.LogFile())
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
