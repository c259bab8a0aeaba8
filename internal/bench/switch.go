package bench

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Switch is the generator's FreeSWITCH. Its callers connect to the server, agents' legs ring on it,
// and the server's link ends at it. It carries out the commands that the server under test uses,
// and counts all others as mistakes.
type Switch struct {
	load    Load
	socket  string // of the server
	mark    string // begins the uuid of every channel of the run
	figures *figures
	counts  counts

	phones  map[string]*phone // by extension; not written to after newSwitch
	holding atomic.Int64      // callers who wait
	groups  []string

	linked chan struct{} // holds one value when the server has read the channels on its link

	events atomic.Uint64 // Event-Sequence of the last one

	mu      sync.Mutex
	link    *link
	legs    map[string]*leg
	callers map[string]*caller // by uuid, both
	random  *rand.Rand
	next    int
	gone    chan struct{} // closed when the last caller has gone; nil if nothing waits for that
}

// phone is the phone of one agent. At most one leg may ring or talk at it at a time.
type phone struct {
	mu    sync.Mutex
	leg   *leg
	free  time.Time // since when its agent is free; zero = not known, or offered a call since
	login bool      // a login made the agent free
	away  bool      // a command took the agent off work
}

func newSwitch(load Load, mark string) *Switch {
	s := &Switch{
		load: load, mark: mark, figures: newFigures(), linked: make(chan struct{}, 1),
		phones: map[string]*phone{}, legs: map[string]*leg{}, callers: map[string]*caller{},
		random: rand.New(rand.NewPCG(load.Seed, 1)),
	}
	for i := range load.Groups {
		s.groups = append(s.groups, groupNumber(i))
	}
	for i := range load.Agents {
		s.phones[extension(i)] = &phone{}
	}
	return s
}

func groupNumber(i int) string { return strconv.Itoa(100 + i) }
func extension(i int) string   { return strconv.Itoa(700_000 + i) }

// chance returns true with that probability.
func (s *Switch) chance(share float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Float64() < share
}

// spread returns d, within half of it around.
func (s *Switch) spread(d time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return d/2 + time.Duration(s.random.Float64()*float64(d))
}

// mediaFrame is how often the thread of a channel in a bridge looks what has happened: with each
// frame.
const mediaFrame = 20 * time.Millisecond

// withinFrame is how long after the hang-up of the agent's leg the caller's thread reports it: 1 to
// 25 ms, 9 in the median, as measured (docs/wire.md).
func (s *Switch) withinFrame() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.random.Float64() * float64(mediaFrame))
}

// name makes the next caller's uuid, number and group.
func (s *Switch) name() (uuid, number, group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return fmt.Sprintf("%s-0000-4000-8000-%012d", s.mark, s.next), fmt.Sprintf("139%08d", s.next),
		s.groups[s.random.IntN(len(s.groups))]
}

// tellLink sends events on the link, if there is one.
func (s *Switch) tellLink(frames []byte) {
	s.mu.Lock()
	link := s.link
	s.mu.Unlock()
	if link != nil {
		link.send(frames)
	}
}

func (s *Switch) addLeg(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.legs[l.uuid] = l
}

func (s *Switch) dropLeg(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.legs, l.uuid)
}

// find returns the leg or the caller with that uuid, or nil, nil if there is neither.
func (s *Switch) find(uuid string) (*leg, *caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callers[uuid]
	if c != nil && c.over.Load() {
		c = nil // commands do not find a channel that hung up
	}
	return s.legs[uuid], c
}

// everyCaller lists the callers.
func (s *Switch) everyCaller() []*caller {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*caller, 0, len(s.callers))
	for _, c := range s.callers {
		all = append(all, c)
	}
	return all
}

func (s *Switch) enter(c *caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callers[c.channel.uuid] = c
}

func (s *Switch) leave(c *caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.callers, c.channel.uuid)
	if len(s.callers) == 0 && s.gone != nil {
		close(s.gone)
		s.gone = nil
	}
}

// empty returns a channel that is closed when no caller is left. No more callers may arrive.
func (s *Switch) empty() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := make(chan struct{})
	if len(s.callers) == 0 {
		close(gone)
	} else {
		s.gone = gone
	}
	return gone
}

// freed records that the phone's agent is free from now on.
func (p *phone) freed(login bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.away {
		p.free, p.login = time.Now(), login
	}
}

// offered records an originate that arrived for the phone. It returns since when the agent had been
// free.
func (p *phone) offered(l *leg) (free time.Time, login, double bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	double = p.leg != nil
	p.leg = l
	free, login = p.free, p.login
	p.free = time.Time{}
	return free, login, double
}

// hungUp records the end of a leg at the phone.
func (p *phone) hungUp(l *leg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leg == l {
		p.leg = nil
	}
}

// leaves records that a command takes the agent off work.
func (p *phone) leaves() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free, p.away = time.Time{}, true
}

// returns records the opposite.
func (p *phone) returns() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
}

// sources are the loopback addresses from which calls come, so that the ports of one do not run
// out.
const sources = 32

func source(n int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+n%sources))} }
