package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nwayacd/esl"
)

// command runs one command of the wire. It returns the Reply-Text, or "" for `-ERR command not
// found`.
type command struct {
	word string
	full bool // only with full control, or on the inbound port
	run  func(l *listener, arg string, req *esl.Request) string
}

// commands are in the order in which parse_command compares: by prefix, without regard to case.
var commands = []command{
	{"filter ", false, (*listener).filter},
	{"resume", false, (*listener).setResume},
	{"myevents", false, (*listener).myEvents},
	{"getvar ", false, (*listener).getvar},
	{"sendmsg", false, (*listener).sendmsg},
	{"sendevent", true, (*listener).sendevent},
	{"linger", true, (*listener).setLinger},
	{"nolinger", true, (*listener).noLinger},
	{"log", true, func(*listener, string, *esl.Request) string { return "+OK log level debug [7]" }},
	{"nolog", true, func(*listener, string, *esl.Request) string { return "+OK no longer logging" }},
	{"event", true, (*listener).subscribe},
	{"nixevent", true, (*listener).nixevent},
	{"noevents", true, (*listener).noevents},
}

// run executes one request and queues its reply. It returns false if the connection is to end.
func (l *listener) run(req *esl.Request) bool {
	l.begin()
	line := req.Line
	if l.s.swallows(firstWords(line)) {
		l.muffle()
	}
	switch {
	case hasWord(line, "exit"), hasWord(line, "..."):
		l.answer(reply("+OK bye"))
		return false
	case l.own != nil && hasWord(line, "connect"):
		l.answer(l.connect())
		return true
	case hasWord(line, "api ") && l.may():
		l.answer(l.api(line[len("api "):]))
		return true
	case hasWord(line, "bgapi ") && l.may():
		l.answer(l.bgapi(line[len("bgapi "):], req))
		return true
	}
	for _, c := range commands {
		if hasWord(line, c.word) && (!c.full || l.may()) {
			l.answer(reply(c.run(l, strings.TrimSpace(line[len(c.word):]), req)))
			return true
		}
	}
	l.answer(reply(""))
	return true
}

// firstWords are the first two words of a command, by which Options.Swallow names it.
func firstWords(line string) string {
	words := strings.Fields(line)
	return strings.Join(words[:min(2, len(words))], " ")
}

// may reports whether this connection may command more than its own channel.
func (l *listener) may() bool { return l.own == nil || l.full }

func hasWord(line, word string) bool {
	return len(line) >= len(word) && strings.EqualFold(line[:len(word)], word)
}

func reply(text string) []byte {
	if text == "" {
		text = "-ERR command not found"
	}
	return esl.AppendFrame(nil, "", esl.Header{Name: "Content-Type", Value: "command/reply"},
		esl.Header{Name: "Reply-Text", Value: text})
}

func (l *listener) api(line string) []byte {
	name, arg, _ := strings.Cut(line, " ")
	answer := l.s.run(name, arg)
	if answer == "" {
		answer = "-ERR no reply\n"
	}
	return esl.AppendFrame(nil, answer, esl.Header{Name: "Content-Type", Value: "api/response"})
}

// bgapi starts the job and replies. The job ends with the switch at the latest, because Close hangs
// up every channel for which a job waits.
func (l *listener) bgapi(line string, req *esl.Request) []byte {
	job := req.Get("Job-UUID")
	if job == "" {
		job = l.s.newUUID()
	}
	name, arg, _ := strings.Cut(line, " ")
	l.jobs.Go(func() {
		answer := l.s.run(name, arg)
		headers := []esl.Header{{Name: "Job-UUID", Value: job}, {Name: "Job-Command", Value: name}}
		if arg != "" {
			headers = append(headers, esl.Header{Name: "Job-Command-Arg", Value: arg})
		}
		if l.own != nil {
			headers = append(headers, esl.Header{Name: "Job-Owner-UUID", Value: l.own.uuid})
		}
		l.s.fire(event{name: "BACKGROUND_JOB", owner: l.uuid(), headers: headers, body: answer}, nil)
	})
	return esl.AppendFrame(nil, "",
		esl.Header{Name: "Content-Type", Value: "command/reply"},
		esl.Header{Name: "Reply-Text", Value: "+OK Job-UUID: " + job},
		esl.Header{Name: "Job-UUID", Value: job})
}

func (l *listener) filter(arg string, _ *esl.Request) string {
	name, value, _ := strings.Cut(arg, " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.EqualFold(name, "delete") && value != "" {
		name, value, _ = strings.Cut(value, " ")
		l.sub.filters = slices.DeleteFunc(l.sub.filters, func(h esl.Header) bool {
			return name == "all" || sameName(h.Name, name) && (value == "" || h.Value == value)
		})
		return fmt.Sprintf("+OK filter deleted. [%s][%s]", name, value)
	}
	if strings.EqualFold(name, "add") {
		name, value, _ = strings.Cut(value, " ")
	}
	if value == "" {
		return "-ERR invalid syntax"
	}
	l.sub.filters = append(l.sub.filters, esl.Header{Name: name, Value: value})
	return fmt.Sprintf("+OK filter added. [%s]=[%s]", name, value)
}

func (l *listener) setResume(string, *esl.Request) string {
	if l.own == nil {
		return ""
	}
	l.mu.Lock()
	l.resume = true
	l.mu.Unlock()
	l.own.setVar("socket_resume", "true")
	return "+OK"
}

func (l *listener) getvar(arg string, _ *esl.Request) string {
	if l.own == nil {
		return ""
	}
	return l.own.getVar(arg)
}

// myEvents subscribes to the connection's own channel. The inbound form with a UUID is not
// simulated.
func (l *listener) myEvents(arg string, _ *esl.Request) string {
	if l.own == nil {
		return "-ERR invalid uuid"
	}
	l.mu.Lock()
	if l.sub.mine {
		l.mu.Unlock()
		return "-ERR aready enabled."
	}
	l.sub.mine = true
	l.sub.add(myEvents)
	l.mu.Unlock()
	l.json.Store(strings.EqualFold(arg, "json"))
	l.replace()
	return "+OK Events Enabled"
}

// replace reports a changed subscription to the bus.
func (l *listener) replace() {
	l.mu.Lock()
	on, mine := l.sub.on && !l.ending, l.sub.mine
	l.mu.Unlock()
	uuid := ""
	if mine {
		uuid = l.uuid()
	}
	l.s.bus.place(l, on, uuid)
}

func (l *listener) subscribe(arg string, _ *esl.Request) string {
	words := strings.Fields(arg)
	format := "plain"
	if l.json.Load() {
		format = "json"
	}
	if len(words) > 0 && slices.Contains([]string{"plain", "json", "xml"}, strings.ToLower(words[0])) {
		format, words = strings.ToLower(words[0]), words[1:]
		l.json.Store(format == "json")
	}
	l.mu.Lock()
	known := l.sub.add(words)
	l.mu.Unlock()
	if known == 0 {
		return "-ERR no keywords supplied"
	}
	l.replace()
	return "+OK event listener enabled " + format
}

func (l *listener) nixevent(arg string, _ *esl.Request) string {
	l.mu.Lock()
	known := l.sub.nix(strings.Fields(arg))
	l.mu.Unlock()
	if known == 0 {
		return "-ERR no keywords supplied"
	}
	return "+OK events nixed"
}

func (l *listener) noevents(string, *esl.Request) string {
	l.mu.Lock()
	on := l.sub.on
	l.sub.clear()
	l.events = nil
	l.mu.Unlock()
	if !on {
		return "-ERR not listening for events"
	}
	l.replace()
	return "+OK no longer listening for events"
}

func (l *listener) setLinger(arg string, _ *esl.Request) string {
	if l.own == nil {
		return "-ERR not controlling a session"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lingering, l.lingerFor = true, -1
	if arg == "" {
		return "+OK will linger"
	}
	l.lingerFor, _ = strconv.Atoi(arg) // atoi: text that is no number is 0
	return fmt.Sprintf("+OK will linger %d seconds", l.lingerFor)
}

func (l *listener) noLinger(string, *esl.Request) string {
	if l.own == nil {
		return "-ERR not controlling a session"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lingering = false
	return "+OK will not linger"
}

// sendevent fires the request itself. Its command becomes a header, and empty headers are dropped.
func (l *listener) sendevent(arg string, req *esl.Request) string {
	name, ok := eventName(arg)
	if !ok {
		name = "CLONE"
	}
	e := event{name: name, body: req.Body(), channel: req.Get("Unique-ID")}
	if name == "CUSTOM" {
		e.subclass = req.Get("Event-Subclass")
	}
	uuid := l.s.newUUID()
	e.headers = append(e.headers, esl.Header{Name: "Command", Value: req.Line})
	for name := range req.Headers() {
		value := req.Raw(name)
		if value == "" || sameName(name, "Content-Length") || sameName(name, "Event-Subclass") ||
			sameName(name, "Event-Name") {
			continue
		}
		e.headers = append(e.headers, esl.Header{Name: name, Value: value})
	}
	e.headers = append(e.headers, esl.Header{Name: "Event-UUID", Value: uuid})
	l.s.fire(e, nil)
	return "+OK " + uuid
}

func (l *listener) sendmsg(arg string, req *esl.Request) string {
	to := l.own
	if uuid := cmp.Or(arg, req.Raw("session-id")); uuid != "" && uuid != l.uuid() {
		to = l.s.find(uuid)
	}
	if to == nil {
		return fmt.Sprintf("-ERR invalid session id [%s]", arg)
	}
	if !to.post(newMessage(req)) {
		return "-ERR memory error"
	}
	return "+OK"
}
