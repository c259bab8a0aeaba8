package e2e

import (
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// wrongFrames are frames that a port may get from a peer that does not speak its protocol, or
// speaks it to do harm.
var wrongFrames = map[string]string{
	"nothing":                     "",
	"random bytes":                noise(64 << 10),
	"NULs":                        strings.Repeat("\x00", 10_000),
	"line ends":                   strings.Repeat("\r\n\n", 10_000),
	"a huge Content-Length":       "Content-Type: text/event-plain\nContent-Length: 99999999999999999999\n\nx",
	"a large Content-Length":      "Content-Type: text/event-plain\nContent-Length: 4000000\n\nx",
	"a negative Content-Length":   "Content-Type: api/response\nContent-Length: -1\n\n",
	"no number as Content-Length": "Content-Type: api/response\nContent-Length: 0x10\n\n",
	"two Content-Lengths":         "Content-Length: 2\nContent-Length: 3\n\nabc",
	"endless headers":             strings.Repeat("X-Header: y\n", 100_000),
	"one endless line":            strings.Repeat("x", 2<<20),
	"half a frame":                "Content-Type: text/event-plain\nContent-Le",
	"replies without a command":   strings.Repeat("Content-Type: command/reply\nReply-Text: +OK\n\n", 1000),
	"unexpected events": strings.Repeat(
		"Content-Type: text/event-plain\nContent-Length: 27\n\nEvent-Name: CHANNEL_HANGUP\n", 1000),
	"an event cut short": "Content-Type: text/event-plain\nContent-Length: 20\n\nContent-Length: 99\n\nx",
	"events of other forms": "Content-Type: text/event-json\nContent-Length: 2\n\n{}Content-Type: " +
		"text/event-xml\nContent-Length: 4\n\n<a/>",
	"a frame of no kind":     "\n\nHello: world\n\n",
	"an unknown kind":        "Content-Type: text/whatever\n\n",
	"a rejection":            "Content-Type: text/rude-rejection\nContent-Length: 3\n\nno\n",
	"a farewell":             "Content-Type: text/disconnect-notice\nContent-Length: 4\n\nbye\n",
	"a log line":             "Content-Type: log/data\nContent-Length: 4\nLog-Level: 7\n\nlog\n",
	"an auth request":        "Content-Type: auth/request\n\n",
	"a channel without uuid": "Content-Type: command/reply\nCaller-Caller-ID-Number: 139\n\n",
	"a channel of a hostile uuid": "Content-Type: command/reply\nUnique-ID: " +
		"a%0Ab%3B%24%7Bx%7D\nCaller-Destination-Number: 110\n\n",
	"a channel that falls silent": "Content-Type: command/reply\nUnique-ID: 5fa9\nvariable_socket_path: " +
		"nwayacd/110\n\n",
	"wrong passwords": strings.Repeat("auth guess\n\n", 10),
	"commands":        "api nway_rm_group 110\n\nbgapi nway_rm_group 110\n\nevent plain ALL\n\nsendevent X\n\n",
	"HTTP":            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
	"HTTP of a large body": "POST /api/v1/groups HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
		"application/json\r\nContent-Length: 999999999\r\n\r\n{",
	"HTTP of two lengths": "POST /api/v1/groups HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
		"1\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP smuggled": "POST /api/v1/groups HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: " +
		"chunked\r\nContent-Length: 4\r\n\r\nzz\r\n",
	"HTTP of endless headers": "GET / HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X-Header: y\r\n", 10_000),
	"HTTP/2":                  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
	"a proxy's request":       "CONNECT 127.0.0.1:8021 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"a TLS hello":             "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise(507),
	"SIP":                     "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n",
	"SSH":                     "SSH-2.0-OpenSSH_9.6\r\n",
}

// noise is the same in each run.
func noise(length int) string {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return string(b)
}

func TestWrongFramesEndTheirConnectionAndNothingElse(t *testing.T) {
	t.Parallel()
	// longest is how long such a connection may last: authLimit, and the delays of a busy machine.
	const longest = 30 * time.Second
	w := open(t, newSimulated(t),
		floor{agents: []agentRow{{name: "anna"}}, config: settings{"control.password": `"any"`}})
	var open sync.WaitGroup
	defer open.Wait()
	for what, sent := range wrongFrames {
		for port, address := range map[string]string{
			"socket": w.srv.Socket, "command": w.srv.Control,
			"HTTP": w.srv.HTTP,
		} {
			nc, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			open.Go(func() {
				defer nc.Close()
				nc.SetDeadline(time.Now().Add(longest))
				go io.WriteString(nc, sent) // ends with the connection; the answers are read meanwhile
				if _, err := io.Copy(io.Discard, nc); isTimeout(err) {
					t.Errorf("%s on the %s port: the connection is still there after %s", what, port, longest)
				}
			})
		}
		c := w.arrives(what)
		c.talksTo("anna")
		c.hangsUp()
		c.cdr("outcome=answered")
	}
	open.Wait()
	if reply := w.srv.command("nway_list_groups"); !strings.Contains(reply, "\n"+group+"|") {
		t.Errorf("a command was accepted without the password:\n%s", reply)
	}
	w.cleanAfter()
}

func isTimeout(err error) bool {
	ne, is := err.(net.Error)
	return is && ne.Timeout()
}
