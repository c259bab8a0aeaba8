package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"nwayacd/api/connlimit"
)

// limitedListener counts the connections.
type limitedListener struct {
	net.Listener
	limiter *connlimit.Limiter
}

// Accept returns a *limitedConn.
func (l limitedListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &limitedConn{nc, l.limiter.Admit(nc.RemoteAddr(), func() { nc.Close() })}, nil
}

// limitedConn is counted by the limiter until it is closed.
type limitedConn struct {
	net.Conn
	counted *connlimit.Conn
}

// Close closes the connection and removes it from the count.
func (c *limitedConn) Close() error {
	c.counted.Release()
	return c.Conn.Close()
}

// connState allows the limiter to evict a connection that is between two requests. http.Server
// calls it at each change of a connection's state.
func connState(nc net.Conn, state http.ConnState) {
	if c := limitedOf(nc); c != nil && state == http.StateIdle {
		c.counted.Unconfirm()
	}
}

// limitedOf returns the connection that carries nc, or nil if it is not one of limitedListener.
func limitedOf(nc net.Conn) *limitedConn {
	if secure, is := nc.(*tls.Conn); is {
		nc = secure.NetConn()
	}
	c, _ := nc.(*limitedConn)
	return c
}

type connKey struct{}

func withConn(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, limitedOf(nc))
}

// confirmConn protects the request's connection from eviction until the request is answered,
// because the request has shown the token.
func confirmConn(r *http.Request) {
	if c, _ := r.Context().Value(connKey{}).(*limitedConn); c != nil {
		c.counted.Confirm()
	}
}

// isShort reports whether the request's connection is beyond the bounds. Such a connection has one
// request and no stream of events.
func isShort(ctx context.Context) bool {
	c, _ := ctx.Value(connKey{}).(*limitedConn)
	return c != nil && c.counted.IsShort()
}

// withBodyDeadline gives the body of each request one deadline for all of it, even if no handler
// reads it.
func withBodyDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			body := &deadlineBody{ReadCloser: r.Body, set: http.NewResponseController(w).SetReadDeadline}
			body.set(time.Now().Add(bodyLimit)) // fails if there is no connection, as in tests
			// The copy leaves net/http the body that it made. By the type of that body it detects
			// one that was not read to the end.
			r = r.WithContext(r.Context())
			r.Body = body
		}
		next.ServeHTTP(w, r)
	})
}

// deadlineBody is the body of a request with its own deadline. The answer has another one.
type deadlineBody struct {
	io.ReadCloser
	set   func(time.Time) error // sets the read deadline
	begun bool
}

// Read sets the deadline at the first read, because net/http and huma set theirs before, and again
// at the end of the body.
func (b *deadlineBody) Read(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.set(time.Now().Add(bodyLimit))
	}
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.set(time.Now().Add(longestLimit))
	}
	return n, err
}
