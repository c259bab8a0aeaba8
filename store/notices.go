package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lib/pq"
)

// Every role of the database can NOTIFY, as fast as it likes. So the cost of a flood is bounded.
//
//   - Edits are read ten times a second at most, and everything once a second.
//   - Notifications that the triggers did not send are counted, and logged once a minute.

const (
	noticeLimit  = 1000                   // how many edits are read with one set of queries
	readPause    = 100 * time.Millisecond // from one set of queries to the next
	reloadPause  = time.Second            // from one reload to the next
	foreignPause = time.Minute            // from one log line about other notifications to the next
)

// pacer says when the next queries may follow. The first edit after a pause is read at once.
type pacer struct{ next, nextReload time.Time }

func (p *pacer) read(now time.Time) { p.next = now.Add(readPause) }

func (p *pacer) reloaded(now time.Time) {
	p.next, p.nextReload = now.Add(readPause), now.Add(reloadPause)
}

// gather returns the notice of n, those that are queued behind it, and those that come until a
// moment. whole is true if everything must be read again.
func (s *Store) gather(ctx context.Context, n *pq.Notification, until time.Time) (notices []notice, whole bool) {
	wait := time.NewTimer(time.Until(until))
	defer wait.Stop()
	for parsed := 1; ; parsed++ {
		one, ok := s.parse(n)
		whole = whole || !ok
		if one.Table != "" {
			notices = append(notices, one)
		}
		if parsed == noticeLimit {
			<-wait.C
			return notices, whole
		}
		select {
		case n = <-s.listener.Notify:
			continue
		default:
		}
		select {
		case n = <-s.listener.Notify:
		case <-wait.C:
			return notices, whole
		case <-ctx.Done():
			return notices, whole
		}
	}
}

// parse reads one notification. lib/pq sends nil after a reconnect, when notifications may be
// missing. A notification that the triggers cannot have sent has no table.
func (s *Store) parse(n *pq.Notification) (one notice, ok bool) {
	if n == nil {
		return one, false
	}
	err := json.Unmarshal([]byte(n.Extra), &one)
	if _, known := noticeTables[one.Table]; err != nil || !known {
		s.foreign.note(s, n.Extra)
		return notice{}, true
	}
	return one, one.Op != opReload
}

// noticeTables are the tables that have triggers (sql/postgres/0003_notify.sql, 0009_people.sql).
var noticeTables = map[string]struct{}{
	"call_extension": {}, "ext_group": {}, "ext_group_map": {}, "call_blacklist": {}, "call_vip_number": {},
	"cf_call_remember": {}, "nwayacd_user": {}, "nwayacd_token": {}, "nwayacd_session": {}, "nwayacd_reason": {},
}

// foreignNotices counts notifications of other programs. It belongs to the goroutine that listens.
type foreignNotices struct {
	count uint64
	next  time.Time // when they may be logged again
}

func (f *foreignNotices) note(s *Store, payload string) {
	f.count++
	now := time.Now()
	if now.Before(f.next) {
		return
	}
	f.next = now.Add(foreignPause)
	s.log.Warn().Uint64("so_far", f.count).Str("payload", payload[:min(len(payload), 200)]).
		Msg("notifications on the channel nwayacd do not come from the triggers of nwayacd, and are ignored")
}
