package acd

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nwayacd/esl"
)

// How it is noticed that a FreeSWITCH is away though nothing says so: its host or the network died, a firewall dropped the state of its
// connections, or the process hangs. The link asks it for a sign of life; a link that is lost asks all its calls for one. So no call costs anything
// as long as all is well. docs/wire.md has the times.
const (
	beatEvery = 5 * time.Second
	beatLimit = 10 * time.Second // a FreeSWITCH that prints a long list answers nothing else meanwhile
	// linkGrace is how long the talks and the calls outside that only a link can see the end of are believed to go on without it.
	linkGrace = 15 * time.Second
)

// listen asks for a sign of life from time to time. It returns why there was none, or nil when ctx is done.
func (l *link) listen(ctx context.Context, conn *esl.Connection) error {
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

// watch follows the link up and down until ctx is done. While it is down, talks are given up that nobody else could see the end of.
func (l *link) watch(ctx context.Context) {
	grace := time.NewTimer(linkGrace) // it may never come up
	defer grace.Stop()
	for up, waits := false, true; ; {
		select {
		case <-l.turned:
		case <-grace.C:
			waits = false
			l.server.closeTalksAt(l.at.Name, errAway)
			l.outside.retain(l, nil)
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

// askCalls ends the calls of a FreeSWITCH whose connections are dead as well.
func (s *Server) askCalls(ctx context.Context, at string) {
	limit, stop := context.WithTimeoutCause(ctx, replyLimit, errSilent)
	defer stop()
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, c := range s.calls.at(at) {
		asking.Go(func() { // ends at the latest with limit
			if _, err := c.conn.Do(limit, esl.API("uuid_exists "+c.uuid)); err != nil && ctx.Err() == nil {
				c.end(err)
			}
		})
	}
}

// endCalls ends the calls that a FreeSWITCH had under that Core-UUID: it has restarted since, and they are gone.
func (s *Server) endCalls(at, coreUUID string) {
	for _, c := range s.calls.at(at) {
		if c.core == coreUUID {
			c.end(errRestarted)
		}
	}
	s.Dispatcher.forget(coreUUID)
}
