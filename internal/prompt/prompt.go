// Package prompt says what may be played to a caller. FreeSWITCH's playback takes more than files:
// the scheme shell_stream:// runs a program, and http_cache:// reaches any host. Prompts come from
// the configuration, from commands, and from a database that other programs write.
package prompt

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// DefaultSchemes are allowed if the configuration says nothing else. They play sound of the host on
// which FreeSWITCH runs. `file` is not among them, because FreeSWITCH decodes %5F in it.
func DefaultSchemes() []string {
	return []string{"local_stream", "tone_stream", "silence_stream", "file_string", "say", "phrase"}
}

// Silence is what is played instead of a prompt that is not allowed.
const Silence = "silence_stream://10"

// ErrNotAllowed is wrapped by every error of Check.
var ErrNotAllowed = errors.New("prompt")

var (
	// scheme is what stands before "://". FreeSWITCH looks for the first one only
	// (switch_core_file.c), but a file_string and playback_delimiter make several files of one text.
	scheme = regexp.MustCompile(`(\w*)://`)
	// cached is the address of what http_cache fetches.
	cached = regexp.MustCompile(`http_cache://https?://`)
	// word is what stands before a colon at the beginning (switch_ivr_play_say.c), perhaps after
	// {parameters} and [parameters].
	word = regexp.MustCompile(`(?i)^(?:\{[^}]*\}|\[[^\]]*\]|\s)*(say|phrase):`)
	// ending is behind the last dot of a file. FreeSWITCH finds the module that plays the file by it.
	ending = regexp.MustCompile(`\.([^./\\]*)$`)
	// format is an ending that can be one of sound.
	format = regexp.MustCompile(`^[A-Za-z0-9-]{1,16}$`)
)

// notSound are endings that belong to modules which run, fetch or speak something. The names of
// other such modules have an underscore, which no format of sound has.
var notSound = []string{"http", "https", "tts", "ssml", "vlc", "av", "file", "memcache", "rtmp", "rtsp", "youtube"}

// Check returns nil if the prompt is a file, or has only schemes that are allowed; nil stands for
// DefaultSchemes. An empty prompt is one that is not played.
func Check(text string, allowed []string) error {
	if allowed == nil {
		allowed = DefaultSchemes()
	}
	text = cached.ReplaceAllString(text, "http_cache://")
	for _, m := range scheme.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(allowed, strings.ToLower(m[1])) {
			return fmt.Errorf("%w: %s:// is not allowed; [prompts] schemes has those that are: %s", ErrNotAllowed,
				m[1], strings.Join(allowed, ", "))
		}
	}
	if m := word.FindStringSubmatch(text); m != nil {
		if !slices.Contains(allowed, strings.ToLower(m[1])) {
			return fmt.Errorf("%w: %s: is not allowed; [prompts] schemes has what is: %s", ErrNotAllowed, m[1],
				strings.Join(allowed, ", "))
		}
		return nil
	}
	for _, file := range files(text) {
		if err := checkFile(file, allowed); err != nil {
			return err
		}
	}
	return nil
}

// files returns the plain files that FreeSWITCH may make of the text. It divides a file_string at
// "!", and cuts a text at "@@", where a start position follows.
func files(text string) (all []string) {
	for part := range strings.SplitSeq(text, "!") {
		if at := scheme.FindStringIndex(part); at != nil && !strings.HasPrefix(part[at[0]:], "file_string://") {
			continue // a stream; what follows its scheme is no file
		}
		all = append(all, part)
		if before, _, cut := strings.Cut(part, "@@"); cut {
			all = append(all, before)
		}
	}
	return all
}

func checkFile(file string, allowed []string) error {
	m := ending.FindStringSubmatch(strings.TrimSpace(file))
	if m == nil || strings.Contains(m[1], "@@") {
		return nil // FreeSWITCH does not play a file without a known ending
	}
	name := strings.ToLower(m[1])
	if slices.Contains(allowed, name) || format.MatchString(name) && !slices.Contains(notSound, name) {
		return nil
	}
	return fmt.Errorf("%w: .%s is no ending of a sound file", ErrNotAllowed, m[1])
}

var schemeName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// IsScheme reports whether the word can be the name of a scheme.
func IsScheme(name string) bool { return schemeName.MatchString(name) }
