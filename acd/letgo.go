package acd

import (
	"context"
	"strings"
	"time"

	"nwayacd/esl"
)

// A caller whose talk was ended by the agent's side while nobody of us heard them is parked, and let go by the park's time-out. Where a connection to us broke in
// the same instant, its end may have released the park without that time-out (docs/wire.md), and the caller would stay in silence. So a little
// later the link asks, and ends who is still parked; who was transferred elsewhere by the agent's phone is not.

const (
	letGoAfter = parkAfterTalk + 2*time.Second
	letGoBound = 1024 // callers to be asked about; of more than that the park's time-out alone takes care
)

type leftover struct {
	uuid string
	due  time.Time
}

// letGo notes a caller who should be gone soon.
func (l *link) letGo(uuid string) {
	select {
	case l.leftovers <- leftover{uuid, time.Now().Add(letGoAfter)}:
	default:
	}
}

// endLeftovers ends the callers that are still parked when they are due, until ctx is done.
func (l *link) endLeftovers(ctx context.Context, conn *esl.Connection) {
	for {
		select {
		case next := <-l.leftovers:
			if !l.endLeftover(ctx, conn, next) {
				l.letGo(next.uuid) // for the next connection
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// endLeftover waits until the caller is due, and ends the channel if it is parked. False: nobody could be asked.
func (l *link) endLeftover(ctx context.Context, conn *esl.Connection, caller leftover) bool {
	due := time.NewTimer(time.Until(caller.due))
	defer due.Stop()
	select {
	case <-due.C:
	case <-ctx.Done():
		return false
	}
	limit, stop := context.WithTimeoutCause(ctx, replyLimit, errSilent)
	defer stop()
	replies, err := conn.Do(limit, esl.API("uuid_dump "+caller.uuid))
	if err != nil {
		return false
	}
	if strings.Contains(replies[0].Text(), "Channel-State: CS_PARK\n") && l.server.calls.find(caller.uuid) == nil {
		l.log.Warn().Str("uuid", caller.uuid).Msg("a caller whose talk is over was left parked, and is let go")
		conn.Post(esl.API("uuid_kill " + caller.uuid + " NORMAL_CLEARING"))
	}
	return true
}
