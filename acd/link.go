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

// statusBound is how many agent events wait for a FreeSWITCH that does not take them; later ones
// are dropped for it.
const statusBound = 4096

// Limits of a link: the list of 10,000 channels is some ten megabytes, and while it is read events
// pile up.
const (
	linkMaxBody  = 64 << 20
	linkMaxQueue = 1 << 16
	linkBuffer   = 16 << 10         // an event of a channel is some 6 to 10 KiB: one read
	lookLimit    = 30 * time.Second // to learn what is the case at a switch
	lookBatch    = 500              // channels asked about in one write
)

// link is the connection to one FreeSWITCH's event socket. Over it come the registrations of
// phones, the events of channels that talks need, and agents' external calls. Over it go commands
// and agent events.
type link struct {
	at           Switch
	server       *Server
	log          zerolog.Logger
	statuses     chan esl.Command
	conn         atomic.Pointer[esl.Connection] // while there is one
	seen         map[string]bool                // extensions that ever registered there; keep's goroutine only
	contacts     *contacts                      // of the telephones that are registered there
	stateChanged chan struct{}                  // holds one if it came up or went down, or a call needs it while down

	mu    sync.Mutex
	state LinkState
}

// LinkState is what is known of one FreeSWITCH.
type LinkState struct {
	Name     string
	Up       bool
	CoreUUID string // FreeSWITCH's identity since it started
	Hostname string // FreeSWITCH-Hostname
	Domain   string // its global variable domain
	NoDomain bool   // the dial string needs the global variable domain, and the switch has none
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

// switchOf is the configured FreeSWITCH of that Core-UUID. If no link knows it, it is one that has
// not been heard of yet, or else one whose link is down: it may have restarted.
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

// claim makes the calls with that Core-UUID those of the FreeSWITCH whose link has learned that it
// is its own. They may have come before the link was up.
func (s *Server) claim(at Switch, coreUUID string) {
	for _, ch := range s.channels.every() {
		if ch.core == coreUUID && ch.at().Name != at.Name {
			ch.isAt(at)
		}
	}
}

// switchNamed is the configured FreeSWITCH of that name.
func (s *Server) switchNamed(name string) Switch {
	for _, at := range s.options.Switches {
		if at.Name == name {
			return at
		}
	}
	return Switch{Name: name}
}

// linkOf is the link to the configured FreeSWITCH of that name, nil if there is none.
func (s *Server) linkOf(name string) *link {
	for _, l := range s.links {
		if l.at.Name == name {
			return l
		}
	}
	return nil
}

// publishStatus hands an agent event to our listeners and to every link. It does not block.
func (s *Server) publishStatus(e agent.LogEntry) {
	fire := s.agentEvent(e)
	for _, l := range s.links {
		l.queue(fire)
	}
}

// queue leaves an event for the switch. If too many wait already, the oldest is dropped: listeners
// there want to know the present state.
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

// keep holds the link until ctx is done, and makes it again whenever it is lost.
func (l *link) keep(ctx context.Context) {
	keeper := esl.Link{
		Address: l.at.Address, Password: l.at.Password, Dial: l.server.options.Dial,
		Options: esl.Options{OnArrival: l.hearFirst, Limits: esl.Limits{MaxBody: linkMaxBody, MaxQueue: linkMaxQueue, Buffer: linkBuffer}},
		Session: l.session,
		Down:    func(err error) { l.log.Warn().Err(err).Msg("no link to FreeSWITCH") },
	}
	var watching sync.WaitGroup
	watching.Go(func() { l.watch(ctx) }) // ends with ctx
	keeper.Keep(ctx)                     // the same
	watching.Wait()
}

// looked counts the switches that were looked at once; after the last one all is known of talks
// from before a restart.
func (s *Server) looked(l *link) {
	s.unseen.mu.Lock()
	defer s.unseen.mu.Unlock()
	if s.unseen.links[l] {
		delete(s.unseen.links, l)
		if len(s.unseen.links) == 0 {
			s.Dispatcher.releaseReserved()
		}
	}
}

// heardOnLink is what a link listens to.
const heardOnLink = "event plain CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE " +
	"CHANNEL_PARK CHANNEL_HANGUP CHANNEL_DESTROY CUSTOM sofia::register sofia::unregister sofia::expire"

// session serves one connection until it is lost: first the present state there, then what changes.
func (l *link) session(ctx context.Context, conn *esl.Connection) error {
	if err := l.lookAround(ctx, conn); err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	l.comeUp(conn)
	defer l.goDown()
	var beside sync.WaitGroup
	// These end with ctx, which ends with the connection or this session.
	beside.Go(func() { l.tellStatuses(ctx, conn) })
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
		l.hear(e)
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

// tellStatuses fires into FreeSWITCH what calls could not, and then agent events.
func (l *link) tellStatuses(ctx context.Context, conn *esl.Connection) {
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

// lookAround subscribes, and then asks for registrations and channels, so that nothing falls
// between the two.
func (l *link) lookAround(ctx context.Context, conn *esl.Connection) error {
	ctx, stop := context.WithTimeout(ctx, lookLimit)
	defer stop()
	replies, err := conn.Do(ctx,
		esl.Raw(heardOnLink),
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
		s.NoDomain = replies[2].Text() == "" && strings.HasPrefix(cmp.Or(l.at.DialString, "user/{ext}"), "user/{ext}") &&
			!strings.Contains(l.at.DialString, "@")
	})
	l.server.claim(l.at, l.current().CoreUUID)
	if l.current().NoDomain {
		l.log.Warn().Msg("the dial string user/{ext} reaches nobody: this FreeSWITCH has no global variable domain")
	}
	l.compareRegistrations(rows(replies[4].Text()))
	channels := rows(replies[5].Text())
	l.server.channels.retainExternal(l, uuids(channels))
	if now := l.current().CoreUUID; was != "" && was != now {
		l.server.endCalls(l.at.Name, was)
	}
	return l.reconcile(ctx, conn, l.suspects(channels, false))
}

// uuids are those of the channels that the table lists.
func uuids(channels []map[string]string) map[string]bool {
	there := make(map[string]bool, len(channels))
	for _, channel := range channels {
		there[channel["uuid"]] = true
	}
	return there
}

// rows reads what `show … as json` prints.
func rows(text string) []map[string]string {
	var shown struct {
		Rows []map[string]string `json:"rows"`
	}
	if json.Unmarshal([]byte(text), &shown) != nil {
		return nil
	}
	return shown.Rows
}

// hearFirst takes an event as it arrives, in the connection's reader, because the calls that it
// concerns wait for it. It returns whether hear takes the event as well: of a call's fourteen
// events, eight are not queued for it.
func (l *link) hearFirst(e *esl.Event) (waits bool) {
	l.server.channels.noteKey(e)
	l.server.channels.hear(e, nil)
	switch e.Name() {
	case "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY", "CUSTOM":
		return true
	}
	return false
}

// hear takes an event of the switch in its turn: not before the link has looked around.
func (l *link) hear(e *esl.Event) {
	switch e.Name() {
	case "CHANNEL_CREATE", "CHANNEL_ANSWER":
		if l.isOurs(readMark(e.Get("Channel-Presence-Data")), e.Get("Call-Direction")) {
			return // its call, which hears faster, may be over by now
		}
		for _, user := range []string{e.Get("variable_user_name"), e.Get("variable_dialed_user")} {
			l.meet(e.Get("Unique-ID"), user)
		}
	case "CHANNEL_DESTROY":
		l.server.channels.dropExternal(e.Get("Unique-ID"))
	case "CUSTOM":
		l.hearRegistration(e)
	}
}

// meet notes a channel that an extension has, unless it is a leg of ours.
func (l *link) meet(uuid, extension string) {
	if uuid != "" && extension != "" && !l.server.channels.isOurs(uuid) {
		l.server.channels.noteExternal(l, uuid, extension)
	}
}

// userOf is the user of user@domain.
func userOf(presence string) string {
	user, _, _ := strings.Cut(presence, "@")
	return user
}
