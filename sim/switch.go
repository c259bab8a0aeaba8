package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const version = "1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit"

var errDown = errors.New("sim: the switch is down")

// Switch is one simulated FreeSWITCH.
type Switch struct {
	opt     Options
	started time.Time
	ctx     context.Context
	stop    context.CancelCauseFunc
	running sync.WaitGroup // channels, jobs and outbound connections
	bus     bus

	schedule schedule

	originates, answers, bridges, doubleOffers, calls atomic.Int64
	originateNumber                                   atomic.Uint64
	born                                              atomic.Uint64 // channels so far

	mu         sync.Mutex // guards what follows
	random     *rand.Rand
	coreUUID   string
	down       bool
	channels   map[string]*channel
	listeners  map[*listener]struct{}
	phones     map[string]*phone
	gateways   map[string]Behaviour
	extensions map[string][]Action
	globals    map[string]string

	noDirectory bool // user/EXT finds no phone
}

// New returns a switch with no phones and no callers. Close ends it.
func New(opt Options) *Switch {
	if opt.Name == "" {
		opt.Name = "sim"
	}
	if opt.Password == "" {
		opt.Password = "ClueCon"
	}
	if opt.Dial == nil {
		opt.Dial = dialTCP
	}
	if opt.PlayTime == nil {
		opt.PlayTime = func(string) time.Duration { return time.Second }
	}
	s := &Switch{
		opt:        opt,
		started:    time.Now(),
		random:     rand.New(rand.NewPCG(opt.Seed, uint64(len(opt.Name)))),
		channels:   map[string]*channel{},
		listeners:  map[*listener]struct{}{},
		phones:     map[string]*phone{},
		gateways:   map[string]Behaviour{},
		extensions: map[string][]Action{},
		globals:    map[string]string{},
	}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	s.bus.bound = map[string][]*listener{}
	s.boot()
	return s
}

func dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

// boot gives the core its UUID and its global variables.
func (s *Switch) boot() {
	core := s.newUUID()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coreUUID = core
	s.globals["core_uuid"] = core
	s.globals["hostname"] = s.opt.Name
	s.globals["switchname"] = s.opt.Name
	s.globals["local_ip_v4"] = localIP
	s.globals["hold_music"] = "local_stream://moh"
	switch s.opt.Domain {
	case "":
		s.globals["domain"] = "sim.local"
	case "-":
	default:
		s.globals["domain"] = s.opt.Domain
	}
}

// Close hangs up every channel, ends all connections and waits for all goroutines of the switch.
func (s *Switch) Close() {
	s.mu.Lock()
	s.down = true
	s.mu.Unlock()
	s.hangupAll("SYSTEM_SHUTDOWN")
	s.schedule.clear()
	s.Drop()
	s.stop(errDown)
	s.running.Wait()
}

// Drop cuts all connections without a last frame, as if the network were lost.
func (s *Switch) Drop() {
	s.mu.Lock()
	cut := slices.Collect(maps.Keys(s.listeners))
	s.mu.Unlock()
	for _, l := range cut {
		l.cut()
	}
}

// Restart is a crash of the switch, and its return. Its connections are cut, and its channels are
// gone without an event. Its phones are registered as before. Its Core-UUID is another one.
func (s *Switch) Restart() {
	s.bus.silence()
	s.Drop()
	s.hangupAll(crash)
	s.schedule.clear()
	s.boot()
}

// PhoneLeaves lets the phone of that channel hang up. It does nothing if there is no such channel.
func (s *Switch) PhoneLeaves(uuid string) {
	if c := s.find(uuid); c != nil {
		c.phoneLeaves()
	}
}

func (s *Switch) hangupAll(cause string) {
	for _, c := range s.inOrder() {
		c.hangup(cause)
	}
}

// Counts returns what happened so far.
func (s *Switch) Counts() Counts {
	live := len(s.Channels())
	return Counts{
		Calls:        int(s.calls.Load()),
		Originates:   int(s.originates.Load()),
		Answers:      int(s.answers.Load()),
		Bridges:      int(s.bridges.Load()),
		DoubleOffers: int(s.doubleOffers.Load()),
		Live:         live,
	}
}

// Channels lists the live channels in order of their creation. `show channels` also has those that
// only a lingering connection keeps.
func (s *Switch) Channels() []ChannelState {
	var states []ChannelState
	for _, c := range s.inOrder() {
		select {
		case <-c.gone:
		default:
			states = append(states, c.snapshot())
		}
	}
	return states
}

func (s *Switch) inOrder() []*channel {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.channels))
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *channel) int { return cmp.Compare(a.serial, b.serial) })
	return all
}

// find is switch_core_session_locate. It finds no channel that is hung up.
func (s *Switch) find(uuid string) *channel {
	s.mu.Lock()
	c := s.channels[uuid]
	s.mu.Unlock()
	if c == nil || c.hangupCause() != "" {
		return nil
	}
	return c
}

// enter puts a new channel into the registry and starts its goroutine, which ends when the channel
// is over. It returns false if the switch is down or the UUID is taken.
func (s *Switch) enter(c *channel, first step) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down || s.channels[c.uuid] != nil {
		return false
	}
	s.channels[c.uuid] = c
	s.running.Go(func() { c.live(first) })
	return true
}

func (s *Switch) forget(c *channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.channels, c.uuid)
}

func (s *Switch) global(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.globals[name]
}

func (s *Switch) core() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.coreUUID
}

// Extension adds a number to the dialplan, for uuid_transfer, loopback and AgentCall.
func (s *Switch) Extension(number string, plan ...Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.extensions[number] = plan
}

func (s *Switch) route(number string) ([]Action, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	plan, ok := s.extensions[number]
	return plan, ok
}

func (s *Switch) newUUID() string {
	s.mu.Lock()
	high, low := s.random.Uint64(), s.random.Uint64()
	s.mu.Unlock()
	high = high&^0xf000 | 0x4000
	low = low&^(0xc<<60) | 0x8<<60
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&0xffffffffffff)
}

func (s *Switch) trace(parts ...string) {
	if s.opt.Trace != nil {
		s.opt.Trace(strings.Join(parts, " "))
	}
}
