package sim

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"nwayacd/esl"
)

const (
	filePlayed    = "FILE PLAYED"
	fileNotFound  = "FILE NOT FOUND"
	playbackError = "PLAYBACK ERROR" // the channel was lost meanwhile
)

// How a file ended for its listener.
const (
	heardPlaying = "playing"
	heardPlayed  = "played"
	heardBroken  = "broken"
	heardStopped = "stopped" // by a bridge that ended, too late
	heardMissing = "missing"
	heardLost    = "lost" // hung up, transferred, bridged or handed on meanwhile
)

func (c *channel) playback(data string) string {
	switch c.play(data, nil) {
	case heardMissing:
		return fileNotFound
	case heardLost:
		return playbackError
	}
	return filePlayed
}

// endlessPlayback repeats until the channel leaves it. uuid_break, with or without all, only begins
// the file again, because the application repeats after any break.
func (c *channel) endlessPlayback(data string) string {
	file := playable(data)
	c.preAnswer()
	for !c.interrupted() {
		if missing(file) {
			c.heard(file, heardMissing)
			return fileNotFound
		}
		n := c.beginHearing(file)
		play := c.beginBreakable()
		why := c.idle(wait{play: play})
		c.endBreakable()
		c.endHearing(n, c.heardAs(why, play))
	}
	return filePlayed
}

// play plays one file and returns how it ended. A digit ends it if digits are asked for.
func (c *channel) play(data string, digit <-chan struct{}) string {
	file := playable(data)
	if file == "" {
		return heardMissing
	}
	c.preAnswer()
	if missing(file) {
		c.heard(file, heardMissing)
		return heardMissing
	}
	n := c.beginHearing(file)
	play := c.beginBreakable()
	c.fire("PLAYBACK_START", esl.Header{Name: "Playback-File-Path", Value: file})
	why := c.listen(c.s.length(file), digit, play)
	c.endBreakable()
	end := c.heardAs(why, play)
	c.endHearing(n, end)
	status := "done"
	if end != heardPlayed {
		status = "break"
	}
	c.fire("PLAYBACK_STOP",
		esl.Header{Name: "Playback-File-Path", Value: file},
		esl.Header{Name: "Playback-Status", Value: status})
	return end
}

func (c *channel) listen(length time.Duration, digit <-chan struct{}, play int) ending {
	if length < 0 {
		return c.idle(wait{other: digit, play: play})
	}
	t := time.NewTimer(length)
	defer t.Stop()
	return c.idle(wait{timer: t.C, other: digit, play: play})
}

func (c *channel) heardAs(why ending, play int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case why == timeUp:
		return heardPlayed
	case why == interrupted:
		return heardLost
	case play <= c.stopped:
		return heardStopped
	default:
		return heardBroken
	}
}

// playable removes {parameters} and a start position (file@@8000).
func playable(data string) string {
	file := strings.TrimSpace(data)
	if strings.HasPrefix(file, "{") {
		_, file, _ = strings.Cut(file, "}")
	}
	file, _, _ = strings.Cut(file, "@@")
	return file
}

// missing reports whether a file cannot be opened. Such a file has that word in its name.
func missing(file string) bool {
	if parts, list := strings.CutPrefix(file, "file_string://"); list {
		for part := range strings.SplitSeq(parts, "!") {
			if !missing(part) {
				return false
			}
		}
		return true
	}
	return file == "" || strings.Contains(file, "missing")
}

// length is how long a file plays; negative = for ever.
func (s *Switch) length(file string) time.Duration {
	scheme, rest, found := strings.Cut(file, "://")
	if !found {
		return s.opt.PlayTime(file)
	}
	switch scheme {
	case "local_stream":
		return -1
	case "silence_stream":
		ms, _, _ := strings.Cut(rest, ",")
		n, _ := strconv.Atoi(ms)
		return time.Duration(n) * time.Millisecond
	case "file_string":
		var sum time.Duration
		for part := range strings.SplitSeq(rest, "!") {
			if missing(part) {
				continue
			}
			length := s.length(part)
			if length < 0 {
				return -1
			}
			sum += length
		}
		return sum
	}
	return s.opt.PlayTime(file)
}

// beginBreakable gives an application the number by which uuid_break ends it.
func (c *channel) beginBreakable() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastPlay++
	c.playing = append(c.playing, c.lastPlay)
	return c.lastPlay
}

// firstPlay is the number that the next application gets that can be broken.
func (c *channel) firstPlay() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastPlay + 1
}

func (c *channel) endBreakable() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.playing = c.playing[:len(c.playing)-1]
}

func (c *channel) isBroken(play int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return play <= c.broken || play == c.brokenOne
}

// breakPlaying is uuid_break. It ends the innermost application that plays, or all of them and what
// waits in the queue. If nothing plays it does nothing, because every application clears CF_BREAK
// when it starts.
func (c *channel) breakPlaying(all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all {
		c.emptyLocked()
		c.broken = c.lastPlay
	}
	if len(c.playing) > 0 {
		c.brokenOne = c.playing[len(c.playing)-1]
	}
	c.kick()
}

// playAndGetDigits takes MIN MAX TRIES TIMEOUT TERMINATORS FILE BADFILE VARIABLE REGEXP and perhaps
// DIGIT_TIMEOUT.
func (c *channel) playAndGetDigits(data string) string {
	args := separate(data, ' ')
	for len(args) < 9 {
		args = append(args, "")
	}
	least, _ := strconv.Atoi(args[0])
	most, _ := strconv.Atoi(args[1])
	tries, _ := strconv.Atoi(args[2])
	timeout, _ := strconv.Atoi(args[3])
	most, timeout = max(most, least), max(timeout, 1000)
	if args[4] == "" {
		args[4] = "#"
	}
	for range tries {
		got := c.ask(most, time.Duration(timeout)*time.Millisecond, args[4], args[5])
		if c.interrupted() {
			return ""
		}
		if len(got) >= least && fits(args[8], got) {
			c.setVar(args[7], got)
			return ""
		}
		if !missing(args[6]) && args[6] != "silence" {
			c.play(args[6], nil)
		}
	}
	c.setVar(args[7], "")
	return ""
}

// readDigits takes MIN MAX FILE VARIABLE TIMEOUT TERMINATORS.
func (c *channel) readDigits(data string) string {
	args := separate(data, ' ')
	for len(args) < 6 {
		args = append(args, "")
	}
	most, _ := strconv.Atoi(args[1])
	timeout, _ := strconv.Atoi(args[4])
	c.setVar(args[3], c.ask(most, time.Duration(max(timeout, 1000))*time.Millisecond, args[5], args[2]))
	return ""
}

// ask plays a file until a digit comes, and collects the digits.
func (c *channel) ask(most int, timeout time.Duration, terminators, file string) string {
	if c.call != nil {
		c.call.asked(most)
	}
	if file != "" && c.pressed() == 0 {
		c.play(file, c.digitCame())
	}
	var got strings.Builder
	for got.Len() < most && !c.interrupted() {
		d, ok := c.takeDigit()
		if !ok {
			play := c.beginBreakable()
			why := c.listen(timeout, c.digitCame(), play)
			c.endBreakable()
			if why != released {
				break
			}
			continue
		}
		if strings.IndexByte(terminators, d) >= 0 {
			c.setVar("read_terminator_used", string(d))
			break
		}
		got.WriteByte(d)
	}
	return got.String()
}

func fits(pattern, digits string) bool {
	if pattern == "" {
		return true
	}
	re, err := regexp.Compile("^(?:" + strings.ReplaceAll(pattern, `\\`, `\`) + ")$")
	return err == nil && re.MatchString(digits)
}
