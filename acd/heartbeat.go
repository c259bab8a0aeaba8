package acd

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nwayacd/esl"
)

// A FreeSWITCH may be away without any notice: its host or the network died, a firewall dropped the
// state of its connections, or the process hangs. The link asks it for a sign of life. A link that
// is lost asks all its calls for one. So no call costs anything as long as all is well.
// docs/wire.md has the times.
const (
	beatEvery = 5 * time.Second
	beatLimit = 10 * time.Second // a FreeSWITCH that prints a long list answers nothing else meanwhile
	// linkGrace is how long talks and external calls are believed to go on without a link. Only a
	// link can see the end of them.
	linkGrace = 15 * time.Second
)

// heartbeat asks for a sign of life from time to time. It returns why there was none, or nil when
// ctx is done.
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

// watch follows the link up and down until ctx is done. If it stays down for linkGrace, the talks
// that only the link could follow are given up.
func (l *link) watch(ctx context.Context) {
	grace := time.NewTimer(linkGrace) // it may never come up
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

// outOfSight is why no link will follow a talk at a FreeSWITCH: there is none, or it has been down
// for so long that its talks were given up. It is nil if a link does, or may soon.
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

// askCalls ends the calls of a FreeSWITCH whose connections are dead as well.
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

// endCalls ends the calls that a FreeSWITCH had under that Core-UUID: it has restarted since, and
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

// signalTalks gives a signal to the calls in a talk at a FreeSWITCH.
func (s *Server) signalTalks(at string, what signal) {
	for _, c := range s.channels.all() {
		if ch := c.channel(); ch.at().Name == at && (ch.is().talks() || ch.is() == recalled) {
			c.signal(what)
		}
	}
}
