package bench

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
)

// link is a connection of the server to the switch's event socket.
type link struct {
	wire
	listed bool // the server has asked for the channels
	asked  int  // contacts that it has asked for
}

// serveLinks accepts the server's links until ctx is done.
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
	l := &link{wire: wire{nc: nc}}
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

func (s *Switch) unlink(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == l {
		s.link = nil
	}
}

// answer carries out one command of the link.
func (s *Switch) answer(out []byte, l *link, line string) []byte {
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
		return appendAnswer(out, s.linkAPI(l, rest))
	}
	return appendReply(out, s.counts.mistake(line))
}

// linkAPI carries out the commands that only a link sends, and those of any connection.
func (s *Switch) linkAPI(l *link, line string) string {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "global_getvar":
		if rest == "core_uuid" {
			return coreUUID
		}
		return domain
	case "show":
		if strings.HasPrefix(rest, "registrations") {
			return s.registrations()
		}
		l.listed = true
		s.noteAsked(l)
		return `{"row_count":0}`
	case "sofia_contact":
		l.asked++
		s.noteAsked(l)
		return s.contact(rest)
	}
	return s.api(line)
}

// noteAsked signals on linked that the server has asked for all that it reads when a link comes up:
// the channels, and the contact of each phone.
func (s *Switch) noteAsked(l *link) {
	if !l.listed || l.asked < len(s.phones) {
		return
	}
	select {
	case s.linked <- struct{}{}:
	default:
	}
}

// domain is the switch's global variable, and so that of its phones.
const domain = "127.0.0.1"

// contactStart begins the contact of a phone. Its extension follows, and then contactEnd.
const (
	contactStart = "sofia/internal/sip:"
	contactEnd   = "@" + domain + ":5062;transport=udp"
)

// contact answers sofia_contact */EXT@DOMAIN: each phone has registered one contact.
func (s *Switch) contact(of string) string {
	ext, _, _ := strings.Cut(strings.TrimPrefix(of, "*/"), "@")
	if s.phones[ext] == nil {
		return "error/user_not_registered"
	}
	return contactStart + ext + contactEnd
}

// registrations answers show registrations as json.
func (s *Switch) registrations() string {
	var out strings.Builder
	fmt.Fprintf(&out, `{"row_count":%d`, len(s.phones))
	before := `,"rows":[`
	for ext := range s.phones {
		fmt.Fprintf(&out,
			`%s{"reg_user":"%s","realm":"%s","token":"%[2]s@phone","url":"%[4]s%[2]s%[5]s","expires":"1893456000",`+
				`"network_ip":"127.0.0.1","network_port":"5062","network_proto":"udp","hostname":"bench",`+
				`"metadata":""}`,
			before, ext, domain, contactStart, contactEnd)
		before = ","
	}
	if len(s.phones) > 0 {
		out.WriteByte(']')
	}
	out.WriteByte('}')
	return out.String()
}
