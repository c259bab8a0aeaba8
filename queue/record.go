package queue

import (
	"time"

	"nwayacd/agent"
)

// Group is a queue as an operator sets it up. The names in parentheses are the columns of ext_group.
type Group struct {
	Number      string        // group_number
	Name        string        // group_name
	Mode        Mode          // group_call_mode
	Cursor      string        // current_ext_number: the extension offered last
	RingTimeout time.Duration // group_callout_timeout, kept in whole seconds
	Prompts     Prompts
}

// Prompts are a group's own files; "" means the configuration's default.
type Prompts struct {
	Welcome   string // welcome_ring
	Blacklist string // black_list_ring
	Busy      string // busy_ring
	Transfer  string // transfer_ring
}

// DefaultRingTimeout is how long an agent's phone rings where the group says nothing.
const DefaultRingTimeout = 15 * time.Second

// Member puts an extension into a group (ext_group_map).
type Member struct{ Group, Extension string }

// Blacklisted is a row of call_blacklist.
type Blacklisted struct {
	Category int       // 0 global, 2 inbound; others do not concern the ACD
	Number   string    // call_number, the table's key
	Dialled  string    `json:",omitempty"` // dest_number: only calls to this number; "" = all
	Group    string    `json:",omitempty"` // group_number; "" = all
	Expires  time.Time `json:",omitzero"`  // expire_time; zero = never
}

// VIP is a caller served first in a group (call_vip_number).
type VIP struct{ Number, Group string }

// Memory is who last answered a caller in a group (cf_call_remember).
type Memory struct {
	Caller, Group, Agent string
	At                   time.Time
}

// Waiting is a caller's place in the line (callin_queue), from arrival until the bridge with an agent stands or the caller left: one whom an agent
// answered a moment ago has it still, though nothing counts them as waiting any more.
type Waiting struct {
	UUID, Caller, Group string
	VIP                 bool
	Since               time.Time // the place: kept to the nanosecond
}

// Outcome is how a call ended here: the last word of its CDR.
type Outcome string

// The outcomes of a call, SPEC section 4.
const (
	Answered    Outcome = "answered"
	Abandoned   Outcome = "abandoned"   // the caller hung up before an agent answered
	Refused     Outcome = "blacklisted" // heard the blacklist prompt
	TimedOut    Outcome = "timeout"     // waited max-wait-seconds, handed back to the dialplan
	Transferred Outcome = "transferred" // an agent named by nwayacd_transfer answered
	Taken       Outcome = "taken"       // someone outside took the waiting caller
	Returned    Outcome = "returned"    // handed back to the dialplan: shutting down, over max-calls
	Failed      Outcome = "error"
)

// Side is who ended a talk.
type Side string

// The sides of a talk.
const (
	NoSide     Side = ""
	CallerSide Side = "caller"
	AgentSide  Side = "agent"
)

// CDR is one call, one row of nwayacd_cdr. Times that did not come are zero.
type CDR struct {
	UUID      string // of the caller's channel
	Caller    string // "" where the caller sent no number
	Dialled   string
	Group     string
	VIP       bool   `json:",omitempty"`
	Switch    string // FreeSWITCH-Hostname
	Agent     string `json:",omitempty"` // who answered last
	Leg       string `json:",omitempty"` // uuid of that agent's leg
	Offers    int    `json:",omitempty"`
	Outcome   Outcome
	HungUpBy  Side   `json:",omitempty"`
	Cause     string `json:",omitempty"` // FreeSWITCH's hangup cause, or what went wrong
	Survey    string `json:",omitempty"` // the digit pressed
	Recording string `json:",omitempty"`
	Arrived   time.Time
	Answered  time.Time `json:",omitzero"` // by the first agent
	Bridged   time.Time `json:",omitzero"`
	Ended     time.Time
}

// Talk is a talk that goes on, as it is kept for who comes after us should we die: whose agent talks, where, and the CDR so far.
type Talk struct {
	Server   string // identity of the server whose talk it is
	Link     string // the configured name of the FreeSWITCH that has it
	CoreUUID string // that FreeSWITCH's identity since it started
	CDR      CDR
	Offer    OfferRecord // that became the talk
	Parted   bool        `json:",omitempty"` // it is over, and its caller waits again: what is kept is the CDR so far
}

// StillWaiting names the calls whose place is kept: what was said of others is over.
type StillWaiting struct{ UUIDs []string }

// StillTalking names the callers of all talks of a server that go on: others of it are over.
type StillTalking struct {
	Server string
	UUIDs  []string
}

// OfferOutcome is how an offer ended.
type OfferOutcome string

// The outcomes of an offer.
const (
	OfferAnswered  OfferOutcome = "answered"
	OfferMissed    OfferOutcome = "noanswer"  // the agent's leg failed; Cause says how
	OfferWithdrawn OfferOutcome = "withdrawn" // the caller left, or was transferred elsewhere, while it rang
	OfferExpired   OfferOutcome = "expired"   // the lease ran out without a word from FreeSWITCH
)

// OfferRecord is one try to give one call to one agent, one row of nwayacd_offer.
type OfferRecord struct {
	Call, Group, Agent string
	Leg                string // uuid of the agent's leg
	Number             int    // 1 for the call's first offer
	Transfer           bool   `json:",omitempty"` // made by nwayacd_transfer
	Offered            time.Time
	Answered           time.Time `json:",omitzero"`
	Ended              time.Time
	Outcome            OfferOutcome
	Cause              string `json:",omitempty"` // FreeSWITCH's cause of a missed offer
}

// GroupUpdate is a change of one group: a nil field stays as it is.
type GroupUpdate struct {
	Number      string
	Name        *string        `json:",omitempty"`
	Mode        *Mode          `json:",omitempty"`
	Cursor      *string        `json:",omitempty"`
	RingTimeout *time.Duration `json:",omitempty"`
	Welcome     *string        `json:",omitempty"`
	Blacklist   *string        `json:",omitempty"`
	Busy        *string        `json:",omitempty"`
	Transfer    *string        `json:",omitempty"`
}

// NewAgent is an extension that was added, with the password its phone registers with.
type NewAgent struct{ Extension, Password string }

// Membership makes an agent a member of exactly these groups.
type Membership struct {
	Extension string
	Groups    []string
}

// Change is one thing that changed: exactly one field is set.
//
// The same words go both ways. What the dispatcher decided goes to the journal and from there to the database; what another
// program edited in the database comes back to the dispatcher.
type Change struct {
	Agent        *agent.Update `json:",omitempty"`
	AgentAdded   *NewAgent     `json:",omitempty"`
	AgentRemoved *string       `json:",omitempty"`

	Group        *GroupUpdate `json:",omitempty"`
	GroupAdded   *Group       `json:",omitempty"`
	GroupRemoved *string      `json:",omitempty"`

	Membership   *Membership `json:",omitempty"` // by login and logout
	MemberJoined *Member     `json:",omitempty"` // by an edit of one row
	MemberLeft   *Member     `json:",omitempty"`

	Waiting *Waiting `json:",omitempty"`
	Left    *string  `json:",omitempty"` // uuid of a caller who waits no longer

	Talk     *Talk   `json:",omitempty"` // goes on
	TalkOver *string `json:",omitempty"` // uuid of the caller whose talk does not go on

	StillWaiting *StillWaiting `json:",omitempty"`
	StillTalking *StillTalking `json:",omitempty"`

	Remembered *Memory         `json:",omitempty"`
	CDR        *CDR            `json:",omitempty"`
	Offer      *OfferRecord    `json:",omitempty"`
	AgentLog   *agent.LogEntry `json:",omitempty"`

	Blacklisted   *Blacklisted `json:",omitempty"`
	Unblacklisted *string      `json:",omitempty"` // call_number
	VIPAdded      *VIP         `json:",omitempty"`
	VIPRemoved    *VIP         `json:",omitempty"`
}

// Snapshot is all that the database knows and the dispatcher starts from.
type Snapshot struct {
	Agents    []agent.Agent
	Groups    []Group
	Members   []Member
	Blacklist []Blacklisted
	VIPs      []VIP
	Memories  []Memory
	Waiting   []Waiting
	Talks     []Talk
}
