// Package acd runs the calls: it takes each caller that FreeSWITCH's socket application hands over
// from greeting to hang-up, one goroutine a call, against one Dispatcher that all calls share.
//
// It owns the call's story, the agents' legs, the links to the FreeSWITCH servers and the nwayacd::
// events. Package queue decides. Changes go to a Journal, behind which acd knows no database. The
// bytes are package esl's.
package acd

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/esl"
	"nwayacd/queue"
)

// Settings are what a running call reads and an operator may change while calls run. The names in
// comments are the configuration's.
type Settings struct {
	Floor queue.Settings

	AutoAnswer   bool          // auto-answer
	VideoCodecs  string        // video-codecs
	ASR          string        // asr-str, with $1 for the caller's uuid; "" if use-asr is off
	BusyRepeat   time.Duration // busy-repeat-seconds; 0 = the busy prompt is heard once
	MaxWait      time.Duration // max-wait-seconds; 0 = no limit
	MaxCalls     int           // max-calls; 0 = no limit
	Commands     []string      // commands of [server]: those that a channel may run by the route /cmd
	AnyExtension bool          // command-extensions = "any": such a command may name any extension, not only the channel's own
	RecordPath   string        // record-path
	Prompts      Prompts

	Progress      time.Duration // progress-seconds: how long a phone may say nothing; 0 = no limit
	FollowForward bool          // follow-forward: a 302 of a phone is followed
	AfterTalk     AfterTalk     // after-talk
}

// AfterTalk is what becomes of the caller when the agent's phone has ended the talk.
type AfterTalk string

// The values of after-talk.
const (
	AfterTalkHangup   AfterTalk = "hangup"   // the caller is hung up
	AfterTalkDialplan AfterTalk = "dialplan" // the caller goes on in the dialplan, with the outcome answered
)

// Prompts are the files of the configuration's [prompts]; "" plays nothing.
type Prompts struct {
	JobPrefix, JobSuffix string
	JobDigits            [10]string
	Blacklist            string // default-blacklistwav
	Busy                 string // default-agent-busy
	Transfer             string // default-agent-transfer
	Welcome              string // default-agent-welcome
	Hold                 string // hold-music
	Survey               string
}

// Switch is one FreeSWITCH as the configuration names it.
type Switch struct {
	Name       string
	Address    string // of its event socket; "" = no link is kept
	Password   string
	LocalIP    string // local-ip: what an agent's server_ip calls it
	DialString string // dial-string: how its own agents are called
	RemoteDial string // remote-dial: how agents registered elsewhere are called
}

// Journal keeps changes; package store has the one there is.
type Journal interface {
	// Write appends changes in order. It does not wait for a disk or a database.
	Write(changes ...queue.Change) (sequence uint64)
	// Sync returns when the change of that number is safe.
	Sync(ctx context.Context, sequence uint64) error
}

// Options make a Server.
type Options struct {
	Settings Settings
	Switches []Switch // the first one also serves calls of a FreeSWITCH that is not configured
	Journal  Journal
	Identity string // of this server, the same after a restart: it marks the agents' legs
	Log      zerolog.Logger
	Allow    func(netip.Addr) bool // sources of the socket port; nil = all
	Seed     uint64                // of the random mode
	// Command runs a command for a channel that came by the route /cmd, and returns its reply. It
	// is nil if there are none.
	Command func(ctx context.Context, line string) string
	// Dial takes the place of TCP for the links, unless it is nil.
	Dial func(context.Context) (net.Conn, error)
	// OnOffer, unless nil, gets the time from the moment when a waiting caller and an available
	// agent both existed until the agent's leg was on the wire.
	OnOffer func(time.Duration)
	// OnAnswer, unless nil, gets how long each caller waited, from arrival, for the first agent who
	// was bridged with the caller.
	OnAnswer func(group string, waited time.Duration)
	// OnOfferEnd, unless nil, gets each offer whose end its call saw.
	OnOfferEnd func(queue.OfferRecord)
	// OnCDR, unless nil, gets the CDR of each visit that ended.
	OnCDR func(queue.CDR)
}

// Server is the ACD: it serves calls, keeps the links and runs the dispatcher.
type Server struct {
	Dispatcher *Dispatcher
	Events     *Bus // the events that FreeSWITCH's listeners get, for our own listeners

	options   Options
	settings  atomic.Pointer[Settings]
	advertise atomic.Pointer[string]
	log       zerolog.Logger
	links     []*link
	unseen    struct { // links that have not been up yet
		mu    sync.Mutex
		links map[*link]bool
	}
	channels  *registry
	owed      owed
	following sync.WaitGroup  // goroutines of talks that came from an earlier life, or that a link found
	followMu  sync.Mutex      // guards followed
	followed  bool            // Run is about to wait for them: none may begin any more
	life      context.Context // ends with Run
	endLife   context.CancelCauseFunc

	recoveredCalls []*call // of talks that an earlier life left, until Run follows them
	phases         phases
	counts         counts
	room           *esl.Room   // for what callers' channels carry
	reports        esl.Reports // of what came to the socket port and was no call
	drain          context.Context
	startOff       context.CancelCauseFunc
}

// New returns a server whose floor is what the snapshot says.
func New(o Options, s queue.Snapshot) *Server {
	server := &Server{
		Events: newBus(), options: o, log: o.Log, room: esl.NewRoom(channelRoom), owed: owed{events: map[string][]owedEvent{}},
	}
	s.Talks = ownTalks(s.Talks, o.Identity)
	server.settings.Store(&o.Settings)
	server.Advertise("")
	server.unseen.links = map[*link]bool{}
	server.drain, server.startOff = context.WithCancelCause(context.Background())
	server.life, server.endLife = context.WithCancelCause(context.Background())
	server.Dispatcher = newDispatcher(o, s)
	server.channels = newRegistry(server.Dispatcher)
	for _, sw := range o.Switches {
		if sw.Address != "" {
			l := newLink(sw, server)
			server.links = append(server.links, l)
			server.unseen.links[l] = true
		}
	}
	server.Dispatcher.onStatus = server.publishStatus
	server.Dispatcher.notBack = server.publishNotBack
	if o.OnCDR != nil {
		server.Dispatcher.onCDR = o.OnCDR
	}
	server.recoverTalks()
	if len(server.links) == 0 {
		server.Dispatcher.releaseReserved() // no link will find talks that go on
	}
	return server
}

// Run runs the dispatcher's clock and the links until ctx is done.
func (s *Server) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { s.Dispatcher.run(ctx) })
	defer context.AfterFunc(ctx, func() { s.endLife(errCut) })()
	for _, c := range s.recoveredCalls {
		s.follow(c)
	}
	s.recoveredCalls = nil
	for _, l := range s.links {
		running.Go(func() { l.keep(ctx) })
	}
	running.Wait()
	s.endFollowing()
	return context.Cause(ctx)
}

// Serve takes calls from ln until ctx is done or Drain is called, and returns when the last call's
// goroutine has. The end of ctx cuts the calls' control off at once; a caller in a talk keeps
// talking.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	accepting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(s.drain, func() { stop(context.Cause(s.drain)) })()
	calls := context.WithoutCancel(ctx)
	calls, cut := context.WithCancelCause(calls)
	defer cut(nil)
	defer context.AfterFunc(ctx, func() { cut(errCut) })()
	server := esl.Server{
		Allow:     s.options.Allow,
		Refused:   s.refused,
		Handler:   func(_ context.Context, nc net.Conn) { s.handle(calls, nc) },
		Recovered: s.panicked,
	}
	return server.Serve(accepting, ln)
}

// Drain stops taking calls and hands those that wait back to the dialplan; talks go on.
func (s *Server) Drain() {
	s.Dispatcher.refuseTransfers()
	s.startOff(errDrain)
}

// Configure puts other settings in force, for what happens from now on.
func (s *Server) Configure(next Settings) {
	s.settings.Store(&next)
	s.Dispatcher.configure(next.Floor)
}

// refused logs a connection from outside the allowed networks.
func (s *Server) refused(remote net.Addr) {
	s.counts.refused.Add(1)
	s.report(remote).Msg("a connection to the socket port from a network that is not allowed")
}

// report begins the line about a connection that is no call's. It is nil, which logs nothing, if
// that source had one lately.
func (s *Server) report(remote net.Addr) *zerolog.Event {
	passed, due := s.reports.Due(esl.Source(remote))
	if !due {
		return nil
	}
	return s.log.Warn().Str("from", remote.String()).Int("unreported", passed)
}

func (s *Server) panicked(reason any, stack []byte) {
	s.counts.panics.Add(1)
	s.log.Error().Any("panic", reason).Bytes("stack", stack).Msg("a call's control ended in a panic")
}

// ownTalks leaves out the talks of other servers on the same database.
func ownTalks(talks []queue.Talk, identity string) []queue.Talk {
	return slices.DeleteFunc(slices.Clone(talks), func(t queue.Talk) bool { return t.Server != identity })
}
