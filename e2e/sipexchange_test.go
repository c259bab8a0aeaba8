package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// sipExchange is all SIP phones of the suite and the numbers outside: one UDP socket that takes and makes calls as RFC 3261 wants, and no more of
// it than these situations need. The phones send silence, because FreeSWITCH does much only when media comes in; what they hear is thrown away.
type sipExchange struct {
	conn, media net.PacketConn
	over        sync.WaitGroup
	once        sync.Once
	closed      chan struct{}

	mu     sync.Mutex
	phones map[string]phone    // by number
	calls  map[string]*sipCall // by Call-ID
	latest map[string]*sipCall // by the number called
}

// sipCall is one dialog, seen from the phone. The exchange's lock guards it.
type sipCall struct {
	x             *sipExchange
	number        string // called
	caller        string // who calls, as the phone shows it
	peer          net.Addr
	id            string // Call-ID
	local, remote string // of requests that the phone sends: From, To
	target        string // and where they go
	seq           int
	branch        string     // of the latest one
	invite        sipMessage // the first one
	said          string     // answer to the latest INVITE, repeated when that is
	answered      bool
	over          bool
	ear           net.Addr // where the other side wants its media
	offers        []string // direction of each re-INVITE's media: sendonly, sendrecv, …
}

func newSIPExchange() (*sipExchange, error) {
	x := &sipExchange{phones: map[string]phone{}, calls: map[string]*sipCall{}, latest: map[string]*sipCall{}, closed: make(chan struct{})}
	var err error
	if x.conn, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if x.media, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	x.over.Go(func() { // these end when their sockets are closed
		for packet := make([]byte, 64<<10); ; {
			n, from, err := x.conn.ReadFrom(packet)
			if err != nil {
				return
			}
			x.hear(parseSIP(string(packet[:n])), from)
		}
	})
	x.over.Go(func() {
		for packet := make([]byte, 2048); ; {
			if _, _, err := x.media.ReadFrom(packet); err != nil {
				return
			}
		}
	})
	x.over.Go(x.speak) // ends with closed
	return x, nil
}

// speak sends silence to whoever is talked to.
func (x *sipExchange) speak() {
	const frame = 20 * time.Millisecond
	packet := append([]byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}, bytes.Repeat([]byte{0xff}, 160)...) // RTP, PCMU
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for n := uint32(0); ; n++ {
		select {
		case <-tick.C:
		case <-x.closed:
			return
		}
		binary.BigEndian.PutUint16(packet[2:], uint16(n))
		binary.BigEndian.PutUint32(packet[4:], n*160)
		x.mu.Lock()
		for _, c := range x.calls {
			if c.answered && !c.over && c.ear != nil {
				x.media.WriteTo(packet, c.ear)
			}
		}
		x.mu.Unlock()
	}
}

func (x *sipExchange) close() {
	x.once.Do(func() { close(x.closed) })
	x.conn.Close()
	x.media.Close()
	x.over.Wait()
}

func (x *sipExchange) port() int { return x.conn.LocalAddr().(*net.UDPAddr).Port }

// set says how the phone with that number takes its next calls.
func (x *sipExchange) set(number string, p phone) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.phones[number] = p
}

// call returns a copy of the latest call to the number; nil when there was none.
func (x *sipExchange) call(number string) *sipCall {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := x.latest[number]
	if c == nil {
		return nil
	}
	snapshot := *c
	snapshot.offers = slices.Clone(c.offers)
	return &snapshot
}

// hangsUp lets the phone with that number end its call.
func (x *sipExchange) hangsUp(number string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.latest[number]; c != nil {
		c.bye()
	}
}

// dial makes a call from a phone to a number on the switch. From is the user of its address, escaped as a URI wants.
func (x *sipExchange) dial(from, to string, sipPort int, headers string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	peer := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sipPort}
	c := &sipCall{
		x: x, number: to, peer: peer, id: uuid.NewString(), target: fmt.Sprintf("sip:%s@127.0.0.1:%d", to, sipPort),
		local: "<sip:" + from + "@127.0.0.1>;tag=" + uuid.NewString()[:8], remote: "<sip:" + to + "@127.0.0.1>",
	}
	x.calls[c.id] = c
	c.request("INVITE", headers, x.sdp("sendrecv"))
}

// hear takes a message off the wire.
func (x *sipExchange) hear(m sipMessage, from net.Addr) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := x.calls[m.get("Call-ID")]
	switch method, _, _ := strings.Cut(m.start, " "); {
	case method == "SIP/2.0":
		c.hearAnswer(m)
	case method == "INVITE" && c == nil:
		x.rung(m, from)
	case method == "INVITE":
		c.invitedAgain(m)
	case method == "ACK":
	case method == "BYE" && c != nil:
		c.over = true
		c.reply(m, "200 OK", "")
	case method == "CANCEL" && c != nil:
		c.reply(m, "200 OK", "")
		c.final("487 Request Terminated")
	default: // NOTIFY above all: until it is answered, FreeSWITCH sends nothing else on that call
		(&sipCall{x: x, peer: from}).reply(m, "200 OK", "")
	}
}

// rung is a call that comes to a phone.
func (x *sipExchange) rung(m sipMessage, from net.Addr) {
	c := &sipCall{
		x: x, number: sipUser(strings.Fields(m.start)[1]), caller: sipUser(m.get("From")), peer: from, id: m.get("Call-ID"), invite: m,
		ear: sdpAddress(m.body), local: m.get("To") + ";tag=" + uuid.NewString()[:8], remote: m.get("From"), target: sipAddress(m.get("Contact")),
	}
	x.calls[c.id], x.latest[c.number] = c, c
	p, known := x.phones[c.number]
	if !known || p.do == absent {
		c.final("480 Temporarily Unavailable")
		return
	}
	c.said = c.reply(m, "180 Ringing", "")
	if p.do != misses {
		time.AfterFunc(p.after, func() { c.decide(p) })
	}
}

// decide is the phone having rung long enough.
func (c *sipCall) decide(p phone) {
	c.x.mu.Lock()
	defer c.x.mu.Unlock()
	switch {
	case c.over || c.answered:
	case p.do == refuses && p.cause == "CALL_REJECTED":
		c.final("603 Decline")
	case p.do == refuses:
		c.final("486 Busy Here")
	default:
		c.answered = true
		c.said = c.reply(c.invite, "200 OK", c.x.sdp("sendrecv"))
		if p.talk > 0 {
			time.AfterFunc(p.talk, func() {
				c.x.mu.Lock()
				defer c.x.mu.Unlock()
				c.bye()
			})
		}
	}
}

// final refuses the INVITE.
func (c *sipCall) final(status string) {
	if !c.over && !c.answered {
		c.over = true
		c.said = c.reply(c.invite, status, "")
	}
}

// invitedAgain is a repeated INVITE, or a new offer within the call: a hold, or the end of one.
func (c *sipCall) invitedAgain(m sipMessage) {
	if !strings.Contains(m.get("To"), ";tag=") || c.invite.get("CSeq") == m.get("CSeq") {
		c.x.conn.WriteTo([]byte(c.said), c.peer)
		return
	}
	c.invite = m
	direction := sdpDirection(m.body)
	c.offers = append(c.offers, direction)
	answer := map[string]string{"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive", "sendrecv": "sendrecv"}
	c.said = c.reply(m, "200 OK", c.x.sdp(answer[direction]))
}

// hearAnswer is the switch answering the phone.
func (c *sipCall) hearAnswer(m sipMessage) {
	if c == nil || !strings.HasSuffix(m.get("CSeq"), "INVITE") || strings.HasPrefix(m.start, "SIP/2.0 1") {
		return
	}
	c.remote, c.ear = m.get("To"), sdpAddress(m.body)
	c.over = !strings.HasPrefix(m.start, "SIP/2.0 2")
	c.answered = !c.over
	if contact := m.get("Contact"); contact != "" {
		c.target = sipAddress(contact)
	}
	c.ack(m)
}

// bye ends the call from the phone's side.
func (c *sipCall) bye() {
	if c.answered && !c.over {
		c.over = true
		c.request("BYE", "", "")
	}
}
