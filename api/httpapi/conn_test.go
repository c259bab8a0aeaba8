package httpapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
)

// webOnTCP serves the HTTP port as the program does.
func webOnTCP(t *testing.T, token string, bounds connlimit.Bounds) (address string) {
	t.Helper()
	s, _ := apitest.Server()
	p := &Port{Server: s, Database: &archive{}, Token: auth.NewSecret(token), Bounds: bounds, Log: zerolog.Nop()}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { p.Serve(ctx, ln) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
	})
	return ln.Addr().String()
}

// visitor is one HTTP connection.
type visitor struct {
	t  *testing.T
	nc net.Conn
	in *bufio.Reader
}

func visit(t *testing.T, address string) *visitor {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return visitorOf(t, nc)
}

func visitorOf(t *testing.T, nc net.Conn) *visitor { return &visitor{t, nc, bufio.NewReader(nc)} }

// asks sends a request and returns the status, or 0 if the connection was closed without an answer.
func (v *visitor) asks(path, token string) (status int, answer *http.Response) {
	v.t.Helper()
	fmt.Fprintf(v.nc, "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
	answer, err := http.ReadResponse(v.in, nil)
	if err != nil {
		return 0, nil
	}
	if answer.ContentLength >= 0 { // no stream of events
		io.Copy(io.Discard, answer.Body)
	}
	return answer.StatusCode, answer
}

func TestTheHTTPPortIsBoundedPerSource(t *testing.T) {
	address := webOnTCP(t, "right", connlimit.Bounds{Total: 8, PerSource: 3})
	var silent []*visitor
	for range 3 {
		silent = append(silent, visit(t, address))
	}
	for n := range 3 { // a stream of events is not closed
		if status, _ := visit(t, address).asks(apiPrefix+"/events", "right"); status != http.StatusOK {
			t.Fatalf("stream %d: %d", n, status)
		}
		if _, err := silent[n].in.ReadByte(); err == nil || isTimeout(err) {
			t.Errorf("the connection that was silent longest is still open: %v", err)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", apiPrefix + "/version", apiPrefix + "/groups"} {
		status, answer := visit(t, address).asks(path, "right")
		if status != http.StatusOK || !answer.Close {
			t.Errorf("%s, on a full port: %d", path, status)
		}
	}
	if status, _ := visit(t, address).asks(apiPrefix+"/events", "right"); status != http.StatusServiceUnavailable {
		t.Errorf("one more stream: %d", status)
	}
}

func TestAnHTTPConnectionBetweenRequestsMakesRoom(t *testing.T) {
	address := webOnTCP(t, "right", connlimit.Bounds{PerSource: 1})
	kept := visit(t, address)
	for range 2 {
		if status, _ := kept.asks(apiPrefix+"/version", "right"); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	status, short := 0, true
	for n := 0; short && n < 100; n++ { // the client may read an answer before connState has run
		var answer *http.Response
		if status, answer = visit(t, address).asks(apiPrefix+"/version", "right"); status != http.StatusOK {
			break
		}
		short = answer.Close
	}
	if status != http.StatusOK || short {
		t.Errorf("the newcomer: %d, on a connection that stays: %v", status, !short)
	}
	if status, _ := kept.asks(apiPrefix+"/version", "right"); status != 0 {
		t.Errorf("the other is still open: %d", status)
	}
}

func isTimeout(err error) bool {
	ne, is := errors.AsType[net.Error](err)
	return is && ne.Timeout()
}

func TestABodyThatTricklesInIsCut(t *testing.T) {
	address := webOnTCP(t, "right", connlimit.Bounds{})
	for name, token := range map[string]string{"with the token": "right", "without": "wrong"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := visit(t, address)
			fmt.Fprintf(v.nc,
				"POST %s/groups HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: "+
					"application/json\r\nContent-Length: 1000\r\n\r\n", apiPrefix, token)
			began := time.Now()
			for time.Since(began) < 3*bodyLimit {
				if _, err := io.WriteString(v.nc, "{"); err != nil {
					return // cut
				}
				time.Sleep(bodyLimit / 10)
			}
			t.Error("a body that trickles in was not cut off")
		})
	}
}

func TestABodyThatNoHandlerReadsIsNotTheNextRequest(t *testing.T) {
	address := webOnTCP(t, "right", connlimit.Bounds{})
	inner := "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for _, length := range []int{len(inner), 400_000, 999_999_999} {
		for _, token := range []string{"right", "wrong"} {
			v := visit(t, address)
			fmt.Fprintf(v.nc,
				"POST %s/groups HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: "+
					"%d\r\n\r\n%s",
				apiPrefix, token, length, inner)
			v.nc.(*net.TCPConn).CloseWrite()
			all, _ := io.ReadAll(v.in)
			if n := strings.Count(string(all), "HTTP/1.1 "); n > 1 {
				t.Errorf("%d bytes, token %s: %d answers:\n%s", length, token, n, all)
			}
		}
	}
}

func TestTooManyWrongTokensAreAnswered429(t *testing.T) {
	address := webOnTCP(t, "right", connlimit.Bounds{})
	for n := range 10 {
		if status, _ := visit(t, address).asks(apiPrefix+"/version", "wrong"); status != http.StatusUnauthorized {
			t.Fatalf("wrong token %d: %d", n, status)
		}
	}
	status, answer := visit(t, address).asks(apiPrefix+"/version", "wrong")
	if status != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", status, answer.Header.Get("Retry-After"))
	}
	if status, _ := visit(t, address).asks(apiPrefix+"/version", "right"); status != http.StatusOK {
		t.Errorf("the right one, amid the wrong ones: %d", status)
	}
	if status, _ := visit(t, address).asks("/healthz", ""); status != http.StatusOK {
		t.Errorf("a path that needs no token: %d", status)
	}
}
