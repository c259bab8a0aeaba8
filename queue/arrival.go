package queue

import "time"

// Arrival is a caller who takes a place.
type Arrival struct {
	UUID   string
	Caller string // "" if the caller sent no number
	Group  string
	Since  time.Time // time of arrival, which is the place; an absent caller keeps the older one

	Name     string // the caller's; "" if the call brought none
	Visit    int    // of the call, from 1; 0 is read as 1
	CameFrom string // number of the group of the visit before
}

// visit says to which visit of its call a place belongs.
type visit struct {
	name     string // of the caller
	number   int
	cameFrom string
}

func (a *Arrival) visit() visit { return visit{a.Name, a.Visit, a.CameFrom} }

// Place is what the caller's goroutine needs to know about its place.
type Place struct {
	Group Group
	VIP   bool
	Since time.Time

	Visit    int // that of the arrival; if the place was kept, the number of the visit that goes on
	CameFrom string

	ServiceLevel, Short int // for the CDR of the visit

	Kept  bool // the caller was absent, and the place was kept
	SoFar CDR  // the CDR so far of an absent caller who has talked before; otherwise zero

	// Untold says that the caller waited in CameFrom when the server died, and that no event has
	// announced yet that the caller left that line.
	Untold bool
}

// row returns the call as a row of the waiting callers.
func (c *call) row() Waiting {
	return Waiting{
		UUID: c.uuid, Caller: c.caller, Group: c.line.Number, VIP: c.vip, Since: c.since,
		Name: c.visit.name, Visit: c.visit.number, CameFrom: c.visit.cameFrom,
	}
}
