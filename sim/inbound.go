package sim

import (
	"context"
	"net"
	"strings"

	"nwayacd/esl"
)

// Serve speaks the inbound Event Socket on ln until ctx is done or ln fails. It closes ln, waits
// for its connections and returns why it ended.
func (s *Switch) Serve(ctx context.Context, ln net.Listener) error {
	server := esl.Server{Handler: s.ServeConn}
	return server.Serve(ctx, ln)
}

// ServeConn speaks the inbound Event Socket on one connection until it is over
// or ctx is done, and closes it.
func (s *Switch) ServeConn(ctx context.Context, nc net.Conn) {
	l := newListener(s, nc, nil)
	stop := context.AfterFunc(ctx, l.cut)
	defer stop()
	l.serve()
}

// authenticate asks for the password. A wrong one ends the connection.
func (l *listener) authenticate(r *esl.Reader) bool {
	l.answer(esl.AppendFrame(nil, "", esl.Header{Name: "Content-Type", Value: "auth/request"}))
	req, err := r.ReadCommand()
	if err != nil {
		return false
	}
	password, isAuth := strings.CutPrefix(req.Line, "auth ")
	switch {
	case !isAuth:
		l.answer(reply("-ERR command not found"))
		return false
	case password != l.s.opt.Password:
		l.answer(reply("-ERR invalid"))
		return false
	}
	l.answer(reply("+OK accepted"))
	return true
}
