package sim

import (
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"nwayacd/esl"
)

const localIP = "127.0.0.1"

// event is one event on its way to the listeners.
type event struct {
	name     string
	subclass string
	channel  string // Unique-ID; "" if it belongs to no channel
	owner    string // Job-Owner-UUID: the channel whose connection started the job
	headers  []esl.Header
	body     string
}

// bus brings events to the listeners that subscribed to them. Listeners with myevents are kept
// apart, by channel, so that an event does not cost a pass over all of them.
type bus struct {
	mu       sync.RWMutex
	sequence uint64
	broad    []*listener
	bound    map[string][]*listener
}

// place puts a listener into the list that fits its subscription.
func (b *bus) place(l *listener, listens bool, uuid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.take(l)
	switch {
	case !listens:
	case uuid != "":
		b.bound[uuid] = append(b.bound[uuid], l)
		l.boundTo = uuid
	default:
		b.broad = append(b.broad, l)
	}
}

func (b *bus) take(l *listener) {
	b.broad = without(b.broad, l)
	if l.boundTo == "" {
		return
	}
	if left := without(b.bound[l.boundTo], l); len(left) > 0 {
		b.bound[l.boundTo] = left
	} else {
		delete(b.bound, l.boundTo)
	}
	l.boundTo = ""
}

func without(list []*listener, l *listener) []*listener {
	kept := make([]*listener, 0, len(list))
	for _, other := range list {
		if other != l {
			kept = append(kept, other)
		}
	}
	return kept
}

// silence removes all listeners.
func (b *bus) silence() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broad = nil
	clear(b.bound)
}

func (b *bus) asked(e *event) (asked []*listener, sequence uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sequence++
	add := func(list []*listener) {
		for _, l := range list {
			if l.wants(e) {
				asked = append(asked, l)
			}
		}
	}
	add(b.broad)
	if e.channel != "" {
		add(b.bound[e.channel])
	}
	if e.owner != "" && e.owner != e.channel {
		add(b.bound[e.owner])
	}
	return asked, b.sequence
}

// last is the Event-Sequence of the last event.
func (b *bus) last() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.sequence
}

// fire sends an event to every subscribed listener. describe adds the rest of the headers. It is
// called only if a listener has subscribed.
func (s *Switch) fire(e event, describe func([]esl.Header) []esl.Header) {
	if s.swallows(e.name) {
		return
	}
	asked, sequence := s.bus.asked(&e)
	if len(asked) == 0 {
		return
	}
	own := e.headers
	e.headers = s.stamp(&e, sequence)
	if describe != nil {
		e.headers = describe(e.headers)
	}
	e.headers = append(e.headers, own...)
	var plain, asJSON []byte // made once, shared by all listeners
	for _, l := range asked {
		if !l.passes(&e) {
			continue
		}
		if l.json.Load() {
			if asJSON == nil {
				asJSON = e.appendJSON(nil)
			}
			l.deliver(asJSON)
			continue
		}
		if plain == nil {
			plain = e.appendPlain(nil)
		}
		l.deliver(plain)
	}
}

// stamp returns the headers that FreeSWITCH puts before all others
// (switch_event_prep_for_delivery).
func (s *Switch) stamp(e *event, sequence uint64) []esl.Header {
	now := time.Now()
	headers := make([]esl.Header, 0, 96)
	if e.subclass != "" {
		headers = append(headers, esl.Header{Name: "Event-Subclass", Value: e.subclass})
	}
	return append(headers,
		esl.Header{Name: "Event-Name", Value: e.name},
		esl.Header{Name: "Core-UUID", Value: s.core()},
		esl.Header{Name: "FreeSWITCH-Hostname", Value: s.opt.Name},
		esl.Header{Name: "FreeSWITCH-Switchname", Value: s.opt.Name},
		esl.Header{Name: "FreeSWITCH-IPv4", Value: localIP},
		esl.Header{Name: "FreeSWITCH-IPv6", Value: "::1"},
		esl.Header{Name: "Event-Date-Local", Value: now.Format("2006-01-02 15:04:05")},
		esl.Header{Name: "Event-Date-GMT", Value: now.UTC().Format("Mon, 02 Jan 2006 15:04:05") + " GMT"},
		esl.Header{Name: "Event-Date-Timestamp", Value: strconv.FormatInt(now.UnixMicro(), 10)},
		esl.Header{Name: "Event-Calling-File", Value: "sim.c"},
		esl.Header{Name: "Event-Calling-Function", Value: "fire"},
		esl.Header{Name: "Event-Calling-Line-Number", Value: "1"},
		esl.Header{Name: "Event-Sequence", Value: strconv.FormatUint(sequence, 10)},
	)
}

func (s *Switch) swallows(what string) bool { return s.opt.Swallow != nil && s.opt.Swallow(what) }

func (e *event) get(name string) (string, bool) {
	for _, h := range e.headers {
		if sameName(h.Name, name) {
			return h.Value, true
		}
	}
	return "", false
}

func (e *event) appendPlain(dst []byte) []byte {
	inner := appendEncoded(make([]byte, 0, 4096), e.headers)
	if e.body != "" {
		inner = append(inner, "Content-Length: "...)
		inner = strconv.AppendInt(inner, int64(len(e.body)), 10)
		inner = append(inner, '\n')
	}
	inner = append(inner, '\n')
	inner = append(inner, e.body...)
	return appendContent(dst, "text/event-plain", inner)
}

func (e *event) appendJSON(dst []byte) []byte {
	fields := make(map[string]string, len(e.headers)+2)
	for _, h := range e.headers {
		fields[h.Name] = h.Value
	}
	if e.body != "" {
		fields["Content-Length"] = strconv.Itoa(len(e.body))
		fields["_body"] = e.body
	}
	inner, err := json.Marshal(fields)
	if err != nil { // strings always marshal
		panic(err)
	}
	return appendContent(dst, "text/event-json", inner)
}

// appendContent appends a frame with Content-Length first, as FreeSWITCH sends its events.
func appendContent(dst []byte, contentType string, body []byte) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	dst = append(dst, "\nContent-Type: "...)
	dst = append(dst, contentType...)
	dst = append(dst, "\n\n"...)
	return append(dst, body...)
}
