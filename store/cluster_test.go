package store

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nwayacd/internal/wait"
	"nwayacd/queue"
)

// cluster is a PostgreSQL of these tests' own, which they kill and freeze.
type cluster struct {
	dir  string // "" until it is started
	dsn  string
	made int // databases
}

var victim cluster

// struck returns the running cluster. It skips the test if the other tests have no PostgreSQL
// either.
func struck(t *testing.T) *cluster {
	t.Helper()
	if os.Getenv("NWAYACD_TEST_DSN") == "" {
		postgresOptions(t)
	}
	if victim.dir == "" {
		victim.start(t)
	}
	return &victim
}

func (c *cluster) start(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "nwayacd-cluster")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // as root, PostgreSQL runs as another user
		t.Fatal(err)
	}
	c.dir = filepath.Join(dir, "pg")
	c.dsn = strings.TrimSpace(c.do(t, "start"))
}

// end stops the cluster after all tests.
func (c *cluster) end() {
	if c.dir == "" {
		return
	}
	c.script("thaw")
	c.script("stop")
	os.RemoveAll(filepath.Dir(c.dir))
}

func (c *cluster) script(what string) (string, error) {
	var complaint strings.Builder
	cmd := osexec.Command("../script/postgres", what, c.dir)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, complaint.String())
	}
	return string(out), err
}

func (c *cluster) do(t *testing.T, what string) string {
	t.Helper()
	out, err := c.script(what)
	if err != nil {
		t.Fatalf("script/postgres %s: %v", what, err)
	}
	return out
}

// options are for a store on a database of its own in the cluster, with short limits.
func (c *cluster) options(t *testing.T) Options {
	t.Helper()
	c.made++
	o := optionsFor(t, c.dsn, fmt.Sprint("floor", c.made))
	o.DSN += " connect_timeout=3"
	o.answerLimit = 1500 * time.Millisecond
	return o
}

// database is the name of the database of o.
func (o *Options) database() string {
	_, name, _ := strings.Cut(o.DSN, " dbname=floor")
	name, _, _ = strings.Cut(name, " ")
	return "floor" + name
}

// traffic writes CDRs from several goroutines until end. Each CDR has its own uuid.
type traffic struct {
	s       *Store
	wg      sync.WaitGroup
	stop    context.CancelFunc
	written atomic.Int64
}

func startTraffic(t *testing.T, s *Store) *traffic {
	ctx, cancel := context.WithCancel(t.Context())
	f := &traffic{s: s, stop: cancel}
	for w := range 4 {
		f.wg.Go(func() {
			for i := 0; wait.Pause(ctx, 5*time.Millisecond, nil); i++ {
				s.Write(cdr(fmt.Sprintf("w%d-%d", w, i)),
					queue.Change{Waiting: &queue.Waiting{UUID: fmt.Sprint("w", w), Group: "110", Since: moment}})
				f.written.Add(1)
			}
		})
	}
	t.Cleanup(f.end)
	return f
}

func (f *traffic) end() {
	f.stop()
	f.wg.Wait()
}

// goesOn returns when n more were written.
func (f *traffic) goesOn(t *testing.T, n int64) {
	t.Helper()
	target := f.written.Load() + n
	eventually(t, "calls go on", func() bool { return f.written.Load() >= target })
}

// arrives checks that each CDR that was written is in the database once.
func (f *traffic) arrives(t *testing.T) {
	t.Helper()
	f.end()
	flush(t, f.s)
	want := int(f.written.Load())
	if n := count(t, f.s, `SELECT count(*) FROM nwayacd_cdr WHERE call_uuid LIKE 'w%'`); n != want {
		t.Errorf("%d CDRs, want %d", n, want)
	}
	if n := count(t, f.s, `SELECT count(DISTINCT call_uuid) FROM nwayacd_cdr WHERE call_uuid LIKE 'w%'`); n != want {
		t.Errorf("%d different CDRs, want %d", n, want)
	}
	if n := count(t, f.s, `SELECT count(*) FROM nwayacd_rejected`); n != 0 {
		t.Errorf("%d changes were rejected", n)
	}
	t.Logf("%d CDRs", want)
}
