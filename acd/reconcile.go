package acd

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"nwayacd/esl"
)

// What a link finds at a FreeSWITCH when it comes up, and what it does about it.

// tableLag is how far `show channels` may be behind, because a thread of its own writes its table
// (switch_core_sqldb.c).
const tableLag = 2 * time.Second

// linkLimit is how long a call waits for a link to do what the call's own connection cannot.
const linkLimit = 2 * time.Second

// parkedVariable is set on a caller whom the previous release parked after a bridge to wait:
// SERVER:GROUP.
const parkedVariable = "nwayacd_parked"

// talkVariable is set on a caller who is or was in a talk of ours: SERVER.
const talkVariable = "nwayacd_talk"

// homeVariable is the home of a caller, to which wayBack leads if no server can be reached:
// EXTENSION DIALPLAN CONTEXT.
const homeVariable = "nwayacd_home"

// foundChannel is a channel that existed before the link. The channel itself is asked for its
// state, because the table of `show channels` lags. It may list a channel that ended before the
// link subscribed.
type foundChannel struct {
	uuid, extension string
	caller          string // of one of our legs: the caller for whom it was made
	questions       []esl.Command
	reconcile       func(ctx context.Context, l *link, conn *esl.Connection, s foundChannel, answers []esl.Reply)
}

// variables returns the questions for variables of the channel.
func variables(uuid string, names ...string) (questions []esl.Command) {
	for _, name := range names {
		questions = append(questions, esl.API("uuid_getvar "+uuid+" "+name))
	}
	return questions
}

// exists returns the question whether the channel exists.
func exists(uuid string) []esl.Command { return []esl.Command{esl.API("uuid_exists " + uuid)} }

// foundChannels returns the channels of the table that concern us, at the first look or at the
// second:
//   - Our legs are checked at both, because the table may have lacked one at the first.
//   - Parked callers are checked at the second. By then the legs that rang for them are gone, and
//     so are the listeners of the earlier connections. The end of those would take the callers away
//     again (docs/wire.md).
//   - External calls are checked at the first. Afterwards events report them.
func (l *link) foundChannels(channels []map[string]string, again bool) (all []foundChannel) {
	for _, channel := range channels {
		uuid, mark := channel["uuid"], readMark(channel["presence_data"])
		extension := cmp.Or(mark.extension, userOf(channel["presence_id"]))
		switch {
		case !isUUID(uuid):
		case l.isOurs(mark, channel["direction"]):
			all = append(all, foundLeg(uuid, mark))
		// music plays while the channel is parked
		case channel["application"] == "park", channel["application"] == "playback", channel["state"] == "CS_PARK":
			if again {
				all = append(all, foundChannel{
					uuid: uuid, reconcile: reconcileParked, questions: []esl.Command{esl.API("uuid_dump " + uuid)},
				})
			}
		case channel["state"] == "CS_RESET", again && channel["state"] == "CS_SOFT_EXECUTE":
			// A talk is in the second state, too, and so is an external call for the first look.
			if again && l.server.channels.caller(uuid) == nil {
				all = append(all, foundChannel{
					uuid: uuid, reconcile: reconcileReset, questions: []esl.Command{esl.API("uuid_dump " + uuid)},
				})
			}
		case extension != "" && !again:
			all = append(all, foundChannel{
				uuid: uuid, extension: extension, questions: exists(uuid), reconcile: reconcileExternal,
			})
		}
	}
	return all
}

// foundLeg is a leg with that mark.
func foundLeg(uuid string, m marked) foundChannel {
	return foundChannel{
		uuid: uuid, extension: m.extension, caller: m.caller, reconcile: reconcileLeg,
		questions: variables(uuid, "bridge_uuid", farVariable),
	}
}

// isOurs reports whether the mark is that of this server, of this process or an earlier one. The
// leg must be outbound, because the far side of a loopback channel inherits the mark, but is
// inbound.
func (l *link) isOurs(m marked, direction string) bool {
	return m.server != "" && m.server == l.server.options.Identity && direction == "outbound"
}

// reconcile asks the channels about their state, lookBatch in one write, and acts on each.
func (l *link) reconcile(ctx context.Context, conn *esl.Connection, all []foundChannel) error {
	for some := range slices.Chunk(all, lookBatch) {
		var questions []esl.Command
		for _, s := range some {
			questions = append(questions, s.questions...)
		}
		answers, err := conn.Do(ctx, questions...)
		if err != nil {
			return err
		}
		for _, s := range some {
			s.reconcile(ctx, l, conn, s, answers[:len(s.questions)])
			answers = answers[len(s.questions):]
		}
	}
	return nil
}

// reconcileLeg handles a leg of ours that no call has. It is from before a restart, or its
// originate was on the way for too long:
//   - If it is bridged with a caller whose place is kept, it is a talk that never reached the
//     journal. It is recovered.
//   - If it is bridged otherwise, or was left with its agent, it counts as an external call, which
//     keeps the agent from the next offer.
//   - If it is not bridged, it is ended, because no call will bridge it. FreeSWITCH releases the
//     caller for whom it rings only when its originate is over (docs/wire.md). Until it is gone it
//     counts as an external call, too.
func reconcileLeg(ctx context.Context, l *link, conn *esl.Connection, s foundChannel, answers []esl.Reply) {
	switch partner, left := answers[0], answers[1]; {
	case !partner.OK():
		l.server.channels.dropExternal(s.uuid)
	case left.Text() == leftWithAgent:
		l.noteIfExternal(s.uuid, s.extension)
	case l.server.channels.isOurs(s.uuid), isSet(left):
	case isSet(partner):
		if !l.recoverTalk(ctx, conn, s, partner.Text()) {
			l.noteIfExternal(s.uuid, s.extension)
		}
	default:
		l.log.Info().Str("uuid", s.uuid).Str("agent", s.extension).Msg("ended an agent's leg that no call has")
		l.noteIfExternal(s.uuid, s.extension)
		conn.Post(esl.API("uuid_kill " + s.uuid)) // if it fails, so does the session
	}
}

// reconcileParked handles a parked channel that no call of ours has.
func reconcileParked(_ context.Context, l *link, conn *esl.Connection, s foundChannel, answers []esl.Reply) {
	l.server.freeFromPark(conn, s.uuid, dumped(answers[0]))
}

// freeFromPark handles a parked channel:
//   - A caller whose place is kept is recalled. The server died while it recalled the caller, or
//     after the bridge had failed.
//   - A caller whose talk is over, and who was not taken, is hung up.
func (s *Server) freeFromPark(conn *esl.Connection, uuid string, caller *esl.Event) {
	if caller.Get("variable_bridge_to") != "" || s.channels.caller(uuid) != nil {
		return
	}
	parkedBy := caller.Get("variable_" + parkedVariable) // by the previous release
	group, ours := strings.CutPrefix(parkedBy, s.options.Identity+":")
	talked := caller.Get("variable_"+talkVariable) == s.options.Identity
	if !ours && talked {
		group, ours = s.Dispatcher.keepsPlace(uuid)
	}
	switch {
	case ours:
		s.log.Info().Str("uuid", uuid).Str("group", group).Msg("recalled a caller who was left parked")
		conn.Post(s.fetch(conn, uuid, group))
	case talked && caller.Get("variable_"+overVariable) == "true":
		s.log.Info().Str("uuid", uuid).Msg("hung up a caller who was left parked after a talk")
		conn.Post(esl.API("uuid_kill " + uuid + " NORMAL_CLEARING"))
	}
}

// reconcileReset handles a caller whom FreeSWITCH left in silence and for ever. The caller is sent
// into the same extension again. The server had died:
//   - while it held an earlier connection of the channel open, and the dialplan had set
//     socket_resume since (docs/wire.md); the caller is in CS_RESET
//   - when the channel with which FreeSWITCH was to bridge the caller hung up; the caller is in
//     CS_RESET or in CS_SOFT_EXECUTE
//
// A channel is also in these states for a moment while FreeSWITCH bridges it (switch_ivr_bridge.c,
// switch_ivr_uuid_bridge). Then the other channel exists, and the caller is left alone.
func reconcileReset(ctx context.Context, l *link, conn *esl.Connection, s foundChannel, answers []esl.Reply) {
	l.server.freeFromReset(ctx, conn, s.uuid, dumped(answers[0]))
}

// lookAfter looks at the channel of a call that is over, if the caller may be left in silence:
//   - The connection of the call was held open and ended by itself, because the network was cut. If
//     the dialplan had set socket_resume, the caller is in CS_RESET.
//   - The call was lost, and the place is kept. If the bridge with the agent had failed, the caller
//     is parked. The link may have looked while the call still waited for answers.
//
// It waits first, because FreeSWITCH may see the end later. If there is no link then, the next one
// looks as it comes up.
func (s *Server) lookAfter(serving context.Context, conn *esl.Connection, ch *channel) {
	if _, kept := s.Dispatcher.keepsPlace(ch.uuid); !kept && !s.channels.holds(conn) || serving.Err() != nil {
		return
	}
	limited, stop := context.WithTimeout(serving, tableLag+replyLimit)
	defer stop()
	pause := time.NewTimer(tableLag)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-limited.Done():
		return
	}
	link := s.connTo(ch.at())
	if link == nil || !s.mayOrder(ch) {
		return
	}
	answers, err := link.Do(limited, esl.API("uuid_dump "+ch.uuid))
	if err != nil {
		return
	}
	if caller := dumped(answers[0]); caller.Get("Channel-State") == "CS_PARK" {
		s.freeFromPark(link, ch.uuid, caller)
	} else {
		s.freeFromReset(limited, link, ch.uuid, caller)
	}
}

// freeFromReset sends a caller whom FreeSWITCH left in silence into the dialplan again.
func (s *Server) freeFromReset(ctx context.Context, conn *esl.Connection, uuid string, caller *esl.Event) {
	visited := readVisit(caller.Get("variable_"+visitVariable)).number > 0
	home := homeOf(caller)
	if !waitsForBridge(caller) || !visited || home == "" || s.channels.caller(uuid) != nil {
		return
	}
	partner := caller.Get("variable_bridge_uuid") // a caller in CS_RESET may wait for none
	if caller.Get("Channel-State") != "CS_RESET" {
		if partner = partnerOf(caller); partner == "" {
			return
		}
	}
	if partner != "" {
		if there, err := conn.Do(ctx, exists(partner)...); err != nil || there[0].Text() == "true" {
			return
		}
	}
	s.log.Info().Str("uuid", uuid).Str("to", home).Msg("a caller was left in silence, and is in the dialplan again")
	conn.Post(esl.API("uuid_transfer " + uuid + " " + home))
}

// reconcileExternal handles an external call of an extension.
func reconcileExternal(_ context.Context, l *link, _ *esl.Connection, s foundChannel, answers []esl.Reply) {
	if answers[0].Text() == "true" {
		l.noteIfExternal(s.uuid, s.extension)
	} else {
		l.server.channels.dropExternal(s.uuid)
	}
}

// reconcileNoted handles an external call that is noted. It may have ended at the moment when it
// was noted.
func reconcileNoted(_ context.Context, l *link, _ *esl.Connection, s foundChannel, answers []esl.Reply) {
	if answers[0].Text() != "true" {
		l.server.channels.dropExternal(s.uuid)
	}
}

// isSet reports whether uuid_getvar found a value.
func isSet(r esl.Reply) bool { return r.OK() && r.Text() != "" && r.Text() != "_undef_" }

// noted returns the external calls that are noted for this FreeSWITCH. If one ended at the moment
// when it was noted, its end event was missed, and the agent would be busy for ever.
func (l *link) noted() (all []foundChannel) {
	for _, uuid := range l.server.channels.externalAt(l) {
		all = append(all, foundChannel{uuid: uuid, questions: exists(uuid), reconcile: reconcileNoted})
	}
	return all
}

// lookAgain is the second look, tableLag after the link came up. It finds the channels that the
// table lacked before, and makes the talks ask what became of them.
func (l *link) lookAgain(ctx context.Context, conn *esl.Connection) {
	timer := time.NewTimer(tableLag)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	limit, stop := context.WithTimeout(ctx, lookLimit)
	defer stop()
	text, err := conn.API(limit, "show channels as json")
	if err == nil {
		err = l.reconcile(limit, conn, l.foundChannels(rows(text), true))
	}
	if err == nil {
		err = l.reconcile(limit, conn, l.noted())
	}
	if err == nil {
		err = l.server.dropGone(limit)
	}
	l.server.signalTalks(l.at.Name, lookAgain{}) // also those that began during the first look
	switch {
	case err == nil:
		l.log.Debug().Msg("the second look at the channels is over")
	case ctx.Err() == nil:
		l.log.Warn().Err(err).Msg("the second look at the channels failed")
	}
}

// dropGone gives up the places of absent callers who have hung up. It does nothing unless every
// FreeSWITCH can be asked, because it is unknown which one has a caller.
func (s *Server) dropGone(ctx context.Context) error {
	absent := s.Dispatcher.absent()
	for some := range slices.Chunk(absent, lookBatch) {
		gone := some
		for _, l := range s.links {
			conn := l.conn.Load()
			if conn == nil {
				return nil
			}
			var questions []esl.Command
			for _, uuid := range gone {
				questions = append(questions, exists(uuid)...)
			}
			answers, err := conn.Do(ctx, questions...)
			if err != nil {
				return err
			}
			var left []string
			for i, uuid := range gone {
				if answers[i].Text() == "false" {
					left = append(left, uuid)
				}
			}
			gone = left
		}
		s.Dispatcher.dropAbsent(gone)
	}
	return nil
}

// kill ends a leg over the link, because the call's own connection is lost or silent. It returns
// true if the leg is gone. If no link answers, the leg keeps its agent from other calls until the
// link is up again and ends it.
func (s *Server) kill(l *leg, at Switch) (gone bool) {
	link := s.linkOf(at.Name)
	if link == nil {
		s.inDoubt(l, at)
		return false
	}
	ctx, stop := context.WithTimeout(context.Background(), linkLimit)
	defer stop()
	if conn := link.conn.Load(); conn != nil {
		if replies, err := conn.Do(ctx, kills(l.channels(), "")...); err == nil {
			s.beyondDoubt(l)
			return allOK(replies) // if the originate has not begun, there is no leg yet, and the command fails
		}
		defer conn.Close() // the link reconnects, and reads the state again
	}
	s.inDoubt(l, at)
	return false
}

// allOK reports whether FreeSWITCH accepted all commands.
func allOK(replies []esl.Reply) bool {
	return !slices.ContainsFunc(replies, func(r esl.Reply) bool { return !r.OK() })
}

// connTo returns the connection of the link to a FreeSWITCH, or nil while there is none.
func (s *Server) connTo(at Switch) *esl.Connection {
	if link := s.linkOf(at.Name); link != nil {
		return link.conn.Load()
	}
	return nil
}
