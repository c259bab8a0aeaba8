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
	"asa_seconds": {
		"Avg. answer",
		"Average wait of the answered callers, from arrival to answer.",
	},
	"longest_wait_seconds": {
		"Longest wait",
		"The longest wait of any visit, answered or not.",
	},
	"aht_seconds": {
		"Handle time",
		"Average handle time: talk and wrap-up, for each answered call.",
	},
	"talk_seconds": {
		"Talk",
		"Sum of the talks. Time on hold is a part of it.",
	},
	"hold_seconds": {
		"Hold",
		"Time for which callers were on hold during a talk.",
	},
	"wrap_up_seconds": {
		"Wrap-up",
		"The agents' own time after talks.",
	},
	"left": {
		"Left",
		"Went on without an agent: after the longest wait, by a key, at closing time, with no agent there, " +
			"for a call back, moved, taken, consulted, or after a fault.",
	},
	"refused": {
		"Refused",
		"The group took no call: full, closed, no agents, or blacklisted.",
	},
	"logged_in_seconds": {
		"Logged in",
		"From login to logout. The other times are its parts.",
	},
	"ready_seconds": {
		"Ready",
		"Free for the next call.",
	},
	"ring_seconds": {
		"Ringing",
		"The agent's phone rang.",
	},
	"outbound_seconds": {
		"Outbound",
		"Calls that the agent made through the server.",
	},
	"paused_seconds": {
		"Paused",
		"Paused, for all reasons.",
	},
	"missed_seconds": {
		"Missed",
		"After too many missed offers, until the agent was ready again.",
	},
	"rest_seconds": {
		"Rest",
		"Offered nothing for a while after a missed offer.",
	},
	"unavailable_seconds": {
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
	"agent_answered": {
		"Answered",
		"Offers that the agent answered.",
	},
	"occupancy": {
		"Occupancy",
		"Ringing, talk and wrap-up, as a share of these and ready.",
	},
	"abandoned_in": {
		"Abandoned in time",
		"Abandoned within the seconds of the service level.",
	},
	"time_to_abandon_seconds": {
		"Avg. to abandon",
		"Average wait of the callers who abandoned.",
	},
	"talks": {
		"Talks",
		"Offers that an agent answered. A transferred visit has several.",
	},
	"withdrawn": {
		"Withdrawn",
		"Offers whose caller left, or was transferred, while the phone rang.",
	},
}
