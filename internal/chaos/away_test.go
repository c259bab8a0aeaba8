package chaos

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nwayacd/internal/testlab"
)

func TestTheServerStartsWhileItsDatabaseIsAStandby(t *testing.T) {
	t.Parallel()
	db := newCluster(t)
	s := begin(t, db)
	s.serves(5)
	s.shutDown()
	s.noError(db.own.Do("demote"))
	s.start()
	s.secretsWork()
	s.tells("storage", "recovery")
	s.noError(db.own.Do("promote"))
	s.recovers()
	s.judge()
}

func TestTheDatabaseIsReadOnly(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	s := begin(t, db)
	s.serves(5)
	cluster := openSQL(t, suite.dsn)
	run(t, cluster, `ALTER DATABASE `+db.name+` SET default_transaction_read_only = on`)
	run(t, cluster, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, db.name)
	s.tells("storage", "read-only")
	run(t, cluster, `ALTER DATABASE `+db.name+` RESET default_transaction_read_only`)
	s.recovers()
	s.judge()
}

func TestTheDatabaseIsSlow(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	wire := delayed(t, db)
	s := begin(t, db)
	s.serves(5)
	wire.slow(100 * time.Millisecond)
	s.serves(30)
	s.eventually("the server is ready with a slow database", patience, func() bool { return s.ready(httpToken).OK })
	wire.slow(time.Hour)
	s.tells("storage", "database away")
	wire.slow(0)
	s.recovers()
	s.judge()
}

// The table has so many rows that a search without an index takes a good part of a second.
func TestSearchesOfRecords(t *testing.T) {
	db := newDatabase(t)
	s := begin(t, db)
	db.exec(t, `INSERT INTO nwayacd_cdr (call_uuid, caller, outcome, arrived, ended)
		SELECT 'old' || n, '139' || n, 'abandoned', now() - interval '1 day', now() - interval '1 day'
		FROM generate_series(1, 400000) AS n`)
	searched := make(chan struct{})
	var searching sync.WaitGroup
	for range 8 {
		searching.Go(func() {
			for {
				s.ask(http.MethodGet, "/api/v1/cdrs?caller=nobody", httpToken, nil)
				select {
				case <-searched:
					return
				default:
				}
			}
		})
	}
	for range 5 {
		s.serves(10)
		if lag := s.figure("nwayacd_journal_oldest_seconds"); lag > truth.Seconds() {
			t.Errorf("the database is %.1f s behind", lag)
		}
		if h := s.ready(""); !h.OK {
			t.Errorf("/readyz: %+v", h)
		}
	}
	close(searched)
	searching.Wait()
	s.judge()
}

// figure returns the value of a metric.
func (s *scene) figure(name string) float64 {
	s.Helper()
	_, text, err := s.ask(http.MethodGet, "/metrics", httpToken, url.Values(nil))
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				s.Error(err)
			}
			return n
		}
	}
	s.Errorf("no metric %s: %v", name, err)
	return 0
}

// The clock was a day ahead, and was put right while the server was down.
func TestTheClockWasAhead(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	s := prepare(t, db)
	s.more = testlab.Settings{"acd.typing-auto": "true", "acd.recover-seconds": "1"}
	s.configure(s.srv)
	s.start()
	s.staff()
	s.callersCome()
	s.serves(5)
	s.shutDown()
	db.exec(t, `UPDATE call_extension SET last_state_change_time = now() + interval '1 day', call_state = 'typing'`)
	db.exec(t, `UPDATE callin_queue SET call_time = now() + interval '1 day',
		place = extract(epoch FROM now() + interval '1 day') * 1000000000`)
	s.start()
	s.secretsWork()
	s.serves(30)
	s.judge()
}
