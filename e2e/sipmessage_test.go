package e2e

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// sipMessage is a request or an answer as it came.
type sipMessage struct {
	start string
	lines []string // headers
	body  string
}

func parseSIP(text string) (m sipMessage) {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	m.body = body
	m.start, head, _ = strings.Cut(head, "\r\n")
	m.lines = strings.Split(head, "\r\n")
	return m
}

// get is the first header of that name, also where FreeSWITCH wrote its short form.
func (m sipMessage) get(name string) string {
	for _, line := range m.lines {
		if have, value, _ := strings.Cut(line, ":"); strings.EqualFold(strings.TrimSpace(have), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// sipAddress is what stands between the angle brackets.
func sipAddress(header string) string {
	if _, after, found := strings.Cut(header, "<"); found {
		header, _, _ = strings.Cut(after, ">")
	}
	return header
}

// sipUser is the user of an address.
func sipUser(header string) string {
	user, _, _ := strings.Cut(strings.TrimPrefix(sipAddress(header), "sip:"), "@")
	return user
}

// sdpDirection is what an offer says of its media; without a word it goes both ways.
func sdpDirection(sdp string) string {
	for _, direction := range []string{"sendonly", "recvonly", "inactive"} {
		if strings.Contains(sdp, "a="+direction) {
			return direction
		}
	}
	return "sendrecv"
}

// sdpAddress is where the media is wanted; nil where there is none. All of it is on this machine.
func sdpAddress(sdp string) net.Addr {
	_, after, found := strings.Cut(sdp, "m=audio ")
	port, err := strconv.Atoi(strings.SplitN(after, " ", 2)[0])
	if !found || err != nil {
		return nil
	}
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
}

func (x *sipExchange) sdp(direction string) string {
	_, port, _ := strings.Cut(x.media.LocalAddr().String(), ":")
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio " + port + " RTP/AVP 0\r\n" +
		"a=rtpmap:0 PCMU/8000\r\na=" + direction + "\r\n"
}

// reply answers a request with its own headers, as RFC 3261 8.2.6.2 wants, and returns what it said.
func (c *sipCall) reply(request sipMessage, status, sdp string) string {
	var text strings.Builder
	text.WriteString("SIP/2.0 " + status + "\r\n")
	for _, line := range request.lines {
		switch name, _, _ := strings.Cut(line, ":"); {
		case name == "To" && c.local != "" && !strings.Contains(line, ";tag="):
			text.WriteString("To: " + c.local + "\r\n")
		case name == "Via" || name == "From" || name == "To" || name == "Call-ID" || name == "CSeq":
			text.WriteString(line + "\r\n")
		}
	}
	text.WriteString(c.contact() + sdpPart(sdp))
	c.x.conn.WriteTo([]byte(text.String()), c.peer)
	return text.String()
}

// request sends a new request within the call, or begins it.
func (c *sipCall) request(method, headers, sdp string) {
	c.seq++
	c.send(method, c.remote, fmt.Sprintf("%s%s%s", c.contact(), headers, sdpPart(sdp)))
}

// ack thanks for an answer to our INVITE.
func (c *sipCall) ack(answer sipMessage) {
	c.send("ACK", answer.get("To"), "Content-Length: 0\r\n\r\n")
}

func (c *sipCall) send(method, to, rest string) {
	if method != "ACK" {
		c.branch = uuid.NewString()
	}
	text := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\n"+
		"Call-ID: %s\r\nCSeq: %d %s\r\n%s", method, c.target, c.x.conn.LocalAddr(), c.branch, c.local, to, c.id, c.seq, method, rest)
	c.x.conn.WriteTo([]byte(text), c.peer)
}

func (c *sipCall) contact() string {
	return fmt.Sprintf("Contact: <sip:phone@%s>\r\n", c.x.conn.LocalAddr())
}

func sdpPart(sdp string) string {
	if sdp == "" {
		return "Content-Length: 0\r\n\r\n"
	}
	return fmt.Sprintf("Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(sdp), sdp)
}
