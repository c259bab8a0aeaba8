package queue

import (
	"time"

	"nwayacd/internal/setting"
)

// Formula is a way to compute a service level.
type Formula = string

// The formulas. docs/glossary.md defines the service level, and docs/groups.md each formula.
const (
	ShortExcluded    Formula = "short-excluded"
	AllCounted       Formula = "all"
	AnsweredOnly     Formula = "answered"
	AbandonsCount    Formula = "abandoned-counts"
	LateAbandonsOnly Formula = "late-abandoned"
)

// Formulas are all formulas; the first is the default.
var Formulas = []Formula{ShortExcluded, AllCounted, AnsweredOnly, AbandonsCount, LateAbandonsOnly}

// DefaultMarks are the marks of a group that has none of its own.
var DefaultMarks = MarksInForce{
	ServiceLevel: 20 * time.Second, Goal: 80, Formula: ShortExcluded, ShortAbandon: 5 * time.Second,
	WarnWaiting: 5, AlertWaiting: 10, WarnWait: time.Minute, AlertWait: 2 * time.Minute,
}

// MarksInForce are the marks of a group with the defaults filled in.
type MarksInForce struct {
	ServiceLevel time.Duration // a caller who is answered by then is answered in time
	Goal         int           // service level to reach, in percent
	Formula      Formula
	ShortAbandon time.Duration // a caller who hangs up by then is a short abandon
	WarnWaiting  int           // so many waiting callers are shown as a warning
	AlertWaiting int           // and so many as an alert
	WarnWait     time.Duration // the same for the longest wait
	AlertWait    time.Duration
}

// InForce returns the marks with the defaults filled in.
func (m *Marks) InForce() MarksInForce {
	d := &DefaultMarks
	return MarksInForce{
		ServiceLevel: m.ServiceLevel.Or(d.ServiceLevel), Goal: m.Goal.Or(d.Goal), Formula: m.Formula.Or(d.Formula),
		ShortAbandon: m.ShortAbandon.Or(d.ShortAbandon), WarnWaiting: m.WarnWaiting.Or(d.WarnWaiting),
		AlertWaiting: m.AlertWaiting.Or(d.AlertWaiting), WarnWait: m.WarnWait.Or(d.WarnWait),
		AlertWait: m.AlertWait.Or(d.AlertWait),
	}
}

type (
	ownSeconds = setting.Own[time.Duration]
	ownNumber  = setting.Own[int]
	ownText    = setting.Own[string]
)

// GroupSettings are the settings of a group, in the order in which they are shown.
var GroupSettings = setting.Table[Group, GroupUpdate]{
	{
		Key: "name", Column: "group_name", Rule: setting.OfText(100), Default: "",
		Help: help("the group's name, as lists and pages show it", "组名，列表和页面显示"),
		Field: setting.TextField(func(g *Group) *string { return &g.Name },
			func(u *GroupUpdate) **string { return &u.Name }),
	},
	{
		Key: "mode", Column: "group_call_mode", Rule: setting.OfNumber(0, int64(RememberCyclic)),
		Default: int64(RememberCyclic),
		Help: help(
			"how the agent is chosen: 0 sequence, 1 random, 2 cyclic. "+
				"3 to 5: the remembered agent first, then as 0 to 2",
			"选择座席的方式：0 顺序，1 随机，2 轮循；3 到 5：先找上次接听的座席，然后同 0 到 2",
		),
		Field: setting.NumberField(func(g *Group) *Mode { return &g.Mode },
			func(u *GroupUpdate) **Mode { return &u.Mode }),
	},
	{
		Key: "ring_seconds", Column: "group_callout_timeout", Rule: setting.OfSeconds(1, 60*60),
		Default: int64(DefaultRingTimeout / time.Second),
		Help:    help("how long an agent's phone rings", "座席话机振铃的时长"),
		Field: setting.SecondsField(func(g *Group) *time.Duration { return &g.RingTimeout },
			func(u *GroupUpdate) **time.Duration { return &u.RingTimeout }),
	},
	{
		Key: "welcome", Column: "welcome_ring", Rule: setting.OfFile(), DefaultIn: "default-agent-welcome",
		Help: help("the prompt that callers hear first", "来电者首先听到的提示音"),
		Field: promptField(func(p *Prompts) *string { return &p.Welcome },
			func(u *GroupUpdate) **string { return &u.Welcome }),
	},
	{
		Key: "blacklist", Column: "black_list_ring", Rule: setting.OfFile(), DefaultIn: "default-blacklistwav",
		Help: help("the prompt that blacklisted callers hear", "黑名单来电者听到的提示音"),
		Field: promptField(func(p *Prompts) *string { return &p.Blacklist },
			func(u *GroupUpdate) **string { return &u.Blacklist }),
	},
	{
		Key: "busy", Column: "busy_ring", Rule: setting.OfFile(), DefaultIn: "default-agent-busy",
		Help: help("the prompt that callers hear if they have to wait", "需要等待时来电者听到的提示音"),
		Field: promptField(func(p *Prompts) *string { return &p.Busy },
			func(u *GroupUpdate) **string { return &u.Busy }),
	},
	{
		Key: "transfer", Column: "transfer_ring", Rule: setting.OfFile(), DefaultIn: "default-agent-transfer",
		Help: help("the prompt that callers hear while an agent's phone rings", "座席话机振铃时来电者听到的提示音"),
		Field: promptField(func(p *Prompts) *string { return &p.Transfer },
			func(u *GroupUpdate) **string { return &u.Transfer }),
	},
	{
		Key: "caller_prefix", Column: "caller_prefix", Rule: setting.OfText(64), Default: "",
		Help: help("the text that agents' phones show before the caller's name", "座席话机上显示在来电者姓名前的文字"),
		Field: setting.TextField(func(g *Group) *string { return &g.CallerPrefix },
			func(u *GroupUpdate) **string { return &u.CallerPrefix }),
	},
	{
		Key: "service_level_seconds", Column: "service_level_seconds", Rule: setting.OfSeconds(1, 60*60),
		Default: int64(DefaultMarks.ServiceLevel / time.Second),
		Help:    help("callers that are answered by then are answered in time", "在此时间内接听即为及时接听"),
		Field: setting.OwnSecondsField(func(g *Group) *ownSeconds { return &g.ServiceLevel },
			func(u *GroupUpdate) **ownSeconds { return &u.ServiceLevel }),
	},
	{
		Key: "service_level_goal", Column: "service_level_goal", Rule: setting.OfNumber(0, 100),
		Default: int64(DefaultMarks.Goal),
		Help:    help("the service level to reach, in percent", "要达到的服务水平（百分比）"),
		Field: setting.OwnNumberField(func(g *Group) *ownNumber { return &g.Goal },
			func(u *GroupUpdate) **ownNumber { return &u.Goal }),
	},
	{
		Key: "service_level_formula", Column: "service_level_formula", Rule: setting.OfChoice(Formulas...),
		Default: DefaultMarks.Formula,
		Help:    help("how the service level is computed", "服务水平的计算方法"),
		Field: setting.OwnTextField(func(g *Group) *ownText { return &g.Formula },
			func(u *GroupUpdate) **ownText { return &u.Formula }),
	},
	{
		Key: "short_abandon_seconds", Column: "short_abandon_seconds", Rule: setting.OfSeconds(0, 60*60),
		Default: int64(DefaultMarks.ShortAbandon / time.Second),
		Help:    help("callers that hang up by then are short abandons", "在此时间内挂机即为短时放弃"),
		Field: setting.OwnSecondsField(func(g *Group) *ownSeconds { return &g.ShortAbandon },
			func(u *GroupUpdate) **ownSeconds { return &u.ShortAbandon }),
	},
	{
		Key: "warn_waiting", Column: "warn_waiting", Rule: setting.OfNumber(0, 100_000),
		Default: int64(DefaultMarks.WarnWaiting), Supervisor: true,
		Help: help("so many waiting callers are a warning", "等待人数达到此值为警告"),
		Field: setting.OwnNumberField(func(g *Group) *ownNumber { return &g.WarnWaiting },
			func(u *GroupUpdate) **ownNumber { return &u.WarnWaiting }),
	},
	{
		Key: "alert_waiting", Column: "alert_waiting", Rule: setting.OfNumber(0, 100_000),
		Default: int64(DefaultMarks.AlertWaiting), Supervisor: true,
		Help: help("so many waiting callers are an alert", "等待人数达到此值为警报"),
		Field: setting.OwnNumberField(func(g *Group) *ownNumber { return &g.AlertWaiting },
			func(u *GroupUpdate) **ownNumber { return &u.AlertWaiting }),
	},
	{
		Key: "warn_wait_seconds", Column: "warn_wait_seconds", Rule: setting.OfSeconds(0, 24*60*60),
		Default: int64(DefaultMarks.WarnWait / time.Second), Supervisor: true,
		Help: help("a longest wait of so long is a warning", "有人等待这么久为警告"),
		Field: setting.OwnSecondsField(func(g *Group) *ownSeconds { return &g.WarnWait },
			func(u *GroupUpdate) **ownSeconds { return &u.WarnWait }),
	},
	{
		Key: "alert_wait_seconds", Column: "alert_wait_seconds", Rule: setting.OfSeconds(0, 24*60*60),
		Default: int64(DefaultMarks.AlertWait / time.Second), Supervisor: true,
		Help: help("a longest wait of so long is an alert", "有人等待这么久为警报"),
		Field: setting.OwnSecondsField(func(g *Group) *ownSeconds { return &g.AlertWait },
			func(u *GroupUpdate) **ownSeconds { return &u.AlertWait }),
	},
}

func promptField(of func(*Prompts) *string, by func(*GroupUpdate) **string) setting.Field[Group, GroupUpdate] {
	return setting.TextOrDefaultField(func(g *Group) *string { return of(&g.Prompts) }, by)
}

func help(en, zh string) setting.Words { return setting.Words{EN: en, ZH: zh} }
