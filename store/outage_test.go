package store

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"

	"nwayacd/agent"
	"nwayacd/queue"
)

// link is a network path to PostgreSQL that can be cut and mended.
type link struct {
	net.Listener
	to     string
	wg     sync.WaitGroup
	mu     sync.Mutex
	cut    bool
	mute   chan struct{} // closed when nothing is forwarded any more on the connections that exist
	hushed bool
	conns  []net.Conn
}

// viaLink changes o to reach its PostgreSQL through a link.
func viaLink(t *testing.T, o *Options) *link {
	t.Helper()
	config, err := pq.NewConfig(o.DSN)
	if err != nil {
		t.Fatal(err)
	}
	l := &link{mute: make(chan struct{}), to: fmt.Sprintf("%s:%d", config.Host, config.Port)}
	if l.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	o.DSN += fmt.Sprintf(" host=127.0.0.1 port=%d", port)
	l.wg.Go(l.serve)
	t.Cleanup(func() { l.Close(); l.sever(); l.wg.Wait() })
	return l
}

func (l *link) serve() {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.to)
		l.mu.Lock()
		if err != nil || l.cut {
			client.Close()
			if server != nil {
				server.Close()
			}
			l.mu.Unlock()
			continue
		}
		mute := l.mute
		l.conns = append(l.conns, client, server)
		l.mu.Unlock()
		l.wg.Go(func() { forward(server, client, mute) })
		l.wg.Go(func() { forward(client, server, mute) })
	}
}

// forward copies until one side closes. After mute is closed, it drops all data, and does not pass
// on that a side closed.
func forward(to, from net.Conn, mute chan struct{}) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		select {
		case <-mute:
			if err != nil {
				return
			}
			continue
		default:
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

// hush is a cable that is pulled: no data comes through, and neither side notices. Connections that
// were there stay dead after mend.
func (l *link) hush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.mute)
	l.hushed = true
}

func (l *link) sever() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for _, c := range l.conns {
		c.Close()
	}
	l.conns = nil
}

func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
	if l.hushed {
		l.mute, l.hushed = make(chan struct{}), false
	}
}

func TestTheDatabaseGoesAndComesBackUnderWrites(t *testing.T) {
	o := postgresOptions(t)
	l := viaLink(t, &o)
	reloads := make(chan queue.Snapshot, 100)
	o.OnReload = func(take func() queue.Snapshot) { reloads <- take() }
	s, _ := run(t, o)
	s.Write(addedAgent("1000"))
	flush(t, s)
	for i := range 600 {
		if i == 200 {
			l.sever()
			eventually(t, "the store says that the database is away", func() bool { return s.Healthy() != nil })
		}
		if i == 400 {
			s.Write(queue.Change{Agent: &agent.Update{Extension: "1000", Up: new(true)}})
			time.Sleep(300 * time.Millisecond)
			l.mend()
		}
		seq := s.Write(cdr(fmt.Sprint("u", i)))
		if i%50 == 0 { // the journal goes on without the database
			if err := s.Sync(within(t), seq); err != nil {
				t.Fatal(err)
			}
		}
	}
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 600 {
		t.Errorf("%d CDRs, want 600", n)
	}
	if n := count(t, s, `SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr`); n != 600 {
		t.Errorf("%d different CDRs, want 600", n)
	}
	select {
	case snap := <-reloads:
		if !agentOf(t, snap, "1000").Up {
			t.Error("the reload lost a change of ours")
		}
	case <-time.After(time.Minute):
		t.Error("nothing was reloaded when the connection was back")
	}
	eventually(t, "healthy again", func() bool { return s.Healthy() == nil })
}

func TestShutdownWhileTheDatabaseIsAwayKeepsTheJournal(t *testing.T) {
	o := postgresOptions(t)
	direct := o.DSN
	l := viaLink(t, &o)
	s := open(t, o)
	s.shutdownLimit = 300 * time.Millisecond
	l.sever()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	s.Write(cdr("u1"), cdr("u2"))
	cancel()
	if err := <-done; err == nil {
		t.Error("Run did not say that changes stay in the journal")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.DSN = direct
	s = open(t, o)
	defer s.Close()
	load(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 2 {
		t.Errorf("%d CDRs, want 2", n)
	}
}

func TestServerSessionsAreKilledUnderWrites(t *testing.T) {
	o := postgresOptions(t)
	s, _ := run(t, o)
	other := openSQL(t, o.DSN)
	for i := range 300 {
		s.Write(cdr(fmt.Sprint("u", i)))
		if i%60 == 30 {
			exec(t, other,
				`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		}
		time.Sleep(time.Millisecond)
	}
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 300 {
		t.Errorf("%d CDRs, want 300", n)
	}
}

func TestARefusedChangeDoesNotBlockOthers(t *testing.T) {
	o := postgresOptions(t)
	s, _ := run(t, o)
	s.Write(addedAgent("1000"))
	flush(t, s)
	long := strings.Repeat("8", 41) // job_number is varchar(40)
	s.Write(cdr("before"),
		queue.Change{Agent: &agent.Update{Extension: "1000", JobNumber: &long}},
		queue.Change{}, // nothing that anybody knows
		cdr("after"), queue.Change{Agent: &agent.Update{Extension: "1000", Up: new(true)}})
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 2 {
		t.Errorf("%d CDRs, want 2", n)
	}
	if n := count(t, s,
		`SELECT count(*) FROM nwayacd_rejected WHERE change LIKE '%8888%' AND error LIKE '%too long%'`); n != 1 {
		t.Error("the refused change was not kept")
	}
	if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 2 {
		t.Errorf("%d changes were rejected, want 2", n)
	}
	if !agentOf(t, load(t, s), "1000").Up {
		t.Error("the change behind the refused one is missing")
	}
}

func TestARefusedChangeDoesNotBlockOthersInSQLite(t *testing.T) {
	s, _ := run(t, sqliteOptions(t))
	s.Write(cdr("before"), queue.Change{}, cdr("after"))
	flush(t, s)
	if n := count(t, s, `SELECT count(*) FROM nwayacd_cdr`); n != 2 {
		t.Errorf("%d CDRs, want 2", n)
	}
	if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 1 {
		t.Errorf("%d changes were rejected, want 1", n)
	}
}

func TestNoErrorTellsThePassword(t *testing.T) {
	for _, dsn := range []string{
		"host=127.0.0.1 port=1 user=x password=Nway2017 dbname=y sslmode=disable",
		"postgres://x:Nway2017@127.0.0.1:1/y?sslmode=disable",
		"host=127.0.0.1 password=Nway2017 port=Nway2017",
		"postgres://x:Nway2017@[::1/y",
		"password='Nway2017",
		"postgres://x:Nway2017@127.0.0.1:port/y",
	} {
		_, err := Open(within(t), Options{DSN: dsn, DataDir: t.TempDir()})
		if err == nil || strings.Contains(err.Error(), "Nway2017") {
			t.Errorf("%v", err)
		}
		if _, err := Migrate(within(t), Options{DSN: dsn}); err == nil || strings.Contains(err.Error(), "Nway2017") {
			t.Errorf("%v", err)
		}
	}
}
