package console

var englishReports = ReportWords{
	By:          "By",
	Step:        "Step",
	Quarter:     "15 minutes",
	Hour:        "Hour",
	Day:         "Day",
	Week:        "Week",
	Month:       "Month",
	Through:     "Through",
	Groups:      "Groups",
	Formula:     "Service level",
	PauseTime:   "Paused: {0}",
	PauseTimes:  "Pauses: {0}",
	Zone:        "Time zone",
	Show:        "Show",
	TimeChart:   "What the agents did",
	CallChart:   "Calls by outcome",
	LevelChart:  "Service level",
	Other:       "left in another way",
	Begin:       "Begin",
	Total:       "Together",
	Definitions: "What the figures mean",
	Counting: "Everything of a visit counts in the quarter hour in which the caller arrived. A call " +
		"that visits two groups counts in both, so all groups together are the sum of visits.",
	Nothing:     "Nothing happened in this time",
	NothingText: "Figures appear shortly after the first call has ended.",
	CountingAgents: "Time counts in the quarter hours in which it passes, offers in that of the offer. With " +
		"groups chosen, ringing, talk and wrap-up are those for them.",
	NothingOfGroups: "There are no figures of these groups. They may have no call yet, or are not yours to see.",
	Goals:           "The groups have different goals: {0}",
	TooMany:         "These are the first {0} of {1} rows. CSV and XLSX have all.",
	NoZone:          "There is no such time zone. Examples: Europe/Berlin, Asia/Shanghai, UTC.",
	NoDay:           "From and through are days, as in 2026-01-31.",
	Backwards:       "The first day is after the last one.",
	TooManyPlaces: "There are too many steps or agents for a chart. " +
		"Choose a longer step, a shorter time, or fewer groups.",
}
