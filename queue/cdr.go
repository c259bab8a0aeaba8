package queue

import (
	"slices"
	"time"
)

// Outcome is how a visit ended.
type Outcome string

// The outcomes of a visit.
const (
	Answered    Outcome = "answered"
	Abandoned   Outcome = "abandoned"   // the caller hung up before an agent answered
	Refused     Outcome = "blacklisted" // heard the blacklist prompt
	TimedOut    Outcome = "timeout"     // waited max-wait-seconds, handed back to the dialplan
	Transferred Outcome = "transferred" // an agent named by nwayacd_transfer answered
	Taken       Outcome = "taken"       // someone outside took the waiting caller
	Returned    Outcome = "returned"    // handed back to the dialplan because of a shutdown or max-calls
	Failed      Outcome = "error"

	// Consult is the outcome of a consulting call if another call took over its place or its talk.
	Consult Outcome = "consult"
	// Moved is the outcome of a visit if a command moved the waiting caller to another group.
	Moved Outcome = "moved"
	// Dropped is the outcome of a visit if a command hung up the caller before an agent answered.
	Dropped Outcome = "dropped"
)

// These are causes of the outcome Returned.
const (
	CauseFull     = "full"          // max-calls calls were here
	CauseShutdown = "shutting down" // the visit goes on at the next server
)

// Side is the side that ended a talk.
type Side string

// The sides of a talk.
const (
	NoSide     Side = ""
	CallerSide Side = "caller"
	AgentSide  Side = "agent"
	// OperatorSide hung up with nway_drop.
	OperatorSide Side = "operator"
)

// TransferKind is how a talk was transferred.
type TransferKind string

// The kinds of transfer. A talk that was not transferred has none.
const (
	NoTransfer       TransferKind = ""
	TransferBlind    TransferKind = "blind"     // the agent, or a program, sent the caller away
	TransferAttended TransferKind = "attended"  // the agent spoke with the third person first
	TransferByCaller TransferKind = "by-caller" // the caller's own phone passed the agent on
)

// Direction is the direction of a call.
type Direction string

// The directions of a call. Inbound is empty because records from before there were directions are
// all inbound.
const (
	Inbound  Direction = ""
	Outbound Direction = "out" // an agent called out with nwaycallout
)

// CDR is one visit of a call to a group, one row of nwayacd_cdr. The visits of a call share UUID
// and are numbered from 1. A time that did not come is zero.
type CDR struct {
	UUID       string    `json:"UUID"`   // of the caller's channel
	Caller     string    `json:"Caller"` // "" if the caller sent no number
	CallerName string    `json:"CallerName,omitempty"`
	Dialled    string    `json:"Dialled"`
	Group      string    `json:"Group"`
	VIP        bool      `json:"VIP,omitempty"`
	Switch     string    `json:"Switch"`          // FreeSWITCH-Hostname
	Agent      string    `json:"Agent,omitempty"` // the last agent who answered
	Leg        string    `json:"Leg,omitempty"`   // uuid of that agent's leg
	Offers     int       `json:"Offers,omitempty"`
	Outcome    Outcome   `json:"Outcome"`
	HungUpBy   Side      `json:"HungUpBy,omitempty"`
	Cause      string    `json:"Cause,omitempty"`  // FreeSWITCH's hangup cause, or what went wrong
	Survey     string    `json:"Survey,omitempty"` // the digit pressed
	Recording  string    `json:"Recording,omitempty"`
	Arrived    time.Time `json:"Arrived"`
	Answered   time.Time `json:"Answered,omitzero"` // by the first agent
	Bridged    time.Time `json:"Bridged,omitzero"`
	Ended      time.Time `json:"Ended"`
	Visit      int       `json:"Visit,omitempty"` // 0 is read as 1
	// number of the group of the visit before; "" for the first visit
	CameFrom      string       `json:"CameFrom,omitempty"`
	Direction     Direction    `json:"Direction,omitempty"`
	TransferredTo string       `json:"TransferredTo,omitempty"` // destination of the transfer
	TransferKind  TransferKind `json:"TransferKind,omitempty"`
	// all files of the visit, in order; Recording is the last of them
	Recordings []string `json:"Recordings,omitempty"`

	// PositionFirst and PositionLast are the caller's places in the line, from 1: at the
	// arrival, and as the caller last left the line. 0 is unknown.
	PositionFirst int           `json:"PositionFirst,omitempty"`
	PositionLast  int           `json:"PositionLast,omitempty"`
	Welcome       time.Duration `json:"Welcome,omitempty"` // of the welcome as the caller heard it
	ExitKey       string        `json:"ExitKey,omitempty"` // with which the caller left the line
	CallbackID    string        `json:"CallbackID,omitempty"`
	// ServiceLevel and Short are the group's service_level_seconds and short_abandon_seconds at
	// the arrival. If the server died since, they are those at the return of the caller. If
	// ServiceLevel is 0, both are the defaults.
	ServiceLevel int `json:"ServiceLevel,omitempty"`
	Short        int `json:"Short,omitempty"`
}

// Limits returns in how many seconds an agent should have answered, and in how many seconds a
// hang-up counts as short.
func (c *CDR) Limits() (serviceLevel, short int) {
	if c.ServiceLevel <= 0 {
		return new(Group).limits()
	}
	return c.ServiceLevel, c.Short
}

// limits returns the limits that a CDR of the group has now.
func (g *Group) limits() (serviceLevel, short int) {
	marks := g.InForce()
	return int(marks.ServiceLevel / time.Second), int(marks.ShortAbandon / time.Second)
}

// VisitNumber returns which visit of its call the record is of. A record from before visits were
// numbered is of the first.
func (c *CDR) VisitNumber() int { return max(c.Visit, 1) }

// Recorded adds a file to the recordings of the visit.
func (c *CDR) Recorded(file string) {
	c.Recording = file
	c.Recordings = append(slices.Clip(c.Recordings), file)
}

// Talk is a talk as it is stored for the next process, in case this one dies. It has the agent, the
// FreeSWITCH and the CDR so far.
type Talk struct {
	Server   string      `json:"Server"`   // identity of the server that follows the talk
	Link     string      `json:"Link"`     // the configured name of the FreeSWITCH that has it
	CoreUUID string      `json:"CoreUUID"` // that FreeSWITCH's identity since it started
	CDR      CDR         `json:"CDR"`
	Offer    OfferRecord `json:"Offer"`            // that became the talk
	Requeued bool        `json:"Parted,omitempty"` // it is over, and its caller waits again; CDR is the CDR so far
	// OfferRecorded is true if the record of the offer is written, because the agent's part in the
	// talk is over.
	OfferRecorded bool `json:"OfferRecorded,omitempty"`
	// NeverQueued is true if the caller never came to our socket port, because a phone connected
	// them with the agent. They go on in their own dialplan after the talk.
	NeverQueued bool `json:"NeverQueued,omitempty"`
}

// OfferOutcome is how an offer ended.
type OfferOutcome string

// The outcomes of an offer.
const (
	OfferAnswered  OfferOutcome = "answered"
	OfferMissed    OfferOutcome = "noanswer"  // the agent's leg failed; Cause says how
	OfferWithdrawn OfferOutcome = "withdrawn" // the caller left or was transferred while it rang
	OfferExpired   OfferOutcome = "expired"   // FreeSWITCH said nothing of it in time, or did not make the bridge
)

// OfferRecord is one try to give one call to one agent, one row of nwayacd_offer.
type OfferRecord struct {
	Call      string       `json:"Call"`
	Group     string       `json:"Group"`
	Agent     string       `json:"Agent"`
	Leg       string       `json:"Leg"`                // uuid of the agent's leg
	Number    int          `json:"Number"`             // 1 for the first offer of the visit
	Transfer  bool         `json:"Transfer,omitempty"` // made by nwayacd_transfer
	Offered   time.Time    `json:"Offered"`
	Answered  time.Time    `json:"Answered,omitzero"`
	Ended     time.Time    `json:"Ended"`
	Outcome   OfferOutcome `json:"Outcome"`
	Cause     string       `json:"Cause,omitempty"`     // FreeSWITCH's cause of a missed offer
	Visit     int          `json:"Visit,omitempty"`     // as in the call's CDR; 0 is read as 1
	Recording string       `json:"Recording,omitempty"` // the talk's file

	Arrived time.Time     `json:"Arrived,omitzero"` // of the visit; zero in records of before
	Level   int           `json:"Level,omitempty"`  // of the agent in the group
	Hold    time.Duration `json:"Hold,omitempty"`   // how long the agent held the caller
	// WrapUp is the length of the wrap-up, if it ended before the record was written.
	WrapUp      time.Duration `json:"WrapUp,omitempty"`
	WrapUpEnded WrapUpEnd     `json:"WrapUpEnded,omitempty"`
}

// VisitNumber returns the visit in which the offer was made.
func (o *OfferRecord) VisitNumber() int { return max(o.Visit, 1) }

// WrapUpEnd is how a wrap-up ended.
type WrapUpEnd string

// The ends of a wrap-up. An offer without a wrap-up, or whose wrap-up goes on, has none.
const (
	NoWrapUp         WrapUpEnd = ""
	WrapUpByItself   WrapUpEnd = "itself" // its time was over
	WrapUpByHand     WrapUpEnd = "hand"   // a command, a login or a logout, or an edit of the agent's row
	WrapUpByNextCall WrapUpEnd = "call"   // the agent called out
)

// WrapUp is a wrap-up that ended after the record of its offer was written. It completes that row
// of nwayacd_offer.
type WrapUp struct {
	Agent   string        `json:"Agent"`
	Offered time.Time     `json:"Offered,omitzero"` // of the offer; zero = the agent's last answered one
	Length  time.Duration `json:"Length"`
	Ended   WrapUpEnd     `json:"Ended"`
}

// VisitRecord is a visit that is over, as a search finds it: its CDR, and the sums of its offers. A
// wrap-up that goes on is not in them yet.
type VisitRecord struct {
	CDR
	Hold, WrapUp time.Duration
}

// CDRSearch selects ended calls. A field that is zero selects all.
type CDRSearch struct {
	From, To time.Time // of the arrival; To itself is not among them
	Group    string
	Groups   []string // one of these; nil selects all, an empty list nothing
	Agent    string   // the last agent who answered
	Caller   string
	Call     string // uuid of the caller's channel
	Outcome  Outcome
	Before   int64 // what the page before gave as next; 0 = the first page
	Limit    int   // of the page; at least 1
}
