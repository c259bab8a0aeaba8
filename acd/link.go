package acd

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
)

// statusBound is how many agent events wait for a FreeSWITCH that does not take them; later ones are dropped for it.
const statusBound = 4096

// Limits of a link: the list of 10,000 channels is some ten megabytes, and while it is read events pile up.
const (
	linkMaxBody  = 64 << 20
	linkMaxQueue = 1 << 16
	linkBuffer   = 16 << 10         // an event of a channel is some 6 to 10 KiB: one read
	lookLimit    = 30 * time.Second // to learn what is the case at a switch
	lookBatch    = 500              // channels asked about in one write
)

// link is the connection to one FreeSWITCH's event socket: which phones are registered there, which calls agents have outside the ACD,
// and the way agent events reach who listens to that FreeSWITCH.
type link struct {
	at        Switch
	server    *Server
	outside   *outside
	log       zerolog.Logger
	statuses  chan esl.Command
	conn      atomic.Pointer[esl.Connection] // while there is one
	seen      map[string]bool                // extensions that ever registered there; keep's goroutine only
	leftovers chan leftover                  // callers who should be gone soon
	turned    chan struct{}                  // holds one when it came up or went down, or a talk needs it while it is down

	mu    sync.Mutex
	state LinkState
}

// LinkState is what is known of one FreeSWITCH.
type LinkState struct {
	Name     string
	Up       bool
	CoreUUID string // FreeSWITCH's identity since it started
	Hostname string // FreeSWITCH-Hostname
	NoDomain bool   // the dial string needs the global variable domain, and the switch has none
	Since    time.Time
}

func newLink(at Switch, s *Server, o *outside) *link {
	l := &link{
		at: at, server: s, outside: o, log: s.log.With().Str("freeswitch", at.Name).Logger(),
		statuses: make(chan esl.Command, statusBound), seen: map[string]bool{}, turned: make(chan struct{}, 1), leftovers: make(chan leftover, letGoBound),
		state: LinkState{Name: at.Name, Since: time.Now()},
	}
	for _, a := range s.Dispatcher.Agents() {
		if at.LocalIP != "" && a.Server == at.LocalIP {
			l.seen[a.Extension] = true // it registered there once
		}
	}
	return l
}

// Links tells the state of each configured FreeSWITCH.
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

// switchOf is the configured FreeSWITCH of that Core-UUID, the first one where no link knows it.
func (s *Server) switchOf(coreUUID string) Switch {
	for _, l := range s.links {
		if state := l.current(); state.CoreUUID != "" && state.CoreUUID == coreUUID {
			return l.at
		}
	}
	if len(s.options.Switches) > 0 {
		return s.options.Switches[0]
	}
	return Switch{}
}

// publishStatus hands an agent event to our listeners and to every link. It does not block.
func (s *Server) publishStatus(e agent.LogEntry) {
	fire := s.agentEvent(e)
	for _, l := range s.links {
		l.queue(fire)
	}
}

// queue leaves an event for the switch. Where too many wait already, the oldest is dropped: who listens there wants to know what is the case now.
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

// looked counts the switches that were looked at once; after the last one all is known of talks from before a restart.
func (s *Server) looked(l *link) {
	s.unseen.mu.Lock()
	defer s.unseen.mu.Unlock()
	if s.unseen.links[l] {
		delete(s.unseen.links, l)
		if len(s.unseen.links) == 0 {
			s.Dispatcher.releaseHeld()
		}
	}
}

// heardOnLink is what a link listens to.
const heardOnLink = "event plain CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_HANGUP CHANNEL_DESTROY CUSTOM sofia::register sofia::unregister sofia::expire"

// session serves one connection until it is lost: first what is the case there now, then what changes.
func (l *link) session(ctx context.Context, conn *esl.Connection) error {
	if err := l.lookAround(ctx, conn); err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	l.comeUp(conn)
	defer l.goDown()
	var beside sync.WaitGroup
	beside.Go(func() { l.tellStatuses(ctx, conn) }) // these end with ctx, which ends with the connection or this session
	beside.Go(func() { l.lookAgain(ctx, conn) })
	beside.Go(func() { l.endLeftovers(ctx, conn) })
	beside.Go(func() { end(l.listen(ctx, conn)) })
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
	signalOne(l.turned)
	l.server.looked(l)
	l.log.Info().Msg("linked to FreeSWITCH")
}

func (l *link) goDown() {
	l.conn.Store(nil)
	l.become(func(s *LinkState) { s.Up, s.Since = false, time.Now() })
	signalOne(l.turned)
}

// tellStatuses fires agent events into FreeSWITCH.
func (l *link) tellStatuses(ctx context.Context, conn *esl.Connection) {
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

// lookAround subscribes, and then asks for registrations and channels, so that nothing falls between.
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
		s.NoDomain = replies[2].Text() == "" && strings.HasPrefix(or(l.at.DialString, "user/{ext}"), "user/{ext}") &&
			!strings.Contains(l.at.DialString, "@")
	})
	if l.current().NoDomain {
		l.log.Warn().Msg("the dial string user/{ext} reaches nobody: this FreeSWITCH has no global variable domain")
	}
	l.compareRegistrations(rows(replies[4].Text()))
	channels := rows(replies[5].Text())
	l.outside.retain(l, uuids(channels))
	if now := l.current().CoreUUID; was != "" && was != now {
		l.server.endCalls(l.at.Name, was)
	}
	if err := l.checkTalks(ctx, conn, l.server.talks.at(l.at.Name)); err != nil {
		return err
	}
	return l.recognise(ctx, conn, l.suspects(channels, false))
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

// compareRegistrations lets the list govern the extensions that ever registered there; others keep what hand or login said.
func (l *link) compareRegistrations(list []map[string]string) {
	now := map[string]bool{}
	for _, r := range list {
		now[r["reg_user"]] = true
		l.seen[r["reg_user"]] = true
	}
	for extension := range l.seen {
		l.register(extension, now[extension])
	}
}

func (l *link) register(extension string, registered bool) {
	l.server.Dispatcher.registered(extension, registered, l.at.LocalIP)
}

// hearFirst takes an event as it arrives, in the connection's reader: the end of a leg frees its agent, and a caller waits for that.
func (l *link) hearFirst(e *esl.Event) {
	if e.Name() != "CHANNEL_HANGUP" {
		return
	}
	if leg := l.server.legs.find(e.Get("Unique-ID")); leg != nil {
		leg.left(byItsPhone(e))
	}
}

// hear takes an event of the switch, in its turn: not before the link has looked around.
func (l *link) hear(e *esl.Event) {
	switch e.Name() {
	case "CHANNEL_CREATE", "CHANNEL_ANSWER":
		if l.isOurs(readMark(e.Get("Channel-Presence-Data")), e.Get("Call-Direction")) {
			return // its call, which hears faster, may be over by now
		}
		for _, user := range []string{e.Get("variable_user_name"), e.Get("variable_dialed_user")} {
			l.meet(e.Get("Unique-ID"), user)
		}
	case "CHANNEL_HANGUP":
		l.hearEnd(e)
	case "CHANNEL_DESTROY":
		l.outside.forget(l, e.Get("Unique-ID"))
	case "CUSTOM":
		l.hearRegistration(e)
	}
}

// byItsPhone reports whether a leg's CHANNEL_HANGUP says that its phone sent a BYE: mod_sofia notes the 200 OK to it before it hangs the channel up (sofia.c,
// sofia_handle_sip_i_bye). At every other end the phone has yet to hear of it.
func byItsPhone(e *esl.Event) bool { return e.Get("variable_sip_term_status") == "200" }

func (l *link) hearRegistration(e *esl.Event) {
	extension := or(e.Get("from-user"), e.Get("user")) // an expiry names it user (sofia_reg.c)
	if extension == "" {
		return
	}
	registered := e.Subclass() == "sofia::register"
	l.seen[extension] = l.seen[extension] || registered
	l.register(extension, registered)
}

// knows reports whether the channel is of a call of ours, or of a talk that goes on without us.
func (s *Server) knows(uuid string) bool {
	return s.legs.find(uuid) != nil || s.talks.sideOf(uuid) != queue.NoSide
}

// meet notes a channel that an extension has, unless it is a leg of ours.
func (l *link) meet(uuid, extension string) {
	if uuid != "" && extension != "" && !l.server.knows(uuid) {
		l.outside.note(l, uuid, extension)
	}
}

// userOf is the user of user@domain.
func userOf(presence string) string {
	user, _, _ := strings.Cut(presence, "@")
	return user
}
