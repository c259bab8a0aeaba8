package console

var englishRefusals = map[string]string{
	"exists":            "There is one of this name or number already.",
	"full":              "There are too many of them already.",
	"callers-waiting":   "Callers wait in this group.",
	"agent-on-call":     "The agent has an offer or a call.",
	"agent-not-free":    "The agent is not available.",
	"being-transferred": "The call is being transferred already.",
	"call-ending":       "The call is ending.",
	"not-talking":       "The caller is not in a talk.",
	"blacklisted":       "The blacklist of the group has the caller's number.",
	"no-wrap-up":        "The agent is not in wrap-up.",
	"endless-wrap-up":   "The wrap-up has no end. It ends when the agent becomes ready.",
	"no-group":          "There is no such group, or it is not one of yours.",
	"no-agent":          "There is no such agent, or it is in no group of yours.",
	"no-call":           "The call has ended, or it is not of your groups.",
	"no-reason":         "There is no such reason any more.",
	"no-job-number":     "There is no job number to say.",
	"extension-missing": "The role “agent” needs an extension.",
	"no-freeswitch":     "There is no connection to FreeSWITCH.",
	"no-database":       "The database does not answer.",
	"configuration":     "The configuration has a fault, so it stays as it was.",
}

var englishWays = map[string]string{
	"command":  "command",
	"http":     "API",
	"console":  "console",
	"dialplan": "dialplan",
	"sql":      "SQL",
	"cli":      "command line",
	"system":   "server",
}
