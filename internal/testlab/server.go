// Package testlab runs nwayacd for tests and measurements: as a child process with a configuration,
// ports, a data-dir and, if wanted, a PostgreSQL of its own. Of the other packages it knows only
// the wire (esl).
package testlab

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Server is one nwayacd: one configuration, one data-dir, and one process after another.
type Server struct {
	Program string // of nwayacd
	Dir     string // of the configuration, the log and the data-dir

	// The addresses at which it serves, host:port: the calls' port, the command port, the HTTP
	// port. Pprof is for the flag --pprof.
	Socket, Control, HTTP, Pprof string
}

// NewServer finds free ports for a server. Nothing runs yet.
func NewServer(program, dir string) (*Server, error) {
	free, err := FreeAddresses(4)
	if err != nil {
		return nil, err
	}
	return &Server{
		Program: program, Dir: dir, Socket: free[0], Control: free[1], HTTP: free[2], Pprof: free[3],
	}, nil
}

// ConfigFile returns the path of the configuration.
func (s *Server) ConfigFile() string { return filepath.Join(s.Dir, "nwayacd.toml") }

// LogFile returns the path of the log of all processes.
func (s *Server) LogFile() string { return filepath.Join(s.Dir, "nwayacd.log") }

// DataDir returns the path of the data-dir.
func (s *Server) DataDir() string { return filepath.Join(s.Dir, "data") }

// Settings are keys of the configuration, such as "server.listen", with their values as TOML writes
// them.
type Settings map[string]string

// Quote returns a text as TOML writes it.
func Quote(text string) string { return fmt.Sprintf("%q", text) }

// Switch is a FreeSWITCH in the configuration. The last three fields may be "".
type Switch struct{ Name, Address, Password, DialString, LocalIP, RemoteDial string }

// Configure writes the configuration: ports, data-dir and a log in JSON, and what is added or
// replaced by more.
func (s *Server) Configure(more Settings, switches ...Switch) error {
	all := Settings{
		"database.data-dir": Quote(s.DataDir()),
		"server.listen":     Quote(s.Socket),
		"control.listen":    Quote(s.Control),
		"http.listen":       Quote(s.HTTP),
		"log.format":        `"json"`,
	}
	maps.Copy(all, more)
	var text strings.Builder
	text.WriteString(all.toml())
	for _, sw := range switches {
		text.WriteString(sw.toml())
	}
	return os.WriteFile(s.ConfigFile(), []byte(text.String()), 0o600)
}

func (s Settings) toml() string {
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

func (s *Switch) toml() string {
	var text strings.Builder
	fmt.Fprintf(&text, "[[freeswitch]]\nname = %q\naddress = %q\npassword = %q\n", s.Name, s.Address, s.Password)
	for _, more := range [][2]string{
		{"dial-string", s.DialString}, {"local-ip", s.LocalIP}, {"remote-dial", s.RemoteDial},
	} {
		if more[1] != "" {
			fmt.Fprintf(&text, "%s = %q\n", more[0], more[1])
		}
	}
	return text.String()
}

// Migrate makes the tables, so that rows can be there before the first process is.
func (s *Server) Migrate(ctx context.Context) error { return s.Do(ctx, "migrate") }

// Do runs another subcommand, such as migrate, to its end.
func (s *Server) Do(ctx context.Context, subcommand string, args ...string) error {
	args = append([]string{subcommand, "-c", s.ConfigFile()}, args...)
	out, err := exec.CommandContext(ctx, s.Program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("nwayacd %s: %w\n%s", subcommand, err, out)
	}
	return nil
}

// Start starts `nwayacd serve` with more flags, and does not wait until it serves.
func (s *Server) Start(flags ...string) (*Process, error) {
	return Run(s.LogFile(), s.Program, append([]string{"serve", "-c", s.ConfigFile()}, flags...)...)
}

// knockEvery is how often Await looks. It limits the precision of a measured start.
const knockEvery = 2 * time.Millisecond

// Await returns when the process accepts connections at the address. It returns an error if the
// process or ctx ends before.
func (s *Server) Await(ctx context.Context, p *Process, address string) error {
	knock := time.NewTicker(knockEvery)
	defer knock.Stop()
	for {
		nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return nc.Close()
		}
		select {
		case <-knock.C:
		case <-p.Done():
			return fmt.Errorf("testlab: nwayacd ended as it started: %s\n%s", p.cmd.ProcessState, s.LastWords())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Log returns what all processes have logged.
func (s *Server) Log() []byte {
	text, _ := os.ReadFile(s.LogFile()) // nothing before the first process
	return text
}

// Goroutines returns those that a process printed because Stop's limit was over, nil if it printed
// none.
func (s *Server) Goroutines() []byte {
	_, printed, _ := bytes.Cut(s.Log(), []byte("SIGQUIT: quit\n"))
	return printed
}

// LastWords returns the end of the log.
func (s *Server) LastWords() string {
	lines := bytes.Split(bytes.TrimSpace(s.Log()), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}
