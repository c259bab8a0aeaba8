package api

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"nwayacd/esl"
)

// The events that this port itself has, beside those of a FreeSWITCH behind it.
const (
	eventCustom = "CUSTOM"
	eventJob    = "BACKGROUND_JOB"
	eventAll    = "ALL"
)

// subclasses are the CUSTOM events there are.
var subclasses = []string{"nwayacd::queue", "nwayacd::info", "nwayacd::agent"}

// mostFilters bounds the filters of one client.
const mostFilters = 256

// interest is which events a client wants, and in which form. It follows mod_event_socket.c (parse_command, event_handler) word for word:
// what stands after CUSTOM are subclasses, to the end of the line; ALL outlives a nixevent of a subclass.
type interest struct {
	mu      sync.Mutex
	enabled bool
	form    form
	all     bool
	names   map[string]bool // of those the port has
	custom  map[string]bool // subclasses
	filters []filter
}

// filter lets through events whose header has a value, or keeps them back.
type filter struct {
	name, value string
	bare        string // the value without its signs
	not         bool
	pattern     *regexp.Regexp // nil: bare itself, in either letter case
}

// take carries out event, nixevent, noevents or filter.
func (i *interest) take(verb, rest string) (reply string, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.names == nil {
		i.names, i.custom = map[string]bool{}, map[string]bool{}
	}
	words := strings.Fields(rest)
	switch verb {
	case "event":
		reply = i.listen(words)
	case "nixevent":
		reply = i.nix(words)
	case "noevents":
		reply = i.nothing()
	case "filter":
		reply = i.filter(strings.TrimSpace(rest))
	}
	return reply, strings.HasPrefix(reply, "+OK")
}

func (i *interest) listen(words []string) string {
	if len(words) > 0 {
		if f, is := forms[strings.ToLower(words[0])]; is {
			i.form, words = f, words[1:]
		}
	}
	names, custom := eventWords(words)
	if len(names) == 0 {
		return "-ERR no keywords supplied"
	}
	for _, name := range names {
		switch name {
		case eventAll:
			i.all, i.names[eventCustom], i.names[eventJob] = true, true, true
			custom = subclasses
		case eventCustom, eventJob:
			i.names[name] = true
		}
	}
	for _, subclass := range custom {
		if slices.Contains(subclasses, subclass) {
			i.custom[subclass] = true
		}
	}
	i.enabled = true
	return "+OK event listener enabled " + i.form.String()
}

func (i *interest) nix(words []string) string {
	names, custom := eventWords(words)
	if len(names) == 0 {
		return "-ERR no keywords supplied"
	}
	for _, name := range names {
		switch name {
		case eventAll:
			i.all = false
			clear(i.names)
		case eventCustom: // only its subclasses
		default:
			i.all = false
			delete(i.names, name)
		}
	}
	for _, subclass := range custom {
		delete(i.custom, subclass)
	}
	i.enabled = true
	return "+OK events nixed"
}

func (i *interest) nothing() string {
	if !i.enabled {
		return "-ERR not listening for events"
	}
	i.enabled, i.all = false, false
	clear(i.names)
	clear(i.custom)
	return "+OK no longer listening for events"
}

var isEventName = regexp.MustCompile(`^[A-Z_]+$`).MatchString

// eventWords takes apart `CHANNEL_ANSWER CUSTOM nwayacd::queue nwayacd::info`.
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

func (i *interest) filter(rest string) string {
	name, value, _ := strings.Cut(rest, " ")
	switch value = strings.TrimSpace(value); {
	case value == "":
		return "-ERR invalid syntax"
	case strings.EqualFold(name, "delete"):
		return i.unfilter(value)
	case strings.EqualFold(name, "add"):
		name, value, _ = strings.Cut(value, " ")
		if value == "" {
			return "-ERR invalid syntax"
		}
	}
	if len(i.filters) == mostFilters {
		return fmt.Sprintf("-ERR there are %d filters already", mostFilters)
	}
	f, err := newFilter(name, value)
	if err != nil {
		return "-ERR " + err.Error()
	}
	i.filters = append(i.filters, f)
	return fmt.Sprintf("+OK filter added. [%s]=[%s]", name, value)
}

// unfilter takes away all filters, those of a header, or the one of a header and value.
func (i *interest) unfilter(rest string) string {
	name, value, _ := strings.Cut(rest, " ")
	i.filters = slices.DeleteFunc(i.filters, func(f filter) bool {
		return strings.EqualFold(name, "all") || strings.EqualFold(f.name, name) && (value == "" || strings.EqualFold(f.value, value))
	})
	return fmt.Sprintf("+OK filter deleted. [%s][%s]", name, value)
}

func newFilter(name, value string) (filter, error) {
	bare := strings.TrimLeft(value, "+- ")
	signs := value[:len(value)-len(bare)]
	f := filter{name: name, value: value, bare: bare, not: strings.HasSuffix(strings.TrimRight(signs, " "), "-")}
	inner, is := strings.CutPrefix(bare, "/")
	if !is {
		return f, nil
	}
	var err error
	f.pattern, err = regexp.Compile(strings.TrimSuffix(inner, "/"))
	return f, err
}

func (f *filter) fits(value string) bool {
	if f.pattern != nil {
		return f.pattern.MatchString(value)
	}
	return strings.EqualFold(f.bare, value)
}

// jobs tells whether the client listens to the ends of jobs.
func (i *interest) jobs() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.enabled && (i.all || i.names[eventJob])
}

// in tells whether the client wants the event, and in which form.
func (i *interest) in(name, subclass string, headers []esl.Header) (f form, wanted bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	wanted = i.all || i.names[name] && (name != eventCustom || i.custom[subclass])
	return i.form, i.enabled && wanted && i.passes(headers)
}

// passes: without filters everything does. A filter that keeps back outranks the others.
func (i *interest) passes(headers []esl.Header) bool {
	let := len(i.filters) == 0
	for _, f := range i.filters {
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
