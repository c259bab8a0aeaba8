package acd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// The applications other than the queue. Each runs on the channel's own connection and then gives
// the channel back to the dialplan.

// replyVariable is the channel variable that gets the reply to a command of the route /cmd.
const replyVariable = "nwayacd_reply"

// replyRoom is how many bytes of a reply go into the variable.
const replyRoom = 500

// runCommand runs a command for the channel, such as a feature code of an agent's phone. Then the
// dialplan goes on, with the reply in replyVariable. A refusal is logged once a minute for each
// source.
func (c *call) runCommand(ctx context.Context, a arrival) {
	line := strings.Join(a.route.args, " ")
	name, _, _ := strings.Cut(line, " ")
	ctx = auth.With(ctx, c.actor())
	reply := ""
	if err := c.mayRun(a); err != nil {
		reply = "-ERR " + err.Error()
		c.server.counts.refusedCommands.Add(1)
		c.server.report(a.ch.conn.RemoteAddr()).Str("uuid", a.ch.uuid).Err(err).Msg("refused the command of a channel")
		if refused := c.server.options.OnRefusedCommand; refused != nil {
			refused(ctx, name, err)
		}
	} else {
		reply = c.server.options.Command(ctx, line)
	}
	c.log.Info().Str("command", name).Bool("ok", strings.HasPrefix(reply, "+OK")).
		Msg("a channel ran a command")
	c.channel().become(released)
	c.do(c.setVariables(replyVariable+"="+carried(reply)), esl.Raw("exit"))
}

// actor returns the actor of the command of a route.
func (c *call) actor() auth.Actor {
	extension := c.who().user
	return auth.Actor{
		Name: "dialplan:" + extension, Role: auth.Dialplan, Extension: extension, Way: auth.WayDialplan,
		Source: esl.Source(c.channel().conn.RemoteAddr()).String(),
	}
}

// mayRun returns why the channel may not run the command of its route, or nil if it may. The
// channel must be one of a linked FreeSWITCH, because anyone who reaches the socket port can claim
// to be one. The command is for the extension that it names first.
func (c *call) mayRun(a arrival) error {
	settings := c.server.settings.Load()
	args := append(slices.Clone(a.route.args), "", "")
	switch name, extension := args[0], args[1]; {
	case c.server.options.Command == nil:
		return errors.New("no commands here")
	case !slices.Contains(settings.Commands, name):
		return fmt.Errorf("%q is not among the commands of [server]", name)
	case a.known == unverified:
		return errors.New("no link to this channel's FreeSWITCH is up, so the channel cannot be verified")
	case a.known != proven:
		return errors.New("this connection is not that of its channel")
	case !settings.AnyExtension && a.who.user == "":
		return errors.New("the channel has no user_name: its telephone has not logged in to FreeSWITCH")
	case !settings.AnyExtension && extension != a.who.user:
		return fmt.Errorf("user %s may not run it for %q ([server] command-extensions)", a.who.user, extension)
	}
	return nil
}

// carried returns a reply as a variable can hold it: on one line, and at most replyRoom bytes long.
func carried(reply string) string {
	reply = esl.Clean(strings.ReplaceAll(reply, "\n", " "))
	if len(reply) > replyRoom {
		reply = strings.ToValidUTF8(reply[:replyRoom], "")
	}
	return reply
}

// bridgeWith bridges the channel with another one, which may be a waiting caller of ours. The call
// of that caller then ends with the outcome taken. Afterwards FreeSWITCH alone has the talk.
func (c *call) bridgeWith(r route) {
	args := r.args
	if len(args) != 1 || !isUUID(args[0]) {
		c.log.Warn().Strs("args", args).Msg("nway_bridge takes one uuid")
		c.turnAway(returnedInvalid, r)
		return
	}
	c.channel().become(released)
	replies := c.do(
		c.setVariables("socket_resume=false", "uuid_bridge_continue_on_cancel=true"),
		answer,
		esl.API("uuid_bridge "+c.uuid()+" "+args[0]),
	)
	if replies == nil {
		return
	}
	if !replies[2].OK() {
		c.log.Warn().Str("reply", replies[2].Text()).Msg("nway_bridge failed")
		c.turnAway(returnedInvalid, r)
		return
	}
	c.log.Info().Str("with", args[0]).Msg("bridged")
	c.do(esl.Raw("exit"))
}

// goOut calls a number through a gateway for the channel, and writes a CDR. While the call lasts,
// the agent of the extension is talking.
func (c *call) goOut(ctx context.Context, a arrival) {
	args := a.route.args
	if len(args) < 2 || len(args) > 3 || dialable(args[0]) != args[0] || dialable(args[1]) != args[1] ||
		args[0] == "" || args[1] == "" {
		c.log.Warn().Strs("args", args).Msg("nwaycallout takes NUMBER GATEWAY [CALLER-ID]")
		c.turnAway(returnedInvalid, a.route)
		return
	}
	if !c.server.mayCallThrough(args[1]) {
		c.log.Warn().Str("gateway", args[1]).Msg("refused a call out: gateways of [acd] does not have its gateway")
		c.turnAway(returnedInvalid, a.route)
		return
	}
	extension := cmp.Or(c.who().user, c.who().number)
	profile, engaged := c.engage(a, extension)
	if engaged != nil {
		defer c.server.Dispatcher.disengage(engaged)
	}
	callerID := profile.CalloutNumber
	if len(args) == 3 {
		callerID = args[2]
	}
	c.record.Direction, c.record.Agent, c.record.Dialled = queue.Outbound, extension, args[0]
	cause := c.dialOut(ctx, a, args[0], args[1], callerID)
	c.finishCallOut(ctx, a, cause)
}

// engage makes the agent of a call out talking while it lasts. A connection without a proof engages
// no agent, unless there is no link that could tell.
func (c *call) engage(a arrival, extension string) (agent.Profile, *queue.Lease) {
	if a.known == proven || a.known == unverified && !c.server.isLinked() {
		return c.server.Dispatcher.engage(extension, c.uuid())
	}
	return agent.Profile{}, nil
}

// dialOut bridges the channel with the number and returns when that call is over. cause is "" if
// the number answered, otherwise FreeSWITCH's cause.
func (c *call) dialOut(ctx context.Context, a arrival, number, gateway, callerID string) (cause string) {
	id := newUUID()
	var vars []esl.Header
	if callerID != "" {
		vars = append(vars, esl.Header{Name: "origination_caller_id_number", Value: callerID})
	}
	c.log.Info().Str("number", number).Str("gateway", gateway).Msg("calling out")
	c.channel().become(callingOut)
	c.tell(
		subscriptionOut,
		c.setVariables("socket_resume=false", "continue_on_fail=true"),
		esl.Execute("bridge", esl.Vars(vars...)+"sofia/gateway/"+gateway+"/"+number,
			esl.ExecuteOptions{EventUUID: id, Lock: true}),
	)
	c.await(ctx, func(s signal) bool {
		c.noteAnswer(a, s)
		done, ok := s.(executed)
		return ok && done.id == id
	})
	c.readRest(func(s signal) { c.noteAnswer(a, s) }) // the answer may have come at the same moment as the end
	if !c.record.Answered.IsZero() {
		return ""
	}
	if gone, hungUp := isHangup(context.Cause(ctx)); hungUp {
		return gone.cause
	}
	if replies := c.do(esl.API("uuid_getvar " + c.uuid() + " originate_disposition")); replies != nil {
		if disposition := replies[0].Text(); replies[0].OK() && disposition != "_undef_" {
			return disposition
		}
	}
	return "NORMAL_TEMPORARY_FAILURE"
}

// noteAnswer records that the number answered. FreeSWITCH also bridges early media, so a bridge
// means an answer only if the channel was answered before it came here. Any other channel is
// answered when the number is.
func (c *call) noteAnswer(a arrival, s signal) {
	h, bridged := s.(happened)
	_, answered := s.(channelAnswered)
	if !answered && (!bridged || h.what != callerBridged || !a.picked) {
		return
	}
	if c.record.Answered.IsZero() {
		c.record.Answered, c.record.Bridged = time.Now(), time.Now()
	}
}

// finishCallOut writes the CDR and gives the channel back to the dialplan. outcomeVariable says how
// the call ended.
func (c *call) finishCallOut(ctx context.Context, a arrival, cause string) {
	_, hungUp := isHangup(context.Cause(ctx))
	outcome := queue.Failed
	switch {
	case cause == "":
		outcome = queue.Answered
	case hungUp:
		outcome = queue.Abandoned
	}
	c.record.ended(outcome, cause)
	c.server.keepCDR(c.record.CDR)
	if !hungUp {
		c.handOn(cmp.Or(cause, string(queue.Answered)), a.route)
	}
}
