package bench

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// caller is one call, from its arrival to its end. It has a connection to the server's socket port,
// which the server ends as the talk begins. The goroutine that reads this connection carries out
// its commands. Timers of the leg and of the caller's patience, and commands on the link, act on
// the call as well.
type caller struct {
	sw      *Switch
	channel channel
	number  string
	group   string
	due     time.Time // when it was to arrive
	nc      net.Conn
	wire    wire
	over    atomic.Bool   // the channel hung up, or was handed back
	gone    chan struct{} // closed when it and its leg have hung up

	mu       sync.Mutex
	listens  bool      // the server has sent myevents, so it receives the end of the call
	leaving  bool      // the caller hangs up as soon as it waits
	playing  []string  // Event-UUIDs of what plays
	held     time.Time // since when it waits; zero = it does not wait
	waited   bool      // it waited at some time
	offered  bool      // it talked to an agent at some time
	leg      *leg      // the leg that rings or talks
	bridged  bool
	talked   bool
	guarded  atomic.Bool            // the variables of a waiting caller are set
	key      atomic.Pointer[string] // value of keyVariable, nil if it is not set
	hooks    string                 // the variables of a talk are set, with what FreeSWITCH does at its end
	patience *time.Timer
}

const dialLimit = 10 * time.Second

// arrive runs a call that was due at that time, and returns when it is over.
func (s *Switch) arrive(ctx context.Context, due time.Time) {
	uuid, number, g := s.name()
	c := &caller{
		sw: s, number: number, group: g, due: due, gone: make(chan struct{}),
		channel: newChannel(&s.events, uuid, number, g, "sofia/internal/"+number, false),
	}
	s.counts.arrived.Add(1)
	s.enter(c)
	defer s.leave(c)
	dialer := net.Dialer{Timeout: dialLimit, LocalAddr: source(int(s.counts.arrived.Load())), Control: lateBind}
	nc, err := dialer.DialContext(ctx, "tcp", s.socket)
	if err != nil {
		s.counts.unconnected.Add(1)
		s.counts.note("dial: %v", err)
		return
	}
	c.open(nc)
	s.counts.connected.Add(1)
	s.tellLink(c.channel.event(nil, "CHANNEL_CREATE", ""))
	c.serve()
	c.disconnect()
	c.end()
}

// disconnect ends the call's own connection. A caller who talks or has talked continues without it,
// and disconnect returns when that caller is gone.
func (c *caller) disconnect() {
	c.mu.Lock()
	talked := c.talked
	c.mu.Unlock()
	if talked {
		c.sw.counts.segments.Add(dataSegments(c.nc))
	}
	c.wire.close()
	if talked {
		<-c.gone
	}
}

// serve carries out commands until the connection is over.
func (c *caller) serve() {
	in := requests{nc: c.nc, stamps: stampsOf(c.nc)}
	for done := false; !done; {
		if err := in.fill(); err != nil {
			if !c.over.Load() {
				c.sw.counts.broken.Add(1)
				c.sw.counts.note("a call's connection: %v", err)
			}
			return
		}
		done = c.obeyAll(&in)
	}
}

// obeyAll carries out the commands that one read brought, and answers in one write.
func (c *caller) obeyAll(in *requests) (done bool) {
	buffer := replies.Get().(*[]byte) // not the caller's own buffer, because most callers only wait
	defer replies.Put(buffer)
	out := (*buffer)[:0]
	for r, whole := in.next(); whole && !done; r, whole = in.next() {
		out, done = c.obey(out, r, in.came)
	}
	if len(out) > 0 {
		c.wire.send(out)
	}
	*buffer = out
	c.mu.Lock()
	leaving := c.leaving && c.listens
	c.mu.Unlock()
	if leaving {
		c.hangUp()
	}
	return done
}

func (c *caller) listened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listens = true
}

var replies = sync.Pool{New: func() any { return new([]byte) }}

// obey carries out one command and appends FreeSWITCH's answer. done reports that the connection is
// over.
func (c *caller) obey(out []byte, r request, came time.Time) (_ []byte, done bool) {
	line := string(r.line)
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "connect":
		c.sw.tellLink(c.channel.event(nil, "CHANNEL_PARK", "")) // the socket application parks
		return c.channel.connected(out), false
	case "linger":
		return appendReply(out, "+OK will linger"), false
	case "myevents":
		c.listened()
		return appendReply(out, "+OK Events Enabled"), false
	case "nixevent":
		return appendReply(out, "+OK events nixed"), false
	case "event":
		return appendReply(out, "+OK event listener enabled plain"), false
	case "sendevent":
		return appendReply(out, "+OK "+c.channel.uuid), false
	case "sendmsg":
		return c.message(out, r, came), false
	case "bgapi":
		return c.originate(out, rest, r.header("Job-UUID"), came), false
	case "api":
		return c.api(out, rest), false
	case "exit":
		c.handedBack()
		return appendReply(out, "+OK bye"), true
	}
	return appendReply(out, c.sw.counts.mistake(line)), false
}

// handedBack handles the end of the connection by the server. A waiting caller is in the dialplan
// then. A caller who has talked is not concerned.
func (c *caller) handedBack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.talked {
		c.over.Store(true)
	}
}

func (c *caller) message(out []byte, r request, came time.Time) []byte {
	app, id := r.header("execute-app-name"), r.header("Event-UUID")
	switch app {
	case "answer":
		out = appendReply(out, "+OK")
		c.sw.tellLink(c.channel.event(nil, "CHANNEL_ANSWER", c.keyHeader()))
		return c.executed(out, app, id)
	case "playback": // only hold music is configured: it lasts until it is broken
		c.plays(id, came)
		return appendReply(out, "+OK")
	}
	return appendReply(out, c.sw.counts.mistake("execute "+app))
}

func (c *caller) executed(out []byte, app, id string) []byte {
	hook := ""
	if c.guarded.Load() {
		hook = "variable_" + strings.TrimSuffix(waitHook, "=") + ": multiunset\n"
	}
	return c.channel.event(out, "CHANNEL_EXECUTE_COMPLETE",
		"Application: "+app+"\nApplication-UUID: "+id+"\nApplication-Response: _none_\n"+hook)
}

// plays records hold music that begins at that time. If no leg rings, the caller waits, because no
// agent was free.
func (c *caller) plays(id string, from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.playing = append(c.playing, id)
	if c.leg == nil {
		c.wait(from)
	}
}

// wait marks the caller as waiting since then. c.mu is held.
func (c *caller) wait(since time.Time) {
	if !c.held.IsZero() {
		return
	}
	c.held, c.waited = since, true
	c.sw.holding.Add(1)
	if c.sw.load.Patience > 0 && c.patience == nil {
		c.patience = time.AfterFunc(c.sw.spread(c.sw.load.Patience), c.giveUp)
	}
}

// waitNoMore unmarks the caller. c.mu is held.
func (c *caller) waitNoMore() {
	if !c.held.IsZero() {
		c.held = time.Time{}
		c.sw.holding.Add(-1)
	}
}

func (c *caller) api(out []byte, line string) []byte {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "uuid_bridge":
		_, other, _ := strings.Cut(rest, " ")
		return c.bridge(out, other)
	case "uuid_break": // the answer comes before the events
		return c.broken(appendAnswer(out, "+OK\n"))
	case "uuid_kill":
		if uuid, word, _ := strings.Cut(rest, " "); uuid == c.channel.uuid && !c.over.Load() {
			return c.hungUp(appendAnswer(out, "+OK\n"), cause(word))
		}
	}
	return appendAnswer(out, c.sw.api(line))
}

// broken ends all that plays.
func (c *caller) broken(out []byte) []byte {
	c.mu.Lock()
	playing := c.playing
	c.playing = nil
	c.mu.Unlock()
	for _, id := range playing {
		out = c.executed(out, "playback", id)
	}
	return out
}

// bridge lets the caller talk to the agent.
func (c *caller) bridge(out []byte, uuid string) []byte {
	c.mu.Lock()
	l := c.leg
	there, hooks := l != nil && l.uuid == uuid && !c.over.Load(), c.hooks
	if there {
		c.bridged, c.talked = true, true
		l.timer = time.AfterFunc(c.sw.spread(c.sw.load.Talk), l.talkOver)
	}
	c.mu.Unlock()
	if !there {
		return appendAnswer(out, "-ERR Invalid uuid\n")
	}
	out = appendAnswer(out, "+OK "+uuid+"\n")
	out = c.executed(out, "socket", "")
	from := len(out)
	out = c.channel.event(out, "CHANNEL_BRIDGE", c.with(uuid)+asHeaders(hooks))
	c.sw.tellLink(out[from:])
	return out
}

// with are the headers of an event about a bridge of the caller and that leg.
func (c *caller) with(leg string) string {
	return "Other-Leg-Unique-ID: " + leg + "\nBridge-A-Unique-ID: " + c.channel.uuid + "\nBridge-B-Unique-ID: " + leg +
		"\n"
}

// parted reports that the agent hung up. FreeSWITCH parks the caller if the hooks are set, or else
// the call is over. park_timeout is left out, so that a caller whom the server forgets is seen.
// Nothing is reported if the caller has left the leg meanwhile.
func (c *caller) parted(leg string) {
	c.mu.Lock()
	parks := c.hooks != ""
	c.mu.Unlock()
	switch {
	case c.over.Load():
	case parks:
		out := c.channel.event(nil, "CHANNEL_UNBRIDGE", c.with(leg)+isOver)
		c.tell(c.channel.event(out, "CHANNEL_PARK", isOver))
	default:
		c.tell(c.channel.event(nil, "CHANNEL_UNBRIDGE", c.with(leg)))
		c.wire.send(c.hungUp(nil, "NORMAL_CLEARING"))
	}
}

// tell sends events on the link and on the call's own connection, which may have ended.
func (c *caller) tell(events []byte) {
	c.sw.tellLink(events)
	c.wire.send(events)
}

// giveUp ends the call of a caller who has waited too long.
func (c *caller) giveUp() {
	c.mu.Lock()
	waits := !c.held.IsZero()
	c.mu.Unlock()
	if waits {
		c.hangUp()
	}
}

// hangUp is the caller's own hang-up. The connection lingers until the server has sent exit.
func (c *caller) hangUp() {
	c.mu.Lock()
	c.leaving = true
	deaf := !c.listens
	c.mu.Unlock()
	if deaf {
		return
	}
	if out := c.hungUp(nil, "NORMAL_CLEARING"); out != nil {
		c.wire.send(out)
	}
}

// hungUp ends the caller's channel once, reports it on the link, and appends what the call's own
// connection gets. If the caller talks, the leg ends as well.
func (c *caller) hungUp(out []byte, cause string) []byte {
	c.mu.Lock()
	if c.over.Swap(true) {
		c.mu.Unlock()
		return out
	}
	c.waitNoMore()
	l, bridged := c.leg, c.bridged
	c.mu.Unlock()
	from := len(out)
	out = c.channel.event(out, "CHANNEL_HANGUP", "Hangup-Cause: "+cause+"\n")
	c.sw.tellLink(out[from:])
	if bridged {
		time.AfterFunc(c.sw.withinFrame(), func() { c.takeAlong(l) })
	} else {
		close(c.gone)
	}
	return append(out,
		"Content-Type: text/disconnect-notice\nControlled-Session-UUID: "+c.channel.uuid+
			"\nContent-Disposition: linger\nChannel-Name: x\nLinger-Time: -1\nContent-Length: 0\n\n"...)
}

// takeAlong is the end of a talk whose caller hung up. FreeSWITCH hangs up the leg, and then the
// bridge is over.
func (c *caller) takeAlong(l *leg) {
	l.die("NORMAL_CLEARING", "")
	c.tell(c.channel.event(nil, "CHANNEL_UNBRIDGE", c.with(l.uuid)))
	close(c.gone)
}

// end counts the call when it is over.
func (c *caller) end() {
	c.mu.Lock()
	c.waitNoMore()
	if c.patience != nil {
		c.patience.Stop()
	}
	talked, l := c.talked, c.leg
	c.mu.Unlock()
	c.sw.tellLink(c.channel.event(nil, "CHANNEL_DESTROY", ""))
	if l != nil {
		l.die("NORMAL_CLEARING", "") // the server forgot it
	}
	if talked {
		c.sw.counts.completed.Add(1)
	} else {
		c.sw.counts.unanswered.Add(1)
	}
}

// open connects the caller to the server.
func (c *caller) open(nc net.Conn) {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	c.nc, c.wire.nc = nc, nc
}

// cut ends a call that did not end.
func (c *caller) cut() {
	c.mu.Lock()
	over := c.over.Swap(true)
	c.mu.Unlock()
	if !over {
		close(c.gone)
	}
	c.wire.close()
}
