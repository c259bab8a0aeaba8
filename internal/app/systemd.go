package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Supervisor is systemd, if it has started this process as a service of Type=notify. The zero value
// is a process that nobody supervises.
type Supervisor struct {
	socket string        // NOTIFY_SOCKET
	limit  time.Duration // WatchdogSec; 0 = there is no watchdog
}

// FindSupervisor reads what systemd has put into the environment: sd_notify(3) and
// sd_watchdog_enabled(3) say what.
func FindSupervisor(getenv func(string) string) Supervisor {
	s := Supervisor{socket: getenv("NOTIFY_SOCKET")}
	microseconds, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	process := getenv("WATCHDOG_PID")
	if err == nil && s.socket != "" && (process == "" || process == strconv.Itoa(os.Getpid())) {
		s.limit = time.Duration(microseconds) * time.Microsecond
	}
	return s
}

// Ready reports that the server serves.
func (s Supervisor) Ready(log zerolog.Logger) { s.report("READY=1", log) }

// Stopping reports that the server has begun to end.
func (s Supervisor) Stopping(log zerolog.Logger) { s.report("STOPPING=1", log) }

func (s Supervisor) report(state string, log zerolog.Logger) {
	if err := s.tell(state); err != nil {
		log.Error().Err(err).Str("state", state).Msg("systemd does not take a report")
	}
}

// tell sends one datagram. The name of an abstract socket begins with "@" in the environment.
func (s Supervisor) tell(state string) error {
	if s.socket == "" {
		return nil
	}
	name := s.socket
	if rest, abstract := strings.CutPrefix(name, "@"); abstract {
		name = "\x00" + rest
	}
	nc, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("systemd: %w", err)
	}
	defer nc.Close()
	if _, err := nc.Write([]byte(state)); err != nil {
		return fmt.Errorf("systemd: %w", err)
	}
	return nil
}

// watch sends a sign of life twice in each interval of the watchdog, until ctx is done. Before each
// one it calls works, which blocks for as long as the server does not work. Without a sign, systemd
// ends the process and starts it again.
func (s Supervisor) watch(ctx context.Context, works func(), log zerolog.Logger) error {
	if s.limit <= 0 {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	next := time.NewTicker(s.limit / 2)
	defer next.Stop()
	for {
		works()
		s.report("WATCHDOG=1", log)
		select {
		case <-next.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
