package esl

import (
	"iter"
	"strings"
)

// Content types of the frames that FreeSWITCH sends.
const (
	ContentReply      = "command/reply"
	ContentAPI        = "api/response"
	ContentEvent      = "text/event-plain"
	ContentAuth       = "auth/request"
	ContentDisconnect = "text/disconnect-notice"
	ContentRejection  = "text/rude-rejection"
)

// undefined is what FreeSWITCH writes for a header whose value is empty (switch_event_serialize).
const undefined = "_undef_"

// Header is one header: a name and its plain, unescaped value.
type Header struct{ Name, Value string }

// Event is one frame from the wire, or the event inside a frame: headers in order, and a body. It
// is immutable, so any number of goroutines may read it.
type Event struct {
	// text has the header lines as they came. Get searches it each time, because a channel has
	// about 150 headers and few of them are read: a string for each would cost more.
	text    string
	body    string
	literal bool // values are not URL-encoded, as in the requests of clients
}

// NewEvent returns the event with these headers and body, as if it had been received.
func NewEvent(body string, headers ...Header) *Event {
	return &Event{text: string(appendEncoded(nil, headers)), body: body}
}

// Get returns the decoded value of the first header of that name, or "" if there is none. Names
// compare without regard to case. The value `_undef_` of FreeSWITCH is an empty one.
func (e *Event) Get(name string) string {
	return e.decode(e.Raw(name))
}

// Raw returns the undecoded value of the first header of that name.
func (e *Event) Raw(name string) string {
	for rest := e.text; rest != ""; {
		if n := len(name); len(rest) > n && rest[n] == ':' && strings.EqualFold(rest[:n], name) {
			line, _, _ := strings.Cut(rest[n+1:], "\n")
			return strings.TrimSpace(line)
		}
		_, rest, _ = strings.Cut(rest, "\n")
	}
	return ""
}

// Name returns the event's name, such as CHANNEL_ANSWER. It is "" if the frame is not an event.
func (e *Event) Name() string { return e.Get("Event-Name") }

// Subclass returns the kind of a CUSTOM event, such as sofia::register.
func (e *Event) Subclass() string { return e.Get("Event-Subclass") }

// Body returns what follows the headers.
func (e *Event) Body() string { return e.body }

// Headers yields names and decoded values in wire order. It skips lines without a colon, as
// FreeSWITCH does.
func (e *Event) Headers() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name, value := range headerLines(e.text) {
			if !yield(name, e.decode(value)) {
				return
			}
		}
	}
}

func (e *Event) decode(value string) string {
	if e.literal {
		return value
	}
	if value == undefined {
		return ""
	}
	return unescape(value)
}

// headerLines yields the name and the undecoded value of every line that has a colon.
func headerLines(text string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for text != "" {
			var line string
			line, text, _ = strings.Cut(text, "\n")
			name, value, found := strings.Cut(line, ":")
			if found && !yield(name, strings.TrimSpace(value)) {
				return
			}
		}
	}
}
