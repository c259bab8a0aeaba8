package agent

import (
	"time"

	"nwayacd/internal/setting"
)

// Update is a change of one agent. A nil field stays as it is.
//
// The dispatcher writes one with only the columns that changed. An edit of the agent's row by
// another program arrives as one, too.
type Update struct {
	Extension string `json:"Extension"`

	Registered *bool      `json:"Registered,omitempty"`
	Up         *bool      `json:"Up,omitempty"`
	Idle       *bool      `json:"Idle,omitempty"`
	Call       *CallState `json:"Call,omitempty"`
	Since      *time.Time `json:"Since,omitempty"`
	Deferred   *Deferred  `json:"Deferred,omitempty"`
	HungUp     *time.Time `json:"HungUp,omitempty"` // last_hangup_time: written, never read

	Locked *bool `json:"Locked,omitempty"`
	DND    *bool `json:"DND,omitempty"`

	Name          *string        `json:"Name,omitempty"`
	CalloutNumber *string        `json:"CalloutNumber,omitempty"`
	JobNumber     *string        `json:"JobNumber,omitempty"`
	SayJobNumber  *bool          `json:"SayJobNumber,omitempty"`
	Record        *bool          `json:"Record,omitempty"`
	WithoutState  *bool          `json:"WithoutState,omitempty"`
	Survey        *bool          `json:"Survey,omitempty"`
	Video         *bool          `json:"Video,omitempty"`
	Progress      *time.Duration `json:"Progress,omitempty"` // kept in whole seconds
	Server        *string        `json:"Server,omitempty"`

	WrapUp        *setting.Own[time.Duration] `json:"WrapUp,omitempty"`
	DialString    *string                     `json:"DialString,omitempty"`
	MaxMisses     *setting.Own[int]           `json:"MaxMisses,omitempty"`
	AllowedGroups *string                     `json:"AllowedGroups,omitempty"`

	PauseReason *string    `json:"PauseReason,omitempty"`
	PauseBy     *string    `json:"PauseBy,omitempty"`
	PausedSince *time.Time `json:"PausedSince,omitempty"`
	LoginSince  *time.Time `json:"LoginSince,omitempty"`
	WrapUpUntil *time.Time `json:"WrapUpUntil,omitempty"`
}

// Apply changes a by u. If the agent has an offer or a call, the caller must clear u.Call first.
func (u *Update) Apply(a *Agent) {
	set(&a.Registered, u.Registered)
	set(&a.Up, u.Up)
	set(&a.Idle, u.Idle)
	set(&a.Call, u.Call)
	set(&a.Since, u.Since)
	set(&a.Deferred, u.Deferred)
	set(&a.Locked, u.Locked)
	set(&a.DND, u.DND)
	set(&a.Name, u.Name)
	set(&a.CalloutNumber, u.CalloutNumber)
	set(&a.JobNumber, u.JobNumber)
	set(&a.SayJobNumber, u.SayJobNumber)
	set(&a.Record, u.Record)
	set(&a.WithoutState, u.WithoutState)
	set(&a.Survey, u.Survey)
	set(&a.Video, u.Video)
	set(&a.Progress, u.Progress)
	set(&a.Server, u.Server)
	set(&a.WrapUp, u.WrapUp)
	set(&a.DialString, u.DialString)
	set(&a.MaxMisses, u.MaxMisses)
	set(&a.AllowedGroups, u.AllowedGroups)
	set(&a.PauseReason, u.PauseReason)
	set(&a.PauseBy, u.PauseBy)
	set(&a.PausedSince, u.PausedSince)
	set(&a.LoginSince, u.LoginSince)
	set(&a.WrapUpUntil, u.WrapUpUntil)
}

// Update returns the update that writes all of the agent.
func (a *Agent) Update() Update {
	return Update{
		Extension: a.Extension, Registered: &a.Registered, Up: &a.Up, Idle: &a.Idle, Call: &a.Call, Since: &a.Since,
		Deferred: &a.Deferred, Locked: &a.Locked, DND: &a.DND, Name: &a.Name, CalloutNumber: &a.CalloutNumber,
		JobNumber: &a.JobNumber, SayJobNumber: &a.SayJobNumber, Record: &a.Record, WithoutState: &a.WithoutState,
		Survey: &a.Survey, Video: &a.Video, Progress: &a.Progress, Server: &a.Server,
		WrapUp: &a.WrapUp, DialString: &a.DialString, MaxMisses: &a.MaxMisses, AllowedGroups: &a.AllowedGroups,
		PauseReason: &a.PauseReason, PauseBy: &a.PauseBy, PausedSince: &a.PausedSince, LoginSince: &a.LoginSince,
		WrapUpUntil: &a.WrapUpUntil,
	}
}

// Diff returns the update that makes before into after, and whether there is a difference.
func Diff(before, after *Agent) (Update, bool) {
	u := Update{Extension: after.Extension}
	changed := false
	changed = differ(&u.Registered, before.Registered, after.Registered) || changed
	changed = differ(&u.Up, before.Up, after.Up) || changed
	changed = differ(&u.Idle, before.Idle, after.Idle) || changed
	changed = differ(&u.Call, before.Call, after.Call) || changed
	changed = differ(&u.Since, before.Since, after.Since) || changed
	changed = differ(&u.Deferred, before.Deferred, after.Deferred) || changed
	changed = differ(&u.Locked, before.Locked, after.Locked) || changed
	changed = differ(&u.DND, before.DND, after.DND) || changed
	changed = differ(&u.PauseReason, before.PauseReason, after.PauseReason) || changed
	changed = differ(&u.PauseBy, before.PauseBy, after.PauseBy) || changed
	changed = differ(&u.PausedSince, before.PausedSince, after.PausedSince) || changed
	changed = differ(&u.LoginSince, before.LoginSince, after.LoginSince) || changed
	changed = differ(&u.WrapUpUntil, before.WrapUpUntil, after.WrapUpUntil) || changed
	if before.Profile != after.Profile {
		changed = diffProfile(&u, &before.Profile, &after.Profile) || changed
	}
	return u, changed
}

func diffProfile(u *Update, before, after *Profile) (changed bool) {
	changed = differ(&u.Name, before.Name, after.Name) || changed
	changed = differ(&u.CalloutNumber, before.CalloutNumber, after.CalloutNumber) || changed
	changed = differ(&u.JobNumber, before.JobNumber, after.JobNumber) || changed
	changed = differ(&u.SayJobNumber, before.SayJobNumber, after.SayJobNumber) || changed
	changed = differ(&u.Record, before.Record, after.Record) || changed
	changed = differ(&u.WithoutState, before.WithoutState, after.WithoutState) || changed
	changed = differ(&u.Survey, before.Survey, after.Survey) || changed
	changed = differ(&u.Video, before.Video, after.Video) || changed
	changed = differ(&u.Progress, before.Progress, after.Progress) || changed
	changed = differ(&u.Server, before.Server, after.Server) || changed
	changed = differ(&u.WrapUp, before.WrapUp, after.WrapUp) || changed
	changed = differ(&u.DialString, before.DialString, after.DialString) || changed
	changed = differ(&u.MaxMisses, before.MaxMisses, after.MaxMisses) || changed
	changed = differ(&u.AllowedGroups, before.AllowedGroups, after.AllowedGroups) || changed
	return changed
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

func differ[T comparable](field **T, before, after T) bool {
	if before == after {
		return false
	}
	to := after // so that only what differs is put on the heap
	*field = &to
	return true
}

// MoveTo moves the agent's call state and returns what Diff would return. It needs one allocation,
// because every call makes several moves.
func (a *Agent) MoveTo(to CallState, at time.Time) *Update {
	m := &struct {
		Update
		to CallState
		at time.Time
	}{Update: Update{Extension: a.Extension}, to: to, at: at}
	if a.Call != to {
		m.Call = &m.to
	}
	if a.Since != at {
		m.Since = &m.at
	}
	a.Call, a.Since = to, at
	return &m.Update
}

// Status is the word of an nwayacd::agent event: nway_agent_ and this.
type Status string

// The statuses of agent events.
const (
	StatusLogin    Status = "login"
	StatusLogout   Status = "logout"
	StatusBusy     Status = "busy"
	StatusReady    Status = "ready"
	StatusRing     Status = "ring"
	StatusTalking  Status = "talking"
	StatusTyping   Status = "typing"
	StatusNoAnswer Status = "noanswer"
)

// LogEntry is one row of nwayacd_agent_log: an agent's state changed. The figures of agents' time
// are computed from these rows.
type LogEntry struct {
	Extension string    `json:"Extension"`
	Status    Status    `json:"Status"` // "" if only the standing changed, which no event announces
	At        time.Time `json:"At"`
	Caller    string    `json:"Caller,omitempty"` // uuid of the caller's channel, if an offer or a call is the reason

	// Standing is the word of the agent's standing from then on, or NoServer. It is "" in
	// entries of before.
	Standing string `json:"Standing,omitempty"`
	Reason   string `json:"Reason,omitempty"` // of a pause; Holding if the agent holds the caller
	By       string `json:"By,omitempty"`     // whose order it was; "" = no order
	Group    string `json:"Group,omitempty"`  // of the offer, the talk or the wrap-up
}

// StatusEvent is an agent event to be published, with the row that logs it.
type StatusEvent struct {
	LogEntry
	Left []string // the groups that a logout has left
}

// NoServer is the standing of an agent while no server runs. Its time is not counted.
const NoServer = "no-server"

// Holding is the reason in the entries of a talk if the agent holds the caller.
const Holding = "hold"
