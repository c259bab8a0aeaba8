package app

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// manager is the side of systemd: a socket, and what arrives there.
func manager(t *testing.T) (socket string, next func(within time.Duration) string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sd") // the name of a socket has 108 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "notify")
	nc, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return socket, func(within time.Duration) string {
		t.Helper()
		nc.SetReadDeadline(time.Now().Add(within))
		text := make([]byte, 100)
		n, _ := nc.Read(text)
		return string(text[:n])
	}
}

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestSystemdHearsThatTheServerIsReady(t *testing.T) {
	socket, next := manager(t)
	s := FindSupervisor(environment(map[string]string{"NOTIFY_SOCKET": socket}))
	s.Ready(zerolog.Nop())
	if got := next(5 * time.Second); got != "READY=1" {
		t.Errorf("ready: %q", got)
	}
	s.Stopping(zerolog.Nop())
	if got := next(5 * time.Second); got != "STOPPING=1" {
		t.Errorf("stopping: %q", got)
	}
	if err := FindSupervisor(environment(nil)).tell("READY=1"); err != nil {
		t.Errorf("without systemd: %v", err)
	}
}

func TestTheWatchdogIsForThisProcess(t *testing.T) {
	ours := strconv.Itoa(os.Getpid())
	for pid, want := range map[string]time.Duration{"": 10 * time.Second, ours: 10 * time.Second, "1": 0} {
		s := FindSupervisor(environment(map[string]string{
			"NOTIFY_SOCKET": "x", "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": pid,
		}))
		if s.limit != want {
			t.Errorf("WATCHDOG_PID %q: %s, want %s", pid, s.limit, want)
		}
	}
}

// The sign of life must stop if the dispatcher's lock is never released, and not before.
func TestTheWatchdogGetsNoSignFromAServerThatHangs(t *testing.T) {
	socket, next := manager(t)
	s := Supervisor{socket: socket, limit: 100 * time.Millisecond}
	var lock sync.Mutex
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() {
		s.watch(ctx, func() {
			lock.Lock()
			defer lock.Unlock()
		}, zerolog.Nop())
	})
	for range 3 {
		if got := next(5 * time.Second); got != "WATCHDOG=1" {
			t.Errorf("while it works: %q", got)
		}
	}
	lock.Lock()
	next(300 * time.Millisecond) // one may be on its way
	if got := next(500 * time.Millisecond); got != "" {
		t.Errorf("while it hangs: %q", got)
	}
	lock.Unlock()
	if got := next(5 * time.Second); got != "WATCHDOG=1" {
		t.Errorf("when it works again: %q", got)
	}
	stop()
	watching.Wait()
}
