package acd

import (
	"strconv"
	"strings"
	"time"
)

// placeVariable has the place of a caller whom a server handed back when it shut down:
// GROUP:MILLISECONDS, the time of arrival since 1970. Any server gives the caller that place,
// whatever database it has.
const placeVariable = "nwayacd_place"

// placeLimit is how old a place can be. If a caller comes with an older one, that is not the same
// visit.
const placeLimit = 24 * time.Hour

// placeUnverified is how much of a place's time counts if no link has confirmed it: long enough for
// the restart of a server.
const placeUnverified = 2 * time.Minute

func placeOf(group string, since time.Time) string {
	return sanitize(group) + ":" + strconv.FormatInt(since.UnixMilli(), 10)
}

// placeTime returns when the caller came into the line of the group. If another server handed the
// caller back, that is earlier than the arrival here.
func (c *call) placeTime() time.Time {
	at, found := strings.CutPrefix(c.record.place, sanitize(c.group)+":")
	ms, err := strconv.ParseInt(at, 10, 64)
	since := time.UnixMilli(ms)
	if !found || err != nil || since.After(c.record.Arrived) || c.record.Arrived.Sub(since) > placeLimit {
		return c.record.Arrived
	}
	if earliest := c.record.Arrived.Add(-placeUnverified); c.record.placeUnsure && since.Before(earliest) {
		return earliest
	}
	return since
}
