package acd

import (
	"strconv"
	"strings"
	"time"
)

// placeVariable is the place of a caller whom a server gave back as it shut down: GROUP:MILLISECONDS since 1970 of the arrival. Any server gives
// it back to them, whatever database it has.
const placeVariable = "nwayacd_place"

// placeLimit is how old a place can be: whoever comes with an older one is not on the same visit.
const placeLimit = 24 * time.Hour

func placeOf(group string, since time.Time) string {
	return tame(group) + ":" + strconv.FormatInt(since.UnixMilli(), 10)
}

// placeTime is when the caller came into the line of the group: now, or earlier, when another server had them.
func (c *call) placeTime() time.Time {
	at, found := strings.CutPrefix(c.since, tame(c.group)+":")
	ms, err := strconv.ParseInt(at, 10, 64)
	since := time.UnixMilli(ms)
	if !found || err != nil || since.After(c.cdr.Arrived) || c.cdr.Arrived.Sub(since) > placeLimit {
		return c.cdr.Arrived
	}
	return since
}
