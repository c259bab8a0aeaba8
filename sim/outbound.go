package sim

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"nwayacd/esl"
)

const connectTimeout = 20 * time.Second

// socket is the application that hands a call to a server: HOST:PORT[/PATH][|…] [async] [full].
func (c *channel) socket(data string) string {
	words := strings.Fields(data)
	if len(words) == 0 {
		return ""
	}
	nc := c.dial(strings.Split(words[0], "|"))
	if nc == nil {
		return ""
	}
	l := newListener(c.s, nc, c)
	for _, word := range words[1:] {
		l.full = l.full || strings.EqualFold(word, "full")
	}
	c.attach(l)
	defer c.resume()
	c.s.running.Go(l.serve) // ends with the connection, which outlives the application
	select {
	case <-l.connected:
	case <-l.finished:
	case <-c.ctx.Done():
	}
	// It does so also if the connection ended before connect. FreeSWITCH parks all the same, for
	// ever without socket_resume.
	c.parkFor(l)
	c.parseAll()
	return ""
}

// resume lets the dialplan continue after a socket application that ended because a connection did.
// CS_RESET becomes CS_EXECUTE again.
func (c *channel) resume() {
	if isTrue(c.getVar("socket_resume")) {
		c.clearReset()
	}
}

// attach registers a connection that must receive the channel's end.
func (c *channel) attach(l *listener) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns = slices.DeleteFunc(c.conns, (*listener).isFinished)
	c.conns = append(c.conns, l)
}

func (l *listener) isFinished() bool {
	select {
	case <-l.finished:
		return true
	default:
		return false
	}
}

func (l *listener) saidConnect() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said
}

// dial tries the hosts from left to right. The path of the one that is tried becomes socket_path.
func (c *channel) dial(hosts []string) net.Conn {
	c.setDeaf(true)
	defer c.setDeaf(false)
	for _, host := range hosts {
		if !c.up() {
			return nil
		}
		addr, path, found := strings.Cut(host, "/")
		if found {
			c.setVar("socket_path", path)
		}
		name, _, _ := strings.Cut(addr, ":")
		c.setVar("socket_host", name)
		nc, err := c.dialOne(addr)
		if err == nil {
			return nc
		}
		c.s.trace(c.uuid, "socket", addr, err.Error())
	}
	return nil
}

func (c *channel) dialOne(addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, connectTimeout)
	defer cancel()
	return c.s.opt.Dial(ctx, addr)
}

// connect is the reply to the command of that name, with the whole channel as headers.
func (l *listener) connect() []byte {
	l.mu.Lock()
	if !l.said {
		l.said = true
		close(l.connected)
	}
	l.mu.Unlock()
	control := "single-channel"
	if l.full {
		control = "full"
	}
	e := event{name: "CHANNEL_DATA", channel: l.own.uuid}
	headers := l.s.stamp(&e, l.s.bus.last())
	l.own.mu.Lock()
	headers = l.own.profile(headers, "Channel")
	l.own.mu.Unlock()
	headers = append(l.own.describe(headers),
		esl.Header{Name: "Content-Type", Value: "command/reply"},
		esl.Header{Name: "Reply-Text", Value: "+OK\n"},
		esl.Header{Name: "Socket-Mode", Value: "async"},
		esl.Header{Name: "Control", Value: control})
	return append(appendEncoded(make([]byte, 0, 8192), headers), '\n')
}

// resumeAfter is what the end of a connection does to its channel. With socket_resume the channel
// leaves all that it does (CS_RESET) for the next action of the dialplan. Without it the channel
// stays in what plays.
func (c *channel) resumeAfter(resume bool) {
	if !c.up() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.order != nil || !resume && !isTrue(c.getVarLocked("socket_resume")) {
		return
	}
	c.reset = true
	c.kick()
}
