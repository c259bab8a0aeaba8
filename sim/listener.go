package sim

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"nwayacd/esl"
)

const (
	maxQueued   = 100_000 // MAX_QUEUE_LEN of mod_event_socket: with more unread events, the listener is dropped
	lastWrite   = 2 * time.Second
	firstPacket = 25 * time.Second
	goodbye     = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)

// listener is one Event Socket connection, of either kind. Its reader runs commands one after
// another. Its writer sends replies before events, and holds events back while a command runs, as
// FreeSWITCH's one thread does.
type listener struct {
	s    *Switch
	nc   net.Conn
	own  *channel // the channel that connected; nil on the inbound port
	full bool     // all commands, not only sendmsg and those about its own channel
	json atomic.Bool

	boundTo   string         // guarded by the bus
	jobs      sync.WaitGroup // the connection does not end before its background jobs
	connected chan struct{}  // closed by `connect`
	finished  chan struct{}  // closed when it is over

	mu        sync.Mutex // guards what follows
	sub       subscription
	replies   []byte
	events    [][]byte
	busy      bool // a command runs
	mute      bool // a command runs for ever: nothing more is sent
	ending    bool // no more commands
	closed    bool // the writer may end when all is sent
	said      bool // connect was received
	left      bool // the same, and the channel was let go; under the channel's lock
	resume    bool
	lingering bool
	lingerFor int // seconds; negative = until the peer closes
	linger    *time.Timer
	wake      chan struct{}
}

func newListener(s *Switch, nc net.Conn, own *channel) *listener {
	return &listener{
		s: s, nc: nc, own: own, lingerFor: -1,
		connected: make(chan struct{}), finished: make(chan struct{}), wake: make(chan struct{}, 1),
	}
}

// serve runs the connection until it is over. That is when the peer closes or sends exit, when it
// is cut, or when its channel is down and it does not linger.
func (l *listener) serve() {
	defer close(l.finished)
	if !l.enlist() {
		l.nc.Close()
		return
	}
	defer l.s.running.Done()
	var writer sync.WaitGroup
	writer.Go(l.write) // ends with finish or with the connection
	l.read()
	l.leave()
	writer.Wait()
	l.nc.Close()
}

// enlist makes Close wait for the connection. It returns false if the switch is down.
func (l *listener) enlist() bool {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.s.down {
		return false
	}
	l.s.running.Add(1)
	l.s.listeners[l] = struct{}{}
	return true
}

func (l *listener) read() {
	r := esl.NewReader(l.nc, esl.Limits{})
	if l.own == nil && !l.authenticate(r) {
		return
	}
	l.nc.SetReadDeadline(time.Now().Add(firstPacket))
	for first := true; ; first = false {
		req, err := r.ReadCommand()
		if err != nil {
			return
		}
		if first {
			l.untimed()
		}
		if !l.run(req) {
			return
		}
	}
}

// leave is the end of listener_run. It waits for the jobs that this connection began. Only then
// does it give the channel its socket_resume.
func (l *listener) leave() {
	l.mu.Lock()
	l.ending = true
	if l.linger != nil {
		l.linger.Stop()
	}
	l.mu.Unlock()
	l.s.bus.place(l, false, "")
	l.s.mu.Lock()
	delete(l.s.listeners, l)
	l.s.mu.Unlock()
	l.jobs.Wait()
	if l.own != nil {
		l.own.resumeAfter(l.resume)
		// FreeSWITCH lets the channel go some microseconds after it has closed the connection.
		// Without this wait the peer could come back before that.
		l.own.letGo(l)
	}
	l.nc.SetWriteDeadline(time.Now().Add(lastWrite))
	l.finish()
}

func (l *listener) finish() {
	headers := []esl.Header{{Name: "Content-Type", Value: "text/disconnect-notice"}}
	if l.own != nil {
		headers = append(headers,
			esl.Header{Name: "Controlled-Session-UUID", Value: l.own.uuid},
			esl.Header{Name: "Content-Disposition", Value: "disconnect"})
	}
	l.mu.Lock()
	l.events = append(l.events, esl.AppendFrame(nil, goodbye, headers...))
	l.closed = true
	l.mu.Unlock()
	l.kick()
}

// channelDown reports to the peer that the channel hung up. Without linger that ends the
// connection. A switch that crashes reports nothing.
func (l *listener) channelDown() {
	if l.own.crashed() {
		l.cut() // it was made while the switch crashed
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending {
		return
	}
	if !l.lingering {
		l.endLocked()
		return
	}
	l.events = append(l.events, esl.AppendFrame(nil, "",
		esl.Header{Name: "Content-Type", Value: "text/disconnect-notice"},
		esl.Header{Name: "Controlled-Session-UUID", Value: l.own.uuid},
		esl.Header{Name: "Content-Disposition", Value: "linger"},
		esl.Header{Name: "Channel-Name", Value: l.own.name},
		esl.Header{Name: "Linger-Time", Value: strconv.Itoa(l.lingerFor)},
		esl.Header{Name: "Content-Length", Value: "0"}))
	l.kick()
	if l.lingerFor >= 0 {
		l.linger = time.AfterFunc(time.Duration(l.lingerFor)*time.Second, l.end)
	}
}

// end stops the reader, which ends the rest.
func (l *listener) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endLocked()
}

func (l *listener) endLocked() {
	l.ending = true
	l.nc.SetReadDeadline(time.Unix(1, 0))
}

// untimed removes the deadline of the first packet, unless the deadline is that of the end by now.
func (l *listener) untimed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ending {
		l.nc.SetReadDeadline(time.Time{})
	}
}

// cut breaks the connection without a last frame.
func (l *listener) cut() {
	l.nc.Close()
}

func (l *listener) wants(e *event) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sub.wants(e)
}

func (l *listener) passes(e *event) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sub.passes(e)
}

// deliver queues an event. A peer that does not read, so that too many queue up, is dropped.
func (l *listener) deliver(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending {
		return
	}
	if len(l.events) >= maxQueued {
		l.nc.Close()
		return
	}
	l.events = append(l.events, frame)
	l.kick()
}

func (l *listener) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = true
}

// muffle holds back all replies and events from now on, as FreeSWITCH does when its one thread for
// the connection hangs in a command.
func (l *listener) muffle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mute = true
}

// answer queues the reply to the command that ran.
func (l *listener) answer(frame []byte) {
	l.mu.Lock()
	if l.mute {
		l.mu.Unlock()
		return
	}
	l.replies = append(l.replies, frame...)
	l.busy = false
	l.mu.Unlock()
	l.kick()
}

func (l *listener) kick() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// write sends what is queued until finish was called and all is sent.
func (l *listener) write() {
	for range l.wake {
		for {
			out, done := l.pending()
			if len(out) > 0 {
				if _, err := l.nc.Write(out); err != nil {
					l.nc.Close() // wakes the reader, which ends the connection
					return
				}
				continue
			}
			if done {
				return
			}
			break
		}
	}
}

const maxWrite = 64 << 10

func (l *listener) pending() (out []byte, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out, l.replies = l.replies, nil
	if l.busy && !l.closed {
		return out, false
	}
	n := 0
	for n < len(l.events) && len(out) < maxWrite {
		out = append(out, l.events[n]...)
		n++
	}
	l.events = l.events[n:]
	if len(l.events) == 0 {
		l.events = nil
	}
	return out, l.closed
}

func (l *listener) uuid() string {
	if l.own == nil {
		return ""
	}
	return l.own.uuid
}
