package phone

import (
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The directions of media, as SDP has them.
const (
	sendReceive = "sendrecv"
	sendOnly    = "sendonly"
	receiveOnly = "recvonly"
	inactive    = "inactive"
)

// frame is the time between two packets, and frameSize the size of one in PCMU.
const (
	frame     = 20 * time.Millisecond
	frameSize = 160
	rtpHeader = 12
)

// voice is the media of one dialog. Its socket sends packets with the phone's number in them, and
// looks for another phone's number in those that come. FreeSWITCH passes PCMU on as it is.
type voice struct {
	phone  *Phone
	conn   *net.UDPConn
	ear    atomic.Pointer[net.UDPAddr] // the address at which the other side receives media
	over   chan struct{}
	once   sync.Once
	start  sync.Once
	number atomic.Pointer[string]
	at     atomic.Int64 // when media came last, in nanoseconds
}

// stillHeard is for how long after a packet its speaker counts as heard.
const stillHeard = 500 * time.Millisecond

// mark is the beginning of each packet that a phone sends.
const mark = "phone="

func newVoice(p *Phone) (*voice, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	v := &voice{phone: p, conn: conn, over: make(chan struct{})}
	if !p.begin() {
		conn.Close()
		return nil, fmt.Errorf("phone %s was closed", p.options.Number)
	}
	go func() { // ends when the socket is closed
		defer p.work.Done()
		v.listen()
	}()
	return v, nil
}

// listen records whose packets come.
func (v *voice) listen() {
	packet := make([]byte, 2048)
	for {
		n, err := v.conn.Read(packet)
		if err != nil {
			return
		}
		now := time.Now().UnixNano()
		silent := now-v.at.Swap(now) > int64(stillHeard)
		number := ""
		if n > rtpHeader {
			if _, said, found := strings.Cut(string(packet[rtpHeader:n]), mark); found {
				number, _, _ = strings.Cut(said, " ")
			}
		}
		if last := v.number.Load(); last == nil || *last != number || silent {
			v.phone.change(func() { v.number.Store(&number) })
		}
	}
}

// heard returns the number of the phone that is heard now, and when any packet came last.
func (v *voice) heard() (number string, at time.Time) {
	if nanoseconds := v.at.Load(); nanoseconds != 0 {
		at = time.Unix(0, nanoseconds)
	}
	if last := v.number.Load(); last != nil && time.Since(at) < stillHeard {
		number = *last
	}
	return number, at
}

// speak begins to send. Later calls do nothing. The phone's lock is held.
func (v *voice) speak() {
	v.start.Do(func() {
		if v.phone.life.Err() != nil {
			return
		}
		v.phone.work.Go(func() { // ends with the voice
			v.send()
		})
	})
}

func (v *voice) send() {
	text := (mark + v.phone.options.Number + " ")
	packet := make([]byte, rtpHeader, rtpHeader+frameSize)
	packet[0] = 0x80 // RTP, version 2; payload type 0 is PCMU
	packet = append(packet, strings.Repeat(text, frameSize/len(text)+1)[:frameSize]...)
	binary.BigEndian.PutUint32(packet[8:], uint32(time.Now().UnixNano()))
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for n := uint32(0); ; n++ {
		select {
		case <-tick.C:
		case <-v.over:
			return
		}
		binary.BigEndian.PutUint16(packet[2:], uint16(n))
		binary.BigEndian.PutUint32(packet[4:], n*frameSize)
		if ear := v.ear.Load(); ear != nil {
			v.conn.WriteToUDP(packet, ear)
		}
	}
}

// stop ends the media.
func (v *voice) stop() {
	v.once.Do(func() {
		close(v.over)
		v.conn.Close()
	})
}

// turnTo takes the other side's media address from an SDP. Without an SDP nothing changes.
func (v *voice) turnTo(sdp []byte) {
	_, after, found := strings.Cut(string(sdp), "m=audio ")
	if !found {
		return
	}
	word, _, _ := strings.Cut(after, " ")
	port, err := strconv.Atoi(word)
	host := ""
	if _, c, has := strings.Cut(string(sdp), "c=IN IP4 "); has {
		host = strings.Fields(c)[0]
	}
	if ip := net.ParseIP(host); err == nil && ip != nil && port != 0 {
		v.ear.Store(&net.UDPAddr{IP: ip, Port: port})
	}
}

// sdp is an offer or an answer.
func (v *voice) sdp(direction string) string {
	return fmt.Sprintf("v=0\r\no=phone 1 %d IN IP4 127.0.0.1\r\ns=phone\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"+
		"a=ptime:20\r\na=%s\r\n",
		time.Now().UnixNano()/1000, v.conn.LocalAddr().(*net.UDPAddr).Port, direction)
}

// directionOf is the direction of media in an SDP. Without an attribute it is sendrecv.
func directionOf(sdp []byte) string {
	for _, direction := range []string{sendOnly, receiveOnly, inactive} {
		if strings.Contains(string(sdp), "a="+direction) {
			return direction
		}
	}
	return sendReceive
}

// answering is the direction with which an offer is answered.
func answering(offer string) string {
	switch offer {
	case sendOnly:
		return receiveOnly
	case receiveOnly:
		return sendOnly
	default:
		return offer
	}
}
