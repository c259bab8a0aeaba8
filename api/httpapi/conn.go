package httpapi

import (
	"context"
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

// limitedConn is counted until it is closed.
type limitedConn struct {
	net.Conn
	counted *connlimit.Conn
}

// Close takes the connection out of the count.
func (c *limitedConn) Close() error {
	c.counted.Release()
	return c.Conn.Close()
}

// connState lets a connection that is between two requests make room for another. http.Server calls
// it for each change of a connection's state.
func connState(nc net.Conn, state http.ConnState) {
	if c, is := nc.(*limitedConn); is && state == http.StateIdle {
		c.counted.Unconfirm()
	}
}

type connKey struct{}

func withConn(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, nc)
}

// confirmConn keeps the request's connection from being closed for another one until the request is
// answered: the request has shown the token.
func confirmConn(r *http.Request) {
	if c, is := r.Context().Value(connKey{}).(*limitedConn); is {
		c.counted.Confirm()
	}
}

// isShort reports whether the request's connection is beyond the bounds. Such a connection has one
// request and no stream of events.
func isShort(ctx context.Context) bool {
	c, is := ctx.Value(connKey{}).(*limitedConn)
	return is && c.counted.IsShort()
}

// paced gives a request's body a time of its own, all of it: also the one that nobody reads.
func paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			body := &pacedBody{ReadCloser: r.Body, set: http.NewResponseController(w).SetReadDeadline}
			body.set(time.Now().Add(bodyLimit)) // fails where there is no connection, in tests
			// net/http must see its own body: by its type it knows one that was not read to the end
			r = r.WithContext(r.Context())
			r.Body = body
		}
		next.ServeHTTP(w, r)
	})
}

// pacedBody is a request's body within its time; the answer has its own.
type pacedBody struct {
	io.ReadCloser
	set   func(time.Time) error // the read deadline
	begun bool
}

// Read moves the deadline when the body is begun, for others set theirs before, and when it has
// ended.
func (b *pacedBody) Read(p []byte) (int, error) {
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
