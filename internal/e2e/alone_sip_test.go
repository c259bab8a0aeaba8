package e2e

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// relay is between FreeSWITCH and a server's socket port, and can cut all connections.
type relay struct {
	net.Listener
	to      string
	running sync.WaitGroup

	mu  sync.Mutex
	all []net.Conn
}

// newRelay returns a relay without a target.
func newRelay(t *testing.T) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: ln}
	t.Cleanup(func() {
		ln.Close()
		r.cut()
		r.running.Wait()
	})
	return r
}

// leads accepts connections from now on, and relays them to an address.
func (r *relay) leads(to string) {
	r.to = to
	r.running.Go(r.serve)
}

func (r *relay) serve() {
	for {
		near, err := r.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", r.to)
		if err != nil {
			near.Close()
			continue
		}
		r.mu.Lock()
		r.all = append(r.all, near, far)
		r.mu.Unlock()
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			r.running.Go(func() {
				io.Copy(way[0], way[1])
				way[0].Close()
				way[1].Close()
			})
		}
	}
}

// cut ends all connections.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.all {
		conn.Close()
	}
	r.all = nil
}

// A caller who waits is transferred to another group. FreeSWITCH keeps the connection of the first
// visit, so that for a moment the channel has two. When all connections end, the caller comes back
// and is served, also if the group's dialplan has a single socket line.
func TestConnectionsEndUnderACallerTransferredWhileWaiting(t *testing.T) {
	each(t, map[string]func(o *office, r *relay){
		"the server dies": func(o *office, _ *relay) {
			o.srv.kill()
			o.srv.start()
		},
		"the network is cut": func(_ *office, r *relay) { r.cut() },
	}, func(t *testing.T, end func(*office, *relay)) {
		each(t, map[string]string{"one line": "120", "two lines": "120*2"}, func(t *testing.T, to string) {
			r := newRelay(t)
			f := twoGroups
			f.config = settings{"server.advertise": `"` + r.Addr().String() + `"`}
			o := openOffice(t, f)
			r.leads(o.srv.Socket)
			o.srv.Socket = r.Addr().String()
			o.srv.must("nway_busy " + o.ext["anna"])
			o.srv.must("nway_busy " + o.ext["carl"])
			mary := o.phones("mary", "110")
			mary.story("queue add")
			mary.hears("silence_stream://-1")
			o.cti("uuid_transfer " + mary.uuid + " " + to)
			mary.sentTo = "120"
			mary.story("queue add", "queue remove", "queue add")
			mary.comesAlone()
			end(o, r)
			mary.stays()
			o.srv.must("nway_ready " + o.ext["carl"])
			o.talk("mary", "carl").goesOn()
			o.isTalking("carl")
			mary.ends()
			mary.visits("group_number=110 outcome=taken",
				"group_number=120 outcome=answered agent=carl came_from=110 hung_up_by=caller")
		})
	})
}

// comesAlone waits until the caller has been in the pause in which their earlier connections end,
// and waits in the group again.
func (g *guest) comesAlone() {
	g.o.t.Helper()
	eventually(g.o.t, patience, g.name+" comes on a connection that is alone", func() bool {
		executed := g.channel().executed
		i := slices.IndexFunc(executed, func(action string) bool { // 200 ms and two round trips
			return strings.HasPrefix(action, "sleep ") && action != "sleep 1000"
		})
		return i >= 0 && slices.Contains(executed[i:], "playback silence_stream://-1")
	})
}
