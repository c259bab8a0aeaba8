package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// fault is one kind of fault. Two of the same place never overlap, but all others may.
type fault struct {
	kind    string
	place   string
	weight  int
	longest time.Duration
	// begin breaks something, and returns the function that repairs it.
	begin func(s *soak, chance *rand.Rand) (heal func())
}

// faults are all kinds. A number at the end of a place is a switch's.
func (s *soak) faults() []fault {
	all := []fault{
		{"server killed", "server", 3, 2 * time.Second, (*soak).killServer},
		{"server restarted", "server", 2, time.Second, (*soak).restartServer},
		{"server told twice to end", "server", 1, time.Second, (*soak).endServerTwice},
		{"server stands still", "server", 1, time.Second, (*soak).stopServer},
		{"database killed", "database", 2, 4 * time.Second, (*soak).killDatabase},
		{"database frozen", "database", 2, 6 * time.Second, (*soak).freezeDatabase},
		{"database connections cut", "way to the database", 2, 4 * time.Second, (*soak).cutDatabase},
		{"database out of reach", "way to the database", 2, 8 * time.Second, (*soak).loseDatabase},
		{"garbage", "ports", 3, 4 * time.Second, (*soak).garbage},
	}
	for i := range s.switches {
		for _, f := range []fault{
			{"link cut", "link", 2, 3 * time.Second, onPath(s.links[i], cutPath)},
			{"link half-open", "link", 2, 6 * time.Second, onPath(s.links[i], losePath)},
			{"link slow", "link", 1, 5 * time.Second, onPath(s.links[i], slowPath)},
			{"calls cut", "calls", 1, 2 * time.Second, onPath(s.ways[i], cutPath)},
			{"single calls cut", "calls", 3, time.Second, onPath(s.ways[i], cutSome)},
			{"single calls half-open", "calls", 2, time.Second, onPath(s.ways[i], loseSome)},
			{"calls half-open", "calls", 1, 6 * time.Second, onPath(s.ways[i], losePath)},
			{"calls slow", "calls", 2, 5 * time.Second, onPath(s.ways[i], slowPath)},
			{"switch does not read", "calls", 2, 3 * time.Second, onPath(s.ways[i], freezePath)},
			{"switch restarted", "switch", 1, time.Second, func(s *soak, _ *rand.Rand) func() {
				s.switches[i].Restart()
				return func() {}
			}},
		} {
			f.place = fmt.Sprint(f.place, " ", i+1)
			all = append(all, f)
		}
	}
	return all
}

// onPath makes a fault of an effect on a path.
func onPath(p *path, breaks func(*path, *rand.Rand) func()) func(*soak, *rand.Rand) func() {
	return func(_ *soak, chance *rand.Rand) func() { return breaks(p, chance) }
}

func cutPath(p *path, _ *rand.Rand) func() {
	p.refuse()
	return p.open
}

func losePath(p *path, _ *rand.Rand) func() {
	p.freeze(true)
	return p.thaw
}

func freezePath(p *path, _ *rand.Rand) func() {
	p.freeze(false)
	return p.thaw
}

func slowPath(p *path, chance *rand.Rand) func() {
	p.slow(time.Duration(5+chance.IntN(150)) * time.Millisecond)
	return func() { p.slow(0) }
}

func cutSome(p *path, chance *rand.Rand) func() {
	for range 1 + chance.IntN(5) {
		p.cutOne(chance)
	}
	return func() {}
}

func loseSome(p *path, chance *rand.Rand) func() {
	for range 1 + chance.IntN(5) {
		p.vanishOne(chance)
	}
	return func() {}
}

func (s *soak) killServer(*rand.Rand) func() {
	s.keeper.hold()
	<-s.srv.demand(syscall.SIGKILL)
	return s.keeper.release
}

func (s *soak) restartServer(*rand.Rand) func() {
	s.keeper.hold()
	over := s.srv.demand(syscall.SIGTERM)
	return func() { s.ends(over); s.keeper.release() }
}

func (s *soak) endServerTwice(chance *rand.Rand) func() {
	s.keeper.hold()
	over := s.srv.demand(syscall.SIGTERM)
	s.pause(time.Duration(chance.IntN(300)) * time.Millisecond)
	s.srv.demand(syscall.SIGTERM)
	return func() { s.ends(over); s.keeper.release() }
}

// endLimit is how long a server may take from SIGTERM to its end: drain-seconds, the store's five
// seconds, and the delays of a busy machine.
const endLimit = 25 * time.Second

// ends waits for the end of a process that has got SIGTERM.
func (s *soak) ends(over chan struct{}) {
	select {
	case <-over:
	case <-time.After(endLimit):
		s.violate("no end", "nwayacd did not end after SIGTERM", nil)
		s.srv.signal(syscall.SIGQUIT)
		<-over
	}
}

func (s *soak) stopServer(*rand.Rand) func() {
	s.srv.signal(syscall.SIGSTOP)
	return func() { s.srv.signal(syscall.SIGCONT) }
}

func (s *soak) killDatabase(*rand.Rand) func() {
	s.postgres("kill")
	return func() { s.postgres("resume") }
}

func (s *soak) freezeDatabase(*rand.Rand) func() {
	s.postgres("freeze")
	return func() { s.postgres("thaw") }
}

func (s *soak) cutDatabase(chance *rand.Rand) func() { return cutPath(s.toDB, chance) }

func (s *soak) loseDatabase(chance *rand.Rand) func() { return losePath(s.toDB, chance) }

func (s *soak) postgres(verb string) {
	if err := s.pg.Do(verb); err != nil {
		s.violate("harness", err.Error(), nil)
	}
}

// nonsense is what garbage sends. A frame that never ends is among it.
var nonsense = []string{
	"", "\n", "\n\n", "GET / HTTP/1.0\r\n\r\n", "connect\n\n", "auth \n\n",
	"auth any\n\napi nway_list_exts\n\nexit\n\n", "Content-Length: 999999999999\n\n", "Content-Length: -1\n\nx",
	"Content-Type: command/reply\nReply-Text: +OK\n\n", "api " + "nway_login ", "\x00\x01\x02\xff\xfe",
	"event plain ALL\n\n", "Content-Type: text/event-plain\nContent-Length: 10\n\nEvent-Name: CHANNEL_HANGUP\n\n",
	"POST /api/v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{",
}

// garbage opens connections to all three ports, and sends frames that no real peer sends.
func (s *soak) garbage(chance *rand.Rand) func() {
	var open []net.Conn
	dialer := net.Dialer{Timeout: time.Second}
	for range 10 + chance.IntN(90) {
		to := []string{s.srv.Socket, s.srv.Control, s.srv.HTTP}[chance.IntN(3)]
		text := nonsense[chance.IntN(len(nonsense))]
		nc, err := dialer.DialContext(s.root, "tcp", to)
		if err != nil {
			continue
		}
		nc.SetWriteDeadline(time.Now().Add(time.Second))
		nc.Write([]byte(text))
		open = append(open, nc)
	}
	return func() {
		for _, nc := range open {
			nc.Close()
		}
	}
}

// breaker begins and ends the faults.
type breaker struct {
	s      *soak
	mu     sync.Mutex
	broken map[string]string // the fault that each place has now
	last   time.Time         // when something was repaired last
	lastDB time.Time         // when the database was
	count  map[string]int
	spans  []outage
	blind  []span // when a link was
	mends  sync.WaitGroup
}

// outage is when a place was broken.
type outage struct {
	span
	place string
}

// span is a time in which something was broken, or done.
type span struct{ from, to time.Time }

// blindWithin reports whether a link was away in that time, or not yet back.
func (b *breaker) blindWithin(from, to time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.blind, func(s span) bool {
		return s.from.Before(to) && s.to.Add(linkBound).After(from)
	})
}

// brokenWithin reports whether anything was broken in that time.
func (b *breaker) brokenWithin(from, to time.Time) bool {
	return b.wasBroken(from, to, func(string) bool { return true })
}

// cutWithin reports whether the link of a switch, or its calls, were broken in that time.
func (b *breaker) cutWithin(sw int, network string, from, to time.Time) bool {
	name := fmt.Sprint(network, " ", sw+1)
	return b.wasBroken(from, to, func(place string) bool { return place == name })
}

func (b *breaker) wasBroken(from, to time.Time, of func(place string) bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.spans, func(o outage) bool {
		return o.from.Before(to) && o.to.After(from) && of(o.place)
	})
}

// run begins faults at random, and repairs each a while later, until ctx is done. Then all is
// repaired. From time to time there is a pause, in which the slow conditions must come right.
func (b *breaker) run(ctx context.Context) {
	defer b.mends.Wait()
	all := b.wanted()
	chance := b.s.chance("faults")
	lull := time.Now().Add(lullEvery)
	for len(all) > 0 {
		pause := time.Duration(chance.ExpFloat64() * float64(b.s.opt.Every))
		f := pick(all, chance)
		lasts := time.Duration(chance.Int64N(int64(f.longest))) + 50*time.Millisecond
		own := rand.New(rand.NewPCG(chance.Uint64(), chance.Uint64()))
		if time.Now().After(lull) {
			pause, lull = pause+lullTime, time.Now().Add(lullTime+lullEvery)
		}
		select {
		case <-time.After(pause):
			b.breaks(ctx, f, lasts, own)
		case <-ctx.Done():
			return
		}
	}
}

const (
	lullEvery = 90 * time.Second
	lullTime  = 40 * time.Second
)

func (b *breaker) breaks(ctx context.Context, f fault, lasts time.Duration, chance *rand.Rand) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken[f.place] != "" {
		return
	}
	b.broken[f.place] = f.kind
	b.count[f.kind]++
	b.s.story.add("%s (%s) for %s", f.kind, f.place, lasts.Round(time.Millisecond))
	if strings.HasPrefix(f.place, "link") {
		b.s.watch.noLink(lasts)
	}
	began := time.Now()
	b.mends.Go(func() { // ends when it is repaired, at once when ctx is done
		heal := f.begin(b.s, chance)
		select {
		case <-time.After(lasts):
		case <-ctx.Done():
		}
		heal()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.broken, f.place)
		b.last = time.Now()
		b.spans = append(b.spans, outage{span{began, b.last}, f.place})
		if strings.HasPrefix(f.place, "link") {
			b.blind = append(b.blind, span{began, b.last})
		}
		if strings.Contains(f.place, "database") {
			b.lastDB = b.last
		}
		b.s.story.add("%s (%s) is over", f.kind, f.place)
	})
}

// calm is how long nothing has been broken; 0 while something is broken.
func (b *breaker) calm() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.broken) > 0 {
		return 0
	}
	return time.Since(b.last)
}

// databaseTroubled reports whether the database was broken at some time in so long.
func (s *soak) databaseTroubled(within time.Duration) bool {
	b := s.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken["database"] != "" || b.broken["way to the database"] != "" ||
		time.Since(b.lastDB) < within+time.Second
}

// counts returns how often each kind happened.
func (b *breaker) counts() (all map[string]int, sum int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all = map[string]int{}
	for kind, n := range b.count {
		all[kind] = n
		sum += n
	}
	return all, sum
}

func (b *breaker) wanted() (some []fault) {
	for _, f := range b.s.faults() {
		if b.s.opt.wants(f.kind) {
			some = append(some, f)
		}
	}
	return some
}

func pick(all []fault, chance *rand.Rand) fault {
	sum := 0
	for _, f := range all {
		sum += f.weight
	}
	n := chance.IntN(sum)
	for _, f := range all {
		if n -= f.weight; n < 0 {
			return f
		}
	}
	return all[0]
}
