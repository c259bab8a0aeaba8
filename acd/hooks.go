package acd

import (
	"strings"
	"time"

	"nwayacd/esl"
)

// Variables of the caller's channel make FreeSWITCH act without us, for example park the caller
// after the talk. If the channel is taken, they must not act any more. So hooks remove them, which
// FreeSWITCH runs on the channel's own thread. docs/wire.md has the order.
const (
	preBridgeHook = "execute_on_pre_bridge_nwayacd"     // a program bridges a waiting caller
	transferHook  = "execute_on_blind_transfer_nwayacd" // the caller is transferred
	cleanHook     = "execute_on_post_bridge_nwayacd_1"  // the talk is over; removes all of these
	overHook      = "execute_on_post_bridge_nwayacd_2"  // parks the caller, unless the caller was taken

	legCleanHook = "execute_on_post_bridge_nwayacd_1" // of the agent's leg; removes the hooks of before
	legKeepHook  = "execute_on_post_bridge_nwayacd_2" // parks the leg if its agent is to be kept
)

// keptHooks are hooks of the leg while its agent is kept. If the caller is back, or the leg was
// taken, they cancel the time limit of the keeping and remove themselves.
var keptHooks = []string{
	"execute_on_pre_bridge_nwayacd_1", "execute_on_pre_bridge_nwayacd_2",
	"execute_on_blind_transfer_nwayacd_1", "execute_on_blind_transfer_nwayacd_2",
}

// waitingList has the variables that make FreeSWITCH act on a waiting caller.
var waitingList = strings.Join([]string{
	"socket_resume", "inline_destination", consultVariable, preBridgeHook, transferHook,
}, " ")

// talkList has the variables that make FreeSWITCH act on a caller in a talk. FreeSWITCH itself sets
// transfer_after_bridge, from hold_hangup_xfer_exten.
var talkList = strings.Join([]string{
	"park_after_bridge", "park_timeout", "uuid_bridge_park_on_cancel", "uuid_bridge_continue_on_cancel",
	"socket_resume", "transfer_after_bridge", "inline_destination",
	overVariable, transferHook, cleanHook, overHook,
}, " ")

// unsetting returns the assignments that unset all variables of a list.
func unsetting(list string) (assignments []string) {
	for name := range strings.FieldsSeq(list) {
		assignments = append(assignments, name+"=")
	}
	return assignments
}

// talkVariables returns the command that prepares the caller for the end of the talk:
//   - socket_resume is unset, because it would end the bridge.
//   - If the agent hangs up, FreeSWITCH parks the caller, and sets nwayacd_over if the caller was
//     not taken.
//   - If FreeSWITCH cannot bridge the two, it parks the caller too. None of the hooks runs then.
//   - If this process has ended by then, park_timeout ends the call.
func (c *call) talkVariables() esl.Command {
	variables := []string{
		"socket_resume=", "inline_destination=", overVariable + "=", preBridgeHook + "=",
		talkVariable + "=" + c.server.options.Identity, visitVariable + "=" + c.visit().word(),
	}
	if c.who().home != "" { // unknown for a recovered talk, whose channel has the variable already
		variables = append(variables, homeVariable+"="+c.who().home)
	}
	if c.goesOn() {
		variables = append(variables, outcomeVariable+"=", outcomeOfVariable+"=")
	}
	return c.setVariables(append(variables, "park_after_bridge=true", "park_timeout="+seconds(parkUnbridged),
		"uuid_bridge_park_on_cancel=true",
		transferHook+"=multiunset "+talkList, cleanHook+"=multiunset "+talkList,
		overHook+"=execute_extension set:park_after_bridge=true,set:park_timeout="+seconds(parkAfterTalk)+
			",set:"+overVariable+"=true inline")...)
}

// dialplanVariables returns the command after which the caller of a talk goes on in the dialplan
// when the talk is over. It is sent after the bridge is up. So if the agent is gone before the
// bridge, the caller is parked for us in any case.
//
// It returns nothing if the caller is to be parked after the talk. That is also so for a caller who
// was recalled, because the next action would be that of wayBack, not the dialplan's.
func (c *call) dialplanVariables() []esl.Command {
	if c.settings.AfterTalk != AfterTalkDialplan || !c.record.recall.IsZero() {
		return nil
	}
	return []esl.Command{c.setVariables(
		"park_after_bridge=", "park_timeout=", "uuid_bridge_park_on_cancel=", overHook+"=",
		outcomeVariable+"="+returnedAnswered, outcomeOfVariable+"="+sanitize(route{appQueue, []string{c.group}}.word()),
		transferHook+"=multiunset "+talkList+" "+outcomeVariable+" "+outcomeOfVariable,
		cleanHook+"=multiunset "+talkList)}
}

// neverQueuedVariables returns the commands for a caller who never came to our socket port. With
// them the caller goes on in their own dialplan after the talk, even if the agent hangs up during a
// hold. Without them FreeSWITCH would park that caller for ever.
//
// The leg's thread may set transfer_after_bridge after the hook has run. Then the call ends.
func (t *talk) neverQueuedVariables() []esl.Command {
	return []esl.Command{
		t.setVariables(cleanHook + "=multiunset transfer_after_bridge " + cleanHook),
		esl.API("uuid_setvar " + t.leg.uuid + " hold_hangup_xfer_exten hangup:inline"),
	}
}

// goesOn reports whether the caller goes on in the dialplan after the talk, instead of being parked
// for us.
func (c *call) goesOn() bool {
	return c.neverQueued.Load() || c.settings.AfterTalk == AfterTalkDialplan
}

// keepAgentVariable is a variable of a caller in a talk. A program sets it to a number of seconds
// before it takes the caller away and brings them back.
const keepAgentVariable = "nwayacd_keep_agent"

// keepHooks returns the commands that make FreeSWITCH park the leg instead of hanging it up, if the
// caller is taken away and keepAgentVariable is set.
func (c *call) keepHooks(l *leg) []esl.Command {
	wanted := "${uuid_getvar(" + c.uuid() + " " + keepAgentVariable + ")}"
	return []esl.Command{
		esl.API("uuid_setvar " + l.uuid + " " + legCleanHook + " multiunset park_after_bridge park_timeout " +
			legCleanHook + " " + legKeepHook),
		esl.API("uuid_setvar " + l.uuid + " " + legKeepHook + " execute_extension set:park_after_bridge=" + wanted +
			",set:park_timeout=" + wanted + " inline"),
	}
}

// mostKept is the longest time for which an agent is kept.
const mostKept = time.Hour

// keptGroup is the group of the scheduled uuid_kill of a kept leg. sched_hangup would put it into
// the group with everything that anybody has scheduled for the leg.
func keptGroup(leg string) string { return "nwayacd_kept_" + leg }

// keepFor returns the commands that hang up the leg of a kept agent after that time, unless the leg
// is bridged or transferred before. FreeSWITCH itself cancels the limit then, by keptHooks, because
// our link may be silent at that moment.
func keepFor(limit time.Duration, leg string) []esl.Command {
	limit = min(limit, mostKept)
	first, second := "sched_cancel "+keptGroup(leg), "multiunset "+strings.Join(keptHooks, " ")
	return []esl.Command{
		esl.API("uuid_setvar_multi " + leg + " " + strings.Join([]string{
			keptHooks[0] + "=" + first, keptHooks[1] + "=" + second,
			keptHooks[2] + "=" + first, keptHooks[3] + "=" + second,
		}, ";")),
		esl.API("sched_api +" + seconds(limit) + " " + keptGroup(leg) + " uuid_kill " + leg + " ALLOTTED_TIMEOUT"),
	}
}

// keptNoMore returns the commands that undo keepFor.
func keptNoMore(leg string) []esl.Command {
	return []esl.Command{
		esl.API("sched_del " + keptGroup(leg)),
		esl.API("uuid_setvar_multi " + leg + " " + strings.Join(unsetting(strings.Join(keptHooks, " ")), ";")),
	}
}
