package acd

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"nwayacd/esl"
)

// What a link finds at a switch when it comes up, and what it does about it.

// tableLag is how far `show channels` may be behind: a thread of its own writes its table
// (switch_core_sqldb.c).
const tableLag = 2 * time.Second

// linkLimit is how long a call waits for a link that is to do what its own connection cannot.
const linkLimit = 2 * time.Second

// parkedVariable marks a caller whom the release before parked in the line after a bridge:
// SERVER:GROUP.
const parkedVariable = "nwayacd_parked"

// talkVariable marks a caller who is in a talk of ours, or was: SERVER.
const talkVariable = "nwayacd_talk"

// homeVariable is where such a caller is sent if no server can be reached: EXTENSION DIALPLAN
// CONTEXT.
const homeVariable = "nwayacd_home"

// suspect is a channel that was there before the link. The channel itself is asked what is the
// case, because the table lags: it may still list a channel whose end came before we listened.
type suspect struct {
	uuid, extension string
	caller          string // of a leg of ours: the caller for whom it was made
	questions       []esl.Command
	settle          func(ctx context.Context, l *link, conn *esl.Connection, s suspect, answers []esl.Reply)
}

// variables asks for some of the channel's.
func variables(uuid string, names ...string) (questions []esl.Command) {
	for _, name := range names {
		questions = append(questions, esl.API("uuid_getvar "+uuid+" "+name))
	}
	return questions
}

// exists asks whether the channel does.
func exists(uuid string) []esl.Command { return []esl.Command{esl.API("uuid_exists " + uuid)} }

// suspects are the channels of the table that concern us, at the first look or at the second:
//   - Our legs are checked at both, because the table may not have had one yet.
//   - Parked callers wait for the second. By then the legs that rang for them are gone, and with
//     them the listeners of the connections they had, whose end would take the callers from us
//     again (docs/wire.md).
//   - External calls are checked at the first. Their events follow afterwards.
func (l *link) suspects(channels []map[string]string, again bool) (all []suspect) {
	for _, channel := range channels {
		uuid, mark := channel["uuid"], readMark(channel["presence_data"])
		extension := cmp.Or(mark.extension, userOf(channel["presence_id"]))
		switch {
		case !isUUID(uuid):
		case l.isOurs(mark, channel["direction"]):
			all = append(all, suspect{uuid: uuid, extension: extension, caller: mark.caller, questions: variables(uuid, "bridge_uuid", farVariable), settle: settleLeg})
		case channel["application"] == "park", channel["application"] == "playback", channel["state"] == "CS_PARK": // the music is over the park
			if again {
				all = append(all, suspect{uuid: uuid, questions: variables(uuid, parkedVariable, "bridge_to", talkVariable, overVariable), settle: settleParked})
			}
		case extension != "" && !again:
			all = append(all, suspect{uuid: uuid, extension: extension, questions: exists(uuid), settle: settleOutside})
		}
	}
	return all
}

// isOurs reports whether the mark is this server's, of this life or an earlier one, on a leg that
// goes out: the far side of a loopback channel inherits the mark, but comes in.
func (l *link) isOurs(m marked, direction string) bool {
	return m.server != "" && m.server == l.server.options.Identity && direction == "outbound"
}

// reconcile asks the suspects, some hundred in one write, and settles what is to be done about
// each.
func (l *link) reconcile(ctx context.Context, conn *esl.Connection, all []suspect) error {
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
			s.settle(ctx, l, conn, s, answers[:len(s.questions)])
			answers = answers[len(s.questions):]
		}
	}
	return nil
}

// settleLeg handles a leg of ours that no call has, so it survived a restart:
//   - Bridged with a caller whose place is kept, it is a talk that never reached the journal. It is
//     recovered.
//   - Bridged otherwise, it counts as an external call, which keeps the agent from the next offer.
//   - Not bridged, it is ended. No call will bridge it, and FreeSWITCH lets go of the caller it
//     rings for only when its originate is over (docs/wire.md).
func settleLeg(ctx context.Context, l *link, conn *esl.Connection, s suspect, answers []esl.Reply) {
	switch partner := answers[0]; {
	case !partner.OK():
		l.server.channels.dropExternal(s.uuid)
	case l.server.channels.isOurs(s.uuid), isSet(answers[1]):
	case isSet(partner):
		if !l.recoverTalk(ctx, conn, s, partner.Text()) {
			l.meet(s.uuid, s.extension)
		}
	default:
		l.log.Info().Str("uuid", s.uuid).Str("agent", s.extension).Msg("a leg from before a restart is ended")
		conn.Post(esl.API("uuid_kill " + s.uuid)) // if it fails, so does the session
	}
}

// settleParked handles a parked channel that no call of ours has:
//   - A caller whose place is kept is recalled. The server died as it brought them back, or as
//     their bridge failed.
//   - A caller whose talk is over, and whom nobody took, is hung up.
func settleParked(_ context.Context, l *link, conn *esl.Connection, s suspect, answers []esl.Reply) {
	parked, partner, talk, over := answers[0], answers[1], answers[2], answers[3]
	if isSet(partner) || l.server.channels.caller(s.uuid) != nil {
		return
	}
	group, ours := strings.CutPrefix(parked.Text(), l.server.options.Identity+":") // by the release before
	talked := talk.Text() == l.server.options.Identity
	if !ours && talked {
		group, ours = l.server.Dispatcher.keepsPlace(s.uuid)
	}
	switch {
	case ours:
		l.log.Info().Str("uuid", s.uuid).Str("group", group).Msg("a parked caller from before a restart is recalled")
		conn.Post(l.server.fetch(conn, s.uuid, group))
	case talked && over.Text() == "true":
		l.log.Info().Str("uuid", s.uuid).Msg("a caller whose talk is over was left parked, and is hung up")
		conn.Post(esl.API("uuid_kill " + s.uuid + " NORMAL_CLEARING"))
	}
}

// settleOutside handles an external call of an extension.
func settleOutside(_ context.Context, l *link, _ *esl.Connection, s suspect, answers []esl.Reply) {
	if answers[0].Text() == "true" {
		l.meet(s.uuid, s.extension)
	} else {
		l.server.channels.dropExternal(s.uuid)
	}
}

// settleNoted handles an external call that was noted before, maybe as it ended.
func settleNoted(_ context.Context, l *link, _ *esl.Connection, s suspect, answers []esl.Reply) {
	if answers[0].Text() != "true" {
		l.server.channels.dropExternal(s.uuid)
	}
}

// isSet reports whether uuid_getvar found a value.
func isSet(r esl.Reply) bool { return r.OK() && r.Text() != "" && r.Text() != "_undef_" }

// noted are the external calls that are known at the switch. If one ended while it was noted, its
// end event was missed. It would keep its agent busy for ever.
func (l *link) noted() (all []suspect) {
	for _, uuid := range l.server.channels.externalAt(l) {
		all = append(all, suspect{uuid: uuid, questions: exists(uuid), settle: settleNoted})
	}
	return all
}

// lookAgain is the second look, a while after the link came up. It finds latecomers, and makes the
// talks look what became of them.
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
		err = l.reconcile(limit, conn, l.suspects(rows(text), true))
	}
	if err == nil {
		err = l.reconcile(limit, conn, l.noted())
	}
	if err == nil {
		err = l.server.dropGone(limit)
	}
	l.server.signalTalks(l.at.Name, lookAgain{}) // also those that began while we looked around
	switch {
	case err == nil:
		l.log.Debug().Msg("channels looked at again")
	case ctx.Err() == nil:
		l.log.Warn().Err(err).Msg("channels could not be looked at again")
	}
}

// dropGone gives up the places of callers who waited when the server died and hung up since. It
// does nothing unless every FreeSWITCH can be asked, because it is not known which one has a
// caller.
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

// kill ends a leg over the link to its switch, because the call's own connection is lost or silent.
// It returns true if the leg is gone. If no link answers either, the leg keeps its agent from other
// calls until the link is back and ends it.
func (s *Server) kill(l *leg, at Switch) (gone bool) {
	link := s.linkOf(at.Name)
	if link == nil {
		return false
	}
	ctx, stop := context.WithTimeout(context.Background(), linkLimit)
	defer stop()
	if conn := link.conn.Load(); conn != nil {
		if replies, err := conn.Do(ctx, kills(l.channels(), "")...); err == nil {
			s.beyondDoubt(l)
			return allOK(replies) // an originate that has not begun yet has no leg to end
		}
		defer conn.Close() // the link is made anew, and sees what is still there
	}
	s.inDoubt(l, at)
	return false
}

// allOK reports whether no command was refused.
func allOK(replies []esl.Reply) bool {
	return !slices.ContainsFunc(replies, func(r esl.Reply) bool { return !r.OK() })
}

// connTo is the connection of the link to a FreeSWITCH; nil while there is none.
func (s *Server) connTo(at Switch) *esl.Connection {
	if link := s.linkOf(at.Name); link != nil {
		return link.conn.Load()
	}
	return nil
}
