package esl

import (
	"strconv"
	"strings"
)

// lineBreakers are the bytes that no argument may have, because each ends a line or a string in
// FreeSWITCH.
const lineBreakers = "\r\n\x00"

// Command is one request to FreeSWITCH, already checked. The zero Command is invalid. A Command
// cannot be sent if an argument has CR, LF or NUL: sending returns an *ArgumentError and writes
// nothing.
type Command struct {
	text string // as it is written, with the empty line at its end
	err  *ArgumentError
}

// ExecuteOptions are the less common headers of Execute.
type ExecuteOptions struct {
	UUID      string // the channel; "" is the connection's own
	EventUUID string // FreeSWITCH repeats it as Application-UUID and Event-UUID of CHANNEL_EXECUTE_COMPLETE
	Lock      bool   // event-lock: wait for the running application to end, instead of running inside it
	Loops     int    // how many times; 0 is once
}

// Raw returns a command of one line: "linger 30", "event plain BACKGROUND_JOB", "exit", "connect".
func Raw(line string) Command { return build("line", line) }

// API returns the command that runs an api call. Its reply is the output of the call.
func API(line string) Command { return build("line", "api "+line) }

// BgAPI returns the command that runs an api call in the background. The output comes later, in a
// BACKGROUND_JOB event with this Job-UUID. If jobUUID is "", FreeSWITCH generates one and names it
// in the reply.
func BgAPI(jobUUID, line string) Command {
	return build("line", "bgapi "+line, withoutEmpty([]Header{{"Job-UUID", jobUUID}})...)
}

// SendMsg returns a message to a channel. If uuid is "", it is the connection's own channel.
func SendMsg(uuid string, headers ...Header) Command {
	line := "sendmsg"
	if uuid != "" {
		line += " " + uuid
	}
	return build("uuid", line, headers...)
}

// Execute returns the command that runs a dialplan application. FreeSWITCH replies at once, and
// reports the end of the application with a CHANNEL_EXECUTE_COMPLETE event.
func Execute(app, arg string, opt ExecuteOptions) Command {
	headers := []Header{
		{"call-command", "execute"},
		{"execute-app-name", app},
		{"execute-app-arg", arg},
		{"Event-UUID", opt.EventUUID},
	}
	if opt.Lock {
		headers = append(headers, Header{"event-lock", "true"})
	}
	if opt.Loops != 0 {
		headers = append(headers, Header{"loops", strconv.Itoa(opt.Loops)})
	}
	return SendMsg(opt.UUID, withoutEmpty(headers)...)
}

// Fire returns the command that sends a CUSTOM event to every listener of that FreeSWITCH. It
// leaves out headers with empty values, which FreeSWITCH would drop.
func Fire(subclass string, headers ...Header) Command {
	all := append([]Header{{"Event-Subclass", subclass}}, headers...)
	return build("line", "sendevent CUSTOM", withoutEmpty(all)...)
}

// String returns the first line of the command, without a password.
func (c Command) String() string {
	line, _, _ := strings.Cut(c.text, "\n")
	verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	if strings.EqualFold(verb, "auth") || strings.EqualFold(verb, "userauth") {
		return verb
	}
	return line
}

func (c Command) check() error {
	switch {
	case c.err != nil:
		return c.err
	case c.text == "":
		return &ArgumentError{Argument: "command", Reason: "is empty"}
	}
	return nil
}

func build(argument, line string, headers ...Header) Command {
	if hasLineBreak(line) {
		return Command{err: &ArgumentError{argument, "has a line break or NUL"}}
	}
	if strings.TrimSpace(line) == "" {
		return Command{err: &ArgumentError{argument, "is empty"}}
	}
	text := make([]byte, 0, 256)
	text = append(text, line...)
	text = append(text, '\n')
	for _, h := range headers {
		if err := checkHeader(h); err != nil {
			return Command{err: err}
		}
	}
	return Command{text: string(AppendFrame(text, "", headers...))}
}

func checkHeader(h Header) *ArgumentError {
	switch {
	case h.Name == "" || strings.ContainsAny(h.Name, ": "+lineBreakers):
		return &ArgumentError{"header name", "is empty or has a space, colon, line break or NUL"}
	case strings.EqualFold(h.Name, "Content-Length"):
		return &ArgumentError{"header " + h.Name, "would announce a body that never comes"}
	case hasLineBreak(h.Value):
		return &ArgumentError{"header " + h.Name, "has a line break or NUL"}
	}
	return nil
}

func hasLineBreak(s string) bool {
	return strings.IndexByte(s, '\n') >= 0 || strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, 0) >= 0
}

func withoutEmpty(headers []Header) []Header {
	kept := headers[:0]
	for _, h := range headers {
		if h.Value != "" {
			kept = append(kept, h)
		}
	}
	return kept
}
