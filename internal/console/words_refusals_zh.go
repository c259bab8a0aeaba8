package console

var chineseRefusals = map[string]string{
	"exists":            "该名称或号码已存在。",
	"full":              "数量已达上限。",
	"callers-waiting":   "该组中还有来电者在等待。",
	"agent-on-call":     "该座席正在振铃或通话。",
	"agent-not-free":    "该座席当前不可用。",
	"being-transferred": "该通话正在转接。",
	"call-ending":       "该通话正在结束。",
	"not-talking":       "来电者不在通话中。",
	"blacklisted":       "来电号码在该组的黑名单中。",
	"no-wrap-up":        "该座席不在话后处理中。",
	"endless-wrap-up":   "话后处理没有时限，座席置闲后结束。",
	"no-group":          "没有此组，或它不属于您。",
	"no-agent":          "没有此座席，或其不在您的组中。",
	"no-call":           "该通话已结束，或不属于您的组。",
	"no-reason":         "该原因已不存在。",
	"no-job-number":     "没有可播报的工号。",
	"extension-missing": "“座席”角色需要填写分机。",
	"no-freeswitch":     "未连接到 FreeSWITCH。",
	"no-database":       "数据库没有响应。",
	"configuration":     "配置有误，保持原有配置。",
}

var chineseWays = map[string]string{
	"command":  "命令",
	"http":     "API",
	"console":  "控制台",
	"dialplan": "拨号计划",
	"sql":      "SQL",
	"cli":      "命令行",
	"system":   "服务器",
}
