// Package agent describes one agent: who it is, whether it can take a call, and how its state may
// move.
//
// It is pure: no clock, no socket, no SQL, no goroutine. The times in it come from its users. It
// knows nothing of groups or callers. Package queue chooses among agents.
package agent

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"nwayacd/internal/setting"
)

// Agent is one agent: a person at an extension.
//
// It is a plain value. Package queue owns the one that lives, and hands out copies.
type Agent struct {
	Profile
	Presence
	Pause

	// Call is what the agent does for the ACD at this moment (call_state).
	Call CallState `json:"Call"`
	// Since is when Call last moved (last_state_change_time).
	Since time.Time `json:"Since"`
	// Deferred is a busy or logout that was asked for during an offer or a call. It takes effect
	// when that ends (deferred).
	Deferred Deferred `json:"Deferred"`
	// LoginSince is when the agent logged in (login_since). It is zero if the agent is logged out.
	LoginSince time.Time `json:"LoginSince,omitzero"`
	// WrapUpUntil is when a wrap-up ends that nway_wrap made longer (wrap_up_until). It is zero for
	// any other wrap-up.
	WrapUpUntil time.Time `json:"WrapUpUntil,omitzero"`
	// Outside counts the agent's external calls.
	Outside int `json:"Outside"`
	// Rest is the agent's rest after missed offers.
	Rest Rest `json:"-"`
}

// Profile is what an operator configures for an agent. The names in parentheses are the columns of
// call_extension.
type Profile struct {
	Extension     string `json:"Extension"`     // extension_number, unique
	Name          string `json:"Name"`          // extension_name
	CalloutNumber string `json:"CalloutNumber"` // callout_number: caller id of calls the agent makes
	JobNumber     string `json:"JobNumber"`     // job_number
	// say_job_number: the caller hears the job number before the talk
	SayJobNumber bool `json:"SayJobNumber"`
	Record       bool `json:"Record"` // is_record
	// answer_without_state: offered calls whether logged in or not
	WithoutState bool `json:"WithoutState"`
	// use_custom_value: the caller rates the talk if the agent hung up first
	Survey bool `json:"Survey"`
	Video  bool `json:"Video"` // use_video
	// progress_seconds: how long the phone may send no 180 or 183; 0 = the configuration's
	Progress time.Duration `json:"Progress,omitempty"`
	// server_ip: the FreeSWITCH at which the phone is registered; "" = the caller's own
	Server string `json:"Server"`
	// wrap_up_seconds: the length of the wrap-up; 0 = none, below 0 = until nway_ready
	WrapUp        setting.Own[time.Duration] `json:"WrapUp,omitzero"`
	DialString    string                     `json:"DialString,omitempty"`    // dial_string; "" = the configuration's
	MaxMisses     setting.Own[int]           `json:"MaxMisses,omitzero"`      // max_misses; 0 = off
	AllowedGroups string                     `json:"AllowedGroups,omitempty"` // allowed_groups: "110,120"; "" = all
}

// MayLogInTo reports whether the agent may log itself in to the group.
func (p *Profile) MayLogInTo(group string) bool {
	return p.AllowedGroups == "" || slices.Contains(strings.Split(p.AllowedGroups, ","), group)
}

// Pause is why and since when an agent is busy. If a busy is deferred, Reason and By are those of
// the pause that will begin.
type Pause struct {
	PauseReason string    `json:"PauseReason,omitempty"` // pause_reason: a code, or "" for none
	PauseBy     string    `json:"PauseBy,omitempty"`     // pause_by: the actor that asked for it; "" = unknown
	PausedSince time.Time `json:"PausedSince,omitzero"`  // paused_since; zero = not paused, or unknown
}

// SupervisorPause is the reason of a pause that a supervisor ordered without a reason.
const SupervisorPause = "supervisor"

// Presence says, beside the calls, whether the agent can take one.
type Presence struct {
	Registered bool `json:"Registered"` // reg_state: reged, unreg
	Up         bool `json:"Up"`         // seat_state: up (logged in), down
	Idle       bool `json:"Idle"`       // seat_status: idle, busy
	Locked     bool `json:"Locked"`
	DND        bool `json:"DND"`
}

// Available reports whether the agent may be offered a call now: registered, logged in, idle,
// ready, not locked, not on do-not-disturb, in no external call and not resting. An agent that
// answers without state need be neither logged in nor idle.
func (a *Agent) Available() bool { return a.availableButForRest() && !a.Rest.Active() }

// availableButForRest is Available without regard to a rest.
func (a *Agent) availableButForRest() bool {
	return a.Registered && a.Call == Ready && !a.Locked && !a.DND && a.Outside == 0 &&
		(a.WithoutState || a.Up && a.Idle)
}

// Less orders extensions as an operator reads them. Numbers come first, by their value (999 before
// 1000). Everything else follows in the order of its letters.
func Less(a, b string) bool {
	an, bn := isNumber(a), isNumber(b)
	switch {
	case an != bn:
		return an
	case !an:
		return a < b
	}
	at, bt := trimZeros(a), trimZeros(b)
	if len(at) != len(bt) {
		return len(at) < len(bt)
	}
	if at != bt {
		return at < bt
	}
	return a < b // 007 and 7 are two extensions; they still need an order
}

// SortKey returns a key of the extension. Keys compare, as plain strings, as Less orders the
// extensions.
func SortKey(extension string) string {
	if !isNumber(extension) {
		return "\xff" + extension
	}
	value := trimZeros(extension)
	key := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(value)+len(extension)), uint32(len(value)))
	return string(append(append(key, value...), extension...))
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func trimZeros(s string) string {
	for len(s) > 1 && s[0] == '0' {
		s = s[1:]
	}
	return s
}
