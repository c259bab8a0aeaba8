package chaos

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"
)

// wire is the network between the server and its database. It can be slow.
type wire struct {
	net.Listener
	to     string
	delay  atomic.Int64  // of each packet, in each direction
	closed chan struct{} // ends all waits
	going  sync.WaitGroup
}

// delayed puts a wire before the database.
func delayed(t *testing.T, db *database) *wire {
	t.Helper()
	config, err := pq.NewConfig(db.dsn)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: fmt.Sprintf("%s:%d", config.Host, config.Port), closed: make(chan struct{})}
	if w.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	db.dsn += fmt.Sprintf(" port=%d", w.Addr().(*net.TCPAddr).Port)
	w.going.Go(w.serve)
	t.Cleanup(func() { w.Close(); close(w.closed); w.going.Wait() })
	return w
}

// slow sets the delay of packets from now on. Packets that are under way keep theirs.
func (w *wire) slow(delay time.Duration) { w.delay.Store(int64(delay)) }

func (w *wire) serve() {
	for {
		client, err := w.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.to)
		if err != nil {
			client.Close()
			continue
		}
		w.going.Go(func() { w.carry(server, client) })
		w.going.Go(func() { w.carry(client, server) })
	}
}

// carry copies until one side closes.
func (w *wire) carry(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	packet := make([]byte, 32<<10)
	for {
		n, err := from.Read(packet)
		if err != nil {
			return
		}
		late := time.NewTimer(time.Duration(w.delay.Load()))
		select {
		case <-late.C:
		case <-w.closed:
			late.Stop()
			return
		}
		if _, err := to.Write(packet[:n]); err != nil {
			return
		}
	}
}
