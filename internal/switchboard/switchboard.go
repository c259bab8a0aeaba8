// Package switchboard runs a real FreeSWITCH, the one on the PATH, as a child process with a
// configuration of its own and free ports. It does not know what is in the configuration.
package switchboard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"nwayacd/esl"
	"nwayacd/internal/testlab"
)

// Password is the password of the event socket.
const Password = "ClueCon"

// Switch is one FreeSWITCH.
type Switch struct {
	Dir       string // its files are here
	IP        string // of its SIP profile and its media
	Address   string // host:port of its event socket
	SIP       int    // port of its SIP profile
	WebSocket int    // the same, for phones in browsers
	Conn      *esl.Connection

	process *testlab.Process
}

// Exists reports whether there is a FreeSWITCH on the PATH.
func Exists() bool {
	_, err := exec.LookPath("freeswitch")
	return err == nil
}

// New finds free ports for a switch.
func New(dir, ip string) (*Switch, error) {
	address, err := testlab.FreeAddresses(1)
	if err != nil {
		return nil, err
	}
	ports, err := testlab.FreePorts(ip, 2)
	if err != nil {
		return nil, err
	}
	return &Switch{Dir: dir, IP: ip, Address: address[0], SIP: ports[0], WebSocket: ports[1]}, nil
}

// Port returns the port of the event socket.
func (s *Switch) Port() string {
	_, port, _ := strings.Cut(s.Address, ":")
	return port
}

// Configure writes freeswitch.xml from a template. In the template, Switch is the switch, and Own
// is the caller's value.
func (s *Switch) Configure(page string, own any) error {
	for _, dir := range []string{"conf", "work"} {
		if err := os.MkdirAll(filepath.Join(s.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	t, err := template.New("freeswitch.xml").Parse(page)
	if err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(s.Dir, "conf", "freeswitch.xml"))
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(file, map[string]any{"Switch": s, "Password": Password, "Own": own}), file.Close())
}

// startLimit is how long a FreeSWITCH may take until it is ready, on a busy machine.
const startLimit = 30 * time.Second

// Start runs the process and returns when it is ready.
func (s *Switch) Start(ctx context.Context) error {
	args := []string{"-nonat", "-nf", "-nc", "-conf", s.Dir + "/conf"}
	for _, of := range []string{
		"db", "log", "run", "scripts", "htdocs", "temp", "certs", "storage", "cache", "grammar",
		"recordings", "sounds",
	} {
		args = append(args, "-"+of, filepath.Join(s.Dir, "work"))
	}
	var err error
	if s.process, err = testlab.Run("", "freeswitch", args...); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	return nil
}

// connect waits until the event socket accepts a login and the core reports that it is ready.
func (s *Switch) connect(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, startLimit)
	defer stop()
	pause := time.NewTicker(100 * time.Millisecond)
	defer pause.Stop()
	for {
		select {
		case <-s.process.Done():
			return fmt.Errorf("freeswitch ended while it started: %w; see %s", s.process.Err(), s.Dir)
		case <-ctx.Done():
			return fmt.Errorf("freeswitch was not ready within %s", startLimit)
		case <-pause.C:
		}
		conn, err := esl.Dial(ctx, s.Address, Password, esl.Options{OnEvent: func(*esl.Event) {}})
		if err != nil {
			continue
		}
		if status, err := conn.API(ctx, "status"); err == nil && strings.Contains(status, "is ready") {
			s.Conn = conn
			return nil
		}
		conn.Close()
	}
}

// Crash kills the process, and starts it again.
func (s *Switch) Crash(ctx context.Context) error {
	s.process.Kill()
	s.Conn.Close()
	s.Conn = nil
	return s.Start(ctx)
}

// stopLimit is how long the process may take to shut down.
const stopLimit = 15 * time.Second

// Stop ends the process.
func (s *Switch) Stop() error {
	if s.Conn != nil {
		s.Conn.Post(esl.API("shutdown"))
		defer s.Conn.Close()
	} else {
		s.process.Signal(syscall.SIGKILL)
	}
	limit := time.NewTimer(stopLimit)
	defer limit.Stop()
	select {
	case <-s.process.Done():
		return nil
	case <-limit.C:
		s.process.Kill()
		return fmt.Errorf("freeswitch did not shut down within %s and was killed", stopLimit)
	}
}
