package acd

import (
	"context"
	"slices"
	"strings"
	"time"

	"nwayacd/esl"
)

// What a link finds at a switch when it comes up, and what it does about it.

// tableLag is how far `show channels` may be behind: a thread of its own writes its table (switch_core_sqldb.c).
const tableLag = 2 * time.Second

// linkLimit is how long a call waits for a link that is to do what its own connection cannot.
const linkLimit = 2 * time.Second

// parkedVariable marks a caller that is parked in the line since a bridge ended its socket application: SERVER:GROUP.
const parkedVariable = "nwayacd_parked"

// talkVariable marks a caller who is in a talk of ours, or was: SERVER.
const talkVariable = "nwayacd_talk"

// homeVariable is where such a caller is sent when we cannot be reached: EXTENSION DIALPLAN CONTEXT.
const homeVariable = "nwayacd_home"

// suspect is a channel that was there before the link. The channel itself is asked what is the case, because the table lags: the end of one
// that it still lists was told before we listened.
type suspect struct {
	uuid, extension string
	caller          string // for whom a leg of ours was called
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

// suspects are the channels of the table that concern us at the first look, or at the second: legs at both, because the table may not have had one yet.
// Parked callers wait for the second: by then the legs that rang for them are gone, and with them the listeners of the connections they had, whose end would
// take the callers from us again (docs/wire.md). Calls outside are followed by their events after the first.
func (l *link) suspects(channels []map[string]string, again bool) (all []suspect) {
	for _, channel := range channels {
		uuid, mark := channel["uuid"], readMark(channel["presence_data"])
		extension := or(mark.extension, userOf(channel["presence_id"]))
		switch {
		case !isUUID(uuid):
		case l.isOurs(mark, channel["direction"]):
			all = append(all, suspect{uuid: uuid, extension: extension, caller: mark.caller, questions: variables(uuid, "bridge_uuid"), settle: settleLeg})
		case channel["application"] == "park", channel["application"] == "playback", channel["state"] == "CS_PARK": // the music is over the park
			if again {
				all = append(all, suspect{uuid: uuid, questions: variables(uuid, parkedVariable, "bridge_to", talkVariable), settle: settleParked})
			}
		case extension != "" && !again:
			all = append(all, suspect{uuid: uuid, extension: extension, questions: exists(uuid), settle: settleOutside})
		}
	}
	return all
}

// isOurs reports whether the mark is this server's, of this life or an earlier one, on a leg that goes out: the far side of a loopback
// channel inherits the mark, but comes in.
func (l *link) isOurs(m marked, direction string) bool {
	return m.server != "" && m.server == l.server.options.Identity && direction == "outbound"
}

// recognise asks the suspects, some hundred in one write, and settles what is to be done about each.
func (l *link) recognise(ctx context.Context, conn *esl.Connection, all []suspect) error {
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

// settleLeg: a leg of ours that neither a call nor an entrusted talk has is from before a restart. Bridged with its caller, it is a talk that never
// reached the journal, and is adopted; any other keeps the agent from the next offer: its talk was given up while its FreeSWITCH was away. Else it is
// ended, because nobody will bridge it any more, and because FreeSWITCH lets go of the caller it rings for only when its originate is over (docs/wire.md).
func settleLeg(ctx context.Context, l *link, conn *esl.Connection, s suspect, answers []esl.Reply) {
	switch partner := answers[0]; {
	case !partner.OK():
		l.outside.forget(l, s.uuid)
	case l.server.knows(s.uuid):
	case isSet(partner):
		if !l.adopt(ctx, conn, s, partner.Text()) {
			l.meet(s.uuid, s.extension)
		}
	default:
		l.log.Info().Str("uuid", s.uuid).Str("agent", s.extension).Msg("a leg from before a restart is ended")
		conn.Post(esl.API("uuid_kill " + s.uuid)) // where it fails, so does the session
	}
}

// settleParked: a caller parked in the line whose server died has nobody; it comes back to us, and to its place. One who is parked because their talk
// is over is let go. One whom somebody bridged meanwhile stays in that talk.
func settleParked(_ context.Context, l *link, conn *esl.Connection, s suspect, answers []esl.Reply) {
	parked, partner, talk := answers[0], answers[1], answers[2]
	if isSet(partner) || l.server.calls.find(s.uuid) != nil {
		return
	}
	group, ours := strings.CutPrefix(parked.Text(), l.server.options.Identity+":")
	talked := talk.Text() == l.server.options.Identity
	if !ours && talked { // the bridge may have come to nothing, and nobody have heard of it
		group, ours = l.server.Dispatcher.expects(s.uuid)
	}
	if ours {
		l.log.Info().Str("uuid", s.uuid).Str("group", group).Msg("a caller from before a restart is fetched back")
		conn.Post(l.server.fetch(conn, s.uuid, group))
	} else if talked {
		l.letGo(s.uuid)
	}
}

// settleOutside: a call that an extension has, not through us.
func settleOutside(_ context.Context, l *link, _ *esl.Connection, s suspect, answers []esl.Reply) {
	if answers[0].Text() == "true" {
		l.meet(s.uuid, s.extension)
	} else {
		l.outside.forget(l, s.uuid)
	}
}

// settleNoted: a call outside that was noted before, maybe as it ended.
func settleNoted(_ context.Context, l *link, _ *esl.Connection, s suspect, answers []esl.Reply) {
	if answers[0].Text() != "true" {
		l.outside.forget(l, s.uuid)
	}
}

// isSet reports whether uuid_getvar found a value.
func isSet(r esl.Reply) bool { return r.OK() && r.Text() != "" && r.Text() != "_undef_" }

// noted are the calls outside that are known at the switch. One that ended as it was noted, its end was told before: nobody else would ever forget it, and its
// agent would be called no more.
func (l *link) noted() (all []suspect) {
	for _, uuid := range l.outside.at(l) {
		all = append(all, suspect{uuid: uuid, questions: exists(uuid), settle: settleNoted})
	}
	return all
}

// lookAgain is the second look, a while after the link came up: it recognises latecomers, and checks the talks that go on without us.
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
		err = l.recognise(limit, conn, l.suspects(rows(text), true))
	}
	if err == nil {
		err = l.recognise(limit, conn, l.noted())
	}
	if err == nil {
		err = l.checkTalks(limit, conn, l.server.talks.at(l.at.Name)) // also those that were entrusted while we looked around
	}
	if err != nil && ctx.Err() == nil {
		l.log.Warn().Err(err).Msg("channels could not be looked at again")
	}
}

// kill ends a leg over the link to its switch, where the call's own connection is lost or silent. True: it is gone. While no link answers
// either, the leg keeps its agent from other calls, until the link is back and ends it.
func (s *Server) kill(l *leg, at Switch) (gone bool) {
	link := s.linkOf(at.Name)
	if link == nil {
		return false
	}
	ctx, stop := context.WithTimeout(context.Background(), linkLimit)
	defer stop()
	if conn := link.conn.Load(); conn != nil {
		if replies, err := conn.Do(ctx, l.kill()); err == nil {
			return replies[0].OK() // an originate that has not begun yet has no leg to end
		}
		defer conn.Close() // the link is made anew, and sees what is still there
	}
	link.outside.note(link, l.uuid, l.offer.Agent.Extension)
	signalOne(link.turned) // so that it is not believed for ever
	return false
}

// hangUp ends a caller's channel over the link to its switch: the call's own connection is lost, and its end may have released the channel from its
// park without the park's time-out (docs/wire.md).
func (s *Server) hangUp(c *call, cause string) {
	if conn := s.connTo(c.at); conn != nil {
		conn.Post(esl.API("uuid_kill " + c.uuid + " " + cause)) // where it fails, the caller hangs up by themselves
	}
}

// tellOverLink sends events of a call over the link to its switch, where there is one: the call's own connection is lost. It returns when the switch has
// them: a caller who comes back is not let in before, and their next event is behind these.
func (s *Server) tellOverLink(c *call, events ...esl.Command) {
	conn := s.connTo(c.at)
	if conn == nil {
		return
	}
	limit, stop := context.WithTimeout(context.Background(), linkLimit)
	defer stop()
	if _, err := conn.Do(limit, events...); err != nil {
		c.log.Warn().Err(err).Msg("FreeSWITCH does not hear of the call")
	}
}

// fetchPause is how long FreeSWITCH gets to end the connection of a call, and the originate of a leg that was ended. The park that follows a bridge ends the
// call after three seconds.
const fetchPause = 300 * time.Millisecond

// fetchBack makes a caller dial us again who is parked while the connection of its call is lost, when FreeSWITCH, too, is done with that connection: its end
// would take the caller from us again (docs/wire.md). One who has come by themselves meanwhile, because nothing played in the park, is left alone.
func (s *Server) fetchBack(ctx context.Context, c *call) {
	if !c.toFetch {
		return
	}
	c.conn.Close()
	pause := time.NewTimer(fetchPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
	if conn := s.connTo(c.at); conn != nil && s.calls.find(c.uuid) == nil {
		conn.Post(s.fetch(conn, c.uuid, c.group)) // where it fails, the link that comes up next finds the caller
	}
}

// connTo is the connection of the link to a FreeSWITCH; nil while there is none.
func (s *Server) connTo(at Switch) *esl.Connection {
	if link := s.linkOf(at.Name); link != nil {
		return link.conn.Load()
	}
	return nil
}
