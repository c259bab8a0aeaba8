package acd

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nwayacd/esl"
)

// A FreeSWITCH may be away without any notice:
//   - Its host or the network failed.
//   - A firewall dropped the state of its connections.
//   - The process hangs.
//
// Therefore each link asks for a sign of life. If a link is lost, each call connection there is
// asked once. So the calls need no questions of their own while the link is up. docs/wire.md has
// the times.
const (
	beatEvery = 5 * time.Second
	beatLimit = 10 * time.Second // long, because FreeSWITCH answers nothing else while it prints a long list
	// linkGrace is how long talks and external calls are assumed to go on without a link. Only a
	// link can see their end.
	linkGrace = 15 * time.Second
)

// heartbeat asks for a sign of life every beatEvery. It returns the error if there was none, or nil
// when ctx is done.
func (l *link) heartbeat(ctx context.Context, conn *esl.Connection) error {
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
		case <-ctx.Done():
			return nil
		}
		limit, stop := context.WithTimeoutCause(ctx, beatLimit, fmt.Errorf("%w within %s", errSilent, beatLimit))
		_, err := conn.Do(limit, esl.API("global_getvar core_uuid"))
		stop()
		if err != nil {
			return err
		}
	}
}

// watch reacts to each change of the link's state until ctx is done. If the link stays down for
// linkGrace, the talks that only the link could follow are given up.
func (l *link) watch(ctx context.Context) {
	grace := time.NewTimer(linkGrace) // also if the link never comes up
	defer grace.Stop()
	for up, waits := false, true; ; {
		select {
		case <-l.stateChanged:
		case <-grace.C:
			waits = false
			l.server.signalTalks(l.at.Name, unseen{errAway})
			l.server.channels.retainExternal(l, nil)
			continue
		case <-ctx.Done():
			return
		}
		was := up
		up = l.current().Up
		switch {
		case up:
			grace.Stop()
			waits = false
		case !waits:
			grace.Reset(linkGrace)
			waits = true
		}
		if was && !up {
			l.server.askCalls(ctx, l.at.Name)
		}
	}
}

// outOfSight returns why no link will follow a talk at a FreeSWITCH: none is configured, or it has
// been down for linkGrace. It returns nil if a link follows the talk, or may do so soon.
func (s *Server) outOfSight(at Switch) error {
	link := s.linkOf(at.Name)
	if link == nil {
		return errUnlinked
	}
	if state := link.current(); !state.Up && time.Since(state.Since) >= linkGrace {
		return errAway
	}
	return nil
}

// askCalls asks each call connection of a FreeSWITCH for an answer, and ends the calls whose
// connections are dead.
func (s *Server) askCalls(ctx context.Context, at string) {
	limit, stop := context.WithTimeoutCause(ctx, replyLimit, errSilent)
	defer stop()
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, ch := range s.channels.at(at) {
		if !ch.alive() {
			continue
		}
		asking.Go(func() { // ends at the latest with limit
			if _, err := ch.conn.Do(limit, esl.API("uuid_exists "+ch.uuid)); err != nil && ctx.Err() == nil {
				ch.lost(err)
			}
		})
	}
}

// endCalls ends the calls that a FreeSWITCH had under that Core-UUID. It has restarted since, so
// they are gone.
func (s *Server) endCalls(at, coreUUID string) {
	for _, ch := range s.channels.at(at) {
		if c := ch.currentCall(); c != nil && ch.core == coreUUID {
			c.end(errRestarted)
		}
	}
	for _, c := range s.channels.all() {
		if ch := c.channel(); ch.at().Name == at && ch.core == coreUUID {
			c.end(errRestarted)
		}
	}
	s.Dispatcher.dropSwitch(coreUUID)
}

// signalTalks sends a signal to the calls that are in a talk at a FreeSWITCH.
func (s *Server) signalTalks(at string, what signal) {
	for _, c := range s.channels.all() {
		if ch := c.channel(); ch.at().Name == at && (ch.is().talks() || ch.is() == recalled) {
			c.signal(what)
		}
	}
}
