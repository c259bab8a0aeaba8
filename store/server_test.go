package store

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/queue"
)

// elsewhere is o for a server on another host: with a data-dir of its own.
func elsewhere(t *testing.T, o Options) Options {
	o.DataDir = t.TempDir()
	return o
}

func TestTheSecondServerOnADatabaseDoesNotStart(t *testing.T) {
	o := postgresOptions(t)
	run(t, o)
	began := time.Now()
	s, err := Open(within(t), elsewhere(t, o))
	if err == nil {
		s.Close()
	}
	host, _ := os.Hostname()
	if !errors.Is(err, ErrOtherServer) || !strings.Contains(err.Error(), host) || time.Since(began) > 7*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	t.Log(err)
}

func TestTheSameServerTakesItsDatabaseAtOnce(t *testing.T) {
	o := postgresOptions(t)
	killed := open(t, o)
	killed.dir.lock.Close() // as if the process had been killed
	term := killed.term.Load()
	began := time.Now()
	s := open(t, o)
	if s.term.Load() != term+1 || time.Since(began) > 6*time.Second {
		t.Errorf("term %d after %d, in %s", s.term.Load(), term, time.Since(began))
	}
	s.Close()
	killed.Close()
}

func TestAServerThatGivesNoSignOfLifeIsTakenOver(t *testing.T) {
	o := postgresOptions(t)
	lost := open(t, o) // never runs, so it never beats
	other := elsewhere(t, o)
	other.watchLimit = time.Second
	s, _ := run(t, other)
	if s.term.Load() != lost.term.Load()+1 {
		t.Errorf("terms %d and %d", lost.term.Load(), s.term.Load())
	}
	lost.Close()
	s.Write(cdr("u1")) // the end of the other one does not free the row
	flush(t, s)
}

// The locks of a host that is gone stay until PostgreSQL ends its transaction.
func TestAServerThatVanishedInTheMiddleOfATransactionIsTakenOver(t *testing.T) {
	o := postgresOptions(t)
	lost := open(t, o)
	defer lost.Close()
	inside, leave := make(chan struct{}), make(chan struct{})
	var vanished sync.WaitGroup
	vanished.Go(func() {
		lost.db.transact(t.Context(), func(tx *transaction) error {
			err := lost.checkTerm(t.Context(), tx)
			close(inside)
			<-leave
			return err
		})
	})
	defer vanished.Wait()
	defer close(leave)
	<-inside
	other := elsewhere(t, o)
	other.watchLimit = time.Second
	began := time.Now()
	s := open(t, other)
	defer s.Close()
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took over after %s", took)
	}
}

func TestAServerThatHasStoppedIsNotWatched(t *testing.T) {
	o := postgresOptions(t)
	_, stop := run(t, o)
	stop()
	began := time.Now()
	s := open(t, elsewhere(t, o))
	defer s.Close()
	if time.Since(began) > 7*time.Second {
		t.Errorf("it took %s", time.Since(began))
	}
}

// deposed runs a server whose database is taken by another one meanwhile.
func deposed(t *testing.T, write bool) {
	o := postgresOptions(t)
	ended := make(chan error, 1)
	o.OnDeposed = func(err error) { ended <- err }
	s := open(t, o)
	other := elsewhere(t, o)
	other.watchLimit = 100 * time.Millisecond
	second := open(t, other)
	defer second.Close()
	if !write {
		s.beatEvery = 50 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; !errors.Is(err, ErrOtherServer) {
			t.Errorf("Run: %v", err)
		}
		s.Close()
	}()
	if write {
		s.Write(cdr("too late"), queue.Change{VIPAdded: &queue.VIP{Number: "138"}})
	}
	select {
	case err := <-ended:
		if !errors.Is(err, ErrOtherServer) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	seq := s.Write(cdr("later")) // the journal goes on, because calls do
	if err := s.Sync(within(t), seq); err != nil {
		t.Error(err)
	}
	if n := count(t, second, `SELECT count(*) FROM nwayacd_cdr`); n != 0 {
		t.Errorf("%d CDRs were written after that", n)
	}
}

func TestAServerWhoseDatabaseWasTakenWritesNothingMore(t *testing.T) { deposed(t, true) }

func TestAServerNoticesWithoutACallThatItsDatabaseWasTaken(t *testing.T) { deposed(t, false) }
