package bench

import (
	"context"
	"net"
	"strings"
	"sync"
)

// serveLinks takes the server's links until ctx is done.
func (s *Switch) serveLinks(ctx context.Context, ln net.Listener) {
	var links sync.WaitGroup
	defer links.Wait()
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	for {
		nc, err := ln.Accept()
		if err != nil {
			return // closed
		}
		links.Go(func() { s.serveLink(ctx, nc) }) // ends with ctx or the connection
	}
}

// serveLink is a FreeSWITCH's inbound event socket, for as long as the connection lasts.
func (s *Switch) serveLink(ctx context.Context, nc net.Conn) {
	defer nc.Close()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	l := &wire{nc: nc}
	l.send([]byte("Content-Type: auth/request\n\n"))
	in := requests{nc: nc}
	defer s.unlink(l)
	for in.fill() == nil {
		var out []byte
		for r, whole := in.next(); whole; r, whole = in.next() {
			line := string(r.line)
			if line == "exit" {
				return
			}
			out = s.answer(out, l, line)
		}
		if len(out) > 0 {
			l.send(out)
		}
	}
}

func (s *Switch) unlink(l *wire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == l {
		s.link = nil
	}
}

// answer carries out one command of the link.
func (s *Switch) answer(out []byte, l *wire, line string) []byte {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "auth":
		return appendReply(out, "+OK accepted")
	case "event":
		s.mu.Lock()
		s.link = l
		s.mu.Unlock()
		return appendReply(out, "+OK event listener enabled plain")
	case "sendevent":
		return appendReply(out, "+OK "+coreUUID)
	case "api":
		return appendAnswer(out, s.linkAPI(rest))
	}
	return appendReply(out, s.counts.mistake(line))
}

func (s *Switch) linkAPI(line string) string {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "global_getvar":
		if rest == "core_uuid" {
			return coreUUID
		}
		return "127.0.0.1"
	case "show":
		if strings.HasPrefix(rest, "channels") {
			select {
			case s.linked <- struct{}{}:
			default:
			}
		}
		return `{"row_count":0}`
	case "uuid_kill":
		return s.kill(rest)
	case "uuid_exists":
		if s.findLeg(rest) != nil {
			return "true"
		}
		return "false"
	}
	return s.counts.mistake(line)
}
