package connlimit

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

// CappedListener closes at once what comes beyond a number of connections, so that one port cannot
// use up the file descriptors of the process.
type CappedListener struct {
	net.Listener
	most    int64
	log     zerolog.Logger
	reports esl.Reports
	open    atomic.Int64
	refused atomic.Uint64
}

// NewCapped returns a listener that has at most so many connections.
func NewCapped(ln net.Listener, most int, log zerolog.Logger) *CappedListener {
	return &CappedListener{Listener: ln, most: int64(most), log: log}
}

// Refused is how many connections were closed at once.
func (l *CappedListener) Refused() uint64 { return l.refused.Load() }

// Accept returns the next connection for which there is room.
func (l *CappedListener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.most {
			return &cappedConn{Conn: nc, leave: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		l.refuse(nc)
	}
}

func (l *CappedListener) refuse(nc net.Conn) {
	l.refused.Add(1) // first: whoever sees the end of the connection finds it counted
	nc.Close()
	if passed, due := l.reports.Due(esl.Source(nc.RemoteAddr())); due {
		l.log.Error().Stringer("from", nc.RemoteAddr()).Int64("most", l.most).Int("more-like-it", passed).
			Msg("too many connections to the socket port: one was closed")
	}
}

// cappedConn is counted until it is closed.
type cappedConn struct {
	net.Conn
	leave func()
}

// Close takes the connection out of the count.
func (c *cappedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
