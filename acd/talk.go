package acd

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"nwayacd/esl"
	"nwayacd/queue"
)

const (
	jobNumberLimit = 8 * time.Second // under legParkTimeout
	bridgeLimit    = 3 * time.Second // from uuid_bridge's +OK to CHANNEL_BRIDGE
	parkLimit      = 3 * time.Second // from the end of a talk to CHANNEL_PARK
	surveyLimit    = 2 * time.Minute
	surveyTimeout  = 5 * time.Second // for the digit, after the prompt

	// parkAfterTalk is how long a caller whose talk is over stays when we are dead by then.
	parkAfterTalk = 3 * time.Second
	// parkInLine is the same for a caller who is back in the line after a bridge.
	parkInLine = time.Hour
)

// talk bridges the caller with the agent and stays until they part. A zero ending sends the caller back to the wait: the agent's leg was
// gone before the bridge, or the call is transferred.
func (c *call) talk(ctx context.Context, l *leg) ending {
	c.sayJobNumber(ctx, l)
	stands := c.bridge(ctx, l)
	switch why := context.Cause(ctx); {
	case stands == together:
	case why == nil && stands == unknown, lostSight(why) && stands == unknown:
		return c.leaveOpen(l, why)
	case why == nil:
		c.endLeg(l) // it may live on, parked: a talk that never was does not go on without us
		c.missed(l, "DIED_BEFORE_BRIDGE")
		return ending{}
	case lostSight(why):
		c.server.kill(l, c.at) // not on our own connection, where it might arrive late, behind the order for the bridge
		c.missed(l, why.Error())
		return ending{}
	default:
		c.endLeg(l)
	}
	c.noteTalk(l)
	end := ending{}
	if ctx.Err() != nil { // the caller left before the bridge
		end = c.part(ctx, l)
	} else {
		c.entered("talk", l.offer.Agent.Extension).Send()
		end = c.converse(ctx, l)
	}
	if end.entrust == nil {
		c.drop(l, queue.OfferAnswered, "")
	}
	return end
}

// noteTalk puts the talk into the CDR.
func (c *call) noteTalk(l *leg) {
	c.cdr.Outcome = queue.Answered
	if l.offer.Transfer {
		c.cdr.Outcome = queue.Transferred
	}
	if c.cdr.Answered.IsZero() {
		c.cdr.Answered = l.record.Answered
		if report := c.server.options.OnAnswer; report != nil {
			report(c.group, c.cdr.Answered.Sub(c.cdr.Arrived))
		}
	}
	c.cdr.Agent, c.cdr.Leg = l.offer.Agent.Extension, l.uuid
	if !c.cdr.Bridged.IsZero() {
		c.place.bridged(c.talkSoFar(l))
	}
}

// converse blocks until the talk is over, or a transfer wants the caller, and says what follows.
func (c *call) converse(ctx context.Context, l *leg) ending {
	l.talks.Store(c.place)
	for over := false; !over && !c.place.transferWaits(); {
		select {
		case <-l.ctx.Done(): // told by the link; where the caller is held, CHANNEL_UNBRIDGE waits for the end of the music
			over = true
		case s := <-c.signals:
			_, over = s.(unbridged)
		case <-c.place.bell:
		case <-ctx.Done():
			over = true
		}
	}
	return c.part(ctx, l)
}

// part ends the talk: the agent is free or writes it up, at once; then the caller, if still there, is transferred, or asked for a mark and let go. A talk that we
// merely lost sight of, and that the link has not ended, goes on without us.
func (c *call) part(ctx context.Context, l *leg) ending {
	if why := context.Cause(ctx); lostSight(why) && c.place.has(l.offer) {
		return ending{outcome: c.cdr.Outcome, reason: why.Error(), entrust: l}
	}
	c.finish(l)
	if ctx.Err() == nil && c.place.transferWaits() { // from here on none is accepted
		c.takeBack(ctx, l)
		return ending{}
	}
	why := c.afterTalk(ctx)
	switch gone, hungUp := errors.AsType[hangup](why); {
	case why == nil:
		c.cdr.HungUpBy = queue.AgentSide
		c.survey(ctx, l)
		return ending{outcome: c.cdr.Outcome, hangup: "NORMAL_CLEARING"}
	case hungUp:
		c.cdr.HungUpBy = queue.CallerSide
		return ending{outcome: c.cdr.Outcome, reason: gone.cause}
	default: // somebody has them, or the connection is silent and nobody has
		if l.phoneLeft() {
			c.cdr.HungUpBy = queue.AgentSide
		}
		if at := c.server.linkOf(c.at.Name); at != nil {
			at.letGo(c.uuid)
		}
		return ending{outcome: c.cdr.Outcome, reason: why.Error()}
	}
}

// lostSight reports whether it is only our own view of the call that ended: the connection, or our time to shut down.
func lostSight(why error) bool {
	_, hungUp := errors.AsType[hangup](why)
	return why != nil && !hungUp && !errors.Is(why, errTaken)
}

// takeBack keeps the caller whose talk with the first agent is over: for a transfer.
func (c *call) takeBack(ctx context.Context, l *leg) {
	c.server.Dispatcher.part(c.talkSoFar(l))
	if c.place.stay() { // the transfer has come to nothing meanwhile
		c.tell(c.queueEvent(queueAdd, ""))
	}
	switch why := c.afterTalk(ctx); {
	case why == nil:
		c.park(ctx)
	case errors.Is(why, errTaken):
		c.end(errTaken)
	}
}

// finish says that the talk is over and lets the agent go: at once where it was the agent's phone that hung up. Else the leg is ended first, whatever
// has been told of it: FreeSWITCH tells of a hang-up some milliseconds before the phone hears of it, and the next offer must not find it busy with
// this one.
func (c *call) finish(l *leg) {
	commands := []esl.Command{c.breakAll()} // a caller who is held has music queued, which would go on
	if c.recording != "" {
		commands = append(commands, esl.API("uuid_record "+c.uuid+" stop "+c.recording))
		c.recording = ""
	}
	event := c.infoEvent(statusHangup, l.offer, l.offer.Number)
	commands = append(commands, event)
	var told bool
	if l.phoneLeft() {
		told = c.tell(commands...)
	} else {
		if told = c.do(append([]esl.Command{l.kill()}, commands...)...) != nil; !told {
			c.server.kill(l, c.at)
		}
		l.awaitEnd()
	}
	if !told { // the call's own connection is lost
		c.server.tellOverLink(c, event)
	}
	c.place.end(l.offer)
}

// endLeg ends a leg that is up, over the link where the call's own connection does not answer. False: nobody knows whether it is gone.
func (c *call) endLeg(l *leg) (gone bool) {
	return c.do(l.kill()) != nil || c.server.kill(l, c.at)
}

// afterTalk waits for what became of the caller: nil when it is parked and ours, else why it is not.
func (c *call) afterTalk(ctx context.Context) error {
	for range 2 {
		limited, stop := context.WithTimeoutCause(ctx, parkLimit, errTaken)
		parked := c.await(limited, isParked)
		stop()
		if parked != nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c.tell(c.breakAll()) // something still plays, and keeps it from parking
	}
	return errTaken
}

func isParked(s signal) bool {
	_, parked := s.(parked)
	return parked
}

// sayJobNumber lets the caller hear the agent's job number, digit by digit, over the music. The agent's leg waits meanwhile.
func (c *call) sayJobNumber(ctx context.Context, l *leg) {
	who := l.offer.Agent
	if !who.SayJobNumber || who.WithoutState {
		return
	}
	files := jobNumberFiles(who.JobNumber, c.server.settings.Load().Prompts)
	if len(files) == 0 {
		return
	}
	ctx, stop := context.WithTimeout(ctx, jobNumberLimit)
	defer stop()
	defer context.AfterFunc(l.ctx, stop)()
	id := newUUID()
	c.tell(c.breakAll(), c.playback("file_string://"+strings.Join(files, "!"), id, esl.ExecuteOptions{Lock: true}))
	c.awaitEnd(ctx, id)
}

// jobNumberFiles is prefix, digits, suffix; none where the number has no digit or no digit a file.
func jobNumberFiles(number string, p Prompts) (files []string) {
	for _, r := range number {
		if r >= '0' && r <= '9' && p.JobDigits[r-'0'] != "" {
			files = append(files, p.JobDigits[r-'0'])
		}
	}
	if len(files) == 0 {
		return nil
	}
	if p.JobPrefix != "" {
		files = append([]string{p.JobPrefix}, files...)
	}
	if p.JobSuffix != "" {
		files = append(files, p.JobSuffix)
	}
	return files
}

// bridge joins caller and agent. Where they are apart, the agent's leg was gone, and the caller is where the wait can go on.
//
// From here on the talk survives us: socket_resume would tear the bridge, and park_after_bridge keeps the caller where the agent hangs up
// at once, while hangup_after_bridge would hang the caller up (docs/wire.md).
func (c *call) bridge(ctx context.Context, l *leg) standing {
	if ctx.Err() != nil {
		return apart
	}
	c.forget()
	c.fetched = time.Time{}
	c.released.Store(true)
	c.inPark.Store(false)
	c.partner.Store(&l.uuid)
	replies := c.do(
		c.breakAll(), // what is still queued to play would play into the talk
		c.setVariables("socket_resume=false", "park_after_bridge=true", "uuid_bridge_park_on_cancel=true",
			"park_timeout="+seconds(parkAfterTalk), parkedVariable+"=", talkVariable+"="+c.server.options.Identity, homeVariable+"="+c.comeBack),
		esl.API("uuid_bridge "+c.uuid+" "+l.uuid),
	)
	c.music = hold{prompted: c.music.prompted, busyAt: c.music.busyAt}
	if replies == nil {
		return c.ask(ctx, l)
	}
	if !replies[2].OK() {
		c.tell(c.setVariables("socket_resume=true", "park_after_bridge=", "uuid_bridge_park_on_cancel=", "park_timeout="))
		c.released.Store(c.detached)
		c.inPark.Store(c.detached)
		return apart
	}
	c.detached = true
	switch c.joined(ctx).(type) {
	case bridged:
		c.cdr.Bridged = time.Now()
		c.record(l)
		return together
	case parked:
		c.park(ctx)
		return apart
	}
	stands := c.ask(ctx, l)
	switch {
	case ctx.Err() != nil:
	case stands == together:
		c.record(l)
	case stands == apart:
		c.park(ctx)
	}
	return stands
}

// leaveOpen ends the call's part in a bridge of which nobody can say whether it stands. Nothing is ended: the link that comes up adopts the talk, or
// ends the leg, which keeps its agent from other calls until then; and the caller who comes back has their place.
func (c *call) leaveOpen(l *leg, why error) ending {
	if why == nil {
		why = errSilent
	}
	if at := c.server.linkOf(c.at.Name); at != nil {
		at.outside.note(at, l.uuid, l.offer.Agent.Extension)
		signalOne(at.turned) // so that it is not believed for ever
		if conn := at.conn.Load(); conn != nil {
			conn.Close() // it came up meanwhile, and may have told of the leg's end before that was noted
		}
	}
	c.leg = nil
	c.server.legs.remove(l)
	return ending{outcome: cmp.Or(c.cdr.Outcome, queue.Failed), reason: why.Error(), keep: true, open: l.ended(queue.OfferMissed, why.Error()).Offer}
}

// joined waits for FreeSWITCH to say that the bridge stands. A park instead says that the agent's leg was gone; nil that nothing was said.
func (c *call) joined(ctx context.Context) signal {
	ctx, stop := context.WithTimeout(ctx, bridgeLimit)
	defer stop()
	return c.await(ctx, func(s signal) bool {
		switch s.(type) {
		case bridged, parked:
			return true
		}
		return false
	})
}

// park makes the park a caller is in after a bridge one to wait in: its own time-out is a few seconds, and is read once, when it begins
// (switch_ivr.c, switch_ivr_park). The socket application is over, so the new one has a time-out as well, for when we die, and a mark by which
// a restarted server fetches the caller back; and what follows it leads back to us, for the end of our connection ends a park in which nothing plays.
func (c *call) park(ctx context.Context) {
	c.forget()
	c.do(
		c.setVariables(parkedVariable+"="+c.server.options.Identity+":"+esl.Clean(c.group)),
		esl.API("uuid_transfer "+c.uuid+" 'set:park_timeout="+seconds(parkInLine)+",park:,"+c.server.wayBack(c.conn, c.group)+"' inline"),
	)
	ctx, stop := context.WithTimeout(ctx, parkLimit)
	defer stop()
	c.inPark.Store(c.await(ctx, isParked) != nil)
	c.music = hold{prompted: c.music.prompted, busyAt: c.music.busyAt}
}

// record starts the recording of a talk, where the agent's talks are recorded.
func (c *call) record(l *leg) {
	if !l.offer.Agent.Record || c.settings.RecordPath == "" {
		return
	}
	now := time.Now()
	path := strings.NewReplacer(
		"{uuid}", c.uuid, "{group}", fileName(c.group), "{ext}", fileName(l.offer.Agent.Extension),
		"{caller}", fileName(c.shownCaller()), "{date}", now.Format("2006-01-02"), "{time}", now.Format("150405"),
	).Replace(c.settings.RecordPath)
	c.cdr.Recording, c.recording = path, path
	c.tell(esl.API("uuid_record " + c.uuid + " start " + path))
}

// fileName leaves of a number what is harmless in a path.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, s)
}

// survey asks the caller for a mark, where the agent's callers are asked.
func (c *call) survey(ctx context.Context, l *leg) {
	if !l.offer.Agent.Survey || c.settings.Prompts.Survey == "" {
		return
	}
	ctx, stop := context.WithTimeout(ctx, surveyLimit)
	defer stop()
	id := newUUID()
	ask := "1 1 1 " + strconv.FormatInt(surveyTimeout.Milliseconds(), 10) + " # " + playable(c.settings.Prompts.Survey) + " silence_stream://10 nwayacd_survey \\d"
	c.tell(esl.Execute("play_and_get_digits", ask, esl.ExecuteOptions{EventUUID: id}))
	c.awaitEnd(ctx, id)
	if ctx.Err() != nil {
		return
	}
	if replies := c.do(esl.API("uuid_getvar " + c.uuid + " nwayacd_survey")); replies != nil {
		if digit := replies[0].Text(); len(digit) == 1 {
			c.cdr.Survey = digit
		}
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
