//go:build linux

package cli

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

// stuckLog starts a server whose log is a pipe that the test holds open and does not read.
func stuckLog(t *testing.T) (s *testlab.Server, p *testlab.Process, reader *os.File) {
	t.Helper()
	s, err := testlab.NewServer(os.Args[0], t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Configure(testlab.Settings{"log.level": `"debug"`, "server.drain-seconds": "1"}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(s.LogFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err = os.OpenFile(s.LogFile(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	p, err = s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if err := s.Await(ctx, p, s.Socket); err != nil {
		t.Fatal(err)
	}
	return s, p, reader
}

// ready asks /readyz.
func ready(t *testing.T, s *testlab.Server) (text string) {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + s.HTTP + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// mustServe checks that a call is taken.
func mustServe(t *testing.T, s *testlab.Server) {
	t.Helper()
	nc, err := net.DialTimeout("tcp", s.Socket, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	hello := make([]byte, len("connect\n\n"))
	if _, err := io.ReadFull(nc, hello); err != nil || string(hello) != "connect\n\n" {
		t.Fatalf("a call is answered with %q: %v", hello, err)
	}
}

func mustEnd(t *testing.T, p *testlab.Process) {
	t.Helper()
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.Done():
		if p.Err() != nil {
			t.Errorf("SIGTERM: %v", p.Err())
		}
	case <-time.After(30 * time.Second):
		t.Error("SIGTERM has no effect")
	}
}

func TestALogThatNobodyReadsStopsNothing(t *testing.T) {
	s, p, _ := stuckLog(t)
	for range 600 { // each logs a line; a pipe holds 64 KiB
		ready(t, s)
	}
	mustServe(t, s)
	time.Sleep(2100 * time.Millisecond) // a write is stuck after two seconds
	if text := ready(t, s); !strings.Contains(text, `"ok":true`) || !strings.Contains(text, "nobody reads the log") {
		t.Error(text)
	}
	mustEnd(t, p)
}

func TestALogWhoseReaderIsGoneStopsNothing(t *testing.T) {
	s, p, reader := stuckLog(t)
	reader.Close()
	for range 20 {
		ready(t, s)
	}
	mustServe(t, s)
	if text := ready(t, s); !strings.Contains(text, `"ok":true`) || !strings.Contains(text, "broken pipe") {
		t.Error(text)
	}
	mustEnd(t, p)
}
