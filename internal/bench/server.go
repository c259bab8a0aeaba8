package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/internal/testlab"
)

const (
	bootLimit = 60 * time.Second
	stopLimit = 3 * time.Minute // in which it writes all that it has not written yet
	password  = "bench"
)

// server is the one under test, a process of its own.
type server struct {
	*testlab.Server
	process *testlab.Process // nil while none runs
	flags   []string
	access  access
}

// newServer writes the configuration of a server whose only FreeSWITCH is at that address.
func newServer(o Options, dir, dsn, freeswitch string) (*server, error) {
	lab, err := testlab.NewServer(o.Binary, dir)
	if err != nil {
		return nil, err
	}
	s := &server{Server: lab, access: access{secret: password}}
	settings := testlab.Settings{}
	if o.Secured {
		if settings, err = s.access.secure(dir); err != nil {
			return nil, err
		}
		settings["http.token"] = testlab.Quote(password)
	}
	if o.Profile != "" {
		s.flags = []string{"--pprof", lab.Pprof}
	}
	maps.Copy(settings, testlab.Settings{
		"acd.noanswer-to-ready": "true",
		"database.dbstring":     testlab.Quote(dsn),
		"server.drain-seconds":  "1",
		"control.password":      testlab.Quote(password),
		"log.level":             testlab.Quote(o.LogLevel),
	})
	return s, lab.Configure(settings, testlab.Switch{Name: "bench", Address: freeswitch, Password: password})
}

// start runs the server. It returns when the server accepts calls, and how long that took.
func (s *server) start(ctx context.Context) (took time.Duration, err error) {
	began := time.Now()
	if s.process, err = s.Start(s.flags...); err != nil {
		return 0, fmt.Errorf("bench: the server: %w", err)
	}
	ctx, stop := context.WithTimeoutCause(ctx, bootLimit, errors.New("bench: the server does not come up"))
	defer stop()
	if err := s.Await(ctx, s.process, s.Socket); err != nil { // the last port to be opened
		return 0, errors.Join(err, s.stop())
	}
	return time.Since(began), nil
}

// stop ends the server as an operator would. The server then writes to the database what is not
// there yet.
func (s *server) stop() error {
	if s.process == nil {
		return nil
	}
	err := s.process.Stop(stopLimit)
	s.process = nil
	if err != nil {
		return fmt.Errorf("bench: the server: %w: %s", err, s.LastWords())
	}
	return nil
}

// metric reads a figure without labels from the server's /metrics. It returns -1 if there is none.
func (s *server) metric(ctx context.Context, name string) float64 {
	client, scheme := s.access.client()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+s.HTTP+"/metrics", nil)
	if err != nil {
		return -1
	}
	request.Header.Set("Authorization", "Bearer "+password)
	answer, err := client.Do(request)
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

func (s *server) used() (usage, error) { return used(s.process.Pid()) }

// commander sends commands to the server's command port, several at a time.
type commander struct{ free chan *esl.Connection }

// commanders is how many connections send commands. Each waits for the disk, and they share its
// syncs. The server accepts 64 connections from one address.
const commanders = 32

func (s *server) commander(ctx context.Context) (*commander, error) {
	c := &commander{free: make(chan *esl.Connection, commanders)}
	for range commanders {
		nc, err := s.access.dial(ctx, s.Control)
		if err != nil {
			c.close()
			return nil, err
		}
		conn, err := esl.Login(ctx, nc, s.access.secret, esl.Options{})
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

// ask sends a command on a connection that is free, and returns the reply. It returns an error if
// the server refused the command.
func (c *commander) ask(ctx context.Context, line string) (reply string, err error) {
	select {
	case conn := <-c.free:
		defer func() { c.free <- conn }()
		return conn.API(ctx, line)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// do sends a command as ask does, if nothing of the reply is needed.
func (c *commander) do(ctx context.Context, line string) error {
	_, err := c.ask(ctx, line)
	return err
}

// each sends a command for each of n, many at a time, and returns the first refusal.
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
