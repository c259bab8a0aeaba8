package live

import (
	"encoding/json"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/figures"
	"nwayacd/queue"
)

// The rows as they are sent. Times are milliseconds since 1970; 0 = none. docs/live.md explains
// them.
type (
	groupJSON struct {
		Number       string      `json:"number"`
		Name         string      `json:"name"`
		Mode         string      `json:"mode"`
		Waiting      int         `json:"waiting"`
		WaitingSince int64       `json:"waiting_since"`
		Talking      int         `json:"talking"`
		Agents       agentCounts `json:"agents"`
		Today        figuresJSON `json:"today"`
		Recent       figuresJSON `json:"recent"`
		marksJSON
	}
	agentCounts struct {
		Ready       int `json:"ready"`
		Ring        int `json:"ring"`
		Talking     int `json:"talking"`
		Typing      int `json:"typing"`
		NoAnswer    int `json:"noanswer"`
		Rest        int `json:"rest"`
		Busy        int `json:"busy"`
		Unavailable int `json:"unavailable"`
		Down        int `json:"down"`
		LoggedIn    int `json:"logged_in"`
	}
	agentJSON struct {
		Extension  string   `json:"extension"`
		Name       string   `json:"name"`
		State      string   `json:"state"`
		Since      int64    `json:"since"`
		Deferred   string   `json:"deferred,omitempty"`
		Reason     string   `json:"reason,omitempty"`
		Call       string   `json:"call,omitempty"`
		CallGroup  string   `json:"call_group,omitempty"`
		Caller     string   `json:"caller,omitempty"`
		CallerName string   `json:"caller_name,omitempty"`
		Hidden     bool     `json:"hidden,omitempty"`
		Misses     int      `json:"misses,omitempty"`
		RestCause  string   `json:"rest_cause,omitempty"`
		RestUntil  int64    `json:"rest_until,omitempty"`
		WrapUntil  int64    `json:"wrap_until,omitempty"`
		Registered bool     `json:"registered"`
		Locked     bool     `json:"locked,omitempty"`
		DND        bool     `json:"dnd,omitempty"`
		Outside    int      `json:"outside,omitempty"`
		Groups     []string `json:"groups"`
	}
	callJSON struct {
		UUID   string `json:"uuid"`
		Group  string `json:"group"`
		Place  int64  `json:"place"`
		Number string `json:"number"`
		Name   string `json:"name"`
		VIP    bool   `json:"vip"`
		Since  int64  `json:"since"`
		State  string `json:"state"`
		From   int64  `json:"state_since"`
		Agent  string `json:"agent,omitempty"`
		Talk   int64  `json:"talk_since,omitempty"`
	}
)

var stages = [...]string{
	queue.StageGreet: "greet", queue.StageWait: "wait", queue.StageRing: "ring", queue.StageTalk: "talk",
	queue.StageLeave: "leave",
}

// openCall is what is kept of a call beside its row.
type openCall struct {
	group   string
	stage   queue.Stage
	since   time.Time // when the stage began, or when it was first seen
	arrived time.Time
	counts  *figures.Calls // of the visit, which was answered; nil = it was not
}

func (t *table) putCall(c *queue.CallRow, version uint64, now time.Time) {
	is := &openCall{group: c.Group, arrived: c.Since, stage: c.Stage, since: now}
	talk := time.Time{}
	if c.SoFar != nil && !c.SoFar.Bridged.IsZero() {
		talk, is.arrived, is.counts = c.SoFar.Bridged, c.SoFar.Arrived, countsOf(c.SoFar)
	}
	if was := t.calls[c.UUID]; was != nil && was.stage == c.Stage {
		is.since = was.since
	}
	t.calls[c.UUID] = is
	tags := []string{groupTag(c.Group)}
	if c.Agent != "" {
		tags = append(tags, agentTag(c.Agent))
	}
	t.put(callKind, &row{key: c.UUID, tags: tags, full: encode(callJSON{
		UUID: c.UUID, Group: c.Group, Place: c.Since.UnixMicro(), Number: c.Caller, Name: c.Name, VIP: c.VIP,
		Since: milli(c.Since), State: stages[c.Stage], From: milli(is.since), Agent: c.Agent, Talk: milli(talk),
	})}, version)
}

// agentState is what is kept of an agent beside its row.
type agentState struct {
	state  string
	since  time.Time // when that state began; zero = before the server started
	groups []string
}

func (t *table) putAgent(a *queue.AgentRow, version uint64, now time.Time) {
	held := t.stateOf(a, now)
	t.agents[a.Extension] = held
	shown := agentJSON{
		Extension: a.Extension, Name: a.Name, State: held.state, Since: milli(held.since),
		Deferred: a.Deferred.String(), Reason: a.PauseReason, Call: a.CallUUID, CallGroup: a.CallGroup,
		Caller: a.Caller, CallerName: a.CallerName, Misses: a.Rest.Misses, RestUntil: milli(a.Rest.Until),
		WrapUntil:  milli(a.WrapUpEnds),
		Registered: a.Registered, Locked: a.Locked, DND: a.DND, Outside: a.Outside, Groups: a.Groups,
	}
	if a.Rest.Active() {
		shown.RestCause = string(a.Rest.Cause)
	}
	if shown.Groups == nil {
		shown.Groups = []string{}
	}
	r := &row{key: a.Extension, full: encode(shown), tags: []string{agentTag(a.Extension)}}
	for _, number := range a.Groups {
		r.tags = append(r.tags, groupTag(number))
	}
	if len(a.Groups) == 0 {
		r.tags = append(r.tags, groupTag(""))
	}
	if a.Caller != "" || a.CallerName != "" {
		r.numberTag = groupTag(a.CallGroup)
		shown.Caller, shown.CallerName, shown.Hidden = "", "", true
		r.hidden = encode(shown)
	}
	t.put(agentKind, r, version)
}

// stateOf returns the agent's state, and since when. The floor knows when a call state began. When
// another state began is known if the change was seen.
func (t *table) stateOf(a *queue.AgentRow, now time.Time) agentState {
	standing := a.Standing()
	is := agentState{state: standing.String(), groups: a.Groups}
	held, seen := t.agents[a.Extension]
	switch ready := standing == agent.StandingReady; {
	case is.state == a.Call.String() && (!ready || !seen):
		is.since = a.Since
	case standing == agent.StandingBusy && !a.PausedSince.IsZero():
		is.since = a.PausedSince
	case seen && held.state == is.state:
		is.since = held.since
	case seen:
		is.since = now
	}
	return is
}

func agentsOf(s *queue.Standings) agentCounts {
	return agentCounts{
		Ready: s[agent.StandingReady], Ring: s[agent.StandingRing], Talking: s[agent.StandingTalking],
		Typing: s[agent.StandingTyping], NoAnswer: s[agent.StandingNoAnswer], Rest: s[agent.StandingRest],
		Busy: s[agent.StandingBusy], Unavailable: s[agent.StandingUnavailable], Down: s[agent.StandingDown],
		LoggedIn: s.LoggedIn(),
	}
}

func encode(shown any) []byte {
	text, err := json.Marshal(shown)
	if err != nil {
		panic(err) // the rows have only strings, numbers and lists of strings
	}
	return text
}

func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func groupTag(number string) string    { return "g" + number }
func agentTag(extension string) string { return "x" + extension }
