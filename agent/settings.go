package agent

import (
	"time"

	"nwayacd/internal/setting"
)

// settings shortens the types of the table.
type (
	settings   = setting.Table[Agent, Update]
	textIn     = func(*Agent) *string
	textBy     = func(*Update) **string
	flagIn     = func(*Agent) *bool
	flagBy     = func(*Update) **bool
	ownSeconds = setting.Own[time.Duration]
)

// Settings are the settings of an agent, in the order in which they are shown.
var Settings = settings{
	{
		Key: "name", Column: "extension_name", Rule: setting.OfText(100), Default: "",
		Help:  help("the agent's name, as lists and pages show it", "座席姓名，列表和页面显示"),
		Field: text(func(a *Agent) *string { return &a.Name }, func(u *Update) **string { return &u.Name }),
	},
	{
		Key: "job_number", Column: "job_number", Rule: setting.OfTelephone(40), Default: "",
		Help:  help("the agent's job number", "工号"),
		Field: text(func(a *Agent) *string { return &a.JobNumber }, func(u *Update) **string { return &u.JobNumber }),
	},
	{
		Key: "say_job_number", Column: "say_job_number", Rule: setting.OfFlag(), Default: false,
		Help:  help("whether callers hear the job number before the talk", "通话前是否向来电者播报工号"),
		Field: flag(func(a *Agent) *bool { return &a.SayJobNumber }, func(u *Update) **bool { return &u.SayJobNumber }),
	},
	{
		Key: "record", Column: "is_record", Rule: setting.OfFlag(), Default: false,
		Help:  help("whether the agent's talks are recorded", "是否录音"),
		Field: flag(func(a *Agent) *bool { return &a.Record }, func(u *Update) **bool { return &u.Record }),
	},
	{
		Key: "survey", Column: "use_custom_value", Rule: setting.OfFlag(), Default: false,
		Help:  help("whether the caller rates a talk that the agent has hung up", "座席先挂机后，来电者是否评价"),
		Field: flag(func(a *Agent) *bool { return &a.Survey }, func(u *Update) **bool { return &u.Survey }),
	},
	{
		Key: "video", Column: "use_video", Rule: setting.OfFlag(), Default: false,
		Help:  help("whether the agent takes video calls (video-codecs)", "是否使用视频（video-codecs）"),
		Field: flag(func(a *Agent) *bool { return &a.Video }, func(u *Update) **bool { return &u.Video }),
	},
	{
		Key: "without_state", Column: "answer_without_state", Rule: setting.OfFlag(), Default: false,
		Help:  help("whether the agent is offered calls while logged out or busy", "未签入或示忙时是否也分配来电"),
		Field: flag(func(a *Agent) *bool { return &a.WithoutState }, func(u *Update) **bool { return &u.WithoutState }),
	},
	{
		Key: "callout_number", Column: "callout_number", Rule: setting.OfTelephone(50), Default: "",
		Help: help("the number that is shown for calls that the agent makes", "座席外呼时显示的号码"),
		Field: text(func(a *Agent) *string { return &a.CalloutNumber },
			func(u *Update) **string { return &u.CalloutNumber }),
	},
	{
		Key: "dnd", Column: "dnd", Rule: setting.OfFlag(), Default: false,
		Help:  help("do not disturb: the agent is offered nothing", "免打扰：不分配来电"),
		Field: flag(func(a *Agent) *bool { return &a.DND }, func(u *Update) **bool { return &u.DND }),
	},
	{
		Key: "locked", Column: "locked", Rule: setting.OfFlag(), Default: false,
		Help:  help("locked: the agent is offered nothing", "锁定：不分配来电"),
		Field: flag(func(a *Agent) *bool { return &a.Locked }, func(u *Update) **bool { return &u.Locked }),
	},
	{
		Key: "wrap_up_seconds", Column: "wrap_up_seconds", Rule: setting.OfSeconds(-1, 24*60*60),
		DefaultIn: "recover-seconds",
		Help: help(
			"length of the wrap-up after a talk; 0: none; -1: until nway_ready",
			"通话后话后处理的时长；0：没有；-1：直到 nway_ready",
		),
		Field: setting.OwnSecondsField(func(a *Agent) *ownSeconds { return &a.WrapUp },
			func(u *Update) **ownSeconds { return &u.WrapUp }),
	},
	{
		Key: "dial_string", Column: "dial_string", Rule: setting.OfDial(), DefaultIn: "dial-string",
		Help: help("how FreeSWITCH calls the agent", "FreeSWITCH 呼叫该座席的拨号串"),
		Field: setting.TextOrDefaultField(textIn(func(a *Agent) *string { return &a.DialString }),
			func(u *Update) **string { return &u.DialString }),
	},
	{
		Key: "max_misses", Column: "max_misses", Rule: setting.OfNumber(0, 1000), DefaultIn: "max-misses",
		Help: help(
			"after so many missed offers in a row the agent is noanswer; 0: never",
			"连续未接多少次后座席变为 noanswer；0：从不",
		),
		Field: setting.OwnNumberField(func(a *Agent) *setting.Own[int] { return &a.MaxMisses },
			func(u *Update) **setting.Own[int] { return &u.MaxMisses }),
	},
	{
		Key: "allowed_groups", Column: "allowed_groups", Rule: setting.OfGroups(), Default: "",
		Help: help(
			"the groups to which the agent may log itself in; empty: all",
			"座席可以自行签入的组；空：全部",
		),
		Field: text(func(a *Agent) *string { return &a.AllowedGroups },
			func(u *Update) **string { return &u.AllowedGroups }),
	},
	{
		Key: "progress_seconds", Column: "progress_seconds", Rule: setting.OfSeconds(0, 60*60),
		DefaultIn: "progress-seconds",
		Help: help(
			"after how long without a 180 or 183 the phone is unreachable; 0: as configured",
			"话机多久没有 180 或 183 即视为不可达；0：按配置",
		),
		Field: setting.SecondsOrDefaultField(func(a *Agent) *time.Duration { return &a.Progress },
			func(u *Update) **time.Duration { return &u.Progress }),
	},
}

func text(in textIn, by textBy) setting.Field[Agent, Update] { return setting.TextField(in, by) }

func flag(in flagIn, by flagBy) setting.Field[Agent, Update] { return setting.FlagField(in, by) }

func help(en, zh string) setting.Words { return setting.Words{EN: en, ZH: zh} }
