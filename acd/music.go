package acd

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"nwayacd/esl"
)

// tooShort is how long a file has to last for FreeSWITCH to play it again. FreeSWITCH refuses to
// repeat what lasts under half a second (switch_ivr.c, switch_ivr_parse_event), and its event of
// the end may be a little late.
const tooShort = 600 * time.Millisecond

// A file that is too short is played as a string of itself. One round of the string lasts about
// stringLength, within the bounds.
const (
	stringLength = 10 * time.Second
	stringFiles  = 50
	stringBytes  = 4000
)

// hold is what the caller hears while waiting.
type holdMusic struct {
	id       string // of the music that plays; "" = none
	began    time.Time
	round    *round    // the last one that is over: it is not known yet whether another one follows
	files    int       // how many times the file is strung together; 0 = once
	mute     bool      // it cannot be played: not tried again before the next busy prompt
	prompted bool      // the busy prompt was heard
	busyAt   time.Time // when it was heard last, or the wait began
}

// round is one time that the music was played.
type round struct {
	length   time.Duration
	response string // how it ended, as FreeSWITCH reports it
}

// playHold lets the caller hear the busy prompt once, then music without end. It does nothing while
// that goes on.
func (c *call) playHold(ctx context.Context) {
	busy := c.prompts().Busy
	if c.music.silent() && !c.music.prompted && busy != "" {
		c.tell(c.playback(busy, "", esl.ExecuteOptions{Lock: true}))
	}
	c.music.prompted = true
	c.keepMusic(ctx)
}

// keepMusic starts the music unless it plays, or ctx is done: then the caller may be somewhere
// else, and would hear it there.
func (c *call) keepMusic(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	if commands := c.startMusic(); ctx.Err() == nil {
		c.tell(commands...)
	}
}

// startMusic is the command for music without end. There is none if it plays already or if there is
// none to play. It has no event-lock: under one, nothing can be played over it.
func (c *call) startMusic() []esl.Command {
	c.settleMusic()
	if !c.music.silent() {
		return nil
	}
	if c.settings.Prompts.Hold == "" {
		c.music.mute = true
		return nil
	}
	c.music.id, c.music.began = newUUID(), time.Now()
	return []esl.Command{c.playback(strung(c.settings.Prompts.Hold, c.music.files), c.music.id, esl.ExecuteOptions{Loops: -1})}
}

// silent reports that music could be started: none plays, and it can be played.
func (h *holdMusic) silent() bool { return h.id == "" && !h.mute }

// noteMusic learns from a signal that one round of the music is over. If the channel is hung up,
// that says nothing of the music: a consulting call waits for its successor then.
func (c *call) noteMusic(s signal) {
	if done, ok := s.(executed); ok && done.id != "" && done.id == c.music.id && done.hangup == "" {
		c.music.round = &round{length: time.Since(c.music.began), response: done.response}
		c.music.began = time.Now()
	}
}

// settleMusic finds out whether the music goes on after a round of it. FreeSWITCH says the same at
// the end of each round, the last one or not, so it is asked.
func (c *call) settleMusic() {
	last := c.music.round
	c.music.round = nil
	if last == nil || c.music.id == "" || last.response == filePlayed && c.playsOn() {
		return
	}
	c.music.id = ""
	switch next := filesFor(c.settings.Prompts.Hold, last.length); {
	case last.response == filePlayed && last.length >= tooShort: // somebody broke it
	case last.response == filePlayed && c.music.files == 0 && next > 1:
		c.music.files = next
	default:
		c.music.mute = true
		c.log.Warn().Str("file", c.settings.Prompts.Hold).Str("response", last.response).Msg("hold music cannot be played")
	}
}

// filePlayed is the Application-Response of a playback that found its file.
const filePlayed = "FILE PLAYED"

// playsOn asks FreeSWITCH whether an application is being repeated on the caller's channel: the
// variable exists as long as that lasts (switch_ivr.c, switch_ivr_parse_event).
func (c *call) playsOn() bool {
	replies := c.do(esl.API("uuid_getvar " + c.uuid() + " total_loops"))
	return replies == nil || isSet(replies[0]) // without a connection there is nothing to start either
}

// filesFor is how many times a file that lasts so long is strung together; 0 if it cannot be.
func filesFor(file string, length time.Duration) int {
	if strings.Contains(file, "://") || strings.ContainsAny(file, "!{") {
		return 0 // it is no plain file
	}
	files := int(stringLength/max(length, 10*time.Millisecond)) + 1
	return min(files, stringFiles, stringBytes/(len(file)+1))
}

// strung is a file strung together from that many of itself.
func strung(file string, files int) string {
	if files < 2 {
		return file
	}
	return "file_string://" + strings.Repeat(file+"!", files-1) + file
}

// playOver plays a prompt over the music, which goes on after it: an execute without event-lock
// runs nested.
func (c *call) playOver(file string) []esl.Command {
	if file == "" {
		return nil
	}
	return []esl.Command{c.playback(file, "", esl.ExecuteOptions{})}
}

// repeatBusy plays the busy prompt again.
func (c *call) repeatBusy() {
	c.music.mute, c.music.busyAt = false, time.Now()
	c.tell(c.playOver(c.prompts().Busy)...)
}

// prompts are the configuration's. A group's own prompt takes the place of the default. They are as
// they are now, not as of the arrival.
func (c *call) prompts() Prompts {
	p := c.server.settings.Load().Prompts
	if g, there := c.server.Dispatcher.group(c.group); there {
		own := g.Prompts
		p.Welcome, p.Blacklist = cmp.Or(own.Welcome, p.Welcome), cmp.Or(own.Blacklist, p.Blacklist)
		p.Busy, p.Transfer = cmp.Or(own.Busy, p.Busy), cmp.Or(own.Transfer, p.Transfer)
	}
	return p
}

// playback is the command that plays a file to the caller; its end comes as executed with the id.
func (c *call) playback(file, id string, o esl.ExecuteOptions) esl.Command {
	o.EventUUID = id
	return esl.Execute("playback", playable(file), o)
}

// expanded is what FreeSWITCH would put the value of a variable, or the output of a command, in
// place of (switch_channel.c, switch_channel_expand_variables).
var expanded = regexp.MustCompile(`\$+\{`)

// playable is a prompt as it is written in the database or the configuration: FreeSWITCH expands
// nothing in it.
func playable(file string) string {
	return expanded.ReplaceAllString(strings.Map(printable, file), "{")
}

// breakAll ends all that plays or is queued to play, within a media frame.
func (c *call) breakAll() esl.Command { return esl.API("uuid_break " + c.uuid() + " all") }

// newUUID names a leg, a job or a playback.
func newUUID() string { return uuid.NewString() }
