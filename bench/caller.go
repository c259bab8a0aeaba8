package bench

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// caller is one call: a connection to the server's socket port, from its arrival to its end. Its commands are carried out by the goroutine
// that reads them; timers of its leg and its patience act on it as well.
type caller struct {
	sw      *Switch
	channel channel
	number  string
	group   string
	due     time.Time // when it was to arrive
	nc      net.Conn
	wire    wire
	over    atomic.Bool // the channel hung up, or was handed back

	mu       sync.Mutex
	listens  bool      // the server has said myevents: it hears how the call ends
	leaving  bool      // the caller hangs up as soon as it does
	playing  []string  // Event-UUIDs of what plays
	held     time.Time // since when it waits; zero = it does not
	waited   bool      // it did, some time
	offered  bool      // to an agent, some time
	leg      *leg      // that rings or talks
	bridged  bool
	talked   bool
	patience *time.Timer
}

const dialLimit = 10 * time.Second

// arrive runs a call that was due at that time, and returns when it is over.
func (s *Switch) arrive(ctx context.Context, due time.Time) {
	uuid, number, g := s.name()
	c := &caller{sw: s, number: number, group: g, due: due, channel: newChannel(uuid, number, g, "sofia/internal/"+number, false)}
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
	defer nc.Close()
	c.open(nc)
	s.counts.connected.Add(1)
	s.tellLink(c.channel.event(nil, "CHANNEL_CREATE", ""))
	c.serve()
	c.end()
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
	buffer := replies.Get().(*[]byte) // not the caller's own: most callers only wait
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

// obey carries out one command and appends what FreeSWITCH answers; done says that the connection is over.
func (c *caller) obey(out []byte, r request, came time.Time) (_ []byte, done bool) {
	line := string(r.line)
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "connect":
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
		c.over.Store(true)
		return appendReply(out, "+OK bye"), true
	}
	return appendReply(out, c.sw.counts.mistake(line)), false
}

func (c *caller) message(out []byte, r request, came time.Time) []byte {
	if r.header("call-command") == "hangup" {
		return c.hungUp(appendReply(out, "+OK"), r.header("hangup-cause"))
	}
	app, id := r.header("execute-app-name"), r.header("Event-UUID")
	switch app {
	case "answer":
		out = appendReply(out, "+OK")
		c.sw.tellLink(c.channel.event(nil, "CHANNEL_ANSWER", ""))
		return c.executed(out, app, id)
	case "playback": // only hold music is configured: it lasts until it is broken
		c.plays(id, came)
		return appendReply(out, "+OK")
	}
	return appendReply(out, c.sw.counts.mistake("execute "+app))
}

func (c *caller) executed(out []byte, app, id string) []byte {
	return c.channel.event(out, "CHANNEL_EXECUTE_COMPLETE", "Application: "+app+"\nApplication-UUID: "+id+"\nApplication-Response: _none_\n")
}

// plays is hold music that begins at that time. Without a leg that rings, the caller waits: no agent was free.
func (c *caller) plays(id string, from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.playing = append(c.playing, id)
	if c.leg == nil {
		c.wait(from)
	}
}

// wait makes the caller one who waits, since then. c.mu is held.
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

// waitNoMore is the opposite. c.mu is held.
func (c *caller) waitNoMore() {
	if !c.held.IsZero() {
		c.held = time.Time{}
		c.sw.holding.Add(-1)
	}
}

func (c *caller) api(out []byte, line string) []byte {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "uuid_setvar_multi", "uuid_setvar":
		return appendAnswer(out, "+OK\n")
	case "uuid_break":
		return c.broken(appendAnswer(out, "+OK\n"))
	case "uuid_bridge":
		_, other, _ := strings.Cut(rest, " ")
		return c.bridge(out, other)
	case "uuid_kill":
		return appendAnswer(out, c.sw.kill(rest))
	case "uuid_transfer":
		return c.channel.event(appendAnswer(out, "+OK\n"), "CHANNEL_PARK", "")
	}
	return appendAnswer(out, c.sw.counts.mistake(line))
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
	there := l != nil && l.uuid == uuid && !c.over.Load()
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
	return c.channel.event(out, "CHANNEL_BRIDGE", "Bridge-A-Unique-ID: "+c.channel.uuid+"\nBridge-B-Unique-ID: "+uuid+"\nOther-Leg-Unique-ID: "+uuid+"\n")
}

// parted tells that the agent hung up: the caller is parked, until the server says what next. Nothing is told where the caller has gone meanwhile.
func (c *caller) parted(leg string) {
	if c.over.Load() {
		return
	}
	out := c.channel.event(nil, "CHANNEL_UNBRIDGE", "Bridge-A-Unique-ID: "+c.channel.uuid+"\nBridge-B-Unique-ID: "+leg+"\n")
	c.wire.send(c.channel.event(out, "CHANNEL_PARK", ""))
}

// giveUp is a caller who has waited too long.
func (c *caller) giveUp() {
	c.mu.Lock()
	waits := !c.held.IsZero()
	c.mu.Unlock()
	if waits {
		c.hangUp()
	}
}

// hangUp is the caller's own end of the call. The connection lingers until the server has said exit.
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

// hungUp ends the caller's channel once, and appends what FreeSWITCH says of it.
func (c *caller) hungUp(out []byte, cause string) []byte {
	if c.over.Swap(true) {
		return out
	}
	c.mu.Lock()
	c.waitNoMore()
	if c.bridged {
		c.leg.phone.freed(false)
	}
	c.mu.Unlock()
	more := "Hangup-Cause: " + cause + "\n"
	out = c.channel.event(out, "CHANNEL_HANGUP", more)
	out = append(out, "Content-Type: text/disconnect-notice\nControlled-Session-UUID: "+c.channel.uuid+"\nContent-Disposition: linger\nChannel-Name: x\nLinger-Time: -1\nContent-Length: 0\n\n"...)
	c.sw.tellLink(c.channel.event(nil, "CHANNEL_HANGUP", more))
	return out
}

// end counts the call when its connection is over.
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
		c.sw.counts.segments.Add(dataSegments(c.nc))
		c.sw.counts.completed.Add(1)
	} else {
		c.sw.counts.unanswered.Add(1)
	}
}

// open gives the caller its connection.
func (c *caller) open(nc net.Conn) {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	c.nc, c.wire.nc = nc, nc
}

// cut breaks the connection of a call that did not end.
func (c *caller) cut() {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	if c.wire.nc != nil {
		c.wire.nc.Close()
	}
}
