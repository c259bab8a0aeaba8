package acd

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// arrival is what the headers of a channel say when the channel connects to the socket port.
type arrival struct {
	ch       *channel
	who      caller
	route    route
	visit    visit  // the last visit so far; this one follows it, or is its continuation
	place    string // value of placeVariable, which a server set when it shut down; "" = none
	recalled bool   // a call of ours recalled the caller
	consult  string // uuid of the consulting call whose place the caller takes over; "" = none
	picked   bool   // the channel was answered before it came here
	sw       string // FreeSWITCH-Hostname
	sequence uint64 // Event-Sequence of the headers
	at       time.Time
	known    trust // whether the connection is that of the channel; set if the arrival claims something
}

// orderOfConnection is the key of a uint64 in the context of a connection. It counts the
// connections in the order in which FreeSWITCH made them.
type orderOfConnection struct{}

// handle takes one connection of FreeSWITCH's socket application.
func (s *Server) handle(serving context.Context, nc net.Conn) {
	c := newCall(s, serving)
	ctx := c.renew()
	defer c.end(nil)
	defer c.countPhase(noPhase)
	ch := newChannel()
	ch.order, _ = serving.Value(orderOfConnection{}).(uint64)
	ch.call.Store(c)
	c.callerChannel.Store(ch)
	ch.conn = esl.NewConnection(nc, esl.Options{
		OnEvent: ch.onEvent, OnEnd: ch.lost, ReplyTimeout: silenceLimit,
		Limits: esl.Limits{MaxHeaderBytes: maxChannel, Room: s.room},
	})
	defer ch.conn.Close()
	a, ok := c.readArrival(ctx, ch)
	if !ok {
		return
	}
	s.channels.connected(ch)
	defer s.channels.disconnected(ch)
	if a.recalled {
		ch.cameBack()
	}
	ch.knowsSince(a.sequence) // last, because the socket application may have ended already
	switch a.route.app {
	case appQueue:
		if s.rejoin(ctx, c, a) || c.cameTooLate(ctx, a) {
			return
		}
		if c.admit(a) {
			c.serve(ctx)
		}
	case appBridge:
		c.bridgeWith(a.route)
	case appCallOut:
		c.goOut(ctx, a)
	case appCommand:
		c.runCommand(ctx, a)
	}
}

func newCall(s *Server, serving context.Context) *call {
	return &call{
		server: s, settings: s.settings.Load(), log: s.log, serving: serving,
		signals: make(chan signal, signalsBound), gone: make(chan struct{}),
	}
}

// readArrival asks FreeSWITCH about the channel. It returns false if there is no channel, or if the
// channel was given back to the dialplan, for example because its route is unknown. It returns true
// for a caller who wants an agent and hangs up meanwhile, because that call needs a CDR.
func (c *call) readArrival(ctx context.Context, ch *channel) (a arrival, ok bool) {
	// The call's context may end before the last reply, for example because the caller hangs up.
	limit, stop := context.WithTimeout(context.Background(), replyLimit)
	defer stop()
	replies, cut := ch.conn.Do(limit, append([]esl.Command{esl.Raw("connect")}, subscription...)...)
	_, gone := isHangup(context.Cause(ctx))
	if len(replies) == 0 || cut != nil && !gone {
		c.server.report(ch.conn.RemoteAddr()).Err(cut).Msg("a connection without a call")
		return a, false
	}
	ch.listens.Store(cut == nil)
	headers := replies[0].Event()
	if !isUUID(headers.Get("Unique-ID")) {
		c.server.report(ch.conn.RemoteAddr()).Msg("a connection without a channel: not from FreeSWITCH")
		return a, false
	}
	a = c.server.readChannel(ch, headers)
	r, err := routeOf(headers)
	a.route = r
	c.take(a)
	if !c.server.believe(&a) {
		return a, false
	}
	c.isFor(a.who)
	switch {
	case a.consult != "": // a caller who takes over a place has not been here for it before
	case returnedHere(headers, r):
		c.handOn("", r) // the dialplan has several socket lines
		return a, false
	case r.app == appQueue && c.settings.AfterTalk != AfterTalkDialplan && talkIsOver(headers):
		c.endAfterTalk()
		return a, false
	}
	if err != nil {
		c.log.Warn().Err(err).Msg("call handed back")
		c.turnAway(returnedInvalid, r)
		return a, false
	}
	return a, cut == nil || r.app == appQueue
}

// readChannel reads the caller's details from the headers of the channel.
func (s *Server) readChannel(ch *channel, headers *esl.Event) arrival {
	// The text is cloned, because otherwise the event's text of some kilobytes would stay in
	// memory.
	get := func(name string) string { return strings.Clone(headers.Get(name)) }
	ch.uuid, ch.core = get("Unique-ID"), get("Core-UUID")
	ch.isAt(s.switchOf(ch.core))
	who := caller{
		number:  knownNumber(sanitize(get("Caller-Caller-ID-Number"))),
		dialled: sanitize(get("Caller-Destination-Number")),
		user:    get("variable_user_name"),
	}
	who.name = knownName(get("Caller-Caller-ID-Name"), who.number)
	who.exported = exportsOf(headers)
	who.home = homeOf(headers)
	return arrival{
		ch: ch, who: who, at: time.Now(), sw: get("FreeSWITCH-Hostname"),
		visit: readVisit(get("variable_" + visitVariable)), place: get("variable_" + placeVariable),
		recalled: get("variable_"+recallVariable) != "", consult: get("variable_" + consultVariable),
		picked: headers.Get("Answer-State") == "answered", sequence: sequenceOf(headers),
	}
}

// take makes the arrival's channel and caller those of the call.
func (c *call) take(a arrival) {
	c.isFor(a.who)
	c.record.arrived(a)
	c.log = c.server.log.With().Str("uuid", a.ch.uuid).Str("caller", a.who.shown()).Logger()
	if c.group != "" {
		c.log = c.log.With().Str("group", c.group).Logger()
	}
}

// admit admits a call that wants an agent. It returns false if the call was handed back to the
// dialplan, or is over already.
func (c *call) admit(a arrival) bool {
	group, err := c.server.groupOf(a.route)
	if err != nil {
		c.log.Warn().Err(err).Msg("call handed back")
		c.turnAway(returnedInvalid, a.route)
		return false
	}
	c.enterGroup(group)
	c.record.place, c.record.placeUnsure = a.place, a.known == unverified
	switch err := c.server.addCall(c, a); {
	case err == nil:
		return true
	case errors.Is(err, errNotIts): // it gets no CDR, because the channel has another call
	case errors.Is(err, errOver):
		c.log.Info().Err(err).Msg("no other visit")
	case errors.Is(err, errOvertaken):
		c.log.Info().Err(err).Msg("no visit")
		c.keepOpen()
	case errors.Is(err, errVisitGoesOn): // the dialplan may try again
		c.log.Error().Err(err).Msg("call handed back")
		c.turnAway("", a.route)
	default:
		c.log.Warn().Int("max-calls", c.settings.MaxCalls).Err(err).Msg("call handed back")
		c.turnAway(returnedFull, a.route)
	}
	return false
}

// enterGroup makes the group the one of this visit.
func (c *call) enterGroup(group string) {
	c.group = strings.Clone(group) // cloned, because otherwise the channel's whole text would stay in memory
	c.record.Group = c.group
	c.log = c.log.With().Str("group", group).Logger()
}

// groupNow returns the group of the visit. It is for goroutines other than the call's.
func (c *call) groupNow() string {
	if v := c.view.Load(); v != nil {
		return v.Group
	}
	return ""
}

// isUUID reports whether the word can only be the uuid of a channel. An operator may choose the
// uuids of channels freely, so letters, digits and -_. are allowed.
func isUUID(word string) bool {
	for _, r := range word {
		if r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return word != "" && len(word) <= queue.MaxUUID
}

// wordRoom is how many bytes of a number or a name are kept.
const wordRoom = 64

// sanitize removes from a word what could do harm in a command, variable, event or file name.
// Unknown people choose such words.
func sanitize(word string) string {
	word = strings.ReplaceAll(esl.Clean(word), ";", "")
	if len(word) > wordRoom {
		word = strings.ToValidUTF8(word[:wordRoom], "")
	}
	return word
}

// homeOf returns the caller's home, read from the headers of the channel.
func homeOf(headers *esl.Event) string {
	return home(sanitize(headers.Get("Caller-Destination-Number")), cmp.Or(headers.Get("Caller-Dialplan"), "XML"),
		cmp.Or(headers.Get("Caller-Context"), "default"))
}

// home returns EXTENSION DIALPLAN CONTEXT, the place in the dialplan to which a call is handed back
// once it is out of the socket application. It returns "" if one of the three is not a plain word,
// for example an inline dialplan.
func home(words ...string) string {
	for _, word := range words {
		if word == "inline" || !isUUID(strings.Trim(word, "+*#")) {
			return ""
		}
	}
	return strings.Join(words, " ")
}

// knownNumber returns the caller's number, or "" if the network says that the number is unknown.
func knownNumber(number string) string {
	switch strings.ToLower(number) {
	case "anonymous", "unknown", "unavailable", "restricted", "private":
		return ""
	}
	return number
}

// turnAway hands a call back that never had a place, and writes its CDR.
func (c *call) turnAway(reason string, r route) {
	c.record.ended(queue.Returned, reason)
	c.server.keepCDR(c.record.CDR)
	c.handOn(reason, r)
}

// handOn gives the call back to the dialplan, which goes on with its next action. Nothing is
// played.
func (c *call) handOn(reason string, r route) {
	c.channel().become(released)
	// FreeSWITCH may read our exit before it has begun to wait for commands. Without socket_resume
	// the caller would then wait for ever.
	variables := []string{"socket_resume=true"}
	if reason != "" {
		variables = append(variables, outcomeVariable+"="+reason, outcomeOfVariable+"="+sanitize(r.word()))
	}
	c.say(c.channel(), []esl.Command{c.setVariables(variables...)})
}

// The reasons why addCall does not register a call.
var (
	errFull        = errors.New("max-calls calls are here already")
	errVisitGoesOn = errors.New("the earlier visit of this channel did not end in time")
	errNotIts      = errors.New("the connection is not that of the channel that it names")
	errOver        = errors.New("the caller hung up, and the earlier visit of this channel ended with that")
	errOvertaken   = errors.New("the caller was sent elsewhere before this connection was ready")
)

// addCall registers the call, unless max-calls calls are registered already.
//
// If the same channel still has an earlier call, that visit ends now. The new connection shows that
// it is over, even if no event has said so yet. addCall waits for the goroutine of the earlier
// call, for two reasons:
//   - the new visit finds the place that a lost connection kept;
//   - the earlier visit's last event comes before the first event of this one.
//
// FreeSWITCH may have answered on a later connection first. The caller is on that one, so this one
// gets no call.
//
// A connection without a proof does not end the call of another one. Errors: errFull,
// errVisitGoesOn, errNotIts, errOver and errOvertaken.
func (s *Server) addCall(c *call, a arrival) error {
	limit := time.NewTimer(visitLimit)
	defer limit.Stop()
	for {
		most := c.settings.MaxCalls
		if _, kept := s.Dispatcher.keepsPlace(c.uuid()); kept {
			most = 0 // a caller who has a place already does not count against the limit
		}
		earlier, ok := s.channels.addCall(c, most)
		switch {
		case ok:
			c.record.follows(s.channels.lastVisit(c.channel()))
			return nil
		case earlier == nil:
			return errFull
		}
		overtaken := s.isOvertaken(a, earlier.channel()) // first, because the proof of the arrival replaces the key
		switch {
		case !s.mayTakeOver(a, earlier.channel()):
			return errNotIts
		case overtaken:
			return errOvertaken
		}
		earlier.returned(c.channel(), c.group, "")
		select {
		case <-earlier.gone:
		case <-limit.C:
			return errVisitGoesOn
		}
		if earlier.record.Outcome == queue.Abandoned && earlier.group == c.group {
			return errOver
		}
		c.record.follows(earlier.visit())
	}
}

// returned ends the visit of a caller whose channel has a new connection, which asks for the group.
// The cause is attendedTransfer if a phone connected the caller with that group.
func (c *call) returned(next *channel, group, cause string) {
	c.channel().next.Store(next)
	switch {
	case c.channel().is().talks():
		c.signal(happened{what: callerReturned, number: group, cause: cause})
	case group != c.groupNow():
		c.end(errTaken) // a transfer took the caller, so nothing of this visit continues in that group
	default:
		c.end(errReturned)
	}
}

// endAfterTalk hangs up a caller whose talk is over, but whose dialplan asks for an agent again.
// The talk has its CDR, and this connection is not another visit.
func (c *call) endAfterTalk() {
	c.log.Info().Msg("hung up: the talk is over, and the dialplan asked for an agent again")
	ch := c.channel()
	ch.become(released)
	c.say(ch, []esl.Command{esl.API("uuid_kill " + ch.uuid + " NORMAL_CLEARING")})
}

// isOvertaken reports whether the connection of a call was made after that of the arrival. The call
// may have ended that connection since, for example because the caller talks. A later connection
// needs the same proof as one that ends an earlier call.
func (s *Server) isOvertaken(a arrival, by *channel) bool {
	return by.order > a.ch.order && s.mayTakeOver(arrival{ch: by}, a.ch)
}

// serve runs an admitted call, and returns when its connection may be closed.
func (c *call) serve(ctx context.Context) {
	ch := c.channel()
	func() {
		defer c.release()
		c.run(ctx)
	}()
	if !ch.ended.Load() {
		c.awaitHeld(ch)
	}
	ch.conn.Close() // before a caller is ordered back, because its end would take them away again
	c.server.lookAfter(c.serving, ch.conn, c.channel())
}

// visitLimit is how long addCall waits for the end of the channel's earlier visit. The goroutine of
// that visit may be waiting for replyLimit as the new connection comes. What it says after that
// goes out over the new one.
const visitLimit = 4 * replyLimit

// release removes the call from the registry.
func (c *call) release() {
	c.server.channels.removeCall(c)
	close(c.gone)
}

// keepCDR writes the CDR of a call that is not on the floor.
func (s *Server) keepCDR(cdr queue.CDR) {
	s.Dispatcher.do(func(time.Time) { s.Dispatcher.floor.Ended(cdr) })
}
