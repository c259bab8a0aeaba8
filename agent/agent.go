// Package agent holds what is known of one agent: who it is, whether it can take a call, and how its state may move.
//
// It is pure: no clock, no socket, no SQL, no goroutine. The times it keeps are handed in. It knows nothing of groups or of
// callers; choosing among agents is package queue's.
package agent

import (
	"encoding/binary"
	"time"
)

// Agent is one agent: a person at an extension.
//
// It is a plain value: package queue owns the living one and hands out copies.
type Agent struct {
	Profile
	Presence

	// Call is what the agent does for the ACD at this moment (call_state).
	Call CallState `json:"Call"`
	// Since is when Call last moved (last_state_change_time).
	Since time.Time `json:"Since"`
	// Deferred is what was asked for during an offer or a call and takes effect when it ends (deferred).
	Deferred Deferred `json:"Deferred"`
	// Outside counts the calls the agent has that are not the ACD's.
	Outside int `json:"Outside"`
	// Rest is what the agent's missed offers have brought it.
	Rest Rest `json:"-"`
}

// Profile is what an operator configures about an agent. The names in parentheses are the columns of call_extension.
type Profile struct {
	Extension     string        `json:"Extension"`          // extension_number, unique
	Name          string        `json:"Name"`               // extension_name
	CalloutNumber string        `json:"CalloutNumber"`      // callout_number: caller id of calls the agent makes
	JobNumber     string        `json:"JobNumber"`          // job_number
	SayJobNumber  bool          `json:"SayJobNumber"`       // say_job_number: the caller hears the job number before the talk
	Record        bool          `json:"Record"`             // is_record
	WithoutState  bool          `json:"WithoutState"`       // answer_without_state: offered calls whether logged in or not
	Survey        bool          `json:"Survey"`             // use_custom_value: the caller rates the talk when the agent hung up first
	Video         bool          `json:"Video"`              // use_video
	Progress      time.Duration `json:"Progress,omitempty"` // progress_seconds: how long the phone may say nothing; 0 = the configuration's
	Server        string        `json:"Server"`             // server_ip: address of the FreeSWITCH the phone is registered with; "" = the caller's own
}

// Presence is what decides, beside calls, whether the agent can take one.
type Presence struct {
	Registered bool `json:"Registered"` // reg_state: reged, unreg
	Up         bool `json:"Up"`         // seat_state: up (logged in), down
	Idle       bool `json:"Idle"`       // seat_status: idle, busy
	Locked     bool `json:"Locked"`
	DND        bool `json:"DND"`
}

// Available reports whether the agent may be offered a call now: registered, logged in, idle,
// ready, not locked, not on do-not-disturb, in no call outside the ACD and not resting. An agent
// that answers without state need be neither logged in nor idle.
func (a *Agent) Available() bool { return a.availableButForRest() && !a.Rest.Active() }

// callable is Available but for a rest.
func (a *Agent) availableButForRest() bool {
	return a.Registered && a.Call == Ready && !a.Locked && !a.DND && a.Outside == 0 &&
		(a.WithoutState || a.Up && a.Idle)
}

// Less orders extensions as an operator reads them: numbers by their value (999 before 1000), everything else after them, by letter.
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

// Order is a key of the extension: keys compare, as plain strings, the way Less does. For who keeps many in order.
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
