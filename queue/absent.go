package queue

import (
	"maps"
	"slices"
	"time"
)

// absentGrace is how long the place of an absent caller is kept.
const absentGrace = time.Minute

// causeNotBack is in the CDR of a caller who waited when the server died and did not come back.
const causeNotBack = "waited when the server died, and did not come back"

// Absent is a caller whose connection is gone and who may come back. The place is kept for
// absentGrace.
type Absent struct {
	CDR      CDR    // written if the caller does not come back
	CoreUUID string // identity of the FreeSWITCH that has the channel; "" if not known, as after a restart

	// Offer is the record of the last offer if it is not known whether the offer became a talk. It
	// is nil if that is known. The record is written when the caller comes back, or when the place
	// expires. It is not written if the talk is recovered.
	Offer *OfferRecord
}

// absentCaller is an absent caller on the floor.
type absentCaller struct {
	Absent
	place  Waiting
	until  time.Time // when the place is given up
	untold bool      // no event has said that the caller left the line: the server died
}

// soFar returns the CDR so far of a caller who has talked before. It is zero if there was no talk.
func (a *absentCaller) soFar() CDR {
	if a.CDR.Leg == "" {
		return CDR{}
	}
	return a.CDR
}

// keepPlace keeps a place for an absent caller.
func (f *Floor) keepPlace(place Waiting, a Absent, now time.Time) {
	until := now.Add(absentGrace)
	f.absent[place.UUID] = &absentCaller{Absent: a, place: place, until: until}
	f.deadlines.add(deadline{at: until, absent: place.UUID})
}

// LeaveAbsent is Leave for a caller whose connection is gone and who may come back. It keeps the
// place for absentGrace and returns true. If the caller is in a talk, there is no place:
// LeaveAbsent then writes the CDR and returns false.
func (f *Floor) LeaveAbsent(uuid string, a Absent, now time.Time) (kept bool) {
	if c := f.calls[uuid]; c != nil {
		c.stand()
		c.note(&a.CDR)
	}
	if c := f.calls[uuid]; c != nil && c.hasRow {
		c.hasRow = false // the row stays, because the server may die before the caller is back
		f.keepPlace(c.row(), a, now)
		kept = true
	} else {
		f.recordOffer(a.Offer)
		f.Ended(a.CDR)
	}
	f.Leave(uuid, now)
	return kept
}

// KeepsPlace reports whether a place is kept for the caller, and in which group.
func (f *Floor) KeepsPlace(uuid string) (group string, kept bool) {
	a := f.absent[uuid]
	if a == nil {
		return "", false
	}
	return a.place.Group, true
}

// DropSwitch gives up the places of the absent callers of a FreeSWITCH that restarted, because
// their channels are gone.
func (f *Floor) DropSwitch(coreUUID string) {
	if coreUUID == "" {
		return
	}
	for _, uuid := range slices.Sorted(maps.Keys(f.absent)) {
		if f.absent[uuid].CoreUUID == coreUUID {
			f.dropAbsent(uuid)
		}
	}
}

// Absent returns the callers for whom a place is kept, in order.
func (f *Floor) Absent() []string { return slices.Sorted(maps.Keys(f.absent)) }

// DropAbsent gives up the place of an absent caller whose channel is gone. It does nothing if no
// place is kept.
func (f *Floor) DropAbsent(uuid string) { f.dropAbsent(uuid) }

// expireAbsent gives up the place of an absent caller if its time is over.
func (f *Floor) expireAbsent(uuid string, now time.Time) {
	if a := f.absent[uuid]; a != nil && !now.Before(a.until) {
		f.dropAbsent(uuid)
	}
}

// dropAbsent gives up the place of an absent caller and writes the CDR.
func (f *Floor) dropAbsent(uuid string) {
	a := f.absent[uuid]
	if a == nil {
		return
	}
	delete(f.absent, uuid)
	f.recordOffer(a.Offer)
	f.Ended(a.CDR)
	f.record(Change{Left: &uuid})
	if a.untold {
		f.out.NotBack = append(f.out.NotBack, a.place)
	}
}

// recordOffer writes the record of an offer that did not become a talk. It does nothing if o is
// nil.
func (f *Floor) recordOffer(o *OfferRecord) {
	if o != nil {
		f.record(Change{Offer: o})
	}
}

// complete returns the talk t with the CDR that the absent caller has. What the channels say of the
// talk comes from t.
func (a *absentCaller) complete(t Talk) Talk {
	cdr := a.CDR
	cdr.Ended, cdr.HungUpBy, cdr.Cause = time.Time{}, NoSide, ""
	cdr.Dialled, cdr.Switch = either(cdr.Dialled != "", cdr.Dialled, t.CDR.Dialled),
		either(cdr.Switch != "", cdr.Switch, t.CDR.Switch)
	cdr.Outcome, cdr.Agent, cdr.Leg, cdr.Offers = t.CDR.Outcome, t.CDR.Agent, t.CDR.Leg, max(cdr.Offers, t.CDR.Offers)
	if cdr.Answered.IsZero() {
		cdr.Answered = t.CDR.Answered
	}
	cdr.Bridged = t.CDR.Bridged
	t.CDR, t.Offer.Group, t.Offer.Visit, t.Offer.Arrived = cdr, cdr.Group, cdr.Visit, cdr.Arrived
	return t
}
