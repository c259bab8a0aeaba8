package acd

import (
	"cmp"
	"context"
	"net"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

// arrival is what a channel says of itself as it comes to the socket port.
type arrival struct {
	ch       *channel
	who      caller
	route    route
	visit    visit  // the last one, of which this one is the next or goes on
	place    string // that a server gave back as it shut down, as placeVariable has it; "" = none
	recalled bool   // a call of ours ordered the caller back
	consult  string // uuid of the consulting call whose place the caller takes over; "" = none
	picked   bool   // the channel was answered before it came here
	sw       string // FreeSWITCH-Hostname
	at       time.Time
}

// handle takes one connection of FreeSWITCH's socket application.
func (s *Server) handle(serving context.Context, nc net.Conn) {
	c := newCall(s, serving)
	ctx := c.renew()
	defer c.end(nil)
	s.counts.accepted.Add(1)
	defer c.countPhase(noPhase)
	ch := newChannel()
	ch.call.Store(c)
	c.where.Store(ch)
	ch.conn = esl.NewConnection(nc, esl.Options{
		OnEvent: ch.hear, OnEnd: ch.lost, ReplyTimeout: silenceLimit, Limits: esl.Limits{MaxHeaderBytes: maxChannel, Room: s.room},
	})
	defer ch.conn.Close()
	a, ok := c.learn(ctx, ch)
	if !ok {
		return
	}
	s.channels.connected(ch)
	defer s.channels.disconnected(ch)
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
		c.runCommand(ctx, a.route.args)
	}
}

func newCall(s *Server, serving context.Context) *call {
	return &call{
		server: s, settings: s.settings.Load(), log: s.log, serving: serving,
		signals: make(chan signal, signalsBound), gone: make(chan struct{}),
	}
}

// learn asks FreeSWITCH about the channel. It returns false if there is no channel, or no route
// that we know, and the call was handed back. A caller who wants an agent and hangs up meanwhile is
// a call, which ends at once.
func (c *call) learn(ctx context.Context, ch *channel) (a arrival, ok bool) {
	// The call's context may end before the last reply.
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
	c.take(a)
	r, err := routeOf(headers)
	a.route = r
	switch {
	case a.consult != "": // who takes over another one's place has not been here for it
	case returnedHere(headers, r):
		c.handOn("", r) // a repeated socket line of the dialplan
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

// readChannel reads the caller's particulars from the channel.
func (s *Server) readChannel(ch *channel, headers *esl.Event) arrival {
	// A clone, because else the event's text of some kilobytes would stay.
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
	recalled := get("variable_"+recallVariable) != ""
	if recalled {
		ch.recalledAt.Store(time.Now().UnixNano())
	}
	ch.knowsSince(sequenceOf(headers))
	return arrival{
		ch: ch, who: who, at: time.Now(), sw: get("FreeSWITCH-Hostname"),
		visit: readVisit(get("variable_" + visitVariable)), place: get("variable_" + placeVariable),
		recalled: recalled,
		consult:  get("variable_" + consultVariable), picked: headers.Get("Answer-State") == "answered",
	}
}

// take makes the call that of the arrival's channel.
func (c *call) take(a arrival) {
	c.isFor(a.who)
	c.record.arrived(a)
	c.log = c.server.log.With().Str("uuid", a.ch.uuid).Str("caller", a.who.shown()).Logger()
	if c.group != "" {
		c.log = c.log.With().Str("group", c.group).Logger()
	}
}

// admit lets a call in that wants an agent. It returns false if the call was handed back.
func (c *call) admit(a arrival) bool {
	group, err := c.server.groupOf(a.route)
	if err != nil {
		c.log.Warn().Err(err).Msg("call handed back")
		c.turnAway(returnedInvalid, a.route)
		return false
	}
	c.enterGroup(group)
	c.record.place = a.place
	if !c.server.seat(c) {
		c.log.Warn().Int("max-calls", c.settings.MaxCalls).Msg("call handed back: all places are taken")
		c.turnAway(returnedFull, a.route)
		return false
	}
	return true
}

// enterGroup makes the group that of the visit.
func (c *call) enterGroup(group string) {
	c.group = strings.Clone(group) // the channel's text would stay with it
	c.record.Group = c.group
	c.log = c.log.With().Str("group", group).Logger()
}

// groupNow is the group of the visit, for other goroutines than the call's.
func (c *call) groupNow() string {
	if v := c.view.Load(); v != nil {
		return v.Group
	}
	return ""
}

// isUUID reports whether the word can be a channel's uuid and nothing else; an operator may name
// channels as they like.
func isUUID(word string) bool {
	for _, r := range word {
		if r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return word != "" && len(word) <= 128
}

// wordRoom bounds what is kept of a number or a name, in bytes.
const wordRoom = 64

// sanitize leaves of a word that strangers choose what is harmless in every command, variable,
// event and file name made of it.
func sanitize(word string) string {
	word = strings.ReplaceAll(esl.Clean(word), ";", "")
	if len(word) > wordRoom {
		word = strings.ToValidUTF8(word[:wordRoom], "")
	}
	return word
}

// homeOf is home of a channel as it says where it is.
func homeOf(headers *esl.Event) string {
	return home(sanitize(headers.Get("Caller-Destination-Number")), cmp.Or(headers.Get("Caller-Dialplan"), "XML"),
		cmp.Or(headers.Get("Caller-Context"), "default"))
}

// home is where a call that is out of the socket application is handed back to: EXTENSION DIALPLAN
// CONTEXT. It is empty if one of them is more than a plain word, such as an inline dialplan.
func home(words ...string) string {
	for _, word := range words {
		if word == "inline" || !isUUID(strings.Trim(word, "+*#")) {
			return ""
		}
	}
	return strings.Join(words, " ")
}

// knownNumber is the caller's number, "" if the network says that there is none to know.
func knownNumber(number string) string {
	switch strings.ToLower(number) {
	case "anonymous", "unknown", "unavailable", "restricted", "private":
		return ""
	}
	return number
}

// turnAway hands a call back that never took a place, and writes its CDR.
func (c *call) turnAway(reason string, r route) {
	c.record.ended(queue.Returned, reason)
	c.server.keepCDR(c.record.CDR)
	c.handOn(reason, r)
}

// handOn gives the call back to the dialplan, which goes on with its next action. Nothing plays.
func (c *call) handOn(reason string, r route) {
	c.channel().become(released)
	// FreeSWITCH may see our exit before it has begun to wait for commands. Without socket_resume
	// the caller would then wait for ever.
	variables := []string{"socket_resume=true"}
	if reason != "" {
		variables = append(variables, outcomeVariable+"="+reason, outcomeOfVariable+"="+sanitize(r.word()))
	}
	c.do(c.setVariables(variables...))
	c.do(esl.Raw("exit"))
}

// seat counts the call in, unless max-calls are here already. A call of the same channel that is
// still here ends: the caller's new connection is the end of that visit, also if it comes before
// any event that says so. Its goroutine is waited for, for two reasons:
//   - the caller finds the place that a lost connection kept;
//   - its last event comes before this visit's first.
func (s *Server) seat(c *call) bool {
	for {
		most := c.settings.MaxCalls
		if _, kept := s.Dispatcher.keepsPlace(c.uuid()); kept {
			most = 0 // a caller who has a place already is not sent away for later ones
		}
		earlier, ok := s.channels.seat(c, most)
		if earlier == nil {
			return ok
		}
		earlier.returned(c.group, "")
		select {
		case <-earlier.gone:
			c.record.follows(earlier.visit())
		case <-time.After(visitLimit):
			c.log.Error().Msg("call handed back: the visit before does not end")
			return false
		}
	}
}

// returned ends the visit of a caller whose channel has a new connection, which asks for the group.
// cause is attendedTransfer if a phone connected the caller with that group.
func (c *call) returned(group, cause string) {
	switch {
	case c.channel().is().talks():
		c.signal(happened{what: callerReturned, number: group, cause: cause})
	case group != c.groupNow():
		c.end(errTaken) // the transfer is not the end of a connection: nothing of this visit goes on there
	default:
		c.end(errReturned)
	}
}

// endAfterTalk hangs up a caller whose dialplan asks for an agent though their talk is over. The
// talk has its CDR, and this is not another visit.
func (c *call) endAfterTalk() {
	c.log.Info().Msg("the call ends: the caller has talked, and FreeSWITCH went on in the dialplan")
	ch := c.channel()
	ch.become(released)
	c.say(ch, []esl.Command{esl.API("uuid_kill " + ch.uuid + " NORMAL_CLEARING")})
}

// serve runs the story of an admitted call, and returns when the connection may be closed.
func (c *call) serve(ctx context.Context) {
	ch := c.channel()
	func() {
		defer c.release()
		c.run(ctx)
	}()
	if !ch.ended.Load() {
		ch.awaitEnd(c.serving) // somebody took the caller, whose next application would end with it
		ch.endHeld()
	}
}

// endHeld ends a connection that was held open until the program ends. The caller may be on the way
// through the dialplan, which sets socket_resume. With that set, the end would leave the caller in
// silence for ever.
func (ch *channel) endHeld() {
	if ch.exit(esl.API("uuid_setvar "+ch.uuid+" socket_resume")) != nil {
		return // it is over
	}
	limit := time.NewTimer(hangupLag)
	defer limit.Stop()
	select {
	case <-ch.conn.Done():
	case <-limit.C:
	}
}

// visitLimit is how long the end of a visit may take when the caller has begun the next one.
const visitLimit = 2 * replyLimit

// release counts the call out.
func (c *call) release() {
	c.server.channels.unseat(c)
	close(c.gone)
}

// keepCDR writes the CDR of a call that is not on the floor.
func (s *Server) keepCDR(cdr queue.CDR) {
	s.Dispatcher.do(func(time.Time) { s.Dispatcher.floor.Ended(cdr) })
}
