package acd

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/esl"
)

// statusBound is how many agent events wait for a FreeSWITCH that does not take them. If more come,
// the oldest are dropped.
const statusBound = 4096

// Limits of a link. The list of 10,000 channels is some ten megabytes, and events pile up while it
// is read.
const (
	linkMaxBody  = 64 << 20
	linkMaxQueue = 1 << 16
	linkBuffer   = 16 << 10         // an event of a channel is 6 to 10 KiB, so one read takes it
	lookLimit    = 30 * time.Second // to read the state of a FreeSWITCH
	lookBatch    = 500              // channels asked about in one write
)

// link is the connection to one FreeSWITCH's event socket. It receives the registrations of phones,
// the events of channels in talks, and the agents' external calls. It sends commands and agent
// events.
type link struct {
	at       Switch
	server   *Server
	log      zerolog.Logger
	statuses chan esl.Command
	conn     atomic.Pointer[esl.Connection] // nil while there is none
	seen     map[string]bool                // extensions that ever registered there; only for keep's goroutine
	contacts *contacts                      // the telephones that are registered there
	// has a token if the link came up or went down, or external calls were noted
	stateChanged chan struct{}

	mu    sync.Mutex
	state LinkState
}

// LinkState is what is known of one FreeSWITCH.
type LinkState struct {
	Name     string
	Up       bool
	CoreUUID string // identity of the running FreeSWITCH process
	Hostname string // FreeSWITCH-Hostname
	Domain   string // its global variable domain
	NoDomain bool   // the dial string needs the global variable domain, and FreeSWITCH has none
	Since    time.Time
}

func newLink(at Switch, s *Server) *link {
	l := &link{
		at: at, server: s, log: s.log.With().Str("freeswitch", at.Name).Logger(),
		statuses: make(chan esl.Command, statusBound), seen: map[string]bool{}, stateChanged: make(chan struct{}, 1),
		contacts: newContacts(),
		state:    LinkState{Name: at.Name, Since: time.Now()},
	}
	for _, a := range s.Dispatcher.Agents() {
		if at.LocalIP != "" && a.Server == at.LocalIP {
			l.seen[a.Extension] = true // it registered there once
		}
	}
	return l
}

// Links returns the state of each configured FreeSWITCH.
func (s *Server) Links() []LinkState {
	states := make([]LinkState, 0, len(s.links))
	for _, l := range s.links {
		states = append(states, l.current())
	}
	return states
}

func (l *link) current() LinkState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func (l *link) become(change func(*LinkState)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.state)
}

// switchOf returns the configured FreeSWITCH with that Core-UUID. If no link knows the Core-UUID,
// it guesses, in this order:
//   - a FreeSWITCH without a link, or whose link has never been up;
//   - one whose link is down, because it may have restarted;
//   - the first one.
func (s *Server) switchOf(coreUUID string) Switch {
	var guess Switch
	rank := -1
	for _, at := range s.options.Switches {
		r := 2
		if l := s.linkOf(at.Name); l != nil {
			switch state := l.current(); {
			case state.CoreUUID == "":
			case state.CoreUUID == coreUUID:
				return at
			case !state.Up:
				r = 1
			default:
				r = 0
			}
		}
		if r > rank {
			guess, rank = at, r
		}
	}
	return guess
}

// claim assigns the calls with that Core-UUID to the FreeSWITCH whose link has just read it. The
// calls may have come before the link was up.
func (s *Server) claim(at Switch, coreUUID string) {
	for _, ch := range s.channels.every() {
		if ch.core == coreUUID && ch.at().Name != at.Name {
			ch.isAt(at)
		}
	}
}

// switchNamed returns the configured FreeSWITCH of that name, or one with only the name if there is
// none.
func (s *Server) switchNamed(name string) Switch {
	for _, at := range s.options.Switches {
		if at.Name == name {
			return at
		}
	}
	return Switch{Name: name}
}

// linkOf returns the link to the configured FreeSWITCH of that name, or nil if there is none.
func (s *Server) linkOf(name string) *link {
	for _, l := range s.links {
		if l.at.Name == name {
			return l
		}
	}
	return nil
}

// publishStatus gives an agent event to the listeners on our ports and to every link. It does not
// block.
func (s *Server) publishStatus(e agent.StatusEvent) {
	fire := s.agentEvent(e)
	for _, l := range s.links {
		l.queue(fire)
	}
}

// queue queues an event for the FreeSWITCH. If too many wait, the oldest is dropped, because
// listeners need the present state most.
func (l *link) queue(fire esl.Command) {
	for {
		select {
		case l.statuses <- fire:
			return
		default:
		}
		select {
		case <-l.statuses:
		default:
		}
	}
}

// keep keeps the link up until ctx is done. It reconnects whenever the connection is lost.
func (l *link) keep(ctx context.Context) {
	keeper := esl.Link{
		Address: l.at.Address, Secret: l.at.password, Dial: l.server.options.Dial,
		Options: esl.Options{
			OnArrival: l.onArrival,
			Limits:    esl.Limits{MaxBody: linkMaxBody, MaxQueue: linkMaxQueue, Buffer: linkBuffer},
		},
		Session: l.session,
		Down:    func(err error) { l.log.Warn().Err(err).Msg("no link to FreeSWITCH") },
	}
	var watching sync.WaitGroup
	watching.Go(func() { l.watch(ctx) }) // ends with ctx
	keeper.Keep(ctx)                     // the same
	watching.Wait()
}

// looked notes that the link has read the state of its FreeSWITCH once. After the last link,
// all is known about talks from before a restart, so the reserved agents are freed.
func (s *Server) looked(l *link) {
	s.notUpYet.mu.Lock()
	defer s.notUpYet.mu.Unlock()
	if s.notUpYet.links[l] {
		delete(s.notUpYet.links, l)
		if len(s.notUpYet.links) == 0 {
			s.Dispatcher.releaseReserved()
		}
	}
}

// linkEvents is the command that subscribes a link to its events.
const linkEvents = "event plain CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER " +
	"CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_PARK CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_HANGUP CHANNEL_DESTROY " +
	"CUSTOM sofia::register sofia::unregister sofia::expire"

// session serves one connection until it is lost. It reads the present state first, and then the
// events.
func (l *link) session(ctx context.Context, conn *esl.Connection) error {
	if err := l.lookAround(ctx, conn); err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	l.comeUp(conn)
	defer l.goDown()
	var beside sync.WaitGroup
	// These end with ctx, which ends with the connection or this session.
	beside.Go(func() { l.sendStatuses(ctx, conn) })
	beside.Go(func() { l.lookAgain(ctx, conn) })
	beside.Go(func() { l.askContacts(ctx, conn) })
	beside.Go(func() { end(l.heartbeat(ctx, conn)) })
	defer beside.Wait()
	defer end(nil)
	for {
		e, err := conn.ReadEvent(ctx)
		if err != nil {
			return err
		}
		if err := l.onEvent(ctx, conn, e); err != nil {
			return err
		}
	}
}

func (l *link) comeUp(conn *esl.Connection) {
	l.conn.Store(conn)
	l.become(func(s *LinkState) { s.Up, s.Since = true, time.Now() })
	signalOne(l.stateChanged)
	l.server.signalTalks(l.at.Name, lookAgain{})
	l.server.looked(l)
	l.log.Info().Msg("linked to FreeSWITCH")
}

func (l *link) goDown() {
	l.conn.Store(nil)
	l.become(func(s *LinkState) { s.Up, s.Since = false, time.Now() })
	signalOne(l.stateChanged)
}

// sendStatuses sends the events that are owed to the FreeSWITCH, and then agent events as they
// come.
func (l *link) sendStatuses(ctx context.Context, conn *esl.Connection) {
	if owed := l.server.owed.to(l.at.Name); len(owed) > 0 && conn.Post(owed...) != nil {
		return
	}
	for {
		select {
		case fire := <-l.statuses:
			if conn.Post(fire) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// lookAround subscribes first, and then asks for registrations and channels. So no change between
// the two is missed.
func (l *link) lookAround(ctx context.Context, conn *esl.Connection) error {
	ctx, stop := context.WithTimeout(ctx, lookLimit)
	defer stop()
	replies, err := conn.Do(ctx,
		esl.Raw(linkEvents),
		esl.API("global_getvar core_uuid"),
		esl.API("global_getvar domain"),
		esl.API("global_getvar hostname"),
		esl.API("show registrations as json"),
		esl.API("show channels as json"),
	)
	if err != nil {
		return err
	}
	was := l.current().CoreUUID
	l.become(func(s *LinkState) {
		s.CoreUUID, s.Hostname = replies[1].Text(), replies[3].Text()
		s.Domain = replies[2].Text()
		s.NoDomain = replies[2].Text() == "" && !strings.Contains(l.at.DialString, "@") &&
			strings.HasPrefix(cmp.Or(l.at.DialString, defaultDial), defaultDial)
	})
	l.server.claim(l.at, l.current().CoreUUID)
	if l.current().NoDomain {
		l.log.Warn().
			Msg("the dial string user/{ext} reaches no agent, because this FreeSWITCH has no global variable domain")
	}
	l.compareRegistrations(rows(replies[4].Text()))
	channels := rows(replies[5].Text())
	l.server.channels.retainExternal(l, uuids(channels))
	if now := l.current().CoreUUID; was != "" && was != now {
		l.server.endCalls(l.at.Name, was)
	}
	return l.reconcile(ctx, conn, l.foundChannels(channels, false))
}

// uuids returns the uuids of the channels in the table.
func uuids(channels []map[string]string) map[string]bool {
	there := make(map[string]bool, len(channels))
	for _, channel := range channels {
		there[channel["uuid"]] = true
	}
	return there
}

// rows parses the output of `show … as json`.
func rows(text string) []map[string]string {
	var shown struct {
		Rows []map[string]string `json:"rows"`
	}
	if json.Unmarshal([]byte(text), &shown) != nil {
		return nil
	}
	return shown.Rows
}

// onArrival handles an event as it arrives, in the connection's reader, because calls wait for it.
// It returns true if onEvent needs the event as well. Of a call's fourteen events, eight are not
// queued for onEvent.
func (l *link) onArrival(e *esl.Event) (waits bool) {
	l.server.channels.noteKey(e)
	l.server.channels.onEvent(e, nil)
	switch e.Name() {
	case "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY", "CUSTOM":
		return true
	}
	return false
}

// onEvent handles an event in the session's goroutine, after the link has read the state.
func (l *link) onEvent(ctx context.Context, conn *esl.Connection, e *esl.Event) error {
	switch e.Name() {
	case "CHANNEL_CREATE", "CHANNEL_ANSWER":
		if mark := readMark(e.Get("Channel-Presence-Data")); l.isOurs(mark, e.Get("Call-Direction")) {
			return l.onLeg(ctx, conn, e.Get("Unique-ID"), mark)
		}
		for _, user := range []string{e.Get("variable_user_name"), e.Get("variable_dialed_user")} {
			l.noteIfExternal(e.Get("Unique-ID"), user)
		}
	case "CHANNEL_DESTROY":
		l.server.channels.dropExternal(e.Get("Unique-ID"))
	case "CUSTOM":
		l.onRegistration(e)
	}
	return nil
}

// onLeg handles a leg of ours that no call has. Its originate was on the way for longer than the
// call waited for it, or the call has handled the event already and is over.
func (l *link) onLeg(ctx context.Context, conn *esl.Connection, uuid string, m marked) error {
	if !isUUID(uuid) || l.server.channels.isOurs(uuid) {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, lookLimit)
	defer stop()
	return l.reconcile(ctx, conn, []foundChannel{foundLeg(uuid, m)})
}

// noteIfExternal notes a channel of an extension as an external call, unless it is one of our legs
// or a third party.
func (l *link) noteIfExternal(uuid, extension string) {
	if uuid != "" && extension != "" && !l.server.channels.isOurs(uuid) {
		l.server.channels.noteExternal(l, uuid, extension)
	}
}

// userOf returns USER of USER@DOMAIN.
func userOf(presence string) string {
	user, _, _ := strings.Cut(presence, "@")
	return user
}
