package cmdport

import (
	"context"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"nwayacd/api"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

// maxJobUUID is the longest Job-UUID that a client may give, in bytes.
const maxJobUUID = 128

// handle carries out one request. It returns over=true if the client asked to end the session.
func (c *client) handle(ctx, working context.Context, r *esl.Request) (over bool, err error) {
	verb, rest, _ := strings.Cut(r.Line, " ")
	verb, rest = strings.ToLower(verb), strings.TrimLeft(rest, " ")
	switch {
	case isExit(verb):
		return true, c.bye()
	case verb == "api":
		return false, c.call(ctx, r, rest)
	case verb == "bgapi" && (!c.passesOn() || isOurs(rest)):
		return false, c.background(working, r, strings.TrimSpace(rest))
	case isSubscribing[verb]:
		return false, c.subscribe(ctx, r, verb, rest)
	case c.passesOn():
		return false, c.passThrough(ctx, r)
	case isForFreeSWITCH[verb]:
		if err := c.passRefusal(ctx); err != nil {
			return false, c.reply("-ERR " + err.Error())
		}
	}
	return false, c.reply(refusal(verb, rest))
}

// passesOn reports whether requests that are not for this server go to the FreeSWITCH behind it.
func (c *client) passesOn() bool {
	return c.port.PassThrough != nil && auth.May(c.actor, auth.OpPassThrough)
}

// passRefusal returns why a request may not go to the FreeSWITCH behind the port. It returns nil if
// there is no such FreeSWITCH.
func (c *client) passRefusal(ctx context.Context) error {
	if c.port.PassThrough == nil {
		return nil
	}
	return c.port.Server.Allow(ctx, auth.OpPassThrough)
}

// isForFreeSWITCH has the requests that only a FreeSWITCH can carry out.
var isForFreeSWITCH = map[string]bool{
	"sendevent": true, "sendmsg": true, "myevents": true, "divert_events": true,
}

// isSubscribing has the requests that change which events a client gets.
var isSubscribing = map[string]bool{"event": true, "nixevent": true, "noevents": true, "filter": true}

// isOurs reports whether the line is one of our commands.
func isOurs(line string) bool {
	return api.Named(line) != nil
}

// call answers an api request. It tries our commands first, then FreeSWITCH if there is
// pass-through, then the requests that a console makes by itself.
func (c *client) call(ctx context.Context, r *esl.Request, line string) error {
	if isOurs(line) {
		return c.answer(c.run(ctx, line) + "\n")
	}
	if text, asked := c.complete(ctx, line); asked {
		return c.answer(text)
	}
	if c.passesOn() {
		return c.passThrough(ctx, r)
	}
	if text, asked := c.port.console(ctx, strings.TrimSpace(line)); asked {
		return c.answer(text)
	}
	if err := c.passRefusal(ctx); err != nil {
		return c.answer("-ERR " + err.Error() + "\n")
	}
	return c.answer(c.run(ctx, line) + "\n")
}

func (c *client) run(ctx context.Context, line string) string {
	ctx, stop := context.WithTimeout(ctx, commandLimit)
	defer stop()
	return api.Run(ctx, c.port.Server, line)
}

// background starts a job. Its output is a BACKGROUND_JOB event, which always comes after the
// reply.
func (c *client) background(ctx context.Context, r *esl.Request, line string) error {
	id := r.Get("Job-UUID")
	if id == "" {
		id = uuid.NewString()
	}
	if len(id) > maxJobUUID {
		return c.reply("-ERR a Job-UUID has at most " + strconv.Itoa(maxJobUUID) + " characters")
	}
	if len(line) > api.MaxCommand {
		return c.reply("-ERR a command has at most " + strconv.Itoa(api.MaxCommand) + " characters")
	}
	if api.RepliesWithSecret(line) { // all clients get the event
		return c.reply("-ERR the reply may have a secret in it: use api, not bgapi")
	}
	select {
	case c.slots <- struct{}{}:
	default:
		return c.reply("-ERR " + strconv.Itoa(jobsAtOnce) + " jobs of this client are running already")
	}
	err := c.reply("+OK Job-UUID: "+id, esl.Header{Name: "Job-UUID", Value: id})
	c.working.Go(func() { // ends with the command
		defer func() { <-c.slots }()
		job := jobEvent(id, line, c.runJob(ctx, line)+"\n")
		job.of = c.actor.Name
		c.port.announce(job)
	})
	return err
}

// runJob runs a command for a job. A panic ends only that job.
func (c *client) runJob(ctx context.Context, line string) (reply string) {
	defer func() {
		if reason := recover(); reason != nil {
			c.port.panicked(reason, debug.Stack(), "a job of the command port ended in a panic")
			reply = "-ERR internal error"
		}
	}()
	return c.run(ctx, line)
}

// refusal returns the reply to a request that only FreeSWITCH can carry out. It has FreeSWITCH's
// words if FreeSWITCH refuses it too.
func refusal(verb, rest string) string {
	switch verb {
	case "log":
		return "+OK log level " + rest + " (nwayacd logs to its standard error, not here)"
	case "nolog":
		return "-ERR not loging" // FreeSWITCH's spelling
	case "linger", "nolinger":
		return "-ERR not controlling a session"
	case "sendevent":
		return "-ERR sendevent is not allowed: this port has no channels and takes no events; see pass-through"
	case "sendmsg", "myevents", "divert_events":
		return "-ERR " + verb + " needs a channel, and this port has none; see pass-through"
	}
	return "-ERR command not found"
}
