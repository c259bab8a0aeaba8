package acd

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"nwayacd/esl"
)

// Everybody who reaches the socket port can claim to be FreeSWITCH with any channel. So a
// connection must prove that FreeSWITCH made it for the channel that it names. The first command on
// it sets keyVariable on the channel, and the link reads the variable there. Only a FreeSWITCH runs
// that command. Without the proof nothing is ordered over a link for the connection.
//
// A channel that the link or the floor found has no connection and needs no proof.

// keyVariable holds random bits, others for each connection.
const keyVariable = "nwayacd_key"

// proofLimit is how long an arrival waits for its proof. If the link does not answer within it, the
// caller is served like one of a FreeSWITCH without a link.
const proofLimit = time.Second

// newKey returns a value for keyVariable that cannot be guessed. It has over 128 random bits.
func newKey() string { return rand.Text() }

// trust is what is known of the connection of an arrival.
type trust int

const (
	unasked     trust = iota
	unverified        // no link to that FreeSWITCH is up, or the link did not answer
	proven            // the link read the key from the channel
	channelGone       // the link is up, and the channel does not exist any more
	refuted           // the link is up, and the channel does not have the key
)

// writeKey returns the command that sets the key on the channel.
func (ch *channel) writeKey() esl.Command {
	return esl.API("uuid_setvar " + ch.uuid + " " + keyVariable + " " + ch.key)
}

// noteKey notes the proof if an event of the link carries the key. It costs no round trip.
func (r *registry) noteKey(e *esl.Event) {
	r.mu.Lock()
	c := r.callers[e.Get("Unique-ID")].of()
	r.mu.Unlock()
	if c == nil {
		return
	}
	if ch := c.channel(); !ch.proof.Load() && e.Get("variable_"+keyVariable) == ch.key && ch.key != "" {
		ch.proof.Store(true)
	}
}

// onlyOf returns the call for which the events of the channel's own connection count; nil if they
// count for all. Without a link the events of one call may be the only ones that tell of another.
func (ch *channel) onlyOf(c *call) *call {
	if ch.proof.Load() || c.server.connTo(ch.at()) == nil {
		return nil
	}
	return c
}

// mayOrder reports whether the link may be ordered to act on the channel.
func (s *Server) mayOrder(ch *channel) bool {
	if ch.proof.Load() {
		return true
	}
	limited, stop := context.WithTimeout(context.Background(), linkLimit)
	defer stop()
	return s.prove(limited, ch, s.connTo(ch.at())) == proven
}

// verify proves the connection of an arrival at the FreeSWITCH that it names.
func (s *Server) verify(ctx context.Context, ch *channel) trust {
	if ch.proof.Load() {
		return proven
	}
	return s.prove(ctx, ch, s.linkWith(ch.core))
}

// prove reads the key of the channel over a link, which may be nil. If it is there, the link may be
// ordered to act on the channel from now on.
func (s *Server) prove(ctx context.Context, ch *channel, link *esl.Connection) trust {
	known := askForKey(ctx, ch, link)
	if known == proven {
		ch.proof.Store(true)
	}
	return known
}

// askForKey reads the key of the channel over another connection to its FreeSWITCH, which may be
// nil.
func askForKey(ctx context.Context, ch *channel, over *esl.Connection) trust {
	if over == nil {
		return unverified
	}
	if ch.alive() { // the reply says that FreeSWITCH has set the key before it is read
		if _, err := ch.conn.Do(ctx, ch.writeKey()); errors.Is(err, context.DeadlineExceeded) {
			return unverified
		}
	}
	replies, err := over.Do(ctx, esl.API("uuid_getvar "+ch.uuid+" "+keyVariable))
	switch {
	case err != nil:
		return unverified
	case !replies[0].OK():
		return channelGone
	case replies[0].Text() != ch.key:
		return refuted
	}
	return proven
}

// mayTakeOver reports whether an arrival may end or go on with a call that its channel, or its
// consulting call, has already. If no link can say so, the connection of that call is asked, and a
// channel that names another FreeSWITCH may not. The answer of such a connection is no proof,
// because whoever made it may have made this one, too.
func (s *Server) mayTakeOver(a arrival, earlier *channel) bool {
	limited, stop := context.WithTimeout(context.Background(), proofLimit)
	defer stop()
	if a.known == unasked {
		a.known = s.verify(limited, a.ch)
	}
	if a.known == unverified && earlier.alive() && earlier.uuid == a.ch.uuid {
		a.known = askForKey(limited, a.ch, earlier.conn)
	}
	switch {
	case a.known == proven,
		a.known == unverified && a.ch.core == earlier.core,
		a.known == channelGone && a.ch.uuid == earlier.uuid: // it ends with its channel
		return true
	}
	s.reportFalse(a.ch)
	return false
}

// reportFalse logs a connection that names a channel which is not its own.
func (s *Server) reportFalse(ch *channel) {
	s.report(ch.conn.RemoteAddr()).Str("uuid", ch.uuid).
		Msg("a connection to the socket port is not that of the channel that it names")
}

// linkWith returns the connection of the link to the FreeSWITCH with that Core-UUID, nil if none is
// up.
func (s *Server) linkWith(coreUUID string) *esl.Connection {
	for _, l := range s.links {
		if state := l.current(); state.Up && state.CoreUUID == coreUUID && coreUUID != "" {
			return l.conn.Load()
		}
	}
	return nil
}

// believe keeps of what the arrival says of itself only what counts. A claim to a place, to another
// call or to an extension needs the proof. Without a link to ask, the claims count without which
// callers would be lost. It returns false if a connection without the proof names a channel whose
// place is kept.
func (s *Server) believe(a *arrival) bool {
	_, kept := s.Dispatcher.keepsPlace(a.ch.uuid)
	if !kept && !a.claims() {
		return true
	}
	limited, stop := context.WithTimeout(context.Background(), proofLimit)
	defer stop()
	switch a.known = s.verify(limited, a.ch); a.known {
	case refuted:
		s.reportFalse(a.ch)
		a.place, a.consult, a.recalled, a.who.user = "", "", false, ""
		return !kept
	case channelGone:
		a.place, a.consult, a.who.user = "", "", ""
	case unverified:
		a.who.user = ""
	}
	return true
}

// claims reports whether the arrival says something of itself that it must prove.
func (a *arrival) claims() bool {
	return a.place != "" || a.consult != "" || a.recalled || a.route.app == appCommand || a.route.app == appCallOut
}

// isLinked reports whether a link to any FreeSWITCH is up.
func (s *Server) isLinked() bool {
	return slices.ContainsFunc(s.links, func(l *link) bool { return l.conn.Load() != nil })
}
