package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// sipPhone is the least that is a SIP phone: it registers, and is busy whenever it is called.
type sipPhone struct {
	t    testing.TB
	ext  string
	conn net.Conn
	from string // tag
	id   string // Call-ID of its registrations
	seq  int
	said chan string // status lines of answers
}

func newSIPPhone(t testing.TB, ext string, port int) *sipPhone {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	p := &sipPhone{t: t, ext: ext, conn: conn, from: uuid.NewString()[:8], id: uuid.NewString(), said: make(chan string, 16)}
	over := make(chan struct{})
	go func() { // ends when the socket is closed
		defer close(over)
		p.listen()
	}()
	t.Cleanup(func() {
		conn.Close()
		<-over
	})
	return p
}

func (p *sipPhone) listen() {
	packet := make([]byte, 64<<10)
	for {
		n, err := p.conn.Read(packet)
		if err != nil {
			return
		}
		text := string(packet[:n])
		first, _, _ := strings.Cut(text, "\r\n")
		switch {
		case strings.HasPrefix(first, "SIP/2.0 "):
			select {
			case p.said <- first:
			default:
			}
		case strings.HasPrefix(first, "INVITE "):
			p.answer(text, "486 Busy Here")
		case strings.HasPrefix(first, "OPTIONS "):
			p.answer(text, "200 OK")
		}
	}
}

// answer replies to a request with its own headers, as RFC 3261 8.2.6.2 wants.
func (p *sipPhone) answer(request, status string) {
	var reply strings.Builder
	reply.WriteString("SIP/2.0 " + status + "\r\n")
	for line := range strings.SplitSeq(request, "\r\n") {
		switch name, _, _ := strings.Cut(line, ":"); name {
		case "Via", "From", "Call-ID", "CSeq":
			reply.WriteString(line + "\r\n")
		case "To":
			reply.WriteString(line + ";tag=" + p.from + "\r\n")
		}
	}
	p.conn.Write([]byte(reply.String() + "Content-Length: 0\r\n\r\n"))
}

// register says for how many seconds the phone is there; 0 takes it away. It returns when FreeSWITCH has agreed.
func (p *sipPhone) register(expires int) {
	p.t.Helper()
	p.seq++
	local := p.conn.LocalAddr().String()
	fmt.Fprintf(p.conn, "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:%s@127.0.0.1>;tag=%s\r\nTo: <sip:%s@127.0.0.1>\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\n"+
		"Contact: <sip:%s@%s>\r\nExpires: %d\r\nContent-Length: 0\r\n\r\n",
		local, uuid.NewString()[:8], p.ext, p.from, p.ext, p.id, p.seq, p.ext, local, expires)
	for {
		select {
		case status := <-p.said:
			if strings.HasPrefix(status, "SIP/2.0 200") {
				return
			}
			if !strings.HasPrefix(status, "SIP/2.0 1") {
				p.t.Fatalf("REGISTER: %s", status)
			}
		case <-time.After(5 * time.Second):
			p.t.Fatal("REGISTER: no answer within 5 s")
		}
	}
}
