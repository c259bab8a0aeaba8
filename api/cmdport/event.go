package cmdport

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"nwayacd/api"
	"nwayacd/esl"
)

// event is one event that will be sent to a client.
type event struct {
	at       time.Time
	name     string // CUSTOM, BACKGROUND_JOB
	subclass string
	sequence uint64 // Event-Sequence; each of the two names has its own count
	headers  []esl.Header
	body     string
	of       string // the name of the actor of a job; no header has it
}

// jobEvent returns the event with the output of a bgapi command.
func jobEvent(id, line, reply string) event {
	command, argument := api.Public(line)
	headers := []esl.Header{{Name: "Job-UUID", Value: id}, {Name: "Job-Command", Value: command}}
	if argument != "" {
		headers = append(headers, esl.Header{Name: "Job-Command-Arg", Value: argument})
	}
	return event{at: time.Now(), name: eventJob, headers: headers, body: reply}
}

// sender has what every event says of its origin.
type sender struct {
	core string // a new one for each start of this server
	host string
}

func newSender() sender {
	host, err := os.Hostname()
	if err != nil {
		host = "nwayacd"
	}
	return sender{core: uuid.NewString(), host: host}
}

// allHeaders returns the headers that FreeSWITCH has in every event, under its names
// (switch_event_prep_for_delivery_detailed), and then the event's own.
func (e *event) allHeaders(s *sender) []esl.Header {
	return append([]esl.Header{
		{Name: "Event-Name", Value: e.name},
		{Name: "Core-UUID", Value: s.core},
		{Name: "FreeSWITCH-Hostname", Value: s.host},
		{Name: "FreeSWITCH-Switchname", Value: s.host},
		{Name: "Event-Date-Local", Value: e.at.Local().Format(time.DateTime)},
		{Name: "Event-Date-GMT", Value: e.at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")},
		{Name: "Event-Date-Timestamp", Value: strconv.FormatInt(e.at.UnixMicro(), 10)}, // microseconds
		{Name: "Event-Sequence", Value: strconv.FormatUint(e.sequence, 10)},
	}, e.headers...)
}

// form is the form in which a client gets its events.
type form int

const (
	asPlain form = iota
	asJSON
	asXML
)

var forms = map[string]form{"plain": asPlain, "json": asJSON, "xml": asXML}

// The content types of the other two forms.
const (
	contentJSON = "text/event-json"
	contentXML  = "text/event-xml"
)

// String returns the word that the event request uses for the form.
func (f form) String() string {
	for word, is := range forms {
		if is == f {
			return word
		}
	}
	return ""
}

// frame returns the event as FreeSWITCH writes it in that form.
func (f form) frame(headers []esl.Header, body string) []byte {
	switch f {
	case asJSON:
		return esl.AppendFrame(nil, jsonEvent(headers, body), contentType(contentJSON))
	case asXML:
		return esl.AppendFrame(nil, xmlEvent(headers, body), contentType(contentXML))
	}
	return esl.AppendEvent(nil, body, headers...)
}

// jsonEvent writes the JSON by hand, because a map would lose the order of the headers.
func jsonEvent(headers []esl.Header, body string) string {
	if body != "" {
		headers = append(headers,
			esl.Header{Name: "Content-Length", Value: strconv.Itoa(len(body))}, esl.Header{Name: "_body", Value: body})
	}
	pairs := make([]string, len(headers))
	for i, h := range headers {
		pairs[i] = quoted(h.Name) + ":" + quoted(h.Value)
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // cannot happen: every string has a JSON form
	}
	return string(text)
}

// xmlEvent escapes values as the plain form does, and then for XML (switch_event.c,
// add_xml_header).
func xmlEvent(headers []esl.Header, body string) string {
	encoded := esl.NewEvent("", headers...)
	var b strings.Builder
	b.WriteString("<event>\n  <headers>\n")
	for _, h := range headers {
		b.WriteString("    <" + h.Name + ">")
		xml.EscapeText(&b, []byte(encoded.Raw(h.Name))) // a strings.Builder returns no errors
		b.WriteString("</" + h.Name + ">\n")
	}
	b.WriteString("  </headers>\n")
	if body != "" {
		b.WriteString("  <Content-Length>" + strconv.Itoa(len(body)) + "</Content-Length>\n  <body>")
		xml.EscapeText(&b, []byte(body))
		b.WriteString("</body>\n")
	}
	return b.String() + "</event>"
}
