package acd

import (
	"strings"
	"time"

	"nwayacd/esl"
)

// What FreeSWITCH does with a caller by itself is in variables of the caller's channel. They would
// do the same to a channel that has left us. So hooks, which FreeSWITCH runs on the channel's own
// thread, remove them as the channel leaves. docs/wire.md has the order.
const (
	preBridgeHook = "execute_on_pre_bridge_nwayacd"     // somebody bridges a waiting caller
	transferHook  = "execute_on_blind_transfer_nwayacd" // somebody transfers the caller
	cleanHook     = "execute_on_post_bridge_nwayacd_1"  // the talk is over: all of this goes
	overHook      = "execute_on_post_bridge_nwayacd_2"  // if nobody took the caller, FreeSWITCH parks them

	legCleanHook = "execute_on_post_bridge_nwayacd_1" // of the agent's leg: the two that follow go
	legKeepHook  = "execute_on_post_bridge_nwayacd_2" // the leg is parked if its agent is to be kept
)

// While an agent is kept, these hooks of the leg take back what bounds that, and then themselves:
// the caller is back, or somebody took the leg.
var keptHooks = []string{
	"execute_on_pre_bridge_nwayacd_1", "execute_on_pre_bridge_nwayacd_2",
	"execute_on_blind_transfer_nwayacd_1", "execute_on_blind_transfer_nwayacd_2",
}

// waitingList names what makes FreeSWITCH act on a caller who waits.
var waitingList = strings.Join([]string{"socket_resume", "inline_destination", consultVariable, preBridgeHook, transferHook}, " ")

// talkList names what makes FreeSWITCH act on a caller who talks. transfer_after_bridge is
// FreeSWITCH's own, from hold_hangup_xfer_exten.
var talkList = strings.Join([]string{
	"park_after_bridge", "park_timeout", "uuid_bridge_park_on_cancel", "uuid_bridge_continue_on_cancel", "socket_resume",
	"transfer_after_bridge", "inline_destination", overVariable, transferHook, cleanHook, overHook,
}, " ")

// unsetting is the assignments that unset all variables of a list.
func unsetting(list string) (assignments []string) {
	for name := range strings.FieldsSeq(list) {
		assignments = append(assignments, name+"=")
	}
	return assignments
}

// talkVariables makes the caller safe for the time after the talk. socket_resume would tear the
// bridge. If the agent hangs up, FreeSWITCH parks the caller and says with nwayacd_over that nobody
// took them. If this process is gone by then, park_timeout ends the call.
func (c *call) talkVariables() esl.Command {
	variables := []string{
		"socket_resume=", "inline_destination=", overVariable + "=", preBridgeHook + "=",
		talkVariable + "=" + c.server.options.Identity, visitVariable + "=" + c.visit().word(),
	}
	if c.who.home != "" { // not known of a recovered talk, whose channel has it
		variables = append(variables, homeVariable+"="+c.who.home)
	}
	if c.goesOn() {
		variables = append(variables, outcomeVariable+"=", outcomeOfVariable+"=")
	}
	timeout := seconds(parkAfterTalk)
	return c.setVariables(append(variables, "park_after_bridge=true", "park_timeout="+timeout, "uuid_bridge_park_on_cancel=true",
		transferHook+"=multiunset "+talkList, cleanHook+"=multiunset "+talkList,
		overHook+"=execute_extension set:park_after_bridge=true,set:park_timeout="+timeout+",set:"+overVariable+"=true inline")...)
}

// dialplanVariables let a caller whose talk is up go on in the dialplan after it. Until then a
// caller whose agent is gone before the bridge is parked for us, as any other. There are none if
// the caller is parked after the talk, too. A caller who was recalled is: what would go on is the
// way back to us (wayBack), not the dialplan.
func (c *call) dialplanVariables() []esl.Command {
	if c.settings.AfterTalk != AfterTalkDialplan || !c.record.recall.IsZero() {
		return nil
	}
	return []esl.Command{c.setVariables("park_after_bridge=", "park_timeout=", "uuid_bridge_park_on_cancel=", overHook+"=",
		outcomeVariable+"="+returnedAnswered, outcomeOfVariable+"="+sanitize(route{appQueue, []string{c.group}}.word()),
		transferHook+"=multiunset "+talkList+" "+outcomeVariable+" "+outcomeOfVariable, cleanHook+"=multiunset "+talkList)}
}

// neverQueuedVariables let a caller who never came to us go on in their own dialplan, also if the
// agent hangs up during a hold. Without them FreeSWITCH parks that caller for ever. The leg's
// thread may set transfer_after_bridge after the hook has run. Then the call ends.
func (t *talk) neverQueuedVariables() []esl.Command {
	return []esl.Command{
		t.setVariables(cleanHook + "=multiunset transfer_after_bridge " + cleanHook),
		esl.API("uuid_setvar " + t.leg.uuid + " hold_hangup_xfer_exten hangup:inline"),
	}
}

// goesOn reports whether the caller goes on in the dialplan after the talk, without being parked
// for us.
func (c *call) goesOn() bool {
	return c.neverQueued.Load() || c.settings.AfterTalk == AfterTalkDialplan
}

// keepAgentVariable is set on a caller in a talk, by a program that takes the caller away for so
// many seconds and brings them back.
const keepAgentVariable = "nwayacd_keep_agent"

// keepHooks make FreeSWITCH park the leg, instead of hanging it up, if the caller is taken away and
// the agent is to be kept.
func (c *call) keepHooks(l *leg) []esl.Command {
	wanted := "${uuid_getvar(" + c.uuid() + " " + keepAgentVariable + ")}"
	return []esl.Command{
		esl.API("uuid_setvar " + l.uuid + " " + legCleanHook + " multiunset park_after_bridge park_timeout " + legCleanHook + " " + legKeepHook),
		esl.API("uuid_setvar " + l.uuid + " " + legKeepHook + " execute_extension set:park_after_bridge=" + wanted +
			",set:park_timeout=" + wanted + " inline"),
	}
}

// mostKept bounds for how long an agent is kept.
const mostKept = time.Hour

// keptGroup names what FreeSWITCH's scheduler does with the leg of a kept agent. sched_hangup would
// be in the group of all that anybody has scheduled for the leg.
func keptGroup(leg string) string { return "nwayacd_kept_" + leg }

// keepFor lets FreeSWITCH hang up the leg of a kept agent after that time, unless the leg is
// bridged or transferred before. FreeSWITCH sees to that itself, because our link may be silent
// when the caller comes back.
func keepFor(limit time.Duration, leg string) []esl.Command {
	limit = min(limit, mostKept)
	first, second := "sched_cancel "+keptGroup(leg), "multiunset "+strings.Join(keptHooks, " ")
	return []esl.Command{
		esl.API("uuid_setvar_multi " + leg + " " + strings.Join([]string{
			keptHooks[0] + "=" + first, keptHooks[1] + "=" + second, keptHooks[2] + "=" + first, keptHooks[3] + "=" + second,
		}, ";")),
		esl.API("sched_api +" + seconds(limit) + " " + keptGroup(leg) + " uuid_kill " + leg + " ALLOTTED_TIMEOUT"),
	}
}

// keptNoMore takes that back.
func keptNoMore(leg string) []esl.Command {
	return []esl.Command{
		esl.API("sched_del " + keptGroup(leg)),
		esl.API("uuid_setvar_multi " + leg + " " + strings.Join(unsetting(strings.Join(keptHooks, " ")), ";")),
	}
}
