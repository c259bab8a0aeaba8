package cmdport

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/api/apitest"
)

// FuzzPortSession checks that no bytes of a client end the port, or end the session in a panic.
func FuzzPortSession(f *testing.F) {
	for _, sent := range []string{
		"auth x\n\napi nway_list_exts\n\nexit\n\n",
		"auth x\n\nevent plain ALL\n\nbgapi nway_login 1000 110\nJob-UUID: j\n\n",
		"auth x\n\nevent json CUSTOM nwayacd::agent\n\nfilter add Event-Name /A(/\n\nnixevent ALL\n\nnoevents\n\n",
		"auth x\n\nsendmsg\nContent-Length: 3\n\nabcapi console_complete c=3;nway_login \n\n", "...\n\n",
		"GET / HTTP/1.1\r\n\r\n",
	} {
		f.Add([]byte(sent))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		if strings.Contains(strings.ToLower(string(sent)), "nway_reload") {
			return
		}
		ours, theirs := net.Pipe()
		s, _ := apitest.Server()
		p := &Port{Server: s, Log: zerolog.New(panics{t})}
		ctx, stop := context.WithCancel(t.Context())
		var going sync.WaitGroup
		going.Go(func() { p.Serve(ctx, &oneConnection{conn: ours, ctx: ctx}) })
		going.Go(func() { io.Copy(io.Discard, theirs) })
		theirs.SetWriteDeadline(time.Now().Add(2 * time.Second))
		theirs.Write(sent)
		theirs.Close()
		stop()
		going.Wait()
	})
}

// panics is a log that fails the test if it gets a line about a panic.
type panics struct{ t *testing.T }

func (p panics) Write(line []byte) (int, error) {
	if strings.Contains(string(line), `"panic"`) {
		p.t.Errorf("%s", line)
	}
	return len(line), nil
}

// FuzzFilter checks that any filter of a client is accepted or refused, and can be applied to an
// event.
func FuzzFilter(f *testing.F) {
	for _, rest := range []string{"Event-Name CUSTOM", "add a -+ /x.*/", "delete all", "a /(/", "add", ""} {
		f.Add(rest)
	}
	f.Fuzz(func(_ *testing.T, rest string) {
		var s subscription
		s.change("event", "plain ALL")
		s.change("filter", rest)
		s.wants(eventCustom, "nwayacd::agent", nil)
	})
}
