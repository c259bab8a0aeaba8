package chaos

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

// another configures a server on another host: with its own data-dir and ports, and the same
// database, which has the agents by then. If the first server does not answer, callers find this
// one.
func (s *scene) another() *testlab.Server {
	s.Helper()
	first := s.srv
	s.eventually("all agents are logged in, in the database", patience, func() bool {
		at := rows(s.T, s.db.admin, `SELECT count(*) FROM call_extension JOIN ext_group_map ON ext = extension_number
			WHERE seat_state = 'up'`)
		return at[0][0] == fmt.Sprint(agents)
	})
	other, err := testlab.NewServer(suite.program, s.TempDir())
	s.noError(err)
	s.configure(other)
	s.dialplan(first.Socket, other.Socket)
	return other
}

// moveTo makes the other server the one that is watched and judged.
func (s *scene) moveTo(other *testlab.Server) {
	s.watched.Store(other)
	s.srv, s.console = other, &testlab.Client{Address: other.Control, Password: password}
	s.Cleanup(s.console.Close)
}

// exits waits until a process has ended because another server works with the database.
func exits(s *scene, p *testlab.Process, srv *testlab.Server, limit time.Duration) {
	s.Helper()
	began := time.Now()
	select {
	case <-p.Done():
	case <-time.After(patience):
		s.Fatal("it goes on")
	}
	took := time.Since(began).Round(time.Millisecond)
	exit, _ := p.Err().(*exec.ExitError)
	if exit == nil || exit.ExitCode() != 4 || took > limit {
		s.Errorf("it ended after %s with %v\n%s", took, p.Err(), srv.LastWords())
	}
	s.Logf("it ended after %s", took)
}

func TestTheSecondServerOnADatabaseEnds(t *testing.T) {
	s := begin(t, newDatabase(t))
	s.serves(5)
	other := s.another()
	p, err := other.Start()
	s.noError(err)
	t.Cleanup(p.Kill)
	exits(s, p, other, 7*time.Second)
	host, _ := os.Hostname()
	if !bytes.Contains(other.Log(), []byte("on host "+host)) {
		t.Errorf("it does not name the first server: %s", other.LastWords())
	}
	s.serves(5)
	s.judge()
}

func TestAKilledServerServesAtOnceWhenItIsStartedAgain(t *testing.T) {
	s := begin(t, newDatabase(t))
	s.serves(5)
	s.callersGo() // a talk that begins as the server dies may have no record
	s.kill()
	began := time.Now()
	s.start()
	took := time.Since(began)
	if took > 7*time.Second {
		t.Errorf("it served after %s", took)
	}
	t.Logf("it served after %s", took.Round(time.Millisecond))
	s.callersCome()
	s.serves(5)
	s.judge()
}

func TestTheHostOfTheServerIsGone(t *testing.T) {
	s := begin(t, newDatabase(t))
	s.serves(5)
	other := s.another()
	s.callersGo()
	s.eventually("all is in the database", patience, func() bool { // the rest is gone with the host
		return s.figure("nwayacd_journal_pending_changes") == 0
	})
	s.kill()
	s.moveTo(other)
	began := time.Now()
	s.start()
	took := time.Since(began)
	if took > 20*time.Second {
		t.Errorf("it took over after %s", took)
	}
	t.Logf("it took over after %s", took.Round(time.Millisecond))
	s.callersCome()
	s.serves(5)
	s.judge()
}

// A server is frozen, as a virtual machine may be, and goes on after another one has taken over.
func TestAServerThatWasFrozenGivesWay(t *testing.T) {
	s := begin(t, newDatabase(t))
	s.serves(5)
	// Events that came while the server was frozen are late for its timers. So a talk of that time
	// may be recorded with another outcome. But it is recorded.
	s.outcome = `true`
	first, frozen := s.srv, s.process
	other := s.another()
	s.stopUse()
	frozen.Signal(syscall.SIGSTOP)
	s.moveTo(other)
	s.start()
	s.secretsWork()
	frozen.Signal(syscall.SIGCONT)
	exits(s, frozen, first, 10*time.Second)
	s.serves(20)
	s.callersGo()
	s.shutDown()
	// What the first server had not written to the database is in its journal.
	s.moveTo(first)
	s.start()
	s.callersCome()
	s.serves(5)
	s.judge()
}
