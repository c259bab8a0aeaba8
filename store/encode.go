package store

import (
	"encoding/json"
	"strconv"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

// appendChange appends the JSON of a change, byte for byte as encoding/json encodes it. Write runs
// under the dispatcher's lock. So the changes that each call makes are encoded here without
// reflection, which is much faster. The others are left to encoding/json.
func appendChange(to []byte, c *queue.Change) ([]byte, error) {
	o := object{text: append(to, '{')}
	switch {
	case c.Agent != nil:
		o.inside("Agent", func() { o.update(c.Agent) })
	case c.AgentLog != nil:
		o.inside("AgentLog", func() { o.logEntry(c.AgentLog) })
	case c.Group != nil:
		o.inside("Group", func() { o.group(c.Group) })
	case c.Waiting != nil:
		o.inside("Waiting", func() { o.waiting(c.Waiting) })
	case c.Left != nil:
		o.string("Left", *c.Left)
	case c.Remembered != nil:
		o.inside("Remembered", func() { o.memory(c.Remembered) })
	case c.Offer != nil:
		o.inside("Offer", func() { o.offer(c.Offer) })
	case c.CDR != nil:
		o.inside("CDR", func() { o.cdr(c.CDR) })
	case c.WrapUp != nil:
		o.inside("WrapUp", func() { o.wrapUp(c.WrapUp) })
	case c.Talk != nil:
		o.inside("Talk", func() { o.talk(c.Talk) })
	case c.TalkOver != nil:
		o.string("TalkOver", *c.TalkOver)
	default:
		body, err := json.Marshal(c)
		return append(to, body...), err
	}
	return append(o.text, '}'), o.err
}

func (o *object) update(u *agent.Update) {
	o.string("Extension", u.Extension)
	o.flagIf("Registered", u.Registered)
	o.flagIf("Up", u.Up)
	o.flagIf("Idle", u.Idle)
	if u.Call != nil {
		o.string("Call", u.Call.String())
	}
	o.timeIf("Since", u.Since)
	if u.Deferred != nil {
		o.string("Deferred", u.Deferred.String())
	}
	o.timeIf("HungUp", u.HungUp)
	o.flagIf("Locked", u.Locked)
	o.flagIf("DND", u.DND)
	o.stringIf("Name", u.Name)
	o.stringIf("CalloutNumber", u.CalloutNumber)
	o.stringIf("JobNumber", u.JobNumber)
	o.flagIf("SayJobNumber", u.SayJobNumber)
	o.flagIf("Record", u.Record)
	o.flagIf("WithoutState", u.WithoutState)
	o.flagIf("Survey", u.Survey)
	o.flagIf("Video", u.Video)
	o.durationIf("Progress", u.Progress)
	o.stringIf("Server", u.Server)
	ownIf(o, "WrapUp", u.WrapUp, appendDuration)
	o.stringIf("DialString", u.DialString)
	ownIf(o, "MaxMisses", u.MaxMisses, appendInt)
	o.stringIf("AllowedGroups", u.AllowedGroups)
	o.stringIf("PauseReason", u.PauseReason)
	o.stringIf("PauseBy", u.PauseBy)
	o.timeIf("PausedSince", u.PausedSince)
	o.timeIf("LoginSince", u.LoginSince)
	o.timeIf("WrapUpUntil", u.WrapUpUntil)
}

func (o *object) logEntry(l *agent.LogEntry) {
	o.string("Extension", l.Extension)
	o.string("Status", string(l.Status))
	o.time("At", l.At)
	o.stringUnlessEmpty("Caller", l.Caller)
	o.stringUnlessEmpty("Standing", l.Standing)
	o.stringUnlessEmpty("Reason", l.Reason)
	o.stringUnlessEmpty("By", l.By)
	o.stringUnlessEmpty("Group", l.Group)
}

func (o *object) group(u *queue.GroupUpdate) {
	o.string("Number", u.Number)
	o.stringIf("Name", u.Name)
	if u.Mode != nil {
		o.integer("Mode", int64(*u.Mode))
	}
	o.stringIf("Cursor", u.Cursor)
	o.durationIf("RingTimeout", u.RingTimeout)
	o.stringIf("Welcome", u.Welcome)
	o.stringIf("Blacklist", u.Blacklist)
	o.stringIf("Busy", u.Busy)
	o.stringIf("Transfer", u.Transfer)
	o.stringIf("CallerPrefix", u.CallerPrefix)
	ownIf(o, "ServiceLevel", u.ServiceLevel, appendDuration)
	ownIf(o, "Goal", u.Goal, appendInt)
	ownIf(o, "Formula", u.Formula, appendQuoted)
	ownIf(o, "ShortAbandon", u.ShortAbandon, appendDuration)
	ownIf(o, "WarnWaiting", u.WarnWaiting, appendInt)
	ownIf(o, "AlertWaiting", u.AlertWaiting, appendInt)
	ownIf(o, "WarnWait", u.WarnWait, appendDuration)
	ownIf(o, "AlertWait", u.AlertWait, appendDuration)
}

func (o *object) waiting(w *queue.Waiting) {
	o.string("UUID", w.UUID)
	o.string("Caller", w.Caller)
	o.string("Group", w.Group)
	o.flag("VIP", w.VIP)
	o.time("Since", w.Since)
	o.stringUnlessEmpty("Name", w.Name)
	o.integerUnlessZero("Visit", w.Visit)
	o.stringUnlessEmpty("CameFrom", w.CameFrom)
}

func (o *object) memory(m *queue.Memory) {
	o.string("Caller", m.Caller)
	o.string("Group", m.Group)
	o.string("Agent", m.Agent)
	o.time("At", m.At)
}

func (o *object) offer(r *queue.OfferRecord) {
	o.string("Call", r.Call)
	o.string("Group", r.Group)
	o.string("Agent", r.Agent)
	o.string("Leg", r.Leg)
	o.integer("Number", int64(r.Number))
	o.flagUnlessFalse("Transfer", r.Transfer)
	o.time("Offered", r.Offered)
	o.timeUnlessZero("Answered", r.Answered)
	o.time("Ended", r.Ended)
	o.string("Outcome", string(r.Outcome))
	o.stringUnlessEmpty("Cause", r.Cause)
	o.integerUnlessZero("Visit", r.Visit)
	o.stringUnlessEmpty("Recording", r.Recording)
	o.timeUnlessZero("Arrived", r.Arrived)
	o.integerUnlessZero("Level", r.Level)
	o.durationUnlessZero("Hold", r.Hold)
	o.durationUnlessZero("WrapUp", r.WrapUp)
	o.stringUnlessEmpty("WrapUpEnded", string(r.WrapUpEnded))
}

func (o *object) wrapUp(w *queue.WrapUp) {
	o.string("Agent", w.Agent)
	o.timeUnlessZero("Offered", w.Offered)
	o.integer("Length", int64(w.Length))
	o.string("Ended", string(w.Ended))
}

func (o *object) cdr(c *queue.CDR) {
	o.string("UUID", c.UUID)
	o.string("Caller", c.Caller)
	o.stringUnlessEmpty("CallerName", c.CallerName)
	o.string("Dialled", c.Dialled)
	o.string("Group", c.Group)
	o.flagUnlessFalse("VIP", c.VIP)
	o.string("Switch", c.Switch)
	o.stringUnlessEmpty("Agent", c.Agent)
	o.stringUnlessEmpty("Leg", c.Leg)
	o.integerUnlessZero("Offers", c.Offers)
	o.string("Outcome", string(c.Outcome))
	o.stringUnlessEmpty("HungUpBy", string(c.HungUpBy))
	o.stringUnlessEmpty("Cause", c.Cause)
	o.stringUnlessEmpty("Survey", c.Survey)
	o.stringUnlessEmpty("Recording", c.Recording)
	o.time("Arrived", c.Arrived)
	o.timeUnlessZero("Answered", c.Answered)
	o.timeUnlessZero("Bridged", c.Bridged)
	o.time("Ended", c.Ended)
	o.integerUnlessZero("Visit", c.Visit)
	o.stringUnlessEmpty("CameFrom", c.CameFrom)
	o.stringUnlessEmpty("Direction", string(c.Direction))
	o.stringUnlessEmpty("TransferredTo", c.TransferredTo)
	o.stringUnlessEmpty("TransferKind", string(c.TransferKind))
	o.stringsUnlessNone("Recordings", c.Recordings)
	o.integerUnlessZero("PositionFirst", c.PositionFirst)
	o.integerUnlessZero("PositionLast", c.PositionLast)
	o.durationUnlessZero("Welcome", c.Welcome)
	o.stringUnlessEmpty("ExitKey", c.ExitKey)
	o.stringUnlessEmpty("CallbackID", c.CallbackID)
	o.integerUnlessZero("ServiceLevel", c.ServiceLevel)
	o.integerUnlessZero("Short", c.Short)
}

func (o *object) talk(t *queue.Talk) {
	o.string("Server", t.Server)
	o.string("Link", t.Link)
	o.string("CoreUUID", t.CoreUUID)
	o.inside("CDR", func() { o.cdr(&t.CDR) })
	o.inside("Offer", func() { o.offer(&t.Offer) })
	o.flagUnlessFalse("Parted", t.Requeued)
	o.flagUnlessFalse("OfferRecorded", t.OfferRecorded)
	o.flagUnlessFalse("NeverQueued", t.NeverQueued)
}

// object is a JSON object that is being written. err is the last value in it that has no JSON.
type object struct {
	text []byte
	err  error
}

func (o *object) name(name string) {
	if o.text[len(o.text)-1] != '{' {
		o.text = append(o.text, ',')
	}
	o.text = append(o.text, '"')
	o.text = append(o.text, name...)
	o.text = append(o.text, '"', ':')
}

func (o *object) inside(name string, fields func()) {
	o.name(name)
	o.text = append(o.text, '{')
	fields()
	o.text = append(o.text, '}')
}

func (o *object) string(name, value string) {
	o.name(name)
	o.text = appendQuoted(o.text, value)
}

func appendQuoted(to []byte, value string) []byte {
	if !plain(value) {
		quoted, _ := json.Marshal(value) // every string has a JSON
		return append(to, quoted...)
	}
	to = append(to, '"')
	to = append(to, value...)
	return append(to, '"')
}

// plain reports whether the text needs no escapes in JSON.
func plain(text string) bool {
	for i := range len(text) {
		switch b := text[i]; {
		case b < ' ', b > '~', b == '"', b == '\\', b == '<', b == '>', b == '&':
			return false
		}
	}
	return true
}

func (o *object) integer(name string, value int64) {
	o.name(name)
	o.text = strconv.AppendInt(o.text, value, 10)
}

func (o *object) flag(name string, value bool) {
	o.name(name)
	o.text = strconv.AppendBool(o.text, value)
}

func (o *object) time(name string, value time.Time) {
	o.name(name)
	o.text = append(o.text, '"')
	text, err := value.AppendText(o.text)
	if err != nil {
		o.err = err
		return
	}
	o.text = append(text, '"')
}

func (o *object) stringIf(name string, value *string) {
	if value != nil {
		o.string(name, *value)
	}
}

func (o *object) flagIf(name string, value *bool) {
	if value != nil {
		o.flag(name, *value)
	}
}

func (o *object) timeIf(name string, value *time.Time) {
	if value != nil {
		o.time(name, *value)
	}
}

// ownIf appends a value that may be left to its default, which is the word default. It does not
// hand the object to appended, so that the object stays on the stack.
func ownIf[V comparable](o *object, name string, value *setting.Own[V], appended func([]byte, V) []byte) {
	switch {
	case value == nil:
	case !value.Set:
		o.string(name, setting.Default)
	default:
		o.name(name)
		o.text = appended(o.text, value.Value)
	}
}

func appendDuration(to []byte, d time.Duration) []byte { return strconv.AppendInt(to, int64(d), 10) }

func appendInt(to []byte, n int) []byte { return strconv.AppendInt(to, int64(n), 10) }

func (o *object) stringUnlessEmpty(name, value string) {
	if value != "" {
		o.string(name, value)
	}
}

func (o *object) flagUnlessFalse(name string, value bool) {
	if value {
		o.flag(name, value)
	}
}

func (o *object) integerUnlessZero(name string, value int) {
	if value != 0 {
		o.integer(name, int64(value))
	}
}

func (o *object) durationIf(name string, value *time.Duration) {
	if value != nil {
		o.integer(name, int64(*value))
	}
}

func (o *object) durationUnlessZero(name string, value time.Duration) {
	if value != 0 {
		o.integer(name, int64(value))
	}
}

func (o *object) stringsUnlessNone(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.name(name)
	separator := byte('[')
	for _, value := range values {
		o.text = appendQuoted(append(o.text, separator), value)
		separator = ','
	}
	o.text = append(o.text, ']')
}

func (o *object) timeUnlessZero(name string, value time.Time) {
	if !value.IsZero() {
		o.time(name, value)
	}
}
