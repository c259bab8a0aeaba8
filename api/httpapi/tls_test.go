package httpapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
	"nwayacd/api/connlimit"
	"nwayacd/internal/auth"
	"nwayacd/internal/testcert"
)

// webWithTLS serves the HTTP port with TLS until the test ends.
func webWithTLS(t *testing.T, ca *testcert.CA, log io.Writer, bounds connlimit.Bounds) (address string) {
	t.Helper()
	s, _ := apitest.Server()
	p := &Port{
		Server: s, Database: &archive{}, Token: auth.NewSecret("right"), TLS: ca.Server(t), Log: zerolog.New(log),
		Bounds: bounds,
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { p.Serve(ctx, ln) })
	t.Cleanup(func() { stop(); serving.Wait() })
	return ln.Addr().String()
}

func TestTheHTTPPortSpeaksTLS(t *testing.T) {
	ca := testcert.NewCA(t)
	address := webWithTLS(t, ca, io.Discard, connlimit.Bounds{})
	for version, works := range map[uint16]bool{
		tls.VersionTLS13: true, tls.VersionTLS12: true, tls.VersionTLS11: false,
	} {
		config := ca.Client()
		config.MinVersion, config.MaxVersion = version, version
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		answer, err := client.Get("https://" + address + "/healthz")
		if (err == nil) != works {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			answer.Body.Close()
		}
	}
	plain, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Body.Close()
	if plain.StatusCode != http.StatusBadRequest {
		t.Errorf("without TLS: %s", plain.Status)
	}
}

// With TLS, too, an idle connection makes room, and a stream of events does not.
func TestConnectionsOfTLSAreCounted(t *testing.T) {
	ca := testcert.NewCA(t)
	address := webWithTLS(t, ca, io.Discard, connlimit.Bounds{Total: 8, PerSource: 2})
	open := func() *visitor {
		nc, err := tls.Dial("tcp", address, ca.Client())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(20 * time.Second))
		return visitorOf(t, nc)
	}
	stream, idle := open(), open()
	if status, _ := stream.asks(apiPrefix+"/events", "right"); status != http.StatusOK {
		t.Fatalf("the stream: %d", status)
	}
	if status, _ := idle.asks("/healthz", ""); status != http.StatusOK {
		t.Fatalf("the first request: %d", status)
	}
	if status, _ := open().asks("/healthz", ""); status != http.StatusOK {
		t.Errorf("a third connection: %d", status)
	}
	if status, _ := idle.asks("/healthz", ""); status != 0 {
		t.Errorf("the idle connection did not make room: %d", status)
	}
	if _, err := stream.in.ReadByte(); err != nil {
		t.Errorf("the stream: %v", err)
	}
}

func TestBrokenHandshakesAreALineAMinute(t *testing.T) {
	var log synced
	address := webWithTLS(t, testcert.NewCA(t), &log, connlimit.Bounds{})
	for range 5 {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(nc, strings.Repeat("no TLS ", 10))
		io.Copy(io.Discard, nc) // until the port closes it
		nc.Close()
	}
	if n := strings.Count(log.String(), "TLS handshake error"); n != 1 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}

// synced is a log that several goroutines may use.
type synced struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *synced) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(line)
}

func (s *synced) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
