package sim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nwayacd/esl"
)

const maxInbox = 1000 // messages to one channel, SWITCH_EVENT_QUEUE_LEN and more

// message is a sendmsg on its way to the channel's goroutine.
type message struct {
	command string
	app     string
	data    string
	uuid    string // Event-UUID
	cause   string
	lock    bool
	loops   int
}

func newMessage(req *esl.Request) *message {
	m := &message{
		command: strings.ToLower(req.Raw("call-command")),
		app:     req.Raw("execute-app-name"),
		data:    req.Raw("execute-app-arg"),
		uuid:    req.Raw("Event-UUID"),
		cause:   req.Raw("hangup-cause"),
		lock:    isTrue(req.Raw("event-lock")),
		loops:   1,
	}
	if m.data == "" && strings.EqualFold(req.Raw("content-type"), "text/plain") {
		m.data = req.Body()
	}
	if loops := req.Raw("loops"); loops != "" {
		m.loops, _ = strconv.Atoi(loops)
	}
	return m
}

// post leaves a message for the channel. It returns false if too many messages wait.
func (c *channel) post(m *message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.inbox) >= maxInbox {
		return false
	}
	c.inbox = append(c.inbox, m)
	c.kick()
	return true
}

// next takes the oldest message, unless the channel executes a locked one.
func (c *channel) next() *message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.locked > 0 || len(c.inbox) == 0 {
		return nil
	}
	m := c.inbox[0]
	if c.inbox = c.inbox[1:]; len(c.inbox) == 0 {
		c.emptyLocked()
	}
	return m
}

// emptyLocked drops all messages that wait, and wakes the waiters for an empty inbox.
func (c *channel) emptyLocked() {
	c.inbox = nil
	if c.quiet != nil {
		close(c.quiet)
		c.quiet = nil
	}
}

// parseAll is switch_ivr_parse_all_events, at the end of the socket application. A message that was
// not executed comes to nothing here if the channel is called away. It never runs in the dialplan's
// next action.
func (c *channel) parseAll() {
	for m := c.next(); m != nil; m = c.next() {
		c.obey(m)
	}
}

const settleLimit = 30 * time.Second // of a busy machine, not of FreeSWITCH

// settle lets the channel execute the messages sent to it, for which FreeSWITCH needs a frame of
// media. Without it, an order behind a message could overtake it here because this machine is busy.
func (c *channel) settle() {
	c.mu.Lock()
	if len(c.inbox) == 0 || c.locked > 0 || c.deaf {
		c.mu.Unlock()
		return
	}
	if c.quiet == nil {
		c.quiet = make(chan struct{})
	}
	quiet := c.quiet
	c.mu.Unlock()
	limit := time.NewTimer(settleLimit)
	defer limit.Stop()
	select {
	case <-quiet:
	case <-limit.C:
	case <-c.ctx.Done():
	}
}

// ending is why idle returned.
type ending int

const (
	timeUp      ending = iota // the timer
	released                  // the other channel given to idle
	broken                    // uuid_break
	interrupted               // hung up, transferred, bridged away, reset
)

// wait has what ends idle. Fields that are nil or zero are not waited for.
type wait struct {
	timer <-chan time.Time
	other <-chan struct{}
	play  int  // number of the application, for uuid_break
	deaf  bool // messages stay in the queue
}

// idle lets time pass on the channel and executes the messages that arrive, each inside what runs
// now. That is how executes nest. If a timer ends while a message is executed, idle ends after the
// message.
func (c *channel) idle(w wait) ending {
	for {
		if why, over := c.over(w); over {
			return why
		}
		if !w.deaf {
			if m := c.next(); m != nil {
				c.obey(m)
				continue
			}
		}
		select {
		case <-c.wake:
		case <-c.ctx.Done():
		case <-w.timer:
			return timeUp
		case <-w.other:
			return released
		}
	}
}

func (c *channel) over(w wait) (ending, bool) {
	if c.interrupted() {
		return interrupted, true
	}
	if w.play != 0 && c.isBroken(w.play) {
		return broken, true
	}
	select {
	case <-w.timer:
		return timeUp, true
	case <-w.other:
		return released, true
	default:
		return 0, false
	}
}

// sleep is idle for a time. A negative time has no end.
func (c *channel) sleep(d time.Duration, play int) ending {
	if d < 0 {
		return c.idle(wait{play: play})
	}
	t := time.NewTimer(d)
	defer t.Stop()
	return c.idle(wait{timer: t.C, play: play})
}

// obey is switch_ivr_parse_event.
func (c *channel) obey(m *message) {
	if m.lock {
		c.lock(1)
		defer c.lock(-1)
	}
	switch m.command {
	case "execute":
		c.repeat(m)
	case "hangup":
		c.hangup(causeOr(m.cause, "NORMAL_CLEARING"))
	case "xferext", "unicast", "nomedia":
		c.s.trace(c.uuid, m.command, "is not simulated")
	}
}

// repeat executes an application as often as the message asks for, between its two events each
// time. FreeSWITCH stops repeating an application that ends within half a second or is broken.
func (c *channel) repeat(m *message) {
	defer c.setVar("current_loop", "")
	defer c.setVar("total_loops", "")
	for n := 0; n < m.loops || m.loops < 0; n++ {
		c.setVar("current_loop", strconv.Itoa(n+1))
		c.setVar("total_loops", strconv.Itoa(m.loops))
		began, first := time.Now(), c.firstPlay()
		c.execute(m.app, m.data, m.uuid)
		if c.interrupted() || c.isBroken(first) || time.Since(began) < 500*time.Millisecond {
			return
		}
	}
}

// setDeaf marks the times in which the channel executes no message: while it rings or connects a
// socket.
func (c *channel) setDeaf(deaf bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = deaf
}

func (c *channel) lock(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.locked += n
}

// zombie are the applications that also run on a channel that is hung up.
var zombie = []string{"set", "multiset", "unset", "multiunset", "export", "event", "eval", "info", "log"}

// execute runs one application between its two events (switch_core_session_exec). A channel that is
// down executes only applications with the flag SAF_ZOMBIE_EXEC.
func (c *channel) execute(name, arg, uuid string) {
	if !c.up() && !slices.Contains(zombie, name) {
		return
	}
	run, known := applications[name]
	if !known {
		c.s.trace(c.uuid, "Invalid Application", name)
		c.hangup("DESTINATION_OUT_OF_ORDER")
		return
	}
	given := []esl.Header{{Name: "Application-UUID", Value: cmp.Or(uuid, c.s.newUUID())}}
	if uuid != "" {
		given = append(given, esl.Header{Name: "Event-UUID", Value: uuid})
	}
	data := c.expand(arg)
	c.s.trace(c.uuid, "execute", name, data)
	about := []esl.Header{{Name: "Application", Value: name}}
	if data != "" {
		about = append(about, esl.Header{Name: "Application-Data", Value: data})
	}
	was, wasData := c.enterApp(name, data)
	c.fire("CHANNEL_EXECUTE", slices.Concat(about, given)...)
	response := run(c, data)
	if response == "" {
		response = "_none_"
	}
	c.leaveApp(was, wasData, response)
	about = append(about, esl.Header{Name: "Application-Response", Value: response})
	c.fire("CHANNEL_EXECUTE_COMPLETE", slices.Concat(about, given)...)
}

func (c *channel) enterApp(name, data string) (was, wasData string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, wasData = c.app, c.data
	c.app, c.data = name, data
	c.running++
	c.setVarLocked("current_application", name)
	c.setVarLocked("current_application_data", data)
	c.setVarLocked("current_application_response", "")
	return was, wasData
}

func (c *channel) leaveApp(was, wasData, response string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.app, c.data = was, wasData
	c.running--
	c.setVarLocked("current_application_response", response)
}

func causeOr(cause, otherwise string) string {
	if cause == "" {
		return otherwise
	}
	return strings.ToUpper(cause)
}
