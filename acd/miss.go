package acd

import (
	"strings"

	"nwayacd/queue"
)

// missOf returns what a missed offer means for its agent. cause is why the agent's leg failed:
//   - FreeSWITCH's cause for a phone's answer (sofia_glue.c, sofia_glue_sip_cause_to_freeswitch);
//   - our own cause for a leg that died;
//   - the text of an error, which is not in capital letters. Then the connection to FreeSWITCH was
//     lost, which means nothing for the agent.
func missOf(cause string) queue.Miss {
	return queue.Miss{Cause: missCause(cause), Unregistered: unregistered(cause)}
}

func missCause(cause string) queue.MissCause {
	if cause != strings.ToUpper(cause) {
		return queue.MissNone
	}
	switch cause {
	case "USER_BUSY": // 486, 600
		return queue.MissBusy
	case "CALL_REJECTED", "UNWANTED": // 603, 607, 608
		return queue.MissReject
	case "NO_ANSWER", "ALLOTTED_TIMEOUT", "NO_PICKUP", // it rang until the ring timeout
		"NORMAL_CLEARING", "DIED_BEFORE_BRIDGE": // it was answered and hung up at once
		return queue.MissNoAnswer
	case "MANAGER_REQUEST", // a program ended the leg with uuid_kill
		"ORIGINATOR_CANCEL", "LOSE_RACE", "PICKED_OFF", "ATTENDED_TRANSFER", "BLIND_TRANSFER", // the call is elsewhere
		"SYSTEM_SHUTDOWN", "CRASH", "SWITCH_CONGESTION", // FreeSWITCH cannot call anybody
		// or not with our dial string:
		"CHAN_NOT_IMPLEMENTED", "INVALID_PROFILE", "INVALID_GATEWAY", "GATEWAY_DOWN", "INVALID_URL":
		return queue.MissNone
	}
	// 3xx, 404, 408, 480, 488, 5xx, no answer at all, no contact, and causes that are unknown here.
	// An agent whose phone fails at once, for whatever reason, must not be tried for each caller in
	// turn.
	return queue.MissUnreachable
}

// unregistered reports whether FreeSWITCH's cause means that the agent has no registered telephone.
func unregistered(cause string) bool {
	return cause == "SUBSCRIBER_ABSENT" || cause == "USER_NOT_REGISTERED"
}
