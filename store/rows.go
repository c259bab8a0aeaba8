package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

// kind is a way of writing to the database. Each dialect has statements for it, with one parameter:
// a JSON array of docs.
type kind uint8

const (
	setAgent kind = iota
	addAgent
	removeAgent
	setGroup
	addGroup
	removeGroup
	setMembership
	joinGroup
	leaveGroup
	putWaiting
	dropWaiting
	putMemory
	putBlacklisted
	dropBlacklisted
	putVIP
	dropVIP
	putCDR
	putOffer
	putAgentLog
	putWrapUp
	putTalk
	dropTalk
	putReason
	dropReason
	sweepWaiting
	sweepTalks
	putUser
	setUser
	dropUser
	putToken
	setToken
	dropToken
	putSession
	setSession
	dropSession
	putAudit
)

// doc is one row to write. Its keys are columns, or names that the statements of the kind use.
type doc map[string]any

// words says how a dialect, or an existing table, writes a flag.
type words struct {
	yes, no string
	noTime  any // makes a time NULL that may be cleared
	// number has the flag columns that are numbers in this database. They take 1 and 0.
	number map[string]bool
}

func (w *words) flag(column string, set bool) string {
	switch {
	case w.number[column] && set:
		return "1"
	case w.number[column]:
		return "0"
	case set:
		return w.yes
	default:
		return w.no
	}
}

var errNothing = errors.New("the change is of a kind that this program does not know")

// row is what a change becomes: a doc to write, and a key. Docs with the same key concern the same
// thing. A key of "" matches none.
type row struct {
	kind kind
	key  string
	doc  doc
}

func (w *words) row(c queue.Change) (row, error) {
	switch {
	case c.Agent != nil:
		return row{setAgent, c.Agent.Extension, w.agentDoc(c.Agent)}, nil
	case c.AgentAdded != nil:
		a := c.AgentAdded
		return row{addAgent, a.Extension, doc{"extension_number": a.Extension, "extension_pswd": a.Password}}, nil
	case c.AgentRemoved != nil:
		return row{removeAgent, *c.AgentRemoved, doc{"extension_number": *c.AgentRemoved}}, nil
	case c.Group != nil:
		return row{setGroup, c.Group.Number, w.groupUpdateDoc(c.Group)}, nil
	case c.GroupAdded != nil:
		return row{addGroup, c.GroupAdded.Number, w.groupDoc(c.GroupAdded)}, nil
	case c.GroupRemoved != nil:
		return row{removeGroup, *c.GroupRemoved, doc{"group_number": *c.GroupRemoved}}, nil
	case c.Membership != nil:
		m := c.Membership
		groups := slices.Compact(slices.Sorted(slices.Values(m.Groups)))
		return row{setMembership, m.Extension, doc{"ext": m.Extension, "groups": append([]string{}, groups...)}}, nil
	case c.MemberJoined != nil:
		return memberRow(joinGroup, c.MemberJoined), nil
	case c.MemberLeft != nil:
		return memberRow(leaveGroup, c.MemberLeft), nil
	case c.Waiting != nil:
		return waitingRow(c.Waiting), nil
	case c.Left != nil:
		return row{dropWaiting, *c.Left, doc{"call_uuid": *c.Left}}, nil
	case c.Talk != nil:
		return talkRow(c.Talk)
	case c.TalkOver != nil:
		return row{dropTalk, *c.TalkOver, doc{"call_uuid": *c.TalkOver}}, nil
	case c.StillWaiting != nil:
		return row{sweepWaiting, "", doc{"still": append([]string{}, c.StillWaiting.UUIDs...)}}, nil
	case c.StillTalking != nil:
		return row{
			sweepTalks, "",
			doc{"server": c.StillTalking.Server, "still": append([]string{}, c.StillTalking.UUIDs...)},
		}, nil
	case c.Blacklisted != nil:
		return blacklistedRow(c.Blacklisted), nil
	case c.Unblacklisted != nil:
		return row{dropBlacklisted, *c.Unblacklisted, doc{"call_number": *c.Unblacklisted}}, nil
	case c.VIPAdded != nil:
		return vipRow(putVIP, c.VIPAdded), nil
	case c.VIPRemoved != nil:
		return vipRow(dropVIP, c.VIPRemoved), nil
	case c.Auth != nil:
		return authRow(c.Auth)
	case c.ReasonPut != nil:
		return reasonRow(c.ReasonPut), nil
	case c.ReasonRemoved != nil:
		return row{dropReason, *c.ReasonRemoved, doc{"code": *c.ReasonRemoved}}, nil
	default:
		return historyRow(c)
	}
}

// historyRow returns the row of a change that only adds to its table.
func historyRow(c queue.Change) (row, error) {
	switch {
	case c.Remembered != nil:
		m := c.Remembered
		return row{putMemory, m.Caller + "\x00" + m.Group, doc{
			"call_number": m.Caller, "group_number": m.Group, "agent_number": m.Agent, "insert_time": stampDoc(m.At),
		}}, nil
	case c.CDR != nil:
		return row{putCDR, "", cdrDoc(c.CDR)}, nil
	case c.Offer != nil:
		return row{putOffer, c.Offer.Agent, offerDoc(c.Offer)}, nil
	case c.AgentLog != nil:
		l := c.AgentLog
		return row{putAgentLog, "", doc{
			"extension": l.Extension, "status": l.Status, "at": stampDoc(l.At), "call_uuid": l.Caller,
			"standing": l.Standing, "reason": l.Reason, "by_whom": l.By, "group_number": l.Group,
		}}, nil
	case c.WrapUp != nil:
		u := c.WrapUp
		return row{putWrapUp, u.Agent, doc{
			"agent": u.Agent, "offered": stampDoc(u.Offered), "wrap_up_ms": u.Length.Milliseconds(),
			"wrap_up_ended": u.Ended,
		}}, nil
	}
	return row{}, errNothing
}

func (w *words) agentDoc(u *agent.Update) doc {
	d := doc{"extension_number": u.Extension}
	word(d, "reg_state", u.Registered, "reged", "unreg")
	word(d, "seat_state", u.Up, "up", "down")
	word(d, "seat_status", u.Idle, "idle", "busy")
	put(d, "call_state", u.Call)
	put(d, "deferred", u.Deferred)
	put(d, "server_ip", u.Server)
	put(d, "pause_reason", u.PauseReason)
	put(d, "pause_by", u.PauseBy)
	instant(d, "last_state_change_time", u.Since)
	instant(d, "last_hangup_time", u.HungUp)
	w.clearable(d, "paused_since", u.PausedSince)
	w.clearable(d, "login_since", u.LoginSince)
	w.clearable(d, "wrap_up_until", u.WrapUpUntil)
	settingDocs(w, d, agent.Settings, u)
	return d
}

// settingsKey is in a doc that sets any setting.
const settingsKey = "settings"

// settingDocs adds the settings that an update sets. NULL leaves one to its default.
func settingDocs[T, U any](w *words, d doc, all setting.Table[T, U], u *U) {
	for i := range all {
		v, changed := all[i].Changed(u)
		if !changed {
			continue
		}
		d[settingsKey] = true
		if set, is := v.(bool); is {
			v = w.flag(all[i].Column, set)
		}
		d[all[i].Column] = v
	}
}

func (w *words) groupUpdateDoc(u *queue.GroupUpdate) doc {
	d := doc{"group_number": u.Number}
	put(d, "current_ext_number", u.Cursor)
	settingDocs(w, d, queue.GroupSettings, u)
	return d
}

func (w *words) groupDoc(g *queue.Group) doc {
	added := g.WithDefaults()
	u := added.Update()
	return w.groupUpdateDoc(&u)
}

func memberRow(k kind, m *queue.Member) row {
	return row{k, m.Group + "\x00" + m.Extension, doc{"ext_group_number": m.Group, "ext": m.Extension}}
}

func waitingRow(w *queue.Waiting) row {
	return row{putWaiting, w.UUID, doc{
		"call_uuid": w.UUID, "callin_number": w.Caller, "callin_group": w.Group, "callin_type": number(w.VIP),
		"call_time": stampDoc(w.Since), "place": w.Since.UnixNano(), "callin_name": w.Name, "visit": max(w.Visit, 1),
		"came_from": orNothing(w.CameFrom),
	}}
}

// talkRow stores the talk as JSON, because only nwayacd reads it.
func talkRow(t *queue.Talk) (row, error) {
	whole, err := json.Marshal(t)
	return row{putTalk, t.CDR.UUID, doc{"call_uuid": t.CDR.UUID, "server": t.Server, "talk": string(whole)}}, err
}

func blacklistedRow(b *queue.Blacklisted) row {
	return row{putBlacklisted, b.Number, doc{
		"call_number": b.Number, "category": b.Category, "dest_number": b.Dialled, "group_number": b.Group,
		"expire_time": stampDoc(b.Expires),
	}}
}

func reasonRow(r *queue.Reason) row {
	return row{putReason, r.Code, doc{
		"code": r.Code, "name": r.Name, "paid": r.Paid, "position": r.Position, "active": r.Active,
	}}
}

func vipRow(k kind, v *queue.VIP) row {
	return row{k, v.Number + "\x00" + v.Group, doc{"phone_number": v.Number, "group_number": v.Group}}
}

func cdrDoc(c *queue.CDR) doc {
	serviceLevel, short := c.Limits()
	return doc{
		"call_uuid": c.UUID, "caller": c.Caller, "dialled": c.Dialled, "group_number": c.Group, "vip": c.VIP,
		"switch": c.Switch,
		"agent":  c.Agent, "leg_uuid": c.Leg, "offers": c.Offers, "outcome": c.Outcome, "hung_up_by": c.HungUpBy,
		"cause":  c.Cause,
		"survey": c.Survey, "recording": c.Recording, "arrived": stampDoc(c.Arrived), "answered": stampDoc(c.Answered),
		"bridged": stampDoc(c.Bridged), "ended": stampDoc(c.Ended), "caller_name": c.CallerName,
		"visit":     c.VisitNumber(),
		"came_from": orNothing(c.CameFrom), "direction": cmp.Or(c.Direction, inbound),
		"transferred_to": c.TransferredTo,
		"transfer_kind":  c.TransferKind, "recordings": listDoc(c.Recordings),
		"position_first": numberOrNothing(c.PositionFirst), "position_last": numberOrNothing(c.PositionLast),
		"welcome_ms": c.Welcome.Milliseconds(), "exit_key": c.ExitKey, "callback_id": c.CallbackID,
		"sl_seconds": serviceLevel, "short_seconds": short,
	}
}

func offerDoc(o *queue.OfferRecord) doc {
	d := doc{
		"call_uuid": o.Call, "group_number": o.Group, "agent": o.Agent, "leg_uuid": o.Leg, "number": o.Number,
		"transfer": o.Transfer,
		"outcome":  o.Outcome, "cause": o.Cause, "offered": stampDoc(o.Offered), "answered": stampDoc(o.Answered),
		"ended": stampDoc(o.Ended), "ring_ms": milliseconds(o.Offered, o.Ended), "talk_ms": nil,
		"visit": o.VisitNumber(), "recording": o.Recording, "arrived": stampDoc(o.Arrived), "level": o.Level,
		"hold_ms": o.Hold.Milliseconds(), "wrap_up_ms": nil, "wrap_up_ended": o.WrapUpEnded,
	}
	if o.WrapUpEnded != queue.NoWrapUp {
		d["wrap_up_ms"] = o.WrapUp.Milliseconds()
	}
	if !o.Answered.IsZero() {
		d["ring_ms"], d["talk_ms"] = milliseconds(o.Offered, o.Answered), milliseconds(o.Answered, o.Ended)
	}
	return d
}

func milliseconds(from, to time.Time) any {
	if from.IsZero() || to.IsZero() {
		return nil
	}
	return to.Sub(from).Milliseconds()
}

// stampDoc returns a time as both databases read it. PostgreSQL keeps microseconds.
func stampDoc(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Truncate(time.Microsecond)
}

// inbound is the database's word for queue.Inbound.
const inbound = "in"

// listDoc returns a list as JSON for a text column.
func listDoc(list []string) string {
	text, _ := json.Marshal(append([]string{}, list...)) // every string has a JSON
	return string(text)
}

// orNothing returns NULL for an empty text.
func orNothing(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// numberOrNothing returns NULL for 0.
func numberOrNothing(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

func number(set bool) int {
	if set {
		return 1
	}
	return 0
}

func put[T any](d doc, column string, value *T) {
	if value != nil {
		d[column] = *value
	}
}

func instant(d doc, column string, value *time.Time) {
	if value != nil {
		d[column] = stampDoc(*value)
	}
}

// clearable sets a time that becomes NULL if it is zero.
func (w *words) clearable(d doc, column string, value *time.Time) {
	switch {
	case value == nil:
	case value.IsZero():
		d[column] = w.noTime
	default:
		d[column] = stampDoc(*value)
	}
}

func word(d doc, column string, value *bool, yes, no string) {
	switch {
	case value == nil:
	case *value:
		d[column] = yes
	default:
		d[column] = no
	}
}
