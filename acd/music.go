package acd

import (
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"nwayacd/esl"
)

// tooShort is how long hold music has to last to be played again when it ends. FreeSWITCH itself refuses to loop what lasts under half a
// second (switch_ivr.c, switch_ivr_parse_event); a file that is missing would keep it busy for nothing.
const tooShort = time.Second

// hold is what the caller hears while waiting.
type hold struct {
	id       string // of the music that plays; "" = none
	began    time.Time
	mute     bool      // it ended at once: not tried again before the next busy prompt
	prompted bool      // the busy prompt was heard
	busyAt   time.Time // when it was heard last, or the wait began
}

// playHold lets the caller hear the busy prompt once, then music without end. It does nothing while that goes on.
func (c *call) playHold() {
	busy := c.prompts().Busy
	if c.music.silent() && !c.music.prompted && busy != "" {
		c.tell(c.playback(busy, "", esl.ExecuteOptions{Lock: true}))
	}
	c.music.prompted = true
	c.tell(c.startMusic()...)
}

// startMusic is the command for music without end, none where it plays already or there is none to play. It has no event-lock: under
// one, nothing can be played over it.
func (c *call) startMusic() []esl.Command {
	if !c.music.silent() {
		return nil
	}
	if c.settings.Prompts.Hold == "" {
		c.music.mute = true
		return nil
	}
	c.music.id, c.music.began = newUUID(), time.Now()
	return []esl.Command{c.playback(c.settings.Prompts.Hold, c.music.id, esl.ExecuteOptions{Loops: -1})}
}

// silent reports that music could be started: none plays, and the last one did not end at once.
func (h *hold) silent() bool { return h.id == "" && !h.mute }

// playOver plays a prompt over the music, which goes on after it: an execute without event-lock runs nested.
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

// prompts are the configuration's, with the group's own in their place where it has them: as they are now, not as of the arrival.
func (c *call) prompts() Prompts {
	p := c.server.settings.Load().Prompts
	if g, there := c.server.Dispatcher.group(c.group); there {
		own := g.Prompts
		p.Welcome, p.Blacklist = or(own.Welcome, p.Welcome), or(own.Blacklist, p.Blacklist)
		p.Busy, p.Transfer = or(own.Busy, p.Busy), or(own.Transfer, p.Transfer)
	}
	return p
}

// noteMusic learns from a signal that the music is over.
func (c *call) noteMusic(s signal) {
	if done, ok := s.(executed); ok && done.id != "" && done.id == c.music.id {
		c.music.id = ""
		if time.Since(c.music.began) < tooShort {
			c.music.mute = true
			c.log.Warn().Str("file", c.settings.Prompts.Hold).Str("response", done.response).Msg("hold music ended at once")
		}
	}
}

// playback is the command that plays a file to the caller; its end comes as executed with the id.
func (c *call) playback(file, id string, o esl.ExecuteOptions) esl.Command {
	o.EventUUID = id
	return esl.Execute("playback", playable(file), o)
}

// expanded is what FreeSWITCH would put the value of a variable, or the output of a command, in place of (switch_channel.c,
// switch_channel_expand_variables).
var expanded = regexp.MustCompile(`\$+\{`)

// playable is a prompt as it stands, whoever wrote it into the database: nothing in it is expanded.
func playable(file string) string {
	return expanded.ReplaceAllString(strings.Map(printable, file), "{")
}

// breakAll ends all that plays or is queued to play, within a media frame.
func (c *call) breakAll() esl.Command { return esl.API("uuid_break " + c.uuid + " all") }

// newUUID names a leg, a job or a playback.
func newUUID() string { return uuid.NewString() }
