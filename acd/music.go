package acd

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"nwayacd/esl"
	"nwayacd/internal/prompt"
)

// FreeSWITCH repeats a file only if playing it took leastRepeated (switch_ivr.c,
// switch_ivr_parse_event). Its event of the end may be a little late. So a file that seems to last
// less than tooShort may be one that FreeSWITCH does not repeat.
const (
	leastRepeated = 500 * time.Millisecond
	tooShort      = 600 * time.Millisecond
)

// A file that is too short is played as a string of itself. One round of the string lasts about
// stringLength, within the bounds.
const (
	stringLength = 10 * time.Second
	stringFiles  = 50
	stringBytes  = 4000
)

// holdMusic is what the caller hears while waiting.
type holdMusic struct {
	id       string // Application-UUID of the music that plays; "" = none
	began    time.Time
	rounds   int       // that are over since the music was started
	round    *round    // the last round that is over; another one may follow
	files    int       // how often the file is in the string; 0 = no string
	mute     bool      // the music cannot be played; not tried again before the next busy prompt
	prompted bool      // the busy prompt was played
	busyAt   time.Time // when it was played last, or when the wait began
}

// round is one time that the music was played.
type round struct {
	length   time.Duration
	response string // how it ended, as FreeSWITCH reports it
	first    bool   // its length is from the command to the event of the end
}

// last reports whether it is certain that no round follows. Of any other round, FreeSWITCH has to
// be asked.
func (r *round) last() bool {
	return r.response != filePlayed || r.first && r.length < leastRepeated
}

// playHold plays the busy prompt once, and then music without end. It does nothing while the music
// plays.
func (c *call) playHold(ctx context.Context) {
	busy := c.prompts().Busy
	if c.music.silent() && !c.music.prompted && busy != "" {
		c.tell(c.playback(busy, "", esl.ExecuteOptions{Lock: true}))
	}
	c.music.prompted = true
	c.keepMusic(ctx)
}

// keepMusic starts the music, unless it plays or ctx is done. If ctx is done, the caller may be
// somewhere else, and would hear the music there.
func (c *call) keepMusic(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	if commands := c.startMusic(); ctx.Err() == nil {
		c.tell(commands...)
	}
}

// startMusic returns the command for music without end. It returns none if music plays already, or
// if no music is configured. The command has no event-lock, because under one nothing can be played
// over the music.
func (c *call) startMusic() []esl.Command {
	c.settleMusic()
	if !c.music.silent() {
		return nil
	}
	if c.settings.Prompts.Hold == "" {
		c.music.mute = true
		return nil
	}
	c.music.id, c.music.began, c.music.rounds = newUUID(), time.Now(), 0
	return []esl.Command{c.playback(strung(c.settings.Prompts.Hold, c.music.files), c.music.id,
		esl.ExecuteOptions{Loops: -1})}
}

// silent reports whether music could be started: none plays, and it can be played.
func (h *holdMusic) silent() bool { return h.id == "" && !h.mute }

// noteMusic handles the signal that a round of the music is over. If the round was ended by the
// caller's hang-up, it says nothing about the music, so it is left out. That happens if a
// consulting call has hung up and still waits for its successor.
func (c *call) noteMusic(s signal) {
	if done, ok := s.(executed); ok && done.id != "" && done.id == c.music.id && done.hangup == "" {
		c.music.round = &round{time.Since(c.music.began), done.response, c.music.rounds == 0}
		c.music.began = time.Now()
		c.music.rounds++
	}
}

// settleMusic finds out whether the music goes on after a round of it. FreeSWITCH reports the same
// at the end of each round, so it is asked, unless the round was certainly the last one. It is not
// asked then, because its answer may be older than the end.
func (c *call) settleMusic() {
	last := c.music.round
	c.music.round = nil
	if last == nil || c.music.id == "" || !last.last() && c.playsOn() {
		return
	}
	c.music.id = ""
	switch next := filesFor(c.settings.Prompts.Hold, last.length); {
	case last.response == filePlayed && last.length >= tooShort: // a program ended it
	case last.response == filePlayed && c.music.files == 0 && next > 1:
		c.music.files = next
	default:
		c.music.mute = true
		c.log.Warn().Str("file", c.settings.Prompts.Hold).Str("response", last.response).
			Msg("hold music cannot be played")
	}
}

// filePlayed is the Application-Response of a playback that found its file.
const filePlayed = "FILE PLAYED"

// FreeSWITCH reports the end of a round before it has decided whether another one follows. It is
// asked again after askMusicPause, askMusicTimes at most.
const (
	askMusicPause = 20 * time.Millisecond
	askMusicTimes = 25
)

// playsOn asks FreeSWITCH whether an application is being repeated on the caller's channel. Two
// variables exist as long as that lasts, with the number of rounds in all and that of the round
// (switch_ivr.c, switch_ivr_parse_event). As long as the number is that of the round that is over,
// FreeSWITCH has not decided.
func (c *call) playsOn() bool {
	variable := "uuid_getvar " + c.uuid()
	for range askMusicTimes {
		replies := c.do(esl.API(variable+" total_loops"), esl.API(variable+" current_loop"))
		if replies == nil {
			return true // without a connection no music can be started
		}
		round, err := strconv.Atoi(replies[1].Text())
		if !isSet(replies[0]) || replies[0].Text() != "-1" || err != nil || round != c.music.rounds {
			return isSet(replies[0])
		}
		<-time.After(askMusicPause)
	}
	return true
}

// filesFor returns how often a file of that length is put into the string. It returns 0 if the file
// cannot be in a string.
func filesFor(file string, length time.Duration) int {
	if strings.Contains(file, "://") || strings.ContainsAny(file, "!{") {
		return 0 // it is no plain file
	}
	files := int(stringLength/max(length, 10*time.Millisecond)) + 1
	return min(files, stringFiles, stringBytes/(len(file)+1))
}

// strung returns the string that consists of the file so many times.
func strung(file string, files int) string {
	if files < 2 {
		return file
	}
	return "file_string://" + strings.Repeat(file+"!", files-1) + file
}

// playOver returns the command that plays a prompt over the music, which goes on afterwards. An
// execute without event-lock runs nested.
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

// prompts returns the configuration's prompts. A group's own prompt replaces the default. They are
// those of now, not of the caller's arrival.
func (c *call) prompts() Prompts {
	p := c.server.settings.Load().Prompts
	if g, there := c.server.Dispatcher.group(c.group); there {
		own := g.Prompts
		p.Welcome, p.Blacklist = c.ownPrompt(own.Welcome, p.Welcome), c.ownPrompt(own.Blacklist, p.Blacklist)
		p.Busy, p.Transfer = c.ownPrompt(own.Busy, p.Busy), c.ownPrompt(own.Transfer, p.Transfer)
	}
	return p
}

// playback returns the command that plays a file to the caller. Its end comes as executed with the
// id.
func (c *call) playback(file, id string, o esl.ExecuteOptions) esl.Command {
	o.EventUUID = id
	allowed := c.server.settings.Load().Floor.Schemes
	if allowed != nil { // nil stands for the default, which has these
		allowed = append(slices.Clone(allowed), ownSchemes...)
	}
	if !c.server.mayPlay(file, allowed) {
		file = prompt.Silence
	}
	return esl.Execute("playback", playable(file), o)
}

// ownSchemes are those that nwayacd itself uses, whatever the configuration allows.
var ownSchemes = []string{"file_string", "silence_stream"}

// expanded matches what FreeSWITCH would replace by the value of a variable, or by the output of a
// command (switch_channel.c, switch_channel_expand_variables).
var expanded = regexp.MustCompile(`\$+\{`)

// playable returns a prompt of the database or the configuration in a form in which FreeSWITCH
// expands nothing.
func playable(file string) string {
	return expanded.ReplaceAllString(strings.Map(printable, file), "{")
}

// breakAll returns the command that ends all that plays or is queued to play, within a media frame.
func (c *call) breakAll() esl.Command { return esl.API("uuid_break " + c.uuid() + " all") }

// newUUID returns a uuid for a leg, a job or a playback.
func newUUID() string { return uuid.NewString() }
