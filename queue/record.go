package queue

import (
	"slices"
	"time"

	"nwayacd/agent"
)

// Group is a queue as an operator sets it up. The names in parentheses are the columns of
// ext_group.
type Group struct {
	Number      string        `json:"Number"`      // group_number
	Name        string        `json:"Name"`        // group_name
	Mode        Mode          `json:"Mode"`        // group_call_mode
	Cursor      string        `json:"Cursor"`      // current_ext_number: the extension offered last
	RingTimeout time.Duration `json:"RingTimeout"` // group_callout_timeout, kept in whole seconds
	Prompts     Prompts       `json:"Prompts"`
	// CallerPrefix is shown before the caller's name on the agents' phones (caller_prefix). "" is
	// none.
	CallerPrefix string `json:"CallerPrefix,omitempty"`
}

// Prompts are a group's own files. "" is the configuration's default.
type Prompts struct {
	Welcome   string `json:"Welcome"`   // welcome_ring
	Blacklist string `json:"Blacklist"` // black_list_ring
	Busy      string `json:"Busy"`      // busy_ring
	Transfer  string `json:"Transfer"`  // transfer_ring
}

// DefaultRingTimeout is how long an agent's phone rings if the group has no ring timeout.
const DefaultRingTimeout = 15 * time.Second

// Member puts an extension into a group (ext_group_map).
type Member struct {
	Group     string `json:"Group"`
	Extension string `json:"Extension"`
}

// Blacklisted is a row of call_blacklist.
type Blacklisted struct {
	Category int       `json:"Category"`          // 0 global, 2 inbound; others do not concern the ACD
	Number   string    `json:"Number"`            // call_number, the table's key
	Dialled  string    `json:"Dialled,omitempty"` // dest_number: only calls to this number; "" = all
	Group    string    `json:"Group,omitempty"`   // group_number; "" = all
	Expires  time.Time `json:"Expires,omitzero"`  // expire_time; zero = never
}

// VIP is a caller who is served first in a group (call_vip_number).
type VIP struct {
	Number string `json:"Number"`
	Group  string `json:"Group"`
}

// Memory says which agent last answered a caller in a group (cf_call_remember).
type Memory struct {
	Caller string    `json:"Caller"`
	Group  string    `json:"Group"`
	Agent  string    `json:"Agent"`
	At     time.Time `json:"At"`
}

// Waiting is a caller's row in the line (callin_queue). It is there from the arrival until the
// bridge with an agent is up, or until the caller leaves. Between answer and bridge a caller has a
// row and is not counted as waiting.
type Waiting struct {
	UUID     string    `json:"UUID"`
	Caller   string    `json:"Caller"`
	Group    string    `json:"Group"`
	VIP      bool      `json:"VIP"`
	Since    time.Time `json:"Since"`              // time of arrival, exact to the nanosecond
	Name     string    `json:"Name,omitempty"`     // the caller's; "" if the call brought none
	Visit    int       `json:"Visit,omitempty"`    // of the call, from 1; 0 is read as 1
	CameFrom string    `json:"CameFrom,omitempty"` // number of the group of the visit before
}

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
)

// Side is the side that ended a talk.
type Side string

// The sides of a talk.
const (
	NoSide     Side = ""
	CallerSide Side = "caller"
	AgentSide  Side = "agent"
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
	UUID          string       `json:"UUID"`   // of the caller's channel
	Caller        string       `json:"Caller"` // "" if the caller sent no number
	CallerName    string       `json:"CallerName,omitempty"`
	Dialled       string       `json:"Dialled"`
	Group         string       `json:"Group"`
	VIP           bool         `json:"VIP,omitempty"`
	Switch        string       `json:"Switch"`          // FreeSWITCH-Hostname
	Agent         string       `json:"Agent,omitempty"` // the last agent who answered
	Leg           string       `json:"Leg,omitempty"`   // uuid of that agent's leg
	Offers        int          `json:"Offers,omitempty"`
	Outcome       Outcome      `json:"Outcome"`
	HungUpBy      Side         `json:"HungUpBy,omitempty"`
	Cause         string       `json:"Cause,omitempty"`  // FreeSWITCH's hangup cause, or what went wrong
	Survey        string       `json:"Survey,omitempty"` // the digit pressed
	Recording     string       `json:"Recording,omitempty"`
	Arrived       time.Time    `json:"Arrived"`
	Answered      time.Time    `json:"Answered,omitzero"` // by the first agent
	Bridged       time.Time    `json:"Bridged,omitzero"`
	Ended         time.Time    `json:"Ended"`
	Visit         int          `json:"Visit,omitempty"`    // 0 is read as 1
	CameFrom      string       `json:"CameFrom,omitempty"` // number of the group of the visit before; "" for the first visit
	Direction     Direction    `json:"Direction,omitempty"`
	TransferredTo string       `json:"TransferredTo,omitempty"` // destination of the transfer
	TransferKind  TransferKind `json:"TransferKind,omitempty"`
	Recordings    []string     `json:"Recordings,omitempty"` // all files of the visit, in order; Recording is the last of them
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
}

// StillWaiting names all calls whose place is kept. The rows of other calls are removed.
type StillWaiting struct {
	UUIDs []string `json:"UUIDs"`
}

// StillTalking names the callers of all talks of a server. Its other talks are over.
type StillTalking struct {
	Server string   `json:"Server"`
	UUIDs  []string `json:"UUIDs"`
}

// OfferOutcome is how an offer ended.
type OfferOutcome string

// The outcomes of an offer.
const (
	OfferAnswered  OfferOutcome = "answered"
	OfferMissed    OfferOutcome = "noanswer"  // the agent's leg failed; Cause says how
	OfferWithdrawn OfferOutcome = "withdrawn" // the caller left or was transferred while it rang
	OfferExpired   OfferOutcome = "expired"   // the lease ran out without a word from FreeSWITCH
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
}

// VisitNumber returns the visit in which the offer was made.
func (o *OfferRecord) VisitNumber() int { return max(o.Visit, 1) }

// GroupUpdate is a change of one group. A nil field stays as it is.
type GroupUpdate struct {
	Number       string         `json:"Number"`
	Name         *string        `json:"Name,omitempty"`
	Mode         *Mode          `json:"Mode,omitempty"`
	Cursor       *string        `json:"Cursor,omitempty"`
	RingTimeout  *time.Duration `json:"RingTimeout,omitempty"`
	Welcome      *string        `json:"Welcome,omitempty"`
	Blacklist    *string        `json:"Blacklist,omitempty"`
	Busy         *string        `json:"Busy,omitempty"`
	Transfer     *string        `json:"Transfer,omitempty"`
	CallerPrefix *string        `json:"CallerPrefix,omitempty"`
}

// NewAgent is an extension that was added, with the password of its phone.
type NewAgent struct {
	Extension string `json:"Extension"`
	Password  string `json:"Password"`
}

// Membership makes an agent a member of exactly these groups.
type Membership struct {
	Extension string   `json:"Extension"`
	Groups    []string `json:"Groups"`
}

// Change is one thing that changed. Exactly one field is set.
//
// Changes go both ways. The dispatcher's decisions go to the journal and from there to the
// database. What another program edits in the database comes to the dispatcher.
type Change struct {
	Agent        *agent.Update `json:"Agent,omitempty"`
	AgentAdded   *NewAgent     `json:"AgentAdded,omitempty"`
	AgentRemoved *string       `json:"AgentRemoved,omitempty"`

	Group        *GroupUpdate `json:"Group,omitempty"`
	GroupAdded   *Group       `json:"GroupAdded,omitempty"`
	GroupRemoved *string      `json:"GroupRemoved,omitempty"`

	Membership   *Membership `json:"Membership,omitempty"`   // by login and logout
	MemberJoined *Member     `json:"MemberJoined,omitempty"` // by an edit of one row
	MemberLeft   *Member     `json:"MemberLeft,omitempty"`

	Waiting *Waiting `json:"Waiting,omitempty"`
	Left    *string  `json:"Left,omitempty"` // uuid of a caller who does not wait any more

	Talk     *Talk   `json:"Talk,omitempty"`     // goes on
	TalkOver *string `json:"TalkOver,omitempty"` // uuid of the caller whose talk is over

	StillWaiting *StillWaiting `json:"StillWaiting,omitempty"`
	StillTalking *StillTalking `json:"StillTalking,omitempty"`

	Remembered *Memory         `json:"Remembered,omitempty"`
	CDR        *CDR            `json:"CDR,omitempty"`
	Offer      *OfferRecord    `json:"Offer,omitempty"`
	AgentLog   *agent.LogEntry `json:"AgentLog,omitempty"`

	Blacklisted   *Blacklisted `json:"Blacklisted,omitempty"`
	Unblacklisted *string      `json:"Unblacklisted,omitempty"` // call_number
	VIPAdded      *VIP         `json:"VIPAdded,omitempty"`
	VIPRemoved    *VIP         `json:"VIPRemoved,omitempty"`
}
