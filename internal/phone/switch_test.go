package phone

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// switchboard is the least that a phone needs to register, to call and to transfer. It records the
// requests.
type switchboard struct {
	address, webSocket string

	mu    sync.Mutex
	asked []string
}

func newSwitchboard(t *testing.T) *switchboard {
	t.Helper()
	prepareLibrary()
	ua, err := sipgo.NewUA()
	must(t, err)
	server, err := sipgo.NewServer(ua)
	must(t, err)
	s := &switchboard{}
	server.OnRegister(func(req *sip.Request, tx sip.ServerTransaction) {
		s.note(fmt.Sprintf("%s %s %s", req.CallID().Value(), req.Transport(), req.GetHeader("Expires").Value()))
		respond(tx, req, 200)
	})
	server.OnInvite(func(req *sip.Request, tx sip.ServerTransaction) {
		res := sip.NewSDPResponseFromRequest(req, []byte("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n"))
		res.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "switch", Host: "127.0.0.1"}})
		tx.Respond(res)
	})
	server.OnAck(func(*sip.Request, sip.ServerTransaction) {})
	server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) { respond(tx, req, 200) })
	server.OnRefer(func(req *sip.Request, tx sip.ServerTransaction) {
		s.note(req.GetHeader("Refer-To").Value())
		tx.Respond(sip.NewResponseFromRequest(req, 202, "Accepted", nil))
	})
	s.listen(t, ua, server)
	return s
}

// listen takes UDP and TCP on one port, as FreeSWITCH does, and WebSocket on another.
func (s *switchboard) listen(t *testing.T, ua *sipgo.UserAgent, server *sipgo.Server) {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	must(t, err)
	ws, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.address, s.webSocket = tcp.Addr().String(), ws.Addr().String()
	var over sync.WaitGroup
	over.Go(func() { server.ServeTCP(tcp) }) // these end when their sockets are closed
	over.Go(func() { server.ServeUDP(udp) })
	over.Go(func() { server.ServeWS(ws) })
	t.Cleanup(func() {
		tcp.Close()
		udp.Close()
		ws.Close()
		ua.Close()
		over.Wait()
	})
}

func (s *switchboard) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, line)
}

func (s *switchboard) notes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *switchboard) phone(t *testing.T, number string) *Phone {
	t.Helper()
	p := New(Options{Number: number, Server: s.address, WebSocket: s.webSocket})
	t.Cleanup(p.Close)
	return p
}

func TestEachContactHasARegistrationOfItsOwn(t *testing.T) {
	ctx := within(t, 10*time.Second)
	s := newSwitchboard(t)
	anna := s.phone(t, "1001")
	var ids []string
	for _, transport := range []string{"udp", "tcp", "ws"} {
		c, err := anna.Register(ctx, transport)
		must(t, err)
		must(t, c.Refresh(ctx))
		must(t, c.Unregister(ctx))
		var mine []string
		for _, line := range s.notes() {
			if id, rest, _ := strings.Cut(line, " "); id == c.callID {
				mine = append(mine, rest)
			}
		}
		name := strings.ToUpper(transport)
		if want := []string{name + " 86400", name + " 86400", name + " 0"}; !slices.Equal(mine, want) {
			t.Errorf("over %s the switch was asked %v, not %v", transport, mine, want)
		}
		ids = append(ids, c.callID)
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != 3 {
		t.Errorf("the contacts share a Call-ID: %v", ids)
	}
}

func TestRegistrationWithoutAnAnswerEndsWithItsContext(t *testing.T) {
	s := newSwitchboard(t)
	p := New(Options{Number: "1001"})
	t.Cleanup(p.Close)
	if _, err := p.Register(within(t, 100*time.Millisecond), "udp"); err == nil {
		t.Error("the phone registered without a registrar")
	}
	c, err := s.phone(t, "1002").Register(within(t, time.Second), "udp")
	must(t, err)
	c.SwitchOff()
	if err := c.Refresh(within(t, 100*time.Millisecond)); err == nil {
		t.Error("a phone that is switched off heard an answer")
	}
	c.SwitchOn()
	must(t, c.Refresh(within(t, 5*time.Second)))
}

func TestTransfersSayWhereToAndWhomToReplace(t *testing.T) {
	ctx := within(t, 10*time.Second)
	s := newSwitchboard(t)
	anna := s.phone(t, "1001")
	held, err := anna.Call(ctx, "2001")
	must(t, err)
	must(t, held.IsAnswered(ctx))
	consult, err := anna.Call(ctx, "120")
	must(t, err)
	must(t, consult.IsAnswered(ctx))
	must(t, held.Refer(ctx, "110"))
	must(t, held.ReferReplacing(ctx, consult))
	must(t, held.HangUp(ctx))
	must(t, consult.HangUp(ctx))
	notes := s.notes()
	if len(notes) != 2 || notes[0] != "<sip:110@127.0.0.1>" {
		t.Fatalf("the switch was asked %q", notes)
	}
	tag, _ := consult.remote.Params.Get("tag")
	want := fmt.Sprintf("<sip:120@127.0.0.1?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s>", consult.callID, tag,
		consult.localTag)
	if notes[1] != want {
		t.Errorf("the switch was asked %s, not %s", notes[1], want)
	}
}
