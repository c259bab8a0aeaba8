package cmdport

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"nwayacd/esl"
)

// The events that this port itself sends, in addition to those of a FreeSWITCH behind it.
const (
	eventCustom = "CUSTOM"
	eventJob    = "BACKGROUND_JOB"
	eventAll    = "ALL"
)

// subclasses has the subclasses of all CUSTOM events.
var subclasses = []string{"nwayacd::queue", "nwayacd::info", "nwayacd::agent"}

// The bounds of one client's filters. A short pattern may be a large program: [a-z]{1000} is one of
// 1,000 steps.
const (
	mostFilters = 256
	maxFilter   = 512  // bytes of a filter's line
	maxPatterns = 8192 // steps of the patterns of all filters together, as sizeOf counts them
)

// subscription says which events a client gets, and in which form. It behaves exactly as
// mod_event_socket.c does (parse_command, event_handler):
//   - Words after CUSTOM are subclasses, to the end of the line.
//   - ALL stays if a nixevent removes only a subclass.
type subscription struct {
	mu      sync.Mutex
	enabled bool
	form    form
	all     bool
	names   map[string]bool // of the events that the port sends
	custom  map[string]bool // subclasses
	filters []filter
}

// filter passes the events whose header has a value, or holds them back.
type filter struct {
	name, value string
	bare        string         // the value without its signs
	not         bool           // holds events back
	pattern     *regexp.Regexp // nil: the value must equal bare, in either letter case
	size        int            // of the pattern
}

// change carries out event, nixevent, noevents or filter. It returns the reply, and whether it is
// +OK.
func (s *subscription) change(verb, rest string) (reply string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names, s.custom = map[string]bool{}, map[string]bool{}
	}
	words := strings.Fields(rest)
	switch verb {
	case "event":
		reply = s.listen(words)
	case "nixevent":
		reply = s.nix(words)
	case "noevents":
		reply = s.nothing()
	case "filter":
		reply = s.filter(strings.TrimSpace(rest))
	}
	return reply, strings.HasPrefix(reply, "+OK")
}

func (s *subscription) listen(words []string) string {
	if len(words) > 0 {
		if f, is := forms[strings.ToLower(words[0])]; is {
			s.form, words = f, words[1:]
		}
	}
	names, custom := eventWords(words)
	if len(names) == 0 {
		return "-ERR no keywords supplied"
	}
	for _, name := range names {
		switch name {
		case eventAll:
			s.all, s.names[eventCustom], s.names[eventJob] = true, true, true
			custom = subclasses
		case eventCustom, eventJob:
			s.names[name] = true
		}
	}
	for _, subclass := range custom {
		if slices.Contains(subclasses, subclass) {
			s.custom[subclass] = true
		}
	}
	s.enabled = true
	return "+OK event listener enabled " + s.form.String()
}

func (s *subscription) nix(words []string) string {
	names, custom := eventWords(words)
	if len(names) == 0 {
		return "-ERR no keywords supplied"
	}
	for _, name := range names {
		switch name {
		case eventAll:
			s.all = false
			clear(s.names)
		case eventCustom: // only its subclasses
		default:
			s.all = false
			delete(s.names, name)
		}
	}
	for _, subclass := range custom {
		delete(s.custom, subclass)
	}
	s.enabled = true
	return "+OK events nixed"
}

func (s *subscription) nothing() string {
	if !s.enabled {
		return "-ERR not listening for events"
	}
	s.enabled, s.all = false, false
	clear(s.names)
	clear(s.custom)
	return "+OK no longer listening for events"
}

var isEventName = regexp.MustCompile(`^[A-Z_]+$`).MatchString

// eventWords splits `CHANNEL_ANSWER CUSTOM nwayacd::queue nwayacd::info` into names and subclasses.
func eventWords(words []string) (names, custom []string) {
	for n, word := range words {
		name := strings.TrimPrefix(strings.ToUpper(word), "SWITCH_EVENT_")
		if !isEventName(name) {
			continue
		}
		names = append(names, name)
		if name == eventCustom {
			return names, words[n+1:]
		}
	}
	return names, nil
}

func (s *subscription) filter(rest string) string {
	name, value, _ := strings.Cut(rest, " ")
	switch value = strings.TrimSpace(value); {
	case len(rest) > maxFilter:
		return fmt.Sprintf("-ERR a filter has at most %d characters", maxFilter)
	case value == "":
		return "-ERR invalid syntax"
	case strings.EqualFold(name, "delete"):
		return s.unfilter(value)
	case strings.EqualFold(name, "add"):
		name, value, _ = strings.Cut(value, " ")
		if value == "" {
			return "-ERR invalid syntax"
		}
	}
	if len(s.filters) == mostFilters {
		return fmt.Sprintf("-ERR there are %d filters already", mostFilters)
	}
	f, err := newFilter(name, value, maxPatterns-s.patternSize())
	if err != nil {
		return "-ERR " + err.Error()
	}
	s.filters = append(s.filters, f)
	return fmt.Sprintf("+OK filter added. [%s]=[%s]", name, value)
}

// patternSize is the size of the patterns of all filters.
func (s *subscription) patternSize() (size int) {
	for _, f := range s.filters {
		size += f.size
	}
	return size
}

// unfilter removes all filters, those of a header, or the one of a header and value.
func (s *subscription) unfilter(rest string) string {
	name, value, _ := strings.Cut(rest, " ")
	s.filters = slices.DeleteFunc(s.filters, func(f filter) bool {
		return strings.EqualFold(name, "all") ||
			strings.EqualFold(f.name, name) && (value == "" || strings.EqualFold(f.value, value))
	})
	return fmt.Sprintf("+OK filter deleted. [%s][%s]", name, value)
}

// newFilter makes a filter whose pattern is at most that large.
func newFilter(name, value string, maxSize int) (filter, error) {
	bare := strings.TrimLeft(value, "+- ")
	signs := value[:len(value)-len(bare)]
	f := filter{name: name, value: value, bare: bare, not: strings.HasSuffix(strings.TrimRight(signs, " "), "-")}
	inner, is := strings.CutPrefix(bare, "/")
	if !is {
		return f, nil
	}
	text := strings.TrimSuffix(inner, "/")
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return f, err
	}
	if f.size = sizeOf(tree); f.size > maxSize {
		return f, errPatterns
	}
	f.pattern, err = regexp.Compile(text)
	return f, err
}

var errPatterns = errors.New("the patterns of this client's filters are too large")

// sizeOf estimates the steps of a pattern's program without making it.
func sizeOf(tree *syntax.Regexp) int {
	size := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		size = min(size+sizeOf(sub), maxPatterns+1)
	}
	if tree.Op == syntax.OpRepeat {
		size = min(size*max(tree.Min, tree.Max, 1), maxPatterns+1)
	}
	return size
}

func (f *filter) fits(value string) bool {
	if f.pattern != nil {
		return f.pattern.MatchString(value)
	}
	return strings.EqualFold(f.bare, value)
}

// jobs reports whether the client listens to the ends of jobs.
func (s *subscription) jobs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enabled && (s.all || s.names[eventJob])
}

// wants reports whether the client wants the event, and in which form.
func (s *subscription) wants(name, subclass string, headers []esl.Header) (f form, wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted = s.all || s.names[name] && (name != eventCustom || s.custom[subclass])
	return s.form, s.enabled && wanted && s.passes(headers)
}

// passes reports whether the filters pass the event. Without filters every event passes. A filter
// that holds the event back has priority over the others.
func (s *subscription) passes(headers []esl.Header) bool {
	let := len(s.filters) == 0
	for _, f := range s.filters {
		at := slices.IndexFunc(headers, func(h esl.Header) bool { return strings.EqualFold(h.Name, f.name) })
		if at < 0 || !f.fits(headers[at].Value) {
			continue
		}
		if f.not {
			return false
		}
		let = true
	}
	return let
}
