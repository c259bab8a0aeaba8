package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nwayacd/esl"
)

// shipped is the program as it is released.
func shipped(t testing.TB) string {
	t.Helper()
	program, err := buildShipped()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

var buildShipped = sync.OnceValues(func() (string, error) {
	program := filepath.Join(suite.dir, "shipped")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "nwayacd").
		CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build nwayacd: %w\n%s", err, out)
	}
	return program, nil
})

// mostMemory is what the process may have resident at its worst moment.
const mostMemory = 200 << 20

func TestGarbageAndAThousandIdleConnectionsAndCallsAreServed(t *testing.T) {
	if runtime.GOOS != "linux" {
		leaveOut("MEMORY UNDER GARBAGE: THERE IS NO /proc TO READ IT FROM")
		t.Skip("no /proc")
	}
	f := floor{
		asShipped: true, agents: []agentRow{{name: "anna"}, {name: "ben"}},
		config: settings{"log.level": `"info"`},
	}
	w := open(t, newSimulated(t), f)
	ports := []string{w.srv.Socket, w.srv.Control, w.srv.HTTP}
	a := &attack{}
	ctx, stop := context.WithCancel(t.Context())
	defer a.going.Wait()
	defer stop()
	for n := range 1000 {
		a.going.Go(func() { a.idle(ctx, ports[n%len(ports)]) })
	}
	for n := range 6 {
		a.going.Go(func() { a.garbage(ctx, ports[n%len(ports)]) })
	}
	eventually(t, 30*time.Second, "the idle connections are there", func() bool { return a.idling.Load() > 600 })
	for n := range 20 {
		c := w.arrives(fmt.Sprint("caller ", n))
		eventually(t, patience, c.name+" talks", func() bool { return c.with() != "" })
		c.hangsUp()
		c.cdr("outcome=answered")
		w.isManageable()
	}
	eventually(t, 2*time.Minute, "all garbage was thrown", func() bool {
		return int(a.thrown.Load()) >= 5*len(wrongFrames)
	})
	most, now := w.srv.memory("VmHWM"), w.srv.memory("VmRSS")
	t.Logf("%d idle connections now, %d pieces of garbage: %d MiB resident, %d MiB at most", a.idling.Load(),
		a.thrown.Load(), now>>20, most>>20)
	if most == 0 || most > mostMemory {
		t.Errorf("%d MiB were resident, more than %d", most>>20, mostMemory>>20)
	}
	stop()
	a.going.Wait()
	after := w.arrives("after")
	eventually(t, patience, "a caller after the attack talks", func() bool { return after.with() != "" })
	after.hangsUp()
	w.cleanAfter()
	if n := bytes.Count(w.srv.Log(), []byte("\n")); n > 1000 {
		t.Errorf("the log has %d lines", n)
	}
}

// attack is an attempt to fill the process with connections.
type attack struct {
	going          sync.WaitGroup
	idling, thrown atomic.Int32
}

// idle holds a connection on which it sends nothing. It connects again whenever the server closes
// it.
func (a *attack) idle(ctx context.Context, address string) {
	for ctx.Err() == nil {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			return // the process is gone, which the test sees
		}
		stop := context.AfterFunc(ctx, func() { nc.Close() })
		a.idling.Add(1)
		io.Copy(io.Discard, nc)
		a.idling.Add(-1)
		stop()
		nc.Close()
		time.Sleep(time.Second) // as a client does that is refused
	}
}

// garbage sends one wrong frame after another.
func (a *attack) garbage(ctx context.Context, address string) {
	kinds := slices.Sorted(maps.Keys(wrongFrames))
	for n := 0; ctx.Err() == nil; n++ {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		nc.SetDeadline(time.Now().Add(300 * time.Millisecond))
		go io.WriteString(nc, wrongFrames[kinds[n%len(kinds)]]) // ends with the connection
		io.Copy(io.Discard, nc)
		nc.Close()
		a.thrown.Add(1)
	}
}

// isManageable sends a request to the command port and the HTTP port, each on a new connection.
// Among so many connections the server may close one before it has sent its password. It is tried
// again then.
func (w *world) isManageable() {
	w.t.Helper()
	eventually(w.t, patience, "a new client of the command port is served", func() bool {
		conn, err := esl.Dial(w.t.Context(), w.srv.Control, "any", esl.Options{})
		if err != nil {
			return false
		}
		defer conn.Close()
		_, err = conn.API(w.t.Context(), "nwayacd_version")
		return err == nil
	})
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	eventually(w.t, patience, "a new client of the HTTP port is served", func() bool {
		answer, err := client.Get("http://" + w.srv.HTTP + "/api/v1/version")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// memory is a line of the process's /proc/PID/status, in bytes.
func (srv *server) memory(line string) int {
	srv.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", srv.process.Pid()))
	if err != nil {
		srv.t.Fatal(err)
	}
	for row := range strings.Lines(string(status)) {
		var kB int
		if rest, is := strings.CutPrefix(row, line+":"); is {
			fmt.Sscan(rest, &kB)
			return kB << 10
		}
	}
	return 0
}
