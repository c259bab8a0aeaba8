package queue

import (
	"slices"
	"time"
)

// before returns the snapshot with no caller's place in the future. A clock that was set back makes
// such places. The callers among them keep their order.
func (s Snapshot) before(now time.Time) Snapshot {
	s.Waiting = slices.Clone(s.Waiting)
	var ahead time.Duration
	for _, w := range s.Waiting {
		ahead = max(ahead, w.Since.Sub(now))
	}
	for i := range s.Waiting {
		if w := &s.Waiting[i]; w.Since.After(now) {
			w.Since = w.Since.Add(-ahead)
		}
	}
	return s
}
