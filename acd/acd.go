// Package acd runs the calls. It takes each caller whom FreeSWITCH's socket application hands over
// from the greeting to the hang-up. Each call has one goroutine, and all calls share one
// Dispatcher.
//
// The package owns the sequence of a call, the agents' legs, the links to the FreeSWITCH servers
// and the nwayacd:: events. Package queue decides who gets which call. Changes go to a Journal, so
// acd knows no database. Package esl reads and writes the bytes on the wire.
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

// Settings are what a running call reads and what an operator may change while calls run. The
// comments name the keys of the configuration.
type Settings struct {
	Floor queue.Settings

	AutoAnswer  bool          // auto-answer
	VideoCodecs string        // video-codecs
	ASR         string        // asr-str, with $1 for the caller's uuid; "" if use-asr is off
	BusyRepeat  time.Duration // busy-repeat-seconds; 0 = the busy prompt is heard once
	MaxWait     time.Duration // max-wait-seconds; 0 = no limit
	MaxCalls    int           // max-calls; 0 = no limit
	Commands    []string      // commands of [server]: those that a channel may run by the route /cmd
	// command-extensions = "any": such a command may name any extension, not only the channel's own
	AnyExtension bool
	RecordPath   string   // record-path
	Gateways     []string // through which ThreeWay and nwaycallout may call; empty = through any
	Prompts      Prompts

	Progress      time.Duration // progress-seconds: how long a phone may send no 180 or 183; 0 = no limit
	FollowForward bool          // follow-forward: a 302 of a phone is followed
	AfterTalk     AfterTalk     // after-talk
}

// AfterTalk says what happens to the caller after the agent's phone has ended the talk.
type AfterTalk string

// The values of after-talk.
const (
	AfterTalkHangup   AfterTalk = "hangup"   // the caller is hung up
	AfterTalkDialplan AfterTalk = "dialplan" // the caller goes on in the dialplan, with the outcome answered
)

// Prompts are the files of the configuration's [prompts]. Nothing is played for a prompt that is
// "".
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
	Secret     func() string // the password if it can change; nil = Password
	LocalIP    string        // local-ip: what an agent's server_ip calls it
	DialString string        // dial-string: how its own agents are called
	RemoteDial string        // remote-dial: how agents registered elsewhere are called
}

// password returns the password for the next connection.
func (at Switch) password() string {
	if at.Secret != nil {
		return at.Secret()
	}
	return at.Password
}

// Journal keeps changes. Package store implements it.
type Journal interface {
	// Write appends changes in order and returns the number of the last one. It does not wait for a
	// disk or a database.
	Write(changes ...queue.Change) (sequence uint64)
	// Sync returns when the change with that number is safe from a crash. If ctx ends first, it
	// returns ctx's cause.
	Sync(ctx context.Context, sequence uint64) error
}

// Options are what New needs to make a Server.
type Options struct {
	Settings Settings
	Switches []Switch // a call of an unknown FreeSWITCH counts as a call of the first one
	Journal  Journal
	Identity string // of this server, the same after a restart: it marks the agents' legs
	Log      zerolog.Logger
	Allow    func(netip.Addr) bool // which sources may connect to the socket port; nil = all
	Seed     uint64                // of the random mode
	// Command runs a command for a channel that came by the route /cmd, and returns the reply. If
	// it is nil, such a channel gets an error as the reply.
	Command func(ctx context.Context, line string) string
	// OnRefusedCommand, if not nil, is called with each command of the route /cmd that the channel
	// may not run. The actor of ctx is the channel.
	OnRefusedCommand func(ctx context.Context, command string, reason error)
	// Dial opens the links' connections instead of TCP, if it is not nil.
	Dial func(context.Context) (net.Conn, error)
	// OnOffer, if not nil, is called with the time that each offer took. The time begins when a
	// waiting caller and an available agent both exist. It ends when the originate of the agent's
	// leg is written.
	OnOffer func(time.Duration)
	// OnAnswer, if not nil, is called once for each visit with an answered offer. waited is the
	// time from the caller's arrival until the first agent answered.
	OnAnswer func(group string, waited time.Duration)
	// OnOfferEnd, if not nil, is called with the record of each offer whose end the call saw.
	OnOfferEnd func(queue.OfferRecord)
	// OnCDR, if not nil, is called with the CDR of each visit that ended.
	OnCDR func(queue.CDR)
}

// Server is the ACD. It serves calls, keeps the links and runs the dispatcher.
type Server struct {
	Dispatcher *Dispatcher
	Events     *Bus // the events that FreeSWITCH's listeners get, for listeners on our own ports

	options   Options
	settings  atomic.Pointer[Settings]
	advertise atomic.Pointer[string]
	log       zerolog.Logger
	links     []*link
	notUpYet  struct { // links that have not been up yet
		mu    sync.Mutex
		links map[*link]bool
	}
	channels  *registry
	owed      owed
	following sync.WaitGroup  // goroutines that follow recovered talks
	followMu  sync.Mutex      // guards followed
	followed  bool            // Run waits for them now, so no other one may begin
	runCtx    context.Context // ends with Run
	endRun    context.CancelCauseFunc

	recoveredCalls []*call // of talks that an earlier process left, until Run follows them
	phases         phases
	counts         counts
	room           *esl.Room   // bounds the memory for the headers of callers' channels
	reports        esl.Reports // limits the log lines about connections that are no calls
	badPrompts     badPrompts  // limits the log lines about prompts that are not played
	drain          context.Context
	startDrain     context.CancelCauseFunc
}

// New returns a server whose floor has the state of the snapshot. Run starts it.
func New(o Options, s queue.Snapshot) *Server {
	server := &Server{
		Events: newBus(), options: o, log: o.Log, room: esl.NewRoom(channelRoom),
		owed: owed{events: map[string][]owedEvent{}},
	}
	s.Talks = ownTalks(s.Talks, o.Identity)
	server.settings.Store(&o.Settings)
	server.Advertise("")
	server.notUpYet.links = map[*link]bool{}
	server.drain, server.startDrain = context.WithCancelCause(context.Background())
	server.runCtx, server.endRun = context.WithCancelCause(context.Background())
	server.Dispatcher = newDispatcher(o, s)
	server.channels = newRegistry(server.Dispatcher)
	for _, sw := range o.Switches {
		if sw.Address != "" {
			l := newLink(sw, server)
			server.links = append(server.links, l)
			server.notUpYet.links[l] = true
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

// Run runs the dispatcher's timers and the links until ctx is done. It returns ctx's cause.
func (s *Server) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { s.Dispatcher.run(ctx) })
	defer context.AfterFunc(ctx, func() { s.endRun(errCut) })()
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

// Serve takes calls from ln until ctx is done or Drain is called. It returns when the goroutine of
// the last call has returned. If ctx ends, the calls stop being controlled at once, and a caller in
// a talk goes on talking.
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
		Recovered: s.panicked,
		ConnContext: func(context.Context, net.Conn) context.Context {
			return context.WithValue(calls, orderOfConnection{}, s.counts.accepted.Add(1))
		},
		Handler: s.handle,
	}
	return server.Serve(accepting, ln)
}

// Drain stops taking calls and hands the waiting callers back to the dialplan. Talks go on.
func (s *Server) Drain() {
	s.Dispatcher.refuseTransfers()
	s.startDrain(errDrain)
}

// Configure makes other settings valid for everything that happens from now on.
func (s *Server) Configure(next Settings) {
	s.settings.Store(&next)
	s.Dispatcher.configure(next.Floor)
}

// refused logs a connection from outside the allowed networks.
func (s *Server) refused(remote net.Addr) {
	s.counts.refused.Add(1)
	s.report(remote).Msg("refused a connection to the socket port, because its network is not allowed")
}

// report begins the log line about a connection that is not a call. It returns nil, which logs
// nothing, if a line about the same source was logged a short time ago.
func (s *Server) report(remote net.Addr) *zerolog.Event {
	passed, due := s.reports.Due(esl.Source(remote))
	if !due {
		return nil
	}
	return s.log.Warn().Str("from", remote.String()).Int("unreported", passed)
}

func (s *Server) panicked(reason any, stack []byte) {
	s.counts.panics.Add(1)
	s.log.Error().Any("panic", reason).Bytes("stack", stack).Msg("the goroutine of a call panicked")
}

// ownTalks leaves out the talks of other servers on the same database.
func ownTalks(talks []queue.Talk, identity string) []queue.Talk {
	return slices.DeleteFunc(slices.Clone(talks), func(t queue.Talk) bool { return t.Server != identity })
}
