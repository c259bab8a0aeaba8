package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const crowded = "too many connections"

// crowdedAnswer is all that a connection beyond the bounds gets; there is no request yet that it could be the answer to.
var crowdedAnswer = []byte(func() string {
	body := `{"title":"Service Unavailable","status":503,"detail":"` + crowded + `"}` + "\n"
	return fmt.Sprintf("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\n"+
		"Connection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}())

// doorListener accepts who may come in, and refuses the others.
type doorListener struct {
	net.Listener
	door     *door
	refusing *sync.WaitGroup
}

// Accept returns a *guestConn.
func (l doorListener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		g, in := l.door.enter(nc.RemoteAddr(), func() { nc.Close() })
		if in {
			return &guestConn{nc, l.door, g}, nil
		}
		l.refusing.Go(func() { l.door.refuse(nc, crowdedAnswer) }) // ends after refuseLimit
	}
}

// guestConn is counted until it is closed.
type guestConn struct {
	net.Conn
	door  *door
	guest *guest
}

// Close counts the connection out.
func (c *guestConn) Close() error {
	c.door.leave(c.guest)
	return c.Conn.Close()
}

// between is told by http.Server how its connections fare: one that is between two requests may have to make room.
func between(nc net.Conn, state http.ConnState) {
	if c, is := nc.(*guestConn); is && state == http.StateIdle {
		c.door.forget(c.guest)
	}
}

type connKey struct{}

func withConn(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, nc)
}

// known lets the request's connection stay until the request is answered: it may ask for what it asks for.
func known(r *http.Request) {
	if c, is := r.Context().Value(connKey{}).(*guestConn); is {
		c.door.know(c.guest)
	}
}

// paced gives a request's body a time of its own, all of it: also the one that nobody reads.
func paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			body := &pacedBody{ReadCloser: r.Body, set: http.NewResponseController(w).SetReadDeadline}
			body.set(time.Now().Add(bodyLimit)) // fails where there is no connection, in tests
			r = r.WithContext(r.Context())      // net/http must see its own body: by its type it knows one that was not read to the end
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

// Read moves the deadline when the body is begun, for others set theirs before, and when it has ended.
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
