package queue

import "time"

// Arrival is a caller who takes a place.
type Arrival struct {
	UUID   string
	Caller string // "" where the caller sent no number
	Group  string
	Since  time.Time // of arrival: the place, unless the call was here before a restart and has an older one

	Name     string // the caller's; "" if the call brought none
	Visit    int    // of the call, from 1; 0 is read as 1
	CameFrom string // number of the group of the visit before
}

// visit is which visit of its call a place belongs to.
type visit struct {
	name     string // of the caller
	number   int
	cameFrom string
}

func (a *Arrival) visit() visit { return visit{a.Name, a.Visit, a.CameFrom} }

// Place is what the caller's goroutine needs to know of the place it took.
type Place struct {
	Group Group
	VIP   bool
	Since time.Time

	Visit    int // that of the arrival, unless the place had been kept: then the one that goes on
	CameFrom string

	Kept  bool // the place had been kept for the caller, who was absent
	SoFar CDR  // of an absent caller who had talked before, the CDR so far; else zero

	// Untold says that the caller waited in CameFrom when the server died, and that no event has
	// said that they left that line.
	Untold bool
}

// row is the call as it stands among the waiting.
func (c *call) row() Waiting {
	return Waiting{
		UUID: c.uuid, Caller: c.caller, Group: c.line.Number, VIP: c.vip, Since: c.since,
		Name: c.visit.name, Visit: c.visit.number, CameFrom: c.visit.cameFrom,
	}
}
