package console

var englishFigures = map[string]FigureText{
	"offered": {
		"Offered",
		"Visits that were answered, abandoned, or left in another way. Refused ones do not count.",
	},
	"answered": {
		"Answered",
		"Visits in which a caller talked with an agent.",
	},
	"answered_in": {
		"In time",
		"Answered within the seconds of the service level.",
	},
	"abandoned": {
		"Abandoned",
		"The caller hung up before an agent answered.",
	},
	"abandoned_short": {
		"Short",
		"Abandoned within the seconds of a short abandon.",
	},
	"service_level": {
		"Service level",
		"Share of the calls that were answered in time, by the formula that is named above.",
	},
	"asa_ms": {
		"Avg. answer",
		"Average wait of the answered callers, from arrival to answer.",
	},
	"wait_longest_ms": {
		"Longest wait",
		"The longest wait of any visit, answered or not.",
	},
	"aht_ms": {
		"Handle time",
		"Average handle time: talk and wrap-up, for each answered call.",
	},
	"talk_ms": {
		"Talk",
		"Sum of the talks. Time on hold is a part of it.",
	},
	"hold_ms": {
		"Hold",
		"Time for which callers were on hold during a talk.",
	},
	"wrap_up_ms": {
		"Wrap-up",
		"The agents' own time after talks.",
	},
	"left": {
		"Left",
		"Waited too long, pressed a key, was moved or taken, or consulted.",
	},
	"refused": {
		"Refused",
		"The group took no call: full, closed, no agents, or blacklisted.",
	},
	"logged_in_ms": {
		"Logged in",
		"From login to logout. The other times are its parts.",
	},
	"ready_ms": {
		"Ready",
		"Free for the next call.",
	},
	"ring_ms": {
		"Ringing",
		"The agent's phone rang.",
	},
	"outbound_ms": {
		"Outbound",
		"Calls that the agent made through the server.",
	},
	"paused_ms": {
		"Paused",
		"Paused, for all reasons.",
	},
	"missed_ms": {
		"Missed",
		"After too many missed offers, until the agent was ready again.",
	},
	"rest_ms": {
		"Rest",
		"Offered nothing for a while after a missed offer.",
	},
	"unavailable_ms": {
		"Unavailable",
		"No phone, do not disturb, locked, or in a call of the agent's own.",
	},
	"offers": {
		"Offers",
		"Calls that were offered to the agent.",
	},
	"misses": {
		"Misses",
		"Offers that the agent did not answer.",
	},
	"occupancy": {
		"Occupancy",
		"Ringing, talk and wrap-up, as a share of these and ready.",
	},
}
