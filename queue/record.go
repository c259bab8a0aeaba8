package queue

import (
	"time"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/internal/setting"
)

// MaxUUID is the length of the longest uuid of a channel. The database keeps no longer ones
// (callin_queue.call_uuid).
const MaxUUID = 100

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
	Marks
}

// Marks are the settings of a group by which its figures are counted and shown. The names of the
// columns are those of the settings.
type Marks struct {
	ServiceLevel setting.Own[time.Duration] `json:"ServiceLevel,omitzero"` // service_level_seconds
	Goal         setting.Own[int]           `json:"Goal,omitzero"`         // service_level_goal, in percent
	Formula      setting.Own[string]        `json:"Formula,omitzero"`      // service_level_formula
	ShortAbandon setting.Own[time.Duration] `json:"ShortAbandon,omitzero"` // short_abandon_seconds
	WarnWaiting  setting.Own[int]           `json:"WarnWaiting,omitzero"`  // warn_waiting
	AlertWaiting setting.Own[int]           `json:"AlertWaiting,omitzero"` // alert_waiting
	WarnWait     setting.Own[time.Duration] `json:"WarnWait,omitzero"`     // warn_wait_seconds
	AlertWait    setting.Own[time.Duration] `json:"AlertWait,omitzero"`    // alert_wait_seconds
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

// StillWaiting names all calls whose place is kept. The rows of other calls are removed.
type StillWaiting struct {
	UUIDs []string `json:"UUIDs"`
}

// StillTalking names the callers of all talks of a server. Its other talks are over.
type StillTalking struct {
	Server string   `json:"Server"`
	UUIDs  []string `json:"UUIDs"`
}

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

	ServiceLevel *setting.Own[time.Duration] `json:"ServiceLevel,omitempty"`
	Goal         *setting.Own[int]           `json:"Goal,omitempty"`
	Formula      *setting.Own[string]        `json:"Formula,omitempty"`
	ShortAbandon *setting.Own[time.Duration] `json:"ShortAbandon,omitempty"`
	WarnWaiting  *setting.Own[int]           `json:"WarnWaiting,omitempty"`
	AlertWaiting *setting.Own[int]           `json:"AlertWaiting,omitempty"`
	WarnWait     *setting.Own[time.Duration] `json:"WarnWait,omitempty"`
	AlertWait    *setting.Own[time.Duration] `json:"AlertWait,omitempty"`
}

// Reason is a reason that agents give for a pause (nwayacd_reason).
type Reason struct {
	Code     string `json:"Code"` // of nway_busy, events and records
	Name     string `json:"Name"` // on pages
	Paid     bool   `json:"Paid"` // the time counts as working time
	Position int    `json:"Position"`
	Active   bool   `json:"Active"` // agents may choose it
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
	WrapUp     *WrapUp         `json:"WrapUp,omitempty"`

	Blacklisted   *Blacklisted `json:"Blacklisted,omitempty"`
	Unblacklisted *string      `json:"Unblacklisted,omitempty"` // call_number
	VIPAdded      *VIP         `json:"VIPAdded,omitempty"`
	VIPRemoved    *VIP         `json:"VIPRemoved,omitempty"`

	Auth          *auth.Change `json:"Auth,omitempty"` // of users, tokens, sessions and the audit log
	ReasonPut     *Reason      `json:"ReasonPut,omitempty"`
	ReasonRemoved *string      `json:"ReasonRemoved,omitempty"` // code
}
