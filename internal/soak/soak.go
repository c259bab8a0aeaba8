package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"nwayacd/internal/testlab"
	"nwayacd/sim"
)

const password = "ClueCon"

// options are the length and the load of a run.
type options struct {
	Time     time.Duration // of load and faults
	Seed     uint64
	Race     bool
	Rate     float64 // callers a second
	Agents   int
	Switches int
	Every    time.Duration // between two faults, on average; 0 = none
	Shift    time.Duration // between two changes of one agent
	Operate  time.Duration // between two commands of operators
	Lines    time.Duration
	Only     []string // kinds of faults; none = all
	Without  []string
	MaxRSS   int64 // bytes
	Program  string
	Switch   string // sim or freeswitch
	Root     string // of the sources
	Dir      string // the folder of all files
}

func (o options) wants(kind string) bool {
	has := func(words []string) bool {
		for _, word := range words {
			if strings.Contains(kind, word) {
				return true
			}
		}
		return false
	}
	return o.Every > 0 && (len(o.Only) == 0 || has(o.Only)) && !has(o.Without)
}

// soak is one run: the server, its database, its switches, the people, and the faults.
type soak struct {
	opt     options
	root    context.Context // ends when the soak is broken off
	began   time.Time
	story   story
	figures figures
	watch   *watch
	out     io.Writer
	saying  sync.Mutex

	pg       *postgresServer
	toDB     *path
	srv      *server
	keeper   *keeper
	nobody   string // an address at which nothing listens
	switches []*sim.Switch
	links    []*path // from the server to each switch's event socket
	ways     []*path // of the calls, from each switch to the server
	ears     []*ear  // at each switch, unaffected by faults
	program  string  // address of the other program to which calls may be sent
	order    *order
	people   []*person
	consoles [consoles]*console
	breaker  *breaker

	serial    atomic.Int64   // of the calls that deeds make
	following sync.WaitGroup // of calls, and of what was logged of them
	serving   sync.WaitGroup // of ports
}

// chance is a source of random choices of its own, so that one part never changes the choices of
// another.
func (s *soak) chance(of string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(of))
	return rand.New(rand.NewPCG(s.opt.Seed, h.Sum64()))
}

func newSoak(ctx context.Context, o options, out io.Writer) *soak {
	if o.MaxRSS == 0 {
		o.MaxRSS = 200 << 20
		if o.Race {
			o.MaxRSS *= 5
		}
	}
	s := &soak{opt: o, root: ctx, began: time.Now(), out: out, toDB: newPath()}
	s.figures.Violations, s.figures.Deeds = map[string]int{}, map[string]*tries{}
	s.figures.Seed, s.figures.Race = o.Seed, o.Race
	s.watch, s.order = newWatch(s.violate), newOrder(s)
	s.breaker = &breaker{s: s, broken: map[string]string{}, count: map[string]int{}, last: time.Now()}
	s.keeper = newKeeper(s)
	return s
}

// play is a whole run. It returns an error if the run was not possible. What the run found is in
// the figures.
func play(ctx context.Context, o options, out io.Writer) (f *figures, err error) {
	s := newSoak(ctx, o, out)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer s.serving.Wait()
	defer stop()
	defer func() {
		for _, sw := range s.switches {
			sw.Close()
		}
		s.following.Wait()
	}()
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(serving); err != nil {
		return nil, err
	}
	s.run(ctx, serving)
	s.tally()
	return &s.figures, nil
}

// open starts everything except the load.
func (s *soak) open(ctx context.Context) (err error) {
	if s.pg, err = startPostgres(s.opt.Root, s.opt.Dir); err != nil {
		return err
	}
	db, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.serving.Go(func() { relay(ctx, db, s.toDB, s.pg.address()) }) // ends with ctx
	var addresses []string
	for i := range s.opt.Switches {
		address, err := s.openSwitch(ctx, i)
		if err != nil {
			return err
		}
		addresses = append(addresses, address)
	}
	dsn := s.pg.by("127.0.0.1", db.Addr().(*net.TCPAddr).Port)
	if s.srv, err = newServer(s.opt.Program, s.opt.Dir, dsn, rests{1, 1, 1, 1}, addresses...); err != nil {
		return err
	}
	free, err := testlab.FreeAddresses(1)
	if err != nil {
		return err
	}
	s.nobody = free[0]
	if err := s.openProgram(ctx); err != nil {
		return err
	}
	for _, sw := range s.switches {
		s.dialplan(sw)
		s.elsewhere(sw)
	}
	for i := range s.consoles {
		s.consoles[i] = &console{testlab.Client{Address: s.srv.Control, Password: password}}
	}
	if err := s.srv.Migrate(ctx); err != nil {
		return err
	}
	return s.seed(ctx)
}

func (s *soak) openSwitch(ctx context.Context, i int) (address string, err error) {
	way, link := newPath(), newPath()
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	sw := sim.New(sim.Options{
		Name: fmt.Sprintf("fs%d", i+1), Seed: s.opt.Seed + uint64(i), PlayTime: playTime, OnEvent: s.watch.hear,
		Dial: func(ctx context.Context, address string) (net.Conn, error) {
			nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil || address == s.program { // the other program is not on the way to the server
				return nc, err
			}
			if w := way.through(nc); w != nil {
				return w, nil
			}
			return nil, syscall.ECONNREFUSED
		},
		OnOriginate: func(ext string, _ time.Time) {
			if p := s.person(ext); p != nil {
				p.pickUp(s.switches[i])
			}
		},
	})
	s.switches, s.ways, s.links = append(s.switches, sw), append(s.ways, way), append(s.links, link)
	s.serving.Go(func() { sw.Serve(ctx, listener{ln, link}) }) // ends with ctx
	if err := s.openEar(ctx, sw); err != nil {
		return "", err
	}
	return ln.Addr().String(), nil
}

// playTime is how long silence_stream://MS lasts; all files of the soak are such.
func playTime(file string) time.Duration {
	text, _, _ := strings.Cut(strings.TrimPrefix(file, "silence_stream://"), ",") // behind the comma is how much noise
	ms, err := strconv.Atoi(text)
	if err != nil || ms < 0 {
		return -1
	}
	return time.Duration(ms) * time.Millisecond
}

// person is the agent of that extension, or nil if there is none.
func (s *soak) person(extension string) *person {
	n, err := strconv.Atoi(extension)
	if err != nil || n < firstExtension || n >= firstExtension+len(s.people) {
		return nil
	}
	return s.people[n-firstExtension]
}

// seed fills the database and puts the phones on the desks.
func (s *soak) seed(ctx context.Context) error {
	for _, group := range append([]string{lonely, testGroup, specialGroup}, groups...) {
		if err := s.pg.exec(ctx,
			"INSERT INTO ext_group (group_number, group_call_mode, group_callout_timeout) VALUES ($1, 2, 3)",
			group); err != nil {
			return err
		}
	}
	for n := range s.opt.Agents {
		p := newPerson(s, n)
		if err := s.pg.exec(ctx, "INSERT INTO call_extension (extension_number) VALUES ($1)", p.extension); err != nil {
			return err
		}
		s.people = append(s.people, p)
	}
	for _, p := range s.people {
		p.register(true)
	}
	return nil
}

// run is the load, the faults, and the judgement at the end.
func (s *soak) run(ctx, serving context.Context) {
	keeping, stopKeeping := context.WithCancel(serving)
	var kept sync.WaitGroup
	kept.Go(func() { s.keeper.run(keeping) })
	kept.Go(func() { s.srv.weigh(keeping) })
	defer kept.Wait()
	defer stopKeeping()
	judging, stopJudging := context.WithCancel(serving)
	var judged sync.WaitGroup
	judged.Go(func() { s.looks(judging, newJudge(s)) })
	judged.Go(func() { s.lines(judging.Done()) })
	s.allLogIn(ctx)
	s.load(ctx)
	s.conclude(serving)
	s.srv.weighOnce()
	s.figures.RSSIdle = s.srv.weight().Last
	stopJudging()
	judged.Wait()
	stopKeeping()
	kept.Wait()
	s.end(serving)
}

func (s *soak) allLogIn(ctx context.Context) {
	var all sync.WaitGroup
	for _, p := range s.people {
		all.Go(func() { p.logIn(ctx, s.chance("first "+p.extension)) }) // ends when the server is there
	}
	all.Wait()
}

// load runs callers, people, operators and faults at once, until the time is over. It waits for
// commands and faults under way.
func (s *soak) load(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, s.opt.Time)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { s.arrivals(ctx) })
	all.Go(func() { s.operators(ctx) })
	all.Go(func() { s.breaker.run(ctx) })
	for _, p := range s.people {
		all.Go(func() { p.work(ctx) })
	}
	all.Wait()
	s.story.add("load and faults are over")
}

// end stops the server in order and reads what it left.
func (s *soak) end(ctx context.Context) {
	s.ends(s.srv.demand(syscall.SIGTERM))
	if how, _, _ := s.srv.exited(); how != nil {
		s.violate("bad end", fmt.Sprintf("nwayacd ended with %v\n%s", how, s.srv.LastWords()), nil)
	}
	s.checkRecords(ctx)
	s.checkTurns()
	s.checkLog()
	s.checkMemory()
}

func (s *soak) checkLog() {
	text, err := os.ReadFile(s.srv.LogFile())
	if err != nil {
		s.violate("harness", err.Error(), nil)
	}
	for _, bad := range []string{"DATA RACE", "panic", "cannot be journaled", "is lost"} {
		if at := bytes.Index(text, []byte(bad)); at >= 0 {
			s.violate("log", fmt.Sprintf("nwayacd's log has %q: %s", bad, text[max(0, at-200):min(len(text), at+4000)]),
				nil)
		}
	}
}

func (s *soak) checkMemory() {
	if rss := s.srv.weight(); rss.Max > s.opt.MaxRSS {
		s.violate("memory", fmt.Sprintf("%d MiB resident at most, more than %d", rss.Max>>20, s.opt.MaxRSS>>20), nil)
	}
}

// close ends what open began, as far as it came.
func (s *soak) close() error {
	for _, c := range s.consoles {
		if c != nil {
			c.Close()
		}
	}
	if s.srv != nil && s.srv.pid() != 0 {
		<-s.srv.demand(syscall.SIGKILL)
	}
	if s.pg == nil {
		return nil
	}
	return s.pg.stop()
}

// folder returns the folder for all files of the run. Everybody may enter a new one, because
// PostgreSQL runs as another user if this process is root's.
func folder(of string) (string, error) {
	if of != "" {
		return filepath.Abs(of)
	}
	dir, err := os.MkdirTemp("", "nwayacd-soak-")
	return dir, cmp.Or(err, os.Chmod(dir, 0o755))
}
